//! Dynamic includes. Hosts that ask for the same list at the same task go through it together, and lists run in the order in
//! which hosts, in their order, asked for them: so a host has to know what those before it ask for, or that they are past it.
use super::lane::{Lanes, Next};
use super::lists::Lists;
use super::message::{Begun, Brought, HostId, Include, IncludeTarget, Outcome, Output, Ticket, Work};
use super::place::{Source, Step, TaskKey};
use super::step::{Engine, Purpose};
use crate::playbook::model::Role;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// By task; under `free` each host has its own.
#[derive(Default)]
pub struct Includes(BTreeMap<(TaskKey, HostId), Turns>);

/// The host number under which all hosts of a linear batch are.
const ALL: HostId = HostId::MAX;

#[derive(Default)]
struct Turns {
    lists: Vec<List>,
    asked: BTreeMap<HostId, Vec<usize>>,
    /// What all have asked for so far; None: not all for the same.
    common: Option<Vec<usize>>,
    /// All hosts of the batch before this one have asked, or are past the task.
    next: usize,
    waiting: BTreeSet<HostId>,
}

struct List {
    include: Include,
    ticket: Ticket,
    state: Loading,
    /// Those that become public where a host goes through the list.
    roles: Vec<Arc<Role>>,
    waiting: Vec<HostId>,
}

enum Loading {
    UnderWay,
    /// Lists before it are still under way; they bring their handlers first.
    Ready(Brought),
    There,
    Failed(Outcome),
}

impl Includes {
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

impl Turns {
    /// The lists that stand for these includes; None for one that nobody has asked for.
    fn find(&self, includes: &[Include]) -> Vec<Option<usize>> {
        let mut found = Vec::new();
        for include in includes {
            let same = |(index, list): (usize, &List)| {
                (list.include == *include && !found.contains(&Some(index))).then_some(index)
            };
            let index = self.lists.iter().enumerate().find_map(same);
            found.push(index);
        }
        found
    }

    /// Whether asking for these lists leaves the order as it would be if hosts came one after another.
    fn agrees(&self, includes: &[Include]) -> bool {
        let found: Option<Vec<usize>> = self.find(includes).into_iter().collect();
        self.asked.is_empty() || (found.is_some() && found == self.common)
    }

    /// The roles of lists that hosts go through are public, those of others are not, or not any more.
    fn publish(&self, key: &TaskKey, scope: HostId, lists: &mut Lists) {
        for (index, list) in self.lists.iter().enumerate().filter(|(_, list)| !list.roles.is_empty()) {
            let steps = list_steps(key, scope, index);
            match self.asked.values().any(|asked| asked.contains(&index)) {
                true => lists.publish(steps, &list.roles),
                false => lists.withdraw(&steps),
            }
        }
    }

    fn advance(&mut self, key: &TaskKey, batch: &[HostId], lanes: &Lanes) {
        while let Some(next) = batch.get(self.next)
            && (self.asked.contains_key(next)
                || lanes.get(*next).and_then(|lane| lane.position.as_ref()).is_none_or(|at| at > key))
        {
            self.next += 1;
        }
    }
}

impl Engine {
    /// Asks for the lists of an include, when the host's turn has come.
    pub(super) fn include(&mut self, host: HostId, key: TaskKey, begun: Arc<Begun>, includes: &[Include]) -> bool {
        let scope = if self.order.linear { ALL } else { host };
        if scope == ALL && !self.is_turn(host, &key) {
            return false;
        }
        let turns = self.includes.0.entry((key.clone(), scope)).or_default();
        let agrees = turns.agrees(includes);
        // What changes the order for those that come after must not be taken back.
        if scope == ALL && !agrees && (!self.lanes[host].window.is_empty() || self.must_wait(host, &key)) {
            return false;
        }
        let mine = self.find_or_load(host, &key, scope, includes);
        let Some(turns) = self.includes.0.get_mut(&(key.clone(), scope)) else { return false };
        turns.common = (turns.asked.is_empty() || turns.common.as_ref() == Some(&mine)).then(|| mine.clone());
        for list in &mine {
            turns.lists[*list].waiting.push(host);
        }
        turns.asked.insert(host, mine);
        turns.publish(&key, scope, &mut self.lists);
        self.lanes[host].next = Next::Loading(begun.clone());
        self.take_turns(host);
        self.enter(host, key, begun)
    }

    /// The numbers of the lists that stand for these includes, in the order in which they run.
    fn find_or_load(&mut self, host: HostId, key: &TaskKey, scope: HostId, includes: &[Include]) -> Vec<usize> {
        let Some(task) = self.lists.task(key).cloned() else { return Vec::new() };
        let mut turns = self.includes.0.remove(&(key.clone(), scope)).unwrap_or_default();
        if turns.asked.is_empty() {
            // Whoever asked before did not come to it after all.
            turns.lists.clear();
        }
        let mut mine = Vec::new();
        for (include, found) in includes.iter().zip(turns.find(includes)) {
            mine.push(found.unwrap_or(turns.lists.len()));
            if found.is_none() {
                let ticket = self.ticket(Purpose::Load(key.clone(), scope));
                let (task, include, vars) = (task.clone(), include.clone(), self.lanes[host].cursor.vars.clone());
                let list = List {
                    include: include.clone(),
                    ticket,
                    state: Loading::UnderWay,
                    roles: Vec::new(),
                    waiting: Vec::new(),
                };
                turns.lists.push(list);
                let play = self.lists.with_public_roles(self.run.state.clone(), key);
                self.outputs.push(Output::Load { ticket, host, task, include, vars, play });
            }
        }
        self.includes.0.insert((key.clone(), scope), turns);
        mine.sort_unstable();
        mine
    }

    /// The host did not come to this include after all, or not yet.
    pub(super) fn take_back_include(&mut self, host: HostId, key: TaskKey) {
        let (seat, scope) = (self.seat(host), if self.order.linear { ALL } else { host });
        if let Some(turns) = self.includes.0.get_mut(&(key.clone(), scope)) {
            turns.asked.remove(&host);
            turns.publish(&key, scope, &mut self.lists);
            turns.next = turns.next.min(seat as usize);
            turns.lists.iter_mut().for_each(|list| list.waiting.retain(|waiting| *waiting != host));
        }
    }

    pub(super) fn loaded(&mut self, ticket: Ticket, result: Result<Brought, Outcome>) {
        let Some(Purpose::Load(key, scope)) = self.tickets.remove(&ticket) else { return };
        let Some(turns) = self.includes.0.get_mut(&(key.clone(), scope)) else { return };
        let Some(list) = turns.lists.iter_mut().find(|list| list.ticket == ticket) else { return };
        list.state = result.map_or_else(Loading::Failed, Loading::Ready);
        for (index, list) in turns.lists.iter_mut().enumerate() {
            list.state = match std::mem::replace(&mut list.state, Loading::There) {
                Loading::UnderWay => {
                    list.state = Loading::UnderWay;
                    break;
                }
                Loading::Ready(brought) => {
                    let is_role = matches!(list.include.target, IncludeTarget::Role { .. });
                    let Brought { nodes, handlers, public_roles } = brought;
                    self.lists.bring(list_steps(&key, scope, index), nodes, handlers, is_role);
                    list.roles = public_roles;
                    Loading::There
                }
                other => other,
            };
            self.dirty.extend(list.waiting.drain(..));
        }
        turns.publish(&key, scope, &mut self.lists);
        self.lists.lock_step &= self.order.linear;
    }

    /// Goes into the lists, once all are there.
    pub(super) fn enter(&mut self, host: HostId, key: TaskKey, begun: Arc<Begun>) -> bool {
        let scope = if self.order.linear { ALL } else { host };
        let Some(turns) = self.includes.0.get(&(key.clone(), scope)) else { return false };
        let Some(mine) = turns.asked.get(&host) else { return false };
        let mut failed = None;
        for list in mine {
            match &turns.lists[*list].state {
                Loading::UnderWay | Loading::Ready(_) => return false,
                Loading::There => {}
                Loading::Failed(outcome) => failed = failed.or(Some(outcome.clone())),
            }
        }
        if let Some(outcome) = failed {
            self.push_known(host, key, begun, outcome, Vec::new());
            let lane = &mut self.lanes[host];
            if let Some(entry) = lane.window.back_mut() {
                (entry.load_failed, entry.fence) = (true, true);
            }
            lane.cursor.pass(&self.lists);
            return true;
        }
        let number = |list: &usize| u32::try_from(*list).unwrap_or(u32::MAX);
        let included = mine.iter().map(|list| (number(list), turns.lists[*list].include.clone())).collect();
        let steps = mine.iter().map(|list| [Step::Item(number(list)), source(scope)]).collect();
        let outcome = match &begun.work {
            Work::Include { outcome, .. } => outcome.clone(),
            _ => Outcome::default(),
        };
        self.push_known(host, key, begun, outcome, Vec::new());
        let lane = &mut self.lanes[host];
        if let Some(entry) = lane.window.back_mut() {
            entry.included = included;
        }
        lane.cursor.include(&self.lists, steps);
        true
    }

    // ---- turns ----

    /// Otherwise the host is woken when all before it in the batch have asked, or are past the task.
    fn is_turn(&mut self, host: HostId, key: &TaskKey) -> bool {
        let (batch, seat) = (self.run.batch_hosts(), self.seat(host));
        let turns = self.includes.0.entry((key.clone(), ALL)).or_default();
        turns.advance(key, &batch, &self.lanes);
        let turn = seat as usize <= turns.next;
        if !turn {
            turns.waiting.insert(host);
        }
        turn
    }

    /// A host has moved, or asked: the one that waited for it may take its turn.
    pub(super) fn take_turns(&mut self, host: HostId) {
        if !self.order.linear {
            return;
        }
        let batch = self.run.batch_hosts();
        for ((key, _), turns) in &mut self.includes.0 {
            if batch.get(turns.next) == Some(&host) {
                turns.advance(key, &batch, &self.lanes);
                self.dirty.extend(batch.get(turns.next).filter(|next| turns.waiting.remove(next)));
            }
        }
        if let Some((first, _)) = self.order.first() {
            while let Some(entry) = self.includes.0.first_entry()
                && entry.key().0 < *first
            {
                entry.remove();
            }
        }
    }
}

fn list_steps(include: &TaskKey, scope: HostId, list: usize) -> Vec<Step> {
    let mut steps = include.0.clone();
    steps.extend([Step::Item(u32::try_from(list).unwrap_or(u32::MAX)), source(scope)]);
    steps
}

fn source(scope: HostId) -> Step {
    Step::Source(Source::Included(if scope == ALL { 0 } else { scope }))
}
