//! The state machine: an input changes one lane or a few, and then whatever can move by that moves.
use super::events::Events;
use super::includes::Includes;
use super::lane::{Lanes, State};
use super::lists::Lists;
use super::message::{ConnectionKey, Event, HostId, HostVars, Input, Output, Passed, Ticket};
use super::order::Order;
use super::place::TaskKey;
use super::plays::Run;
use super::slots::Slots;
use super::vars::Seen;
use std::collections::{BTreeMap, BTreeSet};
use target::protocol::CallId;

#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Off: each task waits for the one before it, and for all hosts. The outcomes are the same.
    pub run_ahead: bool,
    /// How many tasks of a host may be under way.
    pub window: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { run_ahead: true, window: 128 }
    }
}

pub struct Engine {
    pub(super) options: Options,
    /// How many there are; each is asked for when its turn has come.
    pub(super) plays: u32,
    /// Each with the number of its plays. After the last of them its sum is told; if anybody failed, further playbooks do not run.
    pub(super) playbooks: Vec<(String, u32)>,
    pub(super) phase: Phase,
    pub(super) run: Run,
    pub(super) lists: Lists,
    pub(super) lanes: Lanes,
    pub(super) order: Order,
    pub(super) slots: Slots,
    pub(super) includes: Includes,
    pub(super) events: Events,
    pub(super) seen: Seen,
    /// Tasks whose `run_once` turned out false.
    pub(super) not_once: BTreeSet<TaskKey>,
    /// Lanes that have used a connection.
    pub(super) connections: BTreeMap<ConnectionKey, BTreeSet<HostId>>,
    /// How hosts were reached themselves, and not others in their place.
    pub(super) own_connections: BTreeSet<(HostId, ConnectionKey)>,
    pub(super) tickets: BTreeMap<Ticket, Purpose>,
    /// Lanes that an input can have moved.
    pub(super) dirty: BTreeSet<HostId>,
    pub(super) outputs: Vec<Output>,
    last_ticket: Ticket,
    last_call: CallId,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Phase {
    /// A play is being opened.
    Opening,
    Running,
    /// Interrupted: what is under way is waited for.
    Stopping,
    /// A fault of the playbook was found, of this code: nothing more begins.
    Refused(&'static str),
    Over,
}

/// What an answer is for.
pub enum Purpose {
    Begin(HostId),
    Judge(HostId),
    Collect(HostId),
    Timer(HostId),
    /// For a list of the include there, under this number of hosts.
    Load(TaskKey, HostId),
}

impl Engine {
    pub fn new(plays: u32, options: Options) -> Self {
        Self {
            options,
            plays,
            playbooks: Vec::new(),
            phase: Phase::Opening,
            run: Run::default(),
            lists: Lists::default(),
            lanes: Lanes::default(),
            order: Order::default(),
            slots: Slots::default(),
            includes: Includes::default(),
            events: Events::default(),
            seen: Seen::default(),
            not_once: BTreeSet::new(),
            connections: BTreeMap::new(),
            own_connections: BTreeSet::new(),
            tickets: BTreeMap::new(),
            dirty: BTreeSet::new(),
            outputs: Vec::new(),
            last_ticket: 0,
            last_call: 0,
        }
    }

    /// What a host has learned; nothing, if no batch has reached it.
    pub fn vars(&self, host: HostId) -> Option<&HostVars> {
        self.lanes.get(host).map(|lane| &lane.cursor.vars)
    }

    /// Their paths, and how many plays each has.
    pub fn with_playbooks(mut self, playbooks: Vec<(String, u32)>) -> Self {
        self.playbooks = playbooks;
        self
    }

    /// Whether a failure or a loss keeps some host out of the run; `clear_host_errors` takes them in again.
    pub fn anyone_is_out(&self) -> bool {
        self.lanes.values().any(|lane| !lane.is_in_the_run())
    }

    pub fn step(&mut self, input: Input) -> Vec<Output> {
        if self.phase == Phase::Over {
            return Vec::new();
        }
        match input {
            Input::Start => self.open(0),
            Input::Opened { play, result } => self.opened(play, result),
            Input::Evaluated { ticket, result } => self.evaluated(ticket, result),
            Input::Loaded { ticket, result } => self.loaded(ticket, result),
            Input::Answered { lane, id, items } => self.answered(lane, id, items),
            Input::Dropped { lane, id } => self.dropped(lane, id),
            // Nothing that the run does depends on it.
            Input::Progress { .. } => {}
            Input::Lost { connection, why, was_cut } => self.lose(&connection, &why, was_cut),
            Input::Timer { ticket } => self.timer(ticket, Passed::Time),
            Input::Typed { ticket, typed } => self.timer(ticket, typed),
            Input::Interrupted => self.interrupt(),
            Input::Refused(why) => {
                self.events.release(None);
                let code = why.code;
                self.events.emit(Event::Said(why));
                self.refuse(code);
            }
        }
        self.go_on();
        if let Phase::Refused(code) = self.phase {
            self.cancel(false);
            self.events.release(None);
            self.end(Some(code));
        }
        std::mem::take(&mut self.outputs)
    }

    /// Until nothing moves any more.
    fn go_on(&mut self) {
        while matches!(self.phase, Phase::Running | Phase::Stopping) {
            while let Some(host) = self.dirty.pop_first() {
                self.advance(host);
                self.refresh(host);
            }
            if matches!(self.phase, Phase::Refused(_)) {
                return;
            }
            if self.check_fatal() || self.wake() {
                continue;
            }
            if !self.is_batch_over() {
                break;
            }
            self.end_batch();
        }
        self.emit();
    }

    /// Lets events leave.
    pub(super) fn emit(&mut self) {
        self.events.release(self.order.first());
        self.outputs.extend(self.events.take().map(Output::Emit));
    }

    fn is_batch_over(&self) -> bool {
        match self.phase {
            Phase::Stopping => !self.run.batch_hosts().iter().any(|host| self.is_under_way(*host)),
            _ => self.order.is_over(),
        }
    }

    pub(super) fn ticket(&mut self, purpose: Purpose) -> Ticket {
        self.last_ticket += 1;
        self.tickets.insert(self.last_ticket, purpose);
        self.last_ticket
    }

    pub(super) fn call_id(&mut self) -> CallId {
        self.last_call += 1;
        self.last_call
    }

    // ---- signals ----

    pub(super) fn is_stopping(&self) -> bool {
        self.phase == Phase::Stopping
    }

    /// Whether the host has something that is worth waiting for after an interruption.
    fn is_under_way(&self, host: HostId) -> bool {
        self.lanes.get(host).is_some_and(|lane| {
            lane.window.iter().any(|entry| match &entry.state {
                State::Sent { held, .. } => !held,
                // What is answered and not being judged waits for something that does not come any more.
                State::Judging { .. } | State::Collecting(_) => true,
                _ => false,
            })
        })
    }

    /// Once: nothing new begins, and what waits for other hosts is called off. Twice: everything is.
    fn interrupt(&mut self) {
        match self.phase {
            Phase::Opening => self.finish(),
            Phase::Running => {
                self.phase = Phase::Stopping;
                self.cancel(true);
                self.dirty.extend(self.run.batch_hosts().iter().copied());
            }
            Phase::Stopping => {
                self.cancel(false);
                self.finish();
            }
            Phase::Refused(_) | Phase::Over => {}
        }
    }

    /// Takes calls back: all of them, or (`waiting_only`) those that have not begun. A lane works in order, so that is all but its
    /// first.
    fn cancel(&mut self, waiting_only: bool) {
        for host in self.run.batch_hosts().iter() {
            let Some(lane) = self.lanes.get(*host) else { continue };
            let sent = lane.window.iter().filter(|entry| matches!(entry.state, State::Sent { .. }));
            for (place, entry) in sent.enumerate() {
                if let State::Sent { id, held, connection } = &entry.state
                    && (*held || place > 0 || !waiting_only)
                {
                    let connection = connection.clone();
                    self.outputs.push(Output::Cancel { connection, lane: *host, id: *id });
                }
            }
        }
    }

    /// Nothing follows.
    pub(super) fn finish(&mut self) {
        self.events.release(None);
        let mut recap = self.events.recap().clone();
        if self.phase == Phase::Stopping {
            // Of hosts that had no time to come to an end of anything, that is what is known.
            for host in self.run.batch_hosts().iter() {
                recap.0.entry(*host).or_default();
            }
        }
        self.events.emit(Event::Recap(recap));
        self.end(None);
    }

    /// A fault of the playbook ends everything at once, and nothing is summed up.
    pub(super) fn refuse(&mut self, code: &'static str) {
        self.phase = Phase::Refused(code);
    }

    fn end(&mut self, refused: Option<&'static str>) {
        self.phase = Phase::Over;
        self.outputs.extend(self.events.take().map(Output::Emit));
        self.outputs.push(Output::Finished { refused });
    }
}
