//! Lookups that reach outside: environment, files, programs. What they bring is not the user's own text, so it is never evaluated.
use super::paths::{expand_user, expand_variables};
use lang::template::{Arguments, Kind, Stop};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use value::{Str, Value};

/// Where a lookup looks for relative paths, nearest first: the role's `files/`, the playbook's ...
pub struct Places<'p> {
    /// Where a name may be, in this subfolder of each place and in the place itself.
    pub within: &'p dyn Fn(&str, &str) -> Vec<PathBuf>,
    /// A file's bytes, decrypted where a vault holds it.
    pub read: &'p dyn Fn(&Path) -> Result<Vec<u8>, Stop>,
    /// The text of the template that is asked for by this word and lies there.
    pub render: &'p dyn Fn(&str, &Path) -> Result<Value, Stop>,
}

impl Places<'_> {
    /// For `file`, `fileglob`, `ini` ...
    fn files(&self, name: &str) -> Vec<PathBuf> {
        (self.within)("files", name)
    }
}

/// The option that tells `first_found` in which subfolder it looks: that of a task that has it as its `with_first_found`.
pub const SUBFOLDER: &str = "_subfolder";

/// What an answer depends on, besides what was asked: who may give it while tasks are under way hangs on this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    /// Nothing that changes in a run: the environment, the inventory as it is.
    Nothing,
    /// The controller's files: they stand still unless a host is the controller itself.
    Controller,
    /// Anything: programs, random numbers. Or it leaves something behind.
    World,
}

/// From the terms and options; the places are where names of files are looked for.
pub type Run = fn(&Arguments, &Places) -> Result<Vec<Value>, Stop>;

/// Who answers.
#[derive(Clone, Copy)]
pub enum By {
    Run(Run),
    /// The asking host's view, which has the inventory.
    Inventory,
    /// The same, which has the settings.
    Settings,
}

/// A lookup that reaches outside of its terms and of variables.
pub struct Entry {
    pub name: &'static str,
    pub reads: Reads,
    pub by: By,
}

const fn entry(name: &'static str, reads: Reads, run: Run) -> Entry {
    Entry { name, reads, by: By::Run(run) }
}

/// All of them. Those that only compute are in `lang`.
const TABLE: [Entry; 13] = [
    Entry { name: "config", reads: Reads::Nothing, by: By::Settings },
    entry("csvfile", Reads::Controller, |asked, places| flat(asked, |key| csvfile(key, asked, places))),
    entry("env", Reads::Nothing, |asked, _| each(asked, |name| env(name, asked))),
    entry("file", Reads::Controller, |asked, places| each(asked, |path| file(path, asked, places))),
    entry("fileglob", Reads::Controller, |asked, places| flat(asked, |pattern| Ok(fileglob(pattern, places)))),
    entry("first_found", Reads::Controller, first_found),
    entry("ini", Reads::Controller, |asked, places| flat(asked, |key| ini(key, asked, places))),
    Entry { name: "inventory_hostnames", reads: Reads::Nothing, by: By::Inventory },
    entry("lines", Reads::World, |asked, _| flat(asked, lines)),
    entry("password", Reads::World, |asked, _| each(asked, |term| super::password::lookup(term, asked))),
    entry("pipe", Reads::World, |asked, _| each(asked, pipe)),
    entry("template", Reads::Controller, |asked, places| each(asked, |path| template(path, places))),
    entry("unvault", Reads::Controller, |asked, places| each(asked, |path| whole_file(path, places).map(Value::from))),
];

/// None: nobody knows a lookup of that name here.
pub fn find(name: &str) -> Option<&'static Entry> {
    TABLE.iter().find(|entry| entry.name == name)
}

pub fn names() -> Vec<&'static str> {
    TABLE.iter().map(|entry| entry.name).collect()
}

/// Of a lookup that nobody knows, anything.
pub fn reads(name: &str) -> Reads {
    find(name).map_or(Reads::World, |entry| entry.reads)
}

/// One value for each term.
fn each(asked: &Arguments, run: impl Fn(&str) -> Result<Value, Stop>) -> Result<Vec<Value>, Stop> {
    asked.positional.iter().map(|term| run(&term.to_text())).collect()
}

/// Several for each.
fn flat(asked: &Arguments, run: impl Fn(&str) -> Result<Vec<Value>, Stop>) -> Result<Vec<Value>, Stop> {
    asked.positional.iter().map(|term| run(&term.to_text())).collect::<Result<Vec<_>, _>>().map(|all| all.concat())
}

fn option<'a>(arguments: &'a Arguments, name: &str) -> Option<&'a Value> {
    arguments.named.iter().find(|(known, _)| &**known == name).map(|(_, value)| value)
}

fn flag(arguments: &Arguments, name: &str, default: bool) -> bool {
    option(arguments, name).map_or(default, Value::is_true)
}

fn word(arguments: &Arguments, name: &str, default: &str) -> String {
    option(arguments, name).filter(|value| !value.is_null()).map_or_else(|| default.to_string(), Value::to_text)
}

fn env(name: &str, arguments: &Arguments) -> Result<Value, Stop> {
    match (std::env::var(name), option(arguments, "default")) {
        (Ok(value), _) => Ok(value.into()),
        (Err(_), Some(default @ Value::Undefined(_))) => {
            let _ = default;
            Err(outside(format!("The env var '{name}' is not set")))
        }
        (Err(_), Some(default)) => Ok(default.clone()),
        (Err(_), None) => Ok("".into()),
    }
}

fn outside(why: impl Into<String>) -> Stop {
    Stop::outside(why)
}

fn existing(candidates: Vec<PathBuf>) -> Option<PathBuf> {
    candidates.into_iter().find(|path| path.exists())
}

fn whole_file(term: &str, places: &Places) -> Result<String, Stop> {
    let path = existing(places.files(term))
        .ok_or_else(|| outside(format!("Unable to access the file '{term}': there is no such file")))?;
    String::from_utf8((places.read)(&path)?).map_err(|_| outside(format!("{}: this is no UTF-8 text", path.display())))
}

fn file(term: &str, arguments: &Arguments, places: &Places) -> Result<Value, Stop> {
    let text = whole_file(term, places)?;
    let text = if flag(arguments, "rstrip", true) { text.trim_end().to_string() } else { text };
    let text = if flag(arguments, "lstrip", false) { text.trim_start().to_string() } else { text };
    Ok(text.into())
}

fn fileglob(pattern: &str, places: &Places) -> Vec<Value> {
    let pattern = expand_user(pattern);
    let matches = places.files(&pattern).into_iter().map(|path| glob(&path)).find(|found| !found.is_empty());
    matches.unwrap_or_default().into_iter().map(Value::from).collect()
}

/// Files whose name matches the last part of a path; folders are none.
pub fn glob(path: &Path) -> Vec<String> {
    let (Some(dir), Some(name)) = (path.parent(), path.file_name().and_then(|name| name.to_str())) else {
        return Vec::new();
    };
    let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
    let Ok(pattern) = fancy_regex::Regex::new(&crate::world::paths::glob_expression(name)) else { return Vec::new() };
    let Ok(entries) = std::fs::read_dir(dir) else { return Vec::new() };
    let names = entries.filter_map(Result::ok).filter_map(|entry| entry.file_name().into_string().ok());
    let hidden = name.starts_with('.');
    let matching = names.filter(|name| (hidden || !name.starts_with('.')) && pattern.is_match(name).unwrap_or(false));
    let mut found: Vec<_> = matching.map(|name| dir.join(name)).filter(|path| path.is_file()).collect();
    found.sort();
    found.into_iter().map(|path| path.display().to_string()).collect()
}

/// Terms are paths, lists of them, or maps with `files`, `paths` and `skip`.
fn first_found(arguments: &Arguments, places: &Places) -> Result<Vec<Value>, Stop> {
    let (mut candidates, mut skip) = (Vec::new(), flag(arguments, "skip", false));
    let mut open: Vec<Value> = arguments.positional.iter().rev().cloned().collect();
    if let Some(files) = option(arguments, "files").filter(|_| open.is_empty()) {
        let paths = option(arguments, "paths").cloned().unwrap_or_default();
        open.push(Value::map([("files", files.clone()), ("paths", paths)]));
    }
    while let Some(term) = open.pop() {
        match &term {
            Value::List(items) => open.extend(items.iter().rev().cloned()),
            Value::Map(map) => {
                let words = |name: &str, marks: &[char]| {
                    map.get(name).map(|value| list_of_words(value, marks)).unwrap_or_default()
                };
                skip |= map.get("skip").is_some_and(Value::is_true);
                let (mut files, paths) = (words("files", &[',', ';']), words("paths", &[',', ';', ':']));
                files.retain(|file| !file.is_empty());
                // An empty path is the place itself.
                let joined = |path: &String| {
                    let path = Path::new(path).to_path_buf();
                    files.iter().map(move |file| path.join(file).display().to_string())
                };
                match paths.is_empty() {
                    true => candidates.extend(files),
                    false => candidates.extend(paths.iter().flat_map(joined)),
                }
            }
            other => candidates.extend(list_of_words(other, &[',', ';']).into_iter().filter(|word| !word.is_empty())),
        }
    }
    let subfolder = word(arguments, SUBFOLDER, "");
    let mut paths = candidates.iter().flat_map(|candidate| (places.within)(&subfolder, candidate));
    match (paths.find(|path| path.exists()), skip) {
        (Some(path), _) => Ok(vec![path.display().to_string().into()]),
        (None, true) => Ok(Vec::new()),
        (None, false) => Err(outside("No file was found when using first_found.")),
    }
}

/// A list, or words with such marks between them.
fn list_of_words(value: &Value, marks: &[char]) -> Vec<String> {
    match value {
        Value::List(items) => items.iter().flat_map(|item| list_of_words(item, marks)).collect(),
        Value::Null => Vec::new(),
        other => {
            let text = other.to_text();
            text.split(marks).map(|word| word.trim().to_string()).collect()
        }
    }
}

fn run(command: &str) -> Result<String, Stop> {
    let output = Command::new("/bin/sh").args(["-c", command]).stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| outside(format!("lookup_plugin.pipe({command}): {error}")))?;
    if !output.status.success() {
        let code = output.status.code().unwrap_or(-1);
        return Err(outside(format!("lookup_plugin.pipe({command}) returned {code}")));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn pipe(command: &str) -> Result<Value, Stop> {
    run(command).map(|text| text.trim_end().into())
}

fn lines(command: &str) -> Result<Vec<Value>, Stop> {
    Ok(run(command)?.lines().map(Value::from).collect())
}

fn template(term: &str, places: &Places) -> Result<Value, Stop> {
    let path = existing((places.within)("templates", term))
        .ok_or_else(|| outside(format!("the template file {term} could not be found for the lookup")))?;
    (places.render)(term, &path)
}

/// `key` in a section of an INI or properties file.
fn ini(term: &str, arguments: &Arguments, places: &Places) -> Result<Vec<Value>, Stop> {
    let (key, arguments) = &with_options(term, arguments);
    let name = word(arguments, "file", "ansible.ini");
    let path = existing(places.files(&name)).ok_or_else(|| outside(format!("there is no file '{name}'")))?;
    let text = String::from_utf8_lossy(&(places.read)(&path)?).into_owned();
    let properties = word(arguments, "type", "ini") == "properties";
    let section = if properties { String::new() } else { word(arguments, "section", "global") };
    let (regex, case) = (flag(arguments, "re", false), flag(arguments, "case_sensitive", false));
    let pattern = fancy_regex::Regex::new(&format!("^(?:{key})")).map_err(|error| outside(error.to_string()))?;
    let is_key = |known: &str| match regex {
        true => pattern.is_match(known).unwrap_or(false),
        false if case => known == key,
        false => known.eq_ignore_ascii_case(key),
    };
    let (mut here, mut found) = (properties, Vec::new());
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';'])) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            here = name == section;
        } else if let Some((known, value)) = line.split_once(['=', ':']).filter(|_| here)
            && is_key(known.trim())
        {
            found.push(Value::from(value.trim()));
        }
    }
    match (found.is_empty(), option(arguments, "default"), flag(arguments, "allow_no_value", false)) {
        (false, _, _) => Ok(found),
        (true, Some(default), _) => Ok(vec![default.clone()]),
        (true, None, true) => Ok(Vec::new()),
        (true, None, false) => Ok(vec!["".into()]),
    }
}

/// The cell of a row that begins with `key`.
fn csvfile(term: &str, arguments: &Arguments, places: &Places) -> Result<Vec<Value>, Stop> {
    let (key, arguments) = &with_options(term, arguments);
    let name = word(arguments, "file", "ansible.csv");
    let path = existing(places.files(&name)).ok_or_else(|| outside(format!("there is no file '{name}'")))?;
    let text = String::from_utf8_lossy(&(places.read)(&path)?).into_owned();
    let delimiter = match word(arguments, "delimiter", "TAB").as_str() {
        "TAB" | "\\t" | "t" => '\t',
        other => other.chars().next().unwrap_or('\t'),
    };
    let number = |name: &str, default: usize| {
        option(arguments, name)
            .map_or(Ok(default), |value| value.to_text().parse())
            .map_err(|_| outside(format!("'{name}' should be a number")))
    };
    let (column, key_column) = (number("col", 1)?, number("keycol", 0)?);
    for line in text.lines() {
        let cells: Vec<_> = cells(line, delimiter);
        if cells.get(key_column).is_some_and(|cell| cell == key) {
            return Ok(cells.get(column).map(|cell| Value::from(cell.as_str())).into_iter().collect());
        }
    }
    Ok(option(arguments, "default").cloned().into_iter().collect())
}

/// A term may bring options of its own, which are stronger: `port section=web file=conf.ini`.
fn with_options(term: &str, arguments: &Arguments) -> (String, Arguments) {
    let (options, key): (Vec<&str>, Vec<&str>) = term.split_whitespace().partition(|word| word.contains('='));
    if options.is_empty() {
        return (term.to_string(), arguments.clone());
    }
    let mut arguments = arguments.clone();
    for (name, value) in options.iter().filter_map(|word| word.split_once('=')) {
        arguments.named.retain(|(known, _)| &**known != name);
        arguments.named.push((name.into(), value.into()));
    }
    (key.join(" "), arguments)
}

fn cells(line: &str, delimiter: char) -> Vec<String> {
    let (mut cells, mut cell, mut quoted) = (Vec::new(), String::new(), false);
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => cell.extend(chars.next()),
            '"' => quoted = !quoted,
            c if c == delimiter && !quoted => cells.push(std::mem::take(&mut cell)),
            c => cell.push(c),
        }
    }
    cells.push(cell);
    cells
}

/// A path of the user's, with `~` and variables.
pub fn expand(path: &str) -> String {
    expand_variables(&expand_user(path))
}

/// A mistake in what a lookup was asked.
pub fn refuse(message: impl Into<String>) -> Stop {
    Stop::Error(lang::template::Error::new(Kind::Value, message))
}

/// What must not be shown.
pub fn secret(text: String) -> Value {
    Value::Str(Str::from(text).with_secrecy(true))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In a role's folder with `x` in three places, and one file in `vars` and one in `templates` alone.
    fn found(arguments: Arguments) -> String {
        let role = tempfile::tempdir().unwrap();
        for path in ["x", "files/x", "vars/x", "vars/only", "templates/only.j2"] {
            let path = role.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "a line\n\n").unwrap();
        }
        let search = [role.path().to_path_buf()];
        let files = crate::world::files::Disk;
        let places = Places {
            within: &|subfolder, name| crate::playbook::search::within(&search, &files, subfolder, name),
            read: &|path| std::fs::read(path).map_err(|error| outside(error.to_string())),
            render: &|_, _| Ok(Value::Null),
        };
        match first_found(&arguments, &places) {
            Ok(found) => Value::list(found).to_text().replace(&role.path().display().to_string(), ""),
            Err(stop) => stop.to_string(),
        }
    }

    fn arguments(terms: Value, named: &[(&str, Value)]) -> Arguments {
        let named = named.iter().map(|(name, value)| ((*name).into(), value.clone())).collect();
        Arguments { positional: vec![terms], named }
    }

    #[test]
    fn a_lookup_that_nobody_knows_may_read_anything() {
        assert_eq!([reads("nosuch"), reads("file"), reads("env")], [Reads::World, Reads::Controller, Reads::Nothing]);
        for name in names() {
            assert!(crate::playbook::names::is_lookup(name), "{name} is no lookup of Ansible's");
        }
    }

    #[test]
    fn first_found_looks_in_the_tasks_subfolder_alone() {
        let words = |words: &[&str]| Value::list(words.iter().map(|word| Value::from(*word)));
        let cases = [
            (words(&["none", "only"]), "vars", "['/vars/only']"),
            (words(&["none", "x"]), "vars", "['/vars/x']"),
            (words(&["x"]), "files", "['/files/x']"),
            (words(&["x"]), "", "['/x']"),
            (words(&["only", "only.j2", "x"]), "", "['/x']"),
            ("none;only,x".into(), "vars", "['/vars/only']"),
            (Value::map([("files", words(&["none", "x"])), ("paths", "none:vars".into())]), "", "['/vars/x']"),
            (Value::map([("files", words(&["only"])), ("skip", true.into())]), "files", "[]"),
            (Value::map([("files", words(&["only"])), ("paths", words(&["none", ""]))]), "vars", "['/vars/only']"),
        ];
        for (terms, subfolder, expected) in cases {
            let named = [(SUBFOLDER, subfolder.into()), ("files", "x".into())];
            assert_eq!(found(arguments(terms.clone(), &named)), expected, "{terms:?} in {subfolder}");
        }
        assert!(found(arguments(words(&["only"]), &[])).contains("No file was found"));
    }
}
