//! A file takes its place: validated first, the old one kept if that is asked for. Every module that writes whole files ends here.
use super::ownership::Ownership;
use super::{Change, Contents, Host, Look, Resource, State, Stop, programs};
use crate::machine::{Command, Machine, Meta, Source};
use crate::module::path_value;
use crate::zone;
use std::io;
use std::path::{Path, PathBuf};
use value::{Map, Value};

pub struct Install<'a> {
    pub contents: Contents,
    pub meta: Meta,
    /// A program that must accept the new file before it takes its place; `%s` is the file.
    pub validate: Option<&'a str>,
    pub backup: bool,
    pub unsafe_writes: bool,
}

/// Puts the file there; gives the name under which the old one is kept.
pub fn install(host: &mut Host, path: &Path, wish: Install) -> Look<Option<PathBuf>> {
    if let Some(program) = wish.validate {
        filled(program, Path::new(""))?;
    }
    if host.stat(path)?.is_some_and(|stat| stat.is_dir()) {
        return Stop::failed(format!("Could not replace '{}': Is a directory", path.display()));
    }
    let kept = if wish.backup { keep(host, path)? } else { None };
    let contents = host.ready(wish.contents)?;
    let after = State::File { meta: wish.meta, contents: contents.clone() };
    let change = Change::to(Resource::path(path), after.clone());
    host.change(change, |machine| {
        if let Some(program) = wish.validate {
            validate(machine, program, &contents)?;
        }
        match super::kinds::make(machine, &Resource::path(path), &after) {
            Ok(()) => {}
            Err(error) if wish.unsafe_writes && machine.stat(path, true)?.is_some() => {
                in_place(machine, path, &contents, wish.meta).map_err(|_| error)?;
            }
            Err(error) => return Err(error.into()),
        }
        Ok(super::Acted::changed())
    })?;
    Ok(kept)
}

/// Puts a link there; only an empty folder gives way to it.
pub fn link(host: &mut Host, path: &Path, target: &Path) -> Look<()> {
    let is_dir = host.stat(path)?.is_some_and(|stat| stat.is_dir());
    if is_dir && !host.list(path)?.is_empty() {
        return Stop::failed(format!("the directory {} is not empty, refusing to convert it", path.display()));
    }
    let own = host.identity();
    let what = Resource::path(path);
    let after = State::Link { target: target.into(), uid: own.uid, gid: own.gid };
    host.change(Change::to(what.clone(), after.clone()), |machine| {
        if is_dir {
            machine.remove_empty_dir(path)?;
        }
        super::kinds::make(machine, &what, &after)?;
        Ok(super::Acted::changed())
    })?;
    Ok(())
}

/// A folder that stands where a download should go.
pub fn no_folder(host: &Host, path: &Path) -> Look<()> {
    match host.is_dir(path)? {
        true => Stop::failed(format!("attempted to take checksum of directory: {}", path.display())),
        false => Ok(()),
    }
}

fn in_place(machine: &mut dyn Machine, path: &Path, contents: &Contents, meta: Meta) -> io::Result<()> {
    machine.overwrite(path, source(contents)?)?;
    machine.set_meta(&machine.canonical(path)?, meta, false)
}

fn source(contents: &Contents) -> io::Result<Source<'_>> {
    match contents {
        Contents::Bytes(bytes) => Ok(Source::Bytes(bytes)),
        Contents::Stored { path, .. } => Ok(Source::Path(path)),
        _ => Err(io::Error::other("the file's contents are not here")),
    }
}

/// In a folder that nobody else can read, since it may hold secrets.
fn validate(machine: &mut dyn Machine, program: &str, contents: &Contents) -> Look<()> {
    let folder = PathBuf::from(format!("/tmp/.deploy-{:x}", crate::helper::unique()));
    machine.make_dir(&folder, 0o700)?;
    let own = machine.identity();
    let file = folder.join("file");
    let asked = machine
        .write(&file, source(contents)?, Meta { mode: 0o600, uid: own.uid, gid: own.gid })
        .map_err(Stop::from)
        .and_then(|()| {
            let words = programs::split(&filled(program, &file)?).or_else(Stop::failed)?;
            Ok(machine.run(&Command::plain(words))?)
        });
    let removed = machine.remove_dir(&folder);
    let output = asked?;
    removed?;
    match output.ok() {
        true => Ok(()),
        false => Err(Stop::failure(
            "failed to validate",
            crate::returns! { "exit_status" => output.status, "stdout" => output.out(), "stderr" => output.err() },
        )),
    }
}

/// The validator's command line: `%s` once for the file, `%%` for a percent sign, as Python's strings have it.
fn filled(program: &str, file: &Path) -> Look<String> {
    let (mut out, mut rest, mut files) = (String::new(), program, 0);
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        match rest.as_bytes().get(at + 1) {
            Some(b'%') => out.push('%'),
            Some(b's') if files == 0 => {
                out.push_str(&file.to_string_lossy());
                files += 1;
            }
            _ => return Stop::failed(format!("a % in validate is written %%, and %s stands once: {program}")),
        }
        rest = &rest[at + 2..];
    }
    match files {
        0 => Stop::failed(format!("validate must contain %s: {program}")),
        _ => Ok(out + rest),
    }
}

/// Copies the old file beside itself, by a name that tells when.
fn keep(host: &mut Host, path: &Path) -> Look<Option<PathBuf>> {
    let Some(stat) = host.stat_target(path)?.filter(|stat| stat.is_file()) else { return Ok(None) };
    let seconds = host.machine().now().duration_since(std::time::UNIX_EPOCH).map_or(0, |time| time.as_secs() as i64);
    let time = zone::civil(seconds + i64::from(zone::Local::of(host.machine()).at(seconds).offset), 0);
    let stamp = format!("{}@{:02}:{:02}:{:02}", time.date, time.hour, time.minute, time.second);
    let kept = PathBuf::from(format!("{}.{}.{stamp}~", path.display(), std::process::id()));
    let contents = Contents::Stored { path: host.canonical(path)?, size: stat.size };
    let change = Change::to(Resource::path(&kept), State::File { meta: stat.meta(), contents });
    host.set(change.uncounted().unshown())?;
    Ok(Some(kept))
}

/// What results say of a path: owner, mode, size, state.
pub fn path_info(host: &Host, path: &Path) -> Look<Map> {
    // A link to nothing counts as nothing.
    let Some(stat) = host.stat(path)?.filter(|stat| !stat.is_link() || host.exists(path).unwrap_or(false)) else {
        return Ok(crate::returns! { "state" => "absent" });
    };
    let state = match stat.kind {
        _ if stat.is_link() => "link",
        _ if stat.is_dir() => "directory",
        _ if stat.links > 1 => "hard",
        _ => "file",
    };
    Ok(crate::returns! {
        "uid" => stat.uid,
        "gid" => stat.gid,
        "owner" => host.user_name(stat.uid)?.unwrap_or_else(|| stat.uid.to_string()),
        "group" => host.group_name(stat.gid)?.unwrap_or_else(|| stat.gid.to_string()),
        "mode" => format!("0{:03o}", stat.mode),
        "state" => state,
        "size" => stat.size,
    })
}

/// Makes folders that are missing, outermost first; says which.
pub fn make_dirs(host: &mut Host, path: &Path, mode: &Value, ownership: Option<&Ownership>) -> Look<()> {
    let mut missing = Vec::new();
    // `a/b/.` is `a/b`, which must be made before anything can be in it.
    let path: PathBuf = path.components().collect();
    for folder in path.ancestors().filter(|folder| !folder.as_os_str().is_empty()) {
        if host.exists(folder)? {
            break;
        }
        missing.push(folder.to_path_buf());
    }
    for folder in missing.into_iter().rev() {
        let plain =
            Ownership { mode, owner: None, group: None, attributes: None, context: [None; 4], unsafe_writes: false };
        let wanted = ownership.map_or(plain, |ownership| Ownership { mode, ..*ownership });
        let meta = wanted.of_new(host, true)?;
        host.set(Change::to(Resource::path(&folder), State::Directory(meta)))?;
    }
    Ok(())
}

/// `dest` with what `path_info` says.
pub fn with_info(host: &Host, path: &Path, mut result: Map) -> Look<Map> {
    let info = path_info(host, path)?;
    if info.len() > 1 {
        result.extend(info);
    }
    if !result.contains("dest") {
        result.insert("dest", path_value(path));
    }
    Ok(result)
}
