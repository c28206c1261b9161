//! A pattern of Python's `re` in the syntax of our engine.
use super::{Flags, Problem};

pub fn translate(text: &str, flags: Flags) -> Result<String, Problem> {
    let mode = Mode { multiline: flags.multiline, ..Mode::default() };
    let mut translator = Translator {
        text: text.chars().collect(),
        at: 0,
        out: String::with_capacity(text.len() + 8),
        mode,
        groups: Vec::new(),
        names: Vec::new(),
        count: 0,
        total: count_groups(text),
        repeatable: Repeatable::Nothing,
    };
    for (flag, set) in [("(?i)", flags.ignore_case), ("(?m)", flags.multiline)] {
        if set {
            translator.out.push_str(flag);
        }
    }
    translator.run()?;
    Ok(translator.out)
}

/// What flags in the pattern change for the translation; all others the engine understands itself.
#[derive(Clone, Copy, Default)]
struct Mode {
    multiline: bool,
    verbose: bool,
    ascii: bool,
}

/// What stands before a `*`.
#[derive(Clone, Copy, PartialEq)]
enum Repeatable {
    Nothing,
    Item,
    Repeated,
}

struct Translator {
    text: Vec<char>,
    at: usize,
    out: String,
    mode: Mode,
    /// Open groups: where each begins, and the mode outside of it.
    groups: Vec<(usize, Mode)>,
    names: Vec<String>,
    count: usize,
    total: usize,
    repeatable: Repeatable,
}

/// Groups that capture, wherever they stand: a reference may come before its group's end is seen.
fn count_groups(text: &str) -> usize {
    let characters: Vec<char> = text.chars().collect();
    let (mut at, mut count, mut in_set) = (0, 0, false);
    while at < characters.len() {
        match characters[at] {
            '\\' => at += 1,
            '[' if !in_set => {
                in_set = true;
                at += usize::from(characters.get(at + 1) == Some(&'^'));
                at += usize::from(characters.get(at + 1) == Some(&']'));
            }
            ']' => in_set = false,
            '(' if !in_set => {
                let rest: String = characters[at + 1..].iter().take(3).collect();
                count += usize::from(!rest.starts_with('?') || rest == "?P<");
            }
            _ => {}
        }
        at += 1;
    }
    count
}

impl Translator {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.text.get(self.at + ahead).copied()
    }

    fn starts_with(&self, word: &str) -> bool {
        word.chars().enumerate().all(|(ahead, c)| self.peek(ahead) == Some(c))
    }

    fn problem<T>(&self, message: impl std::fmt::Display, at: usize) -> Result<T, Problem> {
        Err(Problem(format!("{message} at position {at}")))
    }

    fn run(&mut self) -> Result<(), Problem> {
        while let Some(c) = self.peek(0) {
            match c {
                '\\' => self.escape()?,
                '[' => self.set()?,
                '(' => self.open()?,
                ')' => self.close()?,
                '*' | '+' | '?' => self.repeat(1, None)?,
                '{' => self.brace()?,
                '|' | '^' => self.take(Repeatable::Nothing),
                '$' => self.end(),
                '#' if self.mode.verbose => {
                    while self.peek(0).is_some_and(|c| c != '\n') {
                        self.at += 1;
                    }
                }
                c if self.mode.verbose && c.is_ascii_whitespace() => self.at += 1,
                ' ' | '#' | ']' | '}' | '~' | '&' | '-' => {
                    self.out.push_str(&fancy_regex::escape(&c.to_string()));
                    self.at += 1;
                    self.repeatable = Repeatable::Item;
                }
                _ => self.take(Repeatable::Item),
            }
        }
        match self.groups.last() {
            Some((at, _)) => self.problem("missing ), unterminated subpattern", *at),
            None => Ok(()),
        }
    }

    fn take(&mut self, repeatable: Repeatable) {
        self.out.extend(self.peek(0));
        self.at += 1;
        self.repeatable = repeatable;
    }

    /// Without `m`, `$` is the end, or before a line break that ends the text.
    fn end(&mut self) {
        self.out.push_str(if self.mode.multiline { "(?m:$)" } else { r"(?=\n?\z)" });
        self.at += 1;
        self.repeatable = Repeatable::Item;
    }

    fn repeat(&mut self, length: usize, written: Option<String>) -> Result<(), Problem> {
        match self.repeatable {
            Repeatable::Nothing => return self.problem("nothing to repeat", self.at),
            Repeatable::Repeated => return self.problem("multiple repeat", self.at),
            Repeatable::Item => {}
        }
        match written {
            Some(written) => self.out.push_str(&written),
            None => self.out.extend(self.peek(0)),
        }
        self.at += length;
        if let Some(c @ ('?' | '+')) = self.peek(0) {
            self.out.push(c);
            self.at += 1;
        }
        self.repeatable = Repeatable::Repeated;
        Ok(())
    }

    /// `{2}`, `{2,}`, `{,3}`, `{2,3}`; any other brace is itself.
    fn brace(&mut self) -> Result<(), Problem> {
        let end = self.text[self.at..].iter().position(|c| *c == '}');
        let inner: Option<String> = end.map(|end| self.text[self.at + 1..self.at + end].iter().collect());
        let is_number = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        let Some(inner) = inner.filter(|inner| !inner.is_empty()) else { return self.literal('{') };
        let (low, high) = inner.split_once(',').map_or((inner.as_str(), None), |(low, high)| (low, Some(high)));
        if !is_number(low) || !high.is_none_or(is_number) || (low.is_empty() && high.is_none()) {
            return self.literal('{');
        }
        let least: u32 = low.parse().unwrap_or(0);
        if high.and_then(|high| high.parse::<u32>().ok()).is_some_and(|most| most < least) {
            return self.problem("min repeat greater than max repeat", self.at + 1);
        }
        let low = if low.is_empty() { "0" } else { low };
        let written = high.map_or(format!("{{{low}}}"), |high| format!("{{{low},{high}}}"));
        self.repeat(inner.chars().count() + 2, Some(written))
    }

    fn literal(&mut self, c: char) -> Result<(), Problem> {
        self.out.push('\\');
        self.out.push(c);
        self.at += 1;
        self.repeatable = Repeatable::Item;
        Ok(())
    }

    fn open(&mut self) -> Result<(), Problem> {
        let start = self.at;
        if self.peek(1) != Some('?') {
            self.count += 1;
            return self.group(start, "(", 1);
        }
        for (python, ours) in
            [("(?:", "(?:"), ("(?=", "(?="), ("(?!", "(?!"), ("(?<=", "(?<="), ("(?<!", "(?<!"), ("(?>", "(?>")]
        {
            if self.starts_with(python) {
                return self.group(start, ours, python.len());
            }
        }
        if self.starts_with("(?P<") {
            let name = self.name(start + 4, '>')?;
            if self.names.contains(&name) {
                return self.problem(format!("redefinition of group name '{name}'"), start + 4);
            }
            self.count += 1;
            let length = name.chars().count() + 5;
            let ours = format!("(?P<{name}>");
            self.names.push(name);
            return self.group(start, &ours, length);
        }
        if self.starts_with("(?P=") {
            let name = self.name(start + 4, ')')?;
            if !self.names.contains(&name) {
                return self.problem(format!("unknown group name '{name}'"), start + 4);
            }
            self.out.push_str(&format!("(?P={name})"));
            self.at = start + 5 + name.chars().count();
            self.repeatable = Repeatable::Item;
            return Ok(());
        }
        if self.starts_with("(?#") {
            let Some(length) = self.text[start..].iter().position(|c| *c == ')') else {
                return self.problem("missing ), unterminated comment", start);
            };
            self.at += length + 1;
            return Ok(());
        }
        if self.starts_with("(?(") {
            let name = self.name(start + 3, ')')?;
            let ours = format!("(?({name})");
            let length = 4 + name.chars().count();
            return self.group(start, &ours, length);
        }
        self.flags(start)
    }

    fn group(&mut self, start: usize, ours: &str, length: usize) -> Result<(), Problem> {
        self.groups.push((start, self.mode));
        self.out.push_str(ours);
        self.at = start + length;
        self.repeatable = Repeatable::Nothing;
        Ok(())
    }

    fn name(&self, from: usize, end: char) -> Result<String, Problem> {
        let Some(length) = self.text[from.min(self.text.len())..].iter().position(|c| *c == end) else {
            return self.problem(format!("missing {end}, unterminated name"), from);
        };
        let name: String = self.text[from..from + length].iter().collect();
        if name.is_empty() {
            return self.problem("missing group name", from);
        }
        if !name.chars().all(|c| c == '_' || c.is_alphanumeric()) {
            return self.problem(format!("bad character in group name '{name}'"), from);
        }
        Ok(name)
    }

    /// `(?im)` at the beginning, `(?i:…)`, `(?-i:…)`.
    fn flags(&mut self, start: usize) -> Result<(), Problem> {
        let mut mode = self.mode;
        let mut engine = [String::new(), String::new()];
        let mut off = false;
        self.at = start + 2;
        while let Some(c) = self.peek(0) {
            match c {
                'i' | 's' => engine[usize::from(off)].push(c),
                'm' => {
                    mode.multiline = !off;
                    engine[usize::from(off)].push(c);
                }
                'x' => mode.verbose = !off,
                'a' => mode.ascii = !off,
                'u' => mode.ascii = false,
                'L' => return self.problem("bad inline flags: cannot use 'L' flag with a str pattern", self.at + 1),
                '-' if !off => off = true,
                ':' | ')' => break,
                _ => return self.problem("unknown extension ?".to_string() + &c.to_string(), start + 1),
            }
            self.at += 1;
        }
        let [on, off_flags] = engine;
        let minus = if off_flags.is_empty() { "" } else { "-" };
        match self.peek(0) {
            Some(':') => {
                let outside = self.mode;
                self.mode = mode;
                self.groups.push((start, outside));
                self.out.push_str(&format!("(?{on}{minus}{off_flags}:"));
                self.at += 1;
                self.repeatable = Repeatable::Nothing;
                Ok(())
            }
            Some(_) if off => self.problem("missing :", self.at),
            Some(_) if start > 0 => self.problem("global flags not at the start of the expression", start),
            Some(_) => {
                self.mode = mode;
                if !on.is_empty() {
                    self.out.push_str(&format!("(?{on})"));
                }
                self.at += 1;
                Ok(())
            }
            None => self.problem("unexpected end of pattern", self.at),
        }
    }

    fn close(&mut self) -> Result<(), Problem> {
        let Some((_, outside)) = self.groups.pop() else {
            return self.problem("unbalanced parenthesis", self.at);
        };
        self.mode = outside;
        self.take(Repeatable::Item);
        Ok(())
    }

    fn escape(&mut self) -> Result<(), Problem> {
        let start = self.at;
        let Some(c) = self.peek(1) else {
            return self.problem("bad escape (end of pattern)", start);
        };
        self.repeatable = Repeatable::Item;
        match c {
            'Z' => self.out.push_str(r"\z"),
            'A' | 'b' | 'B' if self.mode.ascii && c != 'A' => self.out.push_str(&format!("(?-u:\\{c})")),
            'A' | 'b' | 'B' => self.out.extend(['\\', c]),
            'd' | 'D' | 's' | 'S' | 'w' | 'W' => self.out.push_str(class(c, self.mode.ascii)),
            '1'..='9' => return self.reference(start),
            _ => {
                let (code, end) = self.character(start, c)?;
                self.out.push_str(&fancy_regex::escape(&code.to_string()));
                self.at = end;
                return Ok(());
            }
        }
        self.at += 2;
        Ok(())
    }

    fn reference(&mut self, start: usize) -> Result<(), Problem> {
        let octal = |ahead: usize| self.peek(ahead).and_then(|c| c.to_digit(8));
        if let (Some(one @ 1..=3), Some(two), Some(three)) = (octal(1), octal(2), octal(3)) {
            let c = char::from_u32(one * 64 + two * 8 + three).unwrap_or('\0');
            self.out.push_str(&fancy_regex::escape(&c.to_string()));
            self.at = start + 4;
            return Ok(());
        }
        let digits: String = self.text[start + 1..].iter().take(2).take_while(|c| c.is_ascii_digit()).collect();
        let number: usize = digits.parse().unwrap_or(0);
        if number > self.total || number > self.count {
            return self.problem(format!("invalid group reference {number}"), start + 1);
        }
        self.out.push_str(&format!("(?:\\{number})"));
        self.at = start + 1 + digits.len();
        Ok(())
    }

    /// An escape that is one character, and where it ends.
    fn character(&self, start: usize, c: char) -> Result<(char, usize), Problem> {
        let hex = |length: usize| -> Result<(char, usize), Problem> {
            let digits: String = self.text[start + 2..].iter().take(length).collect();
            let code = Some(&digits).filter(|digits| digits.len() == length);
            let code = code.and_then(|digits| u32::from_str_radix(digits, 16).ok()).and_then(char::from_u32);
            match code {
                Some(code) => Ok((code, start + 2 + length)),
                None => self.problem(format!("incomplete escape \\{c}{digits}"), start),
            }
        };
        Ok(match c {
            'n' => ('\n', start + 2),
            't' => ('\t', start + 2),
            'r' => ('\r', start + 2),
            'a' => ('\u{7}', start + 2),
            'f' => ('\u{c}', start + 2),
            'v' => ('\u{b}', start + 2),
            'x' => hex(2)?,
            'u' => hex(4)?,
            'U' => hex(8)?,
            '0' => {
                let digits: String = self.text[start + 2..].iter().take(2).take_while(|c| c.is_digit(8)).collect();
                let code = u32::from_str_radix(&digits, 8).ok().and_then(char::from_u32).unwrap_or('\0');
                (code, start + 2 + digits.len())
            }
            c if c.is_ascii_alphabetic() => return self.problem(format!("bad escape \\{c}"), start),
            c => (c, start + 2),
        })
    }

    fn set(&mut self) -> Result<(), Problem> {
        let start = self.at;
        self.out.push('[');
        self.at += 1;
        if self.peek(0) == Some('^') {
            self.out.push('^');
            self.at += 1;
        }
        let first = self.at;
        loop {
            match self.peek(0) {
                None => return self.problem("unterminated character set", start),
                Some(']') if self.at > first => break,
                Some(_) => self.set_item(start)?,
            }
        }
        self.out.push(']');
        self.at += 1;
        self.repeatable = Repeatable::Item;
        Ok(())
    }

    /// A character, a class, or a range in a set.
    fn set_item(&mut self, set: usize) -> Result<(), Problem> {
        let start = self.at;
        let low = self.set_member(set)?;
        if self.peek(0) != Some('-') || matches!(self.peek(1), Some(']') | None) {
            match low {
                Member::Character(c) => self.push_member(c),
                Member::Class(class) => self.out.push_str(class),
            }
            return Ok(());
        }
        self.at += 1;
        let high = self.set_member(set)?;
        let shown: String = self.text[start..self.at].iter().collect();
        match (low, high) {
            (Member::Character(low), Member::Character(high)) if low <= high => {
                self.push_member(low);
                self.out.push('-');
                self.push_member(high);
                Ok(())
            }
            _ => self.problem(format!("bad character range {shown}"), start),
        }
    }

    fn set_member(&mut self, set: usize) -> Result<Member, Problem> {
        let start = self.at;
        let Some(c) = self.peek(0) else { return self.problem("unterminated character set", set) };
        if c != '\\' {
            self.at += 1;
            return Ok(Member::Character(c));
        }
        match self.peek(1) {
            None => self.problem("bad escape (end of pattern)", start),
            Some(c @ ('d' | 'D' | 's' | 'S' | 'w' | 'W')) => {
                self.at += 2;
                Ok(Member::Class(class(c, self.mode.ascii)))
            }
            Some('b') => {
                self.at += 2;
                Ok(Member::Character('\u{8}'))
            }
            Some('1'..='9') => {
                let digits: String = self.text[start + 1..].iter().take(3).take_while(|c| c.is_digit(8)).collect();
                let code = u32::from_str_radix(&digits, 8).ok().and_then(char::from_u32);
                self.at += 1 + digits.len();
                match code {
                    Some(code) => Ok(Member::Character(code)),
                    None => self.problem("bad escape in a character set", start),
                }
            }
            Some(c) => {
                let (code, end) = self.character(start, c)?;
                self.at = end;
                Ok(Member::Character(code))
            }
        }
    }

    /// Sets within sets and their operators are the engine's own, so what looks like them is escaped.
    fn push_member(&mut self, c: char) {
        if matches!(c, '[' | ']' | '\\' | '^' | '-' | '&' | '~' | '#' | ' ') {
            self.out.push('\\');
        }
        self.out.push(c);
    }
}

enum Member {
    Character(char),
    Class(&'static str),
}

fn class(c: char, ascii: bool) -> &'static str {
    match (c, ascii) {
        ('d', false) => r"\d",
        ('D', false) => r"\D",
        ('s', false) => r"\s",
        ('S', false) => r"\S",
        ('w', false) => r"\w",
        ('W', false) => r"\W",
        ('d', true) => "[0-9]",
        ('D', true) => "[^0-9]",
        ('s', true) => r"[ \t\n\r\x0b\x0c]",
        ('S', true) => r"[^ \t\n\r\x0b\x0c]",
        ('w', true) => "[a-zA-Z0-9_]",
        _ => "[^a-zA-Z0-9_]",
    }
}
