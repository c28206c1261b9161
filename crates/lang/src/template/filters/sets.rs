//! Lists as sets. Python's sets have no order, so that Ansible's results come in another one on each run; ours keep the order
//! in which items were first met.
use super::super::call::Call;
use super::super::error::Stop;
use super::super::registry::Entry;
use super::list::Seen;
use super::settled;
use value::Value;

pub static TABLE: &[Entry] = &[
    settled("union", union),
    settled("intersect", intersect),
    settled("difference", difference),
    settled("symmetric_difference", symmetric_difference),
];

/// The items of the input and of the one argument.
fn both(call: &mut Call) -> Result<(Vec<Value>, Vec<Value>), Stop> {
    let [other] = call.params(["b"])?;
    let other = call.required(other, "b")?;
    Ok((call.items(&call.input)?, call.items(&other)?))
}

fn seen(items: &[Value]) -> Seen {
    let mut seen = Seen::default();
    items.iter().for_each(|item| {
        seen.add(item.clone());
    });
    seen
}

/// Each once, where it is wanted.
fn once(items: impl IntoIterator<Item = Value>, wanted: impl Fn(&Value) -> bool) -> Vec<Value> {
    let mut met = Seen::default();
    items.into_iter().filter(|item| wanted(item) && met.add(item.clone())).collect()
}

fn union(call: &mut Call) -> Result<Value, Stop> {
    let (ours, theirs) = both(call)?;
    Ok(Value::list(once(ours.into_iter().chain(theirs), |_| true)))
}

fn intersect(call: &mut Call) -> Result<Value, Stop> {
    let (ours, theirs) = both(call)?;
    let theirs = seen(&theirs);
    Ok(Value::list(once(ours, |item| theirs.has(item))))
}

fn difference(call: &mut Call) -> Result<Value, Stop> {
    let (ours, theirs) = both(call)?;
    let theirs = seen(&theirs);
    Ok(Value::list(once(ours, |item| !theirs.has(item))))
}

fn symmetric_difference(call: &mut Call) -> Result<Value, Stop> {
    let (ours, theirs) = both(call)?;
    let (in_ours, in_theirs) = (seen(&ours), seen(&theirs));
    Ok(Value::list(once(ours.into_iter().chain(theirs), |item| in_ours.has(item) != in_theirs.has(item))))
}
