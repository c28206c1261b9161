//! What data is; used on the controller and on the hosts. No IO, no parser.
//!
//! `place` says where a text stood, `value` is what playbooks, hosts and templates pass around, `spec` are tables of arguments
//! and their one interpreter, `diagnostic` is an error as data.
pub mod diagnostic;
pub mod place;
pub mod spec;
pub mod value;

pub use diagnostic::{Diagnostic, Severity};
pub use place::{SourceId, SourceMap, Span};
pub use value::{Date, DateTime, Key, Live, Map, Str, Undefined, Value, Vaulted};
pub use value::{Json, json_text, write_json_string};
