//! Everything outside the engine: clock, random numbers, files, lookups, prompts, the threads that evaluate.
pub mod blobs;
mod desk;
pub mod drive;
pub mod files;
pub mod loader;
pub mod lookups;
mod password;
pub mod paths;
pub mod sinks;
pub mod surroundings;
pub mod terminal;
