//! What goes into the engine and what comes out of it: the seam between the state machine, the evaluation of tasks (`action`),
//! the hosts (`connect`) and the screen (`report`).
use super::place::TaskKey;
use crate::playbook::model::{ActionTraits, Node, Play, Role, Task};
use std::collections::BTreeMap;
use std::sync::Arc;
use target::protocol::{Answer, Body, CallId, Cause, Diff, Hold, Identity, Mode};
use value::{Diagnostic, Map, Span, Value};

/// An inventory host by its number in the run; its order is the order in which its events leave. Also its lane.
pub type HostId = u32;
/// One question to the evaluation, so that an answer for a place where the cursor no longer stands is seen as such.
pub type Ticket = u64;

#[derive(Debug)]
pub enum Input {
    Start,
    /// The answer to `Output::Open`.
    Opened {
        play: u32,
        result: Result<Opened, Diagnostic>,
    },
    /// The answer to `Output::Evaluate`.
    Evaluated {
        ticket: Ticket,
        result: Evaluated,
    },
    /// The answer to `Output::Load`: what an include brings, or why it failed.
    Loaded {
        ticket: Ticket,
        result: Result<Brought, Outcome>,
    },
    /// A call is done.
    Answered {
        lane: HostId,
        id: CallId,
        items: Vec<Answer>,
    },
    /// A helper dropped a call after a failure in its epoch; for the journal only.
    Dropped {
        lane: HostId,
        id: CallId,
    },
    /// What a host is busy with; for the live line only.
    Progress {
        lane: HostId,
        text: Arc<str>,
    },
    /// The connection of these lanes could not be made, or was cut. `why` is the result that Ansible calls `unreachable`.
    Lost {
        connection: ConnectionKey,
        why: Outcome,
        /// Calls went out, and nobody knows how far they came.
        was_cut: bool,
    },
    Timer {
        ticket: Ticket,
    },
    /// The answer to `Output::Ask`.
    Typed {
        ticket: Ticket,
        typed: Passed,
    },
    /// Ctrl-C: once finishes what is under way and stops, twice stops now.
    Interrupted,
    /// What the playbook asked of the controller cannot be: the run ends.
    Refused(Diagnostic),
}

#[derive(Clone, Debug)]
pub enum Output {
    /// Which hosts a play runs on, and how (patterns, `serial`, `strategy`, handlers' names are evaluated there).
    Open {
        play: u32,
    },
    Evaluate(Box<Question>),
    /// The tasks of an include.
    Load {
        ticket: Ticket,
        host: HostId,
        task: Arc<Task>,
        include: Include,
        vars: HostVars,
        play: Arc<PlayState>,
    },
    /// Connects where it must. A connection that cannot be had becomes `Input::Lost`.
    Send {
        connection: Arc<Connection>,
        call: Box<Outgoing>,
    },
    Commit {
        connection: ConnectionKey,
        lane: HostId,
        id: CallId,
    },
    Cancel {
        connection: ConnectionKey,
        lane: HostId,
        id: CallId,
    },
    SetTimer {
        ticket: Ticket,
        seconds: f64,
    },
    /// Asks whoever sits at the terminal.
    Ask {
        ticket: Ticket,
        question: String,
        echo: bool,
    },
    /// Changes to the inventory that later plays and patterns see.
    Inventory(InventoryChange),
    /// `meta: reset_connection`.
    Reset {
        connection: ConnectionKey,
    },
    Emit(Event),
    /// Not ordered, for the live line: a host is busy with a task (None: idle).
    Busy {
        host: HostId,
        task: Option<Arc<str>>,
    },
    /// The run is over; nothing follows. `refused`: because of a fault of the playbook, of this code, and nothing was summed up.
    Finished {
        refused: Option<&'static str>,
    },
}

// ---- plays ----

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

// ---- evaluation ----

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

// ---- outcomes ----

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

// ---- connections ----

/// Names one connection: equal keys share one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionKey(pub Arc<str>);

/// How to reach a host; secrets are no part of the key.
#[derive(Clone, Debug)]
pub struct Connection {
    pub key: ConnectionKey,
    pub transport: Transport,
    /// The name under which the inventory knows the host.
    pub name: String,
    pub timeout: u32,
    pub remote_tmp: Option<String>,
    /// Calls of modules that speak HTTPS go to the larger helper, which is a connection of its own on the same login.
    pub larger: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Transport {
    Local,
    Ssh(SshOptions),
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct SshOptions {
    pub address: String,
    pub port: Option<u16>,
    pub user: Option<String>,
    pub private_key_file: Option<String>,
    pub host_key_checking: bool,
    /// Words for ssh's command line, in Ansible's order: ssh_args, common_args, extra_args.
    pub args: Vec<String>,
    pub executable: Option<String>,
    pub password: Option<target::protocol::Password>,
    pub control_persist: Option<String>,
}

/// A call on its way to a connection.
#[derive(Clone, Debug)]
pub struct Outgoing {
    pub lane: HostId,
    pub id: CallId,
    pub key: TaskKey,
    pub epoch: u64,
    pub identity: Option<Identity>,
    pub hold: Hold,
    pub stop_on_fail: bool,
    pub plain: bool,
    /// How long a host that cannot be reached is tried again.
    pub patience: Patience,
    pub body: Body,
}

// ---- events ----

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
