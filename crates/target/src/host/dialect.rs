//! A regular expression of Python, over bytes, in the words of our engine. The bytes are characters here (see `edit`), so `.` is one
//! byte, and the classes are those of ASCII.

/// What the two write differently; all else is alike, and what is wrong is found by the engine.
pub fn translated(pattern: &str) -> String {
    let chars: Vec<char> = pattern.chars().collect();
    let multiline = has_multiline(pattern);
    let (mut out, mut at) = (String::with_capacity(pattern.len() + 8), 0);
    while let Some(c) = chars.get(at) {
        at += match c {
            '\\' => escape(chars.get(at + 1), false, &mut out),
            '[' => class(&chars[at..], &mut out),
            '{' => brace(&chars[at..], &mut out),
            // The end, or before a line's end that is the text's.
            '$' if !multiline => push(&mut out, r"(?=\n?\z)", 1),
            other => push(&mut out, other.encode_utf8(&mut [0; 4]), 1),
        };
    }
    out
}

fn push(out: &mut String, text: &str, taken: usize) -> usize {
    out.push_str(text);
    taken
}

fn has_multiline(pattern: &str) -> bool {
    let flags = pattern.strip_prefix("(?").and_then(|rest| rest.split_once(')')).map_or("", |(flags, _)| flags);
    flags.chars().all(|c| c.is_ascii_lowercase()) && flags.contains('m')
}

fn escape(next: Option<&char>, in_class: bool, out: &mut String) -> usize {
    let (inside, negated) = match next {
        Some('d') => ("0-9", false),
        Some('D') => ("0-9", true),
        Some('w') => ("a-zA-Z0-9_", false),
        Some('W') => ("a-zA-Z0-9_", true),
        Some('s') => (r" \t\n\r\x0b\x0c", false),
        Some('S') => (r" \t\n\r\x0b\x0c", true),
        Some('Z') => return push(out, r"\z", 2),
        Some(other) => {
            out.push('\\');
            return push(out, other.encode_utf8(&mut [0; 4]), 2);
        }
        None => return push(out, "\\", 1),
    };
    let text = match (in_class, negated) {
        (true, false) => inside.into(),
        (_, true) => format!("[^{inside}]"),
        (false, false) => format!("[{inside}]"),
    };
    push(out, &text, 2)
}

/// In Python nothing in a class is special but its end, a range and an escape.
fn class(chars: &[char], out: &mut String) -> usize {
    out.push('[');
    let mut at = 1;
    if chars.get(at) == Some(&'^') {
        at += push(out, "^", 1);
    }
    let first = at;
    while let Some(c) = chars.get(at) {
        at += match (c, chars.get(at + 1)) {
            (']', _) if at > first => return at + push(out, "]", 1),
            (']' | '-', _) if at == first => push(out, &format!("\\{c}"), 1),
            // The end of a range, not the difference of two classes.
            ('-', Some('-')) => push(out, r"-\-", 2),
            ('[' | '&' | '~', _) => push(out, &format!("\\{c}"), 1),
            ('\\', next) => escape(next, true, out),
            (other, _) => push(out, other.encode_utf8(&mut [0; 4]), 1),
        };
    }
    at
}

/// `{2}`, `{2,}`, `{,3}`, `{2,3}`; any other brace is itself.
fn brace(chars: &[char], out: &mut String) -> usize {
    let end = chars.iter().position(|c| *c == '}');
    let inside: String = chars[1..end.unwrap_or(1)].iter().collect();
    let numbers: Vec<&str> = inside.split(',').collect();
    let digits = numbers.iter().all(|number| number.bytes().all(|byte| byte.is_ascii_digit()));
    match numbers.as_slice() {
        ["", most] if digits && !most.is_empty() => push(out, &format!("{{0,{most}}}"), inside.len() + 2),
        [least] | [least, _] if digits && !least.is_empty() => push(out, &format!("{{{inside}}}"), inside.len() + 2),
        _ => push(out, r"\{", 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fancy_regex::Regex;

    fn finds(pattern: &str, text: &str) -> bool {
        Regex::new(&translated(pattern)).unwrap_or_else(|error| panic!("{pattern}: {error}")).is_match(text).unwrap()
    }

    #[test]
    fn patterns_mean_what_they_mean_in_python() {
        let found = [
            ("(?i)^FOO[[]", "foo[x"),
            ("[&&x]b", "a&b"),
            ("[x~~]b", "a~b"),
            ("[]x]b", "a]b"),
            ("[^]]b", "ab"),
            ("[[:]b", "a[:b"),
            ("[[:alpha:]]", ":]"),
            ("[+--]x", ",x"),
            ("[-a]x", "-x"),
            ("[a-]x", "-x"),
            (r"[\w.-]+@", "a.b-c@"),
            (r"[\W]b", "a b"),
            ("a{b", "a{b"),
            ("a{}", "a{}"),
            ("^a{,2}b$", "aab"),
            ("^a$", "a\n"),
            ("(?m)^a$", "b\na\nc"),
            (r"a\Z", "a"),
            (r"[$]x", "$x"),
            (r"\$x", "$x"),
        ];
        for (pattern, text) in found {
            assert!(finds(pattern, text), "{pattern}");
        }
        let missed =
            [("^a$", "a\nb"), ("^a$", "a\n\n"), (r"a\Z", "a\n"), (r"^\w$", "é"), ("^a{,2}b$", "aaab"), ("[^]]b", "]b")];
        for (pattern, text) in missed {
            assert!(!finds(pattern, text), "{pattern}");
        }
        assert!(Regex::new(&translated("[x--]b")).is_err(), "a range that goes backwards");
    }
}
