//! Compiled texts: templates, and bare expressions as conditions are. Compiled once, shared by all threads.
use super::ast::{Block, Expr, Statement};
use super::cache::{self, Form};
use super::error::{Error, Stop};
use super::eval::Evaluation;
use super::scope::Scope;
use super::syntax::Syntax;
use super::{lexer, parser};
use std::sync::Arc;
use value::{Span, Str, Value};

/// What is the same wherever the text stands.
#[derive(Debug)]
pub struct Program {
    /// As the lexer saw it; offsets count in it.
    pub(super) text: Arc<str>,
    pub(super) syntax: Syntax,
    pub(super) body: Vec<Statement>,
    pub(super) blocks: Vec<Arc<Block>>,
    /// Newlines at the end of the text, which a string that is the result gets back.
    pub(super) newlines: usize,
}

/// A text with marks in it.
#[derive(Clone, Debug)]
pub struct Template {
    pub(super) program: Arc<Program>,
    pub(super) origin: Option<Span>,
}

impl Template {
    /// All faults that can be told apart; each with its place, when the origin of the text is known.
    pub fn compile(text: &str, origin: Option<Span>, syntax: &Syntax) -> Result<Self, Vec<Error>> {
        let program = cache::get(Form::Template, text, syntax, || {
            let normalized = lexer::normalized(text, syntax);
            let parsing = parser::template(&normalized, syntax);
            if !parsing.faults.is_empty() {
                return Err(placed(parsing.faults, "template", &normalized, origin));
            }
            let newlines = text.len() - text.trim_end_matches('\n').len();
            let (body, blocks) = (parsing.body, parsing.blocks);
            Ok(Program { text: normalized, syntax: syntax.clone(), body, blocks, newlines })
        })?;
        Ok(Self { program, origin })
    }

    /// The native value: what `{{ expression }}` alone gives, or a string. Only a string gets back the newlines at the template's end.
    pub fn render(&self, scope: &dyn Scope) -> Result<Value, Stop> {
        let evaluation = Evaluation::new(scope);
        let value = evaluation.run(self)?;
        evaluation.finished(value)
    }

    /// The native value as a text, as it is written to files.
    pub fn render_text(&self, scope: &dyn Scope) -> Result<Str, Stop> {
        let evaluation = Evaluation::new(scope);
        let value = evaluation.run(self)?;
        evaluation.printed(&evaluation.finished(value)?)
    }
}

/// Gives a string back the newlines that stood at the end of its template.
pub(super) fn with_newlines(text: Str, newlines: usize, newline: &str) -> Str {
    let mut rest = text.as_str();
    let mut there = 0;
    while let Some(shorter) = rest.strip_suffix(newline).filter(|_| !newline.is_empty()) {
        (rest, there) = (shorter, there + 1);
    }
    if there >= newlines || text.is_empty() && newlines == 0 {
        return text;
    }
    let padded = format!("{text}{}", newline.repeat(newlines - there));
    Str::from(padded).with_secrecy(text.is_secret())
}

/// A bare expression. Other than in the templates of a playbook, `\n` in a literal of it is a newline.
#[derive(Clone, Debug)]
pub struct Expression {
    template: Template,
}

impl Expression {
    pub fn compile(text: &str, origin: Option<Span>) -> Result<Self, Vec<Error>> {
        let syntax = &Syntax::EXPRESSION;
        let program = cache::get(Form::Expression, text, syntax, || {
            let normalized = lexer::normalized(text, syntax);
            let parsed = parser::expression(&normalized, syntax);
            let expression = parsed.map_err(|faults| placed(faults, "expression", &normalized, origin))?;
            let (body, blocks) = (vec![Statement::Output(expression)], Vec::new());
            Ok::<_, Vec<Error>>(Program { text: normalized, syntax: syntax.clone(), body, blocks, newlines: 0 })
        })?;
        Ok(Self { template: Template { program, origin } })
    }

    pub fn evaluate(&self, scope: &dyn Scope) -> Result<Value, Stop> {
        let evaluation = Evaluation::new(scope);
        let value = self.evaluate_in(&evaluation)?;
        evaluation.finished(value)
    }

    /// As a condition needs it: the outside alone, whatever stands in it.
    pub(super) fn evaluate_in(&self, evaluation: &Evaluation) -> Result<Value, Stop> {
        evaluation.run_condition(&self.template)
    }
}

impl Program {
    /// The expression, if the text is nothing but one.
    pub(super) fn single(&self) -> Option<&Expr> {
        match self.body.as_slice() {
            [Statement::Output(expression)] => Some(expression),
            _ => None,
        }
    }

    pub(super) fn span(&self, at: u32, origin: Option<Span>) -> Option<Span> {
        span(&self.text, at as usize, origin)
    }
}

fn placed(faults: Vec<(Error, u32)>, what: &'static str, text: &str, origin: Option<Span>) -> Vec<Error> {
    faults.into_iter().map(|(error, at)| error.at(span(text, at as usize, origin)).during(what)).collect()
}

/// The place of an offset. A file begins in the first column (behind its
/// #jinja2 line, if it has one), and places in it are exact. Within YAML the origin is that of
/// the scalar: how much it covers in its first line tells whether it is quoted, or the mark of a block, whose text begins a
/// line below (its indentation is not known here). Where a flow scalar goes over lines, its beginning has to do.
fn span(text: &str, at: usize, origin: Option<Span>) -> Option<Span> {
    let origin = origin?;
    let before = &text[..floor_boundary(text, at)];
    let word = word_at(&text[before.len()..]);
    let line = before.bytes().filter(|byte| *byte == b'\n').count() as u32;
    let column = before.rsplit('\n').next().map_or(0, |line| line.chars().count()) as u32;
    let (first_line, first_column, covered) = (origin.line.get(), origin.column.get(), origin.length.get());
    let text = text.trim_end_matches('\n');
    let width = text.chars().count() as u32;
    if first_column == 1 && covered == 1 {
        return Some(Span::new(origin.source, first_line + line, column + 1, word));
    }
    let is_block = covered <= 3 && covered < width;
    match (is_block, line) {
        (true, _) if text.contains('\n') || covered > 1 => {
            Some(Span::new(origin.source, first_line + 1 + line, column + 1, word))
        }
        (_, 0) => {
            let quote = u32::from(covered == width + 2);
            Some(Span::new(origin.source, first_line, first_column + quote + column, word))
        }
        _ => Some(origin),
    }
}

/// How many characters the name covers that stands here, or the quoted text, or the index; anything else is its first character.
fn word_at(text: &str) -> u32 {
    let up_to = |end: char| text.chars().skip(1).position(|character| character == end).map_or(1, |before| before + 2);
    let covered = match text.chars().next() {
        Some(quote @ ('"' | '\'')) => up_to(quote),
        Some('[') => {
            Some(up_to(']')).filter(|covered| !text.chars().take(*covered).any(char::is_whitespace)).unwrap_or(1)
        }
        _ => text.chars().take_while(|character| character.is_alphanumeric() || *character == '_').count(),
    };
    u32::try_from(covered.max(1)).unwrap_or(1)
}

fn floor_boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
