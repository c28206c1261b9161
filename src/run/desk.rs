//! Where the engine's questions are answered: on threads beside the loop, as many as there are cores, so that templates of many hosts are
//! evaluated side by side, and neither a prompt nor a program that a lookup runs holds up connections, timers and signals.
use super::drive::Project;
use super::here::Here;
use crate::action::{self, Context};
use crate::engine::message::{Evaluated, HostVars, Include, Input, Passed, PlayState, Question, Ticket};
use crate::playbook::model::Task;
use crate::world::files::Files;
use crate::world::terminal::{self, Typed};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use tokio::sync::mpsc::UnboundedSender;
use value::{Diagnostic, SourceMap};

/// What answers need, shared by all threads.
pub struct Desk {
    pub project: Arc<dyn Project>,
    pub here: Arc<Here>,
    pub files: Arc<dyn Files>,
    pub sources: Arc<SourceMap>,
    pub settings: action::Settings,
    pub cache: action::Cache,
}

pub enum Work {
    Open(u32),
    Evaluate(Box<Question>),
    Ask { ticket: Ticket, question: String, echo: bool },
    Load { ticket: Ticket, task: Arc<Task>, include: Box<Include>, vars: Box<HostVars>, play: Arc<PlayState> },
}

/// More than this in one go, and the others would wait for one thread at the end.
const BATCH: usize = 32;

/// The threads; they end when it is dropped and their work is done.
pub struct Pool {
    queue: Sender<Vec<Work>>,
    width: usize,
}

impl Pool {
    /// Answers come back as inputs.
    pub fn new(desk: Arc<Desk>, answers: UnboundedSender<Vec<Input>>) -> std::io::Result<Self> {
        let (queue, work) = channel();
        let work = Arc::new(Mutex::new(work));
        // One more than cores: one may sit at a prompt.
        let width = thread::available_parallelism().map_or(2, |cores| cores.get() + 1);
        for _ in 0..width {
            let (desk, work, answers) = (desk.clone(), work.clone(), answers.clone());
            thread::Builder::new().name("evaluation".into()).spawn(move || attend(&desk, &work, &answers))?;
        }
        Ok(Self { queue, width })
    }

    /// What is answered quickly goes in batches; what is not must not hold up others.
    pub fn give(&self, all: impl IntoIterator<Item = Work>) {
        let (quick, slow): (Vec<Work>, Vec<Work>) = all.into_iter().partition(Work::is_quick);
        let size = (quick.len() / self.width).clamp(1, BATCH);
        let mut batches: Vec<Vec<Work>> = slow.into_iter().map(|work| vec![work]).collect();
        let mut quick = quick.into_iter().peekable();
        while quick.peek().is_some() {
            batches.push(quick.by_ref().take(size).collect());
        }
        // Threads go only after this has.
        batches.into_iter().for_each(|batch| drop(self.queue.send(batch)));
    }
}

impl Work {
    /// Somebody at the terminal may be asked.
    pub fn asks(&self) -> bool {
        matches!(self, Work::Open(_) | Work::Ask { .. })
    }

    /// Who is not alone asks for nothing that takes its time.
    pub fn is_quick(&self) -> bool {
        matches!(self, Work::Evaluate(question) if !question.alone)
    }
}

/// One thread's life.
fn attend(desk: &Desk, work: &Mutex<Receiver<Vec<Work>>>, answers: &UnboundedSender<Vec<Input>>) {
    loop {
        let next = work.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(batch) = next else { return };
        if answers.send(batch.into_iter().map(|work| guarded(desk, work)).collect()).is_err() {
            return;
        }
    }
}

/// A host whose answer never came would wait for ever.
fn guarded(desk: &Desk, work: Work) -> Input {
    catch_unwind(AssertUnwindSafe(|| desk.answer(work))).unwrap_or_else(|_| {
        let message = "an evaluation ended without an answer; this is a fault of deploy";
        Input::Refused(Diagnostic::error("internal", message))
    })
}

impl Desk {
    pub fn answer(&self, work: Work) -> Input {
        match work {
            Work::Open(play) => Input::Opened { play, result: self.project.open(play) },
            Work::Evaluate(question) => Input::Evaluated { ticket: question.ticket, result: self.evaluate(&question) },
            Work::Ask { ticket, question, echo } => Input::Typed { ticket, typed: typed(&question, echo) },
            Work::Load { ticket, task, include, vars, play } => {
                Input::Loaded { ticket, result: self.project.load(&task, &include, &vars, &play) }
            }
        }
    }

    fn evaluate(&self, question: &Question) -> Evaluated {
        let context = Context {
            world: &*self.project,
            surroundings: &*self.here,
            files: &*self.files,
            sources: &self.sources,
            settings: &self.settings,
            cache: &self.cache,
            playbook_dir: self.project.playbook_dir(question.play.play),
        };
        action::evaluate(question, &context)
    }
}

fn typed(question: &str, echo: bool) -> Passed {
    match terminal::ask_for_word(question, !echo) {
        Typed::Line(line) => Passed::Line(line),
        Typed::Nobody => Passed::Nobody,
        Typed::Interrupt => Passed::Abort,
    }
}
