//! Filters over maps: their items, lists of maps, maps put together.
use super::super::call::Call;
use super::super::error::Stop;
use super::super::registry::Entry;
use super::{items, settled};
use std::sync::Arc;
use value::{Key, Map, Value};

pub static TABLE: &[Entry] = &[
    items("items", items_of),
    settled("dictsort", dictsort),
    settled("dict2items", dict2items),
    settled("items2dict", items2dict),
    settled("combine", combine),
    settled("rekey_on_member", rekey_on_member),
    settled("subelements", subelements),
];

fn pair(key: &Value, value: Value) -> Value {
    Value::Tuple(Arc::new(vec![key.clone(), value]))
}

fn items_of(call: &mut Call) -> Result<Value, Stop> {
    let [] = call.params([])?;
    let input = call.input.clone();
    if input.as_map().is_none() && !matches!(input, Value::Live(_)) {
        return Err(Stop::of_type(format!("{}: Can only get item pairs from a mapping.", call.name)));
    }
    let keys = call.items(&input)?;
    let pairs = keys.iter().map(|key| Ok(pair(key, call.item(&input, key)?)));
    Ok(Value::list(pairs.collect::<Result<Vec<_>, Stop>>()?))
}

fn dictsort(call: &mut Call) -> Result<Value, Stop> {
    let [case_sensitive, by, reverse] = call.params(["case_sensitive", "by", "reverse"])?;
    let (case_sensitive, reverse) = (call.truth(case_sensitive, false)?, call.truth(reverse, false)?);
    let by = call.string(by, "by", "key")?;
    if !matches!(by.as_str(), "key" | "value") {
        return Err(call.fail("You can only sort by either \"key\" or \"value\""));
    }
    let map = map_of(call, &call.input)?;
    let folded = |value: &Value| match value {
        Value::Str(text) if !case_sensitive => text.to_lowercase().into(),
        other => other.clone(),
    };
    let keyed = map.iter().map(|(key, value)| {
        let by = if by.as_str() == "key" { key.value() } else { value };
        (folded(by), pair(key.value(), value.clone()))
    });
    let mut keyed: Vec<(Value, Value)> = keyed.collect();
    call.sort_by_key(&mut keyed, |(key, _)| key, reverse)?;
    Ok(Value::list(keyed.into_iter().map(|(_, pair)| pair)))
}

fn map_of<'v>(call: &Call, value: &'v Value) -> Result<&'v Map, Stop> {
    value.as_map().ok_or_else(|| {
        Stop::of_type(format!("{} requires a dictionary, got {} instead.", call.name, value.type_name()))
    })
}

fn key_names(call: &mut Call) -> Result<(Key, Key), Stop> {
    let [key, value] = call.params(["key_name", "value_name"])?;
    let (key, value) = (key.unwrap_or_else(|| "key".into()), value.unwrap_or_else(|| "value".into()));
    Ok((call.key(key)?, call.key(value)?))
}

fn dict2items(call: &mut Call) -> Result<Value, Stop> {
    let (key_name, value_name) = key_names(call)?;
    let map = map_of(call, &call.input)?;
    Ok(Value::list(map.iter().map(|(key, value)| {
        let mut item = Map::new();
        item.insert(key_name.clone(), key.value().clone());
        item.insert(value_name.clone(), value.clone());
        Value::from(item)
    })))
}

fn items2dict(call: &mut Call) -> Result<Value, Stop> {
    let (key_name, value_name) = key_names(call)?;
    let wrong = |what: &str| Stop::of_type(format!("items2dict requires {what}"));
    let Some(items) = call.input.as_list() else {
        return Err(wrong(&format!("a list, got {} instead.", call.input.type_name())));
    };
    let mut map = Map::new();
    for item in items {
        let Some(fields) = item.as_map() else {
            return Err(wrong(&format!("a list of dictionaries, got {} in it.", item.type_name())));
        };
        let (Some(key), Some(value)) = (fields.get_key(&key_name), fields.get_key(&value_name)) else {
            let names = format!("'{}' and '{}'", key_name.value().to_text(), value_name.value().to_text());
            return Err(wrong(&format!(
                "each dictionary in the list to contain the keys {names}, got {}",
                shown(item)
            )));
        };
        map.insert(call.key(key.clone())?, value.clone());
    }
    Ok(map.into())
}

/// A value for a message.
fn shown(value: &Value) -> String {
    if value.holds_secret() { "********".into() } else { value.to_repr() }
}

/// What becomes of two lists under the same key.
#[derive(Clone, Copy)]
enum ListMerge {
    Replace,
    Keep,
    Append,
    Prepend,
    AppendUnique,
    PrependUnique,
}

fn combine(call: &mut Call) -> Result<Value, Stop> {
    let recursive = call.arguments.take_named("recursive");
    let recursive = call.truth(recursive, false)?;
    let merge = call.arguments.take_named("list_merge");
    let merge = call.string(merge, "list_merge", "replace")?;
    if !call.arguments.named.is_empty() {
        return Err(call.fail("'recursive' and 'list_merge' are the only valid keyword arguments"));
    }
    let merge = match merge.as_str() {
        "replace" => ListMerge::Replace,
        "keep" => ListMerge::Keep,
        "append" => ListMerge::Append,
        "prepend" => ListMerge::Prepend,
        "append_rp" => ListMerge::AppendUnique,
        "prepend_rp" => ListMerge::PrependUnique,
        other => {
            let choices = "'replace', 'keep', 'append', 'prepend', 'append_rp' or 'prepend_rp'";
            return Err(call.fail(format!("'list_merge' can only be equal to {choices}, not '{other}'")));
        }
    };
    let terms = [std::mem::take(&mut call.input)].into_iter().chain(std::mem::take(&mut call.arguments.positional));
    let mut maps = Vec::new();
    for term in terms {
        collect_maps(call, &term, &mut maps)?;
    }
    let mut combined = Map::new();
    for map in &maps {
        merge_into(&mut combined, map, recursive, merge);
    }
    Ok(combined.into())
}

/// Maps, and lists of them however deep.
fn collect_maps(call: &Call, term: &Value, maps: &mut Vec<Arc<Map>>) -> Result<(), Stop> {
    match term {
        Value::Map(map) => maps.push(map.clone()),
        Value::List(items) | Value::Tuple(items) => {
            for item in items.iter() {
                collect_maps(call, item, maps)?;
            }
        }
        other => {
            let message = "failed to combine variables, expected dicts but got";
            return Err(call.fail(format!("{message} '{}'", other.type_name())));
        }
    }
    Ok(())
}

fn merge_into(into: &mut Map, from: &Map, recursive: bool, merge: ListMerge) {
    for (key, value) in from.iter() {
        let merged = match (into.get_key(key), value) {
            (Some(Value::Map(old)), Value::Map(new)) if recursive => {
                let mut both = (**old).clone();
                merge_into(&mut both, new, recursive, merge);
                both.into()
            }
            (Some(Value::List(old)), Value::List(new)) => merge_lists(old, new, merge),
            _ => value.clone(),
        };
        into.insert(key.clone(), merged);
    }
}

fn merge_lists(old: &[Value], new: &[Value], merge: ListMerge) -> Value {
    let without = |items: &[Value], others: &[Value]| -> Vec<Value> {
        items.iter().filter(|item| !others.contains(item)).cloned().collect()
    };
    Value::from(match merge {
        ListMerge::Replace => new.to_vec(),
        ListMerge::Keep => old.to_vec(),
        ListMerge::Append => [old, new].concat(),
        ListMerge::Prepend => [new, old].concat(),
        ListMerge::AppendUnique => [without(old, new).as_slice(), new].concat(),
        ListMerge::PrependUnique => [new, without(old, new).as_slice()].concat(),
    })
}

fn rekey_on_member(call: &mut Call) -> Result<Value, Stop> {
    let [name, duplicates] = call.params(["key", "duplicates"])?;
    let name = call.required(name, "key")?;
    let name = call.key(name)?;
    let duplicates = call.string(duplicates, "duplicates", "error")?;
    let overwrite = match duplicates.as_str() {
        "error" => false,
        "overwrite" => true,
        other => return Err(call.fail(format!("duplicates parameter has unknown value '{other}'"))),
    };
    let items: Vec<&Value> = match &call.input {
        Value::Map(map) => map.values().collect(),
        Value::List(items) | Value::Tuple(items) => items.iter().collect(),
        _ => return Err(Stop::of_type("Type is not a valid list, set, or dict")),
    };
    let mut rekeyed = Map::new();
    for item in items {
        let fields = item.as_map().ok_or_else(|| Stop::of_type("List item is not a valid dict"))?;
        let Some(key) = fields.get_key(&name) else {
            return Err(call.fail(format!("Key {} was not found.", name.value().to_repr())));
        };
        let key = call.key(key.clone())?;
        if !overwrite && rekeyed.contains_key(&key) {
            let shown = key.value().to_repr();
            return Err(call.fail(format!("Key {shown} is not unique, cannot convert to dict")));
        }
        rekeyed.insert(key, item.clone());
    }
    Ok(rekeyed.into())
}

fn subelements(call: &mut Call) -> Result<Value, Stop> {
    let [path, skip_missing] = call.params(["subelements", "skip_missing"])?;
    let path = call.required(path, "subelements")?;
    let skip_missing = call.truth(skip_missing, false)?;
    let items: Vec<&Value> = match &call.input {
        Value::Map(map) => map.values().collect(),
        Value::List(items) => items.iter().collect(),
        _ => return Err(call.fail("obj must be a list of dicts or a nested dict")),
    };
    let path: Vec<Value> = match &path {
        Value::List(path) => path.to_vec(),
        Value::Str(path) => path.split('.').map(Value::from).collect(),
        _ => return Err(call.fail("subelements must be a list or a string")),
    };
    let mut pairs = Vec::new();
    for item in items {
        for value in inner_list(call, item, &path, skip_missing)? {
            pairs.push(pair(item, value));
        }
    }
    Ok(Value::list(pairs))
}

fn inner_list(call: &Call, item: &Value, path: &[Value], skip_missing: bool) -> Result<Vec<Value>, Stop> {
    let mut found = item;
    for name in path {
        let key = call.key(name.clone())?;
        let Some(fields) = found.as_map() else {
            return Err(Stop::of_type(format!(
                "the key {} should point to a dictionary, got '{}'",
                name.to_repr(),
                shown(found)
            )));
        };
        found = match fields.get_key(&key) {
            Some(value) => value,
            None if skip_missing => return Ok(Vec::new()),
            None => {
                return Err(call.fail(format!(
                    "could not find {} key in iterated item {}",
                    name.to_repr(),
                    shown(found)
                )));
            }
        };
    }
    match found {
        Value::List(items) => Ok(items.to_vec()),
        other => {
            let last = path.last().map(Value::to_repr).unwrap_or_default();
            Err(Stop::of_type(format!("the key {last} should point to a list, got '{}'", shown(other))))
        }
    }
}
