//! What only its own program knows: it is told, and that is all.
use super::{Kind, State, unmakable};
use crate::machine::Machine;
use std::io;

pub enum Opaque {}

impl Kind for Opaque {
    /// The words of a plan: a command line, a wish.
    type Key = String;

    fn describe(words: &String) -> String {
        words.clone()
    }

    fn look(_: &dyn Machine, _: &String) -> io::Result<State> {
        Ok(State::Present)
    }

    fn make(_: &mut dyn Machine, words: &String, _: &State) -> io::Result<()> {
        Err(unmakable(&format!("`{words}` can only be done by its own program")))
    }

    fn goes_back(_: &State, _: &State) -> bool {
        false
    }

    fn may_come_with_a_package(_: &String) -> bool {
        false
    }
}
