//! What a task needs of the controller before and after its call, and tasks that need no host.
//!
//! Read `evaluate` (one question, one answer), then `begin` (from a task as written to a call) and `judge` (from a call's answers
//! to outcomes). What single modules need beyond that is in `actions`, a file each.
mod actions;
mod arguments;
mod begin;
mod cache;
mod connection;
mod delegate;
mod evaluate;
mod halt;
mod hold;
mod identity;
mod instance;
mod judge;
mod keyword;
mod loops;
mod names;
mod prepare;
mod result;
mod round;
mod said;
mod search;
mod settings;
mod split;
mod template_names;
#[cfg(test)]
mod tests;
mod world;

#[cfg(test)]
pub use actions::meta_words;
pub use actions::{names as action_names, spec_of, traits_of};
pub use cache::Cache;
pub use evaluate::evaluate;
pub use halt::{Failure, Halt};
pub use judge::aggregate;
pub use names::Names;
pub use settings::Settings;
pub use template_names::template_names;
pub use world::{Content, Context, Expected, FileState, Surroundings, World};
