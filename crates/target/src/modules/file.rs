//! `file`: files, folders and links: that they are there, or not, and whose they are.
use crate::host::install::{self, path_info};
use crate::host::{Acted, Change, Contents, Host, Look, Resource, State, Stop, parent};
#[cfg(any(test, feature = "reference"))]
use crate::machine::Meta;
use crate::machine::Stat;
#[cfg(any(test, feature = "reference"))]
use crate::module::Example;
use crate::module::{Info, Module, Return, path_value};
use crate::zone;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;
use value::{Map, Value};

crate::file_args! {
    /// Makes folders, links and empty files, removes them, and sets owners, modes and times.
    pub struct Args {
        /// The path.
        path: PathBuf { required, aliases(&["dest", "name"]) },
        /// What it is to be; by default what it is. A `directory` is made with those above it; `absent` takes all that is in it.
        state: Option<String> { choices(&["absent", "directory", "file", "hard", "link", "touch"]) },
        /// What a link points to.
        src: Option<PathBuf>,
        /// Whether all in a folder gets the same owner, group, mode.
        recurse: bool { default("no") },
        /// Whether a link takes the place of a file or an empty folder, and may point to nothing.
        force: bool { default("no") },
        /// Whether owner and mode are those of what a link points to.
        follow: bool { default("yes") },
        /// `now`, `preserve`, or a time.
        modification_time: Option<String>,
        /// How that time is written, as `strftime` has it.
        modification_time_format: String { default("%Y%m%d%H%M.%S") },
        /// `now`, `preserve`, or a time.
        access_time: Option<String>,
        /// How that time is written, as `strftime` has it.
        access_time_format: String { default("%Y%m%d%H%M.%S") },
        /// From modules that copy: the name of a file for a folder.
        _original_basename: Option<String>,
    }
}

pub struct Task;
impl Module for Task {
    const INFO: Info = Info::new("file");
    #[cfg(any(test, feature = "reference"))]
    const EXAMPLES: &'static [Example] = &[
        Example {
            title: "Make a folder",
            args: &[("path", "/srv/shop/data"), ("state", "directory"), ("mode", "0750")],
            before: Vec::new,
            after: || vec![(Resource::path("/srv/shop/data"), State::Directory(Meta { mode: 0o750, uid: 0, gid: 0 }))],
        },
        Example {
            title: "Make a link",
            args: &[("path", "/srv/users"), ("src", "/etc/passwd"), ("state", "link")],
            before: Vec::new,
            after: || vec![(Resource::path("/srv/users"), State::Link { target: "/etc/passwd".into(), uid: 0, gid: 0 })],
        },
        Example {
            title: "Remove a file",
            args: &[("path", "/srv/old"), ("state", "absent")],
            before: || vec![(Resource::path("/srv/old"), State::file(Meta { mode: 0o644, uid: 0, gid: 0 }, "x"))],
            after: || vec![(Resource::path("/srv/old"), State::Absent)],
        },
    ];
    type Args = Args;

    fn run(args: &Args, host: &mut Host) -> Look<Return> {
        args.ownership().warn_of_unknown(host)?;
        dispatch(args, host).map_err(|stop| with_path(args, host, stop))
    }
}

fn dispatch(args: &Args, host: &mut Host) -> Look<Return> {
    let now = host.stat(&args.path)?;
    let state = args.state.as_deref().unwrap_or(match &now {
        Some(stat) if stat.is_link() => "link",
        Some(stat) if stat.is_dir() => "directory",
        Some(_) => "file",
        None if args.recurse => "directory",
        None if args.src.is_some() => "link",
        None => "file",
    });
    if args.recurse && state != "directory" {
        return Stop::failed("recurse option requires state to be 'directory'");
    }
    match state {
        "absent" => absent(args, now, host),
        "directory" => directory(args, now, host),
        "touch" => touch(args, host),
        "link" => link(args, now, host),
        "hard" => hard(args, now, host),
        _ => file(args, now, host),
    }
}

/// Ansible tells of the path also where it failed.
fn with_path(args: &Args, host: &Host, stop: Stop) -> Stop {
    let Stop::Failed(mut failure) = stop else { return stop };
    for (name, value) in path_info(host, &args.path).unwrap_or_default() {
        if !failure.result.contains_key(&name) && value.as_str() != Some("absent") {
            failure.result.insert(name, value);
        }
    }
    if !failure.result.contains("dest") {
        failure.result.insert("path", path_value(&args.path));
    }
    Stop::Failed(failure)
}

fn absent(args: &Args, now: Option<Stat>, host: &mut Host) -> Look<Return> {
    if now.is_some() {
        host.set(Change::to(Resource::path(&args.path), State::Absent))?;
    }
    Ok(crate::returns! { "path" => path_value(&args.path), "state" => "absent" })
}

fn told(path: &Path, key: &str, host: &Host) -> Look<Return> {
    let mut result = crate::returns! { key => path_value(path) };
    let info = path_info(host, path)?;
    if info.len() > 1 {
        result.extend(info);
    }
    Ok(result)
}

/// Where owner and mode belong: what a link points to, if it is followed.
fn owned(args: &Args, host: &Host) -> Look<PathBuf> {
    match host.stat(&args.path)? {
        Some(stat) if stat.is_link() && args.follow => host.canonical(&args.path),
        _ => Ok(args.path.clone()),
    }
}

fn file(args: &Args, now: Option<Stat>, host: &mut Host) -> Look<Return> {
    let stat = match now {
        Some(stat) if stat.is_link() && args.follow => host.stat_target(&args.path)?,
        other => other,
    };
    let path = args.path.display();
    match stat {
        None => Err(Stop::failure(format!("file ({path}) is absent, cannot continue"), crate::returns! { "state" => "absent" })),
        Some(stat) if stat.is_dir() => Stop::failed(format!("file ({path}) is directory, cannot continue")),
        Some(stat) if stat.is_link() => Stop::failed(format!("file ({path}) is link, cannot continue")),
        Some(_) => {
            let path = owned(args, host)?;
            args.ownership().apply(host, &path)?;
            times(args, &path, host)?;
            told(&path, "path", host)
        }
    }
}

fn directory(args: &Args, now: Option<Stat>, host: &mut Host) -> Look<Return> {
    let real = match &now {
        Some(stat) if stat.is_link() && args.follow => host.stat_target(&args.path)?,
        _ => now,
    };
    match real {
        None => install::make_dirs(host, &args.path, &args.mode, Some(&args.ownership()))?,
        Some(stat) if stat.is_dir() => {}
        Some(stat) => {
            let there = if stat.is_link() { "link" } else { "file" };
            return Stop::failed(format!("{} already exists as a {there}", args.path.display()));
        }
    }
    let path = owned(args, host)?;
    args.ownership().apply(host, &path)?;
    times(args, &path, host)?;
    if args.recurse {
        recurse(args, &host.canonical(&path)?, &mut BTreeSet::new(), host)?;
    }
    told(&path, "path", host)
}

/// All in a folder (by a path without links), and what its links lead to; `seen` has the folders that links may come back to.
fn recurse(args: &Args, folder: &Path, seen: &mut BTreeSet<PathBuf>, host: &mut Host) -> Look<()> {
    if !seen.insert(folder.to_path_buf()) || !host.is_dir(folder)? {
        return Ok(());
    }
    for name in host.list(folder)? {
        let path = folder.join(name);
        let Some(stat) = host.stat(&path)? else { continue };
        args.ownership().apply_exactly(host, &path)?;
        let path = match stat.is_link() {
            false => path,
            true if args.follow && host.exists(&path)? => host.canonical(&path)?,
            true => continue,
        };
        if stat.is_link() {
            args.ownership().apply_exactly(host, &path)?;
        }
        times(args, &path, host)?;
        if host.stat(&path)?.is_some_and(|stat| stat.is_dir()) {
            recurse(args, &path, seen, host)?;
        }
    }
    Ok(())
}

fn touch(args: &Args, host: &mut Host) -> Look<Return> {
    if host.stat_target(&args.path)?.is_none() {
        if !host.has_folder(parent(&args.path))? {
            return Stop::failed("Error, could not touch target.");
        }
        let meta = args.ownership().of_new(host, false)?;
        host.set(Change::to(Resource::path(&args.path), State::file(meta, "")))?;
        if args.modification_time.is_some() || args.access_time.is_some() {
            times(args, &args.path, host)?;
        }
    } else {
        let path = owned(args, host)?;
        set_times(args, &path, "now", host)?;
    }
    let path = owned(args, host)?;
    args.ownership().apply(host, &path)?;
    told(&args.path, "dest", host)
}

fn times(args: &Args, path: &Path, host: &mut Host) -> Look<()> {
    match args.modification_time.is_some() || args.access_time.is_some() {
        true => set_times(args, path, "preserve", host),
        false => Ok(()),
    }
}

/// A time that the task does not state is the given word.
fn set_times(args: &Args, path: &Path, default: &str, host: &mut Host) -> Look<()> {
    let Some(stat) = host.stat(path)? else { return Ok(()) };
    let own = |word: &Option<String>| word.clone().unwrap_or_else(|| default.into());
    let accessed = moment(&own(&args.access_time), &args.access_time_format, host)?;
    let modified = moment(&own(&args.modification_time), &args.modification_time_format, host)?;
    let differs = |wanted: Option<(i64, u32)>, now: (i64, u32)| wanted.is_some_and(|wanted| wanted != now);
    if !differs(accessed, stat.accessed) && !differs(modified, stat.modified) {
        return Ok(());
    }
    let state = host.outside(path)?;
    let own_path = path.to_path_buf();
    host.change(Change::to(Resource::path(path), state).unshown(), |machine| {
        machine.set_times(&own_path, accessed, modified)?;
        Ok(Acted::changed())
    })?;
    Ok(())
}

/// None: as it is.
fn moment(word: &str, format: &str, host: &Host) -> Look<Option<(i64, u32)>> {
    match word {
        "preserve" | "" => Ok(None),
        "now" => {
            let now = host.machine().now().duration_since(UNIX_EPOCH).unwrap_or_default();
            Ok(Some((now.as_secs() as i64, now.subsec_nanos())))
        }
        text => match zone::parse_local(text, format, &zone::Local::of(host.machine())) {
            Some(seconds) => Ok(Some((seconds, 0))),
            None => Stop::failed(format!("Error while obtaining timestamp for time {text} using format {format}")),
        },
    }
}

fn link(args: &Args, now: Option<Stat>, host: &mut Host) -> Look<Return> {
    let path = &args.path;
    let target = match (&args.src, &now) {
        (Some(src), _) => src.clone(),
        (None, Some(stat)) if stat.is_link() => host.read_link(path)?,
        (None, _) => return Stop::failed("src is required for creating new symlinks"),
    };
    if let Some(stat) = now.as_ref().filter(|stat| !stat.is_link()) {
        if !stat.is_dir() && !args.force {
            return Stop::failed(format!("refusing to convert from file to symlink for {}", path.display()));
        }
        if stat.is_dir() && !args.force {
            return Stop::failed(format!("refusing to convert from directory to symlink for {}", path.display()));
        }
    }
    let absolute = parent(path).join(&target);
    let there = host.exists(&absolute)?;
    if !there && !args.force && args.src.is_some() {
        let message = format!("src file does not exist, use 'force=yes' if you really want to create the link: {}", absolute.display());
        return Err(Stop::failure(message, crate::returns! { "src" => path_value(&target) }));
    }
    let same = now.as_ref().is_some_and(|stat| stat.is_link()) && host.read_link(path)? == target;
    if !same {
        install::link(host, path, &target)?;
    }
    if there || !args.follow {
        let owned = owned(args, host)?;
        args.ownership().apply(host, &owned)?;
        times(args, &owned, host)?;
    } else {
        host.warn("Cannot set fs attributes on a non-existent symlink target. follow should be set to False to avoid this.");
    }
    let mut result = crate::returns! { "src" => path_value(&target) };
    result.extend(told(&args.path, "dest", host)?);
    Ok(result)
}

fn hard(args: &Args, now: Option<Stat>, host: &mut Host) -> Look<Return> {
    let path = &args.path;
    let fields = || crate::returns! { "dest" => path_value(path), "src" => args.src.as_deref().map_or(Value::Null, path_value) };
    let Some(src) = &args.src else {
        return match now {
            Some(_) => told(&args.path, "dest", host),
            None => Stop::failed("src is required for creating new hardlinks"),
        };
    };
    let Some(target) = host.stat(src)? else { return Err(Stop::failure("src does not exist", fields())) };
    let same = now.as_ref().is_some_and(|stat| (stat.inode, stat.device) == (target.inode, target.device) && stat.inode != 0);
    if let Some(stat) = now.as_ref().filter(|_| !same) {
        if stat.is_dir() {
            return Stop::failed(format!("refusing to convert from directory to hard link for {}", path.display()));
        }
        if !args.force {
            return Err(Stop::failure("Cannot link, different hard link exists at destination", fields()));
        }
    }
    if !same {
        let after = match host.outside(src)? {
            State::File { meta, contents } => State::File { meta, contents: Contents::Stored { path: src.clone(), size: contents.size() } },
            other => other,
        };
        host.change(Change::to(Resource::path(path), after).unshown(), |machine| {
            machine.hard_link(src, path)?;
            Ok(Acted::changed())
        })?;
    }
    args.ownership().apply(host, path)?;
    times(args, path, host)?;
    let mut result: Map = crate::returns! { "src" => path_value(src) };
    result.extend(told(&args.path, "dest", host)?);
    Ok(result)
}
