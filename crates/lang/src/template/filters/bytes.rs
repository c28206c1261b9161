//! Numbers of bytes for people: `filesizeformat`, `human_readable`, `human_to_bytes`.
use super::super::call::Call;
use super::super::error::Stop;
use super::super::registry::Entry;
use super::number::{parse_float, parse_int};
use super::settled;
use num_bigint::BigInt;
use value::Value;

pub static TABLE: &[Entry] = &[
    settled("filesizeformat", filesizeformat),
    settled("human_readable", human_readable),
    settled("human_to_bytes", human_to_bytes),
];

fn filesizeformat(call: &mut Call) -> Result<Value, Stop> {
    let [binary] = call.params(["binary"])?;
    let binary = call.truth(binary, false)?;
    let number = match &call.input {
        Value::Str(text) => parse_float(text)
            .ok_or_else(|| call.fail(format!("could not convert string to float: {}", call.input.to_repr())))?,
        input => input.as_float().ok_or_else(|| call.wrong_type("value", "a number", input))?,
    };
    const DECIMAL: [&str; 8] = ["kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"];
    const BINARY: [&str; 8] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"];
    let (base, names) = if binary { (1024_f64, BINARY) } else { (1000_f64, DECIMAL) };
    if number == 1.0 {
        return Ok("1 Byte".into());
    }
    if number < base {
        return Ok(format!("{} Bytes", number.trunc()).into());
    }
    let mut unit = base;
    for name in names {
        let next = unit * base;
        if number < next {
            return Ok(format!("{:.1} {name}", number / unit).into());
        }
        unit = next;
    }
    Ok(format!("{:.1} {}", number / (unit / base), names[7]).into())
}

/// From the largest on.
const UNITS: [(char, u32); 9] =
    [('Y', 80), ('Z', 70), ('E', 60), ('P', 50), ('T', 40), ('G', 30), ('M', 20), ('K', 10), ('B', 0)];

fn human_readable(call: &mut Call) -> Result<Value, Stop> {
    let [bits, unit] = call.params(["isbits", "unit"])?;
    let bits = call.truth(bits, false)?;
    let unit = match unit {
        Some(Value::Str(unit)) => unit.chars().next().map(|c| c.to_ascii_uppercase()),
        _ => None,
    };
    let Some(number) = call.input.as_float() else {
        return Err(call.fail(format!("failed on bad input: a number is needed, not {}", call.input.type_name())));
    };
    let chosen = UNITS.iter().find(|(name, power)| match unit {
        None => number >= 2_f64.powi(*power as i32),
        Some(unit) => *name == unit && unit != 'B',
    });
    let base = if bits { "bits" } else { "Bytes" };
    let (name, power) = chosen.copied().unwrap_or(('B', 0));
    let shown = number / 2_f64.powi(power as i32);
    Ok(match name {
        'B' => format!("{shown:.2} {base}"),
        name => format!("{shown:.2} {name}{}", if bits { 'b' } else { 'B' }),
    }
    .into())
}

/// `10M`, `1.5 GB`: powers of 1024.
fn human_to_bytes(call: &mut Call) -> Result<Value, Stop> {
    let [default_unit, bits] = call.params(["default_unit", "isbits"])?;
    let bits = call.truth(bits, false)?;
    let text = call.text(&call.input)?;
    let refuse = |why: &str| call.fail(format!("can't interpret the string '{}': {why}", text.as_str()));
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, rest) = text.split_at(digits);
    let rest = rest.trim_start();
    let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
    let value = parse_float(number).ok_or_else(|| refuse("it does not begin with a number"))?;
    if letters < rest.trim_end().len() {
        return Err(refuse("a number and a unit are all that may be in it"));
    }
    let unit = match (rest[..letters].to_string(), default_unit) {
        (unit, Some(default)) if unit.is_empty() && !default.is_null() => call.text(&default)?.to_string(),
        (unit, _) => unit,
    };
    let Some(first) = unit.chars().next() else { return Ok(whole(value, 0)) };
    let known = UNITS.iter().find(|(name, _)| *name == first.to_ascii_uppercase());
    let (name, power) =
        known.copied().ok_or_else(|| refuse("the unit is unknown (one of Y, Z, E, P, T, G, M, K, B)"))?;
    let kind = if bits { "bit" } else { "byte" };
    let rest = &unit[1..];
    let valid = match (name, rest) {
        ('B', "") => !bits || first == 'b',
        ('B', _) => unit.eq_ignore_ascii_case(kind),
        (_, "") => true,
        (_, "B") => !bits,
        (_, "b") => bits,
        (_, long) => long.eq_ignore_ascii_case(kind),
    };
    if !valid {
        return Err(refuse(&format!("'{unit}' is no unit of {kind}s")));
    }
    Ok(whole(value, power))
}

/// Rounded to whole bytes; large units need more than a machine word.
fn whole(value: f64, power: u32) -> Value {
    let exact = value * 2_f64.powi(power as i32);
    parse_int(&format!("{:.0}", exact.round_ties_even()), 10).unwrap_or_else(|| BigInt::from(0).into())
}
