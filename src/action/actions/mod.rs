//! The list of actions. A module that is not in it needs nothing of the controller.
mod assert;
mod command;
mod copy;
mod debug;
mod fail;
mod fetch;
mod include;
mod include_vars;
mod inventory;
mod meta;
mod pause;
mod plain;
mod role_spec;
mod script;
mod set_fact;
mod set_stats;
mod setup;
mod template;
mod transfer;
mod uri;
mod wait_for_connection;

#[cfg(test)]
pub use meta::words as meta_words;
pub use template::first_letter;

use super::Halt;
use super::instance::Action;
use crate::playbook::model::{ActionKind, ActionTraits, Task};
use crate::playbook::names::BUILTIN;
use value::spec::Spec;

static ACTIONS: &[&dyn Action] = &[
    &assert::Assert,
    &command::Command,
    &command::Raw,
    &copy::Copy,
    &debug::Debug,
    &fail::Fail,
    &fetch::Fetch,
    &include::IncludeTasks,
    &include::IncludeRole,
    &include_vars::IncludeVars,
    &inventory::AddHost,
    &inventory::GroupBy,
    &meta::Meta,
    &pause::Pause,
    &role_spec::RoleSpec,
    &script::Script,
    &set_fact::SetFact,
    &set_stats::SetStats,
    &setup::Setup,
    &template::Template,
    &uri::Uri,
    &wait_for_connection::WaitForConnection,
];

/// What stands before the module that a task names.
pub fn find(task: &Task) -> Result<&'static dyn Action, Halt> {
    let name = task.action.name.as_str();
    if let Some(action) = action_of(name) {
        return Ok(action);
    }
    match task.action.kind {
        ActionKind::Ours => Ok(&plain::Plain),
        ActionKind::Missing => Err(missing(task)),
    }
}

/// Ansible knows the module, and deploy does not run it yet.
pub fn missing(task: &Task) -> Halt {
    Halt::refused(format!("the module '{}' is not there yet", task.action.written))
        .at(task.action.written.origin().or(Some(task.span)))
        .help("Ansible knows it, and deploy does not run it yet; guard the task with `when`, or use another module")
}

/// Names of the actions that need no module on the host.
pub fn names() -> impl Iterator<Item = &'static str> {
    ACTIONS.iter().flat_map(|action| action.modules().iter().copied())
}

/// What to know of a module by its name with the collection, be it an action or one on the host. None: there is none of that name.
pub fn traits_of(full: &str) -> Option<ActionTraits> {
    let (collection, name) = full.rsplit_once('.').unwrap_or((BUILTIN, full));
    let action = action_of(name).filter(|_| collection == BUILTIN);
    let of_host = || target::modules::find(name).filter(|module| module.info().collection == collection);
    action.map(Action::traits).or_else(|| of_host().map(|_| ActionTraits::default()))
}

fn action_of(module: &str) -> Option<&'static dyn Action> {
    ACTIONS.iter().find(|action| action.modules().contains(&module)).copied()
}

/// The name by which Ansible speaks of a module in complaints, where it is not the one that was written.
pub fn spoken_as(module: &str) -> Option<&'static str> {
    action_of(module)?.spoken_as()
}

/// The table of a module's arguments: the action's own, where it has one, before the host's.
pub fn spec_of(module: &str) -> Option<Spec<'static>> {
    let own = action_of(module).and_then(Action::spec);
    own.or_else(|| host_spec(module))
}

/// The table of the module on the host.
pub fn host_spec(module: &str) -> Option<Spec<'static>> {
    target::modules::find(module).map(|module| *module.spec())
}
