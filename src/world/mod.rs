//! Everything outside the engine: clock, random numbers, files, lookups, prompts, the evaluation pool.
pub mod blobs;
pub mod files;
pub mod loader;
pub mod terminal;
