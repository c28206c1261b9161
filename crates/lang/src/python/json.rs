//! JSON as Python reads and writes it: `NaN` and `Infinity` are words, integers have no bounds, keys keep their order, and
//! errors are told in Python's words with their place.
use std::fmt::Write;
use value::{Key, Map, Str, Value, write_json_string};

/// Deeper texts are refused, so that none can exhaust the stack.
const DEPTH: usize = 500;

/// What is wrong with a text, as `json.loads` says it.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem(pub String);

/// A text that is one JSON value. Strings take trust and secrecy from `like`.
pub fn read(text: &str, like: &Str) -> Result<Value, Problem> {
    let mut reader = Reader { text, at: 0, like, depth: 0 };
    reader.skip();
    let value = reader.value()?;
    reader.skip();
    if reader.at < text.len() { Err(reader.problem("Extra data", reader.at)) } else { Ok(value) }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    like: &'t Str,
    depth: usize,
}

impl Reader<'_> {
    fn problem(&self, message: &str, at: usize) -> Problem {
        let before = &self.text[..at];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        Problem(format!("{message}: line {line} column {column} (char {})", before.chars().count()))
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn value(&mut self) -> Result<Value, Problem> {
        const WORDS: [(&str, Value); 6] = [
            ("null", Value::Null),
            ("true", Value::Bool(true)),
            ("false", Value::Bool(false)),
            ("NaN", Value::Float(f64::NAN)),
            ("Infinity", Value::Float(f64::INFINITY)),
            ("-Infinity", Value::Float(f64::NEG_INFINITY)),
        ];
        let rest = &self.text[self.at..];
        if let Some((word, value)) = WORDS.iter().find(|(word, _)| rest.starts_with(word)) {
            self.at += word.len();
            return Ok(value.clone());
        }
        match self.peek() {
            Some(b'"') => Ok(Value::Str(self.string()?)),
            Some(b'[') => self.deeper(Self::array),
            Some(b'{') => self.deeper(Self::object),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => Err(self.problem("Expecting value", self.at)),
        }
    }

    fn deeper(&mut self, read: fn(&mut Self) -> Result<Value, Problem>) -> Result<Value, Problem> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(self.problem("The value is nested too deeply", self.at));
        }
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn number(&mut self) -> Result<Value, Problem> {
        let bytes = self.text.as_bytes();
        let digits = |mut at: usize| {
            while bytes.get(at).is_some_and(u8::is_ascii_digit) {
                at += 1;
            }
            at
        };
        let start = self.at;
        let first = start + usize::from(bytes[start] == b'-');
        let mut end = if bytes.get(first) == Some(&b'0') { first + 1 } else { digits(first) };
        if end == first {
            return Err(self.problem("Expecting value", start));
        }
        let mut whole = true;
        if bytes.get(end) == Some(&b'.') && digits(end + 1) > end + 1 {
            (end, whole) = (digits(end + 1), false);
        }
        if matches!(bytes.get(end), Some(b'e' | b'E')) {
            let sign = end + 1 + usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
            if digits(sign) > sign {
                (end, whole) = (digits(sign), false);
            }
        }
        self.at = end;
        let word = &self.text[start..end];
        match (whole, word.parse::<i64>(), word.parse::<num_bigint::BigInt>()) {
            (true, Ok(number), _) => Ok(Value::Int(number)),
            (true, _, Ok(number)) => Ok(number.into()),
            _ => word.parse().map(Value::Float).map_err(|_| self.problem("Expecting value", start)),
        }
    }

    fn array(&mut self) -> Result<Value, Problem> {
        self.at += 1;
        let mut items = Vec::new();
        self.skip();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Value::list(items));
        }
        loop {
            self.skip();
            items.push(self.value()?);
            self.skip();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(Value::list(items));
                }
                _ => return Err(self.problem("Expecting ',' delimiter", self.at)),
            }
        }
    }

    fn object(&mut self) -> Result<Value, Problem> {
        self.at += 1;
        let mut map = Map::new();
        self.skip();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(map.into());
        }
        loop {
            self.skip();
            if self.peek() != Some(b'"') {
                return Err(self.problem("Expecting property name enclosed in double quotes", self.at));
            }
            let key = self.string()?;
            self.skip();
            if self.peek() != Some(b':') {
                return Err(self.problem("Expecting ':' delimiter", self.at));
            }
            self.at += 1;
            self.skip();
            let value = self.value()?;
            map.insert(Key::from(key), value);
            self.skip();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(map.into());
                }
                _ => return Err(self.problem("Expecting ',' delimiter", self.at)),
            }
        }
    }

    fn string(&mut self) -> Result<Str, Problem> {
        let start = self.at;
        self.at += 1;
        let mut out = String::new();
        loop {
            let rest = &self.text[self.at..];
            let Some(c) = rest.chars().next() else {
                return Err(self.problem("Unterminated string starting at", start));
            };
            match c {
                '"' => {
                    self.at += 1;
                    let text = Str::from(out);
                    return Ok(text.with_trust(self.like.is_trusted()).with_secrecy(self.like.is_secret()));
                }
                '\\' => out.push(self.escape(start)?),
                c if (c as u32) < 0x20 => return Err(self.problem("Invalid control character at", self.at)),
                c => {
                    out.push(c);
                    self.at += c.len_utf8();
                }
            }
        }
    }

    fn escape(&mut self, start: usize) -> Result<char, Problem> {
        let at = self.at;
        self.at += 2;
        Ok(match self.text.as_bytes().get(at + 1) {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => self.unicode(at)?,
            Some(_) => return Err(self.problem("Invalid \\escape", at)),
            None => return Err(self.problem("Unterminated string starting at", start)),
        })
    }

    /// Half of a pair that stands alone cannot be in a text of ours; it becomes the sign for what cannot be shown.
    fn unicode(&mut self, at: usize) -> Result<char, Problem> {
        let unit = self.hex(at)?;
        if !(0xd800..0xdc00).contains(&unit) {
            return Ok(char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        let here = self.at;
        if self.text[here..].starts_with("\\u") {
            self.at += 2;
            let low = self.hex(here)?;
            if (0xdc00..0xe000).contains(&low) {
                let code = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
                return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            self.at = here;
        }
        Ok(char::REPLACEMENT_CHARACTER)
    }

    fn hex(&mut self, at: usize) -> Result<u32, Problem> {
        let digits = self.text.get(self.at..self.at + 4).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        let unit = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        self.at += 4;
        unit.ok_or_else(|| self.problem("Invalid \\uXXXX escape", at + 1))
    }
}

/// How `json.dumps` lays a value out.
#[derive(Clone, Debug)]
pub struct Layout {
    /// What a level is indented by; none: all on one line.
    pub indent: Option<String>,
    pub sort_keys: bool,
    pub ascii: bool,
    /// Between items, and between key and value.
    pub separators: (String, String),
}

impl Layout {
    pub fn new(indent: Option<String>) -> Self {
        let comma = if indent.is_some() { "," } else { ", " };
        Self { indent, sort_keys: false, ascii: true, separators: (comma.into(), ": ".into()) }
    }
}

/// What cannot be written: a key or a value without a form in JSON.
pub fn write(value: &Value, layout: &Layout) -> Result<String, Problem> {
    let mut out = String::new();
    write_value(value, layout, 0, &mut out)?;
    Ok(out)
}

fn write_value(value: &Value, layout: &Layout, depth: usize, out: &mut String) -> Result<(), Problem> {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(truth) => push(out, truth),
        Value::Int(number) => push(out, number),
        Value::Big(number) => push(out, number),
        Value::Float(number) => out.push_str(&number_text(*number)),
        Value::Str(text) => write_json_string(text, layout.ascii, out),
        Value::Date(date) => write_json_string(&date.to_string(), layout.ascii, out),
        Value::DateTime(time) => write_json_string(&time.to_string().replacen(' ', "T", 1), layout.ascii, out),
        Value::List(items) | Value::Tuple(items) => {
            let write = |item: &Value, out: &mut String| write_value(item, layout, depth + 1, out);
            write_all(items.iter(), ('[', ']'), layout, depth, out, write)?;
        }
        Value::Map(map) => write_map(map, layout, depth, out)?,
        other => return Err(Problem(format!("Object of type {} is not JSON serializable", other.type_name()))),
    }
    Ok(())
}

fn write_map(map: &Map, layout: &Layout, depth: usize, out: &mut String) -> Result<(), Problem> {
    let mut entries = Vec::with_capacity(map.len());
    for (key, value) in map.iter() {
        entries.push((key_text(key.value())?, value));
    }
    if layout.sort_keys {
        if map.keys().any(|key| key.as_str().is_none()) && map.keys().any(|key| key.as_str().is_some()) {
            return Err(Problem("'<' not supported between instances of 'str' and 'int'".into()));
        }
        entries.sort_by(|one, two| one.0.cmp(&two.0));
    }
    write_all(entries.iter(), ('{', '}'), layout, depth, out, |(key, value), out| {
        write_json_string(key, layout.ascii, out);
        out.push_str(&layout.separators.1);
        write_value(value, layout, depth + 1, out)
    })
}

fn key_text(key: &Value) -> Result<String, Problem> {
    match key {
        Value::Null => Ok("null".into()),
        Value::Bool(truth) => Ok(truth.to_string()),
        Value::Float(number) => Ok(number_text(*number)),
        Value::Str(_) | Value::Int(_) | Value::Big(_) => Ok(key.to_text()),
        other => Err(Problem(format!("keys must be str, int, float, bool or None, not {}", other.type_name()))),
    }
}

fn number_text(number: f64) -> String {
    match number {
        number if number.is_nan() => "NaN".into(),
        number if number == f64::INFINITY => "Infinity".into(),
        number if number == f64::NEG_INFINITY => "-Infinity".into(),
        number => Value::Float(number).to_text(),
    }
}

fn write_all<T>(
    items: impl ExactSizeIterator<Item = T>,
    (open, close): (char, char),
    layout: &Layout,
    depth: usize,
    out: &mut String,
    mut write: impl FnMut(T, &mut String) -> Result<(), Problem>,
) -> Result<(), Problem> {
    let empty = items.len() == 0;
    let new_line = |depth: usize, out: &mut String| {
        if let Some(indent) = &layout.indent {
            out.push('\n');
            (0..depth).for_each(|_| out.push_str(indent));
        }
    };
    out.push(open);
    for (index, item) in items.enumerate() {
        if index > 0 {
            out.push_str(&layout.separators.0);
        }
        new_line(depth + 1, out);
        write(item, out)?;
    }
    if !empty {
        new_line(depth, out);
    }
    out.push(close);
    Ok(())
}

fn push(out: &mut String, what: impl std::fmt::Display) {
    // Writing to a string cannot fail.
    let _ = write!(out, "{what}");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Value, String> {
        read(text, &Str::from("")).map_err(|problem| problem.0)
    }

    #[test]
    fn errors_are_told_in_pythons_words() {
        assert_eq!(parse("[1, 2").unwrap_err(), "Expecting ',' delimiter: line 1 column 6 (char 5)");
        assert_eq!(parse("").unwrap_err(), "Expecting value: line 1 column 1 (char 0)");
        assert_eq!(parse("{\n\"a\" 1}").unwrap_err(), "Expecting ':' delimiter: line 2 column 5 (char 6)");
        assert_eq!(parse("\"a").unwrap_err(), "Unterminated string starting at: line 1 column 1 (char 0)");
        assert_eq!(parse("1 2").unwrap_err(), "Extra data: line 1 column 3 (char 2)");
        assert!(parse(&"[".repeat(100_000)).unwrap_err().starts_with("The value is nested too deeply"));
    }

    #[test]
    fn what_was_written_is_read_again() {
        let text = r#"{"b": [1, 2.5, null, true, 123456789012345678901234567890], "a": "\u00e9\ud83d\ude00\"\n"}"#;
        assert_eq!(write(&parse(text).unwrap(), &Layout::new(None)).unwrap(), text);
    }
}
