//! `run_once`: the first host that comes to the task runs it, when no other can still come to the task before; the others get
//! its result. As Ansible does, a failure fails the others too, and passes over a rescue around them.
use super::lane::{Entry, Next};
use super::lists::is_absent_or_false;
use super::message::{HostId, Outcome};
use super::place::TaskKey;
use super::step::Engine;
use crate::playbook::model::Task;

impl Engine {
    /// Whether one host may have to do this for all; what is written may be a template.
    pub(super) fn may_be_once(&self, key: &TaskKey, task: &Task) -> bool {
        let written = !is_absent_or_false(task.inherited(|keywords| keywords.run_once.as_ref()));
        self.order.linear && (task.is_for_all() || (written && !self.not_once.contains(key)))
    }

    /// Otherwise the host is woken when it leads, or when the result of the one that did is its own.
    pub(super) fn leads_or_waits(&mut self, host: HostId, key: &TaskKey) -> bool {
        let leads = self.lanes[host].window.is_empty() && self.order.leads(self.seat(host), key);
        if !leads {
            let seat = self.seat(host);
            self.order.wait_to_lead(seat, key);
        }
        leads
    }

    /// `run_once` turned out false: all go on as with any task.
    pub(super) fn not_once(&mut self, key: &TaskKey) {
        if self.not_once.insert(key.clone()) {
            self.dirty.extend(self.hosts_at(key));
        }
    }

    /// The others stand at the task, with nothing under way: its outcome becomes theirs.
    pub(super) fn share(&mut self, host: HostId, entry: &Entry, outcome: &Outcome, failed: bool) {
        for other in self.hosts_at(&entry.key) {
            let lane = &mut self.lanes[other];
            if other == host || !lane.window.is_empty() {
                continue;
            }
            lane.next = Next::Ready;
            // What items of a loop brought before the connection was cut is nobody's.
            let shared = entry.begun.delegate_facts.is_none() && !outcome.unreachable;
            for effect in entry.effects.iter().filter(|_| shared) {
                lane.teach(0, effect);
            }
            if let Some(name) = &entry.begun.register {
                lane.cursor.register(name, outcome.registered());
            }
            if failed {
                lane.cursor.fail_for_another(&self.lists);
                self.note_failure(other, &entry.key, false);
            } else {
                lane.cursor.pass(&self.lists);
            }
            let vars = self.lanes[other].cursor.vars.clone();
            self.remember(other, &entry.key, vars);
            self.refresh(other);
            self.dirty.insert(other);
        }
    }
}
