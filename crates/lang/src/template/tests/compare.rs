//! Tests that compare: the operators by their names, and arithmetic.
use super::super::call::Call;
use super::super::error::Stop;
use super::super::eval::operators;
use super::super::registry::TestEntry;
use super::settled;
use std::cmp::Ordering;
use value::Value;

pub static TABLE: &[TestEntry] = &[
    settled("eq", equal),
    settled("equalto", equal),
    settled("==", equal),
    settled("ne", |call| equal(call).map(|equal| !equal)),
    settled("!=", |call| equal(call).map(|equal| !equal)),
    settled("gt", |call| ordered(call, ">", Ordering::is_gt)),
    settled("greaterthan", |call| ordered(call, ">", Ordering::is_gt)),
    settled(">", |call| ordered(call, ">", Ordering::is_gt)),
    settled("ge", |call| ordered(call, ">=", Ordering::is_ge)),
    settled(">=", |call| ordered(call, ">=", Ordering::is_ge)),
    settled("lt", |call| ordered(call, "<", Ordering::is_lt)),
    settled("lessthan", |call| ordered(call, "<", Ordering::is_lt)),
    settled("<", |call| ordered(call, "<", Ordering::is_lt)),
    settled("le", |call| ordered(call, "<=", Ordering::is_le)),
    settled("<=", |call| ordered(call, "<=", Ordering::is_le)),
    settled("in", is_in),
    settled("odd", |call| remainder(call, Value::Int(2)).map(|rest| rest == Value::Int(1))),
    settled("even", |call| remainder(call, Value::Int(2)).map(|rest| rest == Value::Int(0))),
    settled("divisibleby", divisible),
];

fn other(call: &mut Call, name: &str) -> Result<Value, Stop> {
    let [other] = call.params([name])?;
    call.required(other, name)
}

fn equal(call: &mut Call) -> Result<bool, Stop> {
    let other = other(call, "b")?;
    Ok(call.input == other)
}

fn ordered(call: &mut Call, sign: &str, wanted: fn(Ordering) -> bool) -> Result<bool, Stop> {
    let other = other(call, "b")?;
    operators::compare(&call.input, &other, sign).map(wanted)
}

fn is_in(call: &mut Call) -> Result<bool, Stop> {
    let other = other(call, "seq")?;
    operators::contains(&other, &call.input)
}

fn remainder(call: &mut Call, by: Value) -> Result<Value, Stop> {
    if !operators::is_number(&call.input) {
        return Err(call.wrong_type("value", "a number", &call.input));
    }
    operators::modulo(&call.input, &by)
}

fn divisible(call: &mut Call) -> Result<bool, Stop> {
    let by = other(call, "num")?;
    remainder(call, by).map(|rest| rest == Value::Int(0))
}
