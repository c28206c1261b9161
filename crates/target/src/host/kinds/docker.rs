//! Containers and images: the daemon's own words, over its socket.
use super::super::State;
use super::unmakable;
use crate::machine::Machine;
use std::io;

pub fn look_container(_machine: &dyn Machine, name: &str) -> io::Result<State> {
    Err(unmakable(&format!("container {name}: not yet")))
}
pub fn look_image(_machine: &dyn Machine, name: &str) -> io::Result<State> {
    Err(unmakable(&format!("image {name}: not yet")))
}
pub fn make_container(_machine: &mut dyn Machine, name: &str, _state: &State) -> io::Result<()> {
    Err(unmakable(&format!("container {name}: not yet")))
}
pub fn make_image(_machine: &mut dyn Machine, name: &str, _state: &State) -> io::Result<()> {
    Err(unmakable(&format!("image {name}: not yet")))
}
