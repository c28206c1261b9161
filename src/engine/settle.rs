//! The end of a task on a host: when its outcome is known and all before it have settled.
use super::lane::{Entry, Next, State};
use super::message::{Event, Failure, HostId, Outcome, Status, Work};
use super::step::{Engine, Phase};
use value::{Map, Value};

impl Engine {
    /// Settles the host's oldest task, if its outcome is known.
    pub(super) fn settle(&mut self, host: HostId) -> bool {
        let Some(entry) = self.lanes[host].window.front() else { return false };
        match &entry.state {
            State::Known(outcome) if entry.calls_nobody(outcome) => {
                // What hosts before it had to say is said first.
                let (key, seat) = (entry.key.clone(), self.seat(host));
                if self.order.linear && !self.order.leads(seat, &key) {
                    // One of them may wait for its place at the task.
                    self.leave_throttle(host, &key);
                    self.order.wait_to_lead(seat, &key);
                    return false;
                }
            }
            State::Known(_) | State::Lost(_) => {}
            State::Dropped => {
                self.send_again(host);
                return false;
            }
            _ => return false,
        }
        let Some(entry) = self.lanes[host].window.pop_front() else { return false };
        // As it was while it ran: `order` asks who else stands at this task.
        match &entry.state {
            State::Known(outcome) => {
                let outcome = outcome.clone();
                self.settle_known(host, &entry, outcome);
            }
            State::Lost(outcome) => {
                let outcome = outcome.clone();
                self.settle_lost(host, &entry, outcome);
            }
            _ => {}
        }
        if entry.begun.throttle.is_some() {
            self.leave_throttle(host, &entry.key);
        }
        true
    }

    fn settle_known(&mut self, host: HostId, entry: &Entry, outcome: Outcome) {
        if entry.calls_nobody(&outcome) && !self.check_notified(host, entry) {
            return;
        }
        let failure = self.failure(entry, &outcome);
        let failed = outcome.failed && failure != Failure::Ignored;
        if failed {
            self.fail(host, entry, &outcome);
        }
        let vars = if failed { &self.lanes[host].cursor.vars } else { &entry.cursor.vars }.clone();
        self.remember(host, &entry.key, vars);
        if self.lists.lock_step && !failed {
            self.lanes[host].last = Some(entry.cursor.clone());
        }
        self.settle_meta(host, entry);
        if entry.once {
            self.share(host, entry, &outcome, failed);
        }
        self.report(host, entry, outcome, failure);
    }

    fn failure(&self, entry: &Entry, outcome: &Outcome) -> Failure {
        match outcome.failed {
            false => Failure::None,
            // As Ansible counts it, even where a rescue follows.
            true if entry.load_failed => Failure::Fatal,
            true if entry.begun.ignore_errors => Failure::Ignored,
            true if self.lists.is_rescuable(&entry.key) => Failure::Rescued,
            true => Failure::Fatal,
        }
    }

    /// Forgets the rest of the window, and goes from the task to its rescue, its always, or out.
    fn fail(&mut self, host: HostId, entry: &Entry, outcome: &Outcome) {
        // The helper drops what follows only if it knows.
        if !(entry.refused && entry.stops_on_fail()) {
            self.cancel_from(host, 0);
        }
        self.forget(host, 0);
        let lane = &mut self.lanes[host];
        lane.cursor = entry.cursor.clone();
        if self.lists.is_rescuable(&entry.key) {
            let task = [
                ("name", entry.own_name().into()),
                ("action", Value::from(entry.task.action.written.clone())),
                ("args", Value::from(entry.task.args.map.clone())),
            ];
            let task: Map = task.into_iter().collect();
            lane.cursor.register("ansible_failed_task", Value::from(task));
            lane.cursor.register("ansible_failed_result", outcome.registered());
        }
        lane.cursor.fail(&self.lists);
        if lane.cursor.failed {
            self.run.failed_at_once.insert(host);
        }
        self.note_failure(host, &entry.key, entry.begun.any_errors_fatal);
    }

    /// Forgets what has not settled from this entry of the window on, and gives back what it held.
    pub(super) fn forget(&mut self, host: HostId, index: usize) {
        let lane = &self.lanes[host];
        let forgotten = lane.window.range(index..);
        let throttled: Vec<_> =
            forgotten.clone().filter(|entry| entry.begun.throttle.is_some()).map(|entry| entry.key.clone()).collect();
        let included = forgotten.filter(|entry| matches!(entry.begun.work, Work::Include { .. }));
        let loading = lane.cursor.at.clone().filter(|_| matches!(lane.next, Next::Loading(_)));
        let included: Vec<_> = included.map(|entry| entry.key.clone()).chain(loading).collect();
        for key in throttled {
            self.leave_throttle(host, &key);
        }
        for key in included {
            self.take_back_include(host, key);
        }
        self.lanes[host].forget_from(index);
    }

    /// The connection was cut under it.
    fn settle_lost(&mut self, host: HostId, entry: &Entry, outcome: Outcome) {
        let ignored = entry.begun.ignore_unreachable;
        let lane = &mut self.lanes[host];
        if ignored {
            lane.cursor.pass(&self.lists);
        } else {
            lane.gone = true;
            lane.cursor.end();
        }
        let vars = entry.cursor.vars.clone();
        self.remember(host, &entry.key, vars);
        if entry.once {
            self.share(host, entry, &outcome, !ignored);
        }
        if !ignored {
            self.note_failure(host, &entry.key, entry.begun.any_errors_fatal);
        }
        let event = Event::Task {
            key: entry.key.clone(),
            host,
            delegate: entry.begun.delegate.clone(),
            action: entry.task.action.name.clone(),
            traits: entry.task.action.traits,
            status: Status::Unreachable { outcome: visible(outcome, entry), ignored },
            no_log: entry.begun.no_log,
        };
        self.events.add(&entry.key, self.lanes[host].seat, &entry.banner, event);
    }

    fn report(&mut self, host: HostId, entry: &Entry, outcome: Outcome, failure: Failure) {
        let (key, banner, seat) = (&entry.key, &entry.banner, self.seat(host));
        // A `meta` task has a banner for each host, and says no more unless it was skipped or could not be evaluated.
        if entry.task.action.traits.steers {
            self.events.add_banner(key, seat, banner);
        }
        match &entry.begun.work {
            Work::Meta(meta) if !outcome.failed => {
                let role = entry.task.frame.role().map(|role| role.name.clone());
                return self.events.add(key, seat, banner, Event::Meta { host, meta: *meta, role });
            }
            Work::Include { .. } if !outcome.failed || !entry.included.is_empty() => {
                return self.report_include(host, entry, outcome, failure);
            }
            _ => {}
        }
        let notified = outcome.changed && !outcome.failed && self.phase == Phase::Running;
        self.events.add(key, seat, banner, settled(host, entry, outcome, failure));
        if notified {
            for handler in entry.begun.notify.iter().flat_map(|name| self.lists.called(name, &key.0)) {
                let event = Event::Notified { host, handler: self.lists.handler_name(handler) };
                self.events.add(key, seat, banner, event);
            }
        }
    }

    /// Items that include nothing, and what the host goes into.
    fn report_include(&mut self, host: HostId, entry: &Entry, outcome: Outcome, failure: Failure) {
        let (key, banner, seat) = (&entry.key, &entry.banner, self.seat(host));
        if outcome.failed {
            self.events.add(key, seat, banner, settled(host, entry, outcome, failure));
        } else {
            for (label, outcome) in visible(outcome, entry).items {
                let delegate = entry.begun.delegate.clone();
                self.events.add(key, seat, banner, Event::Item { key: key.clone(), host, delegate, label, outcome });
            }
        }
        for (list, include) in &entry.included {
            let target = include.target.to_string();
            self.events.include((key, *list), (seat, host), banner, target, include.label.clone());
        }
    }
}

fn settled(host: HostId, entry: &Entry, outcome: Outcome, failure: Failure) -> Event {
    Event::Task {
        key: entry.key.clone(),
        host,
        delegate: entry.begun.delegate.clone(),
        action: entry.task.action.name.clone(),
        traits: entry.task.action.traits,
        status: Status::Settled { outcome: visible(outcome, entry), failure },
        no_log: entry.begun.no_log,
    }
}

/// What an event carries of it.
fn visible(outcome: Outcome, entry: &Entry) -> Outcome {
    match () {
        () if entry.begun.no_log => outcome.censored(),
        () if outcome.hidden => outcome.censored_in_part(),
        () => outcome,
    }
}

impl Entry {
    /// The task's own name, evaluated: without its role's, and empty where it has none.
    fn own_name(&self) -> &str {
        let shown = if self.task.name.is_some() { self.banner.name() } else { "" };
        let role = self.task.frame.role().map(|role| role.name.as_str());
        role.and_then(|role| shown.strip_prefix(role)?.strip_prefix(" : ")).unwrap_or(shown)
    }
}
