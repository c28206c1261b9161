//! The arguments of a task: from what was written to what the module's table says.
use super::Halt;
use super::names::Names;
use crate::playbook::model::Task;
use std::sync::Arc;
use value::spec::{Complaint, ComplaintKind, Spec, check};
use value::{Map, Value};

/// All arguments that were written for it: `module_defaults` lie under `args` as a template, and both under the task's own.
pub fn written(task: &Task, names: &Names) -> Result<Map, Halt> {
    let mut all = defaults(task, names)?;
    if let Some(template) = &task.args.template {
        match names.value(template).map_err(|halt| halt.at(template.origin()))? {
            Value::Map(map) => all.extend(Arc::unwrap_or_clone(map)),
            Value::Null | Value::Omit => {}
            other => {
                let message = format!("'args' must resolve to a 'dict', not '{}'.", other.type_name());
                return Err(Halt::refused(message).at(template.origin()));
            }
        }
    }
    all.extend(task.args.map.clone());
    if let Some(free_form) = &task.args.free_form {
        all.insert("_raw_params", Value::Str(free_form.clone()));
    }
    Ok(all)
}

fn defaults(task: &Task, names: &Names) -> Result<Map, Halt> {
    let mut all = Map::new();
    for level in task.gathered(|keywords| &keywords.module_defaults) {
        let Value::Map(level) = names_only(level, names)? else { continue };
        for (module, defaults) in level.iter() {
            let meant = module.as_str().is_some_and(|module| is_name_of(module, task));
            if let (true, Value::Map(defaults)) = (meant, names_only(defaults, names)?) {
                all.extend(Arc::unwrap_or_clone(defaults));
            }
        }
    }
    Ok(all)
}

/// A map as it stands, or what a template gives in its place; what is in it is evaluated with the other arguments.
fn names_only(value: &Value, names: &Names) -> Result<Value, Halt> {
    match value {
        Value::Str(_) => names.value(value),
        other => Ok(other.clone()),
    }
}

fn is_name_of(name: &str, task: &Task) -> bool {
    name == task.action.name
        || name == task.action.written.as_str()
        || name.rsplit('.').next() == Some(&task.action.name)
}

/// Every template in them evaluated; what is omitted is gone.
pub fn evaluate(written: &Map, task: &Task, names: &Names) -> Result<Map, Halt> {
    let mut all = Map::new();
    for (key, value) in written.iter() {
        let evaluated = names.value(value).map_err(|halt| {
            let place = value.origin().or_else(|| key.as_text().and_then(|key| key.origin())).or(Some(task.span));
            let what = format!("Error while resolving value for '{}'", key.value().to_text());
            halt.within(what).within(finalizing(task)).at(place)
        })?;
        if !matches!(evaluated, Value::Omit) {
            all.insert(key.clone(), evaluated);
        }
    }
    Ok(all)
}

fn finalizing(task: &Task) -> String {
    format!("Finalization of task args for '{}' failed", full_name(task))
}

/// The name with its collection.
pub fn full_name(task: &Task) -> String {
    let written = task.action.written.as_str();
    match written.contains('.') {
        true => written.to_string(),
        false => {
            let module = target::modules::find(&task.action.name);
            let collection = module.map_or("ansible.builtin", |module| module.info().collection);
            format!("{collection}.{}", task.action.name)
        }
    }
}

/// Coerces and refuses by the module's table. A module without a table takes everything.
pub fn check_for(module: &str, task: &Task, given: &Map) -> Result<Map, Halt> {
    match super::actions::spec_of(module) {
        Some(spec) => {
            let name = super::actions::spoken_as(module).unwrap_or(&task.action.written);
            check_with(&spec, name, task, given)
        }
        None => Ok(given.clone()),
    }
}

pub fn check_with(spec: &Spec, name: &str, task: &Task, given: &Map) -> Result<Map, Halt> {
    check(spec, name, given).map_err(|complaints| refused(complaints, task))
}

/// The code of refusals that name arguments which the module does not have.
pub const UNKNOWN: &str = "unknown-argument";

/// The first complaint is the result's message; people see all.
fn refused(complaints: Vec<Complaint>, task: &Task) -> Halt {
    let mut complaints = complaints.into_iter();
    let Some(first) = complaints.next() else { return Halt::refused("the arguments were refused") };
    let halt = Halt::refused(first.message).at(first.span.or(Some(task.span)));
    let halt = match first.kind {
        ComplaintKind::Unknown { .. } => halt.code(UNKNOWN),
        ComplaintKind::Refused => halt,
    };
    let halt = match first.help {
        Some(help) => halt.help(help),
        None => halt,
    };
    complaints.fold(halt, |halt, complaint| {
        let help = complaint.help.map(|help| format!(" ({help})")).unwrap_or_default();
        halt.note(format!("{}{help}", complaint.message), complaint.span)
    })
}
