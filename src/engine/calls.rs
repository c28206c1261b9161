//! Calls: sent to the host, answered, judged; attempts of `until`, items one by one; and what a cut connection leaves.
use super::begin::failed;
use super::lane::{Entry, Next, State, When};
use super::message::{
    About, Begun, Connection, ConnectionKey, Evaluated, Event, HostId, Judged, Outcome, Outgoing, Output, Own, Passed,
    Prepared, Question, Ticket, Transport, Work,
};
use super::place::TaskKey;
use super::step::{Engine, Purpose};
use crate::playbook::model::Task;
use std::sync::Arc;
use target::protocol::{Answer, Body, CallId, Hold};
use value::Value;

impl Engine {
    /// Sends the task's call, if it may go now.
    pub(super) fn call(&mut self, host: HostId, key: TaskKey, begun: Arc<Begun>, prepared: &Prepared) -> bool {
        let lane = &self.lanes[host];
        let first = prepared.items.iter().take_while(|item| item.known.is_some()).count();
        let connection = connection_of(prepared, first).key.clone();
        if !lane.may_send_to(&connection) || (prepared.plain && !lane.window.is_empty()) {
            return false;
        }
        let held = prepared.hold != Hold::No && self.is_anyone_before(host, &key);
        // Nobody holds a call where there is no helper.
        if (prepared.plain && self.must_wait(host, &key)) || !self.take_slot(host, &key, held, begun.throttle) {
            return false;
        }
        let Some(task) = self.lists.task(&key).cloned() else { return false };
        let promise = self.call_id();
        let unknown = self.lists.unknown(&begun.notify, &key).cloned();
        let cursor = &mut self.lanes[host].cursor;
        cursor.answer_call();
        cursor.notify(&self.lists, &begun.notify, Some(promise));
        if let Some(role) = task.frame.role() {
            cursor.run_in(role, Some(promise));
        }
        if let Some(name) = &begun.register {
            cursor.register(name, Value::Pending(promise));
        }
        if prepared.brings_facts {
            cursor.vars.facts_pending = Some(promise);
        }
        let fence = begun.judged_late
            || prepared.fence
            || prepared.plain
            || prepared.one_by_one
            || begun.delegate.is_some()
            || begun.delegate_facts.is_some()
            || unknown.is_some()
            || may_be_judged_late(&task);
        self.push(host, key, begun, State::Dropped, fence);
        let lane = &mut self.lanes[host];
        let index = lane.window.len() - 1;
        let entry = &mut lane.window[index];
        (entry.promise, entry.unknown_handler) = (promise, unknown);
        if prepared.one_by_one {
            entry.pass_known(prepared);
        }
        lane.cursor.pass(&self.lists);
        self.send(host, index, Some(promise));
        true
    }

    /// Sends an entry's call, or the call of its present item.
    fn send(&mut self, host: HostId, index: usize, id: Option<CallId>) {
        let id = id.unwrap_or_else(|| self.call_id());
        let lane = &self.lanes[host];
        let entry = &lane.window[index];
        let Work::Call(prepared) = &entry.begun.work else { return };
        let connection = connection_of(prepared, entry.item).clone();
        let (key, own) = (entry.key.clone(), own_of(prepared, entry.item));
        let is_delegated = entry.begun.delegate.is_some() || own.is_some_and(|own| own.delegate.is_some());
        let hold = self.hold(host, &key, prepared.hold, &connection);
        let call = Outgoing {
            lane: host,
            id,
            key: key.clone(),
            epoch: lane.epoch,
            identity: own.map_or(&prepared.identity, |own| &own.identity).clone(),
            hold,
            stop_on_fail: entry.stops_on_fail(),
            plain: prepared.plain,
            patience: prepared.patience,
            body: body_of(prepared, entry.item),
        };
        self.outputs.push(Output::Busy { host, task: Some(entry.banner.name().into()) });
        self.outputs.push(Output::Send { connection: connection.clone(), call: Box::new(call) });
        let held = hold != Hold::No;
        if held {
            let seat = self.seat(host);
            self.order.hold(seat, &key);
        }
        self.connections.entry(connection.key.clone()).or_default().insert(host);
        if !is_delegated {
            self.own_connections.insert((host, connection.key.clone()));
        }
        self.lanes[host].window[index].state = State::Sent { id, held, connection: connection.key.clone() };
        self.refresh(host);
    }

    /// Where the call waits. A look ahead is right only while no other host changes what it looks at.
    fn hold(&self, host: HostId, key: &TaskKey, asked: Hold, connection: &Connection) -> Hold {
        let shared = || {
            connection.transport == Transport::Local
                || self.connections.get(&connection.key).is_some_and(|hosts| hosts.iter().any(|other| *other != host))
        };
        match asked {
            _ if !self.is_anyone_before(host, key) => Hold::No,
            Hold::AtChange if shared() => Hold::AtStart,
            asked => asked,
        }
    }

    pub(super) fn answered(&mut self, host: HostId, id: CallId, answers: Vec<Answer>) {
        if let Some(entry) = self.find(host, |state| matches!(state, State::Sent { id: sent, .. } if *sent == id)) {
            entry.refused |= answers.iter().any(|answer| answer.failed);
            let when = if entry.is_judged_in_order() { When::Oldest } else { When::Now };
            entry.state = State::Answered { answers, when };
            self.dirty.insert(host);
        }
    }

    /// It is sent again if nothing that was before it failed after all.
    pub(super) fn dropped(&mut self, host: HostId, id: CallId) {
        if let Some(entry) = self.find(host, |state| matches!(state, State::Sent { id: sent, .. } if *sent == id)) {
            entry.state = State::Dropped;
            self.dirty.insert(host);
        }
    }

    pub(super) fn send_again(&mut self, host: HostId) {
        if !self.is_stopping() {
            self.lanes[host].epoch += 1;
            self.send(host, 0, None);
        }
    }

    fn find(&mut self, host: HostId, wanted: impl Fn(&State) -> bool) -> Option<&mut Entry> {
        self.lanes.find(host)?.window.iter_mut().find(|entry| wanted(&entry.state))
    }

    fn index_of(&self, host: HostId, wanted: impl Fn(&State) -> bool) -> Option<usize> {
        self.lanes.get(host)?.window.iter().position(|entry| wanted(&entry.state))
    }

    // ---- judging ----

    /// Has those answers judged that can be.
    pub(super) fn judge(&mut self, host: HostId) {
        for index in 0..self.lanes[host].window.len() {
            let entry = &self.lanes[host].window[index];
            let when = match &entry.state {
                State::Answered { when, .. } => *when,
                State::Sent { .. } => return,
                _ => continue,
            };
            let key = entry.key.clone();
            if (when > When::Now && index > 0) || (when == When::Alone && self.must_wait(host, &key)) {
                continue;
            }
            self.ask_verdict(host, index, when == When::Alone);
        }
    }

    fn ask_verdict(&mut self, host: HostId, index: usize, alone: bool) {
        let ticket = self.ticket(Purpose::Judge(host));
        let entry = &mut self.lanes[host].window[index];
        let state = std::mem::replace(&mut entry.state, State::Dropped);
        let State::Answered { answers, .. } = state else { return entry.state = state };
        entry.state = State::Judging { ticket, answers: answers.clone(), alone };
        let one_by_one = matches!(&entry.begun.work, Work::Call(prepared) if prepared.one_by_one);
        let item = one_by_one.then_some(entry.item);
        let about = About::Judge { begun: entry.begun.clone(), answers, attempt: entry.attempt, item };
        let (key, task, mut vars) = (entry.key.clone(), entry.task.clone(), entry.cursor.vars.clone());
        // The facts that it brings are among the answers.
        vars.facts_pending = vars.facts_pending.filter(|call| *call != entry.promise);
        self.evaluate(Question { alone, ..Question::new(ticket, host, key, task, vars, about) });
    }

    pub(super) fn judged(&mut self, host: HostId, ticket: Ticket, result: Evaluated) {
        let judging = |state: &State| matches!(state, State::Judging { ticket: asked, .. } if *asked == ticket);
        let Some(index) = self.index_of(host, judging) else { return };
        self.dirty.insert(host);
        let entry = &mut self.lanes[host].window[index];
        let State::Judging { answers, alone, .. } = std::mem::replace(&mut entry.state, State::Dropped) else { return };
        let again = |when| State::Answered { answers, when };
        match result {
            Evaluated::Judged(judged) => self.take_verdict(host, index, *judged),
            // What it asks for is before it in the window, or it is its own.
            Evaluated::Pending(_) if index > 0 => entry.state = again(When::Oldest),
            Evaluated::Pending(_) | Evaluated::Fence if !alone => entry.state = again(When::Alone),
            _ => self.know(host, index, failed("the result could not be judged: it asks for what is not there")),
        }
    }

    fn take_verdict(&mut self, host: HostId, index: usize, judged: Judged) {
        let Judged { outcome, effects, again, stop, next } = judged;
        let begun = self.lanes[host].window[index].begun.clone();
        if let Some(next) = next {
            self.go_on_with(host, index, next);
        }
        let entry = &mut self.lanes[host].window[index];
        entry.effects.extend(effects.iter().cloned());
        self.apply(host, index, &effects, begun.delegate_facts);
        let entry = &mut self.lanes[host].window[index];
        match (&begun.work, begun.retry) {
            (_, Some(retry)) if again && entry.attempt <= retry.retries => {
                let left = retry.retries - entry.attempt + 1;
                entry.attempt += 1;
                self.retry(host, index, outcome, left, retry.delay);
            }
            (Work::Call(prepared), _) if prepared.one_by_one => {
                entry.outcomes.push(outcome);
                (entry.item, entry.attempt) = (entry.item + 1, 1);
                let begun = entry.begun.clone();
                let prepared = if let Work::Call(grown) = &begun.work { grown } else { prepared };
                entry.pass_known(prepared);
                match () {
                    () if stop || entry.item >= prepared.items.len() => self.collect(host, index),
                    () if prepared.pause > 0.0 => self.delay(host, index, prepared.pause),
                    () if self.is_stopping() => {}
                    () => self.send(host, index, None),
                }
            }
            _ => self.know(host, index, outcome),
        }
    }

    /// The task has grown by items that had to wait for the one before them.
    fn go_on_with(&mut self, host: HostId, index: usize, begun: Arc<Begun>) {
        let lane = &mut self.lanes[host];
        let promise = lane.window[index].promise;
        let unknown = self.lists.unknown(&begun.notify, &lane.window[index].key).cloned();
        let entry = &mut lane.window[index];
        entry.begun = begun.clone();
        entry.unknown_handler = entry.unknown_handler.take().or(unknown);
        let kept = lane.window.range_mut(index + 1..).map(|entry| &mut entry.cursor);
        kept.chain([&mut lane.cursor]).for_each(|cursor| cursor.notify(&self.lists, &begun.notify, Some(promise)));
    }

    fn retry(&mut self, host: HostId, index: usize, outcome: Outcome, left: u32, delay: f64) {
        let seat = self.seat(host);
        let entry = &self.lanes[host].window[index];
        let (name, no_log) = (entry.banner.name().to_string(), entry.begun.no_log);
        let outcome = if no_log || outcome.hidden { outcome.censored() } else { outcome };
        let event = Event::Retrying { key: entry.key.clone(), host, name, left, outcome, no_log };
        self.events.add(&entry.key, seat, &entry.banner, event);
        self.delay(host, index, delay);
    }

    fn delay(&mut self, host: HostId, index: usize, seconds: f64) {
        let ticket = self.ticket(Purpose::Timer(host));
        self.lanes[host].window[index].state = State::Delayed(ticket);
        self.outputs.push(Output::SetTimer { ticket, seconds });
    }

    pub(super) fn timer(&mut self, ticket: Ticket, passed: Passed) {
        let Some(Purpose::Timer(host)) = self.tickets.remove(&ticket) else { return };
        if !self.is_stopping() && self.ask_again(host, ticket, passed) {
            return;
        }
        let waits = |state: &State| matches!(state, State::Delayed(until) if *until == ticket);
        if let Some(index) = self.index_of(host, waits).filter(|_| !self.is_stopping()) {
            self.send(host, index, None);
            self.dirty.insert(host);
        }
    }

    fn collect(&mut self, host: HostId, index: usize) {
        let ticket = self.ticket(Purpose::Collect(host));
        let entry = &mut self.lanes[host].window[index];
        entry.state = State::Collecting(ticket);
        let about = About::Collect { begun: entry.begun.clone(), outcomes: std::mem::take(&mut entry.outcomes) };
        let (key, task, vars) = (entry.key.clone(), entry.task.clone(), entry.cursor.vars.clone());
        self.evaluate(Question::new(ticket, host, key, task, vars, about));
    }

    pub(super) fn collected(&mut self, host: HostId, ticket: Ticket, result: Evaluated) {
        let collecting = |state: &State| matches!(state, State::Collecting(asked) if *asked == ticket);
        let Some(index) = self.index_of(host, collecting) else { return };
        match result {
            Evaluated::Judged(judged) => self.know(host, index, judged.outcome),
            _ => self.know(host, index, failed("the items could not be summed up")),
        }
    }

    /// The outcome is known: its promises are kept, and it settles in its turn.
    fn know(&mut self, host: HostId, index: usize, outcome: Outcome) {
        let lane = &mut self.lanes[host];
        let entry = &lane.window[index];
        let promise = entry.promise;
        lane.resolve(index, promise, &outcome);
        lane.window[index].state = State::Known(outcome);
        if matches!(lane.next, Next::Pending(call) if call == promise) {
            lane.next = Next::Again(promise);
        }
        self.dirty.insert(host);
    }

    // ---- losing hosts ----

    /// Lanes with something unanswered on this connection have lost it; the others notice nothing.
    pub(super) fn lose(&mut self, connection: &ConnectionKey, why: &Outcome, was_cut: bool) {
        for host in self.connections.remove(connection).unwrap_or_default() {
            let on_it = |state: &State| matches!(state, State::Sent { connection: sent, .. } if sent == connection);
            let Some(index) = self.index_of(host, on_it) else { continue };
            let lane = &mut self.lanes[host];
            let went_out = |entry: &&Entry| was_cut && matches!(&entry.state, State::Sent { held: false, .. });
            let uncertain = lane.window.range(index..).filter(went_out);
            let uncertain = uncertain.map(|entry| entry.banner.name().to_string()).collect();
            let mut outcome = Outcome { unreachable: true, uncertain, ..why.clone() };
            if let Some(diagnostic) = &mut outcome.diagnostic {
                diagnostic.span = diagnostic.span.or(Some(lane.window[index].task.span));
            }
            self.forget(host, index + 1);
            let lane = &mut self.lanes[host];
            let entry = &mut lane.window[index];
            entry.fence = true;
            let promise = entry.promise;
            lane.cursor = entry.cursor.clone();
            lane.resolve(index, promise, &outcome);
            lane.window[index].state = State::Lost(outcome);
            self.dirty.insert(host);
        }
    }

    /// Calls off what is forgotten.
    pub(super) fn cancel_from(&mut self, host: HostId, index: usize) {
        for entry in self.lanes[host].window.range(index..) {
            if let State::Sent { id, connection, .. } = &entry.state {
                self.outputs.push(Output::Cancel { connection: connection.clone(), lane: host, id: *id });
            }
        }
    }
}

impl Entry {
    /// Items whose outcome is known without the host.
    fn pass_known(&mut self, prepared: &Prepared) {
        while let Some(known) = prepared.items.get(self.item).and_then(|item| item.known.as_ref()) {
            self.outcomes.push(known.clone());
            self.item += 1;
        }
    }
}

/// `failed_when` with more than a literal no.
fn may_be_judged_late(task: &Task) -> bool {
    !task.failed_when.iter().all(|condition| matches!(condition, Value::Bool(false)))
}

fn own_of(prepared: &Prepared, item: usize) -> Option<&Own> {
    prepared.items.get(item).filter(|_| prepared.one_by_one)?.own.as_deref()
}

fn connection_of(prepared: &Prepared, item: usize) -> &Arc<Connection> {
    own_of(prepared, item).map_or(&prepared.connection, |own| &own.connection)
}

/// All items, or the one that is next.
fn body_of(prepared: &Prepared, item: usize) -> Body {
    if !prepared.one_by_one {
        return prepared.body.clone();
    }
    let nth = prepared.items.iter().take(item).filter(|item| item.known.is_none()).count();
    let own = own_of(prepared, item);
    Body {
        module: own.map_or(&prepared.body.module, |own| &own.module).clone(),
        items: prepared.body.items.get(nth).cloned().into_iter().collect(),
        environment: own.map_or(&prepared.body.environment, |own| &own.environment).clone(),
        mode: own.map_or(prepared.body.mode, |own| own.mode),
        diff: own.map_or(prepared.body.diff, |own| own.diff),
        timeout: own.map_or(prepared.body.timeout, |own| own.timeout),
        ..prepared.body.clone()
    }
}
