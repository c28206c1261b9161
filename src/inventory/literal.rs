//! Values of INI inventories are Python literals where they read as one, and strings otherwise: `8080` is a number, `yes` a string,
//! `[1, 2]` a list, `0644` a string.
use value::{Span, Str, Value};

/// The value of a word that stands at `span`.
pub fn literal(text: &str, span: Option<Span>) -> Value {
    let mut reader = Reader { rest: text.trim_start(), depth: 0 };
    match reader.value() {
        Some(value) if reader.rest.trim().is_empty() => {
            value.map_strings(&|text| Str::trusted(text.text().clone(), span))
        }
        _ => Value::Str(Str::trusted(text, span)),
    }
}

struct Reader<'t> {
    rest: &'t str,
    depth: usize,
}

impl Reader<'_> {
    fn value(&mut self) -> Option<Value> {
        self.rest = self.rest.trim_start();
        match self.rest.chars().next()? {
            '[' => self.items(']').map(|(items, _)| Value::list(items)),
            '(' => self.items(')').map(|(mut items, comma)| match (items.len(), comma) {
                (1, false) => items.remove(0),
                _ => Value::Tuple(std::sync::Arc::new(items)),
            }),
            '{' => self.map(),
            '\'' | '"' => self.strings(),
            c if c.is_ascii_digit() || "+-.".contains(c) => self.number(),
            _ => self.word(),
        }
    }

    fn eat(&mut self, what: &str) -> bool {
        self.rest = self.rest.trim_start();
        let rest = self.rest.strip_prefix(what);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn items(&mut self, close: char) -> Option<(Vec<Value>, bool)> {
        self.nested(|reader| {
            let (mut items, mut comma) = (Vec::new(), false);
            while !reader.eat(close.encode_utf8(&mut [0; 4])) {
                if !items.is_empty() && !comma {
                    return None;
                }
                items.push(reader.value()?);
                comma = reader.eat(",");
            }
            Some((items, comma))
        })
    }

    fn map(&mut self) -> Option<Value> {
        self.nested(|reader| {
            let (mut entries, mut comma) = (Vec::new(), true);
            while !reader.eat("}") {
                let key = if comma { reader.value()? } else { return None };
                let value = if reader.eat(":") { reader.value()? } else { return None };
                entries.push((value::Key::new(key).ok()?, value));
                comma = reader.eat(",");
            }
            Some(Value::map(entries))
        })
    }

    /// Enters a bracket; too many of them are no literal.
    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        const DEEPEST: usize = 64;
        self.rest = &self.rest[1..];
        self.depth += 1;
        let read = if self.depth > DEEPEST { None } else { read(self) };
        self.depth -= 1;
        read
    }

    /// Strings that follow each other are one.
    fn strings(&mut self) -> Option<Value> {
        let mut text = String::new();
        loop {
            self.rest = self.rest.trim_start();
            let Some(quote) = self.rest.chars().next().filter(|c| "'\"".contains(*c)) else { break };
            text += &self.string(quote)?;
        }
        Some(text.into())
    }

    fn string(&mut self, quote: char) -> Option<String> {
        let (mut text, mut chars) = (String::new(), self.rest[1..].char_indices());
        while let Some((at, c)) = chars.next() {
            match c {
                c if c == quote => {
                    self.rest = &self.rest[at + 2..];
                    return Some(text);
                }
                '\\' => match chars.next()?.1 {
                    'n' => text.push('\n'),
                    't' => text.push('\t'),
                    'r' => text.push('\r'),
                    c @ ('\\' | '\'' | '"') => text.push(c),
                    c => text.extend(['\\', c]),
                },
                c => text.push(c),
            }
        }
        None
    }

    fn number(&mut self) -> Option<Value> {
        let end =
            self.rest.find(|c: char| !(c.is_ascii_alphanumeric() || "+-._".contains(c))).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        let value = number(word)?;
        self.rest = rest;
        Some(value)
    }

    fn word(&mut self) -> Option<Value> {
        let end = self.rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        let value = match word {
            "None" => Value::Null,
            "True" => Value::Bool(true),
            "False" => Value::Bool(false),
            _ => return None,
        };
        self.rest = rest;
        Some(value)
    }
}

/// Python's numbers: underscores between digits, no leading zeros, `0x`, `0o` and `0b`.
fn number(word: &str) -> Option<Value> {
    let (sign, digits) = match word.as_bytes().first()? {
        b'-' => ("-", &word[1..]),
        b'+' => ("", &word[1..]),
        _ => ("", word),
    };
    if digits.starts_with('_') || digits.ends_with('_') || digits.contains("__") {
        return None;
    }
    let digits = digits.replace('_', "");
    let radix = match digits.get(..2).map(str::to_lowercase).as_deref() {
        Some("0x") => Some(16),
        Some("0o") => Some(8),
        Some("0b") => Some(2),
        _ => None,
    };
    if let Some(radix) = radix {
        return i64::from_str_radix(&format!("{sign}{}", &digits[2..]), radix).ok().map(Value::Int);
    }
    if digits.chars().all(|c| c.is_ascii_digit()) && !digits.is_empty() {
        let leading_zero = digits.len() > 1 && digits.starts_with('0') && digits.chars().any(|c| c != '0');
        return if leading_zero { None } else { format!("{sign}{digits}").parse::<i64>().ok().map(Value::Int) };
    }
    let floats = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') && digits.contains(['.', 'e', 'E']);
    if floats { format!("{sign}{digits}").parse().ok().map(Value::Float) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_what_python_takes_them_for() {
        let cases = [
            ("8080", "8080"),
            ("0644", "'0644'"),
            ("0o644", "420"),
            ("yes", "'yes'"),
            ("true", "'true'"),
            ("True", "True"),
            ("1.5", "1.5"),
            ("1.2.3", "'1.2.3'"),
            ("'quoted'", "'quoted'"),
            ("[1, 'a']", "[1, 'a']"),
            ("{'a': [1]}", "{'a': [1]}"),
            ("(1,)", "(1,)"),
            ("a=b", "'a=b'"),
            ("10.0.0.1", "'10.0.0.1'"),
            ("", "''"),
            ("[1", "'[1'"),
            ("-5", "-5"),
            ("1_000", "1000"),
        ];
        for (text, repr) in cases {
            assert_eq!(literal(text, None).to_repr(), repr, "{text}");
        }
        literal(&"[".repeat(100_000), None);
    }
}
