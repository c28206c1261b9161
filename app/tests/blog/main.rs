//! The blog end to end: a server on a port of its own, asked over real HTTP.

mod accounts;
mod browser;
mod drain;
mod forms;
mod limits;
mod operations;
mod posts;
mod program;
mod server;
