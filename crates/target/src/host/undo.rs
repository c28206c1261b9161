//! Going back.
use super::{Contents, Done, Resource, State, kinds};
use crate::machine::Machine;

/// Whether undo can bring back what was before.
pub fn reversible(done: &Done) -> bool {
    match (&done.what, &done.before) {
        (Resource::Opaque(_), _) => false,
        (_, State::File { contents: Contents::Large { .. }, .. }) => false,
        // What a folder or an image held is not kept.
        (Resource::Path(_), State::Directory(_)) => matches!(done.after, State::Directory(_)),
        (Resource::Image(_), State::Image { .. }) => matches!(done.after, State::Image { .. }),
        // A removed user's files and password may be gone with him; a device is not made by us.
        (Resource::User(_), State::User(_)) => matches!(done.after, State::User(_)),
        (_, State::Special(..)) => matches!(done.after, State::Special(..)),
        (_, State::Present) => false,
        _ => true,
    }
}

/// Goes back, newest first. What cannot go back is returned with the reason, not skipped in silence.
pub fn undo(machine: &mut dyn Machine, journal: Vec<Done>) -> Vec<(Resource, String)> {
    let mut left = Vec::new();
    for done in journal.into_iter().rev() {
        if !reversible(&done) {
            // Uncounted changes (a refreshed cache, a reload) have nothing to go back to.
            if done.counted {
                left.push((done.what, "cannot be undone".to_string()));
            }
            continue;
        }
        if let Err(error) = kinds::make(machine, &done.what, &done.before) {
            left.push((done.what, error.to_string()));
        }
    }
    left
}
