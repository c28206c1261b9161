//! One host: its cursor, which runs ahead, its window of tasks that have not settled, and what it waits for.
use super::cursor::Cursor;
use super::events::Banner;
use super::message::{Begun, ConnectionKey, Effect, HostId, HostVars, Include, Outcome, Passed, Ticket, Work};
use super::place::TaskKey;
use crate::playbook::model::Task;
use std::collections::{BTreeMap, VecDeque};
use std::ops::{Index, IndexMut};
use std::sync::Arc;
use target::protocol::{Answer, CallId};

/// A host's place in the batch under way.
pub type Seat = u32;

/// The hosts that a play has reached; a host's state exists once its batch starts.
#[derive(Default)]
pub struct Lanes(BTreeMap<HostId, Lane>);

#[derive(Default)]
pub struct Lane {
    pub cursor: Cursor,
    pub window: VecDeque<Entry>,
    /// What stands between the cursor and its next task.
    pub next: Next,
    /// Calls of one epoch stand or fall together: after a failure the helper drops the rest of it.
    pub epoch: u64,
    /// Its place in the batch, by which it comes before others.
    pub seat: Seat,
    /// As `Order` has it.
    pub position: Option<TaskKey>,
    pub load: Load,
    /// Could not be reached: out of the run.
    pub gone: bool,
    /// The task at which it failed or was lost, in this batch.
    pub lost_at: Option<TaskKey>,
    /// `host_pinned`: it has begun, and is not through.
    pub pinned: bool,
    /// What it knew after which task, back to the first position of any host: others may ask only for what was before them.
    pub history: VecDeque<(TaskKey, HostVars)>,
    /// Its last task may do something on another host's machine: nobody looks past it before all are through.
    pub wall: bool,
    /// As it stood at the last task that settled; only where hosts go in lock-step.
    pub last: Option<Cursor>,
}

/// What the cursor waits for at the task where it stands.
#[derive(Debug, Default)]
pub enum Next {
    #[default]
    Ready,
    /// An evaluation is under way; the call is the one for whose result it waited before.
    Asked { ticket: Ticket, alone: bool, after: Option<CallId>, waited: Vec<Passed> },
    /// It is asked again when this timer rings, or this question is answered.
    Waiting { ticket: Ticket, alone: bool, waited: Vec<Passed> },
    /// It asked for the result of this call.
    Pending(CallId),
    /// That result is known now.
    Again(CallId),
    /// It must be asked alone.
    Fence,
    /// What is to be done is known, and has to wait for something.
    Begun(Arc<Begun>),
    /// An include's lists are being loaded.
    Loading(Arc<Begun>),
}

/// A task in the window.
pub struct Entry {
    pub key: TaskKey,
    /// As it stood at this task, its own register set.
    pub cursor: Cursor,
    pub task: Arc<Task>,
    pub begun: Arc<Begun>,
    pub banner: Arc<Banner>,
    pub state: State,
    /// Nothing begins until this has settled.
    pub fence: bool,
    /// The number under which its result is pending.
    pub promise: CallId,
    /// The present attempt, from 1.
    pub attempt: u32,
    /// Of items that run one by one: how many there have been, and what came of them.
    pub item: usize,
    pub outcomes: Vec<Outcome>,
    /// The host itself said that it failed.
    pub refused: bool,
    /// What it did on the controller.
    pub effects: Vec<Effect>,
    /// Of an include: the lists that the host goes through.
    pub included: Vec<(u32, Include)>,
    /// One host does it for all.
    pub once: bool,
    /// A handler that nobody has, asked for by `notify`.
    pub unknown_handler: Option<String>,
    /// An include whose tasks could not be had: `ignore_errors` does not cover that.
    pub load_failed: bool,
}

pub enum State {
    Sent {
        id: CallId,
        held: bool,
        connection: ConnectionKey,
    },
    /// To be judged: at once, when it is the oldest of the window, or when nobody is before it.
    Answered {
        answers: Vec<Answer>,
        when: When,
    },
    Judging {
        ticket: Ticket,
        answers: Vec<Answer>,
        alone: bool,
    },
    /// Waits before the next attempt or the next item.
    Delayed(Ticket),
    /// The sum of a loop is being made.
    Collecting(Ticket),
    /// The helper left it out; it is sent again if it still counts.
    Dropped,
    Known(Outcome),
    Lost(Outcome),
}

#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub enum When {
    Now,
    Oldest,
    Alone,
}

/// What a lane takes of the forks.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Load {
    #[default]
    Idle,
    /// Its oldest call waits for others, or is done without touching anything.
    Held,
    Running,
}

impl Lanes {
    pub fn open(&mut self, host: HostId) -> &mut Lane {
        self.0.entry(host).or_default()
    }

    pub fn get(&self, host: HostId) -> Option<&Lane> {
        self.0.get(&host)
    }

    pub fn find(&mut self, host: HostId) -> Option<&mut Lane> {
        self.0.get_mut(&host)
    }

    pub fn iter(&self) -> impl Iterator<Item = (HostId, &Lane)> {
        self.0.iter().map(|(host, lane)| (*host, lane))
    }

    pub fn values(&self) -> impl Iterator<Item = &Lane> {
        self.0.values()
    }

    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut Lane> {
        self.0.values_mut()
    }
}

impl Index<HostId> for Lanes {
    type Output = Lane;
    /// Of a host that a batch has opened.
    fn index(&self, host: HostId) -> &Lane {
        &self.0[&host]
    }
}

impl IndexMut<HostId> for Lanes {
    fn index_mut(&mut self, host: HostId) -> &mut Lane {
        self.0.entry(host).or_default()
    }
}

impl Lane {
    pub fn is_in_the_run(&self) -> bool {
        !self.gone && !self.cursor.failed
    }

    /// The oldest task that has not settled; nothing: the host is through with the play, or gone.
    pub fn find_position(&self) -> Option<&TaskKey> {
        match self.window.front() {
            Some(entry) => Some(&entry.key),
            None => self.cursor.at.as_ref(),
        }
    }

    pub fn find_load(&self) -> Load {
        let oldest = self.window.iter().find_map(|entry| match &entry.state {
            State::Sent { held, .. } => Some(*held),
            _ => None,
        });
        match oldest {
            None => Load::Idle,
            Some(true) => Load::Held,
            Some(false) => Load::Running,
        }
    }

    /// Whether a call may follow those under way: a lane answers in order only where all go over one connection.
    pub fn may_send_to(&self, connection: &ConnectionKey) -> bool {
        let mut sent = self.window.iter().rev().filter_map(|entry| match &entry.state {
            State::Sent { connection, .. } => Some(connection),
            _ => None,
        });
        sent.next().is_none_or(|last| last == connection)
    }

    /// Forgets what has not settled from this entry of the window on.
    pub fn forget_from(&mut self, index: usize) {
        self.window.truncate(index);
        self.next = Next::Ready;
        self.epoch += 1;
    }
}

impl Entry {
    /// Whether what came before must be known first: its words may ask for it, or its facts must not be overwritten by older.
    pub fn is_judged_in_order(&self) -> bool {
        let facts = matches!(&self.begun.work, Work::Call(prepared) if prepared.brings_facts || prepared.fence);
        self.begun.judged_late || facts
    }

    /// Whether the helper may drop what follows when this fails: not where the failure is ignored or judged here.
    pub fn stops_on_fail(&self) -> bool {
        let begun = &self.begun;
        let one_by_one = matches!(&begun.work, Work::Call(prepared) if prepared.one_by_one);
        !begun.ignore_errors
            && !begun.judged_late
            && begun.retry.is_none()
            && self.task.failed_when.is_empty()
            && !one_by_one
    }
}
