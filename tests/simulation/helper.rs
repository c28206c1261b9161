//! The far end, faked: machines in memory, and helpers that work through one ordered queue of calls per lane.
use deploy::engine::message::{HostId, Outgoing};
use deploy::engine::place::TaskKey;
use std::collections::{BTreeMap, VecDeque};
use target::protocol::{Answer, Body, CallId, Hold};
use value::{Map, Value};

/// The helper at the end of one connection.
#[derive(Default)]
pub struct Helper {
    lanes: BTreeMap<HostId, Queue>,
}

#[derive(Default)]
struct Queue {
    calls: VecDeque<Outgoing>,
    /// Calls up to this one may touch.
    committed: CallId,
    /// The epoch in which a call has failed.
    dropping: Option<u64>,
    cancelled: Vec<CallId>,
}

#[derive(Debug)]
pub enum Frame {
    Done { id: CallId, items: Vec<Answer> },
    Dropped { id: CallId },
}

/// What a helper did with a call, and what it says.
pub struct Worked {
    pub call: Outgoing,
    pub frame: Frame,
}

impl Helper {
    pub fn receive(&mut self, call: Outgoing) {
        self.lanes.entry(call.lane).or_default().calls.push_back(call);
    }

    pub fn commit(&mut self, lane: HostId, id: CallId) {
        let committed = &mut self.lanes.entry(lane).or_default().committed;
        *committed = id.max(*committed);
    }

    pub fn cancel(&mut self, lane: HostId, id: CallId) {
        self.lanes.entry(lane).or_default().cancelled.push(id);
    }

    /// Works on the first call of a lane's queue. Nothing: the queue is empty, or the call holds.
    pub fn work(&mut self, lane: HostId, machine: usize, world: &mut World) -> Option<Worked> {
        let queue = self.lanes.get_mut(&lane)?;
        let call = queue.calls.front()?;
        let dropped = queue.dropping == Some(call.epoch) || queue.cancelled.contains(&call.id);
        let waits = match call.hold {
            _ if dropped || call.id <= queue.committed => false,
            Hold::No => false,
            Hold::AtChange => world.would_change(machine, lane, &call.body),
            Hold::AtStart => true,
        };
        if waits {
            return None;
        }
        let call = queue.calls.pop_front()?;
        if dropped {
            return Some(Worked { frame: Frame::Dropped { id: call.id }, call });
        }
        let items = world.run(&call.key, machine, lane, &call.body);
        if call.stop_on_fail && items.iter().any(|item| item.failed) {
            queue.dropping = Some(call.epoch);
        }
        Some(Worked { frame: Frame::Done { id: call.id, items }, call })
    }
}

/// The fake machines, and the world outside that they share.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct World {
    pub machines: BTreeMap<usize, BTreeMap<String, String>>,
    pub members: BTreeMap<HostId, String>,
    /// What changed or read the world, in the order in which it happened.
    pub touched: Vec<TaskKey>,
}

impl World {
    /// What a held call finds out: whether anything is to change. It looks before its first change, so every item of a loop
    /// looks at the same machine; once committed it looks again, for the machine may have changed while it waited.
    fn would_change(&self, machine: usize, lane: HostId, body: &Body) -> bool {
        let touches = |item: &Map| {
            let (key, argument) = (word(item, "key"), word(item, "argument"));
            match body.module.as_str() {
                "put" | "raw" => argument != "bad" && self.get(machine, key) != Some(argument),
                "tell" => self.members.get(&lane).map(String::as_str) != Some(argument),
                "flaky" => true,
                _ => false,
            }
        };
        body.items.iter().any(touches)
    }

    pub fn run(&mut self, key: &TaskKey, machine: usize, lane: HostId, body: &Body) -> Vec<Answer> {
        if body.module == "members" || self.would_change(machine, lane, body) {
            self.touched.push(key.clone());
        }
        body.items.iter().map(|item| self.act(machine, lane, &body.module, item)).collect()
    }

    fn act(&mut self, machine: usize, lane: HostId, module: &str, item: &Map) -> Answer {
        let (key, argument) = (word(item, "key").to_string(), word(item, "argument").to_string());
        match module {
            "put" | "raw" if argument == "bad" => answer(false, true, "refused"),
            "put" | "raw" => {
                let before = self.machines.entry(machine).or_default().insert(key, argument.clone());
                answer(before.as_ref() != Some(&argument), false, &argument)
            }
            "check" => match self.get(machine, &key) {
                Some(value) if value == argument => answer(false, false, value),
                other => answer(false, true, &format!("`{key}` is {other:?}")),
            },
            "tell" => {
                let before = self.members.insert(lane, argument.clone());
                answer(before.as_ref() != Some(&argument), false, &argument)
            }
            "members" => answer(false, false, &format!("{:?}", self.members)),
            "flaky" => {
                let tries = self.machines.entry(machine).or_default().entry(key).or_default();
                tries.push('x');
                answer(tries.len().is_multiple_of(3), tries.len() % 5 == 4, tries)
            }
            "setup" | "teach" => {
                let facts = [("kind", format!("kind of {machine}")), ("taught", argument)];
                let facts: Map = facts.into_iter().collect();
                let mut answer = answer(false, false, "facts");
                answer.result.insert("ansible_facts", Value::from(facts));
                answer
            }
            other => answer(false, true, &format!("no module {other}")),
        }
    }

    fn get(&self, machine: usize, key: &str) -> Option<&str> {
        self.machines.get(&machine)?.get(key).map(String::as_str)
    }
}

fn word<'m>(item: &'m Map, name: &str) -> &'m str {
    item.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn answer(changed: bool, failed: bool, value: &str) -> Answer {
    Answer { changed, failed, result: [("value", value)].into_iter().collect(), ..Answer::default() }
}
