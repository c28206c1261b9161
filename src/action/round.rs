//! The turns of a loop, on their way to one call or to several.
use super::begin::{Asking, Each, Turn};
use super::loops::{self, Control, LoopItem};
use super::names::Names;
use super::prepare::{Ready, grown, prepared};
use super::{Halt, judge, result};
use crate::engine::message::{Begun, Effect, Include, Item, Meta, Outcome, Prepared, Work};
use std::sync::Arc;
use value::{Map, Value};

/// Turns of a loop on their way to a call.
pub struct Round<'r> {
    asking: &'r Asking<'r>,
    conditions: &'r [&'r Value],
    control: &'r Control,
    items: Vec<(Item, Option<Ready>)>,
    includes: Vec<Include>,
    effects: Vec<Effect>,
    meta: Option<Meta>,
    /// What earlier items set is seen by later ones; also their result, where the task's words speak of what it registers.
    learned: Map,
    register: Option<&'r str>,
}

impl<'r> Round<'r> {
    pub fn new(asking: &'r Asking<'r>, conditions: &'r [&'r Value], control: &'r Control) -> Self {
        let task = asking.task();
        let register = task.register.as_deref().filter(|register| loops::speaks_of(task, conditions, register));
        let (items, includes, effects) = (Vec::new(), Vec::new(), Vec::new());
        Self { asking, conditions, control, items, includes, effects, meta: None, learned: Map::new(), register }
    }

    /// The turns that are left: they wait for the last call.
    pub fn run(&mut self, names: &Names, turns: Vec<LoopItem>, begun: &mut Begun) -> Result<Vec<LoopItem>, Halt> {
        let mut turns = turns.into_iter();
        for turn in turns.by_ref() {
            let stop = self.turn(names, &turn, begun)?;
            let called = matches!(self.items.last(), Some((_, Some(_))));
            if stop {
                return Ok(Vec::new());
            }
            if called && self.register.is_some() {
                break;
            }
        }
        Ok(turns.collect())
    }

    /// Whether it is the last one.
    fn turn(&mut self, names: &Names, turn: &LoopItem, begun: &mut Begun) -> Result<bool, Halt> {
        let asking = self.asking;
        let named = |map: &Map| {
            map.iter().filter_map(|(key, value)| Some((key.as_str()?.to_string(), value.clone()))).collect::<Vec<_>>()
        };
        let names = names.with(named(&self.learned).into_iter().chain(named(&turn.vars)));
        let (each, hidden) = Turn { asking, conditions: self.conditions, names: names.with([]) }.run(begun)?;
        let label = match hidden {
            true => "(censored due to no_log)".to_string(),
            false => loops::label(turn, self.control, &names)?,
        };
        let mut item = Item { label: Some(label.clone()), vars: turn.vars.clone(), known: None, hidden, own: None };
        match each {
            // As in Ansible, a loop says nothing to `meta`.
            Each::Meta(meta) => {
                self.meta = Some(meta);
                Ok(true)
            }
            Each::Call(ready) => {
                self.items.push((item, Some(*ready)));
                Ok(false)
            }
            Each::Include(include, mut registered) => {
                self.includes.push(Include { vars: turn.vars.clone(), label: Some(label), ..include });
                // As Ansible's: an item that includes does not say whether it changed something.
                registered.remove("changed");
                let outcome = Outcome { result: Arc::new(registered), hidden, ..Outcome::default() };
                item = Item { label: None, known: Some(judge::with_item(outcome, &turn.vars)), ..item };
                self.items.push((item, None));
                Ok(false)
            }
            Each::Known(outcome, new) => {
                let (outcome, new) = judge::known(asking, names.top(), outcome, new, begun)?;
                if begun.delegate_facts.is_none() {
                    learn(&new, &mut self.learned);
                }
                self.effects.extend(new.into_iter().map(|effect| judge::of_delegate(effect, begun.delegate_facts)));
                let stop = judge::stops(asking, names.top(), &self.control.break_when, &outcome)?;
                let outcome = with_delegate(judge::with_item(outcome, &turn.vars), asking, begun);
                let outcome = Outcome { hidden, ..outcome };
                if let Some(register) = self.register {
                    self.learned.insert(register, outcome.registered());
                }
                self.items.push((Item { known: Some(outcome), ..item }, None));
                Ok(stop)
            }
        }
    }

    /// How long the pauses between items take that need no host.
    pub fn paused(&self, pause: f64) -> f64 {
        let known = |(item, _): &&(Item, Option<Ready>)| item.known.as_ref().is_some_and(|known| !known.skipped);
        pause * self.items.iter().filter(known).count().saturating_sub(1) as f64
    }

    pub fn finish(mut self, later: Vec<LoopItem>, begun: &mut Begun) -> Result<Work, Halt> {
        if let Some(meta) = self.meta {
            return Ok(Work::Meta(meta));
        }
        begun.no_log = self.items.iter().all(|(item, _)| item.hidden);
        if self.items.iter().any(|(_, ready)| ready.is_some()) {
            let later = later.into_iter().map(|turn| (turn.vars, turn.item)).collect();
            return Ok(prepared(self.items, later, self.control.pause, !self.control.break_when.is_empty(), begun));
        }
        let items = self.items.drain(..).map(|(item, _)| item).collect::<Vec<_>>();
        let outcomes = items.iter().filter_map(|item| item.known.clone()).collect();
        let outcome = judge::aggregate(&items, outcomes);
        if !self.includes.is_empty() {
            return Ok(Work::Include { includes: self.includes, outcome });
        }
        // Each effect knows whose it is.
        begun.delegate_facts = None;
        Ok(Work::Known { outcome, effects: self.effects })
    }
}

/// The task with the items that waited for this outcome of the one before them.
pub fn next(asking: &Asking, begun: &Begun, prepared: &Prepared, last: &Outcome) -> Result<Begun, Halt> {
    let mut begun = begun.clone();
    let Some(looped) = &asking.task().looped else { return Ok(begun) };
    let control = Control::of(&looped.control, prepared.pause);
    let conditions = asking.task().gathered(|keywords| &keywords.when);
    let mut round = Round::new(asking, &conditions, &control);
    if let Some(register) = round.register {
        round.learned.insert(register, last.registered());
    }
    let turns = prepared.later.iter().map(|(vars, item)| LoopItem { vars: vars.clone(), item: item.clone() });
    let later = round.run(&asking.names(&Arc::default()), turns.collect(), &mut begun)?;
    let later = later.into_iter().map(|turn| (turn.vars, turn.item)).collect();
    let (grown, notes) = grown(prepared, &begun.notes, round.items, later);
    (begun.work, begun.notes) = (Work::Call(Box::new(grown)), notes);
    Ok(begun)
}

/// Each item may be somebody else's.
fn with_delegate(mut outcome: Outcome, asking: &Asking, begun: &Begun) -> Outcome {
    if !outcome.skipped && asking.task().inherited(|keywords| keywords.delegate_to.as_ref()).is_some() {
        result::edit(&mut outcome, |fields| {
            fields.insert(result::DELEGATE, begun.delegate.as_deref());
        });
    }
    outcome
}

fn learn(effects: &[Effect], learned: &mut Map) {
    for effect in effects {
        match effect {
            Effect::SetFact { name, value, .. } => {
                learned.insert(name.as_str(), value.clone());
            }
            Effect::Included(map) => learned.extend(map.clone()),
            _ => {}
        }
    }
}
