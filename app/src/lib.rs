//! Botify, a small blog: accounts, posts, a feed, on an embedded SQLite database. `main.rs` is the program around it.

pub mod cli;
mod client;
pub mod config;
pub mod health;
mod layers;
pub mod log;
mod metrics;
mod pages;
pub mod password;
pub mod server;
mod session;
pub mod site;
pub mod store;
mod throttle;
