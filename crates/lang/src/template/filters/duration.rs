//! Durations as text, `1h 30m`, in units of time (`community.general.to_seconds` and its kin).
use super::super::call::Call;
use super::super::error::Stop;
use super::super::registry::Entry;
use super::settled;
use crate::python::regex::{Anchor, Flags, Pattern};
use value::Value;

pub static TABLE: &[Entry] = &[
    settled("community.general.to_time_unit", to_time_unit),
    settled("community.general.to_milliseconds", |call| to_unit(call, "ms")),
    settled("community.general.to_seconds", |call| to_unit(call, "s")),
    settled("community.general.to_minutes", |call| to_unit(call, "m")),
    settled("community.general.to_hours", |call| to_unit(call, "h")),
    settled("community.general.to_days", |call| to_unit(call, "d")),
    settled("community.general.to_weeks", |call| to_unit(call, "w")),
    settled("community.general.to_months", |call| to_unit(call, "mo")),
    settled("community.general.to_years", |call| to_unit(call, "y")),
];

/// Milliseconds in each unit; months and years may be defined by the caller.
fn unit(name: &str, year: f64, month: f64) -> Option<f64> {
    const DAY: f64 = 86_400_000.0;
    Some(match name.to_ascii_lowercase().as_str() {
        "ms" | "msec" | "msecs" | "msecond" | "mseconds" | "millisecond" | "milliseconds" => 1.0,
        "s" | "sec" | "secs" | "second" | "seconds" => 1000.0,
        "m" | "min" | "mins" | "minute" | "minutes" => 60_000.0,
        "h" | "hour" | "hours" => 3_600_000.0,
        "d" | "day" | "days" => DAY,
        "w" | "week" | "weeks" => 7.0 * DAY,
        "mo" | "month" | "months" => month * DAY,
        "y" | "year" | "years" => year * DAY,
        _ => return None,
    })
}

fn to_time_unit(call: &mut Call) -> Result<Value, Stop> {
    let target = match call.arguments.positional.is_empty() {
        true => call.arguments.take_named("unit"),
        false => Some(call.arguments.positional.remove(0)),
    };
    let target = call.string(target, "unit", "ms")?.to_string();
    to_unit(call, &target)
}

fn to_unit(call: &mut Call, target: &str) -> Result<Value, Stop> {
    let [year, month] = call.params(["year", "month"])?;
    let days = |value: Option<Value>, default: f64| match value {
        None | Some(Value::Null) => Ok(default),
        Some(value) => value.as_float().ok_or_else(|| call.wrong_type("year", "a number", &value)),
    };
    let (year, month) = (days(year, 365.0)?, days(month, 30.0)?);
    let Some(target_size) = unit(target, year, month) else {
        return Err(call.fail(format!("can not convert to the following unit: {target}")));
    };
    let text = call.text(&call.input)?;
    let failed = |problem: crate::python::regex::Problem| call.fail(problem.0);
    let pattern = Pattern::new(r"(-?\d+)(\w+)", Flags::default(), Anchor::Full).map_err(failed)?;
    let mut total = 0.0;
    for word in text.split_whitespace() {
        let wrong = || call.fail(format!("can not interpret following string: {}", text.as_str()));
        let found = pattern.first(word).map_err(failed)?.ok_or_else(wrong)?;
        let part = |at: usize| found.get(at).map_or("", |group| group.as_str());
        let number: f64 = part(1).parse().map_err(|_| wrong())?;
        let size = unit(part(2), year, month);
        let size = size.ok_or_else(|| call.fail(format!("can not interpret following string: {}", text.as_str())))?;
        total += number * size;
    }
    let result = total / target_size;
    Ok(Value::Float(format!("{result:.12}").parse().unwrap_or(result)))
}
