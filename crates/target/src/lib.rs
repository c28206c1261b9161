//! What runs on a host: links `value`, never a template engine, YAML, tokio or a database client.
//!
//! Read in this order: `modules/` (what an author writes), `module/` (the contract), `host/` (the one place that knows about
//! checking, planning, undo), `machine/` (the bare machine), `helper/` (the program that serves calls), `protocol/` (its words).
pub mod base64;
pub mod docker;
pub mod facts;
pub mod helper;
pub mod host;
pub mod http;
pub mod json;
pub mod machine;
pub mod module;
pub mod modules;
pub mod openpgp;
pub mod protocol;
pub mod sums;
pub mod web;
pub mod zone;
