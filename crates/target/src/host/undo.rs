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

/// Why undo cannot bring it back.
fn obstacle(done: &Done) -> Option<&'static str> {
    let may = match (&done.what, &done.before) {
        (_, State::File { contents: Contents::Large { .. }, .. }) => {
            return Some("what it held was too large to be kept");
        }
        (_, State::File { contents: Contents::Dropped { .. }, .. }) => {
            return Some("what it held was not kept: too much was changed before");
        }
        (Resource::Opaque(_), _) => false,
        // What a folder or an image held is not kept.
        (Resource::Path(_), State::Directory(_)) => matches!(done.after, State::Directory(_)),
        (Resource::Image(_), State::Image { .. }) => matches!(done.after, State::Image { .. }),
        // A removed user's files and password may be gone with him; a device is not made by us.
        (Resource::User(_), State::User(_)) => matches!(done.after, State::User(_)),
        (_, State::Special(..)) => matches!(done.after, State::Special(..)),
        (_, State::Present) => false,
        _ => true,
    };
    (!may).then_some("cannot be undone")
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
