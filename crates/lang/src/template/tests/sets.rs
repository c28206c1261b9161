//! Tests over lists as sets, and over all of their items.
use super::super::call::Call;
use super::super::error::Stop;
use super::super::eval::operators;
use super::super::registry::TestEntry;
use super::{items, settled};
use value::{Map, Value};

pub static TABLE: &[TestEntry] = &[
    settled("subset", subset),
    settled("issubset", subset),
    settled("superset", superset),
    settled("issuperset", superset),
    settled("contains", contains),
    items("any", |call| quantified(call, true)),
    items("all", |call| quantified(call, false).map(|found| !found)),
];

/// The items as keys; lists and maps in them cannot be compared so, as in Python.
fn set(call: &Call, value: &Value) -> Result<Map, Stop> {
    let mut set = Map::new();
    for item in call.items(value)? {
        set.insert(call.key(item)?, Value::Null);
    }
    Ok(set)
}

fn both(call: &mut Call) -> Result<(Map, Map), Stop> {
    let [other] = call.params(["b"])?;
    let other = call.required(other, "b")?;
    Ok((set(call, &call.input)?, set(call, &other)?))
}

fn subset(call: &mut Call) -> Result<bool, Stop> {
    let (ours, theirs) = both(call)?;
    Ok(ours.keys().all(|key| theirs.contains_key(key)))
}

fn superset(call: &mut Call) -> Result<bool, Stop> {
    let (ours, theirs) = both(call)?;
    Ok(theirs.keys().all(|key| ours.contains_key(key)))
}

fn contains(call: &mut Call) -> Result<bool, Stop> {
    let [item] = call.params(["value"])?;
    let item = call.required(item, "value")?;
    operators::contains(&call.input, &item)
}

/// Whether one item is as true as that.
fn quantified(call: &mut Call, wanted: bool) -> Result<bool, Stop> {
    let [] = call.params([])?;
    for item in call.items(&call.input)? {
        if call.truth(Some(item), false)? == wanted {
            return Ok(true);
        }
    }
    Ok(false)
}
