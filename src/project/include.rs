//! What a dynamic include brings, once a host has reached it.
use super::Playbooks;
use super::open::{handler_names, words};
use crate::engine::message::{Brought, HostVars, Include, IncludeTarget, Outcome, PlayState};
use crate::playbook::model::Task;
use crate::vars::{HostScope, PlayVars, View};
use lang::template::render_value;
use std::sync::Arc;
use value::{Diagnostic, Map, Value};

impl Playbooks {
    pub(super) fn include(
        &self,
        task: &Arc<Task>,
        include: &Include,
        vars: &HostVars,
        state: &Arc<PlayState>,
    ) -> Result<Brought, Vec<Diagnostic>> {
        let play =
            self.play_of(task).ok_or_else(|| vec![Diagnostic::error("include", "the play of this task is over")])?;
        let view = View {
            task: Some(task.clone()),
            play: Some(play.clone()),
            state: state.clone(),
            vars: vars.clone(),
            ..View::default()
        };
        let scope = HostScope::unknown_host(&self.variables, "", view)?;
        let parameters = parameters(task, include);
        let task = &with_apply(task, &scope)?;
        let included = match &include.target {
            IncludeTarget::Tasks { path } => self.parser.include_tasks(path, task, parameters, &play.playbook_dir)?,
            IncludeTarget::Role { .. } => {
                let args = role_args(&include.target, task, &scope);
                self.parser.include_role(&args, task, parameters, &play.playbook_dir)?
            }
        };
        let nodes = self.settings.tags.of(&included.nodes, &|tag| words(tag, &scope));
        let handlers = included.handlers.into_iter().map(|node| (node.clone(), handler_names(&node, &scope)));
        Ok(Brought { nodes, handlers: handlers.collect(), public_roles: included.public_roles })
    }

    /// Names as a play sees them from outside of any host.
    pub(super) fn scope_of_play(
        &self,
        play: &Arc<PlayVars>,
        task: Option<&Arc<Task>>,
    ) -> Result<HostScope, Vec<Diagnostic>> {
        let view = View { task: task.cloned(), play: Some(play.clone()), ..View::default() };
        HostScope::unknown_host(&self.variables, "", view)
    }
}

/// The variables of the include, and of its loop's item.
fn parameters(task: &Task, include: &Include) -> Arc<Map> {
    let mut parameters = task.keywords.vars.as_deref().cloned().unwrap_or_else(Map::new);
    parameters.extend(include.vars.iter().map(|(key, value)| (key.clone(), value.clone())));
    Arc::new(parameters)
}

/// `apply` may be a template; its entries stay as they are, for the tasks to evaluate.
fn with_apply(task: &Arc<Task>, scope: &HostScope) -> Result<Arc<Task>, Vec<Diagnostic>> {
    let Some(text @ Value::Str(_)) = task.args.map.get("apply") else { return Ok(task.clone()) };
    let apply = render_value(text, scope).map_err(|stop| {
        vec![stop.error().map_or_else(|| Diagnostic::error("include", stop.to_string()), |error| error.to_diagnostic())]
    })?;
    let mut args = task.args.clone();
    args.map.insert("apply", apply);
    Ok(Arc::new(Task { args, ..Task::clone(task) }))
}

/// The arguments of an `include_role`, evaluated, as the parser takes them.
fn role_args(target: &IncludeTarget, task: &Task, scope: &HostScope) -> Map {
    let mut args = Map::new();
    if let IncludeTarget::Role { name, tasks_from, vars_from, defaults_from, handlers_from, public, allow_duplicates } =
        target
    {
        args.insert("name", name.as_str());
        args.extend(public.map(|public| ("public", public)));
        args.insert("allow_duplicates", *allow_duplicates);
        // `main` need not be there.
        let tasks_from = Some(tasks_from).filter(|from| *from != "main").cloned();
        let froms = [
            ("tasks_from", tasks_from),
            ("vars_from", vars_from.clone()),
            ("defaults_from", defaults_from.clone()),
            ("handlers_from", handlers_from.clone()),
        ];
        args.extend(froms.into_iter().filter_map(|(name, from)| from.map(|from| (name, Value::from(from)))));
    }
    args.extend(task.args.map.get("apply").map(|apply| ("apply", apply.clone())));
    let validate = task.args.map.get("rolespec_validate");
    let validate = validate.and_then(|written| render_value(written, scope).ok());
    args.extend(validate.map(|validate| ("rolespec_validate", validate)));
    args
}

pub(super) fn failed(errors: &[Diagnostic]) -> Outcome {
    let messages: Vec<&str> = errors.iter().map(|error| error.message.as_str()).collect();
    Outcome::failed(messages.join("; "), errors.first().cloned())
}
