//! Methods of lists and tuples. Those that change a list change it for this evaluation.
use super::super::call::Arguments;
use super::super::error::Stop;
use super::super::eval::{Evaluation, operators};
use super::{none, one};
use crate::python::sort::sorted;
use value::Value;

pub const NAMES: [&str; 11] =
    ["append", "clear", "copy", "count", "extend", "index", "insert", "pop", "remove", "reverse", "sort"];

pub fn call(list: &Value, name: &str, mut arguments: Arguments, evaluation: &Evaluation) -> Result<Value, Stop> {
    match name {
        "append" => {
            let item = one(name, &mut arguments)?;
            evaluation.change_list(list, |items| items.push(item))?;
        }
        "extend" => {
            let more = evaluation.items(&one(name, &mut arguments)?)?;
            evaluation.change_list(list, |items| items.extend(more))?;
        }
        "clear" => {
            none(name, &arguments)?;
            evaluation.change_list(list, Vec::clear)?;
        }
        "reverse" => {
            none(name, &arguments)?;
            evaluation.change_list(list, |items| items.reverse())?;
        }
        "copy" => {
            none(name, &arguments)?;
            return Ok(Value::list(evaluation.items(list)?));
        }
        "count" => {
            let wanted = one(name, &mut arguments)?;
            let items = evaluation.items(list)?;
            let mut count = 0_i64;
            for item in &items {
                count += i64::from(evaluation.equal(item, &wanted)?);
            }
            return Ok(count.into());
        }
        "index" => return index(list, arguments, evaluation),
        "insert" => insert(list, arguments, evaluation)?,
        "pop" => return pop(list, arguments, evaluation),
        "remove" => remove(list, &one(name, &mut arguments)?, evaluation)?,
        "sort" => sort(list, arguments, evaluation)?,
        other => return Err(Stop::of_type(format!("'list' object has no method '{other}'"))),
    }
    Ok(Value::Null)
}

fn integer(value: Option<Value>, default: i64) -> Result<i64, Stop> {
    match value {
        None => Ok(default),
        Some(Value::Int(number)) => Ok(number),
        Some(Value::Bool(truth)) => Ok(truth.into()),
        Some(other) => {
            let message = format!("'{}' object cannot be interpreted as an integer", other.type_name());
            Err(Stop::of_type(message))
        }
    }
}

/// A bound as slices have it: counted from the end when negative, and never outside.
fn bound(number: i64, length: usize) -> usize {
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    let at = if number < 0 { number.saturating_add(length) } else { number };
    usize::try_from(at.clamp(0, length)).unwrap_or(0)
}

fn index(list: &Value, mut arguments: Arguments, evaluation: &Evaluation) -> Result<Value, Stop> {
    let [wanted, start, end] = arguments.bind("index", ["value", "start", "stop"])?;
    let wanted = wanted.ok_or_else(|| Stop::of_type("index expected at least 1 argument, got 0"))?;
    let items = evaluation.items(list)?;
    let (start, end) = (bound(integer(start, 0)?, items.len()), bound(integer(end, i64::MAX)?, items.len()));
    for (at, item) in items.iter().enumerate().take(end).skip(start) {
        if evaluation.equal(item, &wanted)? {
            return Ok(at.into());
        }
    }
    let what = if matches!(list, Value::Tuple(_)) {
        "tuple.index(x): x not in tuple".into()
    } else {
        format!("{} is not in list", wanted.to_repr())
    };
    Err(Stop::of_value(what))
}

fn insert(list: &Value, mut arguments: Arguments, evaluation: &Evaluation) -> Result<(), Stop> {
    let [at, item] = arguments.bind("insert", ["index", "object"])?;
    let (Some(at), Some(item)) = (at, item) else {
        return Err(Stop::of_type("insert expected 2 arguments"));
    };
    let at = integer(Some(at), 0)?;
    evaluation.change_list(list, |items| items.insert(bound(at, items.len()), item))
}

fn pop(list: &Value, mut arguments: Arguments, evaluation: &Evaluation) -> Result<Value, Stop> {
    let [at] = arguments.bind("pop", ["index"])?;
    let at = integer(at, -1)?;
    let taken = evaluation.change_list(list, |items| {
        let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
        let at = if at < 0 { at.saturating_add(length) } else { at };
        match usize::try_from(at).ok().filter(|at| *at < items.len()) {
            Some(at) => Ok(items.remove(at)),
            None if items.is_empty() => Err(Stop::of_value("pop from empty list")),
            None => Err(Stop::of_value("pop index out of range")),
        }
    })??;
    evaluation.resolve(taken)
}

fn remove(list: &Value, wanted: &Value, evaluation: &Evaluation) -> Result<(), Stop> {
    let items = evaluation.items(list)?;
    for (at, item) in items.iter().enumerate() {
        if evaluation.equal(item, wanted)? {
            return evaluation.change_list(list, |items| {
                items.remove(at);
            });
        }
    }
    Err(Stop::of_value("list.remove(x): x not in list"))
}

fn sort(list: &Value, mut arguments: Arguments, evaluation: &Evaluation) -> Result<(), Stop> {
    let reverse = arguments.take_named("reverse").is_some_and(|reverse| reverse.is_true());
    let key = arguments.take_named("key").filter(|key| !key.is_null());
    none("sort", &arguments)?;
    let mut keyed = Vec::new();
    for item in evaluation.items(list)? {
        let by = match &key {
            Some(key) => evaluation.invoke(key, Arguments::of([item.clone()]))?,
            None => item.clone(),
        };
        keyed.push((evaluation.settled(&by)?, item));
    }
    let keyed = sorted(keyed, &mut |one: &(Value, Value), two: &(Value, Value)| {
        let (one, two) = if reverse { (two, one) } else { (one, two) };
        operators::compare(&one.0, &two.0, "<")
    })?;
    evaluation.change_list(list, |items| *items = keyed.into_iter().map(|(_, item)| item).collect())
}
