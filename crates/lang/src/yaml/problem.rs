//! What went wrong, as a diagnostic: the parser's complaint put at the place where the fault is likely to be, in words that say
//! how to mend it. The usual mistakes are few: an unquoted `{{`, a tab, no space after a colon, a colon inside a plain word, a
//! quote that is not closed, a line that does not line up.
use super::events::{Place, SyntaxError};
use super::{Kind, Node};
use value::{Diagnostic, SourceId, Span};

/// The complaint, with place, label and help.
pub fn diagnose(error: &SyntaxError, text: &str, source: SourceId) -> Diagnostic {
    let Some(place) = error.place else { return unreadable(error, text, source) };
    let lines: Vec<&str> = text.lines().collect();
    let fault = Fault { error, place, lines: &lines, source };
    let found = [
        Fault::tab,
        Fault::unclosed_quote,
        Fault::text_after_quote,
        Fault::unknown_escape,
        Fault::reserved_character,
        Fault::colon_in_value,
        Fault::missing_space,
        Fault::unclosed_bracket,
        Fault::indentation,
    ];
    found.iter().find_map(|find| find(&fault)).unwrap_or_else(|| fault.plain())
}

struct Fault<'e> {
    error: &'e SyntaxError,
    place: Place,
    lines: &'e [&'e str],
    source: SourceId,
}

impl Fault<'_> {
    fn line(&self, number: u32) -> &str {
        self.lines.get(number as usize).copied().unwrap_or_default()
    }

    fn span(&self, place: Place, length: usize) -> Span {
        Span::new(self.source, place.line + 1, place.column + 1, length as u32)
    }

    /// What stands from the place to the end of its line.
    fn rest(&self, place: Place) -> String {
        self.line(place.line).chars().skip(place.column as usize).collect()
    }

    fn is_about(&self, words: &str) -> bool {
        self.error.problem.contains(words) || self.error.context.is_some_and(|context| context.contains(words))
    }

    fn problem(&self, message: impl Into<String>, place: Place, length: usize) -> Diagnostic {
        Diagnostic::error("yaml-syntax", message).at(self.span(place, length))
    }

    /// The parser's own words, where none of the usual mistakes fits.
    fn plain(&self) -> Diagnostic {
        let message = match self.error.context {
            Some(context) if !context.is_empty() => format!("{context}, {}", self.error.problem),
            _ => self.error.problem.to_string(),
        };
        let diagnostic = self.problem(message, self.place, 1);
        match self.error.context_place {
            Some(begin) if begin != self.place && !self.error.context.unwrap_or_default().is_empty() => {
                diagnostic.note("which begins here", Some(self.span(begin, 1)))
            }
            _ => diagnostic,
        }
    }

    fn tab(&self) -> Option<Diagnostic> {
        let near = [self.place.line, self.place.line.saturating_sub(1)];
        let number = near.into_iter().find(|number| {
            let line = self.line(*number);
            let indent = &line[..line.len() - line.trim_start().len()];
            indent.contains('\t')
        })?;
        let column = self.line(number).chars().position(|c| c == '\t')? as u32;
        let problem = self.problem("a tab cannot indent a line", Place { line: number, column }, 1);
        Some(problem.label("this is a tab").help("indent with spaces"))
    }

    fn unclosed_quote(&self) -> Option<Diagnostic> {
        let begin = self.error.context_place.filter(|_| self.is_about("quoted scalar"))?;
        if !self.is_about("unexpected end of stream") && !self.is_about("document indicator") {
            return None;
        }
        let problem = self.problem("a quote is opened and never closed", begin, 1).label("it opens here");
        Some(problem.help("close it, or double it (`''`) if it belongs to the text"))
    }

    /// `key: "{{ a }}"/b`: whoever quotes the beginning must quote the whole.
    fn text_after_quote(&self) -> Option<Diagnostic> {
        if !self.is_about("did not find expected key") && !self.is_about("did not find expected '-' indicator") {
            return None;
        }
        let line = self.line(self.place.line);
        let before: String = line.chars().take(self.place.column as usize).collect();
        let quoted = before.trim_end();
        if !quoted.ends_with(['"', '\'']) || !before.contains(": ") && !before.trim_start().starts_with("- ") {
            return None;
        }
        let length = self.rest(self.place).trim_end().chars().count();
        let problem = self.problem("text goes on after the closing quote", self.place, length);
        Some(problem.label("not part of the quoted text").help("put the whole value in quotes"))
    }

    fn unknown_escape(&self) -> Option<Diagnostic> {
        self.is_about("unknown escape character").then(|| {
            let problem = self.problem("double quotes know no such escape", self.place, 2);
            problem.help("write `\\\\` for a backslash, or use single quotes")
        })
    }

    fn reserved_character(&self) -> Option<Diagnostic> {
        if !self.is_about("character that cannot start any token") {
            return None;
        }
        let first = self.rest(self.place).chars().next()?;
        let problem = self.problem(format!("a value cannot begin with `{first}`"), self.place, 1);
        let help = if self.line(self.place.line).contains("{%") {
            "a value that begins with a template must be in quotes"
        } else {
            "put the value in quotes"
        };
        Some(problem.help(help))
    }

    fn colon_in_value(&self) -> Option<Diagnostic> {
        if !self.is_about("mapping values are not allowed") {
            return None;
        }
        let line = self.line(self.place.line);
        let before: String = line.chars().take(self.place.column as usize).collect();
        let problem = self.problem("this colon cannot stand here", self.place, 1);
        if before.contains(": ") {
            return Some(problem.label("a second colon in one line").help("put the value in quotes"));
        }
        if let Some(above) = self.space_missing_above() {
            return Some(above);
        }
        Some(problem.help("the line does not line up with the ones above it, or the value above lacks its quotes"))
    }

    /// `name:value` is one word, so a mapping that goes on after it does not fit.
    fn missing_space(&self) -> Option<Diagnostic> {
        if !self.is_about("could not find expected ':'") {
            return None;
        }
        self.space_missing_above().or_else(|| {
            let begin = self.error.context_place.unwrap_or(self.place);
            let length = self.rest(begin).trim_end().chars().count();
            let problem = self.problem("a key without its colon", begin, length);
            Some(problem.help("write `key: value`"))
        })
    }

    fn space_missing_above(&self) -> Option<Diagnostic> {
        let last = self.place.line;
        let number = (last.saturating_sub(2)..=last).find(|number| {
            let line = self.line(*number).trim_start().trim_start_matches("- ");
            let name = line.split(':').next().unwrap_or_default();
            let value = line.get(name.len() + 1..).unwrap_or_default();
            let is_name = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
            is_name && !value.is_empty() && !value.starts_with([' ', '/', ':'])
        })?;
        let column = self.line(number).find(':')?;
        let column = self.line(number)[..column].chars().count() as u32;
        let problem = self.problem("no space after the colon", Place { line: number, column }, 1);
        Some(problem.help("write `key: value`"))
    }

    fn unclosed_bracket(&self) -> Option<Diagnostic> {
        let what = if self.is_about("flow sequence") {
            "[ ]"
        } else if self.is_about("flow mapping") {
            "{ }"
        } else {
            return None;
        };
        let problem = self.problem(format!("inside `{what}`: {}", self.error.problem), self.place, 1);
        let begin = self.error.context_place?;
        let problem = problem.note("which opens here", Some(self.span(begin, 1)));
        let template = self.rest(begin).starts_with("{{") || self.rest(begin).starts_with("{%");
        Some(if template { problem.help("a value that begins with a template must be in quotes") } else { problem })
    }

    fn indentation(&self) -> Option<Diagnostic> {
        let list = self.is_about("did not find expected '-' indicator");
        if !list && !self.is_about("did not find expected key") {
            return None;
        }
        let begin = self.error.context_place?;
        let what = if list { "list" } else { "mapping" };
        let place = self.place;
        let message = format!("this line does not belong to the {what} around it");
        let length = self.rest(place).trim_end().chars().count();
        let problem = self.problem(message, place, length).label(format!("begins in column {}", place.column + 1));
        let note = format!("the {what} begins here, in column {}", begin.column + 1);
        let problem = problem.note(note, Some(self.span(begin, 1)));
        let help = if list {
            "items of a list begin with `- `, one below the other"
        } else {
            "keys of a mapping stand one below the other"
        };
        Some(problem.help(help))
    }
}

/// A text that is not text, as far as YAML goes.
fn unreadable(error: &SyntaxError, text: &str, source: SourceId) -> Diagnostic {
    let allowed =
        |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{fffd}' | '\u{10000}'..);
    for (number, line) in text.split('\n').enumerate() {
        if let Some((column, c)) = line.chars().enumerate().find(|(_, c)| !allowed(*c)) {
            let message = format!("the character U+{:04X} cannot stand in YAML", u32::from(c));
            let place = Span::new(source, number as u32 + 1, column as u32 + 1, 1);
            return Diagnostic::error("yaml-syntax", message).at(place);
        }
    }
    Diagnostic::error("yaml-syntax", error.problem).at(Span::new(source, 1, 1, 1))
}

/// A list or a mapping where a key is expected; mostly `key: {{ template }}`.
pub fn unhashable(key: &Node) -> Diagnostic {
    let error = Diagnostic::error("yaml-key", format!("a key must be a word, and this is {}", key.type_name()));
    let error = error.at(key.span);
    match &key.kind {
        Kind::Mapping(_) => {
            let column = key.span.column.get().saturating_sub(1);
            let outer = Span::new(key.span.source, key.span.line.get(), column, 2);
            let error = Diagnostic { message: "a template without quotes is read as a mapping".into(), ..error };
            error.at(outer).help("a value that begins with `{{` must be in quotes: `key: \"{{ name }}\"`")
        }
        _ => error,
    }
}
