//! Tests about what a value is.
use super::super::call::Call;
use super::super::error::Stop;
use super::super::object::ObjectRef;
use super::super::registry::{self, TestEntry};
use super::{anything, items, settled};
use crate::python::text;
use value::{Str, Value};

pub static TABLE: &[TestEntry] = &[
    anything("defined", |call| defined(call, true)),
    anything("undefined", |call| defined(call, false)),
    items("none", |call| is(call, Value::is_null)),
    items("boolean", |call| is(call, |value| matches!(value, Value::Bool(_)))),
    items("true", |call| is(call, |value| matches!(value, Value::Bool(true)))),
    items("false", |call| is(call, |value| matches!(value, Value::Bool(false)))),
    items("integer", |call| is(call, |value| matches!(value, Value::Int(_) | Value::Big(_)))),
    items("float", |call| is(call, |value| matches!(value, Value::Float(_)))),
    items("number", |call| is(call, |value| value.as_float().is_some())),
    items("string", |call| is(call, |value| matches!(value, Value::Str(_)))),
    items("mapping", |call| is(call, is_mapping)),
    items("sequence", |call| is(call, is_sequence)),
    items("iterable", |call| is(call, is_sequence)),
    items("callable", |call| is(call, |value| ObjectRef::of(value).is_some_and(|object| object.is_callable()))),
    items("escaped", |call| is(call, |_| false)),
    items("sameas", sameas),
    items("truthy", |call| truthy(call, true)),
    items("falsy", |call| truthy(call, false)),
    settled("lower", lower),
    settled("upper", upper),
    settled("nan", nan),
    settled("isnan", nan),
    settled("filter", |call| known(call, |name| registry::filter(name).is_ok())),
    settled("test", |call| known(call, |name| registry::test(name).is_ok())),
    anything("vault_encrypted", vault_encrypted),
];

fn is(call: &mut Call, test: fn(&Value) -> bool) -> Result<bool, Stop> {
    let [] = call.params([])?;
    Ok(test(&call.input))
}

fn defined(call: &mut Call, wanted: bool) -> Result<bool, Stop> {
    let [] = call.params([])?;
    Ok(call.input.is_undefined() != wanted)
}

fn is_mapping(value: &Value) -> bool {
    matches!(value, Value::Map(_)) || ObjectRef::of(value).is_some_and(|object| object.is_mapping())
}

/// Whatever has items: texts and maps too, as Jinja has it.
fn is_sequence(value: &Value) -> bool {
    match value {
        Value::Str(_) | Value::Bytes(_) | Value::List(_) | Value::Tuple(_) | Value::Map(_) => true,
        other => ObjectRef::of(other).is_some_and(|object| object.is_mapping() || object.is_sequence()),
    }
}

/// Python's `is`: equal, and of one type; large numbers and texts are taken by their value, for they have no other self here.
fn sameas(call: &mut Call) -> Result<bool, Stop> {
    let [other] = call.params(["other"])?;
    let other = call.required(other, "other")?;
    Ok(std::mem::discriminant(&call.input) == std::mem::discriminant(&other) && call.input == other)
}

fn truthy(call: &mut Call, wanted: bool) -> Result<bool, Stop> {
    let [convert] = call.params(["convert_bool"])?;
    let word = match &call.input {
        Value::Str(text) if call.truth(convert, false)? => spoken(text),
        _ => None,
    };
    let truth = match word {
        Some(truth) => truth,
        None => call.truth(Some(call.input.clone()), false)?,
    };
    Ok(truth == wanted)
}

/// The words that Ansible's booleans have.
fn spoken(text: &Str) -> Option<bool> {
    match text::lower(text.trim()).as_str() {
        "y" | "yes" | "on" | "1" | "true" | "t" => Some(true),
        "n" | "no" | "off" | "0" | "false" | "f" => Some(false),
        _ => None,
    }
}

fn lower(call: &mut Call) -> Result<bool, Stop> {
    let [] = call.params([])?;
    let text = call.text(&call.input)?;
    Ok(text.chars().any(char::is_lowercase) && !text.chars().any(char::is_uppercase))
}

fn upper(call: &mut Call) -> Result<bool, Stop> {
    let [] = call.params([])?;
    let text = call.text(&call.input)?;
    Ok(text.chars().any(char::is_uppercase) && !text.chars().any(char::is_lowercase))
}

fn nan(call: &mut Call) -> Result<bool, Stop> {
    let [] = call.params([])?;
    Ok(matches!(call.input, Value::Float(number) if number.is_nan()))
}

fn known(call: &mut Call, known: fn(&str) -> bool) -> Result<bool, Stop> {
    let [] = call.params([])?;
    Ok(call.input.as_str().is_some_and(known))
}

/// Of a variable that stands under a vault's key, as it is or as it was decrypted.
fn vault_encrypted(call: &mut Call) -> Result<bool, Stop> {
    let [] = call.params([])?;
    Ok(match &call.input {
        Value::Vaulted(_) => true,
        Value::Str(text) => text.is_secret() && call.environment().sealed(text).is_some(),
        _ => false,
    })
}
