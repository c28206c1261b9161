//! Filters over the keys of maps in lists: which to keep, to drop, to rename; and maps found by a field of theirs.
use super::super::call::Call;
use super::super::error::Stop;
use super::super::registry::Entry;
use super::settled;
use crate::python::regex::{Anchor, Flags, Pattern};
use value::{Key, Map, Value};

pub static TABLE: &[Entry] = &[
    settled("community.general.keep_keys", |call| filter_keys(call, true)),
    settled("community.general.remove_keys", |call| filter_keys(call, false)),
    settled("community.general.replace_keys", replace_keys),
    settled("community.general.groupby_as_dict", groupby_as_dict),
    settled("community.general.lists_mergeby", lists_mergeby),
    settled("ansible.utils.keep_keys", |call| filter_keys(call, true)),
    settled("ansible.utils.remove_keys", |call| filter_keys(call, false)),
    settled("ansible.utils.replace_keys", replace_keys),
];

/// How a key is compared with a target.
#[derive(Clone, Copy, PartialEq)]
enum Matching {
    Equal,
    StartsWith,
    EndsWith,
    Regex,
}

impl Matching {
    fn new(call: &Call, name: Option<Value>) -> Result<Self, Stop> {
        let name = call.string(name, "matching_parameter", "equal")?;
        match name.as_str() {
            "equal" | "equality" => Ok(Self::Equal),
            "starts_with" => Ok(Self::StartsWith),
            "ends_with" => Ok(Self::EndsWith),
            "regex" => Ok(Self::Regex),
            other => {
                Err(call
                    .fail(format!("matching_parameter must be equal, starts_with, ends_with or regex, not {other}")))
            }
        }
    }

    fn fits(self, call: &Call, key: &str, target: &str) -> Result<bool, Stop> {
        Ok(match self {
            Self::Equal => key == target,
            Self::StartsWith => key.starts_with(target),
            Self::EndsWith => key.ends_with(target),
            Self::Regex => {
                let pattern = Pattern::new(target, Flags::default(), Anchor::Match);
                let pattern = pattern.map_err(|problem| call.fail(problem.0))?;
                pattern.is_match(key).map_err(|problem| call.fail(problem.0))?
            }
        })
    }
}

/// The input's maps; a single one counts as a list of one.
fn maps<'c>(call: &'c Call) -> Result<Vec<&'c Map>, Stop> {
    let wrong = |value: &Value| call.wrong_type("data", "a list of dictionaries", value);
    match &call.input {
        Value::Map(map) => Ok(vec![map]),
        Value::List(items) => items.iter().map(|item| item.as_map().ok_or_else(|| wrong(item))).collect(),
        other => Err(wrong(other)),
    }
}

/// A list where the input was one.
fn same_shape(call: &Call, mut maps: Vec<Value>) -> Value {
    if call.input.as_map().is_some() { maps.pop().unwrap_or_default() } else { Value::list(maps) }
}

fn filter_keys(call: &mut Call, keep: bool) -> Result<Value, Stop> {
    let [target, matching] = call.params(["target", "matching_parameter"])?;
    let matching = Matching::new(call, matching)?;
    let target = call.required(target, "target")?;
    let targets: Vec<String> = match &target {
        Value::Str(target) => vec![target.to_string()],
        Value::List(targets) => targets.iter().map(Value::to_text).collect(),
        other => return Err(call.wrong_type("target", "a string or a list of strings", other)),
    };
    let mut filtered = Vec::new();
    for map in maps(call)? {
        let mut kept = Map::new();
        for (key, value) in map.iter() {
            let name = key.value().to_text();
            let mut fits = false;
            for target in &targets {
                fits |= matching.fits(call, &name, target)?;
            }
            if fits == keep {
                kept.insert(key.clone(), value.clone());
            }
        }
        filtered.push(kept.into());
    }
    Ok(same_shape(call, filtered))
}

fn replace_keys(call: &mut Call) -> Result<Value, Stop> {
    let [target, matching] = call.params(["target", "matching_parameter"])?;
    let matching = Matching::new(call, matching)?;
    let target = call.required(target, "target")?;
    let mut pairs = Vec::new();
    for item in target.as_list().unwrap_or_default() {
        match (item.get("before"), item.get("after")) {
            (Some(before), Some(after)) => pairs.push((before.to_text(), after.clone())),
            _ => return Err(call.fail("each target must have the keys before and after")),
        }
    }
    let mut renamed = Vec::new();
    for map in maps(call)? {
        let mut new = Map::new();
        for (key, value) in map.iter() {
            let name = key.value().to_text();
            let mut key = key.clone();
            for (before, after) in &pairs {
                if matching.fits(call, &name, before)? {
                    key = Key::from(after.clone());
                    break;
                }
            }
            new.insert(key, value.clone());
        }
        renamed.push(new.into());
    }
    Ok(same_shape(call, renamed))
}

fn groupby_as_dict(call: &mut Call) -> Result<Value, Stop> {
    let [attribute] = call.params(["attribute"])?;
    let attribute = call.required(attribute, "attribute")?;
    let attribute = call.key(attribute)?;
    let Value::List(items) = &call.input else {
        return Err(call.wrong_type("sequence", "a list", &call.input));
    };
    let mut grouped = Map::new();
    for (at, item) in items.iter().enumerate() {
        let fields = item.as_map().ok_or_else(|| call.fail(format!("Sequence element #{at} is not a mapping")))?;
        let key = fields.get_key(&attribute);
        let key = key.ok_or_else(|| call.fail(format!("Attribute not contained in element #{at} of sequence")))?;
        let key = call.key(key.clone())?;
        if grouped.insert(key.clone(), item.clone()).is_some() {
            let shown = key.value().to_text();
            return Err(call.fail(format!("Multiple sequence entries have attribute value {shown}")));
        }
    }
    Ok(grouped.into())
}

/// Lists of maps put together by one key of theirs, in its order.
fn lists_mergeby(call: &mut Call) -> Result<Value, Stop> {
    let recursive = call.arguments.take_named("recursive").unwrap_or(Value::Bool(false));
    let merge = call.arguments.take_named("list_merge").unwrap_or_else(|| "replace".into());
    let mut terms = vec![call.input.clone()];
    terms.append(&mut call.arguments.positional);
    let index = match terms.pop() {
        Some(index) if !terms.is_empty() => call.key(index)?,
        _ => return Err(call.fail("at least a list and the name of a key are needed")),
    };
    let mut merged = Map::new();
    for item in terms.iter().flat_map(flat) {
        let key = item.as_map().and_then(|fields| fields.get_key(&index)).cloned();
        let key = key.ok_or_else(|| call.fail(format!("an item has no key {}", index.value().to_repr())))?;
        let key = call.key(key)?;
        let value = match merged.get_key(&key) {
            None => item.clone(),
            Some(known) => {
                let mut arguments = super::super::call::Arguments::of([item.clone()]);
                arguments.named = vec![("recursive".into(), recursive.clone()), ("list_merge".into(), merge.clone())];
                call.filter("combine", known.clone(), arguments)?
            }
        };
        merged.insert(key, value);
    }
    let mut pairs: Vec<(Value, Value)> = merged.into_iter().map(|(key, value)| (key.into_value(), value)).collect();
    call.sort_by_key(&mut pairs, |(key, _)| key, false)?;
    Ok(Value::list(pairs.into_iter().map(|(_, value)| value)))
}

fn flat(value: &Value) -> Vec<&Value> {
    match value {
        Value::List(items) => items.iter().flat_map(flat).collect(),
        other => vec![other],
    }
}
