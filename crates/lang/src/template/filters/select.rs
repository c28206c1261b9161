//! Filters that look at each item with another filter or a test: `map`, `select`, `reject` and their kin.
use super::super::call::{Arguments, Call};
use super::super::error::Stop;
use super::super::registry::{self, Entry};
use super::{anything, items};
use value::Value;

pub static TABLE: &[Entry] = &[
    items("map", map),
    items("select", |call| select(call, true)),
    items("reject", |call| select(call, false)),
    items("selectattr", |call| select_by(call, true)),
    items("rejectattr", |call| select_by(call, false)),
    anything("extract", extract),
];

/// Jinja looks at the items only of what Python takes as true: of none, false and zero there are none.
fn inputs(call: &Call) -> Result<Vec<Value>, Stop> {
    match call.truth(Some(call.input.clone()), false)? {
        true => call.items(&call.input),
        false => Ok(Vec::new()),
    }
}

/// `map('upper')`, `map(attribute='a.b', default=0)`
fn map(call: &mut Call) -> Result<Value, Stop> {
    let mut arguments = std::mem::take(&mut call.arguments);
    if arguments.positional.is_empty() {
        return map_attribute(call, arguments);
    }
    let name = match arguments.positional.remove(0) {
        Value::Str(name) => name,
        other => return Err(call.wrong_type("filter", "the name of a filter", &other)),
    };
    let items = inputs(call)?;
    registry::filter(&name)?;
    let mapped = items.into_iter().map(|item| call.filter(&name, item, arguments.clone()));
    Ok(Value::list(mapped.collect::<Result<Vec<_>, _>>()?))
}

fn map_attribute(call: &Call, mut arguments: Arguments) -> Result<Value, Stop> {
    let Some(path) = arguments.take_named("attribute") else {
        return Err(call.fail("map requires a filter argument"));
    };
    let default = arguments.take_named("default");
    if let Some((name, _)) = arguments.named.first() {
        return Err(call.fail(format!("Unexpected keyword argument '{name}'")));
    }
    let mut mapped = Vec::new();
    for item in inputs(call)? {
        let value = call.path(&item, &path)?;
        mapped.push(match &default {
            Some(default) if value.is_undefined() && !default.is_null() => default.clone(),
            _ => value,
        });
    }
    Ok(Value::list(mapped))
}

/// The name of a test and what it is given, or none: whether the item is true.
struct Condition(Option<(value::Str, Arguments)>);

impl Condition {
    fn new(call: &Call, mut arguments: Arguments) -> Result<Self, Stop> {
        if arguments.positional.is_empty() {
            return Ok(Self(None));
        }
        match arguments.positional.remove(0) {
            Value::Str(name) => {
                registry::test(&name)?;
                Ok(Self(Some((name, arguments))))
            }
            other => Err(call.wrong_type("test", "the name of a test", &other)),
        }
    }

    fn holds(&self, call: &Call, value: &Value) -> Result<bool, Stop> {
        match &self.0 {
            Some((name, arguments)) => call.test(name, value.clone(), arguments.clone()),
            None => call.truth(Some(value.clone()), false),
        }
    }
}

fn select(call: &mut Call, wanted: bool) -> Result<Value, Stop> {
    let arguments = std::mem::take(&mut call.arguments);
    let condition = Condition::new(call, arguments)?;
    let mut kept = Vec::new();
    for item in inputs(call)? {
        if condition.holds(call, &item)? == wanted {
            kept.push(item);
        }
    }
    Ok(Value::list(kept))
}

fn select_by(call: &mut Call, wanted: bool) -> Result<Value, Stop> {
    let mut arguments = std::mem::take(&mut call.arguments);
    if arguments.positional.is_empty() {
        return Err(call.fail("Missing parameter for attribute name"));
    }
    let path = arguments.positional.remove(0);
    let condition = Condition::new(call, arguments)?;
    let mut kept = Vec::new();
    for item in inputs(call)? {
        if condition.holds(call, &call.path(&item, &path)?)? == wanted {
            kept.push(item);
        }
    }
    Ok(Value::list(kept))
}

/// `'key' | extract(container, 'more')`: the way into a container, from its key.
fn extract(call: &mut Call) -> Result<Value, Stop> {
    let [container, more] = call.params(["container", "morekeys"])?;
    let container = call.required(container, "container")?;
    let mut found = call.item(&container, &call.input)?;
    match more {
        None | Some(Value::Null) => {}
        Some(Value::List(keys) | Value::Tuple(keys)) => {
            for key in keys.iter() {
                found = call.item(&found, key)?;
            }
        }
        Some(key) => found = call.item(&found, &key)?,
    }
    Ok(found)
}
