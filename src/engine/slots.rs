//! How many hosts may work at once: `forks`, `throttle`, and the hosts that `host_pinned` lets into the play.
use super::lane::Load;
use super::message::{HostId, Strategy};
use super::place::TaskKey;
use super::step::Engine;
use std::collections::{BTreeMap, BTreeSet};

/// A host whose calls are all held does nothing while it waits, so it never keeps one from working that stands before it: of
/// each kind there may be as many as forks.
#[derive(Default)]
pub struct Slots {
    pub forks: usize,
    running: usize,
    held: usize,
    pinned: usize,
    waiting: BTreeSet<(TaskKey, HostId)>,
    /// Hosts that `host_pinned` has not let in.
    outside: BTreeSet<HostId>,
    throttled: BTreeMap<TaskKey, Throttle>,
}

#[derive(Default)]
struct Throttle {
    inside: BTreeSet<HostId>,
    waiting: BTreeSet<HostId>,
}

impl Slots {
    pub fn new(forks: usize) -> Self {
        Self { forks: forks.max(1), ..Self::default() }
    }

    pub fn change(&mut self, before: Load, now: Load) {
        match before {
            Load::Idle => {}
            Load::Held => self.held = self.held.saturating_sub(1),
            Load::Running => self.running = self.running.saturating_sub(1),
        }
        match now {
            Load::Idle => {}
            Load::Held => self.held += 1,
            Load::Running => self.running += 1,
        }
    }

    fn has_room(&self, held: bool) -> bool {
        self.running + self.held < self.forks || (!held && self.running < self.forks)
    }
}

impl Engine {
    /// Whether the host may begin a call now; otherwise it is woken when it may.
    pub fn take_slot(&mut self, host: HostId, key: &TaskKey, held: bool, throttle: Option<usize>) -> bool {
        if self.lanes[host].load == Load::Idle && !self.slots.has_room(held) {
            self.slots.waiting.insert((key.clone(), host));
            return false;
        }
        let Some(limit) = throttle.filter(|limit| *limit > 0) else { return true };
        let throttle = self.slots.throttled.entry(key.clone()).or_default();
        let free = throttle.inside.len() < limit;
        if free {
            throttle.inside.insert(host);
        } else {
            throttle.waiting.insert(host);
        }
        free
    }

    /// The host is through with a throttled task.
    pub fn leave_throttle(&mut self, host: HostId, key: &TaskKey) {
        if let Some(throttle) = self.slots.throttled.get_mut(key) {
            throttle.inside.remove(&host);
            // Who has failed in the meantime does not come.
            let comes = |host: &HostId| self.lanes.get(*host).is_some_and(|lane| lane.cursor.at.as_ref() == Some(key));
            while let Some(next) = throttle.waiting.pop_first() {
                self.dirty.insert(next);
                if comes(&next) {
                    return;
                }
            }
        }
    }

    pub fn wake_for_slots(&mut self) {
        if let Some((key, host)) = self.slots.waiting.first() {
            let held = self.is_anyone_before(*host, key);
            if self.slots.has_room(held) {
                self.dirty.insert(*host);
                self.slots.waiting.pop_first();
            }
        }
    }

    /// Whether the strategy lets the host work in the play.
    pub fn is_let_in(&mut self, host: HostId) -> bool {
        if self.run.strategy() != Strategy::HostPinned || self.lanes[host].pinned {
            return true;
        }
        if self.slots.pinned >= self.slots.forks {
            self.slots.outside.insert(host);
            return false;
        }
        self.slots.pinned += 1;
        self.lanes[host].pinned = true;
        true
    }

    pub fn unpin(&mut self, host: HostId) {
        if std::mem::take(&mut self.lanes[host].pinned) {
            self.slots.pinned = self.slots.pinned.saturating_sub(1);
            while let Some(next) = self.slots.outside.pop_first() {
                self.dirty.insert(next);
                if self.lanes[next].position.is_some() {
                    return;
                }
            }
        }
    }
}
