//! Keywords of a task whose values may be templates, by their types.
use super::Halt;
use super::names::{Names, origin};
use value::Value;
use value::spec::{Kind, coerce};

/// None: it was not written, or came to nothing.
pub fn value(names: &Names, name: &str, written: Option<&Value>) -> Result<Option<Value>, Halt> {
    let Some(written) = written else { return Ok(None) };
    let value = names.value(written).map_err(|halt| in_keyword(halt, name, written))?;
    Ok(Some(value).filter(|value| !matches!(value, Value::Omit | Value::Null)))
}

pub fn truth(names: &Names, name: &str, written: Option<&Value>) -> Result<Option<bool>, Halt> {
    of_kind(names, name, written, Kind::Bool).map(|value| value.and_then(|value| value.as_bool()))
}

pub fn integer(names: &Names, name: &str, written: Option<&Value>) -> Result<Option<i64>, Halt> {
    of_kind(names, name, written, Kind::Int).map(|value| value.and_then(|value| value.as_int()))
}

pub fn number(names: &Names, name: &str, written: Option<&Value>) -> Result<Option<f64>, Halt> {
    of_kind(names, name, written, Kind::Float).map(|value| value.and_then(|value| value.as_float()))
}

pub fn text(names: &Names, name: &str, written: Option<&Value>) -> Result<Option<String>, Halt> {
    value(names, name, written).map(|value| value.map(|value| value.to_text()))
}

fn of_kind(names: &Names, name: &str, written: Option<&Value>, kind: Kind) -> Result<Option<Value>, Halt> {
    let Some(value) = value(names, name, written)? else { return Ok(None) };
    match coerce(&value, kind) {
        Ok(value) => Ok(Some(value)),
        Err(refusal) => {
            let message = format!("the field '{name}' could not be converted to {}: {}", kind.name(), refusal.0);
            Err(Halt::refused(message).at(written.and_then(origin)))
        }
    }
}

fn in_keyword(halt: Halt, name: &str, written: &Value) -> Halt {
    halt.within(format!("Error processing keyword '{name}'")).at(origin(written))
}

/// Whether a condition says what it means without any evaluation.
pub fn is_literal(condition: &Value) -> bool {
    matches!(condition, Value::Bool(_))
}
