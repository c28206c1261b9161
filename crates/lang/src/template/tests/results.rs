//! Tests over what a task returned.
use super::super::call::Call;
use super::super::error::Stop;
use super::super::registry::TestEntry;
use super::items;
use value::Value;

pub static TABLE: &[TestEntry] = &[
    items("failed", |call| has(call, "failed")),
    items("failure", |call| has(call, "failed")),
    items("succeeded", |call| has(call, "failed").map(|failed| !failed)),
    items("success", |call| has(call, "failed").map(|failed| !failed)),
    items("successful", |call| has(call, "failed").map(|failed| !failed)),
    items("changed", changed),
    items("change", changed),
    items("skipped", |call| has(call, "skipped")),
    items("skip", |call| has(call, "skipped")),
    items("unreachable", |call| has(call, "unreachable")),
    items("reachable", |call| has(call, "unreachable").map(|unreachable| !unreachable)),
    items("timedout", |call| field(call, "timedout").and_then(|found| truth(call, found, false))),
    items("started", |call| field(call, "started").and_then(|found| truth(call, found, true))),
    items("finished", |call| field(call, "finished").and_then(|found| truth(call, found, true))),
];

/// A field of the result; none where there is none.
fn field(call: &mut Call, name: &str) -> Result<Option<Value>, Stop> {
    let [] = call.params([])?;
    let is_mapping = call.input.as_map().is_some() || matches!(call.input, Value::Live(_));
    if !is_mapping {
        return Err(Stop::of_type(format!("The '{}' test expects a dictionary", call.name)));
    }
    let found = call.item(&call.input, &name.into())?;
    Ok(Some(found).filter(|found| !found.is_undefined()))
}

fn truth(call: &Call, found: Option<Value>, default: bool) -> Result<bool, Stop> {
    call.truth(found, default)
}

fn has(call: &mut Call, name: &str) -> Result<bool, Stop> {
    let found = field(call, name)?;
    truth(call, found, false)
}

/// A loop's result has changed where one of its items has.
fn changed(call: &mut Call) -> Result<bool, Stop> {
    if let Some(found) = field(call, "changed")? {
        return truth(call, Some(found), false);
    }
    let Some(results) = field(call, "results")? else { return Ok(false) };
    for result in call.items(&results).unwrap_or_default() {
        let found = call.item(&result, &"changed".into())?;
        if !found.is_undefined() && call.truth(Some(found), false)? {
            return Ok(true);
        }
    }
    Ok(false)
}
