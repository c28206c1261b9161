//! `key=value` strings: a module's arguments in one line, with quotes and templates kept together, and the free form of
//! `command`, `shell` and their like.
use value::{Map, Span, Str, Value};

/// What remains of a free-form module's line when these are taken out; other words with `=` belong to the command.
const COMMAND_ARGUMENTS: [&str; 8] =
    ["creates", "removes", "chdir", "executable", "warn", "stdin", "stdin_add_newline", "strip_empty_ends"];

/// Where a line cannot be split.
#[derive(Debug, PartialEq)]
pub struct Unbalanced {
    /// The quote or bracket that is opened and not closed.
    pub what: String,
}

/// The arguments, and the text that is none of them.
pub fn split(line: &Str, free_form: bool) -> Result<(Map, Option<Str>), Unbalanced> {
    let given = line;
    let line = &like(line, continued(line));
    let mut map = Map::new();
    let mut rest = String::new();
    let mut end = 0;
    for (from, to) in words(line)? {
        let word = &line[from..to];
        let gap = &line[end..from];
        end = to;
        match pair(word).filter(|(key, _)| !free_form || COMMAND_ARGUMENTS.contains(key)) {
            Some((key, value)) => {
                let place = |part: &str| if line == given { place_in(line, part) } else { line.origin() };
                let (key, value) = (key.trim(), value.trim());
                let named = like(line, key.to_string()).with_origin(place(key));
                let value_place = if value.is_empty() { line.origin() } else { place(value) };
                map.insert(named, Value::Str(like(line, unquote(&unescape(value))).with_origin(value_place)));
                // The line break before an argument of its own line stays with the command.
                rest.push_str(if gap.contains('\n') { "\n" } else { "" });
            }
            None => {
                rest.push_str(gap);
                rest.push_str(word);
            }
        }
    }
    let rest = rest.trim();
    Ok((map, (!rest.is_empty()).then(|| like(line, rest.to_string()))))
}

/// The line without its continuations: backslashes that are words of their own, outside of quotes, with the line breaks behind
/// them. One of the spaces around stays, for it separates the words.
fn continued(line: &str) -> String {
    let (mut out, mut rest, mut quotes) = (String::new(), line, Quotes::default());
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        let is_word = out.is_empty() || out.ends_with([' ', '\n']);
        if c == '\\' && is_word && quotes.open.is_none() && (after.is_empty() || after.starts_with([' ', '\n'])) {
            let next = after.strip_prefix([' ', '\n']).unwrap_or(after);
            let two_gaps = after.starts_with('\n') && out.ends_with(' ') && next.starts_with(' ');
            rest = if two_gaps { &next[1..] } else { next };
            continue;
        }
        quotes.pass(c);
        out.push(c);
        rest = after;
    }
    out
}

/// Which quote is open, as a text is passed over; a backslash guards quotes.
#[derive(Default)]
struct Quotes {
    open: Option<char>,
    before: Option<char>,
}

impl Quotes {
    fn pass(&mut self, c: char) {
        if matches!(c, '"' | '\'') && self.before != Some('\\') {
            self.open = match self.open {
                Some(open) if open == c => None,
                None => Some(c),
                other => other,
            };
        }
        self.before = Some(c);
    }
}

/// The place of a part of the line, where the line is one line of its source too; else that of the line.
fn place_in(line: &Str, part: &str) -> Option<Span> {
    let origin = line.origin()?;
    let count = |text: &str| u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
    let begin = (part.as_ptr() as usize).checked_sub(line.as_ptr() as usize);
    let quotes =
        origin.length.get().checked_sub(count(line)).filter(|more| !line.contains('\n') && [0, 2].contains(more));
    match (quotes, begin.and_then(|begin| line.get(..begin))) {
        (Some(quotes), Some(before)) => {
            let column = origin.column.get() + quotes / 2 + count(before);
            Some(Span::new(origin.source, origin.line.get(), column, count(part).max(1)))
        }
        _ => Some(origin),
    }
}

/// A text from the line, with the line's place and marks.
fn like(line: &Str, text: String) -> Str {
    Str::from(text).with_origin(line.origin()).with_trust(line.is_trusted()).with_secrecy(line.is_secret())
}

/// `key=value`, at the first equals sign that no backslash guards.
fn pair(word: &str) -> Option<(&str, &str)> {
    let at = word.match_indices('=').map(|(at, _)| at).find(|at| *at > 0 && !word[..*at].ends_with('\\'))?;
    Some((&word[..at], &word[at + 1..]))
}

/// From where to where the words go: white space separates them, but not inside quotes and templates.
fn words(line: &str) -> Result<Vec<(usize, usize)>, Unbalanced> {
    let mut words = Vec::new();
    let (mut begin, mut quotes, mut depth) = (None, Quotes::default(), 0_i32);
    let mut opened = "";
    for (at, c) in line.char_indices() {
        let two = line.get(at..at + 2).unwrap_or_default();
        match two {
            "{{" | "{%" | "{#" => (depth, opened) = (depth + 1, two),
            "}}" | "%}" | "#}" if depth > 0 => depth -= 1,
            _ => {}
        }
        quotes.pass(c);
        if c.is_whitespace() && quotes.open.is_none() && depth == 0 {
            words.extend(begin.take().map(|begin| (begin, at)));
        } else if begin.is_none() {
            begin = Some(at);
        }
    }
    words.extend(begin.map(|begin| (begin, line.len())));
    match (quotes.open, depth) {
        (Some(quote), _) => Err(Unbalanced { what: quote.to_string() }),
        (None, depth) if depth > 0 => Err(Unbalanced { what: opened.to_string() }),
        _ => Ok(words),
    }
}

fn unquote(text: &str) -> String {
    let quoted = ['"', '\''].iter().any(|quote| {
        text.len() > 1 && text.starts_with(*quote) && text.ends_with(*quote) && !text[..text.len() - 1].ends_with('\\')
    });
    if quoted { text[1..text.len() - 1].to_string() } else { text.to_string() }
}

/// Backslash escapes as Python's string literals have them; others stay as they are.
fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let (c, length) = escape(rest).unwrap_or(('\\', 1));
        out.push(c);
        rest = &rest[length..];
    }
    out + rest
}

/// The character that an escape at the beginning of the text stands for, and the escape's length.
fn escape(text: &str) -> Option<(char, usize)> {
    let numeric = |digits: usize| {
        let code = u32::from_str_radix(text.get(2..2 + digits)?, 16).ok()?;
        Some((char::from_u32(code)?, 2 + digits))
    };
    Some(match text.as_bytes().get(1)? {
        b'\\' => ('\\', 2),
        b'\'' => ('\'', 2),
        b'"' => ('"', 2),
        b'a' => ('\u{7}', 2),
        b'b' => ('\u{8}', 2),
        b'f' => ('\u{c}', 2),
        b'n' => ('\n', 2),
        b'r' => ('\r', 2),
        b't' => ('\t', 2),
        b'v' => ('\u{b}', 2),
        b'x' => numeric(2)?,
        b'u' => numeric(4)?,
        b'U' => numeric(8)?,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str, free_form: bool) -> (String, String) {
        let (map, rest) = split(&line.into(), free_form).unwrap();
        (Value::from(map).to_text(), rest.map(|rest| rest.to_string()).unwrap_or_default())
    }

    #[test]
    fn words_with_an_equals_sign_are_arguments() {
        let cases = [
            ("src=a dest=\"b c\"", "{'src': 'a', 'dest': 'b c'}", ""),
            ("src={{ a b }} mode='0644'", "{'src': '{{ a b }}', 'mode': '0644'}", ""),
            ("msg=\"a\\nb\" x=", "{'msg': 'a\\nb', 'x': ''}", ""),
            ("flush_handlers", "{}", "flush_handlers"),
            ("inc.yml a=1", "{'a': '1'}", "inc.yml"),
            ("a = b", "{}", "a = b"),
        ];
        for (line, map, rest) in cases {
            assert_eq!(parsed(line, false), (map.to_string(), rest.to_string()), "{line}");
        }
    }

    #[test]
    fn a_key_and_its_value_have_places_of_their_own() {
        let source = value::SourceId(0);
        let places = |line: &str, covered| {
            let line = Str::trusted(line, Some(Span::new(source, 3, 11, covered)));
            let (map, _) = split(&line, false).unwrap();
            let place = |value: &Value| match value {
                Value::Str(text) => text.origin().map(|span| (span.column.get(), span.length.get())),
                _ => None,
            };
            map.iter().flat_map(|(key, value)| [key.value(), value]).filter_map(place).collect::<Vec<_>>()
        };
        assert_eq!(places("a=b dest='x y'", 14), [(11, 1), (13, 1), (15, 4), (20, 5)], "plain");
        assert_eq!(places("a=b", 5), [(12, 1), (14, 1)], "quoted");
        assert_eq!(places("a=b \\\n c=d", 1), [(11, 1); 4], "over lines");
    }

    #[test]
    fn a_command_keeps_its_own_equals_signs() {
        let cases = [
            ("A=b make  x chdir=/tmp", "{'chdir': '/tmp'}", "A=b make  x"),
            ("echo a\necho \"b c\" creates=/x\n", "{'creates': '/x'}", "echo a\necho \"b c\""),
            ("test -f a && b=\"{{ c | d('e f') }}\"", "{}", "test -f a && b=\"{{ c | d('e f') }}\""),
        ];
        for (line, map, rest) in cases {
            assert_eq!(parsed(line, true), (map.to_string(), rest.to_string()), "{line}");
        }
    }

    #[test]
    fn a_backslash_that_is_a_word_continues_the_line() {
        let cases = [
            ("echo one \\\n  two", "{}", "echo one  two"),
            ("echo one \\ two", "{}", "echo one two"),
            ("a \\\nb \\\nc", "{}", "a b c"),
            ("a \\\n chdir=/x \\\n b\n", "{'chdir': '/x'}", "a b"),
            ("a {{ 1 \\\n+ 2 }}", "{}", "a {{ 1 + 2 }}"),
            ("a 'x \\\n y' z\\\n w \\{{ b }}", "{}", "a 'x \\\n y' z\\\n w \\{{ b }}"),
            ("a \\", "{}", "a"),
        ];
        for (line, map, rest) in cases {
            assert_eq!(parsed(line, true), (map.to_string(), rest.to_string()), "{line}");
        }
    }

    #[test]
    fn what_is_opened_must_be_closed() {
        assert_eq!(split(&"echo it's".into(), true), Err(Unbalanced { what: "'".into() }));
        assert_eq!(split(&"a={{ b".into(), false), Err(Unbalanced { what: "{{".into() }));
    }
}
