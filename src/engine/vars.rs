//! What tasks teach a host: registers, facts, included variables. And what others see of it: never what is past the asker.
use super::cursor::Cursor;
use super::lane::Lane;
use super::message::{Effect, HostId, HostVars, InventoryChange, Outcome, Output, PlayState};
use super::place::TaskKey;
use super::step::Engine;
use std::collections::BTreeMap;
use std::sync::Arc;
use target::protocol::CallId;
use value::{Map, Value};

/// Others' variables as they stood before one task; asked for by every host that is there, and made once.
#[derive(Default)]
pub struct Seen {
    at: Option<TaskKey>,
    others: Arc<BTreeMap<HostId, HostVars>>,
    play: Arc<PlayState>,
}

/// Cursors that share a map go on sharing what becomes of it.
#[derive(Default)]
struct Shared(Option<[Arc<Map>; 2]>);

impl Shared {
    fn change(&mut self, map: &mut Arc<Map>, change: impl FnOnce(&mut Map)) {
        if let Some([before, after]) = &self.0
            && Arc::ptr_eq(before, map)
        {
            *map = after.clone();
            return;
        }
        let before = map.clone();
        change(Arc::make_mut(map));
        self.0 = Some([before, map.clone()]);
    }
}

impl Cursor {
    pub fn register(&mut self, name: &str, value: Value) {
        Arc::make_mut(&mut self.vars.registers).insert(name, value);
    }
}

impl Lane {
    /// This cursor and those kept from this entry of the window on.
    fn cursors_from(&mut self, index: usize) -> impl Iterator<Item = &mut Cursor> {
        self.window.range_mut(index..).map(|entry| &mut entry.cursor).chain([&mut self.cursor])
    }

    /// Keeps the promise of a call, in every copy.
    pub fn resolve(&mut self, index: usize, call: CallId, outcome: &Outcome) {
        let (mut shared, result) = (Shared::default(), outcome.registered());
        for cursor in self.cursors_from(index) {
            cursor.resolve_promises(call, outcome);
            if cursor.vars.facts_pending == Some(call) {
                cursor.vars.facts_pending = None;
            }
            let promised = |value: &Value| matches!(value, Value::Pending(id) if *id == call);
            if cursor.vars.registers.values().any(promised) {
                shared.change(&mut cursor.vars.registers, |registers| {
                    let names: Vec<_> =
                        registers.iter().filter(|(_, value)| promised(value)).map(|(name, _)| name.clone()).collect();
                    registers.extend(names.into_iter().map(|name| (name, result.clone())));
                });
            }
        }
    }

    pub fn teach(&mut self, index: usize, effect: &Effect) {
        teach_all(self.cursors_from(index).map(|cursor| &mut cursor.vars), effect);
    }

    /// What it knew before this task.
    fn known_before(&self, key: &TaskKey) -> Option<&HostVars> {
        self.history.iter().rev().find(|(at, _)| at < key).map(|(_, vars)| vars)
    }
}

fn teach_all<'v>(all: impl Iterator<Item = &'v mut HostVars>, effect: &Effect) {
    let (mut shared, mut cached) = (Shared::default(), Shared::default());
    for vars in all {
        match effect {
            Effect::SetFact { name, value, cacheable } => {
                shared.change(&mut vars.registers, |registers| {
                    registers.insert(name.as_str(), value.clone());
                });
                if *cacheable {
                    cached.change(&mut vars.facts, |known| {
                        known.insert(name.as_str(), value.clone());
                    });
                }
            }
            Effect::Facts(facts) => shared.change(&mut vars.facts, |known| {
                known.extend(facts.iter().map(|(name, value)| (name.clone(), value.clone())));
            }),
            Effect::Included(included) => shared.change(&mut vars.included, |known| {
                known.extend(included.iter().map(|(name, value)| (name.clone(), value.clone())));
            }),
            Effect::ClearFacts => {
                vars.facts = Arc::default();
                vars.facts_pending = None;
            }
            Effect::Inventory(_) | Effect::Of(..) => {}
        }
    }
}

impl Engine {
    /// Applies what the task at this index of the window (or past it: at the cursor) does on the controller.
    pub fn apply(&mut self, host: HostId, index: usize, effects: &[Effect], delegate: Option<HostId>) {
        for effect in effects {
            let facts = matches!(effect, Effect::Facts(_) | Effect::SetFact { .. } | Effect::ClearFacts);
            match (effect, delegate.filter(|other| facts && *other != host)) {
                (Effect::Inventory(change), _) => self.change_inventory(change.clone()),
                (Effect::Of(other, effect), _) => self.apply(host, index, std::slice::from_ref(effect), Some(*other)),
                (_, Some(other)) => {
                    let lane = self.lanes.open(other);
                    if lane.history.is_empty() {
                        lane.history.push_back((TaskKey::default(), HostVars::default()));
                    }
                    lane.teach(0, effect);
                    let known = lane.history.iter_mut().map(|(_, vars)| vars);
                    teach_all(known, effect);
                    self.seen.at = None;
                }
                (_, None) => self.lanes[host].teach(index, effect),
            }
        }
    }

    fn change_inventory(&mut self, change: InventoryChange) {
        self.outputs.push(Output::Inventory(change));
    }

    /// After a task has settled: others may now ask for what the host knows.
    pub fn remember(&mut self, host: HostId, key: &TaskKey, vars: HostVars) {
        let first = self.order.first().map(|(key, _)| key.clone());
        let lane = &mut self.lanes[host];
        lane.history.push_back((key.clone(), vars));
        while let Some((second, _)) = lane.history.get(1)
            && first.as_ref().is_none_or(|first| second < first)
        {
            lane.history.pop_front();
        }
    }

    /// What every host knew before this task, and which hosts were still in the play.
    pub fn see(&mut self, key: &TaskKey) -> (Arc<BTreeMap<HostId, HostVars>>, Arc<PlayState>) {
        if !self.order.linear || self.seen.at.as_ref() != Some(key) {
            let known = |(host, lane): (HostId, &Lane)| Some((host, lane.known_before(key)?.clone()));
            let others = self.lanes.iter().filter_map(known).collect();
            let state = &self.run.state;
            let live = |host: &HostId| {
                let lost_at = self.lanes.get(*host).and_then(|lane| lane.lost_at.as_ref());
                lost_at.is_none_or(|lost| lost >= key)
            };
            let live: Vec<HostId> = state.live.iter().copied().filter(live).collect();
            let play = match live.len() == state.live.len() {
                true => state.clone(),
                false => Arc::new(PlayState { live: Arc::new(live), ..PlayState::clone(state) }),
            };
            self.seen = Seen { at: Some(key.clone()), others: Arc::new(others), play };
        }
        (self.seen.others.clone(), self.seen.play.clone())
    }

    pub fn forget_seen(&mut self) {
        self.seen = Seen::default();
    }
}
