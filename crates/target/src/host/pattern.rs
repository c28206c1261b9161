//! Regular expressions as playbooks write them: Python's, of bytes, on the lines of a file.
use super::{Look, Stop};
use fancy_regex::{Captures, Regex};

pub struct Pattern(Regex);

impl Pattern {
    /// `argument` is the one that holds it, for the message.
    pub fn new(pattern: &str, argument: &str) -> Look<Self> {
        Regex::new(&super::dialect::translated(pattern))
            .map(Self)
            .or_else(|error| Stop::failed(format!("{argument} is no regular expression: {error}")))
    }

    /// Whether it is found in a line, which has its end.
    pub fn is_in(&self, line: &str) -> bool {
        self.0.is_match(line).unwrap_or(false)
    }

    pub fn captures<'l>(&self, line: &'l str) -> Option<Captures<'l>> {
        self.0.captures(line).ok().flatten()
    }

    /// Of its named groups.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.capture_names().flatten()
    }

    pub fn find_in(&self, text: &str) -> Option<(usize, usize)> {
        self.0.find(text).ok().flatten().map(|found| (found.start(), found.end()))
    }
}

/// `\1`, `\g<1>`, `\g<name>` become what was matched; other escapes are those of Python's strings.
pub fn expand(template: &str, found: &Captures) -> Look<String> {
    let (mut out, mut rest) = (String::new(), template);
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let Some(c) = rest.chars().next() else {
            out.push('\\');
            break;
        };
        let named = rest.strip_prefix("g<").and_then(|inside| inside.split_once('>'));
        if let Some((name, after)) = named {
            out.push_str(group(name, found)?);
            rest = after;
        } else if c.is_ascii_digit() {
            let digits = rest.chars().take(2).take_while(char::is_ascii_digit).count();
            out.push_str(group(&rest[..digits], found)?);
            rest = &rest[digits..];
        } else {
            match c {
                'n' => out.push('\n'),
                't' => out.push('\t'),
                'r' => out.push('\r'),
                '\\' => out.push('\\'),
                other => out.extend(['\\', other]),
            }
            rest = &rest[c.len_utf8()..];
        }
    }
    Ok(out + rest)
}

fn group<'f>(name: &str, found: &'f Captures) -> Look<&'f str> {
    let group = match name.parse::<usize>() {
        Ok(number) if number >= found.len() => return Stop::failed(format!("invalid group reference {number}")),
        Ok(number) => found.get(number),
        Err(_) => found.name(name),
    };
    Ok(group.map_or("", |found| found.as_str()))
}

/// The lines of a text with their ends.
pub fn lines(text: &str) -> Vec<String> {
    text.split_inclusive('\n').map(String::from).collect()
}

/// Without its end.
pub fn bare(line: &str) -> &str {
    line.trim_end_matches(['\n', '\r'])
}
