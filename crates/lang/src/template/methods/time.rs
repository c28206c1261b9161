//! Dates, times and the spans between them: attributes, methods, arithmetic, `strftime`.
use super::super::call::Arguments;
use super::super::error::Stop;
use super::super::eval::Evaluation;
use super::super::object::{Object, ObjectRef};
use super::none;
use crate::python;
use std::fmt::Write;
use value::{Date, DateTime, Value};

pub const DATETIME: [&str; 9] =
    ["strftime", "isoformat", "timestamp", "date", "weekday", "isoweekday", "replace", "ctime", "toordinal"];
pub const DATE: [&str; 7] = ["strftime", "isoformat", "weekday", "isoweekday", "replace", "ctime", "toordinal"];

const MICROS: i128 = 1_000_000;
/// The first and the last day that Python's dates know.
const FIRST_DAY: i64 = -719_162;
const LAST_DAY: i64 = 2_932_896;

fn midnight(date: Date) -> DateTime {
    DateTime { date, hour: 0, minute: 0, second: 0, microsecond: 0, offset: None }
}

fn moment(value: &Value) -> Option<DateTime> {
    match value {
        Value::DateTime(moment) => Some(*moment),
        Value::Date(date) => Some(midnight(*date)),
        _ => None,
    }
}

pub fn attribute(value: &Value, name: &str) -> Option<Value> {
    let now = moment(value)?;
    let whole = matches!(value, Value::DateTime(_));
    Some(match name {
        "year" => now.date.year.into(),
        "month" => i64::from(now.date.month).into(),
        "day" => i64::from(now.date.day).into(),
        "hour" if whole => i64::from(now.hour).into(),
        "minute" if whole => i64::from(now.minute).into(),
        "second" if whole => i64::from(now.second).into(),
        "microsecond" if whole => i64::from(now.microsecond).into(),
        _ => return None,
    })
}

pub fn call(value: &Value, name: &str, mut arguments: Arguments) -> Result<Value, Stop> {
    let Some(now) = moment(value) else { return Err(Stop::of_type("not a date")) };
    match name {
        "strftime" => {
            let [format] = arguments.bind(name, ["format"])?;
            match format {
                Some(Value::Str(format)) => Ok(strftime(&now, &format).into()),
                _ => Err(Stop::of_type("strftime() argument 1 must be str")),
            }
        }
        "replace" => replace(value, now, arguments),
        "isoformat" => {
            let [separator] = arguments.bind(name, ["sep"])?;
            let separator = separator.as_ref().and_then(Value::as_str).unwrap_or("T");
            Ok(value.to_text_of_time().replacen(' ', separator, 1).into())
        }
        _ => {
            none(name, &arguments)?;
            Ok(match name {
                "date" => Value::Date(now.date),
                "weekday" => weekday(now.date).into(),
                "isoweekday" => (weekday(now.date) + 1).into(),
                "toordinal" => (now.date.days() - FIRST_DAY + 1).into(),
                "ctime" => strftime(&now, "%a %b %e %H:%M:%S %Y").into(),
                _ => Value::Float(now.moment() as f64 / MICROS as f64),
            })
        }
    }
}

trait TimeText {
    fn to_text_of_time(&self) -> String;
}

impl TimeText for Value {
    fn to_text_of_time(&self) -> String {
        match self {
            Value::Date(date) => date.to_string(),
            other => other.to_text(),
        }
    }
}

fn replace(value: &Value, mut now: DateTime, mut arguments: Arguments) -> Result<Value, Stop> {
    let names = ["year", "month", "day", "hour", "minute", "second", "microsecond"];
    let fields = arguments.bind("replace", names)?;
    for (name, field) in names.iter().zip(fields) {
        let Some(field) = field else { continue };
        let number = field.as_int().ok_or_else(|| {
            Stop::of_type(format!("'{}' object cannot be interpreted as an integer", field.type_name()))
        })?;
        let limit = |least: i64, most: i64| match (least..=most).contains(&number) {
            true => Ok(number),
            false => Err(Stop::of_value(format!("{name} must be in {least}..{most}"))),
        };
        match *name {
            "year" => now.date.year = limit(1, 9999)? as i32,
            "month" => now.date.month = limit(1, 12)? as u8,
            "day" => now.date.day = limit(1, 31)? as u8,
            "hour" => now.hour = limit(0, 23)? as u8,
            "minute" => now.minute = limit(0, 59)? as u8,
            "second" => now.second = limit(0, 59)? as u8,
            _ => now.microsecond = limit(0, 999_999)? as u32,
        }
    }
    if Date::from_days(now.date.days()) != now.date {
        return Err(Stop::of_value("day is out of range for month"));
    }
    Ok(if matches!(value, Value::Date(_)) { Value::Date(now.date) } else { Value::DateTime(now) })
}

/// Zero is Monday.
pub fn weekday(date: Date) -> i64 {
    (date.days() + 3).rem_euclid(7)
}

/// Of Python's datetime.
pub fn strftime(now: &DateTime, format: &str) -> String {
    let zone = if now.offset == Some(0) { "UTC" } else { "" };
    python::time::format(format, now, zone, true)
}

/// The time between two moments.
#[derive(Clone, Copy)]
struct TimeDelta {
    micros: i128,
}

fn delta(micros: i128) -> Value {
    ObjectRef::value(TimeDelta { micros })
}

fn delta_of(value: &Value) -> Option<i128> {
    ObjectRef::downcast::<TimeDelta>(value).map(|delta| delta.micros)
}

impl Object for TimeDelta {
    fn kind(&self) -> &'static str {
        "timedelta"
    }
    fn get(&self, key: &Value, _evaluation: &Evaluation) -> Result<Option<Value>, Stop> {
        let days = self.micros.div_euclid(86_400 * MICROS);
        let rest = self.micros.rem_euclid(86_400 * MICROS);
        Ok(Some(match key.as_str() {
            Some("days") => Value::Int(days as i64),
            Some("seconds") => Value::Int((rest / MICROS) as i64),
            Some("microseconds") => Value::Int((rest % MICROS) as i64),
            Some("total_seconds") => ObjectRef::value(TotalSeconds(self.micros)),
            _ => return Ok(None),
        }))
    }
    fn text(&self, _evaluation: &Evaluation) -> Result<String, Stop> {
        let days = self.micros.div_euclid(86_400 * MICROS);
        let rest = self.micros.rem_euclid(86_400 * MICROS);
        let (seconds, micros) = (rest / MICROS, rest % MICROS);
        let mut text = match days {
            0 => String::new(),
            1 | -1 => format!("{days} day, "),
            _ => format!("{days} days, "),
        };
        // Writing to a string cannot fail.
        let _ = write!(text, "{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
        if micros != 0 {
            let _ = write!(text, ".{micros:06}");
        }
        Ok(text)
    }
}

struct TotalSeconds(i128);

impl Object for TotalSeconds {
    fn kind(&self) -> &'static str {
        "builtin_function_or_method"
    }
    fn is_callable(&self) -> bool {
        true
    }
    fn call(&self, arguments: Arguments, _evaluation: &Evaluation) -> Result<Value, Stop> {
        none("total_seconds", &arguments)?;
        Ok(Value::Float(self.0 as f64 / MICROS as f64))
    }
}

fn unsupported(sign: &str, one: &Value, two: &Value) -> Stop {
    let (one, two) = (one.type_name(), two.type_name());
    Stop::of_type(format!("unsupported operand type(s) for {sign}: '{one}' and '{two}'"))
}

/// A moment later or earlier.
fn shifted(value: &Value, micros: i128) -> Result<Value, Stop> {
    let Some(now) = moment(value) else { return Err(Stop::of_type("not a date")) };
    let of_day = (i128::from(now.hour) * 3600 + i128::from(now.minute) * 60 + i128::from(now.second)) * MICROS;
    let total = i128::from(now.date.days()) * 86_400 * MICROS + of_day + i128::from(now.microsecond) + micros;
    let days = i64::try_from(total.div_euclid(86_400 * MICROS)).unwrap_or(i64::MAX);
    if !(FIRST_DAY..=LAST_DAY).contains(&days) {
        return Err(Stop::of_value("date value out of range"));
    }
    let rest = total.rem_euclid(86_400 * MICROS);
    let seconds = rest / MICROS;
    let date = Date::from_days(days);
    if matches!(value, Value::Date(_)) {
        return Ok(Value::Date(date));
    }
    Ok(Value::DateTime(DateTime {
        date,
        hour: (seconds / 3600) as u8,
        minute: (seconds / 60 % 60) as u8,
        second: (seconds % 60) as u8,
        microsecond: (rest % MICROS) as u32,
        offset: now.offset,
    }))
}

pub fn add(one: &Value, two: &Value) -> Result<Value, Stop> {
    match (delta_of(one), delta_of(two)) {
        (Some(one), Some(two)) => Ok(delta(one + two)),
        (None, Some(micros)) if moment(one).is_some() => shifted(one, micros),
        (Some(micros), None) if moment(two).is_some() => shifted(two, micros),
        _ => Err(unsupported("+", one, two)),
    }
}

pub fn subtract(one: &Value, two: &Value) -> Result<Value, Stop> {
    match (delta_of(one), delta_of(two), one, two) {
        (Some(one), Some(two), ..) => Ok(delta(one - two)),
        (None, Some(micros), ..) if moment(one).is_some() => shifted(one, -micros),
        (_, _, Value::DateTime(one), Value::DateTime(two)) if one.offset.is_some() == two.offset.is_some() => {
            Ok(delta(one.moment() - two.moment()))
        }
        (_, _, Value::DateTime(_), Value::DateTime(_)) => {
            Err(Stop::of_type("can't subtract offset-naive and offset-aware datetimes"))
        }
        (_, _, Value::Date(one), Value::Date(two)) => Ok(delta(i128::from(one.days() - two.days()) * 86_400 * MICROS)),
        _ => Err(unsupported("-", one, two)),
    }
}
