//! Files, folders and links. Their states are known everywhere, and stand in `State` itself.
use super::super::{Contents, KEPT};
use super::{Kind, State, unmakable};
use crate::machine::{self, Machine, Meta, Source};
use std::io;
use std::path::{Path, PathBuf};

pub enum Node {}

impl Kind for Node {
    type Key = PathBuf;

    fn describe(path: &PathBuf) -> String {
        format!("file {}", path.display())
    }

    fn look(machine: &dyn Machine, path: &PathBuf) -> io::Result<State> {
        look(machine, path)
    }

    fn make(machine: &mut dyn Machine, path: &PathBuf, state: &State) -> io::Result<()> {
        make(machine, path, state)
    }

    /// What a folder held is not kept; a device is not made by us.
    fn goes_back(before: &State, after: &State) -> bool {
        match before {
            State::Directory(_) => matches!(after, State::Directory(_)),
            State::Special(..) => matches!(after, State::Special(..)),
            _ => true,
        }
    }

    /// Not where packages do not ship.
    fn may_come_with_a_package(path: &PathBuf) -> bool {
        const OURS: [&str; 9] =
            ["/etc/systemd/system", "/usr/local", "/srv", "/opt", "/home", "/root", "/tmp", "/var/tmp", "/etc/apt"];
        !OURS.iter().any(|ours| path.starts_with(ours))
    }
}

pub fn look(machine: &dyn Machine, path: &Path) -> io::Result<State> {
    Ok(match glance(machine, path)? {
        State::File { meta, contents: unread } => {
            State::File { meta, contents: contents(machine, path, unread.size())? }
        }
        other => other,
    })
}

/// The same, but that no file is read.
pub fn glance(machine: &dyn Machine, path: &Path) -> io::Result<State> {
    let Some(stat) = machine.stat(path, false)? else { return Ok(State::Absent) };
    Ok(match stat.kind {
        machine::Kind::File => State::File { meta: stat.meta(), contents: Contents::AsIs { size: stat.size } },
        machine::Kind::Directory => State::Directory(stat.meta()),
        machine::Kind::Link => State::Link { target: machine.read_link(path)?, uid: stat.uid, gid: stat.gid },
        kind => State::Special(kind, stat.meta()),
    })
}

fn contents(machine: &dyn Machine, path: &Path, size: u64) -> io::Result<Contents> {
    if size > KEPT {
        return Ok(Contents::Large { size });
    }
    Ok(Contents::Bytes(machine.read(path)?.into()))
}

pub fn make(machine: &mut dyn Machine, path: &Path, state: &State) -> io::Result<()> {
    let now = machine.stat(path, false)?;
    let is_dir = now.as_ref().is_some_and(|stat| stat.is_dir());
    match state {
        State::Absent if is_dir => machine.remove_dir(path),
        State::Absent if now.is_none() => Ok(()),
        State::Absent => machine.remove_file(path),
        State::Directory(meta) => {
            match now {
                None => machine.make_dir(path, 0o700)?,
                Some(_) if is_dir => {}
                Some(_) => return Err(in_the_way(io::ErrorKind::NotADirectory, "Not a directory", path)),
            }
            machine.set_meta(path, *meta, false)
        }
        // What a folder holds would be lost without a word: whoever wants that removes it first.
        State::Link { .. } | State::File { .. } if is_dir => {
            Err(in_the_way(io::ErrorKind::IsADirectory, "Is a directory", path))
        }
        State::Link { target, uid, gid } => {
            if !now.is_some_and(|stat| stat.is_link()) || machine.read_link(path)? != *target {
                machine.symlink(target, path)?;
            }
            machine.set_meta(path, Meta { mode: 0o777, uid: *uid, gid: *gid }, false)
        }
        State::File { meta, contents } => make_file(machine, path, *meta, contents),
        State::Special(_, meta) if now.is_some() => machine.set_meta(path, *meta, false),
        _ => Err(unmakable(&format!("{} cannot become `{}`", path.display(), state.word()))),
    }
}

fn in_the_way(kind: io::ErrorKind, words: &str, path: &Path) -> io::Error {
    io::Error::new(kind, format!("{words}: {}", path.display()))
}

fn make_file(machine: &mut dyn Machine, path: &Path, meta: Meta, contents: &Contents) -> io::Result<()> {
    match contents {
        Contents::Bytes(bytes) => {
            // Only its mode or owner changes: the file itself stays, with its links and its time.
            let same = machine.stat(path, false)?.is_some_and(|stat| stat.is_file() && stat.size == bytes.len() as u64)
                && machine.read(path)? == **bytes;
            if same { machine.set_meta(path, meta, false) } else { machine.write(path, Source::Bytes(bytes), meta) }
        }
        Contents::Stored { path: source, .. } => machine.write(path, Source::Path(source), meta),
        Contents::Large { .. } => {
            Err(unmakable(&format!("the contents of {} were too large to be kept", path.display())))
        }
        Contents::AsIs { .. } => match machine.stat(path, false)? {
            Some(stat) if stat.is_file() => machine.set_meta(path, meta, false),
            _ => Err(unmakable(&format!("{} is gone", path.display()))),
        },
        Contents::Dropped { .. } => Err(unmakable(&format!("the contents of {} were not kept", path.display()))),
        Contents::Blob { .. } => Err(unmakable("the controller's file has not come")),
    }
}
