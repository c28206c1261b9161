//! `include_vars`: variables from files, while a play runs.
use super::super::instance::{Action, Instance, Step};
use super::super::search;
use super::super::{Halt, arguments, result};
use super::transfer;
use crate::engine::message::Effect;
use crate::playbook::model::ActionTraits;
use crate::world::files::normal;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use value::spec::{Args as _, Rule, Spec};
use value::{Map, Value};

value::args! {
    /// Loads variables from files.
    pub struct Args {
        /// One file.
        file: Option<String>,
        /// A directory, whose files are loaded in the order of their names.
        dir: Option<String>,
        /// The variable under which they are put; none: each on its own.
        name: Option<String>,
        /// How many levels of directories.
        depth: i64 { default("0") },
        /// A regular expression that names of files must match.
        files_matching: Option<String>,
        /// Names of files to leave out.
        ignore_files: Vec<String>,
        /// Extensions that are loaded.
        extensions: Vec<String> { default("json,yaml,yml") },
        /// Whether files with other extensions are passed over.
        ignore_unknown_extensions: bool { default("no") },
        /// `merge` puts dictionaries together, `replace` takes the later one.
        hash_behaviour: Option<String> { choices(&["replace", "merge"]) },
        /// The file, as the free form has it.
        _raw_params: Option<String>,
    }
    rules: [Rule::MutuallyExclusive(&["file", "dir"])]
}

pub struct IncludeVars;

impl Action for IncludeVars {
    fn modules(&self) -> &'static [&'static str] {
        &["include_vars"]
    }

    fn spec(&self) -> Option<Spec<'static>> {
        Some(Args::SPEC)
    }

    fn traits(&self) -> ActionTraits {
        ActionTraits { free_form: true, ..ActionTraits::default() }
    }

    fn prepare(&self, instance: &Instance) -> Result<Step, Halt> {
        let args = arguments::check_with(&Args::SPEC, "include_vars", instance.task(), instance.arguments()?)?;
        let merge = args.get("hash_behaviour").and_then(Value::as_str) == Some("merge");
        let text = |name: &str| args.get(name).map(Value::to_text).filter(|text| !text.is_empty());
        let files = match (text("dir"), text("file").or_else(|| text("_raw_params"))) {
            (Some(dir), _) => in_directory(instance, &dir, &args)?,
            (None, Some(file)) => vec![one_file(instance, &file)?],
            (None, None) => return Err(Halt::refused("one of the following is required: file, dir")),
        };
        let mut vars = Map::new();
        for file in &files {
            let bytes = transfer::read(instance, file, true)?;
            add(&mut vars, instance.world().world.variables(file, bytes)?, merge);
        }
        if let Some(name) = text("name") {
            vars = [(name, Value::from(vars))].into_iter().collect();
        }
        let names: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
        let fields: Map = [("ansible_facts", Value::from(vars.clone())), ("ansible_included_var_files", names.into())]
            .into_iter()
            .collect();
        Ok(Step::Known(result::ok(fields), vec![Effect::Included(vars)]))
    }
}

/// Where it is not found, the result speaks of it under `message`, as Ansible's does.
fn one_file(instance: &Instance, file: &str) -> Result<PathBuf, Halt> {
    let place = instance.raw.get("file").or_else(|| instance.raw.get("_raw_params")).and_then(Value::origin);
    search::find(instance.asking, "vars", file, place).map_err(|halt| match halt {
        Halt::Failed(failure) => {
            let message = failure.message.clone();
            Halt::Failed(failure)
                .field("message", message)
                .field("ansible_facts", Map::new())
                .field("ansible_included_var_files", Value::list([]))
        }
        other => other,
    })
}

fn in_directory(instance: &Instance, dir: &str, args: &Map) -> Result<Vec<PathBuf>, Halt> {
    let root = match (dir.starts_with('/'), instance.task().frame.role()) {
        (true, _) => PathBuf::from(dir),
        (false, Some(role)) if dir.split('/').next() == Some("vars") => role.path.join(dir),
        (false, Some(role)) => role.path.join("vars").join(dir),
        (false, None) => {
            let search = search::of(instance.asking);
            search.own().unwrap_or(instance.world().playbook_dir).join(dir)
        }
    };
    let root = normal(&root);
    instance.asking.may_read()?;
    if !instance.world().files.is_dir(&root) {
        return Err(Halt::refused(format!("{} directory does not exist", root.display())));
    }
    let pattern = args.get("files_matching").map(Value::to_text);
    let pattern = pattern
        .map(|pattern| fancy_regex::Regex::new(&format!("^(?:{pattern})")))
        .transpose()
        .map_err(|error| Halt::refused(format!("files_matching is no regular expression: {error}")))?;
    let depth = args.get("depth").and_then(Value::as_int).unwrap_or(0);
    let mut found = Vec::new();
    gather(instance, &root, args, pattern.as_ref(), depth, 1, &mut found)?;
    Ok(found)
}

fn gather(
    instance: &Instance,
    folder: &Path,
    args: &Map,
    pattern: Option<&fancy_regex::Regex>,
    depth: i64,
    level: i64,
    found: &mut Vec<PathBuf>,
) -> Result<(), Halt> {
    let texts = |name: &str| -> Vec<String> {
        args.get(name).and_then(Value::as_list).unwrap_or_default().iter().map(Value::to_text).collect()
    };
    let (extensions, ignored) = (texts("extensions"), texts("ignore_files"));
    let lenient = args.get("ignore_unknown_extensions") == Some(&Value::Bool(true));
    let names = instance.world().files.list(folder).map_err(|error| transfer::unreadable(folder, &error))?;
    let mut folders = Vec::new();
    for name in names {
        let path = folder.join(&name);
        if instance.world().files.is_dir(&path) {
            folders.push(path);
            continue;
        }
        if ignored.contains(&name) || pattern.is_some_and(|pattern| !pattern.is_match(&name).unwrap_or(false)) {
            continue;
        }
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
        match extensions.iter().any(|known| known == extension) {
            true => found.push(path),
            false if lenient => {}
            false => {
                let known = extensions.join(", ");
                return Err(Halt::refused(format!("{} does not have a valid extension: {known}", path.display())));
            }
        }
    }
    if depth == 0 || level < depth {
        for below in folders {
            gather(instance, &below, args, pattern, depth, level + 1, found)?;
        }
    }
    Ok(())
}

fn add(all: &mut Map, more: Map, merge: bool) {
    for (key, value) in more {
        let value = match (merge, all.get_key(&key), value) {
            (true, Some(Value::Map(before)), Value::Map(after)) => {
                let mut both = (**before).clone();
                add(&mut both, Arc::unwrap_or_clone(after), true);
                both.into()
            }
            (_, _, value) => value,
        };
        all.insert(key, value);
    }
}
