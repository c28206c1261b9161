//! From the place where a cursor stands to a task in the window: asked for, answered, carried out when nothing stands in the way.
use super::cursor::Promised;
use super::events::Banner;
use super::lane::{Entry, Next, State};
use super::lists::is_absent_or_false;
use super::message::{
    About, Begun, Effect, Evaluated, Event, HostId, Outcome, Output, Passed, Question, Ticket, Until, Work,
};
use super::place::TaskKey;
use super::step::{Engine, Phase, Purpose};
use crate::playbook::model::{Node, Task};
use std::sync::Arc;
use target::protocol::CallId;
use value::Diagnostic;

/// How a task's question is asked.
#[derive(Default)]
struct Asked {
    alone: bool,
    after: Option<CallId>,
    waited: Vec<Passed>,
}

impl Engine {
    /// Moves one host as far as it can go.
    pub(super) fn advance(&mut self, host: HostId) {
        loop {
            while self.settle(host) {}
            self.judge(host);
            if !self.begin(host) {
                return;
            }
        }
    }

    /// Brings the cursor on, if nothing stands in the way.
    fn begin(&mut self, host: HostId) -> bool {
        let lane = &self.lanes[host];
        let full = lane.window.len() >= self.options.window || lane.window.back().is_some_and(|entry| entry.fence);
        let Some(key) = lane.cursor.at.clone() else { return false };
        if self.phase != Phase::Running || lane.gone || full || !self.is_let_in(host) {
            return false;
        }
        let lane = &self.lanes[host];
        let ahead = self.options.run_ahead && !self.lists.lock_step;
        if !ahead && (!lane.window.is_empty() || self.must_wait(host, &key)) {
            return false;
        }
        if self.lanes[host].wall {
            if self.must_wait(host, &key) {
                return false;
            }
            self.lanes[host].wall = false;
        }
        match &self.lanes[host].next {
            Next::Asked { .. } | Next::Waiting { .. } | Next::Pending(_) => false,
            Next::Ready => self.ask(host, key, None),
            Next::Again(call) => {
                let call = *call;
                self.ask(host, key, Some(call))
            }
            Next::Fence => {
                if self.lanes[host].window.is_empty() && !self.must_wait(host, &key) {
                    self.ask_task(host, key, Asked { alone: true, ..Asked::default() });
                }
                false
            }
            Next::Begun(begun) => {
                let begun = begun.clone();
                self.carry_out(host, key, begun)
            }
            Next::Loading(begun) => {
                let begun = begun.clone();
                self.enter(host, key, begun)
            }
        }
    }

    /// Whether another host stands before this task; the host is then woken when none does any more.
    pub(super) fn must_wait(&mut self, host: HostId, key: &TaskKey) -> bool {
        let waits = self.is_anyone_before(host, key);
        if waits {
            let seat = self.seat(host);
            self.order.wait(seat, key);
        }
        waits
    }

    /// Whether the cursor moved: past a handler that nobody called, or into one that is a block; past a role that has run.
    fn ask(&mut self, host: HostId, key: TaskKey, after: Option<CallId>) -> bool {
        let cursor = &mut self.lanes[host].cursor;
        let block = match self.lists.node(&key.0) {
            Some(Node::Block(block)) => Some(block),
            _ => None,
        };
        let skips = match (cursor.handler(), block) {
            (Some(handler), _) => match cursor.is_notified(handler) {
                Promised::Yes => Promised::No,
                Promised::No => Promised::Yes,
                Promised::Pending => Promised::Pending,
            },
            (None, Some(block)) => cursor.has_run(block),
            (None, None) => Promised::No,
        };
        match (skips, block) {
            (Promised::Pending, _) => return false,
            (Promised::Yes, _) => {
                cursor.pass(&self.lists);
                return true;
            }
            (Promised::No, Some(_)) => {
                cursor.answer_call();
                cursor.enter_block(&self.lists);
                return true;
            }
            (Promised::No, None) => {}
        }
        let Some(task) = self.lists.task(&key).cloned() else {
            cursor.pass(&self.lists);
            return true;
        };
        if self.may_be_once(&key, &task) && !self.leads_or_waits(host, &key) {
            return false;
        }
        self.warn_of_strategy(&task);
        self.ask_task(host, key, Asked { after, ..Asked::default() });
        false
    }

    /// What the free strategies do not do, said once in a play, in Ansible's words.
    fn warn_of_strategy(&mut self, task: &Task) {
        if self.order.linear {
            return;
        }
        let once = !is_absent_or_false(task.inherited(|keywords| keywords.run_once.as_ref()));
        if once && !std::mem::replace(&mut self.run.warned_of_once, true) {
            self.events.emit(Event::Said(Diagnostic::warning(
                "run-once-free",
                "Using run_once with the free strategy is not currently supported. This task will still be executed for every \
                 host in the inventory list.",
            )));
        }
        let fatal = !is_absent_or_false(task.inherited(|keywords| keywords.any_errors_fatal.as_ref()));
        if fatal && !std::mem::replace(&mut self.run.warned_of_fatal, true) {
            self.events.emit(Event::Said(Diagnostic::warning(
                "any-errors-fatal-free",
                "Using any_errors_fatal with the free strategy is not supported, as tasks are executed independently on each \
                 host",
            )));
        }
    }

    fn ask_task(&mut self, host: HostId, key: TaskKey, asked: Asked) {
        let Some(task) = self.lists.task(&key).cloned() else { return };
        let ticket = self.ticket(Purpose::Begin(host));
        let vars = self.lanes[host].cursor.vars.clone();
        let Asked { alone, after, waited } = asked;
        self.lanes[host].next = Next::Asked { ticket, alone, after, waited: waited.clone() };
        self.evaluate(Question { alone, waited, ..Question::new(ticket, host, key, task, vars, About::Begin) });
    }

    pub(super) fn evaluate(&mut self, mut question: Question) {
        let mut play = self.run.state.clone();
        if question.alone {
            let (others, seen) = self.see(&question.key);
            (question.others, play) = (Some(others), seen);
        }
        question.play = self.lists.with_public_roles(play, &question.key);
        self.outputs.push(Output::Evaluate(Box::new(question)));
    }

    /// What a task's beginning waited for is over. Whether there is one.
    pub(super) fn ask_again(&mut self, host: HostId, over: Ticket, passed: Passed) -> bool {
        let lane = &mut self.lanes[host];
        let (Next::Waiting { ticket, alone, waited }, Some(key)) = (&mut lane.next, &lane.cursor.at) else {
            return false;
        };
        if *ticket != over {
            return false;
        }
        let (mut waited, key) = (std::mem::take(waited), key.clone());
        waited.push(passed);
        let asked = Asked { alone: *alone, after: None, waited };
        self.outputs.push(Output::Busy { host, task: None });
        self.ask_task(host, key, asked);
        true
    }

    /// Shows what task it is that waits, and waits.
    fn wait(&mut self, host: HostId, begun: &Begun, until: &Until, waited: Vec<Passed>, alone: bool) {
        let Some(key) = self.lanes[host].cursor.at.clone() else { return };
        let Some(task) = self.lists.task(&key).cloned() else { return };
        let ticket = self.ticket(Purpose::Timer(host));
        self.lanes[host].next = Next::Waiting { ticket, alone, waited };
        self.events.announce(&key, self.seat(host), &Arc::new(Banner::new(&key, &task, begun)));
        self.dirty.insert(host);
        self.outputs.push(Output::Busy { host, task: Some(begun.name.as_str().into()) });
        self.outputs.push(match until.clone() {
            Until::Seconds(seconds) => Output::SetTimer { ticket, seconds },
            Until::Answer { question, echo } => Output::Ask { ticket, question, echo },
        });
    }

    pub(super) fn evaluated(&mut self, ticket: Ticket, result: Evaluated) {
        match self.tickets.remove(&ticket) {
            Some(Purpose::Begin(host)) => self.answer_begin(host, ticket, result),
            Some(Purpose::Judge(host)) => self.judged(host, ticket, result),
            Some(Purpose::Collect(host)) => self.collected(host, ticket, result),
            _ => {}
        }
    }

    fn answer_begin(&mut self, host: HostId, ticket: Ticket, result: Evaluated) {
        let lane = &mut self.lanes[host];
        let Next::Asked { ticket: asked, alone, after, waited } = &mut lane.next else { return };
        if *asked != ticket {
            return;
        }
        let (alone, after, waited) = (*alone, *after, std::mem::take(waited));
        let is_pending = |call| {
            lane.window
                .iter()
                .any(|entry| entry.promise == call && !matches!(entry.state, State::Known(_) | State::Lost(_)))
        };
        if let Evaluated::Begun(begun) = &result
            && let Work::Wait(until) = &begun.work
        {
            return self.wait(host, begun, until, waited, alone);
        }
        lane.next = match result {
            Evaluated::Begun(begun) => Next::Begun(Arc::from(begun)),
            Evaluated::Pending(call) if is_pending(call) => Next::Pending(call),
            // It became known in the meantime.
            Evaluated::Pending(call) if after != Some(call) && !alone => Next::Again(call),
            Evaluated::Pending(_) | Evaluated::Fence if !alone => Next::Fence,
            _ => Next::Begun(Arc::new(no_answer())),
        };
        self.dirty.insert(host);
    }

    // ---- what is to be done is known ----

    fn carry_out(&mut self, host: HostId, key: TaskKey, begun: Arc<Begun>) -> bool {
        let written_once =
            self.lists.task(&key).cloned().is_some_and(|task| self.may_be_once(&key, &task) && !task.is_for_all());
        if self.order.linear && begun.run_once {
            if !self.leads_or_waits(host, &key) {
                return false;
            }
        } else if written_once {
            self.not_once(&key);
        }
        match &begun.work {
            Work::Known { outcome, effects } => {
                let inventory = effects.iter().any(|effect| matches!(effect, Effect::Inventory(_)));
                let quiet = inventory || (begun.delegate_facts.is_some() && !effects.is_empty());
                if quiet && (!self.lanes[host].window.is_empty() || self.must_wait(host, &key)) {
                    return false;
                }
                let (outcome, effects) = (outcome.clone(), effects.clone());
                self.push_known(host, key, begun, outcome, effects);
                let lane = &mut self.lanes[host];
                if let Some(entry) = lane.window.back_mut() {
                    entry.fence |= inventory;
                }
                lane.cursor.pass(&self.lists);
                true
            }
            Work::Call(prepared) => {
                let prepared = prepared.clone();
                self.call(host, key, begun, &prepared)
            }
            Work::Include { outcome, .. } if outcome.failed && !begun.ignore_errors => {
                let outcome = outcome.clone();
                self.push_known(host, key, begun, outcome, Vec::new());
                self.lanes[host].cursor.pass(&self.lists);
                true
            }
            Work::Include { includes, .. } => {
                let includes = includes.clone();
                self.include(host, key, begun, &includes)
            }
            Work::Meta(meta) => {
                let meta = *meta;
                self.do_meta(host, key, begun, meta)
            }
            // It became another answer before it came here.
            Work::Wait(_) => false,
        }
    }

    /// A task that needs no host, and one whose evaluation failed: it still settles in its turn. The cursor stays for the caller
    /// to move.
    pub(super) fn push_known(
        &mut self,
        host: HostId,
        key: TaskKey,
        begun: Arc<Begun>,
        outcome: Outcome,
        effects: Vec<Effect>,
    ) {
        let unknown = self.lists.unknown(&begun.notify, &key).cloned();
        let task = self.lists.task(&key).cloned();
        let ran_in = task.as_ref().filter(|task| !task.action.traits.steers).and_then(|task| task.frame.role());
        let at = self.lanes[host].window.len();
        self.apply(host, at, &effects, begun.delegate_facts);
        let cursor = &mut self.lanes[host].cursor;
        cursor.answer_call();
        if let Some(role) = ran_in.filter(|_| !outcome.skipped) {
            cursor.run_in(role, None);
        }
        if outcome.changed && !outcome.failed {
            cursor.notify(&self.lists, &begun.notify, None);
        }
        if let Some(name) = &begun.register {
            cursor.register(name, outcome.registered());
        }
        let fence =
            (outcome.failed && !begun.ignore_errors) || (unknown.is_some() && outcome.changed && !outcome.failed);
        self.push(host, key, begun, State::Known(outcome), fence);
        if let Some(entry) = self.lanes[host].window.back_mut() {
            (entry.effects, entry.unknown_handler) = (effects, unknown);
        }
    }

    /// Puts the task into the window, with the cursor as it stands.
    pub(super) fn push(&mut self, host: HostId, key: TaskKey, begun: Arc<Begun>, state: State, fence: bool) {
        let Some(task) = self.lists.task(&key).cloned() else { return };
        let once = self.order.linear && (begun.run_once || task.is_for_all());
        let lane = &mut self.lanes[host];
        lane.next = Next::Ready;
        // What it writes here others may read, also those that write nothing.
        let writes = task.action.traits.writes_controller;
        let tells = matches!(begun.work, Work::Known { .. }) && self.lists.may_tell_others(&task);
        lane.wall = writes || tells || task.inherited(|keywords| keywords.delegate_to.as_ref()).is_some();
        lane.window.push_back(Entry {
            banner: Arc::new(Banner::new(&key, &task, &begun)),
            key,
            cursor: lane.cursor.clone(),
            task,
            begun,
            state,
            fence: fence || once,
            promise: 0,
            attempt: 1,
            item: 0,
            outcomes: Vec::new(),
            refused: false,
            effects: Vec::new(),
            included: Vec::new(),
            once,
            unknown_handler: None,
            load_failed: false,
        });
    }
}

/// A task that the engine itself refuses.
pub fn failed(message: &str) -> Outcome {
    Outcome::failed(message, Diagnostic::error("task-failed", message))
}

/// An evaluation that answers what was not asked would leave its host waiting for ever.
fn no_answer() -> Begun {
    let outcome = failed("the task could not be evaluated: it asks for what is not there");
    Begun { work: Work::Known { outcome, effects: Vec::new() }, ..Begun::default() }
}
