//! Values as text: as Python's `str` and `repr` print them, and as JSON.
use super::{DateTime, Str, Value};
use std::fmt::Write;

impl Value {
    /// Python's `str()`.
    pub fn to_text(&self) -> String {
        match self {
            Value::Str(text) => text.to_string(),
            Value::Date(date) => date.to_string(),
            Value::DateTime(time) => time.to_string(),
            other => other.to_repr(),
        }
    }

    /// The same as a string that keeps the marks: text is secret when anything in it was.
    pub fn to_str(&self) -> Str {
        match self {
            Value::Str(text) => text.clone(),
            other => Str::from(other.to_text()).with_secrecy(other.holds_secret()),
        }
    }

    /// Python's `repr()`.
    pub fn to_repr(&self) -> String {
        let mut out = String::new();
        write_repr(self, &mut out);
        out
    }
}

fn write_repr(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("None"),
        Value::Bool(true) => out.push_str("True"),
        Value::Bool(false) => out.push_str("False"),
        Value::Int(number) => push(out, number),
        Value::Big(number) => push(out, number),
        Value::Float(number) => out.push_str(&float_text(*number)),
        Value::Str(text) => write_quoted(text, out),
        Value::Bytes(bytes) => write_bytes(bytes, out),
        Value::List(items) => write_items(items, out, "[", "]"),
        Value::Tuple(items) if items.len() == 1 => write_items(items, out, "(", ",)"),
        Value::Tuple(items) => write_items(items, out, "(", ")"),
        Value::Map(map) => {
            out.push('{');
            for (index, (key, value)) in map.iter().enumerate() {
                out.push_str(if index > 0 { ", " } else { "" });
                write_repr(key.value(), out);
                out.push_str(": ");
                write_repr(value, out);
            }
            out.push('}');
        }
        Value::Date(date) => push(out, format_args!("datetime.date({}, {}, {})", date.year, date.month, date.day)),
        Value::DateTime(time) => write_time(time, out),
        Value::Vaulted(_) => out.push_str("<encrypted>"),
        Value::Omit => out.push_str("<<Omit>>"),
        Value::Undefined(undefined) => push(out, format_args!("<undefined {}>", undefined.name)),
        Value::Pending(_) => out.push_str("<pending>"),
        Value::Unforeseen(because) => push(out, format_args!("<known after {because}>")),
        Value::Live(live) => push(out, format_args!("<{}>", live.kind())),
    }
}

fn write_time(time: &DateTime, out: &mut String) {
    let date = time.date;
    push(out, format_args!("datetime.datetime({}, {}, {}", date.year, date.month, date.day));
    push(out, format_args!(", {}, {}", time.hour, time.minute));
    if time.second != 0 || time.microsecond != 0 {
        push(out, format_args!(", {}", time.second));
    }
    if time.microsecond != 0 {
        push(out, format_args!(", {}", time.microsecond));
    }
    match time.offset {
        None => {}
        Some(0) => out.push_str(", tzinfo=datetime.timezone.utc"),
        Some(offset) => {
            // Python keeps whole days apart, so that the seconds are never negative.
            let (days, seconds) = (offset.div_euclid(86_400), offset.rem_euclid(86_400));
            let days = if days == 0 { String::new() } else { format!("days={days}, ") };
            push(out, format_args!(", tzinfo=datetime.timezone(datetime.timedelta({days}seconds={seconds}))"));
        }
    }
    out.push(')');
}

fn push(out: &mut String, what: impl std::fmt::Display) {
    // Writing to a string cannot fail.
    let _ = write!(out, "{what}");
}

fn write_items(items: &[Value], out: &mut String, open: &str, close: &str) {
    out.push_str(open);
    for (index, item) in items.iter().enumerate() {
        out.push_str(if index > 0 { ", " } else { "" });
        write_repr(item, out);
    }
    out.push_str(close);
}

/// Single quotes, unless only double quotes need no escape.
fn write_quoted(text: &str, out: &mut String) {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    out.push(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == quote => push(out, format_args!("\\{c}")),
            c if (c as u32) < 0x20 || c as u32 == 0x7f => push(out, format_args!("\\x{:02x}", c as u32)),
            c if !is_printable(c) && (c as u32) < 0x100 => push(out, format_args!("\\x{:02x}", c as u32)),
            c if !is_printable(c) && (c as u32) < 0x10000 => push(out, format_args!("\\u{:04x}", c as u32)),
            c if !is_printable(c) => push(out, format_args!("\\U{:08x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push(quote);
}

/// Python escapes separators but the space, controls, format characters and private use; these are the ranges that texts meet.
fn is_printable(c: char) -> bool {
    !matches!(c as u32,
        0x80..=0xa0 | 0xad | 0x600..=0x605 | 0x1680 | 0x180e | 0x2000..=0x200f | 0x2028..=0x202f | 0x205f..=0x206f
        | 0x3000 | 0xe000..=0xf8ff | 0xfeff | 0xfff9..=0xfffb | 0xe0000..=0x10ffff)
}

fn write_bytes(bytes: &[u8], out: &mut String) {
    out.push_str("b'");
    for byte in bytes {
        match byte {
            b'\'' | b'\\' => push(out, format_args!("\\{}", char::from(*byte))),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            0x20..=0x7e => out.push(char::from(*byte)),
            other => push(out, format_args!("\\x{other:02x}")),
        }
    }
    out.push('\'');
}

/// Python's text of a float: the shortest digits that read back, an exponent from 1e16 on and below 1e-4.
pub fn float_text(number: f64) -> String {
    if number.is_nan() {
        return "nan".into();
    }
    if number.is_infinite() {
        return if number > 0.0 { "inf".into() } else { "-inf".into() };
    }
    let size = number.abs();
    if number != 0.0 && !(1e-4..1e16).contains(&size) {
        let text = format!("{number:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |exponent| ('-', exponent));
        return format!("{digits}e{sign}{exponent:0>2}");
    }
    let text = format!("{number}");
    if text.contains('.') { text } else { text + ".0" }
}

/// How JSON is laid out.
#[derive(Clone, Copy, Debug)]
pub struct Json {
    /// Spaces per level; none puts all on one line with `, ` and `: `, as Python does.
    pub indent: Option<usize>,
    pub sort_keys: bool,
    /// Whether other characters than ASCII are written as `\uXXXX`.
    pub ascii: bool,
    /// No space after `,` and `:`, as between programs.
    pub compact: bool,
}

impl Json {
    pub const LINE: Json = Json { indent: None, sort_keys: false, ascii: false, compact: false };
    pub const COMPACT: Json = Json { indent: None, sort_keys: false, ascii: false, compact: true };
    pub const NICE: Json = Json { indent: Some(4), sort_keys: true, ascii: false, compact: false };
}

/// The value as JSON. Keys become strings, bytes become text with replacement characters, markers become their words.
pub fn json_text(value: &Value, layout: Json) -> String {
    let mut out = String::new();
    write_json(value, layout, 0, &mut out);
    out
}

fn write_json(value: &Value, layout: Json, depth: usize, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(truth) => push(out, truth),
        Value::Int(number) => push(out, number),
        Value::Big(number) => push(out, number),
        Value::Float(number) if number.is_nan() => out.push_str("NaN"),
        Value::Float(number) if number.is_infinite() => {
            out.push_str(if *number > 0.0 { "Infinity" } else { "-Infinity" })
        }
        Value::Float(number) => out.push_str(&float_text(*number)),
        Value::Str(text) => write_json_string(text, layout.ascii, out),
        Value::Bytes(bytes) => write_json_string(&String::from_utf8_lossy(bytes), layout.ascii, out),
        Value::List(items) | Value::Tuple(items) => {
            write_json_items(items.iter(), ('[', ']'), layout, depth, out, |item, out| {
                write_json(item, layout, depth + 1, out);
            });
        }
        Value::Map(map) => {
            let mut entries: Vec<_> = map.iter().map(|(key, value)| (json_key(key.value()), value)).collect();
            if layout.sort_keys {
                entries.sort_by(|one, two| one.0.cmp(&two.0));
            }
            write_json_items(entries.iter(), ('{', '}'), layout, depth, out, |(key, value), out| {
                write_json_string(key, layout.ascii, out);
                out.push_str(if layout.compact { ":" } else { ": " });
                write_json(value, layout, depth + 1, out);
            });
        }
        Value::Date(date) => write_json_string(&date.to_string(), layout.ascii, out),
        Value::DateTime(time) => write_json_string(&time.to_string().replacen(' ', "T", 1), layout.ascii, out),
        other => write_json_string(&other.to_repr(), layout.ascii, out),
    }
}

fn json_key(key: &Value) -> String {
    match key {
        Value::Null => "null".into(),
        Value::Bool(truth) => truth.to_string(),
        other => other.to_text(),
    }
}

fn write_json_items<T>(
    items: impl ExactSizeIterator<Item = T>,
    (open, close): (char, char),
    layout: Json,
    depth: usize,
    out: &mut String,
    mut write: impl FnMut(T, &mut String),
) {
    out.push(open);
    let empty = items.len() == 0;
    for (index, item) in items.enumerate() {
        match (index, layout.indent, layout.compact) {
            (0, None, _) => {}
            (0, Some(_), _) => {}
            (_, Some(_), _) | (_, None, true) => out.push(','),
            (_, None, false) => out.push_str(", "),
        }
        new_line(layout, depth + 1, out);
        write(item, out);
    }
    if !empty {
        new_line(layout, depth, out);
    }
    out.push(close);
}

fn new_line(layout: Json, depth: usize, out: &mut String) {
    if let Some(indent) = layout.indent {
        out.push('\n');
        out.extend(std::iter::repeat_n(' ', indent * depth));
    }
}

/// A string of JSON, with its quotes. `ascii`: as Python's `ensure_ascii`.
pub fn write_json_string(text: &str, ascii: bool, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            c if (c as u32) < 0x20 || (ascii && !(' '..='~').contains(&c)) => {
                c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| push(out, format_args!("\\u{unit:04x}")));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::super::Date;
    use super::*;

    #[test]
    fn floats_print_as_in_python() {
        let cases = [
            (1.0, "1.0"),
            (0.1, "0.1"),
            (1e16, "1e+16"),
            (1.5e-7, "1.5e-07"),
            (123456789012345.0, "123456789012345.0"),
            (-0.0, "-0.0"),
            (1e22, "1e+22"),
            (0.0001, "0.0001"),
        ];
        for (number, text) in cases {
            assert_eq!(float_text(number), text);
        }
    }

    #[test]
    fn values_print_as_in_python() {
        let value = Value::map([("a", Value::list([1.into(), "it's".into(), Value::Null])), ("b", Value::from(true))]);
        assert_eq!(value.to_text(), r#"{'a': [1, "it's", None], 'b': True}"#);
        assert_eq!(json_text(&value, Json::LINE), r#"{"a": [1, "it's", null], "b": true}"#);
        let time = DateTime {
            date: Date { year: 2020, month: 1, day: 2 },
            hour: 3,
            minute: 4,
            second: 5,
            microsecond: 0,
            offset: None,
        };
        let times =
            Value::list([Value::DateTime(time), Value::DateTime(DateTime { second: 0, offset: Some(-3600), ..time })]);
        let zone = "tzinfo=datetime.timezone(datetime.timedelta(days=-1, seconds=82800))";
        let wanted = format!("[datetime.datetime(2020, 1, 2, 3, 4, 5), datetime.datetime(2020, 1, 2, 3, 4, {zone})]");
        assert_eq!((times.to_text(), Value::DateTime(time).to_text()), (wanted, "2020-01-02 03:04:05".to_string()));
        assert_eq!(Value::from("a\u{1}\u{e9}\u{2028}").to_repr(), "'a\\x01\u{e9}\\u2028'");
    }

    #[test]
    fn numbers_are_one_key_across_types() {
        let mut map = super::super::Map::new();
        map.insert(Value::Int(1), "int");
        map.insert(Value::Bool(true), "bool");
        map.insert(Value::Float(1.0), "float");
        assert_eq!(map.len(), 1);
    }
}
