//! A play, ready to run.
use super::HostId;
use crate::playbook::model::{Play, Task};
use std::sync::Arc;

/// A play, ready to run.
#[derive(Clone, Debug)]
pub struct Opened {
    pub play: Arc<Play>,
    pub name: String,
    /// In the order in which they run; empty: no hosts matched.
    pub batches: Vec<Vec<HostId>>,
    pub strategy: Strategy,
    /// Hosts that may work at once.
    pub forks: usize,
    pub gather_facts: Option<Arc<Task>>,
    pub any_errors_fatal: bool,
    pub max_fail_percentage: Option<f64>,
    pub force_handlers: bool,
    /// Whether a notification that nobody hears ends the run; otherwise it is warned of.
    pub missing_handler_is_fatal: bool,
    /// Whether included roles are public that say nothing of it.
    pub public_by_default: bool,
    /// Names and topics by which each of the play's handlers can be called, in the order of `play.handlers`.
    pub handlers: Vec<HandlerNames>,
}

#[derive(Clone, Debug, Default)]
pub struct HandlerNames {
    pub names: Vec<String>,
    pub topics: Vec<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strategy {
    #[default]
    Linear,
    Free,
    HostPinned,
}
