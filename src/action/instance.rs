//! A task as one of its items sees it, and what an action makes of it.
use super::arguments;
use super::begin::Asking;
use super::names::Names;
use super::{Context, Halt};
use crate::engine::message::{Effect, IncludeTarget, Meta, Outcome, Patience};
use crate::playbook::model::{ActionTraits, Task};
use std::cell::OnceCell;
use value::spec::Spec;
use value::{Map, Value};

pub struct Instance<'i> {
    pub asking: &'i Asking<'i>,
    pub names: &'i Names<'i>,
    /// Arguments as they were written, `module_defaults` among them.
    pub raw: &'i Map,
    pub check: bool,
    pub evaluated: OnceCell<Map>,
}

/// What a module needs of the controller. Most need nothing: their arguments go to the host, and what comes back is the result.
pub trait Action: Sync {
    /// Short names of the modules that it stands before.
    fn modules(&self) -> &'static [&'static str];

    /// The table of its arguments, where it has one of its own.
    fn spec(&self) -> Option<Spec<'static>> {
        None
    }

    /// What others must know of it.
    fn traits(&self) -> ActionTraits {
        ActionTraits::default()
    }

    /// The name by which Ansible speaks of its module in complaints: that of the module which it runs.
    fn spoken_as(&self) -> Option<&'static str> {
        None
    }

    /// What one item asks for.
    fn prepare(&self, instance: &Instance) -> Result<Step, Halt>;

    /// The second half, with what `prepare` noted.
    fn finish(&self, _finish: &Finish, outcome: Outcome) -> Result<(Outcome, Vec<Effect>), Halt> {
        Ok((outcome, Vec::new()))
    }
}

/// The second half's view.
pub struct Finish<'f> {
    pub asking: &'f Asking<'f>,
    pub notes: &'f Value,
}

pub enum Step {
    Call(Call),
    Known(Outcome, Vec<Effect>),
    /// And what `register` keeps of it.
    Include(IncludeTarget, Map),
    Meta(Meta),
}

pub struct Call {
    /// The module on the host: not always the one that the task names.
    pub module: String,
    pub args: Map,
    pub notes: Value,
    /// Without a helper.
    pub plain: bool,
    /// The answer's `ansible_facts` are what the host is.
    pub brings_facts: bool,
    /// How long a host that cannot be reached is tried again.
    pub patience: Patience,
    /// Its second half changes what others read: nothing runs ahead.
    pub fence: bool,
}

impl Call {
    pub fn new(module: impl Into<String>, args: Map) -> Self {
        Self {
            module: module.into(),
            args,
            notes: Value::Null,
            plain: false,
            brings_facts: false,
            patience: Patience::default(),
            fence: false,
        }
    }
}

impl<'i> Instance<'i> {
    pub fn new(asking: &'i Asking<'i>, names: &'i Names<'i>, raw: &'i Map, check: bool) -> Self {
        Self { asking, names, raw, check, evaluated: OnceCell::new() }
    }

    pub fn task(&self) -> &'i Task {
        &self.asking.question.task
    }

    pub fn world(&self) -> &'i Context<'i> {
        self.asking.world
    }

    /// The arguments, evaluated.
    pub fn arguments(&self) -> Result<&Map, Halt> {
        if let Some(map) = self.evaluated.get() {
            return Ok(map);
        }
        let map = arguments::evaluate(self.raw, self.task(), self.names)?;
        Ok(self.evaluated.get_or_init(|| map))
    }

    /// The same, checked against the table of the module that the task names.
    pub fn checked(&self, module: &str) -> Result<Map, Halt> {
        arguments::check_for(module, self.task(), self.arguments()?)
    }

    /// Ends the evaluation unless nobody else is under way.
    pub fn alone(&self) -> Result<(), Halt> {
        match self.asking.question.alone {
            true => Ok(()),
            false => Err(Halt::Fence),
        }
    }
}
