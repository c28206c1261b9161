//! From the words of `-i` to an inventory: files, folders of them, programs, and lists of hosts.
use super::change::refuse_loop;
use super::{Group, Host, Inventory, ini, new_group, range, script, yaml};
use crate::world::files::FileKind;
use crate::world::loader::Loader;
use fancy_regex::Regex;
use indexmap::IndexMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use value::{Diagnostic, Map, Severity, Span, Str, Value};

/// What the configuration says about reading inventories.
#[derive(Clone, Debug, Default)]
pub struct Options {
    pub any_unparsed_is_failed: bool,
    pub unparsed_is_failed: bool,
    /// Ends of the names of files in folders that are no inventories.
    pub ignore_extensions: Vec<String>,
    /// Expressions for names of such files.
    pub ignore_patterns: Vec<String>,
}

/// Which names in a folder are passed over.
struct PassedOver {
    extensions: Vec<String>,
    patterns: Vec<Regex>,
}

impl PassedOver {
    fn new(options: &Options) -> Result<Self, Vec<Diagnostic>> {
        let pattern = |pattern: &String| {
            let refuse = |error| Diagnostic::error("config", format!("inventory_ignore_patterns: {pattern}: {error}"));
            Regex::new(pattern).map_err(|error| vec![refuse(error)])
        };
        let patterns = options.ignore_patterns.iter().map(pattern).collect::<Result<_, _>>()?;
        Ok(Self { extensions: options.ignore_extensions.clone(), patterns })
    }

    fn has(&self, name: &str) -> bool {
        name.starts_with('.')
            || ["group_vars", "host_vars", "vars_plugins"].contains(&name)
            || self.extensions.iter().any(|end| name.ends_with(end.as_str()))
            || self.patterns.iter().any(|pattern| pattern.is_match(name).unwrap_or(false))
    }
}

/// Reads all sources into one inventory. What could not be read is a warning where others could, as in Ansible; a file with faults of
/// its own is an error.
pub fn load(
    sources: &[String],
    options: &Options,
    loader: &Loader,
    warnings: &mut Vec<Diagnostic>,
) -> Result<Inventory, Vec<Diagnostic>> {
    let mut draft = Draft::default();
    let passed_over = PassedOver::new(options)?;
    let (mut errors, mut read) = (Vec::new(), 0);
    for source in sources {
        match load_one(source, &passed_over, loader, &mut draft) {
            Ok(()) => read += 1,
            Err(faults) => errors.extend(faults),
        }
    }
    let (faults, notes): (Vec<_>, Vec<_>) = errors.into_iter().partition(|error| error.severity == Severity::Error);
    warnings.extend(notes);
    if !faults.is_empty()
        && (options.any_unparsed_is_failed
            || options.unparsed_is_failed && read == 0
            || faults.iter().any(|fault| fault.span.is_some()))
    {
        return Err(faults);
    }
    warnings.extend(faults.into_iter().map(|fault| Diagnostic { severity: Severity::Warning, ..fault }));
    Ok(draft.finish())
}

fn load_one(source: &str, passed_over: &PassedOver, loader: &Loader, draft: &mut Draft) -> Result<(), Vec<Diagnostic>> {
    if source.contains(',') {
        return host_list(source, loader, draft);
    }
    let path = loader.files.absolute(Path::new(""), source);
    match loader.files.kind(&path) {
        None => Err(vec![
            Diagnostic::error("inventory", format!("there is no inventory at {source}"))
                .help("name a file or a folder with -i, or hosts with commas: `-i web1,web2,`"),
        ]),
        // Of a folder, its own group_vars and host_vars count; of a file, those beside it. Folders further below have none.
        Some(FileKind::Directory) => {
            draft.dirs.push(path.clone());
            folder(&path, passed_over, loader, draft)
        }
        Some(kind) => {
            draft.dirs.extend(path.parent().map(Path::to_path_buf));
            file(&path, kind, loader, draft)
        }
    }
}

fn host_list(source: &str, loader: &Loader, draft: &mut Draft) -> Result<(), Vec<Diagnostic>> {
    let id = loader.sources.add("<inventory>", source);
    draft.sources.push(source.into());
    for word in source.split(',').map(str::trim).filter(|word| !word.is_empty()) {
        let span = Span::new(id, 1, 1, 1);
        let hosts = range::expand(word).map_err(|why| vec![Diagnostic::error("inventory", why).at(span)])?;
        hosts.iter().for_each(|host| draft.host(host, "ungrouped", span));
    }
    Ok(())
}

/// Every file in it, sorted, but those that hold variables or are no inventories by their names.
fn folder(dir: &Path, passed_over: &PassedOver, loader: &Loader, draft: &mut Draft) -> Result<(), Vec<Diagnostic>> {
    draft.sources.push(dir.into());
    let names = loader
        .files
        .list(dir)
        .map_err(|error| vec![Diagnostic::error("inventory", format!("{}: {error}", dir.display()))])?;
    let mut errors = Vec::new();
    for name in names.iter().filter(|name| !passed_over.has(name)) {
        let path = dir.join(name);
        let read = match loader.files.kind(&path) {
            Some(FileKind::Directory) => folder(&path, passed_over, loader, draft),
            Some(kind) => file(&path, kind, loader, draft),
            None => Ok(()),
        };
        errors.extend(read.err().unwrap_or_default());
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

fn file(path: &Path, kind: FileKind, loader: &Loader, draft: &mut Draft) -> Result<(), Vec<Diagnostic>> {
    draft.sources.push(path.into());
    let bytes = loader
        .files
        .read(path)
        .map_err(|error| vec![Diagnostic::error("inventory", format!("{}: {error}", path.display()))])?;
    let is_script = kind == FileKind::Program && (bytes.starts_with(b"#!") || bytes.starts_with(b"\x7fELF"));
    let errors = if is_script {
        script::read(path, loader, draft)
    } else if is_yaml(path, &bytes) {
        match loader.yaml(path, None)? {
            Some(node) if !node.is_null() => yaml::read(&node, draft),
            _ => Vec::new(),
        }
    } else {
        let text = loader.text(path, None)?;
        let shown = path.strip_prefix(loader.files.current_dir()).unwrap_or(path);
        ini::read(&text, loader.sources.add(shown.display().to_string(), text.as_str()), draft)
    };
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

/// By its name; without a telling name, by how its first line with content looks.
fn is_yaml(path: &Path, bytes: &[u8]) -> bool {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("yml" | "yaml" | "json") => true,
        Some("ini") => false,
        _ => {
            let text = String::from_utf8_lossy(bytes);
            let content =
                text.lines().map(str::trim_end).find(|line| !line.is_empty() && !line.trim_start().starts_with('#'));
            content.is_some_and(|line| {
                line == "---" || line.starts_with('{') || line.ends_with(':') && !line.starts_with('[')
            })
        }
    }
}

/// For a group that would be below itself.
pub const LOOP_HELP: &str = "a group cannot be below itself: take one of its `children` away";

/// An inventory as it is being read.
#[derive(Default)]
pub struct Draft {
    hosts: IndexMap<String, (Map, Option<Span>, Option<PathBuf>)>,
    groups: IndexMap<String, (Group, Map)>,
    sources: Vec<PathBuf>,
    /// Folders in which group_vars and host_vars are looked for.
    dirs: Vec<PathBuf>,
}

impl Draft {
    pub fn group(&mut self, name: &str) {
        self.groups.entry(name.to_string()).or_insert_with(|| (new_group(), Map::new()));
    }

    pub fn is_group(&self, name: &str) -> bool {
        self.groups.contains_key(name) || ["all", "ungrouped"].contains(&name)
    }

    /// Puts a group below another one; or tells why it cannot be there.
    pub fn child(&mut self, parent: &str, child: &str) -> Result<(), String> {
        self.group(parent);
        let children = |name: &str| self.groups.get(name).map(|(group, _)| &group.children);
        refuse_loop(&children, parent, child)?;
        if let Some((group, _)) = self.groups.get_mut(parent) {
            group.children.insert(child.to_string());
        }
        Ok(())
    }

    pub fn host(&mut self, name: &str, group: &str, span: Span) {
        let source = self.sources.last().cloned();
        self.hosts.entry(name.to_string()).or_insert_with(|| (Map::new(), Some(span), source));
        self.group(group);
        if let Some((group, _)) = self.groups.get_mut(group) {
            group.hosts.insert(name.to_string());
        }
    }

    pub fn host_var(&mut self, host: &str, key: &str, value: Value, place: Span) {
        if let Some((vars, _, _)) = self.hosts.get_mut(host) {
            vars.insert(Str::trusted(key, Some(place)), value);
        }
    }

    pub fn group_var(&mut self, group: &str, key: &str, value: Value, place: Span) {
        self.group(group);
        if let Some((_, vars)) = self.groups.get_mut(group) {
            vars.insert(Str::trusted(key, Some(place)), value);
        }
    }

    pub fn host_names(&self) -> Vec<String> {
        self.hosts.keys().cloned().collect()
    }

    fn finish(self) -> Inventory {
        let mut inventory = Inventory::empty();
        for (name, (vars, span, source)) in self.hosts {
            inventory.hosts.insert(name, Host { vars: Arc::new(vars), span, source, ..Host::default() });
        }
        for (name, (mut group, vars)) in self.groups {
            let known = inventory.groups.entry(name).or_insert_with(new_group);
            known.vars = Arc::new(vars);
            known.hosts.append(&mut group.hosts);
            known.children.append(&mut group.children);
        }
        self.dirs.iter().for_each(|dir| inventory.vars_dirs.add_inventory_dir(dir));
        let names: Vec<String> = inventory.groups.keys().cloned().collect();
        names.iter().for_each(|name| inventory.adopt(name));
        inventory.reconcile();
        inventory.add_implicit_localhosts();
        inventory
    }
}
