//! Dates: `strftime` and `to_datetime`.
use super::super::call::Call;
use super::super::error::Stop;
use super::super::registry::Entry;
use super::number::parse_float;
use super::settled;
use crate::python::time;
use value::Value;

pub static TABLE: &[Entry] = &[settled("strftime", strftime), settled("to_datetime", to_datetime)];

fn strftime(call: &mut Call) -> Result<Value, Stop> {
    let [second, utc] = call.params(["second", "utc"])?;
    let utc = call.truth(utc, false)?;
    let Value::Str(pattern) = call.input.clone() else {
        return Err(call.wrong_type("string_format", "a string", &call.input));
    };
    let moment = match second {
        None | Some(Value::Null) => {
            call.evaluation().note_impure();
            (call.environment().now(utc)?.moment() / 1_000_000) as i64
        }
        Some(second) => {
            let seconds = match &second {
                Value::Str(text) => parse_float(text),
                other => other.as_float(),
            };
            let seconds = seconds.filter(|seconds| seconds.is_finite() && seconds.abs() < 6.7e10);
            seconds.ok_or_else(|| call.fail(format!("Invalid value for epoch value ({})", second.to_text())))?.trunc()
                as i64
        }
    };
    let offset = if utc { 0 } else { call.environment().local_offset(moment)? };
    let shown = time::at(moment, offset);
    Ok(time::format(&pattern, &shown, &zone(offset), false).into())
}

/// The name of a zone that is known by its offset alone.
pub fn zone(offset: i32) -> String {
    let (sign, size) = if offset < 0 { ('-', -offset) } else { ('+', offset) };
    match (size, size % 3600) {
        (0, _) => "UTC".into(),
        (_, 0) => format!("{sign}{:02}", size / 3600),
        _ => format!("{sign}{:02}{:02}", size / 3600, size / 60 % 60),
    }
}

fn to_datetime(call: &mut Call) -> Result<Value, Stop> {
    let [pattern] = call.params(["format"])?;
    let pattern = call.string(pattern, "format", "%Y-%m-%d %H:%M:%S")?;
    match &call.input {
        Value::Str(text) => time::parse(text, &pattern).map(Value::DateTime).map_err(|problem| call.fail(problem)),
        other => Err(call.wrong_type("string", "a string", other)),
    }
}
