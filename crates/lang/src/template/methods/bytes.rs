//! Methods of bytes, which filters such as b64decode and lookups give now and then.
use super::super::call::Arguments;
use super::super::error::Stop;
use super::none;
use std::sync::Arc;
use value::Value;

pub const NAMES: [&str; 6] = ["decode", "hex", "lower", "upper", "strip", "startswith"];

pub fn call(bytes: &Arc<[u8]>, name: &str, mut arguments: Arguments) -> Result<Value, Stop> {
    match name {
        "decode" => {
            let [encoding, errors] = arguments.bind("decode", ["encoding", "errors"])?;
            decode(bytes, encoding.as_ref().and_then(Value::as_str), errors.as_ref().and_then(Value::as_str))
        }
        "startswith" => {
            let [prefix] = arguments.bind("startswith", ["prefix"])?;
            match prefix {
                Some(Value::Bytes(prefix)) => Ok(bytes.starts_with(&prefix).into()),
                _ => Err(Stop::of_type("startswith first arg must be bytes or a tuple of bytes")),
            }
        }
        _ => {
            none(name, &arguments)?;
            Ok(match name {
                "hex" => bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into(),
                "lower" => Value::Bytes(bytes.to_ascii_lowercase().into()),
                "upper" => Value::Bytes(bytes.to_ascii_uppercase().into()),
                _ => Value::Bytes(bytes.trim_ascii().into()),
            })
        }
    }
}

fn decode(bytes: &[u8], encoding: Option<&str>, errors: Option<&str>) -> Result<Value, Stop> {
    let encoding = encoding.unwrap_or("utf-8").to_lowercase().replace('_', "-");
    match (encoding.as_str(), errors.unwrap_or("strict")) {
        ("latin-1" | "latin1" | "iso-8859-1", _) => {
            Ok(bytes.iter().map(|byte| char::from(*byte)).collect::<String>().into())
        }
        ("utf-8" | "utf8" | "ascii" | "us-ascii", "replace") => Ok(String::from_utf8_lossy(bytes).into_owned().into()),
        ("utf-8" | "utf8" | "ascii" | "us-ascii", "ignore") => {
            Ok(String::from_utf8_lossy(bytes).replace('\u{fffd}', "").into())
        }
        ("utf-8" | "utf8" | "ascii" | "us-ascii", _) => match std::str::from_utf8(bytes) {
            Ok(text) => Ok(text.into()),
            Err(error) => Err(Stop::of_value(format!(
                "'{encoding}' codec can't decode byte in position {}: invalid start byte",
                error.valid_up_to()
            ))),
        },
        (other, _) => Err(Stop::of_value(format!("unknown encoding: {other}"))),
    }
}
