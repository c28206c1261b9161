//! Everything outside the engine: clock, random numbers, files, lookups, prompts, the evaluation pool.
pub mod blobs;
pub mod drive;
pub mod files;
pub mod loader;
pub mod lookups;
mod password;
pub mod paths;
pub mod surroundings;
pub mod terminal;
