//! JSON text read as a value: what daemons, servers and fact scripts answer. Numbers keep their size, keys their order.
use num_bigint::BigInt;
use value::{Map, Value};

/// Deeper nesting is refused before it takes the stack.
const DEEPEST: usize = 128;

pub fn parse(text: &str) -> Result<Value, String> {
    let mut reader = Reader { bytes: text.as_bytes(), text, at: 0, depth: 0 };
    let value = reader.value()?;
    reader.space();
    match reader.bytes.get(reader.at) {
        None => Ok(value),
        Some(_) => Err(reader.wrong("something after the end")),
    }
}

struct Reader<'t> {
    bytes: &'t [u8],
    text: &'t str,
    at: usize,
    depth: usize,
}

impl Reader<'_> {
    fn wrong(&self, what: &str) -> String {
        format!("not JSON: {what} at byte {}", self.at)
    }

    fn space(&mut self) {
        while matches!(self.bytes.get(self.at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn peek(&mut self) -> Option<u8> {
        self.space();
        self.bytes.get(self.at).copied()
    }

    fn value(&mut self) -> Result<Value, String> {
        match self.peek() {
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::array),
            Some(b'"') => self.string().map(Value::from),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => self.word(),
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Value, String>) -> Result<Value, String> {
        if self.depth == DEEPEST {
            return Err(self.wrong("nesting too deep"));
        }
        self.depth += 1;
        self.at += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn object(&mut self) -> Result<Value, String> {
        let mut map = Map::new();
        loop {
            match self.peek() {
                Some(b'}') => break,
                Some(b'"') => {}
                _ => return Err(self.wrong("no key")),
            }
            let key = self.string()?;
            if self.peek() != Some(b':') {
                return Err(self.wrong("no colon"));
            }
            self.at += 1;
            let value = self.value()?;
            map.insert(key, value);
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => break,
                _ => return Err(self.wrong("no comma")),
            }
        }
        self.at += 1;
        Ok(map.into())
    }

    fn array(&mut self) -> Result<Value, String> {
        let mut items = Vec::new();
        while self.peek() != Some(b']') {
            items.push(self.value()?);
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {}
                _ => return Err(self.wrong("no comma")),
            }
        }
        self.at += 1;
        Ok(Value::list(items))
    }

    fn word(&mut self) -> Result<Value, String> {
        let rest = &self.bytes[self.at..];
        let words = [("true", Value::Bool(true)), ("false", Value::Bool(false)), ("null", Value::Null)];
        let special = [("NaN", Value::Float(f64::NAN)), ("Infinity", Value::Float(f64::INFINITY))];
        for (word, value) in words.into_iter().chain(special) {
            if rest.starts_with(word.as_bytes()) {
                self.at += word.len();
                return Ok(value);
            }
        }
        Err(self.wrong("no value"))
    }

    fn number(&mut self) -> Result<Value, String> {
        let start = self.at;
        while matches!(self.bytes.get(self.at), Some(b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')) {
            self.at += 1;
        }
        let digits = &self.text[start..self.at];
        if digits.contains(['.', 'e', 'E']) {
            return digits.parse().map(Value::Float).map_err(|_| self.wrong("no number"));
        }
        let small = digits.parse().map(Value::Int);
        small.or_else(|_| digits.parse::<BigInt>().map(Value::from)).map_err(|_| self.wrong("no number"))
    }

    fn string(&mut self) -> Result<String, String> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let start = self.at;
            while !matches!(self.bytes.get(self.at), None | Some(b'"' | b'\\')) {
                self.at += 1;
            }
            out.push_str(&self.text[start..self.at]);
            match self.bytes.get(self.at) {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some(_) => self.escape(&mut out)?,
                None => return Err(self.wrong("a string without end")),
            }
        }
    }

    fn escape(&mut self, out: &mut String) -> Result<(), String> {
        let letter = self.bytes.get(self.at + 1).copied();
        self.at += 2;
        out.push(match letter {
            Some(c @ (b'"' | b'\\' | b'/')) => char::from(c),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => self.unicode()?,
            _ => return Err(self.wrong("an unknown escape")),
        });
        Ok(())
    }

    fn hex(&mut self) -> Result<u32, String> {
        let digits = self.text.get(self.at..self.at + 4).filter(|digits| digits.bytes().all(|c| c.is_ascii_hexdigit()));
        let number = digits
            .and_then(|digits| u32::from_str_radix(digits, 16).ok())
            .ok_or_else(|| self.wrong("no \\u escape"))?;
        self.at += 4;
        Ok(number)
    }

    fn unicode(&mut self) -> Result<char, String> {
        let first = self.hex()?;
        if (0xd800..0xdc00).contains(&first) && self.bytes[self.at..].starts_with(b"\\u") {
            let back = self.at;
            self.at += 2;
            let second = self.hex()?;
            if (0xdc00..0xe000).contains(&second) {
                let c = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                return Ok(char::from_u32(c).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            self.at = back;
        }
        // Half a pair stands for nothing.
        Ok(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use value::value::{Json, json_text};

    #[test]
    fn json_is_read_as_it_was_written() {
        let text = r#"{"a": [1, -2.5, true, null, "x\n\"é😀"], "big": 123456789012345678901234567890, "e": {}}"#;
        assert_eq!(json_text(&parse(text).unwrap(), Json::LINE), text);
        assert_eq!(parse(r#""\u00e9\ud83d\ude00\ud800""#).unwrap().as_str(), Some("é😀\u{fffd}"));
    }

    #[test]
    fn what_is_not_json_is_an_error() {
        for bad in ["", "{", "[1 2]", "{\"a\" 1}", "tru", "\"", "1 2", "\"\\u12\"", "{1: 2}", "\"\\ué00000\""] {
            assert!(parse(bad).is_err(), "{bad}");
        }
        assert!(parse(&"[".repeat(100_000)).is_err());
    }
}
