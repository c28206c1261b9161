//! Looks at the machine through what is planned so far.
use super::{Contents, Host, Look, Resource, State, Stop, accounts, kinds};
use crate::machine::{Identity, Kind, Machine, Meta, Stat};
use sha1::{Digest, Sha1};
use std::ffi::OsString;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// How much of a file is read at a time.
const PIECE: usize = 128 << 10;

impl Host<'_> {
    pub fn state(&self, what: &Resource) -> Look<State> {
        if let Some(state) = self.overlay.get(what) {
            return Ok(state.clone());
        }
        let now = kinds::look(self.machine, what)?;
        self.known(what, now)
    }

    /// What is absent may come with a planned package.
    pub(super) fn known(&self, what: &Resource, now: State) -> Look<State> {
        if !now.is_missing() {
            return Ok(now);
        }
        if let Some(state) = what.by_plan(self.overlay) {
            return Ok(state);
        }
        match self.overlay.giver(what) {
            Some(giver) => Err(Stop::Unforeseen(giver.clone())),
            None => Ok(now),
        }
    }

    /// Whether it depends on what a planned package may bring, and so cannot be asked for yet.
    pub fn waits_for_a_package(&self, what: &Resource) -> bool {
        what.depends_on().iter().any(|path| self.state(&Resource::path(path)).is_err())
    }

    /// Whether a plan changes anything at or under this path.
    pub fn plans_under(&self, folder: &Path) -> bool {
        self.overlay.plans_under(folder)
    }

    // ---- files ----

    /// What stands at a path, as state for a change; contents are not read. Links are not followed.
    pub fn stat(&self, path: &Path) -> Look<Option<Stat>> {
        let what = Resource::path(path);
        if let Some(planned) = self.overlay.get(&what) {
            return Ok(planned_stat(planned));
        }
        match self.machine.stat(path, false)? {
            Some(stat) => Ok(Some(stat)),
            None => self.known(&what, State::Absent).map(|_| None),
        }
    }

    /// The same of what a link leads to.
    pub fn stat_target(&self, path: &Path) -> Look<Option<Stat>> {
        match self.stat(path)? {
            Some(stat) if stat.is_link() => {
                let real = self.canonical(path)?;
                if real == path { Ok(None) } else { self.stat(&real) }
            }
            other => Ok(other),
        }
    }

    pub fn exists(&self, path: &Path) -> Look<bool> {
        Ok(self.stat_target(path)?.is_some())
    }

    pub fn is_dir(&self, path: &Path) -> Look<bool> {
        Ok(self.stat_target(path)?.is_some_and(|stat| stat.is_dir()))
    }

    pub fn read(&self, path: &Path) -> Look<Vec<u8>> {
        match self.overlay.get(&Resource::path(path)) {
            Some(State::File { contents: Contents::AsIs { .. }, .. }) => Ok(self.machine.read(path)?),
            Some(State::File { contents, .. }) => {
                self.contents(contents).ok_or_else(|| Stop::Unforeseen(Resource::path(path)))
            }
            Some(State::Link { target, .. }) => self.read(&super::parent(path).join(target)),
            Some(State::Absent) => Stop::failed(format!("No such file or directory: {}", path.display())),
            Some(_) => Stop::failed(format!("not a regular file: {}", path.display())),
            None => Ok(self.machine.read(path)?),
        }
    }

    /// Text, with replacement characters for what is none; nothing where there is no file.
    pub fn read_text(&self, path: &Path) -> Look<Option<String>> {
        match self.exists(path)? {
            true => Ok(Some(String::from_utf8_lossy(&self.read(path)?).into_owned())),
            false => Ok(None),
        }
    }

    /// What stands at a path, for a change of owner, mode or times: no file is read for it.
    pub fn outside(&self, path: &Path) -> Look<State> {
        let what = Resource::path(path);
        match self.overlay.get(&what) {
            Some(planned) => Ok(planned.clone()),
            None => self.known(&what, kinds::path::glance(self.machine, path)?),
        }
    }

    /// Feeds a digest with a file, piece by piece.
    pub fn digest_with(&self, path: &Path, mut take: impl FnMut(&[u8])) -> Look<()> {
        self.each_piece(path, &mut |piece| {
            take(piece);
            Ok(())
        })
    }

    /// A file's bytes, in order and never all at once.
    pub(super) fn each_piece(&self, path: &Path, take: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> Look<()> {
        if self.overlay.get(&Resource::path(path)).is_some() {
            self.read(path)?.chunks(PIECE).try_for_each(take)?;
            return Ok(());
        }
        Ok(pieces(&mut self.machine.open(path)?, take)?)
    }

    pub fn sha1(&self, path: &Path) -> Look<String> {
        let mut sha1 = Sha1::new();
        self.digest_with(path, |piece| sha1.update(piece))?;
        Ok(hex(&sha1.finalize()))
    }

    /// Names in a folder, sorted.
    pub fn list(&self, path: &Path) -> Look<Vec<OsString>> {
        let (added, removed) = self.overlay.names_in(path);
        let mut names = match self.machine.stat(path, true)? {
            Some(_) => self.machine.list(path)?,
            None if self.exists(path)? => Vec::new(),
            None => return Ok(self.machine.list(path)?),
        };
        names.retain(|name| !removed.contains(name) && !added.contains(name));
        names.extend(added);
        names.sort();
        Ok(names)
    }

    pub fn read_link(&self, path: &Path) -> Look<PathBuf> {
        match self.overlay.get(&Resource::path(path)) {
            Some(State::Link { target, .. }) => Ok(target.clone()),
            _ => Ok(self.machine.read_link(path)?),
        }
    }

    /// Without symbolic links; what does not exist keeps its name.
    pub fn canonical(&self, path: &Path) -> Look<PathBuf> {
        if let Some(State::Link { target, .. }) = self.overlay.get(&Resource::path(path)) {
            return self.canonical(&super::parent(path).join(target));
        }
        Ok(self.machine.canonical(path)?)
    }

    /// Whether the user may read, write, execute.
    pub fn access(&self, path: &Path) -> [bool; 3] {
        self.machine.access(path)
    }

    // ---- who ----

    pub fn identity(&self) -> Identity {
        self.machine.identity()
    }

    pub fn variable(&self, name: &str) -> Option<String> {
        self.machine.variable(name)
    }

    /// The number of a user, by name or as a number in words.
    pub fn uid(&self, name: &str) -> Look<Option<u32>> {
        if let Some(State::User(account)) = self.overlay.get(&Resource::User(name.into())) {
            return Ok(Some(account.uid.unwrap_or_else(|| stand_in(name))));
        }
        Ok(accounts::uid(self.machine, name)?)
    }

    pub fn gid(&self, name: &str) -> Look<Option<u32>> {
        match self.overlay.get(&Resource::Group(name.into())) {
            Some(State::Group(group)) => return Ok(Some(group.gid.unwrap_or_else(|| stand_in(name)))),
            Some(State::Absent) => return Ok(None),
            _ => {}
        }
        // A planned user brings a group of his own name.
        if let Some(State::User(account)) = self.overlay.get(&Resource::User(name.into())) {
            return Ok(Some(account.gid.unwrap_or_else(|| stand_in(name))));
        }
        Ok(accounts::gid(self.machine, name)?)
    }

    pub fn user_name(&self, uid: u32) -> Look<Option<String>> {
        let planned = self.overlay.all().find_map(|(what, state)| match (what, state) {
            (Resource::User(name), State::User(account)) => {
                (account.uid.unwrap_or_else(|| stand_in(name)) == uid).then(|| name.clone())
            }
            _ => None,
        });
        match planned {
            Some(name) => Ok(Some(name)),
            None => Ok(accounts::user_by_id(self.machine, uid)?.map(|line| line.name)),
        }
    }

    pub fn group_name(&self, gid: u32) -> Look<Option<String>> {
        let planned = self.overlay.all().find_map(|(what, state)| match (what, state) {
            (Resource::Group(name), State::Group(group)) => {
                (group.gid.unwrap_or_else(|| stand_in(name)) == gid).then(|| name.clone())
            }
            _ => None,
        });
        match planned {
            Some(name) => Ok(Some(name)),
            None => Ok(accounts::group_by_id(self.machine, gid)?.map(|line| line.name)),
        }
    }

    /// The bare machine, for looks that no plan can change: facts, sockets, the clock. It cannot be touched this way.
    pub fn machine(&self) -> &dyn Machine {
        self.machine
    }
}

/// A number for somebody who is only planned: none that a machine gives, and the same for the same name.
fn stand_in(name: &str) -> u32 {
    let hash = name.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    0xf000_0000 | hash >> 4
}

fn planned_stat(state: &State) -> Option<Stat> {
    let (kind, size) = match state {
        State::File { contents, .. } => (Kind::File, contents.size()),
        State::Directory(_) => (Kind::Directory, 4096),
        State::Link { target, .. } => (Kind::Link, target.as_os_str().len() as u64),
        State::Special(kind, _) => (*kind, 0),
        _ => return None,
    };
    let meta = state.meta().unwrap_or(Meta { mode: 0, uid: 0, gid: 0 });
    Some(Stat {
        kind,
        mode: meta.mode,
        uid: meta.uid,
        gid: meta.gid,
        size,
        inode: 0,
        device: 0,
        device_type: 0,
        links: 1,
        blocks: size.div_ceil(512),
        block_size: 4096,
        accessed: (0, 0),
        modified: (0, 0),
        changed: (0, 0),
    })
}

fn pieces(reader: &mut dyn Read, take: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
    let mut buffer = vec![0; PIECE];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => take(&buffer[..count])?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Contents {
    /// Whether a file on the host holds these bytes; sizes are compared first.
    pub fn is_in(&self, host: &Host, path: &Path, size: u64) -> Look<bool> {
        if self.size() != size {
            return Ok(false);
        }
        match self {
            Contents::Bytes(bytes) => Ok(host.read(path)? == **bytes),
            Contents::Blob { hash, .. } => {
                let mut hasher = blake3::Hasher::new();
                host.digest_with(path, |piece| {
                    hasher.update(piece);
                })?;
                Ok(hasher.finalize().as_bytes() == hash)
            }
            Contents::Stored { path: own, .. } => Ok(host.sha1(own)? == host.sha1(path)?),
            Contents::Large { .. } | Contents::AsIs { .. } | Contents::Dropped { .. } => Ok(false),
        }
    }

    /// SHA-1 of the bytes, as Ansible returns it; brings a controller's file here.
    pub fn sha1(&self, host: &Host) -> Look<String> {
        match self {
            Contents::Bytes(bytes) => Ok(hex(&Sha1::digest(bytes))),
            Contents::Blob { hash, .. } => host.sha1(&host.blob(hash)?),
            Contents::Stored { path, .. } => host.sha1(path),
            Contents::Large { .. } | Contents::AsIs { .. } | Contents::Dropped { .. } => {
                Stop::failed("nobody has read the file")
            }
        }
    }
}
