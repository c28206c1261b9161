//! The controller: what is meant (`playbook`), what runs where (`engine`), and the command line around it.
pub mod config;
pub mod engine;
pub mod playbook;
pub mod report;
pub mod world;
