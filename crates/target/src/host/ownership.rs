//! The arguments that say whose a file is and who may do what with it (`mode`, `owner`, `group` ...): the same for every module
//! that makes files.
use super::mode::ModeSpec;
use super::{Acted, Change, Host, Look, Resource, State, Stop};
use crate::machine::{Command, Meta};
use crate::module::path_value;
use std::path::Path;
use value::Value;

/// Declares arguments as `value::args!` does, with those of files after them.
#[macro_export]
macro_rules! file_args {
    (
        $(#[doc = $doc:literal])+ $vis:vis struct $name:ident { $($fields:tt)* }
        $(rules: [$($rules:tt)*])?
    ) => {
        value::args! {
            $(#[doc = $doc])+ $vis struct $name {
                $($fields)*
                /// The permissions: octal (quote it: `"0644"`), or symbolic (`u=rw,g=r,o=r`).
                mode: value::Value,
                /// The user who owns it.
                owner: Option<String>,
                /// The group that owns it.
                group: Option<String>,
                /// File attributes as `chattr` takes them, such as `+i`.
                attributes: Option<String> { aliases(&["attr"]) },
                /// The user part of the SELinux context.
                seuser: Option<String>,
                /// The role part of the SELinux context.
                serole: Option<String>,
                /// The type part of the SELinux context.
                setype: Option<String>,
                /// The level part of the SELinux context.
                selevel: Option<String>,
                /// Whether a file may be written in place where it cannot be replaced as a whole (a bind mount, say).
                unsafe_writes: bool { default("no") },
            }
            $(rules: [$($rules)*])?
        }
        impl $name {
            /// The arguments of files among these.
            $vis fn ownership(&self) -> $crate::host::ownership::Ownership<'_> {
                $crate::host::ownership::Ownership {
                    mode: &self.mode,
                    owner: self.owner.as_deref(),
                    group: self.group.as_deref(),
                    attributes: self.attributes.as_deref(),
                    context: [&self.seuser, &self.serole, &self.setype, &self.selevel].map(|part| part.as_deref()),
                    unsafe_writes: self.unsafe_writes,
                }
            }
        }
    };
}

#[derive(Clone, Copy, Debug)]
pub struct Ownership<'a> {
    pub mode: &'a Value,
    pub owner: Option<&'a str>,
    pub group: Option<&'a str>,
    pub attributes: Option<&'a str>,
    /// The four parts of an SELinux context; without effect where there is no SELinux.
    pub context: [Option<&'a str>; 4],
    pub unsafe_writes: bool,
}

impl Ownership<'_> {
    pub fn mode(&self) -> Look<Option<ModeSpec>> {
        match ModeSpec::parse(self.mode) {
            // Whoever copies has put the source's mode in its place.
            Ok(Some(ModeSpec::Preserve)) => no_mode("bad symbolic permission for mode: preserve".into()),
            mode => mode.or_else(no_mode),
        }
    }

    /// What a file with `now` is to have: what is not stated stays.
    pub fn over(&self, host: &Host, now: Meta, is_dir: bool) -> Look<Meta> {
        let mode = match self.mode()? {
            Some(spec) => spec.bits(now.mode, is_dir, host.identity().umask).or_else(no_mode)?,
            None => now.mode,
        };
        let uid = match self.owner {
            Some(owner) => host.uid(owner)?.map_or_else(|| Stop::failed(no_such("chown", "user", owner)), Ok)?,
            None => now.uid,
        };
        let gid = match self.group {
            Some(group) => host.gid(group)?.map_or_else(|| Stop::failed(no_such("chgrp", "group", group)), Ok)?,
            None => now.gid,
        };
        Ok(Meta { mode, uid, gid })
    }

    /// What something new is to have.
    pub fn of_new(&self, host: &Host, is_dir: bool) -> Look<Meta> {
        self.of_written(host, new_meta(host, is_dir), is_dir)
    }

    /// What something that is written is to have. In a check its owner may be somebody whom an earlier task would have made.
    pub fn of_written(&self, host: &Host, now: Meta, is_dir: bool) -> Look<Meta> {
        self.supposed(host)?.over(host, now, is_dir)
    }

    fn supposed(&self, host: &Host) -> Look<Self> {
        let known = |id: Option<u32>| id.is_some() || !host.supposes();
        let mut wanted = *self;
        if let Some(owner) = self.owner {
            wanted.owner = known(host.uid(owner)?).then_some(owner);
        }
        if let Some(group) = self.group {
            wanted.group = known(host.gid(group)?).then_some(group);
        }
        Ok(wanted)
    }

    /// Warns of whom a check supposes to come.
    pub fn warn_of_unknown(&self, host: &mut Host) -> Look<()> {
        let supposed = self.supposed(host)?;
        for (kind, given, known) in [("user", self.owner, supposed.owner), ("group", self.group, supposed.group)] {
            if let Some(name) = given.filter(|_| known.is_none()) {
                host.warn(format!("failed to look up {kind} {name}. Create {kind} up to this point in real play"));
            }
        }
        Ok(())
    }

    /// What is left to do of something that was just written with its owner and mode. In a check it is not there, or is the old one.
    pub fn settle(&self, host: &mut Host, path: &Path) -> Look<()> {
        if host.supposes() { Ok(()) } else { self.apply(host, path) }
    }

    /// Makes an existing path's owner, mode and attributes as they are stated.
    pub fn apply(&self, host: &mut Host, path: &Path) -> Look<()> {
        self.apply_at(host, path, false)
    }

    /// The same at a path without links, of which none becomes one meanwhile: in a folder where others may write.
    pub fn apply_exactly(&self, host: &mut Host, path: &Path) -> Look<()> {
        self.apply_at(host, path, true)
    }

    fn apply_at(&self, host: &mut Host, path: &Path, exact: bool) -> Look<()> {
        let Some(stat) = host.stat(path)? else { return Ok(()) };
        let wanted = self.over(host, stat.meta(), stat.is_dir()).map_err(|stop| stop.with("path", path_value(path)))?;
        // A link has no mode of its own.
        let wanted = if stat.is_link() { Meta { mode: stat.mode, ..wanted } } else { wanted };
        if wanted != stat.meta() {
            let after = with_meta(host.outside(path)?, wanted);
            host.change(Change::to(Resource::path(path), after), |machine| {
                machine.set_meta(path, wanted, exact)?;
                Ok(Acted::changed())
            })?;
        }
        self.apply_attributes(host, path)
    }

    fn apply_attributes(&self, host: &mut Host, path: &Path) -> Look<()> {
        let Some(wanted) = self.attributes else { return Ok(()) };
        let (operator, letters) = match wanted.strip_prefix(['+', '-', '=']) {
            Some(letters) => (&wanted[..1], letters),
            None => ("=", wanted),
        };
        let now = attributes_of(host, path)?;
        let there = |letter| now.contains(letter);
        let differs = match operator {
            "+" => !letters.chars().all(there),
            "-" => letters.chars().any(there),
            _ => !letters.chars().all(there) || now.chars().any(|letter| !letters.contains(letter)),
        };
        if differs {
            let words = format!("chattr {operator}{letters} {}", path.display());
            let command = Command::plain(["chattr", &format!("{operator}{letters}")]).arg(path);
            host.change(Change::opaque(words), |machine| {
                let output = machine.run(&command)?;
                match output.ok() {
                    true => Ok(output.into()),
                    false => Stop::failed(format!("chattr failed: {}", output.complaint())),
                }
            })?;
        }
        Ok(())
    }
}

/// The letters that `lsattr` shows; none where the file system has no such attributes.
pub fn attributes_of(host: &Host, path: &Path) -> Look<String> {
    // What only a plan makes has no attributes yet.
    Ok(if host.foreseen(&[Resource::path(path)]).is_ok() { host.machine().attributes(path) } else { String::new() })
}

fn no_mode<T>(details: String) -> Look<T> {
    Err(Stop::failure("mode must be in octal or symbolic form", crate::returns! { "details" => details }))
}

fn no_such(tool: &str, kind: &str, name: &str) -> String {
    format!("{tool} failed: failed to look up {kind} {name}")
}

/// What the system gives to a new file of ours.
pub fn new_meta(host: &Host, is_dir: bool) -> Meta {
    let own = host.identity();
    Meta { mode: if is_dir { 0o777 } else { 0o666 } & !own.umask, uid: own.uid, gid: own.gid }
}

pub fn with_meta(state: State, meta: Meta) -> State {
    match state {
        State::File { contents, .. } => State::File { meta, contents },
        State::Directory(_) => State::Directory(meta),
        State::Link { target, .. } => State::Link { target, uid: meta.uid, gid: meta.gid },
        State::Special(kind, _) => State::Special(kind, meta),
        other => other,
    }
}
