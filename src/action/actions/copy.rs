//! `copy`: a file or a directory of the controller, or a text, to a host.
use super::super::instance::{Action, Call, Finish, Instance, Step};
use super::super::{Halt, arguments, search};
use super::transfer;
use crate::engine::message::{Effect, Outcome};
use sha1::{Digest, Sha1};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use value::spec::to_bool;
use value::value::{Json, json_text};
use value::{Map, Span, Str, Value};

pub struct Copy;

impl Action for Copy {
    fn modules(&self) -> &'static [&'static str] {
        &["copy"]
    }

    fn spoken_as(&self) -> Option<&'static str> {
        Some("ansible.legacy.copy")
    }

    fn prepare(&self, instance: &Instance) -> Result<Step, Halt> {
        let mut given = instance.arguments()?.clone();
        let content = given.get("content").filter(|content| !content.is_null()).cloned();
        let src = given.get("src").filter(|src| !src.is_null()).map(Value::to_text);
        let refused = refuse(&given, src.as_deref(), content.as_ref());
        let content = content.map(as_text);
        if let Some(content) = &content {
            given.insert("content", content.clone());
        }
        let preserve = given.get("mode").and_then(Value::as_str) == Some("preserve");
        let checked = arguments::check_for("copy", instance.task(), &given);
        // A wrong name says more than that the right one is missing.
        let mut args = match (refused, checked) {
            (Err(_), Err(unknown)) if unknown.has_code(arguments::UNKNOWN) => return Err(unknown),
            (Err(refused), _) => return Err(refused.at(Some(instance.task().span))),
            (Ok(()), checked) => checked?,
        };
        let remote = args.get("remote_src") == Some(&Value::Bool(true));
        let follow = given.get("local_follow").is_none_or(|follow| to_bool(follow).unwrap_or(true));
        let decrypt = given.get("decrypt").is_none_or(|decrypt| to_bool(decrypt).unwrap_or(true));
        if remote && content.is_none() {
            return Ok(Step::Call(Call::new("copy", args)));
        }
        for local in ["content", "src", "decrypt", "local_follow"] {
            args.remove(local);
        }
        let mut source = None;
        match (content, src) {
            (Some(content), _) => {
                args.insert("content", transfer::text(instance, content)?);
            }
            (None, Some(src)) => {
                let place = instance.raw.get("src").and_then(Value::origin);
                let local = Local { preserve, decrypt, follow };
                source = Some(from_controller(instance, &src, place, &local, &mut args)?);
            }
            (None, None) => {}
        }
        let notes = source.map_or(Value::Null, |source| source.display().to_string().into());
        Ok(Step::Call(Call { notes, ..Call::new("copy", args) }))
    }

    fn finish(&self, finish: &Finish, outcome: Outcome) -> Result<(Outcome, Vec<Effect>), Halt> {
        Ok((told(finish, transfer::from_here(finish, outcome)), Vec::new()))
    }
}

/// A look brings no big file along for its checksum, but later tasks of a plan may ask for it: it is known here.
fn told(finish: &Finish, mut outcome: Outcome) -> Outcome {
    let Value::Str(source) = finish.notes else { return outcome };
    if outcome.failed || !outcome.changed || !outcome.items.is_empty() || outcome.result.contains("checksum") {
        return outcome;
    }
    let files = finish.asking.world.files;
    let source = Path::new(&**source);
    if let Some(bytes) =
        (!files.is_dir(source)).then(|| files.read(source).ok()).flatten().filter(|bytes| !transfer::is_vault(bytes))
    {
        let sum: String = Sha1::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        Arc::make_mut(&mut outcome.result).insert("checksum", sum);
    }
    outcome
}

/// How files of the controller are taken.
struct Local {
    /// Their modes go with them.
    preserve: bool,
    decrypt: bool,
    /// A link is what it points to.
    follow: bool,
}

fn refuse(given: &Map, src: Option<&str>, content: Option<&Value>) -> Result<(), Halt> {
    let dest = given.get("dest").filter(|dest| !dest.is_null()).map(Value::to_text);
    let why = match (src.filter(|src| !src.is_empty()), content, dest.as_deref()) {
        (None, None, _) => "src (or content) is required",
        (_, _, None | Some("")) => "dest is required",
        (Some(_), Some(_), _) => "src and content are mutually exclusive",
        (_, Some(_), Some(dest)) if dest.ends_with('/') => "can not use content with a dir as dest",
        _ => return Ok(()),
    };
    Err(Halt::refused(why))
}

/// A list or a dictionary is written as JSON.
fn as_text(content: Value) -> Value {
    match content {
        Value::List(_) | Value::Map(_) | Value::Tuple(_) => {
            let text = json_text(&content, Json::LINE);
            Value::Str(Str::from(text).with_secrecy(content.holds_secret()))
        }
        Value::Str(_) | Value::Bytes(_) => content,
        other => Value::Str(other.to_str()),
    }
}

/// Gives the path where it was found.
fn from_controller(
    instance: &Instance,
    src: &str,
    place: Option<Span>,
    local: &Local,
    args: &mut Map,
) -> Result<PathBuf, Halt> {
    let source = search::find(instance.asking, "files", src, place)?;
    let files = instance.world().files;
    if files.is_dir(&source) {
        // As with rsync: a slash at the end means what is in it.
        let prefix = match src.ends_with('/') {
            true => PathBuf::new(),
            false => source.file_name().map(PathBuf::from).unwrap_or_default(),
        };
        let mut tree = Vec::new();
        walk(instance, &source, &prefix, local, &mut tree)?;
        args.insert("_entries", Value::list(tree));
        let slash = if src.ends_with('/') { "/" } else { "" };
        args.insert("src", format!("{}{slash}", source.display()));
        return Ok(source);
    }
    if src.ends_with('/') {
        return Err(Halt::refused(format!("'{src}' is not a directory")).at(place));
    }
    args.insert("content", transfer::file(instance, &source, local.decrypt)?);
    let name = source.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    args.insert("_original_basename", name);
    if local.preserve {
        args.insert("mode", mode(instance, &source));
    }
    Ok(source)
}

/// Everything below a directory, parents first: `{path, directory}`, `{path, link}`, `{path, content}`, with `mode` to preserve.
fn walk(instance: &Instance, from: &Path, to: &Path, local: &Local, tree: &mut Vec<Value>) -> Result<(), Halt> {
    let mut entry = |to: &Path, what: (&str, Value), path: &Path| {
        let mut entry = Map::new();
        entry.insert("path", to.display().to_string());
        entry.insert(what.0, what.1);
        if local.preserve {
            entry.insert("mode", mode(instance, path));
        }
        tree.push(entry.into());
    };
    if !to.as_os_str().is_empty() {
        entry(to, ("directory", true.into()), from);
    }
    let names = instance.world().files.list(from).map_err(|error| transfer::unreadable(from, &error))?;
    for name in names {
        let (below, target) = (from.join(&name), to.join(&name));
        let link = (!local.follow).then(|| instance.world().surroundings.link_target(&below)).flatten();
        if let Some(link) = link {
            tree.push(Value::map([
                ("path", Value::from(target.display().to_string())),
                ("link", link.display().to_string().into()),
            ]));
        } else if instance.world().files.is_dir(&below) {
            walk(instance, &below, &target, local, tree)?;
        } else {
            let source = transfer::file(instance, &below, local.decrypt)?;
            let mut entry = Map::new();
            entry.insert("path", target.display().to_string());
            entry.insert("content", source);
            if local.preserve {
                entry.insert("mode", mode(instance, &below));
            }
            tree.push(entry.into());
        }
    }
    Ok(())
}

/// As `mode` takes it: `0644`.
fn mode(instance: &Instance, path: &Path) -> String {
    let state = instance.world().surroundings.file_state(path);
    format!("{:04o}", state.map_or(0o644, |state| state.mode & 0o7777))
}
