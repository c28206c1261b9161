//! What hosts wait for between each other. A host's position is the oldest task that it has not settled; the barrier is the
//! least position of any other host.
use super::lane::{Seat, State};
use super::message::{HostId, Output};
use super::place::TaskKey;
use super::step::Engine;
use std::collections::BTreeSet;

/// Positions are kept sorted, and so are the lanes that wait for them, so that only those which can move are looked at.
#[derive(Default)]
pub struct Order {
    /// Whether there is a barrier: not under `free`.
    pub linear: bool,
    positions: BTreeSet<(TaskKey, Seat)>,
    /// Lanes that wait until nobody is before this task.
    waiting: BTreeSet<(TaskKey, Seat)>,
    /// Lanes that wait until they are the first at this task, and nobody is before it.
    leading: BTreeSet<(TaskKey, Seat)>,
    /// Held calls, by their tasks.
    held: BTreeSet<(TaskKey, Seat)>,
}

impl Order {
    pub fn first(&self) -> Option<&(TaskKey, Seat)> {
        self.positions.first()
    }

    /// Of the other hosts.
    fn first_but(&self, seat: Seat) -> Option<&(TaskKey, Seat)> {
        self.positions.iter().find(|(_, other)| *other != seat)
    }

    /// The one rule: whether another host has anything unsettled before this task.
    pub fn is_anyone_before(&self, seat: Seat, key: &TaskKey) -> bool {
        self.linear && self.first_but(seat).is_some_and(|(first, _)| first < key)
    }

    /// Whether this host is the first at a task that no other can come to before it.
    pub fn leads(&self, seat: Seat, key: &TaskKey) -> bool {
        self.first_but(seat).is_none_or(|(first, other)| (first, *other) > (key, seat))
    }

    pub fn wait(&mut self, seat: Seat, key: &TaskKey) {
        self.waiting.insert((key.clone(), seat));
    }

    pub fn wait_to_lead(&mut self, seat: Seat, key: &TaskKey) {
        self.leading.insert((key.clone(), seat));
    }

    pub fn hold(&mut self, seat: Seat, key: &TaskKey) {
        self.held.insert((key.clone(), seat));
    }

    /// Those whose oldest unsettled task this is.
    fn at(&self, key: &TaskKey) -> Vec<Seat> {
        self.positions.range((key.clone(), 0)..=(key.clone(), Seat::MAX)).map(|(_, seat)| *seat).collect()
    }

    pub fn is_over(&self) -> bool {
        self.positions.is_empty()
    }

    pub fn move_to(&mut self, seat: Seat, before: Option<TaskKey>, now: Option<TaskKey>) {
        if let Some(key) = before {
            self.positions.remove(&(key, seat));
        }
        if let Some(key) = now {
            self.positions.insert((key, seat));
        }
    }

    pub fn clear(&mut self) {
        *self = Self { linear: self.linear, ..Self::default() };
    }

    /// The first host of all has only the second before it: the key up to which it may go.
    fn leader(&self) -> Option<(Seat, Option<&TaskKey>)> {
        let mut first = self.positions.iter();
        let (_, seat) = first.next()?;
        Some((*seat, first.next().map(|(key, _)| key)))
    }
}

/// Takes those out of a set that nobody stands before.
fn release(first: Option<&TaskKey>, waiting: &mut BTreeSet<(TaskKey, Seat)>) -> Vec<(TaskKey, Seat)> {
    let mut released = Vec::new();
    while let Some((key, _)) = waiting.first()
        && first.is_none_or(|first| key <= first)
    {
        released.extend(waiting.pop_first());
    }
    released
}

impl Engine {
    pub fn seat(&self, host: HostId) -> Seat {
        self.lanes.get(host).map_or(Seat::MAX, |lane| lane.seat)
    }

    fn host_at(&self, seat: Seat) -> Option<HostId> {
        self.run.state.batch.get(seat as usize).copied()
    }

    /// The hosts whose oldest unsettled task this is.
    pub fn hosts_at(&self, key: &TaskKey) -> Vec<HostId> {
        self.order.at(key).into_iter().filter_map(|seat| self.host_at(seat)).collect()
    }

    pub fn is_anyone_before(&self, host: HostId, key: &TaskKey) -> bool {
        self.order.is_anyone_before(self.seat(host), key)
    }

    /// After a lane may have moved.
    pub fn refresh(&mut self, host: HostId) {
        let lane = &mut self.lanes[host];
        let (position, load, seat) = (lane.find_position(), lane.find_load(), lane.seat);
        if position != lane.position.as_ref() {
            let position = position.cloned();
            let before = std::mem::replace(&mut lane.position, position.clone());
            self.order.move_to(seat, before, position);
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
        let (order, batch) = (&mut self.order, &self.run.state.batch);
        let woken = release(order.positions.first().map(|(key, _)| key), &mut order.waiting);
        self.dirty.extend(woken.into_iter().filter_map(|(_, seat)| batch.get(seat as usize)));
        if let Some(first) = order.positions.first()
            && order.leading.remove(first)
        {
            self.dirty.extend(batch.get(first.1 as usize));
        }
        self.wake_for_slots();
        !self.dirty.is_empty()
    }

    /// The tasks of the first host of all that only the second could stand before, and does not.
    fn led(&self) -> Vec<(TaskKey, Seat)> {
        if self.order.held.is_empty() {
            return Vec::new();
        }
        let Some((seat, second)) = self.order.leader() else { return Vec::new() };
        let Some(lane) = self.host_at(seat).and_then(|host| self.lanes.get(host)) else { return Vec::new() };
        let keys = lane.window.iter().map(|entry| &entry.key).chain(&lane.cursor.at);
        keys.take_while(|key| second.is_none_or(|second| *key <= second)).map(|key| (key.clone(), seat)).collect()
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
        for (key, seat) in released {
            let Some(host) = self.host_at(seat) else { continue };
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
