//! What a plain word means: the implicit types of YAML 1.1, exactly as PyYAML's SafeLoader resolves and constructs them.
use num_bigint::BigInt;
use value::{Date, DateTime, Value};

/// The types that a word or a tag can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    Null,
    Bool,
    Int,
    Float,
    Timestamp,
    Str,
    Binary,
    /// `<<`
    Merge,
    /// `=`, which nothing can construct.
    Value,
}

/// The type of a plain scalar without a tag.
pub fn resolve(text: &str) -> Type {
    let Some(first) = text.chars().next() else { return Type::Null };
    match first {
        '<' if text == "<<" => Type::Merge,
        '=' if text == "=" => Type::Value,
        '~' if text == "~" => Type::Null,
        'n' | 'N' if matches!(text, "null" | "Null" | "NULL") => Type::Null,
        'y' | 'Y' | 'n' | 'N' | 't' | 'T' | 'f' | 'F' | 'o' | 'O' if truth(text).is_some() => Type::Bool,
        '-' | '+' | '.' | '0'..='9' => number(text),
        _ => Type::Str,
    }
}

fn number(text: &str) -> Type {
    if is_float(text) {
        Type::Float
    } else if is_int(text) {
        Type::Int
    } else if is_timestamp(text) {
        Type::Timestamp
    } else {
        Type::Str
    }
}

/// Yes and no, in the cases that YAML 1.1 allows.
fn truth(text: &str) -> Option<bool> {
    match text {
        "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Some(true),
        "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

fn unsigned(text: &str) -> &str {
    text.strip_prefix(['-', '+']).unwrap_or(text)
}

fn all(text: &str, allowed: impl Fn(u8) -> bool) -> bool {
    !text.is_empty() && text.bytes().all(allowed)
}

fn digits_or_underscores(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_')
}

/// A digit, then digits and underscores.
fn digits(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit()) && digits_or_underscores(text)
}

fn is_float(text: &str) -> bool {
    if matches!(text, ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    let body = unsigned(text);
    if matches!(body, ".inf" | ".Inf" | ".INF") {
        return true;
    }
    let Some((whole, rest)) = body.split_once('.') else { return false };
    let (fraction, exponent) = match rest.find(['e', 'E']) {
        Some(at) => (&rest[..at], Some(&rest[at + 1..])),
        None => (rest, None),
    };
    let exponent_fits =
        exponent.is_none_or(|text| text.starts_with(['-', '+']) && all(&text[1..], |byte| byte.is_ascii_digit()));
    if whole.is_empty() {
        return body.len() == text.len() && digits(fraction) && exponent_fits;
    }
    if let Some((head, _)) = whole.split_once(':') {
        return exponent.is_none() && digits(head) && base_60(whole) && digits_or_underscores(fraction);
    }
    digits(whole) && digits_or_underscores(fraction) && exponent_fits
}

/// `h:mm:ss`: all parts but the first are below sixty.
fn base_60(text: &str) -> bool {
    text.split(':').skip(1).all(|part| match part.as_bytes() {
        [ones] => ones.is_ascii_digit(),
        [tens, ones] => (b'0'..=b'5').contains(tens) && ones.is_ascii_digit(),
        _ => false,
    })
}

fn is_int(text: &str) -> bool {
    let body = unsigned(text);
    if let Some(bits) = body.strip_prefix("0b") {
        return all(bits, |byte| matches!(byte, b'0' | b'1' | b'_'));
    }
    if let Some(hex) = body.strip_prefix("0x") {
        return all(hex, |byte| byte.is_ascii_hexdigit() || byte == b'_');
    }
    if body == "0" {
        return true;
    }
    if let Some(octal) = body.strip_prefix('0') {
        return all(octal, |byte| (b'0'..=b'7').contains(&byte) || byte == b'_');
    }
    match body.split_once(':') {
        Some((head, _)) => digits(head) && base_60(body),
        None => digits(body),
    }
}

fn is_timestamp(text: &str) -> bool {
    split_timestamp(text).is_some()
}

/// Whether it is a number in base 60, which surprises whoever meant a time or a port mapping.
pub fn is_base_60(text: &str, kind: Type) -> bool {
    matches!(kind, Type::Int | Type::Float) && text.contains(':')
}

/// The value of a word under a type; the error is what Python would say, or near it.
pub fn construct(text: &str, kind: Type) -> Result<Value, String> {
    match kind {
        Type::Null => Ok(Value::Null),
        Type::Str | Type::Merge => Ok(text.into()),
        Type::Bool => {
            let lower = text.to_lowercase();
            truth(&lower).map(Value::Bool).ok_or_else(|| format!("'{text}' is not a boolean"))
        }
        Type::Int => int(text).ok_or_else(|| format!("'{text}' is not an integer")),
        Type::Float => float(text).map(Value::Float).ok_or_else(|| format!("'{text}' is not a number")),
        Type::Timestamp => timestamp(text),
        Type::Binary => binary(text).map(|bytes| Value::Bytes(bytes.into())),
        Type::Value => Err("a lone '=' has no meaning; write it in quotes".into()),
    }
}

fn int(text: &str) -> Option<Value> {
    let text = text.replace('_', "");
    let (negative, body) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, &text[..]),
    };
    let number = if body == "0" {
        BigInt::ZERO
    } else if let Some(bits) = body.strip_prefix("0b") {
        BigInt::parse_bytes(bits.as_bytes(), 2)?
    } else if let Some(hex) = body.strip_prefix("0x") {
        BigInt::parse_bytes(hex.as_bytes(), 16)?
    } else if body.starts_with('0') {
        BigInt::parse_bytes(body.as_bytes(), 8)?
    } else if body.contains(':') {
        let mut sum = BigInt::ZERO;
        for part in body.split(':') {
            sum = sum * 60 + BigInt::parse_bytes(part.as_bytes(), 10)?;
        }
        sum
    } else {
        BigInt::parse_bytes(body.trim().as_bytes(), 10)?
    };
    Some(if negative { -number } else { number }.into())
}

fn float(text: &str) -> Option<f64> {
    let text = text.replace('_', "").to_lowercase();
    let (sign, body) = match text.as_bytes().first()? {
        b'-' => (-1.0, &text[1..]),
        b'+' => (1.0, &text[1..]),
        _ => (1.0, &text[..]),
    };
    let size = match body {
        ".inf" => f64::INFINITY,
        ".nan" => return Some(f64::NAN),
        _ if body.contains(':') => {
            let mut parts = body.split(':').map(|part| part.parse::<f64>().ok());
            parts.try_fold(0.0, |sum, part| part.map(|part| sum * 60.0 + part))?
        }
        _ => body.trim().parse().ok()?,
    };
    Some(sign * size)
}

fn binary(text: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0_u32, 0);
    for c in text.bytes().filter(|byte| !byte.is_ascii_whitespace() && *byte != b'=') {
        let six = match c {
            b'A'..=b'Z' => c - b'A',
            b'a'..=b'z' => c - b'a' + 26,
            b'0'..=b'9' => c - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return Err("is not base64".into()),
        };
        (bits, count) = (bits << 6 | u32::from(six), count + 6);
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    Ok(bytes)
}

/// Date, time and zone as they stand in the text.
struct Timestamp<'t> {
    date: [&'t str; 3],
    time: Option<[&'t str; 3]>,
    fraction: &'t str,
    zone: &'t str,
}

fn split_timestamp(text: &str) -> Option<Timestamp<'_>> {
    let number = |text: &str, least: usize, most: usize| {
        (least..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    let (year, rest) = text.split_once('-')?;
    let (month, rest) = rest.split_once('-')?;
    let day_end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (day, rest) = rest.split_at(day_end);
    if !number(year, 4, 4) || !number(month, 1, 2) || !number(day, 1, 2) {
        return None;
    }
    let date = [year, month, day];
    if rest.is_empty() {
        return (month.len() == 2 && day.len() == 2).then_some(Timestamp { date, time: None, fraction: "", zone: "" });
    }
    let rest = match rest.strip_prefix(['T', 't']) {
        Some(rest) => rest,
        None => rest.strip_prefix([' ', '\t'])?.trim_start_matches([' ', '\t']),
    };
    let (hour, rest) = rest.split_once(':')?;
    let (minute, rest) = rest.split_once(':')?;
    let second_end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (second, rest) = rest.split_at(second_end);
    if !number(hour, 1, 2) || !number(minute, 2, 2) || !number(second, 2, 2) {
        return None;
    }
    let (fraction, rest) = match rest.strip_prefix('.') {
        Some(rest) => rest.split_at(rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len())),
        None => ("", rest),
    };
    let zone = rest.trim_start_matches([' ', '\t']);
    let zone_fits = match zone.strip_prefix(['-', '+']) {
        Some(offset) => match offset.split_once(':') {
            Some((hours, minutes)) => number(hours, 1, 2) && number(minutes, 2, 2),
            None => number(offset, 1, 2),
        },
        None => zone == "Z" || (zone.is_empty() && rest.is_empty()),
    };
    zone_fits.then_some(Timestamp { date, time: Some([hour, minute, second]), fraction, zone })
}

fn timestamp(text: &str) -> Result<Value, String> {
    let parts = split_timestamp(text).ok_or_else(|| format!("'{text}' is not a date"))?;
    let [year, month, day] = parts.date.map(|part| part.parse::<u32>().unwrap_or(0));
    let date = date(year, month, day)?;
    let Some(time) = parts.time else { return Ok(Value::Date(date)) };
    let [hour, minute, second] = time.map(|part| part.parse::<u8>().unwrap_or(99));
    for (value, limit, name) in [(hour, 23, "hour"), (minute, 59, "minute"), (second, 59, "second")] {
        if value > limit {
            return Err(format!("{name} must be in 0..{limit}"));
        }
    }
    let fraction: String = parts.fraction.chars().take(6).collect();
    let microsecond = format!("{fraction:0<6}").parse().unwrap_or(0);
    Ok(Value::DateTime(DateTime { date, hour, minute, second, microsecond, offset: offset(parts.zone) }))
}

fn date(year: u32, month: u32, day: u32) -> Result<Date, String> {
    if year == 0 {
        return Err("year 0 is out of range".into());
    }
    if !(1..=12).contains(&month) {
        return Err("month must be in 1..12".into());
    }
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    if !(1..=days).contains(&day) {
        return Err("day is out of range for month".into());
    }
    Ok(Date { year: year as i32, month: month as u8, day: day as u8 })
}

fn offset(zone: &str) -> Option<i32> {
    let sign = match zone.as_bytes().first()? {
        b'-' => -1,
        b'+' => 1,
        _ => return Some(0),
    };
    let (hours, minutes) = zone[1..].split_once(':').unwrap_or((&zone[1..], "0"));
    Some(sign * (hours.parse::<i32>().unwrap_or(0) * 3600 + minutes.parse::<i32>().unwrap_or(0) * 60))
}
