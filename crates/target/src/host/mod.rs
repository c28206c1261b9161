//! What a task module sees of the machine it runs on. Every look goes through what is planned so far, every touch goes through
//! `change`; so checking, planning, holding before a barrier, diff and undo exist once, here.
pub mod accounts;
pub mod apt;
mod change;
mod dialect;
mod diff;
pub mod edit;
pub mod glob;
pub mod install;
pub mod kinds;
pub mod looks;
pub mod mode;
mod overlay;
pub mod ownership;
pub mod pattern;
pub mod programs;
mod resource;
pub mod services;
mod stop;
mod undo;

pub use change::{Acted, Change, Done};
pub use kinds::container::Container;
pub use kinds::group::Group;
pub use kinds::image::Image;
pub use kinds::package::Package;
pub use kinds::unit::{Scope, Unit};
pub use kinds::user::{Account, Shadow};
pub use kinds::{Resource, State};
pub use overlay::Overlay;
pub use resource::{Contents, KEPT, parent};
pub use stop::{Failure, Look, Stop};
pub use undo::{Journal, reversible, undo};

use crate::machine::{Command, Interrupt, Machine, Output};
use crate::protocol::{BlobHash, Diff, Token};
use std::path::{Path, PathBuf};
use std::time::Duration;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Apply,
    /// As Ansible's check mode: nothing is touched, and every task looks at the machine as it is.
    Check,
    /// Nothing is touched, and later looks see what earlier tasks would have done.
    Plan,
    /// Looks ahead of the other hosts: done if there is nothing to change, else held.
    Ahead,
}

/// What a call needs of the helper around it.
pub trait Services {
    /// The bytes of a controller's file, in a private file of this machine; waits until they have come.
    fn blob(&self, hash: &BlobHash) -> std::io::Result<PathBuf>;
    /// For the live line.
    fn progress(&self, text: &str);
    /// Sends a piece of a file to the controller, as soon as there is room for it. An empty piece ends the file, and is sent when
    /// this returns; no piece is larger than the protocol's window.
    fn stream(&self, token: &Token, bytes: &[u8]) -> std::io::Result<()>;
}

/// For calls without a helper around them: there are no blobs, and nobody looks.
pub struct Alone;
impl Services for Alone {
    fn blob(&self, _: &BlobHash) -> std::io::Result<PathBuf> {
        Err(std::io::Error::new(std::io::ErrorKind::NotFound, "no controller to ask for the file's contents"))
    }
    fn progress(&self, _: &str) {}
    fn stream(&self, _: &Token, _: &[u8]) -> std::io::Result<()> {
        Err(std::io::Error::new(std::io::ErrorKind::NotConnected, "no controller to send the file to"))
    }
}

pub struct Host<'m> {
    machine: &'m mut dyn Machine,
    mode: Mode,
    overlay: &'m mut Overlay,
    services: &'m dyn Services,
    /// Whether the answer is to carry diffs.
    wants_diff: bool,
    journal: Vec<Done>,
    /// Bytes of old files that the journal may still keep.
    room: u64,
    diff: Vec<Diff>,
    warnings: Vec<String>,
}

/// What a call leaves behind besides its result.
#[derive(Debug, Default)]
pub struct Traces {
    pub journal: Vec<Done>,
    pub diff: Vec<Diff>,
    pub warnings: Vec<String>,
}

impl<'m> Host<'m> {
    pub fn new(machine: &'m mut dyn Machine, mode: Mode, overlay: &'m mut Overlay, services: &'m dyn Services) -> Self {
        let (journal, diff, warnings) = Default::default();
        let room = Journal::ROOM;
        Self { machine, mode, overlay, services, wants_diff: false, journal, room, diff, warnings }
    }

    /// For a call whose channel keeps something already.
    pub fn with_room(self, room: u64) -> Self {
        Self { room, ..self }
    }

    pub fn with_diff(self, wants_diff: bool) -> Self {
        Self { wants_diff, ..self }
    }

    /// Runs a command that only reports. `reads` names what its answer depends on: if one of them is only planned, the answer
    /// cannot be foretold.
    pub fn ask(&self, command: &Command, reads: &[Resource]) -> Look<Output> {
        self.foreseen(reads)?;
        Ok(self.machine.ask(command)?)
    }

    /// Stops if one of these is only planned.
    pub fn foreseen(&self, reads: &[Resource]) -> Look<()> {
        match reads.iter().find(|resource| self.overlay.get(resource).is_some()) {
            Some(planned) => Err(Stop::Unforeseen(planned.clone())),
            None => Ok(()),
        }
    }

    pub fn warn(&mut self, text: impl Into<String>) {
        self.warnings.push(text.into());
    }

    pub fn progress(&self, text: &str) {
        self.services.progress(text);
    }

    /// A file of the controller; brings its bytes here, which touches nothing but our own private folder.
    pub fn blob(&self, hash: &BlobHash) -> Look<PathBuf> {
        Ok(self.services.blob(hash)?)
    }

    /// Sends a file to the controller, piece by piece; each is shown to `also`.
    pub fn send(&self, path: &Path, token: &Token, mut also: impl FnMut(&[u8])) -> Look<()> {
        self.each_piece(path, &mut |piece| {
            also(piece);
            self.services.stream(token, piece)
        })?;
        Ok(self.services.stream(token, &[])?)
    }

    pub fn sleep(&self, time: Duration) -> Look<()> {
        Ok(self.machine.sleep(time)?)
    }

    pub fn interrupt(&self) -> Interrupt {
        self.machine.interrupt()
    }

    /// Whether the answer is to carry diffs: for what is costly to find out only for a diff's sake.
    pub fn wants_diff(&self) -> bool {
        self.wants_diff
    }

    /// Whether changes are made here and now: for what is not worth finding out otherwise. Never for deciding what to do.
    pub fn writes(&self) -> bool {
        self.mode == Mode::Apply
    }

    /// What was changed so far was put back: it is no change any more.
    pub fn uncount(&mut self) {
        self.journal.iter_mut().for_each(|done| done.counted = false);
    }

    pub fn changed(&self) -> bool {
        self.journal.iter().any(|done| done.counted)
    }

    /// Whether this is a check as Ansible's: what earlier tasks would have made is not there, and is supposed to come.
    pub fn supposes(&self) -> bool {
        self.mode == Mode::Check
    }

    /// Whether a folder is there, or could have been made by an earlier task of a check.
    pub fn has_folder(&self, folder: &Path) -> Look<bool> {
        for above in folder.ancestors().filter(|above| !above.as_os_str().is_empty()) {
            match self.stat_target(above)? {
                Some(stat) => return Ok(stat.is_dir() && (above == folder || self.supposes())),
                None if self.stat(above)?.is_some() => return Ok(false),
                None => {}
            }
        }
        Ok(folder.as_os_str().is_empty())
    }

    /// How many changes count so far.
    pub fn changes(&self) -> usize {
        self.journal.iter().filter(|done| done.counted).count()
    }

    pub fn into_traces(self) -> Traces {
        Traces { journal: self.journal, diff: self.diff, warnings: self.warnings }
    }
}
