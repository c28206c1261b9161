//! The controller: what is meant (`playbook`), what runs where (`engine`), and the command line around it. Which room may know which
//! stands in tests/architecture.rs.
pub mod action;
pub mod cli;
pub mod config;
pub mod connect;
pub mod engine;
pub mod inventory;
pub mod playbook;
pub mod project;
pub mod report;
pub mod run;
pub mod vars;
pub mod world;
