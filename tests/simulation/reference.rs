//! The same plays by plain recursion, one task at a time over all hosts, each waited for. Slow on a real network, but obviously
//! right; the engine must come to the same end. It evaluates by itself.
use crate::helper::World;
use crate::language::{RETRY, inventory};
use crate::plays::{Scenario, text};
use deploy::engine::message::{Counts, Event, Failure, HostId, Opened, Outcome, Recap, Status};
use deploy::engine::place::{ALWAYS, BODY, RESCUE, Source, Step, TaskKey};
use deploy::playbook::model::{Block, LoopSource, Node, Task};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use target::protocol::Body;
use value::{Diagnostic, Map, Value};

pub struct Reference<'s> {
    scenario: &'s Scenario,
    pub world: World,
    pub registers: BTreeMap<HostId, BTreeMap<String, Value>>,
    pub facts: BTreeMap<HostId, BTreeMap<String, Value>>,
    pub events: Vec<Event>,
    /// Where connections are cut.
    lost: BTreeSet<(HostId, TaskKey)>,
    notified: BTreeSet<(HostId, usize)>,
    /// Hosts that no later play wants.
    out: BTreeSet<HostId>,
    /// Of those, which this batch lost.
    lost_in_batch: BTreeSet<HostId>,
    /// Failures that go on at the end of an always section.
    failing: BTreeSet<(HostId, Vec<Step>)>,
    /// Hosts that fail at their next task, because of another.
    doomed: BTreeSet<HostId>,
    failed_at_once: BTreeSet<HostId>,
    /// Hosts whose failure was cleared before anybody heard of it.
    forgiven: BTreeSet<HostId>,
    batch: Vec<HostId>,
    /// In which order the hosts of the batch come.
    seats: BTreeMap<HostId, usize>,
    play: usize,
    /// The batch, the play, or the run ends here.
    ends: Option<End>,
    /// A fault of the playbook has ended the run.
    pub refused: bool,
    shown: Option<TaskKey>,
    /// What hosts had before the task that runs.
    before: BTreeMap<HostId, BTreeMap<String, Value>>,
    live: usize,
    /// Facts that the task under way brought.
    taught: Vec<(String, Value)>,
    /// Of roles: where a task of them ran, and where they came to their end.
    ran: BTreeSet<(HostId, Arc<str>)>,
    at_end: BTreeSet<(HostId, Arc<str>)>,
    /// Hosts that leave a role while a failure goes on.
    failing_out: BTreeSet<HostId>,
    /// Lists that included roles brought.
    roles: BTreeSet<Vec<Step>>,
    /// One is at each batch's beginning.
    pub fences: Fences,
}

#[derive(Clone, Copy, PartialEq)]
enum End {
    Batch,
    Play,
    Run,
}

/// Counts, for a single host, how often the next step needs an answer that no wait has brought yet.
#[derive(Default)]
pub struct Fences {
    pub count: usize,
    registers: BTreeSet<String>,
    handlers: BTreeSet<usize>,
    facts: bool,
}

/// What became of the hosts of a list or task; one that was lost or ended is in none.
#[derive(Default)]
struct Split {
    through: Vec<HostId>,
    failed: Vec<HostId>,
    /// Failed because another did, which skips what would have come first for them.
    failed_twice: Vec<HostId>,
    /// On their way to the end of their role.
    leaving: Vec<HostId>,
}

/// A block around a task, and the section in which the task is.
#[derive(Clone, Copy)]
struct Around<'s> {
    block: &'s Block,
    section: u8,
}

/// A host, the files that it includes, and the hosts that leave it to this one.
type Asked = (HostId, Vec<(String, Option<Value>)>, Vec<HostId>);

/// What one host made of a task.
enum One {
    Known(Outcome),
    Include(Vec<(String, Option<Value>)>),
    /// It calls a handler that nobody has.
    Refused,
    Meta(String),
}

impl Split {
    fn add(&mut self, other: Split) {
        self.through.extend(other.through);
        self.failed.extend(other.failed);
        self.failed_twice.extend(other.failed_twice);
        self.leaving.extend(other.leaving);
    }
}

impl<'s> Reference<'s> {
    pub fn new(scenario: &'s Scenario, world: World, lost: BTreeSet<(HostId, TaskKey)>) -> Self {
        Self {
            scenario,
            world,
            registers: BTreeMap::new(),
            facts: BTreeMap::new(),
            events: Vec::new(),
            lost,
            notified: BTreeSet::new(),
            out: BTreeSet::new(),
            lost_in_batch: BTreeSet::new(),
            failing: BTreeSet::new(),
            doomed: BTreeSet::new(),
            failed_at_once: BTreeSet::new(),
            forgiven: BTreeSet::new(),
            batch: Vec::new(),
            seats: BTreeMap::new(),
            play: 0,
            ends: None,
            refused: false,
            shown: None,
            before: BTreeMap::new(),
            live: 0,
            taught: Vec::new(),
            ran: BTreeSet::new(),
            at_end: BTreeSet::new(),
            failing_out: BTreeSet::new(),
            roles: BTreeSet::new(),
            fences: Fences::default(),
        }
    }

    pub fn run(&mut self) {
        for (index, play) in self.scenario.plays.iter().enumerate() {
            self.play = index;
            if play.batches.is_empty() {
                self.events.push(Event::PlayStarted { play: index as u32, name: play.name.clone(), hosts: vec![] });
                self.events.push(Event::NoHostsMatched);
            }
            for (number, batch) in play.batches.iter().enumerate() {
                self.batch(play, number as u32, batch);
                if self.ends == Some(End::Run) || self.lost_in_batch.len() == batch.len() {
                    return self.recap();
                }
                if self.ends == Some(End::Play) {
                    break;
                }
            }
        }
        self.recap();
    }

    fn recap(&mut self) {
        if self.refused {
            return;
        }
        let mut recap = BTreeMap::<HostId, Counts>::new();
        for event in &self.events {
            match event {
                Event::Included { hosts, .. } => {
                    hosts.iter().for_each(|host| recap.entry(*host).or_default().ok += 1);
                }
                Event::Task { host, action, status, .. } if action != "meta" => {
                    let counts = recap.entry(*host).or_default();
                    let word = match status {
                        Status::Unreachable { ignored: false, .. } => &mut counts.unreachable,
                        Status::Settled { failure: Failure::Fatal, .. } => &mut counts.failed,
                        Status::Settled { failure: Failure::Rescued, .. } => &mut counts.rescued,
                        Status::Settled { outcome, .. } if outcome.skipped => &mut counts.skipped,
                        _ => &mut counts.ok,
                    };
                    *word += 1;
                    match status {
                        Status::Settled { failure: Failure::Fatal | Failure::Rescued, .. } => {}
                        Status::Settled { outcome, failure } => {
                            counts.changed += u32::from(outcome.changed);
                            counts.ignored += u32::from(*failure == Failure::Ignored);
                        }
                        Status::Unreachable { ignored, .. } => counts.ignored += u32::from(*ignored),
                    }
                }
                _ => {}
            }
        }
        self.events.push(Event::Recap(Recap(recap)));
    }

    fn batch(&mut self, play: &'s Opened, number: u32, hosts: &[HostId]) {
        let started = Event::PlayStarted { play: self.play as u32, name: play.name.clone(), hosts: hosts.to_vec() };
        self.events.push(started);
        self.fences.add();
        self.batch = hosts.to_vec();
        self.seats = hosts.iter().enumerate().map(|(seat, host)| (*host, seat)).collect();
        self.ends = None;
        self.lost_in_batch.clear();
        self.failed_at_once.clear();
        self.forgiven.clear();
        self.doomed.clear();
        self.notified.clear();
        self.ran.clear();
        self.at_end.clear();
        self.failing.clear();
        for host in hosts {
            self.registers.entry(*host).or_default();
        }
        let live: Vec<HostId> = hosts.iter().copied().filter(|host| !self.out.contains(host)).collect();
        let steps = vec![Step::Play(self.play as u32), Step::Batch(number)];
        match self.scenario.linear {
            true => self.sections(play, &steps, live),
            false => live.into_iter().for_each(|host| self.sections(play, &steps, vec![host])),
        }
    }

    fn sections(&mut self, play: &'s Opened, steps: &[Step], mut hosts: Vec<HostId>) {
        if let Some(setup) = &play.gather_facts {
            let key = TaskKey([steps, &[Step::Source(Source::Setup), Step::Node(0)]].concat());
            let split = self.task(&key, setup, hosts, &[]);
            split.failed.iter().for_each(|host| self.lose(*host));
            hosts = split.through;
        }
        let sections = [Source::PreTasks, Source::Tasks, Source::PostTasks];
        let lists = [&play.play.pre_tasks, &play.play.tasks, &play.play.post_tasks];
        for (source, nodes) in sections.into_iter().zip(lists) {
            let list = [steps, &[Step::Source(source)]].concat();
            let split = self.list(&list, nodes, hosts, &[]);
            let through = [split.through, split.leaving].concat();
            let called = |host: &HostId| self.notified.iter().any(|(other, _)| other == host);
            let mut flushing = through;
            if play.force_handlers {
                flushing.extend(split.failed.into_iter().filter(called));
            }
            flushing.sort_by_key(|host| self.seats.get(host));
            let flush = [&list[..], &[Step::Node(nodes.len() as u32), Step::Source(Source::Handlers)]].concat();
            let split = self.list(&flush, &play.play.handlers, flushing, &[]);
            let through = [split.through, split.leaving].concat();
            hosts = through.into_iter().filter(|host| !self.out.contains(host)).collect();
            hosts.sort_by_key(|host| self.seats.get(host));
        }
    }

    fn lose(&mut self, host: HostId) {
        self.out.insert(host);
        self.lost_in_batch.insert(host);
    }

    fn list(&mut self, list: &[Step], nodes: &'s [Node], hosts: Vec<HostId>, around: &[Around<'s>]) -> Split {
        let mut split = Split { through: hosts, ..Split::default() };
        for (index, node) in nodes.iter().enumerate() {
            if self.ends.is_some() {
                return Split::default();
            }
            let key = TaskKey([list, &[Step::Node(index as u32)]].concat());
            let hosts = std::mem::take(&mut split.through);
            let mut after = match node {
                Node::Task(task) => self.task(&key, task, hosts, around),
                Node::Block(block) => self.called_block(&key, block, hosts, around),
            };
            if around.is_empty() {
                // Nothing can rescue them any more.
                after.failed.append(&mut after.failed_twice);
                for host in &after.failed {
                    if !self.forgiven.remove(host) {
                        self.lose(*host);
                    }
                }
            }
            split.add(after);
            split.through.sort_by_key(|host| self.seats.get(host));
        }
        split
    }

    /// A handler may be a block; only those that it was called for go through it.
    fn called_block(&mut self, key: &TaskKey, block: &'s Block, hosts: Vec<HostId>, around: &[Around<'s>]) -> Split {
        if !key.is_handler() {
            return self.block(key, block, hosts, around);
        }
        let (doomed, hosts): (Vec<_>, Vec<_>) = hosts.into_iter().partition(|host| self.doomed.remove(host));
        let (called, rest): (Vec<_>, Vec<_>) = hosts.into_iter().partition(|host| self.is_called(key, *host));
        let mut split = self.block(key, block, called, around);
        split.through.extend(rest);
        split.failed.extend(doomed);
        split
    }

    fn block(&mut self, key: &TaskKey, block: &'s Block, hosts: Vec<HostId>, around: &[Around<'s>]) -> Split {
        let role = block.frame.role.clone();
        let before = |host: &HostId| {
            let once = role.as_ref().filter(|role| !role.allow_duplicates);
            let known = once.map(|role| (*host, role.identity.clone()));
            known.is_some_and(|known| self.at_end.contains(&known) && self.ran.contains(&known))
        };
        if role.is_some() {
            self.fences.add();
        }
        let (repeated, hosts): (Vec<_>, Vec<_>) = hosts.into_iter().partition(before);
        let [body_nodes, rescue_nodes, always_nodes] = &block.sections;
        let inside = |section| [around, &[Around { block, section }]].concat();
        let list = |section| [&key.0[..], &[Step::Section(section)]].concat();
        let mut body = self.list(&list(BODY), body_nodes, hosts, &inside(BODY));
        if let Some(role) = role {
            self.at_end.extend(body.through.iter().chain(&body.leaving).map(|host| (*host, role.identity.clone())));
        }
        let mut failed = std::mem::take(&mut body.failed);
        let mut up = Split { leaving: std::mem::take(&mut body.leaving), ..Split::default() };
        let mut twice = std::mem::take(&mut body.failed_twice);
        if !rescue_nodes.is_empty() {
            failed.sort_by_key(|host| self.seats.get(host));
            let rescue = self.list(&list(RESCUE), rescue_nodes, failed, &inside(RESCUE));
            body.through.extend(rescue.through);
            // They go to always, but those that failed there because of another pass over it.
            failed = [rescue.failed, twice].concat();
            twice = rescue.failed_twice;
            up.leaving.extend(rescue.leaving);
        }
        up.failed.extend(twice);
        self.failing.extend(failed.iter().map(|host| (*host, key.0.clone())));
        let mut all = [body.through, failed].concat();
        all.sort_by_key(|host| self.seats.get(host));
        let always = self.list(&list(ALWAYS), always_nodes, all, &inside(ALWAYS));
        for host in always.through {
            match self.failing.remove(&(host, key.0.clone())) {
                true => up.failed.push(host),
                false => up.through.push(host),
            }
        }
        let failing_out = always.leaving.iter().filter(|host| self.failing.contains(&(**host, key.0.clone())));
        self.failing_out.extend(failing_out.copied().collect::<Vec<_>>());
        for host in always.failed.iter().chain(&always.failed_twice).chain(&always.leaving) {
            self.failing.remove(&(*host, key.0.clone()));
        }
        up.failed.extend(always.failed.into_iter().chain(always.failed_twice));
        up.leaving.extend(always.leaving);
        if block.frame.role.is_some() {
            self.leave_role(&mut up);
        }
        up.through.extend(repeated);
        up
    }

    /// Who ended a role is through with it, unless a failure was on its way.
    fn leave_role(&mut self, split: &mut Split) {
        for host in std::mem::take(&mut split.leaving) {
            match self.failing_out.remove(&host) {
                true => split.failed.push(host),
                false => split.through.push(host),
            }
        }
    }

    // ---- one task ----

    fn task(&mut self, key: &TaskKey, task: &Arc<Task>, hosts: Vec<HostId>, around: &[Around<'s>]) -> Split {
        let mut split = Split::default();
        self.look_around(task);
        let (doomed, hosts): (Vec<_>, Vec<_>) = hosts.into_iter().partition(|host| self.doomed.remove(host));
        split.failed.extend(doomed);
        let (called, rest): (Vec<_>, Vec<_>) =
            hosts.into_iter().partition(|host| !key.is_handler() || self.is_called(key, *host));
        let (mut asked, mut flushing, mut failed, mut passed) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut waiting = called.into_iter();
        while let Some(host) = waiting.next() {
            let once = self.scenario.linear && (is_once(task) || is_for_all(task));
            let others: Vec<HostId> = if once { waiting.by_ref().collect() } else { vec![] };
            if self.lost.contains(&(host, key.clone())) {
                self.unreachable(key, task, host);
                self.lose(host);
                for other in others.iter().filter(|_| task.register.is_some()) {
                    let name = task.register.as_ref().map(ToString::to_string).unwrap_or_default();
                    self.registers.entry(*other).or_default().insert(name, Value::Map(Arc::default()));
                }
                failed.extend([&[host], &others[..]].concat());
                split.failed_twice.extend(others);
                continue;
            }
            match self.one(key, task, host) {
                One::Known(outcome) => {
                    let failure = failure(&outcome, task, around);
                    self.settle(key, task, host, &outcome, failure, around);
                    self.share(task, host, &others, &outcome);
                    if matches!(failure, Failure::Fatal | Failure::Rescued) {
                        failed.extend([&[host], &others[..]].concat());
                        split.failed.push(host);
                        split.failed_twice.extend(others);
                    } else {
                        passed.extend([&[host], &others[..]].concat());
                    }
                }
                One::Refused => {
                    self.show(key, task, false);
                    self.events.push(Event::Said(Diagnostic::error("unknown-handler", "")));
                    (self.ends, self.refused) = (Some(End::Run), true);
                    return Split::default();
                }
                One::Include(includes) => {
                    asked.push((host, includes, others));
                }
                One::Meta(word) => {
                    self.show(key, task, true);
                    let role = task.frame.role().map(|role| role.name.clone());
                    self.events.push(Event::Meta { host, meta: crate::language::meta(&word), role });
                    if word == "clear_host_errors" {
                        // Those that are not here have failed on their way, or have ended.
                        let here = |other: &&HostId| **other != host && !others.contains(other);
                        self.forgiven = self.batch.iter().filter(here).copied().collect();
                    }
                    passed.extend(others);
                    match word.as_str() {
                        "flush_handlers" => flushing.push(host),
                        "end_host" => self.end_host(host),
                        "end_role" if self.is_in_role(key, around) => split.leaving.push(host),
                        word => {
                            passed.push(host);
                            self.meta(word, host);
                        }
                    }
                }
            }
        }
        if asked.is_empty() {
            self.decide(task, &failed, &mut passed, &rest, &mut split);
        }
        split.through.extend(passed.into_iter().chain(rest));
        if self.ends.is_some() {
            return Split::default();
        }
        if !asked.is_empty() {
            self.include(key, task, (asked, failed), around, &mut split);
        }
        if !flushing.is_empty() {
            let handlers = [&key.0[..], &[Step::Source(Source::Handlers)]].concat();
            let play = &self.scenario.plays[self.play].play;
            let mut after = self.list(&handlers, &play.handlers, flushing, around);
            after.failed.append(&mut after.failed_twice);
            split.add(after);
        }
        split.through.sort_by_key(|host| self.seats.get(host));
        split
    }

    /// What stays as it was until all hosts are through with the task.
    fn look_around(&mut self, task: &Task) {
        let text = format!("{:?}{:?}{:?}", task.args, task.looped, task.keywords);
        if text.contains("peer") || format!("{:?}{:?}", task.failed_when, task.until).contains("peer") {
            self.before = self.registers.clone();
        }
        let all = self.scenario.plays[self.play].batches.iter().flatten();
        self.live = all.filter(|host| !self.out.contains(host)).count();
    }

    /// Decides what a failure means for all hosts, once all are through with the task.
    fn decide(&mut self, task: &Task, failed: &[HostId], passed: &mut Vec<HostId>, rest: &[HostId], split: &mut Split) {
        if failed.is_empty() || !self.scenario.linear {
            return;
        }
        if task.inherited(|keywords| keywords.any_errors_fatal.as_ref()) == Some(&Value::Bool(true)) {
            let here = |host: &HostId| failed.contains(host) || (passed.contains(host) && !rest.contains(host));
            let elsewhere = self.batch.iter().filter(|host| !here(host)).copied();
            self.doomed = elsewhere.collect();
            split.failed.append(passed);
        }
        let limit = self.scenario.plays[self.play].max_fail_percentage;
        let percentage = self.failed_at_once.len() as f64 / self.batch.len().max(1) as f64 * 100.0;
        if limit.is_some_and(|limit| percentage > limit) {
            self.events.extend([Event::NoHostsLeft, Event::NoHostsLeft]);
            self.ends = Some(End::Run);
        }
    }

    fn end_host(&mut self, host: HostId) {
        if self.failing.iter().any(|(failing, _)| *failing == host) {
            self.lose(host);
        }
        self.failing.retain(|(failing, _)| *failing != host);
    }

    fn meta(&mut self, word: &str, host: HostId) {
        match word {
            "end_play" | "end_batch" => {
                self.ends = Some(if word == "end_play" { End::Play } else { End::Batch });
                for (host, _) in std::mem::take(&mut self.failing) {
                    self.lose(host);
                }
            }
            "clear_host_errors" => {
                self.out.clear();
                self.lost_in_batch.clear();
                self.failing.clear();
                self.failed_at_once.clear();
            }
            "clear_facts" if self.scenario.linear => {
                for host in &self.batch {
                    self.facts.remove(host);
                }
            }
            "clear_facts" => drop(self.facts.remove(&host)),
            _ => self.fences.add(),
        }
    }

    fn is_in_role(&self, key: &TaskKey, around: &[Around]) -> bool {
        around.iter().any(|around| around.block.frame.role.is_some())
            || (0..key.0.len()).any(|depth| self.roles.contains(&key.0[..depth]))
    }

    fn is_called(&mut self, key: &TaskKey, host: HostId) -> bool {
        let Some(Step::Node(handler)) = key.0.last() else { return false };
        if self.fences.handlers.contains(&(*handler as usize)) {
            self.fences.add();
        }
        self.notified.remove(&(host, *handler as usize))
    }

    // ---- includes ----

    fn include(
        &mut self,
        key: &TaskKey,
        task: &Arc<Task>,
        (asked, mut failed): (Vec<Asked>, Vec<HostId>),
        around: &[Around<'s>],
        split: &mut Split,
    ) {
        let mut lists: Vec<(String, Option<Value>)> = Vec::new();
        let mut hosts: Vec<Vec<HostId>> = Vec::new();
        for (host, includes, others) in asked {
            let mut mine = BTreeSet::new();
            for include in includes {
                let same = (0..lists.len()).find(|list| lists[*list] == include && !mine.contains(list));
                mine.insert(same.unwrap_or_else(|| {
                    lists.push(include);
                    hosts.push(Vec::new());
                    lists.len() - 1
                }));
            }
            if mine.iter().any(|list| !self.scenario.files.contains_key(&lists[*list].0)) {
                self.settle(key, task, host, &missing(), Failure::Fatal, around);
                split.failed.push(host);
                failed.extend([&[host], &others[..]].concat());
                split.failed_twice.extend(others);
                continue;
            }
            split.through.extend(others);
            self.run_in_role(task, host, &Outcome::default());
            mine.iter().for_each(|list| hosts[*list].push(host));
        }
        // What single hosts had to say stands before what they enter together, in their order.
        let said = self.events.iter().rposition(|event| !is_at(event, key)).map_or(0, |last| last + 1);
        let seats = &self.seats;
        self.events[said..].sort_by_key(|event| match event {
            Event::Task { host, .. } => seats.get(host),
            _ => None,
        });
        for (list, hosts) in hosts.iter().enumerate().filter(|(_, hosts)| !hosts.is_empty()) {
            self.show(key, task, false);
            let (target, item) = &lists[list];
            let label = item.as_ref().map(print);
            self.events.push(Event::Included { key: key.clone(), hosts: hosts.clone(), target: target.clone(), label });
        }
        self.decide(task, &failed, &mut Vec::new(), &[], split);
        let scenario = self.scenario;
        let mut gone = BTreeSet::new();
        let mut members = BTreeSet::new();
        for (list, hosts) in hosts.into_iter().enumerate() {
            let hosts: Vec<HostId> = hosts.into_iter().filter(|host| !gone.contains(host)).collect();
            members.extend(hosts.iter().copied());
            let number = if scenario.linear { 0 } else { hosts.first().copied().unwrap_or(0) };
            let steps = [&key.0[..], &[Step::Item(list as u32), Step::Source(Source::Included(number))]].concat();
            let is_role = task.action.name == "include_role";
            if is_role {
                self.roles.insert(steps.clone());
            }
            let Some(nodes) = scenario.files.get(&lists[list].0) else { continue };
            let started = hosts.clone();
            let mut after = self.list(&steps, nodes, hosts, around);
            if is_role {
                self.leave_role(&mut after);
            }
            gone.extend(started.into_iter().filter(|host| !after.through.contains(host)));
            split.failed.extend(after.failed.into_iter().chain(after.failed_twice));
            split.leaving.extend(after.leaving);
        }
        if self.ends.is_some() {
            return;
        }
        split.through.extend(members.into_iter().filter(|host| !gone.contains(host)));
    }

    // ---- what is said about it ----

    fn show(&mut self, key: &TaskKey, task: &Task, again: bool) {
        if self.shown.as_ref() == Some(key) && !again {
            return;
        }
        self.shown = Some(key.clone());
        self.events.push(Event::TaskStarted {
            key: key.clone(),
            name: task.name.as_ref().map(ToString::to_string).unwrap_or_default(),
            span: task.span,
            handler: key.0.contains(&Step::Source(Source::Handlers)),
            action: task.action.name.clone(),
            check_mode: false,
        });
    }

    fn unreachable(&mut self, key: &TaskKey, task: &Task, host: HostId) {
        self.show(key, task, false);
        let outcome = Outcome { unreachable: true, ..Outcome::default() };
        self.say(key, task, host, Status::Unreachable { outcome, ignored: false });
    }

    fn say(&mut self, key: &TaskKey, task: &Task, host: HostId, status: Status) {
        let action = task.action.name.clone();
        self.events.push(Event::Task {
            key: key.clone(),
            host,
            delegate: None,
            action,
            traits: task.action.traits,
            status,
            no_log: false,
        });
    }

    fn settle(
        &mut self,
        key: &TaskKey,
        task: &Task,
        host: HostId,
        outcome: &Outcome,
        failure: Failure,
        around: &[Around<'s>],
    ) {
        self.run_in_role(task, host, outcome);
        self.show(key, task, task.action.name == "meta");
        self.say(key, task, host, Status::Settled { outcome: outcome.clone(), failure });
        let registers = self.registers.entry(host).or_default();
        if let Some(name) = &task.register {
            registers.insert(name.to_string(), Value::Map(outcome.result.clone()));
        }
        if matches!(failure, Failure::Fatal | Failure::Rescued) {
            if is_rescuable(around) {
                let failed = [
                    ("name", task.name.clone().map(Value::from).unwrap_or_default()),
                    ("action", Value::from(task.action.written.clone())),
                    ("args", Value::from(task.args.map.clone())),
                ];
                registers.insert("ansible_failed_task".into(), Value::from(failed.into_iter().collect::<Map>()));
                registers.insert("ansible_failed_result".into(), Value::Map(outcome.result.clone()));
            }
            self.fences.add();
            if goes_out(around) || self.out.contains(&host) {
                self.failed_at_once.insert(host);
            }
        }
        if outcome.changed && !outcome.failed {
            for (handler, name) in self.called(task).0 {
                self.events.push(Event::Notified { host, handler: name });
                self.notified.insert((host, handler));
            }
        }
    }

    fn run_in_role(&mut self, task: &Task, host: HostId, outcome: &Outcome) {
        if let Some(role) = task.frame.role.as_ref().filter(|_| !outcome.skipped && task.action.name != "meta") {
            self.ran.insert((host, role.identity.clone()));
        }
    }

    /// The handlers that a task notifies, with the first of their names; and the first word that calls nobody.
    fn called(&self, task: &Task) -> (Vec<(usize, String)>, Option<String>) {
        let names = &self.scenario.plays[self.play].handlers;
        let (mut called, mut unknown) = (Vec::new(), None);
        for word in task.keywords.notify.iter().flatten().filter_map(Value::as_str) {
            let word = word.to_string();
            let before = called.len();
            called.extend((0..names.len()).filter(|index| names[*index].topics.contains(&word)));
            called.extend((0..names.len()).find(|index| names[*index].names.contains(&word)));
            if called.len() == before && unknown.is_none() {
                unknown = Some(word);
            }
        }
        (called.into_iter().map(|index| (index, names[index].names[0].clone())).collect(), unknown)
    }

    /// What one host did for all.
    fn share(&mut self, task: &Task, host: HostId, others: &[HostId], outcome: &Outcome) {
        let key = task.args.map.get("key").and_then(Value::as_str).unwrap_or_default();
        let is_fact = task.action.name == "set_fact" && !outcome.failed && !outcome.skipped;
        let fact = self.registers[&host].get(key).cloned().filter(|_| is_fact);
        for other in others {
            if task.keywords.delegate_facts.is_none() {
                self.facts.entry(*other).or_default().extend(self.taught.iter().cloned());
            }
            let registers = self.registers.entry(*other).or_default();
            registers.extend(fact.clone().map(|fact| (key.to_string(), fact)));
            if let Some(name) = &task.register {
                registers.insert(name.to_string(), Value::Map(outcome.result.clone()));
            }
        }
    }

    // ---- evaluation ----

    fn one(&mut self, key: &TaskKey, task: &Task, host: HostId) -> One {
        self.taught.clear();
        if task.keywords.run_once.is_some() || is_for_all(task) {
            self.fences.add();
        }
        let looped = match &task.looped {
            Some(looped) => match &looped.source {
                LoopSource::List(list) => Some(list.as_list().unwrap_or(&[])),
                _ => None,
            },
            None => None,
        };
        let outcome = match self.items(task, host, looped) {
            Err(why) => known(false, true, false, text(&why)),
            Ok(items) if items.iter().all(|(_, argument)| argument.is_none()) => known(false, false, true, text("")),
            Ok(items) => {
                let first = items.iter().find_map(|(_, argument)| argument.clone()).unwrap_or_default();
                match task.action.name.as_str() {
                    "include_tasks" | "include_role" => {
                        let asked = items.into_iter().filter_map(|(item, argument)| Some((argument?, item)));
                        return One::Include(asked.collect());
                    }
                    "meta" if first == "flush_handlers" && key.0.contains(&Step::Source(Source::Handlers)) => {
                        refused("flush_handlers cannot be used as a handler")
                    }
                    "meta" => return One::Meta(first),
                    "set_fact" => self.set_fact(task, host),
                    "debug" | "pause" => known(task.changed_when == [Value::Bool(true)], false, false, text(&first)),
                    "add_host" => {
                        self.fences.add();
                        known(true, false, false, text(&first))
                    }
                    _ => self.call(key, task, host, items, looped.is_some()),
                }
            }
        };
        match self.called(task).1.filter(|_| outcome.changed && !outcome.failed) {
            Some(_) => One::Refused,
            None => One::Known(outcome),
        }
    }

    fn set_fact(&mut self, task: &Task, host: HostId) -> Outcome {
        let key = task.args.map.get("key").and_then(Value::as_str).unwrap_or_default();
        match self.value(&argument(task), task, host, None, None) {
            Ok(value) => {
                self.registers.entry(host).or_default().insert(key.into(), value.clone());
                known(false, false, false, value)
            }
            Err(why) => known(false, true, false, text(&why)),
        }
    }

    /// Each item with the task's argument for it; none where `when` does not hold.
    #[allow(clippy::type_complexity, reason = "an item and its argument")]
    fn items(
        &mut self,
        task: &Task,
        host: HostId,
        looped: Option<&[Value]>,
    ) -> Result<Vec<(Option<Value>, Option<String>)>, String> {
        let list: Vec<Option<Value>> = match looped {
            None => vec![None],
            Some(list) => {
                let values: Result<Vec<_>, _> =
                    list.iter().map(|item| self.value(item, task, host, None, None).map(Some)).collect();
                values?
            }
        };
        let mut items = Vec::new();
        for item in list {
            let mut holds = true;
            for when in &task.keywords.when {
                holds = holds && truth(self.value(when, task, host, item.as_ref(), None)?)?;
            }
            let argument = argument(task);
            let argument = match holds {
                true => Some(print(&self.value(&argument, task, host, item.as_ref(), None)?)),
                false => None,
            };
            items.push((item, argument));
        }
        Ok(items)
    }

    fn call(
        &mut self,
        key: &TaskKey,
        task: &Task,
        host: HostId,
        items: Vec<(Option<Value>, Option<String>)>,
        looped: bool,
    ) -> Outcome {
        let delegate = task.keywords.delegate_to.as_ref().and_then(Value::as_int);
        let control = task.looped.as_ref().map(|looped| &looped.control);
        let one_by_one = control.is_some_and(|control| control.pause.is_some() || !control.break_when.is_empty())
            || !task.until.is_empty();
        self.fences.call(task, looped && one_by_one);
        if self.called(task).1.is_some() {
            self.fences.add();
        }
        let mut outcomes = Vec::new();
        if looped && one_by_one {
            for (item, argument) in items {
                let Some(argument) = argument else {
                    outcomes.push(known(false, false, true, text("")));
                    continue;
                };
                let mut attempt = 1;
                let (outcome, stop) = loop {
                    let mut answers = self.answers(key, task, host, delegate, std::slice::from_ref(&argument));
                    let (outcome, again) = self.judge(task, host, item.as_ref(), answers.remove(0), attempt);
                    let mut stop: Result<bool, String> = Ok(false);
                    for when in control.map_or(&[][..], |control| &control.break_when) {
                        let value = self.value(when, task, host, item.as_ref(), Some(&outcome));
                        stop = stop.and_then(|stop| Ok(stop || (!again && truth(value?)?)));
                    }
                    match stop {
                        Err(why) => break (known(false, true, false, text(&why)), false),
                        Ok(stop) if !again => break (outcome, stop),
                        Ok(_) => self.retry(key, task, host, outcome, attempt),
                    }
                    attempt += 1;
                };
                outcomes.push(outcome);
                if stop {
                    break;
                }
            }
            return fold(outcomes);
        }
        let mut attempt = 1;
        loop {
            let arguments: Vec<String> = items.iter().filter_map(|(_, argument)| argument.clone()).collect();
            let mut answers = self.answers(key, task, host, delegate, &arguments).into_iter();
            let (mut outcomes, mut more) = (Vec::new(), false);
            for (item, argument) in &items {
                match argument {
                    None => outcomes.push(known(false, false, true, text(""))),
                    Some(_) => {
                        let answer = answers.next().expect("an answer for each item");
                        let (outcome, again) = self.judge(task, host, item.as_ref(), answer, attempt);
                        more |= again;
                        outcomes.push(outcome);
                    }
                }
            }
            let outcome = if looped { fold(outcomes) } else { outcomes.remove(0) };
            if !more {
                return outcome;
            }
            self.retry(key, task, host, outcome, attempt);
            attempt += 1;
        }
    }

    fn retry(&mut self, key: &TaskKey, task: &Task, host: HostId, outcome: Outcome, attempt: u32) {
        self.fences.add();
        self.show(key, task, false);
        let name = task.name.as_ref().map(ToString::to_string).unwrap_or_default();
        let left = RETRY.retries + 1 - attempt;
        self.events.push(Event::Retrying { key: key.clone(), host, name, left, outcome, no_log: false });
    }

    /// What the machine says, and what it teaches.
    fn answers(
        &mut self,
        key: &TaskKey,
        task: &Task,
        host: HostId,
        delegate: Option<i64>,
        arguments: &[String],
    ) -> Vec<Outcome> {
        let name = task.args.map.get("key").and_then(Value::as_str).unwrap_or_default();
        let item = |argument: &String| [("key", text(name)), ("argument", text(argument))].into_iter().collect();
        let body = Body {
            module: task.action.name.clone(),
            items: arguments.iter().map(item).collect(),
            mode: Default::default(),
            diff: false,
            environment: vec![],
            timeout: None,
            no_log: false,
        };
        let machine = delegate.map_or(host as usize, |delegate| delegate as usize);
        let answers = self.world.run(key, machine, host, &body);
        for answer in &answers {
            let Some(facts) = answer.result.get("ansible_facts").and_then(Value::as_map) else { continue };
            let facts = facts.iter().map(|(name, fact)| (name.as_str().unwrap_or_default().to_string(), fact.clone()));
            let facts: Vec<_> = facts.collect();
            let of = match (task.keywords.delegate_facts.is_some(), delegate) {
                (true, Some(other)) => other as HostId,
                _ => host,
            };
            self.facts.entry(of).or_default().extend(facts.iter().cloned());
            self.taught.extend(facts);
        }
        let outcome = |answer: target::protocol::Answer| {
            known(answer.changed, answer.failed, false, answer.result.get("value").cloned().unwrap_or_default())
        };
        answers.into_iter().map(outcome).collect()
    }

    fn judge(
        &mut self,
        task: &Task,
        host: HostId,
        item: Option<&Value>,
        found: Outcome,
        attempt: u32,
    ) -> (Outcome, bool) {
        let value = |outcome: &Outcome| outcome.result.get("value").cloned().unwrap_or_default();
        let mut found = found;
        if !task.changed_when.is_empty() {
            match self.all_hold(&task.changed_when, task, host, item, &found) {
                Ok(changed) => found = known(changed, found.failed, false, value(&found)),
                Err(why) => return (known(found.changed, true, false, text(&why)), false),
            }
        }
        if !task.failed_when.is_empty() {
            match self.all_hold(&task.failed_when, task, host, item, &found) {
                Ok(failed) => found = known(found.changed, failed, false, value(&found)),
                Err(why) => return (known(found.changed, true, false, text(&why)), false),
            }
        }
        let holds = self.all_hold(&task.until, task, host, None, &found).unwrap_or(true);
        if holds || attempt <= RETRY.retries {
            return (found, !holds);
        }
        (known(found.changed, true, false, value(&found)), false)
    }

    fn all_hold(
        &mut self,
        conditions: &[Value],
        task: &Task,
        host: HostId,
        item: Option<&Value>,
        found: &Outcome,
    ) -> Result<bool, String> {
        let mut holds = true;
        for condition in conditions {
            let value = self.value(condition, task, host, item, Some(found))?;
            holds = holds && truth(value)?;
        }
        Ok(holds)
    }

    fn value(
        &mut self,
        expr: &Value,
        task: &Task,
        host: HostId,
        item: Option<&Value>,
        own: Option<&Outcome>,
    ) -> Result<Value, String> {
        let Value::List(words) = expr else { return Ok(expr.clone()) };
        let word = |index: usize| words[index].as_str().unwrap_or_default().to_string();
        match word(0).as_str() {
            "name" => {
                let own = own.filter(|_| task.register.as_ref().is_some_and(|name| **name == *word(1)));
                let value = match (own, item) {
                    (Some(own), _) => Value::Map(own.result.clone()),
                    (None, Some(item)) if word(1) == "item" => item.clone(),
                    _ => {
                        if self.fences.registers.contains(&word(1)) {
                            self.fences.add();
                        }
                        let known = self.registers[&host].get(&word(1)).cloned();
                        known.or_else(|| inventory(host, &word(1))).ok_or(format!("`{}` is undefined", word(1)))?
                    }
                };
                match words.get(2) {
                    None => Ok(value),
                    Some(_) => value.get(&word(2)).cloned().ok_or(format!("there is no `{}` in it", word(2))),
                }
            }
            "fact" => {
                if self.fences.facts {
                    self.fences.add();
                }
                let facts = self.facts.get(&host);
                facts.and_then(|facts| facts.get(&word(1))).cloned().ok_or(format!("no fact {}", word(1)))
            }
            "equal" => {
                let one = self.value(&words[1], task, host, item, own)?;
                Ok(Value::Bool(one == self.value(&words[2], task, host, item, own)?))
            }
            "join" => {
                let one = print(&self.value(&words[1], task, host, item, own)?);
                Ok(text(&(one + &print(&self.value(&words[2], task, host, item, own)?))))
            }
            "peer" => {
                self.fences.add();
                let other = words[1].as_int().unwrap_or_default() as HostId;
                let found = self.before.get(&other).and_then(|registers| registers.get(&word(2)));
                Ok(found.cloned().unwrap_or_else(|| text("none")))
            }
            "alone" => {
                self.fences.add();
                self.value(&words[1], task, host, item, own)
            }
            "live" => {
                self.fences.add();
                Ok(text(&self.live.to_string()))
            }
            other => Err(format!("no such expression: {other}")),
        }
    }
}

impl Fences {
    fn add(&mut self) {
        *self = Self { count: self.count + 1, ..Self::default() };
    }

    fn call(&mut self, task: &Task, one_by_one: bool) {
        let is_literal = |when: &&Value| matches!(when, Value::Bool(_));
        let late = !task.failed_when.iter().chain(&task.changed_when).all(|when| is_literal(&when))
            || task.failed_when.contains(&Value::Bool(true))
            || !task.until.is_empty();
        let alone = matches!(task.action.name.as_str(), "raw" | "teach")
            || task.keywords.delegate_to.is_some()
            || task.keywords.run_once.is_some();
        if alone {
            self.add();
        }
        self.registers.extend(task.register.as_ref().map(ToString::to_string));
        self.handlers.extend(0..task.keywords.notify.iter().flatten().count() * 8);
        self.facts |= task.action.name == "setup";
        if late || alone {
            self.add();
        }
        let items = task.looped.as_ref().map_or(0, |looped| match &looped.source {
            LoopSource::List(list) => list.as_list().map_or(0, <[Value]>::len),
            _ => 0,
        });
        for _ in 0..if one_by_one { items + 1 } else { 0 } {
            self.add();
        }
    }
}

fn argument(task: &Task) -> Value {
    task.args.map.get("argument").cloned().unwrap_or_default()
}

fn is_at(event: &Event, wanted: &TaskKey) -> bool {
    matches!(event, Event::Task { key, .. } | Event::TaskStarted { key, .. } if key == wanted)
}

fn is_once(task: &Task) -> bool {
    match &task.keywords.run_once {
        Some(Value::List(words)) => words[1] == words[2],
        Some(flag) => *flag == Value::Bool(true),
        None => false,
    }
}

fn is_for_all(task: &Task) -> bool {
    if task.action.name == "pause" {
        return true;
    }
    let argument = argument(task);
    let word = argument.as_str().unwrap_or_default();
    let words = ["end_play", "end_batch", "clear_host_errors", "clear_facts", "refresh_inventory"];
    task.action.name == "meta" && words.contains(&word)
}

fn is_rescuable(around: &[Around]) -> bool {
    around.iter().any(|around| around.section == BODY && !around.block.sections[1].is_empty())
}

/// Whether a failure there finds neither a rescue nor anything to do in an always.
fn goes_out(around: &[Around]) -> bool {
    around.iter().rev().all(|around| {
        let [_, rescue, always] = &around.block.sections;
        let rescued = around.section == BODY && !rescue.is_empty();
        !rescued && (around.section == ALWAYS || !has_task(always))
    })
}

fn has_task(nodes: &[Node]) -> bool {
    nodes.iter().any(|node| match node {
        Node::Task(_) => true,
        Node::Block(block) => has_task(&block.sections[0]) || has_task(&block.sections[2]),
    })
}

fn failure(outcome: &Outcome, task: &Task, around: &[Around]) -> Failure {
    match outcome.failed {
        false => Failure::None,
        true if task.keywords.ignore_errors == Some(Value::Bool(true)) => Failure::Ignored,
        true if is_rescuable(around) => Failure::Rescued,
        true => Failure::Fatal,
    }
}

fn truth(value: Value) -> Result<bool, String> {
    value.as_bool().ok_or("a condition must be true or false".into())
}

fn print(value: &Value) -> String {
    value.as_str().map_or_else(|| format!("{value:?}"), String::from)
}

fn known(changed: bool, failed: bool, skipped: bool, value: Value) -> Outcome {
    let flags = [("changed", changed), ("failed", failed), ("skipped", skipped)];
    let mut result: Map = flags.into_iter().collect();
    result.insert("value", value);
    Outcome { changed, failed, skipped, result: Arc::new(result), ..Outcome::default() }
}

fn fold(items: Vec<Outcome>) -> Outcome {
    let values = Value::list(items.iter().map(|item| Value::Map(item.result.clone())));
    let changed = items.iter().any(|item| item.changed);
    let failed = items.iter().any(|item| item.failed);
    known(changed, failed, items.iter().all(|item| item.skipped), values)
}

pub fn missing() -> Outcome {
    known(false, true, false, text("no such file"))
}

fn refused(message: &str) -> Outcome {
    let result = [("msg", text(message)), ("changed", Value::Bool(false)), ("failed", Value::Bool(true))];
    Outcome { failed: true, result: Arc::new(result.into_iter().collect()), ..Outcome::default() }
}
