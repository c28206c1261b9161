//! `subelements`: each map with each item of a list inside it, which the map is shown without.
use super::super::call::Call;
use super::super::error::Stop;
use super::super::registry::LookupEntry;
use super::settled;
use value::{Key, Map, Value};

pub static TABLE: &[LookupEntry] = &[settled("subelements", subelements)];

fn subelements(call: &mut Call) -> Result<Vec<Value>, Stop> {
    let mut terms = std::mem::take(&mut call.arguments.positional);
    if terms.len() == 1
        && let Value::List(inner) = &terms[0]
        && (2..=3).contains(&inner.len())
    {
        terms = inner.to_vec();
    }
    let wrong = |what: &str| call.fail(format!("subelements lookup expects a list of two or three items, {what}"));
    let (list, path, flags) = match terms.as_slice() {
        [list, path] => (list, path, None),
        [list, path, flags] => (list, path, Some(flags)),
        _ => return Err(wrong("but was given another number of them")),
    };
    let Some(path) = path.as_str() else { return Err(wrong("second a string pointing to the subkey")) };
    let items: Vec<&Value> = match list {
        Value::List(items) | Value::Tuple(items) => items.iter().collect(),
        Value::Map(map) => map.values().collect(),
        _ => return Err(wrong("first a dict or a list")),
    };
    let skip_missing = match flags {
        None => false,
        Some(Value::Map(flags)) if flags.keys().all(|key| key.as_str() == Some("skip_missing")) => {
            flags.get("skip_missing").is_some_and(|flag| match flag {
                Value::Str(text) => ["yes", "on", "1", "true", "y", "t"].contains(&text.to_lowercase().as_str()),
                other => other.is_true(),
            })
        }
        Some(_) => return Err(wrong("the optional third a dict with the flag skip_missing")),
    };
    let path: Vec<&str> = path.split('.').collect();
    let mut pairs = Vec::new();
    for item in items {
        let Some(fields) = item.as_map() else {
            return Err(call.fail("subelements lookup expects a dictionary for each item"));
        };
        if fields.get("skipped").is_some_and(Value::is_true) {
            continue;
        }
        let Some(inner) = inner_list(call, fields, &path, skip_missing)? else { continue };
        let shown = without(fields, &path);
        pairs.extend(inner.into_iter().map(|value| Value::list([shown.clone(), value])));
    }
    Ok(pairs)
}

/// None: it is not there, and need not be.
fn inner_list(call: &Call, fields: &Map, path: &[&str], skip_missing: bool) -> Result<Option<Vec<Value>>, Stop> {
    let mut found = fields;
    for (at, name) in path.iter().enumerate() {
        let last = at + 1 == path.len();
        match found.get(name) {
            None if skip_missing => return Ok(None),
            None => return Err(call.fail(format!("could not find '{name}' key in an item"))),
            Some(Value::List(items)) if last => return Ok(Some(items.to_vec())),
            Some(Value::Map(map)) if !last => found = map,
            Some(_) if skip_missing => return Ok(None),
            Some(other) => {
                let wanted = if last { "list" } else { "dictionary" };
                return Err(call.fail(format!("the key {name} should point to a {wanted}, got {}", other.type_name())));
            }
        }
    }
    Ok(None)
}

fn without(fields: &Map, path: &[&str]) -> Value {
    let mut fields = fields.clone();
    match path {
        [name] => {
            fields.remove(name);
        }
        [name, rest @ ..] => {
            if let Some(Value::Map(inner)) = fields.get(name) {
                let inner = without(inner, rest);
                fields.insert(Key::from(*name), inner);
            }
        }
        [] => {}
    }
    fields.into()
}
