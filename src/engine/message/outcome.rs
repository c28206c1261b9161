//! What came of a task on one host.
use std::sync::Arc;
use target::protocol::{Cause, Diff};
use value::{Diagnostic, Map};

/// What came of a task on a host, or of one item of its loop. `result` is what `register` keeps, flags included.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    pub changed: bool,
    pub failed: bool,
    pub skipped: bool,
    pub unreachable: bool,
    pub result: Arc<Map>,
    pub diff: Vec<Diff>,
    /// Of a loop: each item with its label.
    pub items: Vec<(String, Outcome)>,
    /// `no_log` holds for this item, or for an item of this loop.
    pub hidden: bool,
    pub warnings: Vec<String>,
    pub deprecations: Vec<String>,
    /// Where the fault lies in the user's texts, if there.
    pub diagnostic: Option<Box<Diagnostic>>,
    /// Calls that were sent and not answered when the connection was cut.
    pub uncertain: Vec<String>,
    /// Only a plan has these: what the answer depends on.
    pub unforeseen: Option<String>,
    /// Why it failed, as the host tells it.
    pub cause: Option<Cause>,
}
