//! Tests of whole evaluations, over a project in memory.
mod begins;
mod controller;
mod files;
mod judges;

use super::*;
use crate::engine::message::{
    About, Begun, Evaluated, HostId, HostVars, Judged, Outcome, Passed, Prepared, Question, Until, Work,
};
use crate::engine::place::TaskKey;
use crate::playbook::model::{Action, ActionKind, Args, Frame, Keywords, Loop, LoopControl, LoopSource, Task};
use crate::world::files::Memory;
use crate::world::sinks::Sums;
use lang::template::{Environment, LookupRequest, Scope, Source, Still, Stop};
use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;
use target::protocol::{Answer, BlobHash, Token};
use value::{Date, DateTime, Map, SourceId, SourceMap, Span, Str, Value};

/// A project of two hosts with the same variables.
pub struct Project {
    vars: Map,
    files: Memory,
    sources: SourceMap,
    settings: Settings,
    cache: Cache,
    asked: RefCell<Vec<String>>,
}

impl Project {
    pub fn new<'v>(vars: impl IntoIterator<Item = (&'v str, Value)>) -> Self {
        let sources = SourceMap::default();
        sources.add("/p/site.yml", "");
        Self {
            vars: vars.into_iter().collect(),
            files: Memory::default(),
            sources,
            settings: Settings::default(),
            cache: Cache::default(),
            asked: RefCell::default(),
        }
    }

    pub fn with_files<'f>(self, files: impl IntoIterator<Item = (&'f str, &'f str)>) -> Self {
        Self { files: Memory::new(files), ..self }
    }

    fn context(&self) -> Context<'_> {
        Context {
            world: self,
            surroundings: self,
            files: &self.files,
            sources: &self.sources,
            settings: &self.settings,
            cache: &self.cache,
            playbook_dir: Path::new("/p"),
        }
    }

    pub fn ask(&self, task: Task, alone: bool, about: About) -> Evaluated {
        evaluate(&question(task.into(), alone, about), &self.context())
    }

    /// The task's beginning, asked as the engine asks: first beside others, then alone.
    pub fn begin(&self, task: Task) -> Begun {
        let task = Arc::new(task);
        let (mut alone, mut waited) = (false, Vec::new());
        loop {
            let asked = Question { waited: waited.clone(), ..question(task.clone(), alone, About::Begin) };
            match evaluate(&asked, &self.context()) {
                Evaluated::Fence if !alone => alone = true,
                Evaluated::Begun(begun) => match begun.work {
                    Work::Wait(Until::Seconds(seconds)) => {
                        self.asked.borrow_mut().push(format!("wait {seconds}"));
                        waited.push(Passed::Time);
                    }
                    Work::Wait(Until::Answer { question, .. }) => {
                        self.asked.borrow_mut().push(question);
                        waited.push(Passed::Line("typed".into()));
                    }
                    _ => return *begun,
                },
                other => panic!("{other:?}"),
            }
        }
    }

    /// A task that needs no host.
    pub fn known(&self, task: Task) -> Outcome {
        match self.begin(task).work {
            Work::Known { outcome, .. } => outcome,
            other => panic!("{other:?}"),
        }
    }

    /// A task that needs one.
    pub fn call(&self, task: Task) -> Prepared {
        match self.begin(task).work {
            Work::Call(prepared) => *prepared,
            other => panic!("{other:?}"),
        }
    }

    pub fn judge(&self, task: impl Fn() -> Task, answers: Vec<Answer>, attempt: u32) -> Judged {
        let begun = Arc::new(self.begin(task()));
        match self.ask(task(), true, About::Judge { begun, answers, attempt, item: None }) {
            Evaluated::Judged(judged) => *judged,
            other => panic!("{other:?}"),
        }
    }
}

pub fn question(task: Arc<Task>, alone: bool, about: About) -> Question {
    Question { alone, ..Question::new(0, 0, TaskKey::default(), task, HostVars::default(), about) }
}

pub fn span() -> Span {
    Span::new(SourceId(0), 3, 5, 1)
}

pub fn written(text: &str) -> Value {
    Value::Str(Str::trusted(text, Some(span())))
}

/// A task of this module, with these arguments as strings of the playbook.
pub fn task<const N: usize>(module: &str, args: [(&str, &str); N]) -> Task {
    let map = args.into_iter().map(|(name, value)| (name, written(value))).collect();
    Task {
        span: span(),
        name: None,
        action: Action {
            written: module.into(),
            name: module.into(),
            kind: ActionKind::Ours,
            traits: traits_of(&format!("ansible.builtin.{module}")).unwrap_or_default(),
        },
        args: Args { map, template: None, free_form: None },
        keywords: Keywords::default(),
        frame: Arc::new(Frame::default()),
        looped: None,
        register: None,
        changed_when: Vec::new(),
        failed_when: Vec::new(),
        until: Vec::new(),
        retries: None,
        delay: None,
        listen: Vec::new(),
    }
}

pub fn looped(items: Value) -> Option<Loop> {
    Some(Loop { span: span(), source: LoopSource::List(items), control: LoopControl::default() })
}

/// A result's field as text.
pub fn field(outcome: &Outcome, name: &str) -> String {
    outcome.result.get(name).map(Value::to_text).unwrap_or_default()
}

struct Vars<'p>(&'p Map);

impl Scope for Vars<'_> {
    fn get(&self, name: &str) -> Result<Option<Value>, Stop> {
        Ok(self.0.get(name).cloned())
    }
    fn names(&self) -> Vec<Arc<str>> {
        self.0.keys().filter_map(|key| key.as_str().map(Arc::from)).collect()
    }
    fn lookup(&self, _request: &LookupRequest) -> Result<Option<Vec<Value>>, Stop> {
        Ok(None)
    }
    fn load(&self, _name: &str) -> Result<Option<Source>, Stop> {
        Ok(None)
    }
    fn environment(&self) -> &dyn Environment {
        &Still
    }
}

impl World for Project {
    fn scope<'a>(&'a self, _question: &'a Question, _host: Option<&'a str>) -> Result<Box<dyn Scope + 'a>, Halt> {
        Ok(Box::new(Vars(&self.vars)))
    }
    fn as_delegate(&self, _question: &Question, host: &str) -> Result<Value, Halt> {
        Ok(Value::map([(host, self.vars.clone())]))
    }
    fn host_name(&self, host: HostId) -> Arc<str> {
        ["web1", "web2"].get(host as usize).copied().unwrap_or("?").into()
    }
    fn host_by_name(&self, name: &str) -> Option<HostId> {
        ["web1", "web2"].iter().position(|known| *known == name).map(|at| at as HostId)
    }
    fn variables(&self, _path: &Path, text: Vec<u8>) -> Result<Map, Halt> {
        let text = String::from_utf8(text).map_err(|_| Halt::refused("no text"))?;
        Ok(text.lines().filter_map(|line| line.split_once(": ")).collect())
    }
    fn decrypt(&self, _path: &Path, _bytes: Vec<u8>) -> Result<Vec<u8>, Halt> {
        Ok(b"decrypted".to_vec())
    }
}

impl Surroundings for Project {
    fn now(&self) -> f64 {
        0.0
    }
    fn local_time(&self, _seconds: f64) -> DateTime {
        let date = Date { year: 2026, month: 1, day: 2 };
        DateTime { date, hour: 3, minute: 4, second: 5, microsecond: 6, offset: None }
    }
    fn host_name(&self) -> String {
        "controller".into()
    }
    fn user_name(&self, uid: u32) -> String {
        uid.to_string()
    }
    fn home(&self) -> std::path::PathBuf {
        "/root".into()
    }
    fn file_state(&self, path: &Path) -> Option<FileState> {
        let size = self.context().files.read(path).ok()?.len() as u64;
        Some(FileState { size, mode: 0o100_640, uid: 0, modified: 0.0 })
    }
    fn link_target(&self, _path: &Path) -> Option<std::path::PathBuf> {
        None
    }
    fn head(&self, path: &Path, count: usize) -> std::io::Result<Vec<u8>> {
        let mut bytes = self.context().files.read(path)?;
        bytes.truncate(count);
        Ok(bytes)
    }
    fn add_blob(&self, content: Content) -> std::io::Result<(BlobHash, u64)> {
        let size = match content {
            Content::Bytes(bytes) => bytes.len() as u64,
            Content::File(path) => self.context().files.read(path)?.len() as u64,
        };
        Ok(([7; 32], size))
    }
    fn expect(&self, _dest: &Path) -> std::io::Result<Expected> {
        Ok(Expected { token: [3; 16], there: None })
    }
    fn received(&self, _token: &Token) -> Option<std::io::Result<Sums>> {
        Some(Ok(Sums { sha1: "5e".into(), md5: "3d".into(), same: false }))
    }
    fn write(&self, path: &Path, bytes: &[u8]) -> std::io::Result<()> {
        self.asked.borrow_mut().push(format!("write {} {}", path.display(), String::from_utf8_lossy(bytes)));
        Ok(())
    }
    fn warn(&self, message: &str, _span: Option<Span>) {
        self.asked.borrow_mut().push(message.to_string());
    }
    fn keep_secret(&self, value: &Value) {
        self.asked.borrow_mut().push(format!("secret {}", value.to_text()));
    }
}
