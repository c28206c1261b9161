//! The typed playbook. Values are as they were written (templates unevaluated, with their places); what inherits is found by
//! walking the frames around a task, so nothing is copied down.
use std::path::PathBuf;
use std::sync::Arc;
use value::{Map, Span, Str, Value};

pub use super::keywords::Keywords;

#[derive(Debug)]
pub struct Playbook {
    pub path: PathBuf,
    pub plays: Vec<Arc<Play>>,
}

#[derive(Clone, Debug)]
pub struct Play {
    pub span: Span,
    pub name: Option<Str>,
    /// A pattern, or a list of them.
    pub hosts: Value,
    /// The play's keywords, as every task in it inherits them.
    pub frame: Arc<Frame>,
    /// None: as the configuration says.
    pub gather_facts: Option<Value>,
    pub gather_subset: Option<Value>,
    pub gather_timeout: Option<Value>,
    pub fact_path: Option<Value>,
    pub vars_files: Vec<Value>,
    pub vars_prompt: Vec<Value>,
    pub serial: Vec<Value>,
    pub strategy: Option<Value>,
    pub order: Option<Value>,
    pub max_fail_percentage: Option<Value>,
    pub force_handlers: Option<Value>,
    /// In the order in which they run; between them handlers are flushed. Roles stand as blocks in `tasks`' list before the
    /// play's own tasks.
    pub pre_tasks: Vec<Node>,
    pub tasks: Vec<Node>,
    pub post_tasks: Vec<Node>,
    /// The play's own and those of its roles, in the order in which they run.
    pub handlers: Vec<Node>,
    /// Roles of the play, whose defaults and vars all its tasks see.
    pub roles: Vec<Arc<Role>>,
}

#[derive(Clone, Debug)]
pub enum Node {
    Task(Arc<Task>),
    Block(Arc<Block>),
}

/// Body, rescue and always run in this order, which is also the order in which a linear batch walks them.
#[derive(Debug)]
pub struct Block {
    pub span: Span,
    pub name: Option<Str>,
    pub frame: Arc<Frame>,
    /// Empty lists where a section was not written.
    pub sections: [Vec<Node>; 3],
}

/// What a play, a role, a block or an include gives to everything in it.
#[derive(Debug, Default)]
pub struct Frame {
    pub parent: Option<Arc<Frame>>,
    pub keywords: Keywords,
    /// The role whose files, templates, defaults and vars are meant from here on.
    pub role: Option<Arc<Role>>,
    /// Parameters of a role, or `vars` of an include: stronger than `vars` of a block.
    pub parameters: Option<Arc<Map>>,
}

/// One task as it was written.
#[derive(Clone, Debug)]
pub struct Task {
    /// Where the task begins: at its name, or at its module.
    pub span: Span,
    /// None: it is called by its module.
    pub name: Option<Str>,
    pub action: Action,
    /// As given; the module's table checks them once they are evaluated.
    pub args: Args,
    /// Its own keywords; `frame` has those around it.
    pub keywords: Keywords,
    pub frame: Arc<Frame>,
    pub looped: Option<Loop>,
    pub register: Option<Str>,
    pub changed_when: Vec<Value>,
    pub failed_when: Vec<Value>,
    pub until: Vec<Value>,
    pub retries: Option<Value>,
    pub delay: Option<Value>,
    /// Of a handler: the topics that call it.
    pub listen: Vec<Value>,
}

/// What a task does, by the name that was resolved at load.
#[derive(Clone, Debug, PartialEq)]
pub struct Action {
    /// As it was written: error messages and banners say this.
    pub written: Str,
    /// The short name under which we have it: `copy`, `docker_container`, `include_tasks`.
    pub name: String,
    pub kind: ActionKind,
    pub traits: ActionTraits,
}

/// What others must know of an action without knowing its name. Each action says it in its own file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ActionTraits {
    /// Its arguments may be a text without names.
    pub free_form: bool,
    /// That text is a command line: it may hold equals signs of its own, means nothing when it is empty, and what comes back is
    /// what a program printed.
    pub command: bool,
    pub for_all: ForAll,
    /// It writes files on the controller, where the tasks of other hosts may read them.
    pub writes_controller: bool,
    /// It changes the inventory, and with it what other hosts see.
    pub changes_inventory: bool,
    /// It is there to show something: its result is printed for people, not as data.
    pub shows: bool,
    /// It brings a role, of which its banner speaks, rather than of the role around it.
    pub brings_role: bool,
    /// It tells the engine what to do: hosts have banners of their own for it, and it is counted nowhere.
    pub steers: bool,
}

/// Whether the first host that comes there does it for all, where hosts walk together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ForAll {
    #[default]
    No,
    Yes,
    /// With one of these words as its text.
    With(&'static [&'static str]),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActionKind {
    /// A module of ours, an action of the controller, or both.
    Ours,
    /// Ansible knows it and we do not have it: fails when a host reaches it.
    Missing,
}

/// Arguments of a task: a map, or one template that gives the map (`args: "{{ ... }}"`), and both.
#[derive(Clone, Debug, Default)]
pub struct Args {
    pub map: Map,
    /// What is evaluated to a map and lies under `map`.
    pub template: Option<Value>,
    /// The free form of `command`, `shell`, `script`, `raw`, `meta`, `include_*`.
    pub free_form: Option<Str>,
}

#[derive(Clone, Debug)]
pub struct Loop {
    pub span: Span,
    pub source: LoopSource,
    pub control: LoopControl,
}

#[derive(Clone, Debug)]
pub enum LoopSource {
    /// `loop: ...`
    List(Value),
    /// `with_NAME: ...`, NAME being a lookup.
    With { lookup: String, terms: Value },
}

#[derive(Clone, Debug, Default)]
pub struct LoopControl {
    pub loop_var: Option<Value>,
    pub index_var: Option<Value>,
    pub label: Option<Value>,
    pub pause: Option<Value>,
    pub extended: Option<Value>,
    pub extended_allitems: Option<Value>,
    pub break_when: Vec<Value>,
}

/// A role as it was found on disk. Its tasks were parsed into the list where it stands.
#[derive(Clone, Debug)]
pub struct Role {
    /// As roles call each other: `geerlingguy.docker`, `ns.coll.role`.
    pub name: String,
    pub path: PathBuf,
    pub defaults: Arc<Map>,
    pub vars: Arc<Map>,
    /// `meta/argument_specs.yml`, of the entry point that runs.
    pub argument_spec: Option<Value>,
    /// Roles that ran before it because it depends on them: their defaults and vars are seen too.
    pub dependencies: Vec<Arc<Role>>,
    /// The role that this one depends for, or was included by.
    pub parents: Vec<String>,
    /// What it is known by among the roles that ran on a host in a play.
    pub identity: Arc<str>,
    /// Whether it runs where it ran before.
    pub allow_duplicates: bool,
}

impl Frame {
    /// From the inside out.
    pub fn chain(self: &Arc<Self>) -> impl Iterator<Item = &Arc<Frame>> {
        std::iter::successors(Some(self), |frame| frame.parent.as_ref())
    }

    /// The role around it, if any.
    pub fn role(self: &Arc<Self>) -> Option<&Arc<Role>> {
        self.chain().find_map(|frame| frame.role.as_ref())
    }
}

impl Task {
    /// Whether one host does it for all, whatever its keywords say.
    pub fn is_for_all(&self) -> bool {
        match self.action.traits.for_all {
            ForAll::No => false,
            ForAll::Yes => true,
            ForAll::With(words) => {
                let named = || self.args.map.get("free_form").or_else(|| self.args.map.get("_raw_params"))?.as_str();
                let text = self.args.free_form.as_deref().or_else(named);
                text.is_some_and(|text| words.contains(&text.trim()))
            }
        }
    }

    /// A keyword of the task, or the nearest around it.
    pub fn inherited<'t, T>(&'t self, keyword: impl Fn(&'t Keywords) -> Option<&'t T>) -> Option<&'t T> {
        keyword(&self.keywords).or_else(|| self.frame.chain().find_map(|frame| keyword(&frame.keywords)))
    }

    /// A keyword that adds up, from the outside in (`when`, `tags`, `environment`).
    pub fn gathered<'t>(&'t self, keyword: impl Fn(&'t Keywords) -> &'t [Value]) -> Vec<&'t Value> {
        let mut levels: Vec<_> = self.frame.chain().map(|frame| &frame.keywords).collect();
        levels.reverse();
        levels.into_iter().chain([&self.keywords]).flat_map(|keywords| keyword(keywords).iter()).collect()
    }
}
