//! Going back.
use super::{Contents, Done, Resource, State, kinds};
use crate::machine::Machine;

/// What was changed on a channel, oldest first. It lives as long as the channel, so what it keeps of old files is bounded.
#[derive(Debug, Default)]
pub struct Journal {
    done: Vec<Done>,
    bytes: u64,
}

impl Journal {
    /// Bytes of old files that are kept at most.
    pub const ROOM: u64 = 32 << 20;

    pub fn room(&self) -> u64 {
        Self::ROOM.saturating_sub(self.bytes)
    }

    pub fn add(&mut self, done: &[Done]) {
        let kept = |done: &Done| match &done.before {
            State::File { contents: Contents::Bytes(bytes), .. } => bytes.len() as u64,
            _ => 0,
        };
        self.bytes += done.iter().map(kept).sum::<u64>();
        self.done.extend_from_slice(done);
    }

    pub fn take(&mut self) -> Vec<Done> {
        std::mem::take(self).done
    }
}

/// Whether undo can bring back what was before.
pub fn reversible(done: &Done) -> bool {
    obstacle(done).is_none()
}

const NOT_UNDONE: &str = "cannot be undone";

/// Why undo cannot bring it back.
fn obstacle(done: &Done) -> Option<&'static str> {
    match &done.before {
        State::File { contents: Contents::Large { .. }, .. } => Some("what it held was too large to be kept"),
        State::File { contents: Contents::Dropped { .. }, .. } => {
            Some("what it held was not kept: too much was changed before")
        }
        State::Present => Some(NOT_UNDONE),
        before => (!done.what.goes_back(before, &done.after)).then_some(NOT_UNDONE),
    }
}

/// Goes back, newest first. What cannot go back is returned with the reason, not skipped in silence.
pub fn undo(machine: &mut dyn Machine, journal: Vec<Done>) -> Vec<(Resource, String)> {
    let mut left = Vec::new();
    for done in journal.into_iter().rev() {
        if let Some(why) = obstacle(&done) {
            // Uncounted changes (a refreshed cache, a reload) have nothing to go back to.
            if done.counted {
                left.push((done.what, why.to_string()));
            }
            continue;
        }
        if let Err(error) = kinds::make(machine, &done.what, &done.before) {
            left.push((done.what, error.to_string()));
        }
    }
    left
}
