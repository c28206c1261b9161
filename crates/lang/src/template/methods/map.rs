//! Methods of dicts. Those that change one change it for this evaluation. What only reads works on lazy mappings too.
use super::super::call::Arguments;
use super::super::error::Stop;
use super::super::eval::{Evaluation, globals};
use super::super::object::ObjectRef;
use super::none;
use std::sync::Arc;
use value::{Key, Map, Value};

pub const NAMES: [&str; 11] =
    ["get", "items", "keys", "values", "update", "setdefault", "pop", "popitem", "copy", "clear", "fromkeys"];
/// The first of them, that a lazy mapping has.
pub const READING: [&str; 5] = ["get", "items", "keys", "values", "copy"];

pub fn call(map: &Value, name: &str, mut arguments: Arguments, evaluation: &Evaluation) -> Result<Value, Stop> {
    match name {
        "get" => {
            let [key, default] = arguments.bind("get", ["key", "default"])?;
            let key = key.ok_or_else(|| Stop::of_type("get expected at least 1 argument, got 0"))?;
            Ok(find(map, &key, evaluation)?.or(default).unwrap_or_default())
        }
        "keys" => {
            none(name, &arguments)?;
            evaluation.items(map).map(Value::list)
        }
        "values" => {
            none(name, &arguments)?;
            Ok(Value::list(entries(map, evaluation)?.into_iter().map(|(_, value)| value)))
        }
        "items" => {
            none(name, &arguments)?;
            let pair = |(key, value)| Value::Tuple(Arc::new(vec![key, value]));
            Ok(Value::list(entries(map, evaluation)?.into_iter().map(pair)))
        }
        "copy" => {
            none(name, &arguments)?;
            Ok(Value::map(entries(map, evaluation)?))
        }
        "update" => {
            let more = globals::entries("update", arguments, evaluation)?;
            evaluation.change_map(map, |map| map.extend(more))?;
            Ok(Value::Null)
        }
        "clear" => {
            none(name, &arguments)?;
            evaluation.change_map(map, |map| *map = Map::new())?;
            Ok(Value::Null)
        }
        "setdefault" => {
            let [wanted, default] = arguments.bind("setdefault", ["key", "default"])?;
            let wanted = wanted.ok_or_else(|| Stop::of_type("setdefault expected at least 1 argument, got 0"))?;
            if let Some(found) = find(map, &wanted, evaluation)? {
                return Ok(found);
            }
            let default = default.unwrap_or_default();
            let set = default.clone();
            let key = key(wanted)?;
            evaluation.change_map(map, |map| map.insert(key, set))?;
            Ok(default)
        }
        "pop" => pop(map, arguments, evaluation),
        "popitem" => {
            none(name, &arguments)?;
            let last = entries(map, evaluation)?.pop();
            let (last, value) = last.ok_or_else(|| Stop::of_value("'popitem(): dictionary is empty'"))?;
            let taken = key(last.clone())?;
            evaluation.change_map(map, |map| map.remove_key(&taken))?;
            Ok(Value::Tuple(Arc::new(vec![last, value])))
        }
        "fromkeys" => {
            let [keys, value] = arguments.bind("fromkeys", ["iterable", "value"])?;
            let mut map = Map::new();
            for name in evaluation.items(&keys.unwrap_or_default())? {
                map.insert(key(name)?, value.clone().unwrap_or_default());
            }
            Ok(map.into())
        }
        other => Err(Stop::of_type(format!("'dict' object has no method '{other}'"))),
    }
}

fn key(value: Value) -> Result<Key, Stop> {
    Key::new(value).map_err(|value| Stop::of_type(format!("unhashable type: '{}'", value.type_name())))
}

/// The entry as a lookup of the key gives it, and nothing else that may go by that name.
fn find(map: &Value, wanted: &Value, evaluation: &Evaluation) -> Result<Option<Value>, Stop> {
    if let Some(object) = ObjectRef::of(map) {
        return object.get(wanted, evaluation);
    }
    let wanted = key(wanted.clone())?;
    let Value::Map(map) = evaluation.outside(map.clone())? else { return Ok(None) };
    map.get_key(&wanted).cloned().map(|found| evaluation.resolve(found)).transpose()
}

/// Values stay as they stand: they are evaluated when they are used.
fn entries(map: &Value, evaluation: &Evaluation) -> Result<Vec<(Value, Value)>, Stop> {
    if let Some(object) = ObjectRef::of(map) {
        let keys = object.items(evaluation)?.unwrap_or_default();
        let entry = |name: Value| Ok((name.clone(), object.get(&name, evaluation)?.unwrap_or_default()));
        return keys.into_iter().map(entry).collect();
    }
    let Value::Map(map) = evaluation.outside(map.clone())? else { return Ok(Vec::new()) };
    Ok(map.iter().map(|(key, value)| (key.value().clone(), value.clone())).collect())
}

fn pop(map: &Value, mut arguments: Arguments, evaluation: &Evaluation) -> Result<Value, Stop> {
    let [wanted, default] = arguments.bind("pop", ["key", "default"])?;
    let wanted = wanted.ok_or_else(|| Stop::of_type("pop expected at least 1 argument, got 0"))?;
    match (find(map, &wanted, evaluation)?, default) {
        (Some(found), _) => {
            let wanted = key(wanted)?;
            evaluation.change_map(map, |map| map.remove_key(&wanted))?;
            Ok(found)
        }
        (None, Some(default)) => Ok(default),
        (None, None) => Err(Stop::of_value(wanted.to_repr())),
    }
}
