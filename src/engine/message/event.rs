//! What the engine tells of a run, in one order.
use super::super::place::TaskKey;
use super::{HostId, Meta, Outcome};
use crate::playbook::model::ActionTraits;
use std::collections::BTreeMap;
use value::{Diagnostic, Span};

/// All that any renderer, replay, report or resume needs. Ordered by (TaskKey, host) under `linear`; per host under `free`.
#[derive(Clone, Debug)]
pub enum Event {
    PlaybookStarted {
        path: String,
        plays: u32,
    },
    PlayStarted {
        play: u32,
        name: String,
        hosts: Vec<HostId>,
    },
    /// `skipping: no hosts matched`
    NoHostsMatched,
    NoHostsLeft,
    /// Once per task, before the first host's result. `handler`: `RUNNING HANDLER`.
    TaskStarted {
        key: TaskKey,
        name: String,
        span: Span,
        handler: bool,
        action: String,
        check_mode: bool,
    },
    Task {
        key: TaskKey,
        host: HostId,
        delegate: Option<String>,
        action: String,
        traits: ActionTraits,
        status: Status,
        no_log: bool,
    },
    /// One item of a loop that is told apart: an include's that was skipped.
    Item {
        key: TaskKey,
        host: HostId,
        delegate: Option<String>,
        label: String,
        outcome: Outcome,
    },
    /// An attempt of `until` that did not hold; `FAILED - RETRYING`.
    Retrying {
        key: TaskKey,
        host: HostId,
        name: String,
        left: u32,
        outcome: Outcome,
        no_log: bool,
    },
    /// `included: PATH for host1, host2`.
    Included {
        key: TaskKey,
        hosts: Vec<HostId>,
        target: String,
        label: Option<String>,
    },
    Notified {
        host: HostId,
        handler: String,
    },
    /// What a `meta` task did.
    Meta {
        host: HostId,
        meta: Meta,
        role: Option<String>,
    },
    /// A message beside any task: a warning that comes once.
    Said(Diagnostic),
    Recap(Recap),
}

#[derive(Clone, Debug)]
pub enum Status {
    Settled { outcome: Outcome, failure: Failure },
    Unreachable { outcome: Outcome, ignored: bool },
}

/// What a failure means for the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    None,
    Ignored,
    Rescued,
    Fatal,
}

/// The columns of PLAY RECAP.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recap(pub BTreeMap<HostId, Counts>);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub ok: u32,
    pub changed: u32,
    pub unreachable: u32,
    pub failed: u32,
    pub skipped: u32,
    pub rescued: u32,
    pub ignored: u32,
}
