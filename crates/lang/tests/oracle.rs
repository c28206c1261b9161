//! Expressions and templates, compared with what ansible-core 2.19 makes of them: see oracle/README.md.
//!
//! `ORACLE=name cargo test -p lang --test oracle` runs one file.
use lang::python::json;
use lang::template::{
    Arguments, Environment, FileTest, LookupRequest, Scope, Source, Stop, Syntax, Template, condition, render_value,
};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use value::{Date, DateTime, Map, Str, Value};

#[test]
fn every_case_gives_what_ansible_gives() {
    let only = std::env::var("ORACLE").ok();
    let mut known = differences();
    let (mut failures, mut count) = (Vec::new(), 0);
    for (name, recording) in recordings() {
        if only.as_ref().is_some_and(|only| *only != name) {
            known.retain(|(file, _), _| *file != name);
            continue;
        }
        let world = World::new(&recording);
        for case in recording.get("cases").and_then(Value::as_list).expect("a recording has cases") {
            count += 1;
            let text = field(case, "text");
            let difference = world.compare(case);
            match (difference, known.remove(&(name.clone(), text.clone()))) {
                (Some(difference), None) => failures.push(format!("{name}: {text}\n{difference}")),
                (None, Some(_)) => {
                    failures.push(format!("{name}: {text}\n    no longer differs; take it from the list"))
                }
                _ => {}
            }
        }
    }
    if only.is_none() {
        failures.extend(
            known.keys().map(|(name, text)| format!("{name}: {text}\n    is listed, but there is no such case")),
        );
    }
    assert!(failures.is_empty(), "{}\n{} of {count} cases differ", failures.join("\n"), failures.len());
}

#[test]
fn every_recording_is_of_its_cases() {
    for (name, recording) in recordings() {
        let cases = std::fs::read(folder().join("cases").join(format!("{name}.cases"))).expect("cases of a recording");
        let hash: String = Sha256::digest(&cases).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(field(&recording, "of"), hash, "{name}.cases was changed and not recorded anew");
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle")
}

fn field(value: &Value, name: &str) -> String {
    value.get(name).map(Value::to_text).unwrap_or_default()
}

fn recordings() -> Vec<(String, Value)> {
    let mut names: Vec<PathBuf> = std::fs::read_dir(folder().join("recorded"))
        .expect("recordings")
        .map(|entry| entry.expect("a recording").path())
        .collect();
    names.sort();
    names.into_iter().map(|path| (path.file_stem().unwrap().to_string_lossy().into_owned(), read(&path))).collect()
}

fn read(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).expect("a recording");
    json::read(&text, &Str::from("")).unwrap_or_else(|problem| panic!("{}: {}", path.display(), problem.0))
}

/// The cases that differ on purpose, each under a reason: `== reason` and then `file: text` lines (`\n` for a line break).
fn differences() -> HashMap<(String, String), ()> {
    let list = std::fs::read_to_string(folder().join("differences")).expect("the list of differences");
    let lines = list.lines().filter(|line| !line.starts_with("== ") && !line.trim().is_empty());
    let case = |line: &str| {
        let (name, text) = line.split_once(": ").unwrap_or_else(|| panic!("no case: {line}"));
        ((name.to_string(), text.replace("\\n", "\n")), ())
    };
    lines.map(case).collect()
}

/// From the recorder's form to a value.
fn decode(value: &Value, trusted: bool) -> Value {
    let text = || field(value, "v");
    match value {
        Value::Str(text) if trusted => Value::Str(Str::trusted(text.text().clone(), None)),
        Value::List(items) => Value::list(items.iter().map(|item| decode(item, trusted))),
        Value::Map(map) => match map.get("$").and_then(Value::as_str) {
            None => Value::map(map.iter().map(|(key, item)| {
                let key = decode(key.value(), trusted);
                (value::Key::from(key), decode(item, trusted))
            })),
            Some("int") => text().parse::<num_bigint::BigInt>().expect("an integer").into(),
            Some("float") => Value::Float(text().parse().expect("a float")),
            Some("map") => Value::map(map.get("v").and_then(Value::as_list).expect("entries").iter().map(|entry| {
                let entry = entry.as_list().expect("an entry");
                (value::Key::from(decode(&entry[0], trusted)), decode(&entry[1], trusted))
            })),
            Some("bytes") => {
                let bytes = map.get("v").and_then(Value::as_list).expect("bytes");
                Value::Bytes(bytes.iter().map(|byte| byte.as_int().expect("a byte") as u8).collect())
            }
            Some("date") => Value::Date(date(&text())),
            Some("datetime") => Value::DateTime(date_time(&text())),
            Some(other) => panic!("unknown type in a recording: {other}"),
        },
        other => other.clone(),
    }
}

fn date(text: &str) -> Date {
    let number = |range: std::ops::Range<usize>| text[range].parse::<i32>().expect("a date");
    Date { year: number(0..4), month: number(5..7) as u8, day: number(8..10) as u8 }
}

fn date_time(text: &str) -> DateTime {
    let (text, offset) = match text.strip_suffix("+02:00") {
        Some(text) => (text, Some(7200)),
        None => (text, None),
    };
    let number = |range: std::ops::Range<usize>| text[range].parse::<u8>().expect("a time");
    let microsecond = text.get(20..).map_or(0, |digits| digits.parse().expect("microseconds"));
    let (hour, minute, second) = (number(11..13), number(14..16), number(17..19));
    DateTime { date: date(text), hour, minute, second, microsecond, offset }
}

/// Equal, and of the same types all the way down.
fn same(one: &Value, two: &Value) -> bool {
    match (one, two) {
        (Value::List(one), Value::List(two)) => {
            one.len() == two.len() && one.iter().zip(two.iter()).all(|(one, two)| same(one, two))
        }
        (Value::Map(one), Value::Map(two)) => {
            let entries = one.iter().zip(two.iter());
            one.len() == two.len() && { entries }
                .all(|(one, two)| same(one.0.value(), two.0.value()) && same(one.1, two.1))
        }
        (Value::Float(one), Value::Float(two)) => one.to_bits() == two.to_bits() || (one.is_nan() && two.is_nan()),
        _ => std::mem::discriminant(one) == std::mem::discriminant(two) && one == two,
    }
}

/// The variables of a file of cases, and a small world outside.
struct World {
    variables: Map,
}

impl World {
    fn new(recording: &Value) -> Self {
        let mut variables = Map::new();
        for (section, trusted) in [("vars", true), ("host", false)] {
            let section = decode(recording.get(section).expect("variables"), trusted);
            for (name, value) in section.as_map().expect("variables").iter() {
                variables.insert(name.as_str().expect("a name"), value.clone());
            }
        }
        Self { variables }
    }

    fn run(&self, case: &Value) -> Result<Value, Stop> {
        let text = field(case, "text");
        let trusted = |text: String| Value::Str(Str::trusted(text, None));
        match field(case, "kind").as_str() {
            "expression" => render_value(&trusted(format!("{{{{ {text} }}}}")), self),
            "template" => render_value(&trusted(text), self),
            "condition" => condition(&trusted(text), self).map(Value::Bool),
            _ => self.run_file(&text, case.get("options")),
        }
    }

    fn run_file(&self, text: &str, options: Option<&Value>) -> Result<Value, Stop> {
        let mut syntax = Syntax::FILE;
        let mut text = text.to_string();
        for (name, setting) in options.and_then(Value::as_map).into_iter().flat_map(Map::iter) {
            let name = name.as_str().expect("an option");
            if name == "crlf" {
                text = text.replace('\n', "\r\n");
            } else {
                syntax.set(name, &setting.to_text())?;
            }
        }
        let (syntax, text, _) = syntax.with_header(&text)?;
        let template = Template::compile(text, None, &syntax).map_err(|mut errors| errors.remove(0))?;
        template.render(self)
    }

    fn compare(&self, case: &Value) -> Option<String> {
        let ours = match self.run(case) {
            Ok(Value::Omit) => Err("a template gave omit".to_string()),
            Ok(value) => Ok(value),
            Err(stop) => Err(stop.to_string()),
        };
        let theirs = case.get("result").map(|result| decode(result, false));
        match (&ours, &theirs) {
            (Ok(ours), Some(theirs)) if same(ours, theirs) => None,
            (Err(_), None) => None,
            _ => {
                let theirs = theirs.map_or(format!("error: {}", field(case, "error")), |theirs| theirs.to_repr());
                let ours = ours.map_or_else(
                    |words| format!("error: {words}"),
                    |ours| format!("{} ({})", ours.to_repr(), ours.type_name()),
                );
                Some(format!("    ansible: {theirs}\n    ours:    {ours}"))
            }
        }
    }
}

impl Scope for World {
    fn get(&self, name: &str) -> Result<Option<Value>, Stop> {
        Ok(self.variables.get(name).cloned())
    }
    fn names(&self) -> Vec<Arc<str>> {
        self.variables.keys().map(|name| name.value().to_text().into()).collect()
    }
    fn lookup(&self, request: &LookupRequest) -> Result<Option<Vec<Value>>, Stop> {
        let terms = request.arguments.positional.iter().map(Value::to_text);
        let default = request.arguments.named.iter().find(|(name, _)| &**name == "default");
        let default = default.map_or("".into(), |(_, value)| value.clone());
        match request.name {
            "env" => Ok(Some(terms.map(|name| if name == "HOME" { HOME.into() } else { default.clone() }).collect())),
            "pipe" => Ok(Some(terms.map(|command| command.trim_start_matches("echo ").into()).collect())),
            "file" => Err(Stop::outside("Unable to access the file")),
            _ => Ok(None),
        }
    }
    fn load(&self, _name: &str) -> Result<Option<Source>, Stop> {
        Ok(None)
    }
    fn environment(&self) -> &dyn Environment {
        self
    }
}

/// As in the recorder.
const HOME: &str = "/home/oracle";

impl Environment for World {
    fn keep_secrets(&self, _value: &Value) {}

    fn now(&self, _utc: bool) -> Result<DateTime, Stop> {
        Ok(lang::python::time::at(1_700_000_000, 0))
    }
    fn random(&self, limit: u64) -> Result<u64, Stop> {
        Ok(limit / 2)
    }
    fn file_test(&self, test: FileTest, path: &str, _other: Option<&str>) -> Result<bool, Stop> {
        Ok(match test {
            FileTest::Exists | FileTest::LinkExists => !path.contains("nosuch"),
            FileTest::File => path == "/etc/passwd",
            FileTest::Directory => path == "/etc",
            FileTest::Link => false,
            FileTest::Mount => path == "/",
            FileTest::Same => true,
        })
    }
    fn path_filter(&self, name: &str, path: &str, _arguments: &Arguments) -> Result<Value, Stop> {
        Ok(match (name, path) {
            ("expanduser", path) if path.starts_with("~/") => path.replacen('~', HOME, 1).into(),
            ("expanduser", path) => path.replacen("~root/", "/root/", 1).into(),
            ("expandvars", path) => path.replace("${HOME}", HOME).replace("$HOME", HOME).into(),
            ("realpath", path) => lang::python::path::normpath(path).into(),
            ("fileglob", "/etc/host[n]ame") => Value::list(["/etc/hostname".into()]),
            ("fileglob", _) => Value::list([]),
            (name, _) => return Err(Stop::outside(format!("no filter {name} in this world"))),
        })
    }
}
