//! What hosts wait for between each other. A host's position is the oldest task that it has not settled; the barrier is the
//! least position of any other host.
use super::lane::State;
use super::message::{HostId, Output};
use super::place::TaskKey;
use super::step::Engine;
use std::collections::BTreeSet;

/// Positions are kept sorted, and so are the lanes that wait for them, so that only those which can move are looked at.
#[derive(Default)]
pub struct Order {
    /// Whether there is a barrier: not under `free`.
    pub linear: bool,
    positions: BTreeSet<(TaskKey, HostId)>,
    /// Lanes that wait until nobody is before this task.
    waiting: BTreeSet<(TaskKey, HostId)>,
    /// Lanes that wait until they are the first at this task, and nobody is before it.
    leading: BTreeSet<(TaskKey, HostId)>,
    /// Held calls, by their tasks.
    held: BTreeSet<(TaskKey, HostId)>,
}

impl Order {
    pub fn first(&self) -> Option<&(TaskKey, HostId)> {
        self.positions.first()
    }

    /// Of the other hosts.
    fn first_but(&self, host: HostId) -> Option<&(TaskKey, HostId)> {
        self.positions.iter().find(|(_, other)| *other != host)
    }

    /// The one rule: whether another host has anything unsettled before this task.
    pub fn is_anyone_before(&self, host: HostId, key: &TaskKey) -> bool {
        self.linear && self.first_but(host).is_some_and(|(first, _)| first < key)
    }

    /// Whether this host is the first at a task that no other can come to before it.
    pub fn leads(&self, host: HostId, key: &TaskKey) -> bool {
        self.first_but(host).is_none_or(|(first, other)| (first, *other) > (key, host))
    }

    pub fn wait(&mut self, host: HostId, key: &TaskKey) {
        self.waiting.insert((key.clone(), host));
    }

    pub fn wait_to_lead(&mut self, host: HostId, key: &TaskKey) {
        self.leading.insert((key.clone(), host));
    }

    pub fn hold(&mut self, host: HostId, key: &TaskKey) {
        self.held.insert((key.clone(), host));
    }

    /// Those whose oldest unsettled task this is.
    pub fn at(&self, key: &TaskKey) -> Vec<HostId> {
        self.positions.range((key.clone(), 0)..=(key.clone(), HostId::MAX)).map(|(_, host)| *host).collect()
    }

    pub fn is_over(&self) -> bool {
        self.positions.is_empty()
    }

    pub fn move_to(&mut self, host: HostId, before: Option<TaskKey>, now: Option<TaskKey>) {
        if let Some(key) = before {
            self.positions.remove(&(key, host));
        }
        if let Some(key) = now {
            self.positions.insert((key, host));
        }
    }

    pub fn clear(&mut self) {
        *self = Self { linear: self.linear, ..Self::default() };
    }

    /// Takes those out of a set whose turn has come. The first host of all has only the second before it.
    fn release(
        positions: &BTreeSet<(TaskKey, HostId)>,
        waiting: &mut BTreeSet<(TaskKey, HostId)>,
    ) -> Vec<(TaskKey, HostId)> {
        let mut first = positions.iter();
        let (leader, second) = (first.next(), first.next());
        let mut released = Vec::new();
        while let Some(entry) = waiting.first()
            && leader.is_none_or(|(key, _)| entry.0 <= *key)
        {
            released.extend(waiting.pop_first());
        }
        if let Some((_, host)) = leader {
            let own: Vec<_> = waiting
                .iter()
                .take_while(|(key, _)| second.is_none_or(|(second, _)| key <= second))
                .filter(|(_, other)| other == host)
                .cloned()
                .collect();
            for entry in own {
                waiting.remove(&entry);
                released.push(entry);
            }
        }
        released
    }
}

impl Engine {
    /// After a lane may have moved.
    pub fn refresh(&mut self, host: HostId) {
        let lane = &mut self.lanes[host];
        let (position, load) = (lane.find_position(), lane.find_load());
        if position != lane.position.as_ref() {
            let position = position.cloned();
            let before = std::mem::replace(&mut lane.position, position.clone());
            self.order.move_to(host, before, position);
            self.take_turns(host);
        }
        if load != self.lanes[host].load {
            let before = std::mem::replace(&mut self.lanes[host].load, load);
            self.slots.change(before, load);
            if load == super::lane::Load::Idle {
                self.outputs.push(Output::Busy { host, task: None });
            }
        }
        self.note_loss(host);
        if self.lanes[host].position.is_none() {
            self.unpin(host);
        }
    }

    /// Lets go what waits for other hosts and need not any more. Whether any lane can move by that.
    pub fn wake(&mut self) -> bool {
        self.commit();
        let order = &mut self.order;
        let woken = Order::release(&order.positions, &mut order.waiting);
        self.dirty.extend(woken.into_iter().map(|(_, host)| host));
        if let Some(first) = order.positions.first()
            && order.leading.remove(first)
        {
            self.dirty.insert(first.1);
        }
        self.wake_for_slots();
        !self.dirty.is_empty()
    }

    /// Lets held calls touch, up to the barrier. No helper has to say that it holds: one that does not learns nothing here.
    fn commit(&mut self) {
        if self.is_stopping() {
            return;
        }
        let order = &mut self.order;
        let released = Order::release(&order.positions, &mut order.held);
        let mut last = std::collections::BTreeMap::new();
        for (key, host) in released {
            let lane = &mut self.lanes[host];
            let Some(entry) = lane.window.iter_mut().find(|entry| entry.key == key) else { continue };
            if let State::Sent { id, held, connection } = &mut entry.state
                && std::mem::take(held)
            {
                last.insert(host, (connection.clone(), *id));
            }
        }
        for (host, (connection, id)) in last {
            self.outputs.push(Output::Commit { connection, lane: host, id });
            self.refresh(host);
        }
    }
}
