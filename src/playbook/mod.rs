//! What is meant: playbooks, roles and task files as typed plays and tasks, every keyword with its place.
//!
//! `Parser` loads them; `model` is what comes of it; `search` says where a task's files are looked for.
mod adhoc;
mod arguments;
mod blocks;
mod imports;
mod keywords;
pub mod model;
pub mod names;
mod parser;
mod plays;
mod roles;
pub mod search;
pub mod tags;
mod tasks;
#[cfg(test)]
mod tests;

pub use adhoc::Words;
pub use arguments::{Unbalanced, split as split_arguments};
pub use keywords::is_template;
pub use parser::{Evaluate, Included, Load, Parser};
