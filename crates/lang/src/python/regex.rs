//! Python's `re`: its patterns translated for a backtracking engine of ours, its way of walking over matches, its templates
//! for replacements. What Python refuses is refused here, in its words.
mod pattern;

use fancy_regex::{Regex, RegexBuilder};
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

/// One match: its text and that of its groups.
pub type Captures<'t> = fancy_regex::Captures<'t, str>;

/// More steps than that, and a pattern is taken as one that never ends.
const STEPS: usize = 5_000_000;
/// Patterns are kept compiled; when there are more, all are forgotten.
const KEPT: usize = 512;

/// What is wrong with a pattern or a replacement, as Python says it.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem(pub String);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Flags {
    pub ignore_case: bool,
    pub multiline: bool,
}

/// Where a match must lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Anchor {
    /// Anywhere: `re.search`.
    Search,
    /// At the beginning: `re.match`.
    Match,
    /// The whole text: `re.fullmatch`.
    Full,
}

#[derive(Clone)]
pub struct Pattern {
    regex: Arc<Regex>,
}

type Kept = HashMap<(String, Flags, Anchor), Pattern>;

thread_local! {
    static COMPILED: RefCell<Kept> = RefCell::default();
}

impl Pattern {
    pub fn new(text: &str, flags: Flags, anchor: Anchor) -> Result<Self, Problem> {
        let key = (text.to_string(), flags, anchor);
        if let Some(known) = COMPILED.with_borrow(|kept| kept.get(&key).cloned()) {
            return Ok(known);
        }
        let translated = pattern::translate(text, flags)?;
        let anchored = match anchor {
            Anchor::Search => translated,
            Anchor::Match => format!(r"\A(?:{translated})"),
            Anchor::Full => format!(r"\A(?:{translated})\z"),
        };
        let regex = RegexBuilder::new(&anchored).backtrack_limit(STEPS).build();
        let regex =
            regex.map_err(|error| Problem(format!("the regular expression '{text}' cannot be used: {error}")))?;
        let pattern = Self { regex: Arc::new(regex) };
        COMPILED.with_borrow_mut(|kept| {
            if kept.len() >= KEPT {
                kept.clear();
            }
            kept.insert(key, pattern.clone());
        });
        Ok(pattern)
    }

    pub fn is_match(&self, text: &str) -> Result<bool, Problem> {
        self.regex.is_match(text).map_err(too_hard)
    }

    pub fn first<'t>(&self, text: &'t str) -> Result<Option<Captures<'t>>, Problem> {
        self.regex.captures(text).map_err(too_hard)
    }

    /// The number of groups, without the whole match.
    pub fn groups(&self) -> usize {
        self.regex.captures_len() - 1
    }

    pub fn group_number(&self, name: &str) -> Option<usize> {
        self.regex.capture_names().position(|known| known == Some(name))
    }

    /// All matches as Python finds them: an empty one may follow directly on another that was not empty.
    pub fn all<'t>(&self, text: &'t str, limit: usize) -> Result<Vec<Captures<'t>>, Problem> {
        let mut found: Vec<Captures<'t>> = Vec::new();
        let mut at = 0;
        let mut empty_at = None;
        while at <= text.len() && found.len() < limit {
            let Some(captures) = self.regex.captures_from_pos(text, at).map_err(too_hard)? else { break };
            let Some(whole) = captures.get(0) else { break };
            let (start, end) = (whole.start(), whole.end());
            if start == end && empty_at == Some(start) {
                at = next_character(text, start);
                empty_at = None;
                continue;
            }
            empty_at = (start == end).then_some(end);
            at = end;
            found.push(captures);
        }
        Ok(found)
    }

    /// `re.subn`: the text and how often something was replaced.
    pub fn replace(&self, text: &str, template: &Template, limit: usize) -> Result<(String, usize), Problem> {
        let found = self.all(text, limit)?;
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        for captures in &found {
            let Some(whole) = captures.get(0) else { continue };
            out.push_str(&text[at..whole.start()]);
            template.expand(captures, &mut out);
            at = whole.end();
        }
        out.push_str(&text[at..]);
        Ok((out, found.len()))
    }
}

fn next_character(text: &str, at: usize) -> usize {
    at + text[at..].chars().next().map_or(1, char::len_utf8)
}

fn too_hard(error: fancy_regex::Error) -> Problem {
    Problem(format!("the regular expression gave up: {error}"))
}

/// What stands in the place of a match: text, and groups of the match.
#[derive(Debug)]
pub struct Template(Vec<Piece>);

#[derive(Debug)]
enum Piece {
    Text(String),
    Group(usize),
}

impl Template {
    /// Reads `\1`, `\g<1>`, `\g<name>`, `\n` and the other escapes that Python knows there.
    pub fn new(text: &str, pattern: &Pattern) -> Result<Self, Problem> {
        let mut template = Self(Vec::new());
        let characters: Vec<char> = text.chars().collect();
        let mut at = 0;
        while at < characters.len() {
            if characters[at] != '\\' {
                template.push(characters[at]);
                at += 1;
                continue;
            }
            at = template.escape(&characters, at, pattern)?;
        }
        Ok(template)
    }

    fn push(&mut self, c: char) {
        match self.0.last_mut() {
            Some(Piece::Text(text)) => text.push(c),
            _ => self.0.push(Piece::Text(c.into())),
        }
    }

    fn group(&mut self, number: usize, pattern: &Pattern, at: usize) -> Result<(), Problem> {
        if number > pattern.groups() {
            return Err(Problem(format!("invalid group reference {number} at position {at}")));
        }
        self.0.push(Piece::Group(number));
        Ok(())
    }

    /// The escape that begins at `at`; gives where it ends.
    fn escape(&mut self, text: &[char], at: usize, pattern: &Pattern) -> Result<usize, Problem> {
        let Some(&c) = text.get(at + 1) else {
            return Err(Problem(format!("bad escape (end of pattern) at position {at}")));
        };
        let plain = match c {
            'g' => return self.named(text, at, pattern),
            '0'..='9' => return self.numbered(text, at, pattern),
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'a' => '\u{7}',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'v' => '\u{b}',
            '\\' => '\\',
            c if c.is_ascii_alphabetic() => return Err(Problem(format!("bad escape \\{c} at position {at}"))),
            c => {
                self.push('\\');
                c
            }
        };
        self.push(plain);
        Ok(at + 2)
    }

    fn named(&mut self, text: &[char], at: usize, pattern: &Pattern) -> Result<usize, Problem> {
        if text.get(at + 2) != Some(&'<') {
            return Err(Problem(format!("missing < at position {}", at + 2)));
        }
        let Some(length) = text[at + 3..].iter().position(|c| *c == '>') else {
            return Err(Problem(format!("missing >, unterminated name at position {}", at + 3)));
        };
        let name: String = text[at + 3..at + 3 + length].iter().collect();
        if name.is_empty() {
            return Err(Problem(format!("missing group name at position {}", at + 3)));
        }
        match name.parse::<usize>() {
            Ok(number) => self.group(number, pattern, at + 3)?,
            Err(_) => match pattern.group_number(&name) {
                Some(number) => self.0.push(Piece::Group(number)),
                None => return Err(Problem(format!("unknown group name '{name}'"))),
            },
        }
        Ok(at + 4 + length)
    }

    /// `\1` to `\99`; three octal digits, or a zero in front, are a character.
    fn numbered(&mut self, text: &[char], at: usize, pattern: &Pattern) -> Result<usize, Problem> {
        let digit = |at: usize| text.get(at).and_then(|c| c.to_digit(10));
        let octal = |at: usize| text.get(at).and_then(|c| c.to_digit(8));
        let first = digit(at + 1).unwrap_or(0);
        if first == 0 {
            let mut code = 0;
            let mut end = at + 2;
            while let Some(digit) = octal(end).filter(|_| end < at + 4) {
                code = code * 8 + digit;
                end += 1;
            }
            self.push(char::from_u32(code).unwrap_or('\0'));
            return Ok(end);
        }
        let Some(second) = digit(at + 2) else {
            self.group(first as usize, pattern, at + 1)?;
            return Ok(at + 2);
        };
        if let (1..=3, Some(two), Some(three)) = (first, octal(at + 2), octal(at + 3)) {
            self.push(char::from_u32(first * 64 + two * 8 + three).unwrap_or('\0'));
            return Ok(at + 4);
        }
        self.group((first * 10 + second) as usize, pattern, at + 1)?;
        Ok(at + 3)
    }

    fn expand(&self, captures: &Captures, out: &mut String) {
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Group(number) => out.push_str(captures.get(*number).map_or("", |group| group.as_str())),
            }
        }
    }
}

/// `re.escape`.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if "()[]{}?*+-|^$\\.&~# \t\n\r\u{b}\u{c}".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replace(pattern: &str, template: &str, text: &str) -> Result<String, Problem> {
        let pattern = Pattern::new(pattern, Flags::default(), Anchor::Search)?;
        let template = Template::new(template, &pattern)?;
        Ok(pattern.replace(text, &template, usize::MAX)?.0)
    }

    #[test]
    fn empty_matches_are_walked_over_as_in_python() {
        assert_eq!(replace("x*", "-", "abc").unwrap(), "-a-b-c-");
        assert_eq!(replace("b|", "X", "abc").unwrap(), "XaXXcX");
    }

    #[test]
    fn the_end_may_stand_before_a_last_line_break() {
        assert_eq!(replace("a$", "b", "a\n").unwrap(), "b\n");
        assert_eq!(replace("a\\Z", "b", "a\n").unwrap(), "a\n");
        assert_eq!(replace("(?m)1$", "x", "1\n1").unwrap(), "x\nx");
    }

    #[test]
    fn what_python_refuses_is_refused() {
        for (pattern, message) in [
            ("(", "missing ), unterminated subpattern at position 0"),
            (")", "unbalanced parenthesis at position 0"),
            ("*", "nothing to repeat at position 0"),
            ("[a", "unterminated character set at position 0"),
            ("\\y", "bad escape \\y at position 0"),
            ("a**", "multiple repeat at position 2"),
            ("[z-a]", "bad character range z-a at position 1"),
            ("(?P<a>x)(?P=b)", "unknown group name 'b' at position 12"),
            ("\\2(x)", "invalid group reference 2 at position 1"),
        ] {
            assert_eq!(replace(pattern, "", "").unwrap_err().0, message, "{pattern}");
        }
    }

    #[test]
    fn braces_and_sets_mean_what_they_mean_in_python() {
        assert_eq!(replace("{x}", "-", "a{x}").unwrap(), "a-");
        assert_eq!(replace("x{,1}y", "-", "xyy").unwrap(), "--");
        assert_eq!(replace("[]a&&b~-]", "-", "]a&~-c").unwrap(), "-----c");
        assert_eq!(replace("(?x) a # b\n c", "-", "ac").unwrap(), "-");
    }
}
