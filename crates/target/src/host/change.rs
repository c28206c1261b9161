//! Touching the machine: the one gate, and what is kept of each change.
use super::{Contents, Host, KEPT, Look, Mode, Resource, State, Stop, diff, kinds, ownership};
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
    /// Asks somebody else (a server), who may do anything with it; this machine stays as it is.
    pub asks: bool,
}

impl Change {
    pub fn to(what: Resource, after: State) -> Self {
        Self { what, after, counts: true, shown: true, asks: false }
    }
    /// What only its own program knows, by words for plan and journal.
    pub fn opaque(words: impl Into<String>) -> Self {
        Self::to(Resource::Opaque(words.into()), State::Present)
    }
    /// A question to the world outside: skipped in a check and unknown in a plan, and no change of this machine.
    pub fn question(words: impl Into<String>) -> Self {
        Self { counts: false, asks: true, ..Self::opaque(words) }
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
    /// What else was changed, where only the tool knew it (the packages that came with one).
    pub also: Vec<Done>,
}

impl Acted {
    pub fn changed() -> Self {
        Self { changed: true, ..Self::default() }
    }
}

impl From<Output> for Acted {
    fn from(output: Output) -> Self {
        Self { output, changed: true, also: Vec::new() }
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
        let after = self.fetched(after)?;
        self.change(change, |machine| {
            kinds::make(machine, &what, &after)?;
            Ok(Acted::changed())
        })?;
        Ok(())
    }

    /// The same where only the module knows the way. `act` is the one place that holds the bare machine.
    pub fn change(&mut self, change: Change, act: impl FnOnce(&mut dyn Machine) -> Look<Acted>) -> Look<Output> {
        self.change_all(vec![change], act)
    }

    /// Several things that change by one act.
    pub fn change_all(
        &mut self,
        changes: Vec<Change>,
        act: impl FnOnce(&mut dyn Machine) -> Look<Acted>,
    ) -> Look<Output> {
        let opaque = |change: &Change| matches!(change.what, Resource::Opaque(_)) && (change.counts || change.asks);
        match self.mode {
            Mode::Ahead => return Err(Stop::Held),
            Mode::Check if changes.iter().any(opaque) => return Err(Stop::Skipped(Map::new())),
            _ => {}
        }
        let before = changes.iter().map(|change| self.before(change)).collect::<Look<Vec<_>>>()?;
        self.interrupt().check()?;
        let acted = match self.mode {
            Mode::Apply => act(self.machine)?,
            _ => Acted::changed(),
        };
        let unknown = changes.iter().find(|change| opaque(change)).map(|change| change.what.clone());
        for (change, before) in changes.into_iter().zip(before) {
            self.note(change, before, acted.changed);
        }
        self.journal.extend(acted.also);
        match unknown.filter(|_| self.mode == Mode::Plan) {
            Some(what) => Err(Stop::Unforeseen(what)), // it is in the plan, but nobody knows what it will return
            None => Ok(acted.output),
        }
    }

    /// Diff, journal and plan of one change.
    fn note(&mut self, change: Change, before: State, changed: bool) {
        if self.mode == Mode::Plan {
            self.overlay.plan(&change);
        }
        let Change { what, after, counts, shown, asks: _ } = change;
        if self.wants_diff && shown && changed {
            self.diff.extend(diff::of(&what, &before, &after, |contents| self.contents(contents)));
        }
        let before = self.kept(before);
        self.journal.push(Done { what, before, after: after.outside(), counted: counts && changed });
    }

    /// What the journal keeps of it: what a file held only for undo, and only while there is room.
    fn kept(&mut self, before: State) -> State {
        match before {
            State::File { contents: Contents::Bytes(_), .. } if self.mode != Mode::Apply => before.outside(),
            State::File { meta, contents: Contents::Bytes(bytes) } => {
                let size = bytes.len() as u64;
                let room = self.room.checked_sub(size);
                self.room = room.unwrap_or(self.room);
                let contents = if room.is_some() { Contents::Bytes(bytes) } else { Contents::Dropped { size } };
                State::File { meta, contents }
            }
            other => other,
        }
    }

    fn before(&self, change: &Change) -> Look<State> {
        let what = &change.what;
        let only_outside = matches!(&change.after, State::File { contents: Contents::AsIs { .. }, .. });
        match (self.overlay.get(what), what) {
            // The file itself is as it was before the plan.
            (Some(State::File { meta, contents: Contents::AsIs { .. } }), Resource::Path(_)) if !only_outside => {
                Ok(ownership::with_meta(kinds::look(self.machine, what)?, *meta))
            }
            (Some(planned), _) => Ok(planned.clone()),
            (None, Resource::Path(path)) if only_outside => Ok(kinds::path::glance(self.machine, path)?),
            _ if self.waits_for_a_package(what) => Ok(State::Absent),
            _ => Ok(kinds::look(self.machine, what)?),
        }
    }

    /// With the bytes of a controller's file here, if they will be written.
    fn fetched(&self, state: State) -> Look<State> {
        match state {
            State::File { meta, contents } => Ok(State::File { meta, contents: self.ready(contents)? }),
            other => Ok(other),
        }
    }

    pub(super) fn ready(&self, contents: Contents) -> Look<Contents> {
        match contents {
            Contents::Blob { hash, size } if self.mode == Mode::Apply => {
                Ok(Contents::Stored { path: self.blob(&hash)?, size })
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

    /// What the last diff is of, where a module says more than the path.
    pub fn name_diff(&mut self, name: &str) {
        if let Some(diff) = self.diff.last_mut() {
            (diff.before_header, diff.after_header) = (name.to_string(), name.to_string());
        }
    }

    /// Adds a diff that the module made itself.
    pub fn show(&mut self, diff: crate::protocol::Diff) {
        if self.wants_diff {
            self.diff.push(diff);
        }
    }
}
