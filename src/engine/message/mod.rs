//! What goes into the engine and what comes out of it: the seam between the state machine, the evaluation of tasks (`action`),
//! the hosts (`connect`) and the screen (`report`).
mod connection;
mod evaluation;
mod event;
mod outcome;
mod play;

pub use connection::*;
pub use evaluation::*;
pub use event::*;
pub use outcome::*;
pub use play::*;

use crate::playbook::model::Task;
use std::sync::Arc;
use target::protocol::{Answer, CallId};
use value::Diagnostic;

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
