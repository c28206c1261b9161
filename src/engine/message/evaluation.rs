//! Questions to those who know templates, variables and modules, and their answers.
use super::super::place::TaskKey;
use super::{Connection, HandlerNames, HostId, Outcome, Ticket};
use crate::playbook::model::{Node, Role, Task};
use std::collections::BTreeMap;
use std::sync::Arc;
use target::protocol::{Answer, Body, CallId, Hold, Identity, Mode};
use value::{Map, Value};

#[derive(Clone, Debug)]
pub struct Question {
    pub ticket: Ticket,
    pub host: HostId,
    pub key: TaskKey,
    pub task: Arc<Task>,
    pub vars: HostVars,
    pub play: Arc<PlayState>,
    /// The host has nothing under way and nobody else is before this task: impure lookups, delegation and other hosts'
    /// variables may be evaluated. Otherwise they answer `Evaluated::Fence`.
    pub alone: bool,
    /// What every host knows; there when `alone`.
    pub others: Option<Arc<BTreeMap<HostId, HostVars>>>,
    /// What came of each wait of this task's beginning, in order.
    pub waited: Vec<Passed>,
    pub about: About,
}

impl Question {
    /// Asked in the middle of what others do.
    pub fn new(ticket: Ticket, host: HostId, key: TaskKey, task: Arc<Task>, vars: HostVars, about: About) -> Self {
        Self {
            ticket,
            host,
            key,
            task,
            vars,
            play: Arc::default(),
            alone: false,
            others: None,
            waited: Vec::new(),
            about,
        }
    }
}

#[derive(Clone, Debug)]
pub enum About {
    /// What the task asks for, for this host.
    Begin,
    /// What came of a call: judged by `changed_when`, `failed_when`, `until` and the action's own second half.
    Judge { begun: Arc<Begun>, answers: Vec<Answer>, attempt: u32, item: Option<usize> },
    /// The sum of a loop whose items ran and were judged one by one; after `break_when` there are fewer than items.
    Collect { begun: Arc<Begun>, outcomes: Vec<Outcome> },
}

/// What evaluations see of the play as it stands.
#[derive(Clone, Debug, Default)]
pub struct PlayState {
    pub play: u32,
    pub all_hosts: Arc<Vec<HostId>>,
    pub batch: Arc<Vec<HostId>>,
    /// Those of the play that have not failed.
    pub live: Arc<Vec<HostId>>,
    /// Roles whose defaults and vars includes made public before the task that is asked about, in their order.
    pub roles: Arc<[Arc<Role>]>,
}

/// What a host has learned in this run. Cloning is cheap, and every place that has not settled keeps its own.
#[derive(Clone, Debug, Default)]
pub struct HostVars {
    /// Registered results and `set_fact`; a result under way is `Value::Pending`.
    pub registers: Arc<Map>,
    /// What `include_vars` brought.
    pub included: Arc<Map>,
    /// Facts, by the names that their modules gave them: `ansible_distribution`, `packages`.
    pub facts: Arc<Map>,
    /// The call that will bring facts: a fact that is not known is pending until then.
    pub facts_pending: Option<CallId>,
}

#[derive(Debug)]
pub enum Evaluated {
    /// It asked for the result of this call.
    Pending(CallId),
    /// It must be asked again, alone.
    Fence,
    Begun(Box<Begun>),
    Judged(Box<Judged>),
}

/// What a task came to on one host, before anything happened there.
#[derive(Clone, Debug, Default)]
pub struct Begun {
    /// The task's name, evaluated; for the banner.
    pub name: String,
    pub work: Work,
    /// Handlers and topics to call if it changes something.
    pub notify: Vec<String>,
    pub register: Option<String>,
    pub ignore_errors: bool,
    pub ignore_unreachable: bool,
    pub no_log: bool,
    pub any_errors_fatal: bool,
    pub run_once: bool,
    /// Whose facts and registers are meant: another host's under `delegate_facts`.
    pub delegate: Option<String>,
    pub delegate_facts: Option<HostId>,
    /// Only the controller can say whether it failed or changed, so nothing may run ahead of it.
    pub judged_late: bool,
    pub retry: Option<Retry>,
    /// Hosts that may be at this task at once.
    pub throttle: Option<usize>,
    pub warnings: Vec<String>,
    /// For the action's second half: evaluated arguments, an item's variables.
    pub notes: Value,
}

/// What a task waits for before anything can be said of its work.
#[derive(Clone, Debug, PartialEq)]
pub enum Until {
    Seconds(f64),
    Answer { question: String, echo: bool },
}

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Passed {
    Time,
    Line(String),
    /// Nobody is there to answer.
    Nobody,
    /// Ctrl-C.
    Abort,
}

#[derive(Clone, Debug)]
pub enum Work {
    /// It must be asked again when this is over. Until then its banner tells what is waited for.
    Wait(Until),
    /// No host is needed: it was skipped, it failed to evaluate, it is a task of the controller.
    Known {
        outcome: Outcome,
        effects: Vec<Effect>,
    },
    /// Items of a loop that wait for the host, in order; known ones (skipped) stand between them.
    Call(Box<Prepared>),
    /// The outcome says what is registered; its items are those that include nothing.
    Include {
        includes: Vec<Include>,
        outcome: Outcome,
    },
    Meta(Meta),
}

impl Default for Work {
    fn default() -> Self {
        Work::Known { outcome: Outcome::default(), effects: Vec::new() }
    }
}

/// How long a host that cannot be reached is tried again, all in seconds. Nothing: not at all.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Patience {
    /// How long one attempt may take.
    pub attempt: f64,
    /// Between two of them.
    pub pause: f64,
    /// After this much time the call has failed.
    pub timeout: f64,
}

/// A call as the action prepared it.
#[derive(Clone, Debug)]
pub struct Prepared {
    pub connection: Arc<Connection>,
    pub identity: Option<Identity>,
    /// Without a helper: `raw`.
    pub plain: bool,
    /// How long a host that cannot be reached is tried again.
    pub patience: Patience,
    /// Where the call waits if others stand before it.
    pub hold: Hold,
    pub body: Body,
    /// One for each item of the loop (one in all without a loop).
    pub items: Vec<Item>,
    /// One call per item, each judged before the next (`until`, `pause`, `break_when`); otherwise all items ride in one.
    pub one_by_one: bool,
    /// Turns of the loop that are prepared when the one before them is judged, since the task's words speak of what it registers:
    /// each one's names and its item.
    pub later: Vec<(Arc<Map>, Value)>,
    pub pause: f64,
    /// The results are facts (`setup`).
    pub brings_facts: bool,
    /// Other answers may hold `ansible_facts`: nothing runs ahead.
    pub fence: bool,
}

#[derive(Clone, Debug)]
pub struct Item {
    /// None: the task has no loop.
    pub label: Option<String>,
    /// `item`, or whatever `loop_var` says, with `index_var` and `ansible_loop`.
    pub vars: Arc<Map>,
    /// None: one of the call's items, in order.
    pub known: Option<Outcome>,
    /// `no_log` holds for it.
    pub hidden: bool,
    /// Where items differ; the ways to the hosts only with `one_by_one`.
    pub own: Option<Arc<Own>>,
}

/// An item's own way to a host, in the place of the call's: `delegate_to: "{{ item }}"` and its like.
#[derive(Clone, Debug)]
pub struct Own {
    pub module: String,
    pub connection: Arc<Connection>,
    pub identity: Option<Identity>,
    pub environment: Vec<(String, String)>,
    pub mode: Mode,
    pub diff: bool,
    pub timeout: Option<u32>,
    /// Who works in the host's place, as results show it.
    pub delegate: Option<String>,
    /// Whose facts and registers are meant, under `delegate_facts`.
    pub delegate_facts: Option<HostId>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Retry {
    pub retries: u32,
    pub delay: f64,
}

#[derive(Clone, Debug)]
pub struct Judged {
    /// Of the task, or of the one item that was asked about.
    pub outcome: Outcome,
    pub effects: Vec<Effect>,
    /// `until` does not hold yet.
    pub again: bool,
    /// `break_when` holds: no further items.
    pub stop: bool,
    /// The task with its next item, where that had to wait for this one.
    pub next: Option<Arc<Begun>>,
}

/// What a task changes on the controller. Applied where the task stands, so a failure before it takes it back.
#[derive(Clone, Debug)]
pub enum Effect {
    SetFact {
        name: String,
        value: Value,
        cacheable: bool,
    },
    Facts(Map),
    Included(Map),
    Inventory(InventoryChange),
    ClearFacts,
    /// Something that another host learns.
    Of(HostId, Box<Effect>),
}

#[derive(Clone, Debug)]
pub enum InventoryChange {
    AddHost { name: String, groups: Vec<String>, vars: Map },
    GroupBy { host: HostId, key: String, parents: Vec<String> },
    Refresh,
}

/// What a dynamic include brings: its tasks, the handlers of an included role, which any later task may call, and the roles
/// whose defaults and vars any later task sees. Whether it comes to that is the engine's to say.
#[derive(Debug, Default)]
pub struct Brought {
    pub nodes: Vec<Node>,
    pub handlers: Vec<(Node, HandlerNames)>,
    pub public_roles: Vec<Arc<Role>>,
}

/// One dynamic include: of a file, or of a role.
#[derive(Clone, Debug, PartialEq)]
pub struct Include {
    /// As it is shown: `included: PATH for host1`.
    pub target: IncludeTarget,
    /// The item's variables, if a loop is around it.
    pub vars: Arc<Map>,
    pub label: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum IncludeTarget {
    Tasks {
        path: String,
    },
    Role {
        name: String,
        tasks_from: String,
        vars_from: Option<String>,
        defaults_from: Option<String>,
        handlers_from: Option<String>,
        /// None: as the settings say.
        public: Option<bool>,
        allow_duplicates: bool,
    },
}

impl std::fmt::Display for IncludeTarget {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        match self {
            IncludeTarget::Tasks { path } => f.write_str(path),
            IncludeTarget::Role { name, .. } => f.write_str(name),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meta {
    Noop,
    FlushHandlers,
    EndPlay,
    EndHost,
    EndBatch,
    EndRole,
    ClearFacts,
    ClearHostErrors,
    RefreshInventory,
    ResetConnection,
}

impl Meta {
    /// As a playbook writes it.
    pub fn word(self) -> &'static str {
        match self {
            Meta::Noop => "noop",
            Meta::FlushHandlers => "flush_handlers",
            Meta::EndPlay => "end_play",
            Meta::EndHost => "end_host",
            Meta::EndBatch => "end_batch",
            Meta::EndRole => "end_role",
            Meta::ClearFacts => "clear_facts",
            Meta::ClearHostErrors => "clear_host_errors",
            Meta::RefreshInventory => "refresh_inventory",
            Meta::ResetConnection => "reset_connection",
        }
    }
}
