//! The project of a run: playbooks, inventory and variables, as the engine and the evaluation of tasks ask for them.
//!
//! `open` makes a play ready to run, `include` brings what a host reached, `list` shows plays that are not run; this file holds them
//! and answers for variables.
mod include;
mod list;
mod open;

use crate::action::{Halt, World, template_names};
use crate::engine::message::{
    Brought, HostId, HostVars, Include, InventoryChange, Opened, Outcome, PlayState, Question,
};
use crate::inventory::{self, Inventory};
use crate::playbook::model::{Play, Task};
use crate::playbook::tags::Selection;
use crate::playbook::{Load, Parser};
use crate::run::Here;
use crate::run::drive::Project;
use crate::vars::{HostScope, Outside, PlayVars, Variables, View};
use lang::template::{Environment, Scope, render_value};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use value::{Diagnostic, Map, Str, Value};

/// What the configuration and the command line say about plays.
#[derive(Clone, Debug)]
pub struct PlaySettings {
    pub forks: usize,
    pub strategy: String,
    /// `implicit`, `explicit` or `smart`.
    pub gathering: String,
    pub gather_subset: Vec<String>,
    pub any_errors_fatal: bool,
    pub force_handlers: bool,
    pub missing_handler_is_fatal: bool,
    pub tags: Selection,
    pub start_at_task: Option<String>,
    /// Patterns of `--limit`.
    pub limit: Vec<String>,
    /// What a pattern that names no host is: `warning`, `error` or `ignore`.
    pub pattern_mismatch: String,
    /// How inventories are read, for `refresh_inventory`.
    pub inventory: inventory::Options,
}

impl Default for PlaySettings {
    fn default() -> Self {
        Self {
            forks: 5,
            strategy: "linear".into(),
            gathering: "implicit".into(),
            gather_subset: Vec::new(),
            any_errors_fatal: false,
            force_handlers: false,
            missing_handler_is_fatal: true,
            tags: Selection::default(),
            start_at_task: None,
            limit: Vec::new(),
            pattern_mismatch: "warning".into(),
            inventory: inventory::Options::default(),
        }
    }
}

/// Asks a question of `vars_prompt` on the terminal; the flag says whether the answer may be seen. None: nobody is there.
pub type Prompt = dyn Fn(&str, bool) -> Option<String> + Send + Sync;

/// Playbooks that were read, ready to be opened play by play.
pub struct Playbooks {
    pub variables: Arc<Variables>,
    pub parser: Parser,
    pub settings: PlaySettings,
    pub prompt: Box<Prompt>,
    plays: Vec<Planned>,
    /// The paths of playbooks as they were given, and how many plays each has.
    playbooks: Vec<(String, u32)>,
    /// `--start-at-task`, until that task was found.
    start_at: Mutex<Option<String>>,
    warnings: Mutex<Vec<Diagnostic>>,
}

struct Planned {
    play: Arc<Play>,
    playbook_dir: PathBuf,
    opened: OnceLock<Arc<PlayVars>>,
}

impl Playbooks {
    /// Reads all playbooks; what is wrong with any of them is told at once.
    pub fn load(
        paths: &[PathBuf],
        variables: Arc<Variables>,
        parser: Parser,
        settings: PlaySettings,
        prompt: Box<Prompt>,
    ) -> Load<Self> {
        let (mut plays, mut playbooks, mut errors) = (Vec::new(), Vec::new(), Vec::new());
        let here = parser.loader.files.current_dir();
        for path in paths {
            match parser.playbook(path) {
                Ok(playbook) => {
                    // A play that was imported lies where its own file does.
                    let own = |play: &Play| parser.loader.path_of(play.span.source).unwrap_or(playbook.path.clone());
                    plays.extend(playbook.plays.iter().map(|play| Planned {
                        play: play.clone(),
                        playbook_dir: own(play).parent().unwrap_or(Path::new("/")).to_path_buf(),
                        opened: OnceLock::new(),
                    }));
                    let shown = path.strip_prefix(&here).unwrap_or(path).display().to_string();
                    playbooks.push((shown, playbook.plays.len() as u32));
                }
                Err(faults) => errors.extend(faults),
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(Self { playbooks, ..Self::of(plays, variables, parser, settings, prompt) })
    }

    /// Plays that stand in no file, such as that of an ad hoc command.
    pub fn from_plays(
        plays: Vec<Arc<Play>>,
        playbook_dir: &Path,
        variables: Arc<Variables>,
        parser: Parser,
        settings: PlaySettings,
        prompt: Box<Prompt>,
    ) -> Self {
        let planned = |play| Planned { play, playbook_dir: playbook_dir.to_path_buf(), opened: OnceLock::new() };
        Self::of(plays.into_iter().map(planned).collect(), variables, parser, settings, prompt)
    }

    fn of(
        plays: Vec<Planned>,
        variables: Arc<Variables>,
        parser: Parser,
        settings: PlaySettings,
        prompt: Box<Prompt>,
    ) -> Self {
        let start_at = Mutex::new(settings.start_at_task.clone());
        Self { variables, parser, settings, prompt, plays, start_at, playbooks: Vec::new(), warnings: Mutex::default() }
    }

    /// The plays as they were written, in their order.
    pub fn plays(&self) -> impl Iterator<Item = &Arc<Play>> {
        self.plays.iter().map(|planned| &planned.play)
    }

    /// The task of `--start-at-task`, where none was found in any play.
    pub fn start_not_found(&self) -> Option<String> {
        self.start_at.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn warn(&self, warning: Diagnostic) {
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner).push(warning);
    }

    fn opened(&self, play: u32) -> Option<Arc<PlayVars>> {
        self.plays.get(play as usize)?.opened.get().cloned()
    }

    /// The play in which a task stands.
    fn play_of(&self, task: &Task) -> Option<Arc<PlayVars>> {
        let is_around = |play: &Play| task.frame.chain().any(|frame| Arc::ptr_eq(frame, &play.frame));
        let mut opened = self.plays.iter().rev().filter_map(|planned| planned.opened.get());
        opened.find(|opened| is_around(&opened.play)).cloned()
    }
}

impl Playbooks {
    fn host_scope(&self, question: &Question, host: Option<&str>) -> Result<HostScope, Halt> {
        let own = host.is_none_or(|name| *self.variables.host_name(question.host) == *name);
        let target = if own { Some(question.host) } else { host.and_then(|name| self.host_by_name(name)) };
        let others = question.others.clone();
        let learned = |host: HostId| others.as_ref().and_then(|others| others.get(&host).cloned()).unwrap_or_default();
        let view = View {
            task: Some(question.task.clone()),
            play: self.opened(question.play.play),
            state: question.play.clone(),
            vars: if own { question.vars.clone() } else { target.map(learned).unwrap_or_default() },
            others: question.others.clone(),
        };
        let scope = match target {
            Some(target) => HostScope::new(&self.variables, target, view),
            None => HostScope::unknown_host(&self.variables, host.unwrap_or_default(), view),
        };
        scope.map_err(|errors| first(&errors))
    }
}

impl Playbooks {
    /// The inventory as its sources are now. The first of its faults says why it cannot be read.
    fn read_inventory(&self) -> Result<Inventory, Diagnostic> {
        let loader = &self.parser.loader;
        loader.forget_variables();
        let mut warnings = Vec::new();
        let sources = &self.variables.run.inventory_sources;
        let fresh = inventory::load(sources, &self.settings.inventory, loader, &mut warnings);
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner).extend(warnings);
        let unreadable = || Diagnostic::error("inventory", "the inventory could not be read again");
        fresh.map_err(|faults| faults.into_iter().next().unwrap_or_else(unreadable))
    }
}

impl Project for Playbooks {
    fn plays(&self) -> u32 {
        self.plays.len() as u32
    }

    fn playbooks(&self) -> Vec<(String, u32)> {
        self.playbooks.clone()
    }

    fn open(&self, play: u32) -> Result<Opened, Diagnostic> {
        self.open_play(play)
    }

    fn load(
        &self,
        task: &Arc<Task>,
        include: &Include,
        vars: &HostVars,
        play: &Arc<PlayState>,
    ) -> Result<Brought, Outcome> {
        self.include(task, include, vars, play).map_err(|errors| include::failed(&errors))
    }

    fn change_inventory(&self, change: &InventoryChange) -> Result<(), Diagnostic> {
        let refused = |why: String| Diagnostic::error("inventory", why);
        self.variables.change_inventory(|inventory| match change {
            InventoryChange::AddHost { name, groups, vars } => {
                inventory.add_host(name, groups, vars);
                Ok(())
            }
            InventoryChange::GroupBy { host, key, parents } => {
                inventory.group_by(*host, key, parents).map(drop).map_err(refused)
            }
            InventoryChange::Refresh => {
                let fresh = self.read_inventory()?;
                inventory.refresh(fresh).map_err(refused)
            }
        })
    }

    fn playbook_dir(&self, play: u32) -> &Path {
        self.plays.get(play as usize).map_or(Path::new("/"), |planned| &planned.playbook_dir)
    }

    fn take_warnings(&self) -> Vec<Diagnostic> {
        let own = std::mem::take(&mut *self.warnings.lock().unwrap_or_else(PoisonError::into_inner));
        self.parser.loader.take_warnings().into_iter().chain(own).collect()
    }
}

impl World for Playbooks {
    fn scope<'a>(&'a self, question: &'a Question, host: Option<&'a str>) -> Result<Box<dyn Scope + 'a>, Halt> {
        Ok(Box::new(self.host_scope(question, host)?))
    }

    fn as_delegate(&self, question: &Question, host: &str) -> Result<Value, Halt> {
        let vars = self.host_scope(question, None)?.as_delegate(host);
        vars.map_err(|stop| Halt::refused(stop.to_string()))
    }

    fn host_name(&self, host: HostId) -> Arc<str> {
        self.variables.host_name(host)
    }

    fn host_by_name(&self, name: &str) -> Option<HostId> {
        self.variables.inventory().id(name)
    }

    fn variables(&self, path: &Path, text: Vec<u8>) -> Result<Map, Halt> {
        let refuse = |why: String| Halt::refused(format!("{}: {why}", path.display()));
        let text = String::from_utf8(text).map_err(|_| refuse("this is no UTF-8 text".into()))?;
        let source = self.parser.loader.sources.add(path.display().to_string(), text.as_str());
        let node = self.parser.loader.parse(&text, source);
        match node.map_err(|errors| first(&errors))?.map(|node| node.to_value(true)) {
            None | Some(Value::Null) => Ok(Map::new()),
            Some(Value::Map(map)) => Ok(Arc::unwrap_or_clone(map)),
            Some(other) => {
                Err(refuse(format!("a file of variables holds a mapping, and this is a {}", other.type_name())))
            }
        }
    }

    fn decrypt(&self, path: &Path, bytes: Vec<u8>) -> Result<Vec<u8>, Halt> {
        let plain = self.parser.loader.plain(bytes);
        plain.map_err(|error| Halt::refused(format!("{}: {error}", path.display())))
    }
}

/// The clock and the files of this machine.
impl Outside for Here {
    fn template_names(&self, asked: &str, path: &Path) -> Vec<(String, Value)> {
        template_names(self, asked, path, None)
    }

    fn environment(&self) -> &dyn Environment {
        self
    }
}

/// The first of several faults, for where only one can be told.
fn first(errors: &[Diagnostic]) -> Halt {
    match errors.first() {
        Some(error) => Halt::evaluating(error.clone()),
        None => Halt::refused("it could not be read"),
    }
}

/// What a parser evaluates at load: templates over the variables around them and the command line's.
pub fn evaluate_at_load(text: &Str, layers: &[Arc<Map>], extra: &Map) -> Result<Value, Diagnostic> {
    let mut all = Map::new();
    for layer in layers {
        all.extend(layer.iter().map(|(key, value)| (key.clone(), value.clone())));
    }
    all.extend(extra.iter().map(|(key, value)| (key.clone(), value.clone())));
    render_value(&Value::Str(text.clone()), &all).map_err(|stop| match stop.error() {
        Some(error) => error.to_diagnostic(),
        None => Diagnostic::error("undefined", stop.to_string()),
    })
}

#[cfg(test)]
mod tests;
