//! The marks of a template language, and what happens to white space around them.
use super::error::{Error, Kind};
use std::borrow::Cow;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Marks {
    pub start: Cow<'static, str>,
    pub end: Cow<'static, str>,
}

impl Marks {
    const fn fixed(start: &'static str, end: &'static str) -> Self {
        Self { start: Cow::Borrowed(start), end: Cow::Borrowed(end) }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Syntax {
    pub variable: Marks,
    pub block: Marks,
    pub comment: Marks,
    pub line_statement: Option<Cow<'static, str>>,
    pub line_comment: Option<Cow<'static, str>>,
    /// The newline after a block mark is dropped.
    pub trim_blocks: bool,
    /// White space from the start of the line to a block mark is dropped.
    pub lstrip_blocks: bool,
    /// Jinja drops one newline at the end; whole templates get it back where the result is a string, included ones do not.
    pub keep_trailing_newline: bool,
    pub newline: Cow<'static, str>,
    /// Whether `\n` in a string literal of an expression is a newline: in template files and bare expressions, not in the templates of playbooks.
    pub decode_escapes: bool,
}

impl Syntax {
    /// Texts that stand in playbooks, variables and inventories.
    pub const PLAYBOOK: Syntax = Self::ansible(false);
    /// Template files.
    pub const FILE: Syntax = Self::ansible(true);
    /// Expressions without marks: conditions, what `debug` shows by name.
    pub const EXPRESSION: Syntax = Self::ansible(true);

    const fn ansible(decode_escapes: bool) -> Syntax {
        Syntax {
            variable: Marks::fixed("{{", "}}"),
            block: Marks::fixed("{%", "%}"),
            comment: Marks::fixed("{#", "#}"),
            line_statement: None,
            line_comment: None,
            trim_blocks: true,
            lstrip_blocks: false,
            keep_trailing_newline: false,
            newline: Cow::Borrowed("\n"),
            decode_escapes,
        }
    }

    /// Whether a text has any of the marks. A file that has none, and no first line of settings, is no template: it stays as it is, line
    /// ends and all.
    pub fn is_in(&self, text: &str) -> bool {
        let marks = [&self.variable.start, &self.block.start, &self.comment.start];
        let prefixes = [&self.line_statement, &self.line_comment];
        marks.into_iter().chain(prefixes.into_iter().flatten()).any(|mark| text.contains(&**mark))
    }

    /// A first line such as `#jinja2: trim_blocks: False, variable_start_string: '[%'` changes the syntax of the rest.
    /// Gives the syntax, the rest, and whether a line was taken off (so that places count from the second).
    pub fn with_header<'t>(&self, text: &'t str) -> Result<(Syntax, &'t str, bool), Error> {
        let Some(rest) = text.strip_prefix("#jinja2:") else { return Ok((self.clone(), text, false)) };
        let (line, rest) = rest.split_once('\n').unwrap_or((rest, ""));
        let mut syntax = self.clone();
        for pair in split_outside_quotes(line.trim_end_matches('\r')) {
            let Some((name, setting)) = pair.split_once(':') else {
                return Err(header_error(format!("'{}' in the #jinja2 line has no ':'", pair.trim())));
            };
            syntax.set(name.trim(), setting.trim())?;
        }
        Ok((syntax, rest, true))
    }

    /// One setting by Jinja's name for it; the value as Python would write it.
    pub fn set(&mut self, name: &str, setting: &str) -> Result<(), Error> {
        let truth = || match setting {
            "True" | "true" => Ok(true),
            "False" | "false" => Ok(false),
            _ => Err(header_error(format!("'{name}' must be True or False, not '{setting}'"))),
        };
        let text = || Ok::<_, Error>(Cow::Owned(unquote(setting)));
        let mark = || match unquote(setting) {
            text if text.is_empty() => Err(header_error(format!("'{name}' must not be empty"))),
            text => Ok(Cow::Owned(text)),
        };
        match name {
            "variable_start_string" => self.variable.start = mark()?,
            "variable_end_string" => self.variable.end = mark()?,
            "block_start_string" => self.block.start = mark()?,
            "block_end_string" => self.block.end = mark()?,
            "comment_start_string" => self.comment.start = mark()?,
            "comment_end_string" => self.comment.end = mark()?,
            "line_statement_prefix" => self.line_statement = Some(mark()?).filter(|text: &Cow<str>| text != "None"),
            "line_comment_prefix" => self.line_comment = Some(mark()?).filter(|text: &Cow<str>| text != "None"),
            "newline_sequence" => self.newline = text()?,
            "trim_blocks" => self.trim_blocks = truth()?,
            "lstrip_blocks" => self.lstrip_blocks = truth()?,
            "keep_trailing_newline" => self.keep_trailing_newline = truth()?,
            _ => {
                let near = value::spec::nearest(name, SETTINGS.iter().copied());
                let error = header_error(format!("'{name}' is no setting of templates"));
                return Err(near.map_or(error.clone(), |near| error.help(format!("did you mean '{near}'?"))));
            }
        }
        Ok(())
    }
}

const SETTINGS: [&str; 12] = [
    "variable_start_string",
    "variable_end_string",
    "block_start_string",
    "block_end_string",
    "comment_start_string",
    "comment_end_string",
    "line_statement_prefix",
    "line_comment_prefix",
    "newline_sequence",
    "trim_blocks",
    "lstrip_blocks",
    "keep_trailing_newline",
];

fn header_error(message: String) -> Error {
    Error::new(Kind::Syntax, message)
}

fn split_outside_quotes(line: &str) -> Vec<&str> {
    let (mut parts, mut start, mut quote) = (Vec::new(), 0, None);
    for (at, c) in line.char_indices() {
        match (c, quote) {
            ('\'' | '"', None) => quote = Some(c),
            (c, Some(open)) if c == open => quote = None,
            (',', None) => {
                parts.push(&line[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&line[start..]);
    parts.retain(|part| !part.trim().is_empty());
    parts
}

fn unquote(text: &str) -> String {
    let inner = ['\'', '"'].iter().find_map(|quote| text.strip_prefix(*quote)?.strip_suffix(*quote));
    inner.map_or_else(|| text.to_string(), |inner| inner.replace("\\n", "\n").replace("\\r", "\r").replace("\\t", "\t"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_changes_the_syntax_and_is_taken_off() {
        let text = "#jinja2: trim_blocks: False, variable_start_string: '[%', variable_end_string: '%]'\nrest\n";
        let (syntax, rest, taken) = Syntax::FILE.with_header(text).unwrap();
        assert!(!syntax.trim_blocks && taken);
        assert_eq!((&*syntax.variable.start, &*syntax.variable.end, rest), ("[%", "%]", "rest\n"));
        let error = Syntax::FILE.with_header("#jinja2: trim_block: False\n").unwrap_err();
        assert_eq!(error.get_help(), Some("did you mean 'trim_blocks'?"));
    }
}
