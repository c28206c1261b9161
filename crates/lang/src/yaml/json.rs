//! Texts that are JSON. Ansible tries JSON before YAML, and the two disagree: `1e3` is a number only in JSON, and only JSON
//! writes characters beyond the basic plane as two escapes.
use super::{Kind, Node, Style};
use num_bigint::BigInt;
use std::collections::HashMap;
use std::sync::Arc;
use value::{SourceId, Span, Value};

const DEPTH: usize = 200;

/// None where it is not JSON.
pub fn parse(text: &str, source: SourceId) -> Option<Node> {
    let mut reader = Reader { rest: text, line: 1, column: 1, source, depth: 0 };
    let node = reader.value()?;
    reader.space();
    reader.rest.is_empty().then_some(node)
}

struct Reader<'t> {
    rest: &'t str,
    line: u32,
    column: u32,
    source: SourceId,
    depth: usize,
}

impl<'t> Reader<'t> {
    fn take(&mut self, bytes: usize) -> &'t str {
        let (taken, rest) = self.rest.split_at(bytes);
        for c in taken.chars() {
            (self.line, self.column) = if c == '\n' { (self.line + 1, 1) } else { (self.line, self.column + 1) };
        }
        self.rest = rest;
        taken
    }

    fn space(&mut self) {
        let space = self.rest.len() - self.rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
        self.take(space);
    }

    /// Whether the next thing is this character, which is then taken.
    fn accept(&mut self, c: char) -> bool {
        self.space();
        let fits = self.rest.starts_with(c);
        if fits {
            self.take(c.len_utf8());
        }
        fits
    }

    fn value(&mut self) -> Option<Node> {
        self.space();
        let (line, column, before) = (self.line, self.column, self.rest.len());
        let (kind, is_scalar) = match self.rest.chars().next()? {
            '{' => (self.nested(Self::mapping)?, false),
            '[' => (self.nested(Self::sequence)?, false),
            '"' => {
                let text: Arc<str> = self.string()?.into();
                let value = Value::Str(text.to_string().into());
                (Kind::Scalar { text, style: Style::DoubleQuoted, value }, true)
            }
            _ => (self.word()?, true),
        };
        let length = if is_scalar { before - self.rest.len() } else { 1 };
        let span = Span::new(self.source, line, column, length as u32);
        Some(Node { span, kind, is_unsafe: false })
    }

    fn nested(&mut self, read: impl FnOnce(&mut Self) -> Option<Kind>) -> Option<Kind> {
        if self.depth >= DEPTH {
            return None;
        }
        self.depth += 1;
        self.take(1);
        let kind = read(self);
        self.depth -= 1;
        kind
    }

    fn sequence(&mut self) -> Option<Kind> {
        let mut items = Vec::new();
        if self.accept(']') {
            return Some(Kind::Sequence(Arc::new(items)));
        }
        loop {
            items.push(self.value()?);
            if self.accept(']') {
                return Some(Kind::Sequence(Arc::new(items)));
            }
            self.accept(',').then_some(())?;
        }
    }

    fn mapping(&mut self) -> Option<Kind> {
        let mut entries: Vec<(Node, Node)> = Vec::new();
        let mut index: HashMap<String, usize> = HashMap::new();
        if self.accept('}') {
            return Some(Kind::Mapping(Arc::new(entries)));
        }
        loop {
            let key = self.value()?;
            let name = key.as_str()?.to_string();
            self.accept(':').then_some(())?;
            let entry = (key, self.value()?);
            match index.get(&name) {
                Some(&at) => entries[at] = entry,
                None => {
                    index.insert(name, entries.len());
                    entries.push(entry);
                }
            }
            if self.accept('}') {
                return Some(Kind::Mapping(Arc::new(entries)));
            }
            self.accept(',').then_some(())?;
        }
    }

    fn word(&mut self) -> Option<Kind> {
        let end = self.rest.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '+' | '-' | '.'));
        let word = self.take(end.unwrap_or(self.rest.len()));
        let value = match word {
            "null" => Value::Null,
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            "NaN" => Value::Float(f64::NAN),
            "Infinity" => Value::Float(f64::INFINITY),
            "-Infinity" => Value::Float(f64::NEG_INFINITY),
            _ => number(word)?,
        };
        Some(Kind::Scalar { text: word.into(), style: Style::Plain, value })
    }

    fn string(&mut self) -> Option<String> {
        self.take(1);
        let mut text = String::new();
        loop {
            let plain = self.rest.find(['"', '\\'])?;
            let chunk = self.take(plain);
            if chunk.chars().any(|c| c < ' ') {
                return None;
            }
            text.push_str(chunk);
            if self.take(1) == "\"" {
                return Some(text);
            }
            text.push(self.escape()?);
        }
    }

    fn escape(&mut self) -> Option<char> {
        let first = self.rest.chars().next()?;
        self.take(first.len_utf8());
        Some(match first {
            '"' | '\\' | '/' => first,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => return self.code_point(),
            _ => return None,
        })
    }

    fn code_point(&mut self) -> Option<char> {
        let first = self.four_digits()?;
        if (0xd800..0xdc00).contains(&first) && self.rest.starts_with("\\u") {
            self.take(2);
            let second = self.four_digits()?;
            let low = second.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
            return char::from_u32(0x10000 + ((first - 0xd800) << 10) + low);
        }
        char::from_u32(first)
    }

    fn four_digits(&mut self) -> Option<u32> {
        let digits = self.rest.get(..4).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        let code = u32::from_str_radix(digits, 16).ok();
        self.take(4);
        code
    }
}

fn number(word: &str) -> Option<Value> {
    let body = word.strip_prefix('-').unwrap_or(word);
    let whole = &body[..body.find(['.', 'e', 'E']).unwrap_or(body.len())];
    let fits = whole == "0" || (!whole.starts_with('0') && !whole.is_empty());
    if !fits || !whole.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    if whole.len() == body.len() {
        return word.parse::<BigInt>().ok().map(Value::from);
    }
    let fraction = body[whole.len()..].strip_prefix('.').map(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    if fraction == Some(false) {
        return None;
    }
    word.parse().ok().map(Value::Float)
}
