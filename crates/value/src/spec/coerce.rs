//! One value to one type, as Ansible's modules take their arguments: `yes` is a boolean, `"8080"` a number, `a,b` a list.
use super::Kind;
use crate::value::{Json, Str, Value, json_text};

/// What was wrong with a value, for the caller to put the argument's name to.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal(pub String);

const TRUE: [&str; 7] = ["1", "on", "t", "true", "y", "yes", "True"];
const FALSE: [&str; 7] = ["0", "off", "f", "false", "n", "no", "False"];

pub fn coerce(value: &Value, kind: Kind) -> Result<Value, Refusal> {
    match kind {
        Kind::Raw => Ok(value.clone()),
        Kind::Str => to_string(value),
        Kind::Path => path(value),
        Kind::Bool => to_bool(value).map(Value::Bool),
        Kind::Int => integer(value),
        Kind::Float => float(value),
        Kind::List => list(value),
        Kind::Dict => dict(value),
        Kind::Json => match value {
            Value::Str(_) => to_string(value),
            other => Ok(Value::Str(Str::from(json_text(other, Json::LINE)).with_secrecy(other.holds_secret()))),
        },
        Kind::Bytes => size(value, 1),
        Kind::Bits => size(value, 1),
    }
}

fn refuse(value: &Value, kind: &str) -> Refusal {
    let shown = if value.holds_secret() { "'********'".to_string() } else { value.to_repr() };
    Refusal(format!("\"{shown}\" cannot be converted to {kind}"))
}

fn to_string(value: &Value) -> Result<Value, Refusal> {
    match value {
        Value::Bytes(bytes) => Ok(String::from_utf8_lossy(bytes).into_owned().into()),
        other => Ok(Value::Str(other.to_str())),
    }
}

fn path(value: &Value) -> Result<Value, Refusal> {
    let text = to_string(value)?;
    match text.as_str().is_some_and(|path| path.contains('\0')) {
        true => Err(Refusal("a path cannot hold a NUL character".into())),
        false => Ok(text),
    }
}

pub fn to_bool(value: &Value) -> Result<bool, Refusal> {
    match value {
        Value::Bool(truth) => Ok(*truth),
        Value::Int(1) => Ok(true),
        Value::Int(0) => Ok(false),
        Value::Float(number) if *number == 1.0 => Ok(true),
        Value::Float(number) if *number == 0.0 => Ok(false),
        Value::Str(text) => {
            let word = text.trim().to_lowercase();
            match (TRUE.contains(&word.as_str()), FALSE.contains(&word.as_str())) {
                (true, _) => Ok(true),
                (_, true) => Ok(false),
                _ => Err(Refusal(format!(
                    "The value '{}' is not a valid boolean. Valid booleans include: 0, 1, 'no', 'off', 'false', 'yes', 'on', 'true'",
                    shown(text)
                ))),
            }
        }
        other => Err(refuse(other, "a bool")),
    }
}

fn shown(text: &Str) -> &str {
    if text.is_secret() { "********" } else { text.as_str() }
}

fn integer(value: &Value) -> Result<Value, Refusal> {
    match value {
        Value::Int(_) | Value::Big(_) => Ok(value.clone()),
        Value::Bool(truth) => Ok(Value::Int(i64::from(*truth))),
        Value::Float(number) if number.fract() == 0.0 && number.abs() < 9.0e15 => Ok(Value::Int(*number as i64)),
        Value::Str(text) => text.trim().parse().map(Value::Int).or_else(|_| match text.trim().parse::<f64>() {
            Ok(number) if number.fract() == 0.0 && number.abs() < 9.0e15 => Ok(Value::Int(number as i64)),
            _ => Err(refuse(value, "an int")),
        }),
        other => Err(refuse(other, "an int")),
    }
}

fn float(value: &Value) -> Result<Value, Refusal> {
    match value {
        Value::Str(text) => text.trim().parse().map(Value::Float).map_err(|_| refuse(value, "a float")),
        other => other.as_float().map(Value::Float).ok_or_else(|| refuse(other, "a float")),
    }
}

fn list(value: &Value) -> Result<Value, Refusal> {
    match value {
        Value::List(_) => Ok(value.clone()),
        Value::Tuple(items) => Ok(Value::List(items.clone())),
        Value::Str(text) => Ok(Value::list(
            text.split(',').map(|item| Value::Str(Str::from(item.trim()).with_secrecy(text.is_secret()))),
        )),
        Value::Int(_) | Value::Float(_) | Value::Bool(_) => Ok(Value::list([Value::Str(value.to_str())])),
        other => Err(Refusal(format!("<class '{}'> cannot be converted to a list", other.type_name()))),
    }
}

fn dict(value: &Value) -> Result<Value, Refusal> {
    match value {
        Value::Map(_) => Ok(value.clone()),
        Value::Str(text) if text.contains('=') => {
            let pairs = text.split([',', ' ']).map(str::trim).filter(|pair| !pair.is_empty());
            let entries = pairs.map(|pair| pair.split_once('=').ok_or_else(|| refuse(value, "a dict")));
            let entries = entries.collect::<Result<Vec<_>, _>>()?;
            Ok(Value::map(entries.into_iter().map(|(key, item)| (key.trim(), item.trim()))))
        }
        Value::Str(_) => Err(Refusal("dictionary requested, could not parse JSON or key=value".into())),
        other => Err(Refusal(format!("<class '{}'> cannot be converted to a dict", other.type_name()))),
    }
}

/// `10M`, `1.5k`, `512`: powers of 1024, as Ansible reads them.
fn size(value: &Value, unit: u64) -> Result<Value, Refusal> {
    let text = match value {
        Value::Int(number) => return Ok(Value::Int(*number)),
        other => other.to_text(),
    };
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, suffix) = text.split_at(digits);
    let power = match suffix.trim().chars().next().map(|c| c.to_ascii_uppercase()) {
        None | Some('B') => 0,
        Some('K') => 1,
        Some('M') => 2,
        Some('G') => 3,
        Some('T') => 4,
        Some('P') => 5,
        Some('E') => 6,
        Some(_) => return Err(refuse(value, "a number of bytes")),
    };
    let number: f64 = number.parse().map_err(|_| refuse(value, "a number of bytes"))?;
    Ok(Value::Int((number * unit as f64 * 1024_f64.powi(power)).round() as i64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loosely_typed_values_find_their_type() {
        assert_eq!(coerce(&"Yes".into(), Kind::Bool), Ok(true.into()));
        assert_eq!(coerce(&" 8080 ".into(), Kind::Int), Ok(8080.into()));
        assert_eq!(coerce(&"a, b".into(), Kind::List), Ok(vec!["a", "b"].into()));
        assert_eq!(coerce(&"10M".into(), Kind::Bytes), Ok(10_485_760.into()));
        assert_eq!(coerce(&420.into(), Kind::Str), Ok("420".into()));
        assert!(coerce(&"maybe".into(), Kind::Bool).is_err());
        assert!(coerce(&Value::list([]), Kind::Int).is_err());
    }

    #[test]
    fn a_refused_secret_is_not_shown() {
        let secret = Value::Str(Str::from("hunter2").with_secrecy(true));
        for kind in [Kind::Bool, Kind::Int, Kind::Dict, Kind::Bytes] {
            assert!(!coerce(&secret, kind).unwrap_err().0.contains("hunter2"), "{kind:?}");
        }
    }
}
