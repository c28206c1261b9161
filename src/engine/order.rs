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

    /// The first host of all has only the second before it: the key up to which it may go.
    fn leader(&self) -> Option<(HostId, Option<&TaskKey>)> {
        let mut first = self.positions.iter();
        let (_, host) = first.next()?;
        Some((*host, first.next().map(|(key, _)| key)))
    }
}

/// Takes those out of a set that nobody stands before.
fn release(first: Option<&TaskKey>, waiting: &mut BTreeSet<(TaskKey, HostId)>) -> Vec<(TaskKey, HostId)> {
    let mut released = Vec::new();
    while let Some((key, _)) = waiting.first()
        && first.is_none_or(|first| key <= first)
    {
        released.extend(waiting.pop_first());
    }
    released
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
        let led = self.led();
        let order = &mut self.order;
        let first = order.positions.first().map(|(key, _)| key);
        let woken = release(first, &mut order.waiting).into_iter();
        let led = led.into_iter().filter(|entry| order.waiting.remove(entry));
        self.dirty.extend(woken.chain(led).map(|(_, host)| host));
        if let Some(first) = order.positions.first()
            && order.leading.remove(first)
        {
            self.dirty.insert(first.1);
        }
        self.wake_for_slots();
        !self.dirty.is_empty()
    }

    /// The tasks of the first host of all that only the second could stand before, and does not.
    fn led(&self) -> Vec<(TaskKey, HostId)> {
        if self.order.held.is_empty() && self.order.waiting.is_empty() {
            return Vec::new();
        }
        let Some((host, second)) = self.order.leader() else { return Vec::new() };
        let Some(lane) = self.lanes.get(host) else { return Vec::new() };
        let keys = lane.window.iter().map(|entry| &entry.key).chain(&lane.cursor.at);
        keys.take_while(|key| second.is_none_or(|second| *key <= second)).map(|key| (key.clone(), host)).collect()
    }

    /// Lets held calls touch, up to the barrier. No helper has to say that it holds: one that does not learns nothing here.
    fn commit(&mut self) {
        if self.is_stopping() {
            return;
        }
        let led = self.led();
        let order = &mut self.order;
        let first = order.positions.first().map(|(key, _)| key);
        let mut released = release(first, &mut order.held);
        released.extend(led.into_iter().filter(|entry| order.held.remove(entry)));
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
