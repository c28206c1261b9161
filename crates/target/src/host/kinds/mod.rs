//! What can be changed on a machine, and how each kind of it is looked at and made: once, for all modules, for undo and for plans.
//!
//! # To add a kind
//!
//! 1. Write `<kind>.rs`: the type of what is known of one, its `Kind` and its `Known`, and looks that modules may want of the
//!    host (`impl Host<'_>`).
//! 2. Add its line to the list below: how a resource and a state of it are called, and that type. Nothing else names kinds: check,
//!    plan, diff, journal and undo ask the two traits. Files alone are known everywhere, for everything lies in them.
//!
//! What the tests need of its tools is taught to the fake machine, in `machine/fake_tools.rs`.
use super::{Contents, Overlay};
use crate::machine::{self, Machine, Meta};
use std::io;
use std::path::PathBuf;
use value::Map;

/// How the resources of one kind are named, looked at, made and brought back.
pub trait Kind {
    /// What tells one from another.
    type Key;
    /// There is none of them before these are there: what a planned package brings cannot be asked for them yet.
    const DEPENDS_ON: &'static [&'static str] = &[];
    /// Whether one brings more than it names, so that a plan of it leaves open what else there will be.
    const GENEROUS: bool = false;

    /// `package nginx`: for journals, plans and messages.
    fn describe(key: &Self::Key) -> String;
    fn look(machine: &dyn Machine, key: &Self::Key) -> io::Result<State>;
    /// Makes it so: atomically for files, with the system's own tool for the rest.
    fn make(machine: &mut dyn Machine, key: &Self::Key, state: &State) -> io::Result<()>;
    /// Whether undo can go back from one to the other.
    fn goes_back(before: &State, after: &State) -> bool;
    /// Whether a package may ship it.
    fn may_come_with_a_package(key: &Self::Key) -> bool;
    /// What it is by something else that is planned, as a unit is by its file; asked where the machine has none.
    fn by_plan(_: &Self::Key, _: &Overlay) -> Option<State> {
        None
    }
}

/// What is known of one.
pub trait Known {
    /// What a journal shows of it: never contents, never a password.
    fn summarize(&self, map: &mut Map);
    /// Some are known by name, and are not there.
    fn is_there(&self) -> bool {
        true
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $Name:ident($file:ident::$Type:ident),)*) => {
        kinds! {
            all [
                /// A file, a folder, a link: whatever stands at this path.
                Path(path::Node),
                /// Something only its own program knows: shown in a plan by these words, never undone by us.
                Opaque(opaque::Opaque),
                $($(#[$doc])* $Name($file::$Type),)*
            ]
            with_states [$($Name($file::$Type),)*]
        }
    };
    (
        all [$($(#[$doc:meta])* $Any:ident($file:ident::$Kind:ident),)*]
        with_states [$($Name:ident($known:ident::$Known:ident),)*]
    ) => {
        $(pub mod $file;)*

        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Resource {
            $($(#[$doc])* $Any(<$file::$Kind as Kind>::Key),)*
        }

        #[derive(Clone, Debug, PartialEq)]
        pub enum State {
            Absent,
            File { meta: Meta, contents: Contents },
            Directory(Meta),
            Link { target: PathBuf, uid: u32, gid: u32 },
            /// A device, a fifo, a socket.
            Special(machine::Kind, Meta),
            /// Will be there, but not as what: the version a package manager will choose, say.
            Present,
            $($Name($known::$Known),)*
        }

        impl Resource {
            pub fn describe(&self) -> String {
                match self { $(Resource::$Any(key) => $file::$Kind::describe(key),)* }
            }
            pub fn goes_back(&self, before: &State, after: &State) -> bool {
                match self { $(Resource::$Any(_) => $file::$Kind::goes_back(before, after),)* }
            }
            pub fn may_come_with_a_package(&self) -> bool {
                match self { $(Resource::$Any(key) => $file::$Kind::may_come_with_a_package(key),)* }
            }
            pub fn by_plan(&self, overlay: &Overlay) -> Option<State> {
                match self { $(Resource::$Any(key) => $file::$Kind::by_plan(key, overlay),)* }
            }
            pub fn depends_on(&self) -> &'static [&'static str] {
                match self { $(Resource::$Any(_) => $file::$Kind::DEPENDS_ON,)* }
            }
            pub fn is_generous(&self) -> bool {
                match self { $(Resource::$Any(_) => $file::$Kind::GENEROUS,)* }
            }
        }

        impl State {
            /// What a kind knows of one, if it is more than that it is there.
            fn known(&self) -> Option<&dyn Known> {
                match self {
                    $(State::$Name(known) => Some(known),)*
                    State::Absent | State::Present => None,
                    State::File { .. } | State::Directory(_) | State::Link { .. } | State::Special(..) => None,
                }
            }
        }

        pub fn look(machine: &dyn Machine, what: &Resource) -> io::Result<State> {
            match what { $(Resource::$Any(key) => $file::$Kind::look(machine, key),)* }
        }

        pub fn make(machine: &mut dyn Machine, what: &Resource, state: &State) -> io::Result<()> {
            match what { $(Resource::$Any(key) => $file::$Kind::make(machine, key, state),)* }
        }

        #[cfg(test)]
        const FILES: &[&str] = &[$(stringify!($file)),*];
    };
}

kinds! {
    Package(package::Package),
    /// A unit of systemd, and of which manager.
    Unit(unit::Unit),
    User(user::Account),
    Group(group::Group),
    Container(container::Container),
    /// A container image, with its tag.
    Image(image::Image),
}

impl State {
    pub(super) fn summarize(&self, map: &mut Map) {
        if let Some(known) = self.known() {
            known.summarize(map);
        }
    }

    /// Absent, or known as what is not there.
    pub fn is_missing(&self) -> bool {
        self.is_absent() || self.known().is_some_and(|known| !known.is_there())
    }
}

pub(super) fn unmakable(words: &str) -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, words.to_string())
}

/// The output of a command that must succeed.
pub fn succeed(output: machine::Output, doing: &str) -> io::Result<machine::Output> {
    match output.ok() {
        true => Ok(output),
        false => Err(io::Error::other(format!("{doing}: {}", output.complaint()))),
    }
}

/// The same of a command that is known by its program.
fn run(machine: &mut dyn Machine, command: machine::Command) -> io::Result<()> {
    let program = command.argv.first().map(|word| word.to_string_lossy().into_owned()).unwrap_or_default();
    succeed(machine.run(&command)?, &program).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_a_file_and_a_line() {
        let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/src/host/kinds");
        let names = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<_> = names.map(|path| path.file_stem().unwrap().to_str().unwrap().to_string()).collect();
        files.retain(|name| name != "mod");
        files.sort();
        let mut listed = FILES.to_vec();
        listed.sort();
        assert_eq!(files, listed);
    }
}
