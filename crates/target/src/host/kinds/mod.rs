//! How each kind of resource is looked at and made: once, for all modules, for undo and for plans.
pub mod account;
pub mod docker;
pub mod package;
pub mod path;
pub mod unit;

use super::{Resource, State};
use crate::machine::Machine;
use std::io;

pub fn look(machine: &dyn Machine, what: &Resource) -> io::Result<State> {
    match what {
        Resource::Path(path) => path::look(machine, path),
        Resource::Package(name) => package::look(machine, name),
        Resource::Unit(name, scope) => unit::look(machine, name, *scope).map(State::Unit),
        Resource::User(name) => account::look_user(machine, name),
        Resource::Group(name) => account::look_group(machine, name),
        Resource::Container(name) => docker::look_container(machine, name),
        Resource::Image(name) => docker::look_image(machine, name),
        Resource::Opaque(_) => Ok(State::Present),
    }
}

/// Makes it so: atomically for files, with the system's own tool for the rest.
pub fn make(machine: &mut dyn Machine, what: &Resource, state: &State) -> io::Result<()> {
    match what {
        Resource::Path(path) => path::make(machine, path, state),
        Resource::Package(name) => package::make(machine, name, state),
        Resource::Unit(name, scope) => unit::make(machine, name, *scope, state),
        Resource::User(name) => account::make_user(machine, name, state),
        Resource::Group(name) => account::make_group(machine, name, state),
        Resource::Container(name) => docker::make_container(machine, name, state),
        Resource::Image(name) => docker::make_image(machine, name, state),
        Resource::Opaque(words) => Err(unmakable(&format!("`{words}` can only be done by its own program"))),
    }
}

pub(super) fn unmakable(words: &str) -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, words.to_string())
}

/// The output of a command that must succeed.
pub fn succeed(output: crate::machine::Output, doing: &str) -> io::Result<crate::machine::Output> {
    match output.ok() {
        true => Ok(output),
        false => Err(io::Error::other(format!("{doing}: {}", output.complaint()))),
    }
}
