//! One lane: an ordered queue of calls, whatever user they run as. A failure drops the rest of its epoch.
use super::answer::{self, Work};
use super::launch::Launch;
use super::session::Shared;
use crate::host::{Journal, Mode, Overlay, Services, undo};
use crate::machine::{Context, Interrupt, Machine};
use crate::protocol::{self, Answer, BlobHash, Body, Call, CallId, FromHelper, Hold, Identity, Token, WINDOW};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::path::PathBuf;
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};
use value::Value;

pub enum Task {
    Call(Box<Call>),
    Undo(CallId),
}

pub struct Lane {
    id: protocol::Lane,
    state: Mutex<State>,
    wake: Condvar,
    interrupt: Interrupt,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Task>,
    /// Calls up to this one may touch.
    committed: Option<CallId>,
    cancelled: BTreeSet<CallId>,
    /// The call under way.
    running: Option<CallId>,
    /// The helper of another user that works on it.
    relayed: Option<super::relay::Line>,
    /// Bytes of files that the call under way has sent, and how many of them the controller has.
    sent: u64,
    credited: u64,
    /// Nobody takes more of them.
    refused: bool,
    ended: bool,
}

/// What a call that holds may do next.
enum Word {
    Go,
    Drop,
}

impl Lane {
    pub fn new(id: protocol::Lane, interrupt: Interrupt) -> Self {
        Self { id, state: Mutex::default(), wake: Condvar::new(), interrupt }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn wait<'s>(&self, state: MutexGuard<'s, State>) -> MutexGuard<'s, State> {
        self.wake.wait(state).unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    pub fn push(&self, task: Task) {
        self.state().queue.push_back(task);
        self.wake.notify_all();
    }

    pub fn commit(&self, id: CallId) {
        let mut state = self.state();
        state.committed = state.committed.max(Some(id));
        if let (Some(line), Some(running)) = (&state.relayed, state.running.filter(|running| *running <= id)) {
            line.commit(running);
        }
        self.wake.notify_all();
    }

    pub fn cancel(&self, id: CallId) {
        let mut state = self.state();
        state.cancelled.insert(id);
        if state.running == Some(id) {
            state.relayed.iter().for_each(|line| line.cancel(id));
            self.interrupt.stop();
        }
        self.wake.notify_all();
    }

    pub fn credit(&self, id: CallId, bytes: u32) {
        let mut state = self.state();
        if state.running == Some(id) {
            match &state.relayed {
                Some(line) => line.credit(id, bytes),
                None => {
                    state.credited += u64::from(bytes);
                    state.refused |= bytes == 0;
                }
            }
            self.wake.notify_all();
        }
    }

    /// The input has ended: the queue is dropped, what runs is asked to end.
    pub fn end(&self) {
        let mut state = self.state();
        state.ended = true;
        state.queue.clear();
        self.interrupt.stop();
        self.wake.notify_all();
    }

    fn next(&self) -> Option<Task> {
        let mut state = self.state();
        loop {
            match state.queue.pop_front() {
                _ if state.ended => return None,
                Some(task) => return Some(task),
                None => state = self.wait(state),
            }
        }
    }

    fn word(&self, id: CallId) -> Word {
        let mut state = self.state();
        loop {
            if state.ended || state.cancelled.contains(&id) {
                return Word::Drop;
            }
            if state.committed >= Some(id) {
                return Word::Go;
            }
            state = self.wait(state);
        }
    }

    fn is_committed(&self, id: CallId) -> bool {
        self.state().committed >= Some(id)
    }

    /// None: it was cancelled before it began.
    fn begin(&self, id: CallId) -> Option<()> {
        let mut state = self.state();
        if state.cancelled.contains(&id) || state.ended {
            return None;
        }
        self.interrupt.reset();
        state.running = Some(id);
        (state.sent, state.credited, state.refused) = (0, 0, false);
        Some(())
    }

    fn finish(&self) {
        let mut state = self.state();
        state.running = None;
        state.relayed = None;
    }

    pub fn relayed(&self, line: Option<super::relay::Line>, call: &Call) {
        let mut state = self.state();
        // A commit that came before the other helper knew of the call is told now.
        if let Some(line) = line.as_ref().filter(|_| call.hold != Hold::No && state.committed >= Some(call.id)) {
            line.commit(call.id);
        }
        if let Some(line) = line.as_ref().filter(|_| state.cancelled.contains(&call.id)) {
            line.cancel(call.id);
        }
        // What it sent may have been credited before it was known.
        if let (Some(line), early @ 1..) = (&line, std::mem::take(&mut state.credited)) {
            line.credit(call.id, u32::try_from(early).unwrap_or(u32::MAX));
        }
        if let Some(line) = line.as_ref().filter(|_| state.refused) {
            line.credit(call.id, 0);
        }
        state.relayed = line;
    }

    /// Waits until so many bytes more may be sent.
    fn spend(&self, bytes: u64) -> io::Result<()> {
        let mut state = self.state();
        state.sent += bytes;
        drop(self.credited(state, WINDOW)?);
        Ok(())
    }

    /// Waits until no more than so many bytes are under way.
    fn credited<'s>(&self, mut state: MutexGuard<'s, State>, under_way: u64) -> io::Result<MutexGuard<'s, State>> {
        while state.credited + under_way < state.sent {
            if state.refused {
                return Err(io::Error::other("the controller does not take the file"));
            }
            if state.ended || state.running.is_some_and(|id| state.cancelled.contains(&id)) {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            state = self.wait(state);
        }
        Ok(state)
    }
}

/// The lane's thread.
pub fn work(lane: &Lane, machine: Box<dyn Machine>, shared: &Shared) {
    let mut worker = Worker {
        lane,
        machine,
        shared,
        overlay: Overlay::default(),
        journal: Journal::default(),
        dropping: None,
        own: BTreeMap::new(),
    };
    while let Some(task) = lane.next() {
        let message = match task {
            Task::Call(call) => worker.call(&call),
            Task::Undo(id) => worker.undo(id),
        };
        if shared.outbox.send(&message).is_err() {
            break;
        }
    }
}

struct Worker<'w> {
    lane: &'w Lane,
    machine: Box<dyn Machine>,
    shared: &'w Shared,
    overlay: Overlay,
    journal: Journal,
    /// The epoch in which a call has failed.
    dropping: Option<u64>,
    /// Names of users, and whether they are the one that works here.
    own: BTreeMap<String, bool>,
}

impl Worker<'_> {
    fn call(&mut self, call: &Call) -> FromHelper {
        let dropped = FromHelper::Dropped { lane: call.lane, id: call.id };
        if self.dropping == Some(call.epoch) {
            return dropped;
        }
        if call.hold == Hold::AtStart && matches!(self.lane.word(call.id), Word::Drop) {
            return dropped;
        }
        if self.lane.begin(call.id).is_none() {
            return dropped;
        }
        let items = match &call.identity {
            Some(identity) if !self.is_own(identity) => {
                self.shared.children.work(self.lane, call, identity, &*self.machine)
            }
            _ => self.items(call),
        };
        self.lane.finish();
        let Some(items) = items else { return dropped };
        if call.stop_on_fail && items.iter().any(|item| item.failed) {
            self.dropping = Some(call.epoch);
        }
        FromHelper::Done { lane: call.lane, id: call.id, items }
    }

    fn is_own(&mut self, identity: &Identity) -> bool {
        if let Some(own) = self.own.get(&identity.user) {
            return *own;
        }
        let own = Launch::is_own(identity, &*self.machine);
        self.own.insert(identity.user.clone(), own);
        own
    }

    /// None: it held, and was dropped while it waited.
    fn items(&mut self, call: &Call) -> Option<Vec<Answer>> {
        let mode = match call.body.mode {
            protocol::Mode::Apply => Mode::Apply,
            protocol::Mode::Check => Mode::Check,
            protocol::Mode::Plan => Mode::Plan,
        };
        if mode == Mode::Apply && call.hold == Hold::AtChange && !self.lane.is_committed(call.id) {
            if let Some(answers) = self.run(call, Mode::Ahead) {
                return Some(answers);
            }
            if matches!(self.lane.word(call.id), Word::Drop) {
                return None;
            }
        }
        // Only a call that looks ahead holds.
        self.run(call, mode)
    }

    fn run(&mut self, call: &Call, mode: Mode) -> Option<Vec<Answer>> {
        let Body { items, environment, timeout, .. } = &call.body;
        let mut answers = Vec::with_capacity(items.len());
        for args in items {
            // Each item has the whole time.
            let deadline = timeout.map(|seconds| Instant::now() + Duration::from_secs(seconds.into()));
            self.machine.set_context(Context { environment: environment.clone(), deadline });
            // What is planned lies over the machine only for who plans.
            let mut bare = Overlay::default();
            let services =
                Serving { lane: self.lane, shared: self.shared, id: call.id, shown: !call.body.no_log, deadline };
            let mut work = Work {
                machine: &mut *self.machine,
                overlay: if mode == Mode::Plan { &mut self.overlay } else { &mut bare },
                services: &services,
                journal: &mut self.journal,
            };
            let mut answer = answer::item(&call.body, args, mode, &mut work)?;
            if answer.failed && deadline.is_some_and(|deadline| Instant::now() > deadline) {
                let period = timeout.unwrap_or_default();
                answer.result.insert("msg", format!("Timed out after {period} second(s)."));
                answer.result.insert("timedout", Value::map([("period", i64::from(period))]));
            }
            answers.push(answer);
        }
        Some(answers)
    }

    /// Takes back what this lane changed as this user, newest first.
    fn undo(&mut self, id: CallId) -> FromHelper {
        self.lane.interrupt.reset();
        self.machine.set_context(Context::default());
        let journal = self.journal.take();
        let changed = !journal.is_empty();
        let left = undo(&mut *self.machine, journal);
        let left: Vec<Value> =
            left.into_iter().map(|(what, why)| Value::map([("what", what.describe()), ("why", why)])).collect();
        let result = crate::returns! { "left" => left };
        FromHelper::Done { lane: self.lane.id, id, items: vec![Answer { changed, result, ..Answer::default() }] }
    }
}

struct Serving<'s> {
    lane: &'s Lane,
    shared: &'s Shared,
    id: CallId,
    /// Whether it may say what it is busy with.
    shown: bool,
    deadline: Option<Instant>,
}

impl Services for Serving<'_> {
    fn blob(&self, hash: &BlobHash) -> io::Result<PathBuf> {
        self.shared.blobs.get(hash, &self.lane.interrupt, self.deadline)
    }

    fn progress(&self, text: &str) {
        if self.shown {
            let (lane, id) = (self.lane.id, self.id);
            // Nobody's result depends on it.
            let _ = self.shared.outbox.send(&FromHelper::Progress { lane, id, text: text.into() });
        }
    }

    fn stream(&self, token: &Token, bytes: &[u8]) -> io::Result<()> {
        self.lane.spend(bytes.len().max(1) as u64)?;
        let (lane, id) = (self.lane.id, self.id);
        self.shared.outbox.send(&FromHelper::Stream { lane, id, token: *token, bytes: bytes.to_vec() })?;
        // The answer comes after the file.
        if bytes.is_empty() { self.lane.credited(self.lane.state(), 0).map(drop) } else { Ok(()) }
    }
}
