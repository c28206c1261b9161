//! Jinja as ansible-core 2.19 speaks it: templates with native types, lazy variables, trust and secrecy on strings.
//!
//! [`render_value`] and [`condition`] are what tasks need; [`Template`] and [`Expression`] are compiled texts; a [`Scope`] gives
//! the variables and whatever else is outside. Filters, tests and lookups are functions over a [`Call`].
mod ast;
mod cache;
mod call;
mod compile;
mod error;
pub mod eval;
pub mod filters;
pub mod format;
mod lexer;
pub mod lookups;
pub mod methods;
mod object;
mod parser;
mod registry;
mod render;
mod scope;
mod syntax;
pub mod tests;

pub use call::{Arguments, Call};
pub use compile::{Expression, Template};
pub use error::{Error, Kind, Stop};
pub use eval::Evaluation;
pub use object::{Object, ObjectRef};
pub use registry::{Entry, Filter, Lookup, LookupEntry, Takes, Test, TestEntry, lookup_names};
pub use render::{condition, is_template, render_text, render_value};
pub use scope::{Environment, FileTest, LookupRequest, Scope, Source, Still};
pub use syntax::{Marks, Syntax};
