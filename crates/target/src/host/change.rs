//! Touching the machine: the one gate, and what is kept of each change.
use super::{Contents, Host, KEPT, Look, Mode, Resource, State, Stop, diff, kinds};
use crate::machine::{Machine, Output};
use value::Map;

/// A wish, told before it is done.
#[derive(Clone, Debug)]
pub struct Change {
    pub what: Resource,
    pub after: State,
    /// Whether it makes the task `changed`; reloading a manager does not.
    pub counts: bool,
    /// Whether its contents may be shown in a diff.
    pub shown: bool,
}

impl Change {
    pub fn to(what: Resource, after: State) -> Self {
        Self { what, after, counts: true, shown: true }
    }
    /// What only its own program knows, by words for plan and journal.
    pub fn opaque(words: impl Into<String>) -> Self {
        Self::to(Resource::Opaque(words.into()), State::Present)
    }
    pub fn uncounted(self) -> Self {
        Self { counts: false, ..self }
    }
    /// A module that writes its own diff, or has nothing to show.
    pub fn unshown(self) -> Self {
        Self { shown: false, ..self }
    }
}

/// What a change came to. Some tools tell only afterwards whether they changed anything.
#[derive(Debug, Default)]
pub struct Acted {
    pub output: Output,
    pub changed: bool,
}

impl Acted {
    pub fn changed() -> Self {
        Self { output: Output::default(), changed: true }
    }
}

impl From<Output> for Acted {
    fn from(output: Output) -> Self {
        Self { output, changed: true }
    }
}

/// One line of the journal: enough to draw the diff, and to go back.
#[derive(Clone, Debug, PartialEq)]
pub struct Done {
    pub what: Resource,
    pub before: State,
    pub after: State,
    pub counted: bool,
}

impl Host<'_> {
    /// Makes the machine as `change` says, by the way that every resource of its kind is made.
    pub fn set(&mut self, change: Change) -> Look<()> {
        let (what, after) = (change.what.clone(), change.after.clone());
        let after = if self.mode == Mode::Apply { self.fetched(after)? } else { after };
        self.change(change, |machine| {
            kinds::make(machine, &what, &after)?;
            Ok(Acted::changed())
        })?;
        Ok(())
    }

    /// The same where only the module knows the way. `act` is the one place that holds the bare machine.
    pub fn change(&mut self, change: Change, act: impl FnOnce(&mut dyn Machine) -> Look<Acted>) -> Look<Output> {
        let opaque = matches!(change.what, Resource::Opaque(_));
        match self.mode {
            Mode::Ahead => return Err(Stop::Held),
            Mode::Check if opaque && change.counts => return Err(Stop::Skipped(Map::new())),
            _ => {}
        }
        let before = self.before(&change.what)?;
        self.interrupt().check()?;
        let acted = match self.mode {
            Mode::Apply => act(self.machine)?,
            _ => Acted::changed(),
        };
        if self.mode == Mode::Plan {
            self.overlay.plan(&change);
        }
        let Change { what, after, counts, shown } = change;
        if self.wants_diff && shown && acted.changed {
            self.diff.extend(diff::of(&what, &before, &after, |contents| self.contents(contents)));
        }
        self.journal.push(Done { what: what.clone(), before, after, counted: counts && acted.changed });
        match self.mode == Mode::Plan && opaque && counts {
            true => Err(Stop::Unforeseen(what)), // it is in the plan, but nobody knows what it will return
            false => Ok(acted.output),
        }
    }

    fn before(&self, what: &Resource) -> Look<State> {
        match self.overlay.get(what) {
            Some(planned) => Ok(planned.clone()),
            None => Ok(kinds::look(self.machine, what)?),
        }
    }

    /// With the bytes of a controller's file here.
    fn fetched(&self, state: State) -> Look<State> {
        match state {
            State::File { meta, contents: Contents::Blob { hash, size } } => {
                Ok(State::File { meta, contents: Contents::Stored { path: self.blob(&hash)?, size } })
            }
            other => Ok(other),
        }
    }

    /// The bytes to show, unless there are too many or they cannot be had.
    pub(super) fn contents(&self, contents: &Contents) -> Option<Vec<u8>> {
        match contents {
            Contents::Bytes(bytes) => Some(bytes.to_vec()),
            Contents::Blob { hash, size } if *size <= KEPT => {
                self.blob(hash).ok().and_then(|path| self.machine.read(&path).ok())
            }
            Contents::Stored { path, size } if *size <= KEPT => self.machine.read(path).ok(),
            _ => None,
        }
    }

    /// Adds a diff that the module made itself.
    pub fn show(&mut self, diff: crate::protocol::Diff) {
        if self.wants_diff {
            self.diff.push(diff);
        }
    }
}
