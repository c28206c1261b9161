//! The machine that we run on, for every other room: its files and the texts in them, lookups, the terminal. Knows none of them.
pub mod blobs;
pub mod files;
pub mod loader;
pub mod lookups;
mod password;
pub mod paths;
pub mod random;
pub mod sinks;
pub mod terminal;
