//! From text to tokens: finds the marks, controls white space around them, and reads the words between them.
//! It goes on after a fault, so that several are told at once.
mod words;

use super::error::{Error, Kind};
use super::syntax::Syntax;
use std::sync::Arc;
use value::{Str, Value};
use words::{decode, float, integer, radix_number};

#[derive(Clone, Debug, PartialEq)]
pub enum Token {
    Text(Str),
    VariableBegin,
    VariableEnd,
    BlockBegin,
    BlockEnd,
    Name(Arc<str>),
    Literal(String),
    Number(Value),
    Sign(&'static str),
    /// A fault was told here already.
    Bad,
    End,
}

impl Token {
    pub fn describe(&self) -> String {
        match self {
            Token::Text(_) => "template data / text".into(),
            Token::VariableBegin => "begin of print statement".into(),
            Token::VariableEnd => "end of print statement".into(),
            Token::BlockBegin => "begin of statement block".into(),
            Token::BlockEnd => "end of statement block".into(),
            Token::Name(name) => name.to_string(),
            Token::Literal(text) => text.clone(),
            Token::Number(number) => number.to_text(),
            Token::Sign(sign) => (*sign).into(),
            Token::Bad | Token::End => "end of template".into(),
        }
    }
}

pub struct Lexed {
    pub tokens: Vec<(Token, u32)>,
    pub faults: Vec<(Error, u32)>,
}

/// The text with its line ends as the lexer wants them; offsets count in it.
pub fn normalized(text: &str, syntax: &Syntax) -> Arc<str> {
    let mut text: Arc<str> = match text.contains('\r') {
        true => text.replace("\r\n", "\n").replace('\r', "\n").into(),
        false => text.into(),
    };
    if !syntax.keep_trailing_newline
        && let Some(rest) = text.strip_suffix('\n')
    {
        text = rest.into();
    }
    text
}

pub fn template(text: &str, syntax: &Syntax) -> Lexed {
    let mut lexer = Lexer::new(text, syntax);
    lexer.root();
    lexer.finish()
}

/// A bare expression: no marks.
pub fn expression(text: &str, syntax: &Syntax) -> Lexed {
    let mut lexer = Lexer::new(text, syntax);
    if let Err(fault) = lexer.words(None) {
        lexer.fault(fault);
        lexer.push(Token::Bad, lexer.at);
    }
    lexer.finish()
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
    syntax: &'t Syntax,
    tokens: Vec<(Token, u32)>,
    faults: Vec<(Error, u32)>,
    /// Whether the last thing that was read ended a line.
    line_starting: bool,
    /// Brackets that are open in the words being read.
    open: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq)]
enum Mark {
    Variable,
    Block,
    Comment,
    LineStatement,
    LineComment,
}

type Fault = (Error, u32);

const SIGNS: [&str; 26] = [
    "//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=", ".",
    ":", "|", ",", ";",
];

impl<'t> Lexer<'t> {
    fn new(text: &'t str, syntax: &'t Syntax) -> Self {
        let (tokens, faults, open) = (Vec::new(), Vec::new(), Vec::new());
        Self { text, at: 0, syntax, tokens, faults, line_starting: true, open }
    }

    fn finish(mut self) -> Lexed {
        self.push(Token::End, self.text.len());
        Lexed { tokens: self.tokens, faults: self.faults }
    }

    fn push(&mut self, token: Token, at: usize) {
        self.tokens.push((token, at as u32));
    }
    fn fault(&mut self, fault: Fault) {
        self.faults.push(fault);
    }
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn root(&mut self) {
        while let Some((position, mark, length)) = self.find_mark() {
            let start = self.at;
            self.at = position + length;
            let sign = self.sign();
            let text = self.stripped(&self.text[start..position], mark, sign);
            self.push_text(text, start);
            self.line_starting = false;
            match mark {
                Mark::Comment => self.comment(position),
                Mark::LineComment => self.at = self.line_end(),
                Mark::Block if self.raw(position) => {}
                Mark::Variable | Mark::Block | Mark::LineStatement => self.tag(mark, position),
            }
        }
        let start = self.at;
        self.push_text(&self.text[start..], start);
        self.at = self.text.len();
    }

    fn push_text(&mut self, text: &str, at: usize) {
        if !text.is_empty() {
            let text =
                if &*self.syntax.newline == "\n" { text.to_string() } else { text.replace('\n', &self.syntax.newline) };
            self.push(Token::Text(Str::from(text)), at);
        }
    }

    fn sign(&mut self) -> Option<u8> {
        let sign = self.text.as_bytes().get(self.at).copied().filter(|sign| matches!(sign, b'-' | b'+'));
        self.at += usize::from(sign.is_some());
        sign
    }

    /// The text before a mark, without the white space that the mark takes away.
    fn stripped(&self, text: &'t str, mark: Mark, sign: Option<u8>) -> &'t str {
        if sign == Some(b'-') {
            return text.trim_end();
        }
        let strips = match mark {
            Mark::Block | Mark::Comment => self.syntax.lstrip_blocks && sign != Some(b'+'),
            Mark::LineStatement => true,
            Mark::LineComment => return text.trim_end_matches([' ', '\t']),
            Mark::Variable => false,
        };
        let line = text.rfind('\n').map_or(0, |newline| newline + 1);
        let from_start = line > 0 || self.line_starting;
        if strips && from_start && text[line..].chars().all(char::is_whitespace) { &text[..line] } else { text }
    }

    /// The next mark from here on: its place and length.
    fn find_mark(&self) -> Option<(usize, Mark, usize)> {
        let mut marks = vec![
            (&*self.syntax.comment.start, Mark::Comment),
            (&*self.syntax.block.start, Mark::Block),
            (&*self.syntax.variable.start, Mark::Variable),
        ];
        let lines =
            [(&self.syntax.line_statement, Mark::LineStatement), (&self.syntax.line_comment, Mark::LineComment)];
        marks.extend(lines.iter().filter_map(|(prefix, mark)| Some((prefix.as_deref()?, *mark))));
        // Where one mark begins another, the longer one is meant.
        marks.sort_by_key(|(start, _)| std::cmp::Reverse(start.len()));
        let bytes = self.text.as_bytes();
        (self.at..bytes.len()).find_map(|at| {
            let (start, mark) = marks.iter().find(|(start, _)| bytes[at..].starts_with(start.as_bytes()))?;
            self.fits(at, *mark).then_some((at, *mark, start.len()))
        })
    }

    /// A line statement stands first in its line; a line comment first, or after white space that follows something.
    fn fits(&self, at: usize, mark: Mark) -> bool {
        let line = self.text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        match mark {
            Mark::LineStatement => self.text[line..at].chars().all(char::is_whitespace),
            _ => true,
        }
    }

    fn line_end(&self) -> usize {
        self.rest().find('\n').map_or(self.text.len(), |newline| self.at + newline)
    }

    /// What follows an end mark: white space goes when it has a minus, one newline when blocks are trimmed.
    fn after_end(&mut self, sign: Option<u8>, mark: Mark) {
        let rest = self.rest();
        let skipped = match sign {
            Some(b'-') => rest.len() - rest.trim_start().len(),
            None if self.syntax.trim_blocks && mark != Mark::Variable => usize::from(rest.starts_with('\n')),
            _ => 0,
        };
        self.at += skipped;
        self.line_starting = self.text[..self.at].ends_with('\n');
    }

    fn comment(&mut self, position: usize) {
        let end = &*self.syntax.comment.end;
        let Some(length) = self.rest().find(end) else {
            self.fault((Error::new(Kind::Syntax, "Missing end of comment tag"), position as u32));
            self.at = self.text.len();
            return;
        };
        let sign = self.rest()[..length].bytes().last().filter(|sign| matches!(sign, b'-' | b'+'));
        self.at += length + end.len();
        self.after_end(sign, Mark::Comment);
    }

    /// `{% raw %}` ... `{% endraw %}`: text as it stands.
    fn raw(&mut self, position: usize) -> bool {
        let Some((length, sign)) = self.word_and_end(self.rest(), "raw") else { return false };
        if sign == Some(b'+') {
            return false;
        }
        self.at += length;
        if sign == Some(b'-') {
            self.at += self.rest().len() - self.rest().trim_start().len();
        }
        let start = self.at;
        let mark = &*self.syntax.block.start;
        let mut from = start;
        while let Some(found) = self.text[from..].find(mark).map(|found| from + found) {
            let mut after = found + mark.len();
            let before = self.text.as_bytes().get(after).copied().filter(|sign| matches!(sign, b'-' | b'+'));
            after += usize::from(before.is_some());
            if let Some((length, sign)) = self.word_and_end(&self.text[after..], "endraw") {
                let text = self.stripped(&self.text[start..found], Mark::Block, before);
                self.push_text(text, start);
                self.at = after + length;
                self.after_end(sign, Mark::Block);
                return true;
            }
            from = after;
        }
        self.fault((Error::new(Kind::Syntax, "Missing end of raw directive"), position as u32));
        self.at = self.text.len();
        true
    }

    /// Whether a word and the end of the block come here; how long both are, and the sign of the end.
    fn word_and_end(&self, rest: &str, word: &str) -> Option<(usize, Option<u8>)> {
        let after = rest.trim_start().strip_prefix(word)?.trim_start();
        let end = &*self.syntax.block.end;
        if let Some(left) = after.strip_prefix(end) {
            return Some((rest.len() - left.len(), None));
        }
        let sign = after.bytes().next().filter(|sign| matches!(sign, b'-' | b'+'))?;
        let left = after[1..].strip_prefix(end)?;
        Some((rest.len() - left.len(), Some(sign)))
    }

    /// `{{ ... }}`, `{% ... %}` or a line statement.
    fn tag(&mut self, mark: Mark, position: usize) {
        let begin = if mark == Mark::Variable { Token::VariableBegin } else { Token::BlockBegin };
        self.push(begin, position);
        let first = self.tokens.len();
        if let Err(fault) = self.words(Some(mark)) {
            self.fault(fault);
            self.tokens.truncate(first);
            self.push(Token::Bad, self.at);
            let (end, token) = self.end_of(mark);
            let skipped = self.rest().find(end).map_or(self.rest().len(), |found| found + end.len());
            self.push(token, self.at);
            self.at += skipped;
        }
    }

    fn end_of(&self, mark: Mark) -> (&'t str, Token) {
        match mark {
            Mark::Variable => (&*self.syntax.variable.end, Token::VariableEnd),
            Mark::LineStatement => ("\n", Token::BlockEnd),
            _ => (&*self.syntax.block.end, Token::BlockEnd),
        }
    }

    /// The words of a tag with its end, or of a bare expression.
    fn words(&mut self, mark: Option<Mark>) -> Result<(), Fault> {
        self.open.clear();
        loop {
            let space = |c: char| c.is_whitespace() && (mark != Some(Mark::LineStatement) || c != '\n');
            let rest = self.rest();
            self.at += rest.len() - rest.trim_start_matches(space).len();
            if let Some(mark) = mark
                && self.open.is_empty()
                && self.tag_end(mark)
            {
                return Ok(());
            }
            match (self.rest().is_empty(), mark) {
                (false, _) => self.word()?,
                (true, None) => return self.closed(),
                (true, Some(mark)) => {
                    self.closed()?;
                    let (_, end) = self.end_of(mark);
                    let message = format!("unexpected end of template, expected '{}'.", end.describe());
                    return Err((Error::new(Kind::Syntax, message), self.at as u32));
                }
            }
        }
    }

    fn closed(&self) -> Result<(), Fault> {
        match self.open.last() {
            None => Ok(()),
            Some(close) => {
                let message = format!("unexpected end of template, expected '{}'.", char::from(*close));
                Err((Error::new(Kind::Syntax, message), self.at as u32))
            }
        }
    }

    fn tag_end(&mut self, mark: Mark) -> bool {
        let (end, token) = self.end_of(mark);
        let at = self.at;
        let rest = self.rest();
        if mark == Mark::LineStatement {
            if !rest.is_empty() && !rest.starts_with('\n') {
                return false;
            }
            self.at += usize::from(!rest.is_empty());
            self.line_starting = true;
            self.push(token, at);
            return true;
        }
        let sign = rest.bytes().next().filter(|sign| *sign == b'-' || (*sign == b'+' && mark == Mark::Block));
        if rest.starts_with(end) {
            self.at += end.len();
            self.push(token, at);
            self.after_end(None, mark);
        } else if sign.is_some() && rest[1..].starts_with(end) {
            self.at += 1 + end.len();
            self.push(token, at);
            self.after_end(sign, mark);
        } else {
            return false;
        }
        true
    }

    fn word(&mut self) -> Result<(), Fault> {
        let at = self.at;
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return Ok(()) };
        if first.is_ascii_digit() {
            return self.number();
        }
        if first == '\'' || first == '"' {
            return self.string(first);
        }
        if first.is_alphabetic() || first == '_' {
            let length = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            self.at += length;
            self.push(Token::Name(rest[..length].into()), at);
            return Ok(());
        }
        let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) else {
            let message = format!("unexpected char {} at {at}", Value::from(first.to_string()).to_repr());
            return Err((Error::new(Kind::Syntax, message), at as u32));
        };
        self.balance(sign)?;
        self.at += sign.len();
        self.push(Token::Sign(sign), at);
        Ok(())
    }

    fn balance(&mut self, sign: &str) -> Result<(), Fault> {
        match sign {
            "(" => self.open.push(b')'),
            "[" => self.open.push(b']'),
            "{" => self.open.push(b'}'),
            ")" | "]" | "}" => {
                let expected = self.open.pop();
                if expected != sign.bytes().next() {
                    let wanted = expected.map_or(String::new(), |close| format!(", expected '{}'", char::from(close)));
                    let message = format!("unexpected '{sign}'{wanted}");
                    return Err((Error::new(Kind::Syntax, message), self.at as u32));
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// After a dot come single numbers: `a.0.1` is two items, not the number 0.1.
    fn number(&mut self) -> Result<(), Fault> {
        let at = self.at;
        let after_dot = self.text[..at].ends_with('.');
        let rest = self.rest();
        let (length, number) = match radix_number(rest) {
            Some(found) => found,
            None => match float(rest).filter(|_| !after_dot) {
                Some(found) => found,
                None => integer(rest),
            },
        };
        self.at += length;
        self.push(Token::Number(number), at);
        Ok(())
    }

    fn string(&mut self, quote: char) -> Result<(), Fault> {
        let at = self.at;
        let body = &self.rest()[1..];
        let mut escaped = false;
        let end = body.char_indices().find(|(_, c)| {
            let ends = !escaped && *c == quote;
            escaped = !escaped && *c == '\\';
            ends
        });
        let Some((length, _)) = end else {
            return Err((Error::new(Kind::Syntax, "a string has no end"), at as u32));
        };
        let raw = &body[..length];
        let text = match self.syntax.decode_escapes && raw.contains('\\') {
            true => decode(raw).map_err(|message| (Error::new(Kind::Syntax, message), at as u32))?,
            false => raw.to_string(),
        };
        self.at += length + 2;
        self.push(Token::Literal(text), at);
        Ok(())
    }
}
