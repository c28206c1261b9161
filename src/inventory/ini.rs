//! The INI form: `[group]`, `[group:children]`, `[group:vars]`, hosts with variables behind them.
use super::literal::literal;
use super::range::expand;
use super::source::{Draft, LOOP_HELP};
use std::num::NonZeroU32;
use value::{Diagnostic, SourceId, Span};

#[derive(Clone, Copy, PartialEq)]
enum Section {
    Hosts,
    Children,
    Vars,
}

pub fn read(text: &str, source: SourceId, draft: &mut Draft) -> Vec<Diagnostic> {
    let mut reader = Reader {
        source,
        draft,
        section: Section::Hosts,
        group: "ungrouped".into(),
        errors: Vec::new(),
        named: Vec::new(),
        vars: Vec::new(),
    };
    for (index, line) in text.lines().enumerate() {
        reader.line(index as u32 + 1, line);
    }
    reader.check_named();
    reader.errors
}

struct Reader<'r> {
    source: SourceId,
    draft: &'r mut Draft,
    section: Section,
    group: String,
    errors: Vec<Diagnostic>,
    /// Groups that must be defined somewhere, with where they were named and what for.
    named: Vec<(String, Span, Section)>,
    /// Variables wait until their group is known to be one.
    vars: Vec<(String, String, value::Value, Span)>,
}

impl Reader<'_> {
    fn line(&mut self, number: u32, line: &str) {
        let word = line.trim();
        if word.is_empty() || word.starts_with(['#', ';']) {
            return;
        }
        let column = line.chars().take_while(|c| c.is_whitespace()).count() as u32 + 1;
        let span = Span::new(self.source, number, column, word.chars().count() as u32);
        if word.starts_with('[') && self.header(word, span) {
            return;
        }
        match self.section {
            Section::Hosts => self.host(word, span),
            Section::Children => self.child(word, span),
            Section::Vars => self.variable(word, span),
        }
    }

    /// A host may begin with a range, so not every bracket is a section.
    fn header(&mut self, word: &str, span: Span) -> bool {
        let Some((inside, rest)) = word[1..].split_once(']') else {
            self.refuse("this section is not closed", span, "expected `[group]`");
            return true;
        };
        if !(rest.trim().is_empty() || rest.trim_start().starts_with(['#', ';'])) {
            return false;
        }
        let (group, kind) = inside.trim().split_once(':').unwrap_or((inside.trim(), ""));
        self.section = match kind {
            "" | "hosts" => Section::Hosts,
            "children" => Section::Children,
            "vars" => Section::Vars,
            // Only numbers and letters stand there: it is a host such as `[1:3]`.
            _ if inside.split(':').all(|part| part.len() <= 4 && part.chars().all(|c| c.is_ascii_alphanumeric())) => {
                return false;
            }
            _ => {
                self.refuse(
                    format!("`{kind}` is no kind of section"),
                    span,
                    "expected `[group]`, `[group:children]` or `[group:vars]`",
                );
                return true;
            }
        };
        self.group = group.to_string();
        match self.section {
            Section::Vars => self.named.push((group.into(), span, Section::Vars)),
            _ => self.draft.group(group),
        }
        true
    }

    fn host(&mut self, line: &str, span: Span) {
        let words = match words(line) {
            Ok(words) => words,
            Err(why) => return self.refuse(why, span, "close the quote"),
        };
        let Some(((_, name), pairs)) = words.split_first() else { return };
        let (pattern, port) = split_port(name);
        let hosts = match expand(pattern) {
            Ok(hosts) => hosts,
            Err(why) => return self.refuse(why, span, "expected `[first:last]` or `[first:last:step]`"),
        };
        let mut vars = Vec::new();
        if let Some(port) = port {
            vars.push(("ansible_port".to_string(), value::Value::Int(port), span));
        }
        for (at, pair) in pairs {
            let column = span.column.get() + line[..*at].chars().count() as u32;
            let place = Span { column: NonZeroU32::new(column).unwrap_or(span.column), length: length(pair), ..span };
            let Some((key, text)) = pair.split_once('=') else {
                self.refuse(
                    format!("expected `name=value`, and found `{pair}`"),
                    place,
                    "quote values that have spaces",
                );
                continue;
            };
            vars.push((key.to_string(), literal(text, Some(place)), place));
        }
        for host in hosts {
            self.draft.host(&host, &self.group, span);
            for (key, value, place) in &vars {
                self.draft.host_var(&host, key, value.clone(), *place);
            }
        }
    }

    fn child(&mut self, line: &str, span: Span) {
        let name = line.split([' ', '\t', '#', ';']).next().unwrap_or(line);
        self.draft.group(&self.group.clone());
        if let Err(why) = self.draft.child(&self.group, name) {
            self.refuse(why, span, LOOP_HELP);
        }
        self.named.push((name.to_string(), span, Section::Children));
    }

    fn variable(&mut self, line: &str, span: Span) {
        match line.split_once('=') {
            None => self.refuse("expected `name = value`", span, "a section of variables holds nothing else"),
            Some((key, text)) => {
                let value = literal(text.trim(), Some(span));
                self.vars.push((self.group.clone(), key.trim().to_string(), value, span));
            }
        }
    }

    fn check_named(&mut self) {
        for (group, span, section) in std::mem::take(&mut self.named) {
            if !self.draft.is_group(&group) {
                let message = match section {
                    Section::Vars => format!("section [{group}:vars] is for a group that nobody defines: `{group}`"),
                    _ => format!("there is no group `{group}`"),
                };
                self.refuse(message, span, "define it by a section of its own");
            }
        }
        for (group, key, value, span) in std::mem::take(&mut self.vars) {
            self.draft.group_var(&group, &key, value, span);
        }
    }

    fn refuse(&mut self, message: impl Into<String>, span: Span, help: &str) {
        self.errors.push(Diagnostic::error("inventory", message).at(span).help(help));
    }
}

fn length(word: &str) -> NonZeroU32 {
    NonZeroU32::new(word.chars().count() as u32).unwrap_or(NonZeroU32::MIN)
}

/// `host:22`, `[2001:db8::1]:22`; an address with more colons has no port.
fn split_port(word: &str) -> (&str, Option<i64>) {
    let split = match word.strip_prefix('[').and_then(|rest| rest.split_once("]:")) {
        Some((address, port)) if address.matches(':').count() > 2 || address.contains("::") => Some((address, port)),
        _ => word
            .rsplit_once(':')
            .filter(|(host, _)| !host.contains(':') || host.contains('[') && host.ends_with(|c| c != ':')),
    };
    match split.and_then(|(host, port)| Some((host, port.parse::<u16>().ok()?))) {
        Some((host, port)) => (host, Some(i64::from(port))),
        None => (word, None),
    }
}

/// Words as a shell would split them, with the byte where each begins; a comment ends the line.
fn words(line: &str) -> Result<Vec<(usize, String)>, String> {
    let (mut words, mut word, mut start) = (Vec::new(), String::new(), None);
    let mut chars = line.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            c if c.is_whitespace() => {
                if let Some(start) = start.take() {
                    words.push((start, std::mem::take(&mut word)));
                }
            }
            '#' => break,
            '\'' | '"' => {
                start.get_or_insert(at);
                loop {
                    match chars.next() {
                        Some((_, end)) if end == c => break,
                        Some((_, '\\')) if c == '"' => match chars.next() {
                            Some((_, escaped @ ('"' | '\\'))) => word.push(escaped),
                            Some((_, other)) => word.extend(['\\', other]),
                            None => return Err("a quote is opened and not closed".into()),
                        },
                        Some((_, c)) => word.push(c),
                        None => return Err("a quote is opened and not closed".into()),
                    }
                }
            }
            '\\' => {
                start.get_or_insert(at);
                word.extend(chars.next().map(|(_, c)| c));
            }
            c => {
                start.get_or_insert(at);
                word.push(c);
            }
        }
    }
    words.extend(start.map(|start| (start, word)));
    Ok(words)
}
