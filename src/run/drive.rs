//! The loop of a run: what the engine asks for is done here, and what comes of it goes back in. One thread, no waiting but for what
//! happens; what may take its time is answered beside it.
use super::desk::{Desk, Pool, Work};
use super::here::{Here, now};
use crate::action::{self, World};
use crate::connect::{Connections, Settings as ConnectSettings};
use crate::engine::message::{
    Brought, Event, HostVars, Include, Input, InventoryChange, Opened, Outcome, Output, PlayState, Recap, Status,
};
use crate::engine::{Engine, Options};
use crate::playbook::model::Task;
use crate::report::{Live, Names, Renderer, Screen};
use crate::world::files::Files;
use crate::world::terminal;
use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::UnboundedReceiver;
use value::{Diagnostic, SourceMap};

/// What is meant, as a run asks for it: playbooks, inventory and variables.
pub trait Project: World + Send + Sync {
    fn plays(&self) -> u32;
    /// Their paths, and how many plays each has.
    fn playbooks(&self) -> Vec<(String, u32)> {
        Vec::new()
    }
    fn open(&self, play: u32) -> Result<Opened, Diagnostic>;
    /// Reads what an include brings, and leaves everything as it is: the host may not come to it after all.
    fn load(
        &self,
        task: &Arc<Task>,
        include: &Include,
        vars: &HostVars,
        play: &Arc<PlayState>,
    ) -> Result<Brought, Outcome>;
    /// Why the inventory cannot become what was asked ends the run.
    fn change_inventory(&self, change: &InventoryChange) -> Result<(), Diagnostic>;
    fn playbook_dir(&self, play: u32) -> &Path;
    /// Warnings since this was asked last.
    fn take_warnings(&self) -> Vec<Diagnostic>;
}

/// For so long the loop works without a look at what else happened.
const SLICE: Duration = Duration::from_millis(20);
/// And so long of that it answers questions itself.
const OWN_SHARE: Duration = Duration::from_millis(1);

pub struct Run {
    pub project: Arc<dyn Project>,
    pub here: Arc<Here>,
    pub files: Arc<dyn Files>,
    pub sources: Arc<SourceMap>,
    pub settings: action::Settings,
    pub connect: ConnectSettings,
    pub renderer: Box<dyn Renderer>,
    pub screen: Screen,
    pub options: Options,
    /// Whether somebody watches: the live line is drawn.
    pub live: bool,
}

/// How a run ended.
#[derive(Debug, Default)]
pub struct Ended {
    pub recap: Recap,
    pub failed: bool,
    pub unreachable: bool,
    pub interrupted: bool,
    /// A fault of the playbook ended it: the fault's code.
    pub refused: Option<&'static str>,
}

impl Run {
    /// Runs to the end, whatever the end is.
    pub fn drive(self) -> std::io::Result<Ended> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let ended = runtime.block_on(Driver::start(self));
        // Whatever still reads from a terminal must not hold up the end.
        runtime.shutdown_timeout(Duration::from_millis(100));
        ended
    }
}

struct Driver {
    desk: Arc<Desk>,
    pool: Pool,
    /// What is to be answered beside the loop.
    asked: Vec<Work>,
    renderer: Box<dyn Renderer>,
    screen: Screen,
    is_watched: bool,
    engine: Engine,
    connections: Connections,
    inputs: VecDeque<Input>,
    timers: tokio::sync::mpsc::UnboundedSender<Input>,
    live: Live,
    ended: Ended,
    over: bool,
}

impl Driver {
    async fn start(run: Run) -> std::io::Result<Ended> {
        let Run { project, here, files, sources, settings, .. } = run;
        let engine = Engine::new(project.plays(), run.options).with_playbooks(project.playbooks());
        let desk = Arc::new(Desk { project, here, files, sources, settings, cache: action::Cache::default() });
        let (connections, arriving) = Connections::new(run.connect);
        let (timers, ringing) = tokio::sync::mpsc::unbounded_channel();
        let (answers, answered) = tokio::sync::mpsc::unbounded_channel();
        let driver = Self {
            pool: Pool::new(desk.clone(), answers)?,
            desk,
            asked: Vec::new(),
            renderer: run.renderer,
            screen: run.screen,
            is_watched: run.live,
            engine,
            connections,
            inputs: VecDeque::from([Input::Start]),
            timers,
            live: Live::default(),
            ended: Ended::default(),
            over: false,
        };
        driver.go([arriving, ringing], answered).await
    }

    async fn go(
        mut self,
        [mut arriving, mut ringing]: [UnboundedReceiver<Input>; 2],
        mut answered: UnboundedReceiver<Vec<Input>>,
    ) -> std::io::Result<Ended> {
        let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        let mut ticks = tokio::time::interval(Duration::from_millis(120));
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        loop {
            let began = Instant::now();
            while began.elapsed() < SLICE
                && let Some(input) = self.inputs.pop_front()
            {
                self.step(input);
                if self.inputs.is_empty() {
                    self.hand_out();
                }
            }
            if self.over {
                break;
            }
            self.screen.flush();
            tokio::select! {
                () = std::future::ready(()), if !self.inputs.is_empty() => {}
                Some(input) = arriving.recv() => self.inputs.push_back(input),
                Some(input) = ringing.recv() => self.inputs.push_back(input),
                Some(inputs) = answered.recv() => self.inputs.extend(inputs),
                _ = interrupt.recv() => self.interrupt(),
                _ = terminate.recv() => self.interrupt(),
                _ = ticks.tick(), if self.is_watched && !terminal::is_asking() => {
                    let project = &self.desk.project;
                    self.live.tick(&|host| project.host_name(host).to_string(), &mut self.screen);
                }
            }
            while let Ok(input) = arriving.try_recv() {
                self.inputs.push_back(input);
            }
            while let Ok(inputs) = answered.try_recv() {
                self.inputs.extend(inputs);
            }
        }
        self.screen.clear_live();
        self.screen.flush();
        if self.ended.interrupted {
            // What still runs on hosts ends with its connection, and nobody waits for it.
            let _ = tokio::time::timeout(Duration::from_secs(2), self.connections.close()).await;
        } else {
            self.connections.close().await;
        }
        Ok(self.ended)
    }

    fn interrupt(&mut self) {
        let word = match self.ended.interrupted {
            false => "interrupted: what is under way may finish; once more to stop at once",
            true => "stopping at once",
        };
        self.screen.say(word, None);
        self.ended.interrupted = true;
        self.inputs.push_back(Input::Interrupted);
    }

    fn step(&mut self, input: Input) {
        if let Input::Answered { lane, .. } | Input::Dropped { lane, .. } = &input {
            self.live.answered(*lane);
        }
        if let Input::Progress { lane, text } = &input {
            self.live.doing(*lane, text.clone());
        }
        let mut outputs = self.engine.step(input);
        // A question stands below its task's banner, which is let out at the end of the same step.
        outputs.sort_by_key(|output| matches!(output, Output::Ask { .. }));
        for output in outputs {
            self.obey(output);
        }
        let warnings: Vec<_> =
            self.desk.here.take_warnings().into_iter().chain(self.desk.project.take_warnings()).collect();
        for warning in warnings {
            self.show(&Event::Said(warning));
        }
    }

    fn obey(&mut self, output: Output) {
        match output {
            Output::Open { play } => self.asked.push(Work::Open(play)),
            Output::Evaluate(question) => self.asked.push(Work::Evaluate(question)),
            Output::Load { ticket, task, include, vars, play, .. } => {
                let (include, vars) = (Box::new(include), Box::new(vars));
                self.asked.push(Work::Load { ticket, task, include, vars, play });
            }
            Output::Send { connection, call } => self.connections.send(&connection, call),
            Output::Commit { connection, lane, id } => self.connections.commit(&connection, lane, id),
            Output::Cancel { connection, lane, id } => self.connections.cancel(&connection, lane, id),
            Output::SetTimer { ticket, seconds } => {
                let timers = self.timers.clone();
                tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_secs_f64(seconds.clamp(0.0, 1e9))).await;
                    // The run may be over by then.
                    let _ = timers.send(Input::Timer { ticket });
                });
            }
            Output::Ask { ticket, question, echo } => self.asked.push(Work::Ask { ticket, question, echo }),
            Output::Inventory(change) => {
                let refused = self.desk.project.change_inventory(&change).err();
                self.inputs.extend(refused.map(Input::Refused));
            }
            Output::Reset { connection } => self.connections.reset(&connection),
            Output::Emit(event) => self.emit(&event),
            Output::Busy { host, task } => self.live.busy(host, task),
            Output::Finished { refused } => {
                self.over = true;
                self.ended.refused = refused;
                let out = self.engine.anyone_is_out();
                self.ended.failed &= out;
                self.ended.unreachable &= out;
            }
        }
    }

    /// Waking a thread costs more than most answers, so the loop gives some itself; what would hold it up is for the pool.
    fn hand_out(&mut self) {
        let (quick, mut slow): (VecDeque<_>, VecDeque<_>) =
            std::mem::take(&mut self.asked).into_iter().partition(Work::is_quick);
        let (began, mut quick) = (Instant::now(), quick.into_iter());
        while began.elapsed() < OWN_SHARE
            && let Some(work) = quick.next()
        {
            self.inputs.push_back(self.desk.answer(work));
        }
        if slow.iter().any(Work::asks) {
            // Whoever is asked wants to see what came before, and nothing else in its place.
            self.screen.clear_live();
            self.screen.flush();
        }
        slow.extend(quick);
        self.pool.give(slow);
    }

    fn emit(&mut self, event: &Event) {
        match event {
            Event::Task { status: Status::Unreachable { ignored: false, .. }, .. } => self.ended.unreachable = true,
            Event::Recap(recap) => {
                self.ended.failed = recap.0.values().any(|counts| counts.failed > 0);
                self.ended.recap = recap.clone();
            }
            _ => {}
        }
        self.show(event);
    }

    fn show(&mut self, event: &Event) {
        let project = self.desk.project.clone();
        let names = Names { host: &|host| project.host_name(host).to_string(), sources: &self.desk.sources };
        self.renderer.event(event, &names, &mut self.screen);
    }
}

/// The clock for events.
pub fn clock() -> f64 {
    now()
}
