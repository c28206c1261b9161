//! A simulated network around the engine: delays, split frames, cuts, dead helpers, signals. One random source decides all.
use crate::check::line;
use crate::helper::{Frame, Helper, World};
use crate::language::evaluate;
use crate::plays::Scenario;
use crate::random::Random;
use crate::reference::missing;
use deploy::engine::message::{
    About, Brought, ConnectionKey, Event, HostId, IncludeTarget, Input, Outcome, Outgoing, Output, Passed, Question,
    Status, Ticket,
};
use deploy::engine::place::TaskKey;
use deploy::engine::{Engine, Options};
use std::collections::{BTreeMap, BTreeSet};
use target::protocol::CallId;

pub struct Simulation<'s> {
    scenario: &'s Scenario,
    pub engine: Engine,
    pub world: World,
    helpers: BTreeMap<usize, Helper>,
    /// Machines that nothing reaches until the engine has heard that the connection is lost.
    unheard: BTreeSet<usize>,
    refused: BTreeSet<usize>,
    random: Random,
    network: Network,
    now: u64,
    /// What will happen when; the sequence keeps apart what happens at once.
    agenda: BTreeMap<(u64, u64), Happening>,
    sequence: u64,
    /// When the last frame of each direction of each machine arrives: frames of one channel stay in order.
    arrivals: BTreeMap<(usize, bool), u64>,
    pub outputs: Vec<Output>,
    /// Calls whose answers the engine has heard.
    heard: BTreeSet<(HostId, CallId)>,
    /// Epochs in which a call has failed.
    dropped: BTreeSet<(HostId, u64)>,
    interrupts: usize,
    /// `TRACE=1` shows what the engine says, and when.
    traced: bool,
}

#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Network {
    /// Every frame takes half a `TRIP`, and work takes no time.
    Even,
    Uneven,
    /// Uneven, and most connections are cut at some time.
    Cut,
    /// Uneven, and the user interrupts once or twice.
    Interrupted,
}
pub const TRIP: u64 = 1_000;

enum Happening {
    Input(Input),
    Evaluate(Box<Question>),
    Load(Ticket, IncludeTarget),
    /// From a machine.
    Frame(usize, Input),
    Call(usize, Outgoing),
    Commit(usize, HostId, CallId),
    Cancel(usize, HostId, CallId),
    Work(usize, HostId),
    Cut(usize),
    Lost(usize),
}

impl<'s> Simulation<'s> {
    pub fn new(scenario: &'s Scenario, world: World, random: Random, network: Network, options: Options) -> Self {
        let mut simulation = Self {
            scenario,
            engine: Engine::new(scenario.plays.len() as u32, options),
            world,
            helpers: BTreeMap::new(),
            unheard: BTreeSet::new(),
            refused: BTreeSet::new(),
            random,
            network,
            now: 0,
            agenda: BTreeMap::new(),
            sequence: 0,
            arrivals: BTreeMap::new(),
            outputs: Vec::new(),
            heard: BTreeSet::new(),
            dropped: BTreeSet::new(),
            interrupts: 0,
            traced: std::env::var_os("TRACE").is_some(),
        };
        for machine in (0..scenario.hosts).filter(|_| network == Network::Cut) {
            for _ in 0..1 + simulation.random.below(2) {
                let when = simulation.random.below(600) as u64;
                simulation.at(when, Happening::Cut(machine));
            }
        }
        if network == Network::Interrupted {
            for _ in 0..1 + simulation.random.below(2) {
                let when = simulation.random.below(500) as u64;
                simulation.at(when, Happening::Input(Input::Interrupted));
            }
        }
        simulation
    }

    /// No connection to this machine can be had.
    pub fn lose_at_once(mut self, machine: usize) -> Self {
        self.refused.insert(machine);
        self
    }

    pub fn run(mut self) -> Self {
        self.input(Input::Start);
        while let Some(((now, _), happening)) = self.agenda.pop_first() {
            self.now = now;
            self.happen(happening);
            if matches!(self.outputs.last(), Some(Output::Finished { .. })) {
                break;
            }
        }
        assert!(matches!(self.outputs.last(), Some(Output::Finished { .. })), "the run did not end");
        self
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Input(input) | Happening::Frame(_, input) => self.input(input),
            Happening::Evaluate(question) => {
                let result = evaluate(&question);
                self.input(Input::Evaluated { ticket: question.ticket, result });
            }
            Happening::Load(ticket, target) => {
                let path = target.to_string();
                let nodes = self.scenario.files.get(&path).cloned().ok_or_else(missing);
                let result = nodes.map(|nodes| Brought { nodes, ..Brought::default() });
                self.input(Input::Loaded { ticket, result });
            }
            Happening::Call(machine, call) => {
                let lane = call.lane;
                if let Some(helper) = self.helpers.get_mut(&machine) {
                    helper.receive(call);
                    self.work_soon(machine, lane);
                }
            }
            Happening::Commit(machine, lane, id) => {
                if let Some(helper) = self.helpers.get_mut(&machine) {
                    helper.commit(lane, id);
                    self.work_soon(machine, lane);
                }
            }
            Happening::Cancel(machine, lane, id) => {
                if let Some(helper) = self.helpers.get_mut(&machine) {
                    helper.cancel(lane, id);
                    self.work_soon(machine, lane);
                }
            }
            Happening::Work(machine, lane) => self.work(machine, lane),
            Happening::Cut(machine) => self.cut(machine),
            Happening::Lost(machine) => {
                self.unheard.remove(&machine);
                let why = Outcome { unreachable: true, ..Outcome::default() };
                self.input(Input::Lost { connection: key_of(machine), why, was_cut: true });
            }
        }
    }

    fn input(&mut self, input: Input) {
        self.interrupts += usize::from(matches!(input, Input::Interrupted));
        if let Input::Answered { lane, id, .. } = &input {
            self.heard.insert((*lane, *id));
        }
        for output in self.engine.step(input) {
            assert!(!matches!(self.outputs.last(), Some(Output::Finished { .. })), "something follows the end");
            self.outputs.push(output.clone());
            self.output(output);
        }
    }

    fn output(&mut self, output: Output) {
        if self.traced {
            self.trace(&output);
        }
        match output {
            Output::Open { play } => {
                let opened = self.scenario.plays[play as usize].clone();
                self.later(Happening::Input(Input::Opened { play, result: Ok(opened) }));
            }
            Output::Evaluate(question) => self.later(Happening::Evaluate(question)),
            Output::Load { ticket, include, .. } => self.later(Happening::Load(ticket, include.target)),
            Output::Send { connection, call } => {
                assert_eq!(self.interrupts, 0, "began something after an interruption");
                let machine = machine_of(&connection.key);
                self.connect(machine);
                self.send_frame(machine, Happening::Call(machine, *call));
            }
            Output::Commit { connection, lane, id } => {
                let machine = machine_of(&connection);
                self.send_frame(machine, Happening::Commit(machine, lane, id));
            }
            Output::Cancel { connection, lane, id } => {
                let machine = machine_of(&connection);
                self.send_frame(machine, Happening::Cancel(machine, lane, id));
            }
            Output::Ask { ticket, .. } => {
                let typed = if self.random.below(2) == 0 { Passed::Line("yes".into()) } else { Passed::Nobody };
                self.later(Happening::Input(Input::Typed { ticket, typed }));
            }
            Output::SetTimer { ticket, seconds } => {
                let ticks = if self.network == Network::Even { 0 } else { (seconds * 30.0) as u64 };
                self.at(self.now + ticks, Happening::Input(Input::Timer { ticket }));
            }
            Output::Inventory(_)
            | Output::Reset { .. }
            | Output::Emit(_)
            | Output::Busy { .. }
            | Output::Finished { .. } => {}
        }
    }

    fn trace(&self, output: &Output) {
        let text = match output {
            Output::Send { call, .. } => {
                let Outgoing { lane, id, key, epoch, hold, .. } = call.as_ref();
                format!("send {lane} {key} {} {hold:?} epoch {epoch} id {id}", call.body.module)
            }
            Output::Evaluate(question) => {
                let about = if matches!(question.about, About::Begin) { "begin" } else { "judge" };
                format!("ask {} {} {about} alone {}", question.host, question.key, question.alone)
            }
            Output::Emit(event) => line(event),
            other => format!("{other:?}"),
        };
        eprintln!("{} {text}", self.now);
    }

    /// When the first call goes there.
    fn connect(&mut self, machine: usize) {
        if self.helpers.contains_key(&machine) || self.unheard.contains(&machine) {
            return;
        }
        if self.refused.contains(&machine) || (self.network == Network::Cut && self.random.chance(5)) {
            self.lost_soon(machine);
        } else {
            self.helpers.insert(machine, Helper::default());
        }
    }

    fn work(&mut self, machine: usize, lane: HostId) {
        let Some(helper) = self.helpers.get_mut(&machine) else { return };
        let Some(worked) = helper.work(lane, machine, &mut self.world) else { return };
        let input = match worked.frame {
            Frame::Done { id, items } => {
                let call = &worked.call;
                assert!(!self.dropped.contains(&(lane, call.epoch)), "ran in a dropped epoch");
                if call.stop_on_fail && items.iter().any(|item| item.failed) {
                    self.dropped.insert((lane, call.epoch));
                }
                Input::Answered { lane, id, items }
            }
            Frame::Dropped { id } => Input::Dropped { lane, id },
        };
        let arrival = self.arrival(machine, true);
        self.at(arrival, Happening::Frame(machine, input));
        self.work_soon(machine, lane);
    }

    fn work_soon(&mut self, machine: usize, lane: HostId) {
        let work = if self.network == Network::Even { 0 } else { 1 + self.random.below(5) as u64 };
        self.at(self.now + work, Happening::Work(machine, lane));
    }

    /// The helper dies with its queue, and with it what is under way in both directions.
    fn cut(&mut self, machine: usize) {
        if self.helpers.remove(&machine).is_none() {
            return;
        }
        self.agenda.retain(|_, happening| match happening {
            Happening::Frame(other, _) | Happening::Call(other, _) | Happening::Work(other, _) => *other != machine,
            Happening::Commit(other, ..) | Happening::Cancel(other, ..) => *other != machine,
            _ => true,
        });
        self.lost_soon(machine);
    }

    fn lost_soon(&mut self, machine: usize) {
        self.unheard.insert(machine);
        let arrival = self.arrival(machine, true);
        self.at(arrival, Happening::Lost(machine));
    }

    fn send_frame(&mut self, machine: usize, happening: Happening) {
        if !self.unheard.contains(&machine) {
            let arrival = self.arrival(machine, false);
            self.at(arrival, happening);
        }
    }

    /// A frame travels in pieces and counts when its last piece is there; a cut before that loses all of it.
    fn arrival(&mut self, machine: usize, back: bool) -> u64 {
        if self.network == Network::Even {
            return self.now + TRIP / 2;
        }
        let last = self.arrivals.get(&(machine, back)).copied().unwrap_or(0);
        let pieces = 1 + self.random.below(3);
        let travel = (0..pieces).map(|_| self.random.below(20) as u64).sum::<u64>();
        let arrival = self.now.max(last) + travel;
        self.arrivals.insert((machine, back), arrival);
        arrival
    }

    /// Evaluation on other threads: answers come in any order.
    fn later(&mut self, happening: Happening) {
        let delay = if self.network == Network::Even { 0 } else { self.random.below(6) as u64 };
        self.at(self.now + delay, happening);
    }

    fn at(&mut self, when: u64, happening: Happening) {
        self.sequence += 1;
        self.agenda.insert((when, self.sequence), happening);
    }

    // ---- what came of it ----

    pub fn events(&self) -> Vec<Event> {
        let event = |output: &Output| if let Output::Emit(event) = output { Some(event.clone()) } else { None };
        self.outputs.iter().filter_map(event).collect()
    }

    pub fn lost(&self) -> BTreeSet<(HostId, TaskKey)> {
        let lost = |event| match event {
            Event::Task { key, host, status: Status::Unreachable { ignored: false, .. }, .. } => Some((host, key)),
            _ => None,
        };
        self.events().into_iter().filter_map(lost).collect()
    }

    pub fn round_trips(&self) -> u64 {
        self.now / TRIP
    }

    /// Tasks that were called unreachable though the last answer that they waited for had come.
    pub fn lost_in_vain(&self) -> Vec<(HostId, TaskKey)> {
        let answered = |(host, key): &(HostId, TaskKey)| {
            let calls = self.outputs.iter().filter_map(|output| match output {
                Output::Send { call, .. } if call.lane == *host && call.key == *key => Some(call.id),
                _ => None,
            });
            calls.max().is_some_and(|last| self.heard.contains(&(*host, last)))
        };
        self.lost().into_iter().filter(answered).collect()
    }

    pub fn count(&self, wanted: impl Fn(&Output) -> bool) -> usize {
        self.outputs.iter().filter(|output| wanted(output)).count()
    }
}

fn key_of(machine: usize) -> ConnectionKey {
    crate::language::connection(machine).key.clone()
}

fn machine_of(connection: &ConnectionKey) -> usize {
    connection.0.trim_start_matches("host").parse().expect("a fake machine")
}
