//! Keywords of a task whose values may be templates, by their types.
use super::Halt;
use super::names::Names;
use crate::playbook::model::{Keywords, Task};
use value::Value;
use value::spec::{Kind, coerce};

/// What is written for the task and around it, the nearest first.
pub fn levels<'t>(
    task: &'t Task,
    keyword: impl Fn(&'t Keywords) -> Option<&'t Value> + 't,
) -> impl Iterator<Item = &'t Value> {
    let around = task.frame.chain().map(|frame| &frame.keywords);
    [&task.keywords].into_iter().chain(around).filter_map(keyword)
}

/// None: it was not written, or came to nothing. What is omitted leaves the word to the next level around.
pub fn value<'w>(
    names: &Names,
    name: &str,
    written: impl IntoIterator<Item = &'w Value>,
) -> Result<Option<Value>, Halt> {
    for written in written {
        let value = names.value(written).map_err(|halt| in_keyword(halt, name, written))?;
        if !matches!(value, Value::Omit) {
            return Ok(Some(value).filter(|value| !value.is_null()));
        }
    }
    Ok(None)
}

pub fn truth<'w>(
    names: &Names,
    name: &str,
    written: impl IntoIterator<Item = &'w Value>,
) -> Result<Option<bool>, Halt> {
    of_kind(names, name, written, Kind::Bool).map(|value| value.and_then(|value| value.as_bool()))
}

pub fn integer<'w>(
    names: &Names,
    name: &str,
    written: impl IntoIterator<Item = &'w Value>,
) -> Result<Option<i64>, Halt> {
    of_kind(names, name, written, Kind::Int).map(|value| value.and_then(|value| value.as_int()))
}

pub fn number<'w>(
    names: &Names,
    name: &str,
    written: impl IntoIterator<Item = &'w Value>,
) -> Result<Option<f64>, Halt> {
    of_kind(names, name, written, Kind::Float).map(|value| value.and_then(|value| value.as_float()))
}

pub fn text<'w>(
    names: &Names,
    name: &str,
    written: impl IntoIterator<Item = &'w Value>,
) -> Result<Option<String>, Halt> {
    value(names, name, written).map(|value| value.map(|value| value.to_text()))
}

fn of_kind<'w>(
    names: &Names,
    name: &str,
    written: impl IntoIterator<Item = &'w Value>,
    kind: Kind,
) -> Result<Option<Value>, Halt> {
    let mut place = None;
    let written = written.into_iter().inspect(|written| place = written.origin());
    let Some(value) = value(names, name, written)? else { return Ok(None) };
    coerce(&value, kind).map(Some).map_err(|refusal| {
        let message = format!("the field '{name}' could not be converted to {}: {}", kind.name(), refusal.0);
        Halt::refused(message).at(place)
    })
}

fn in_keyword(halt: Halt, name: &str, written: &Value) -> Halt {
    halt.within(format!("Error processing keyword '{name}'")).at(written.origin())
}

/// Whether a condition says what it means without any evaluation.
pub fn is_literal(condition: &Value) -> bool {
    matches!(condition, Value::Bool(_))
}
