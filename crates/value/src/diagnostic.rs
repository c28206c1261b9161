//! An error as data: each room has its own error type, and at the edge each error becomes one of these. Renderers draw it.
use crate::place::Span;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    Error,
    Warning,
    Deprecated,
}

/// `code` is stable and can be looked up; `message` is one sentence without a full stop.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostic {
    pub severity: Severity,
    pub code: &'static str,
    pub message: String,
    pub span: Option<Span>,
    /// What stands beside the caret.
    pub label: Option<String>,
    pub notes: Vec<Note>,
    pub help: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    pub text: String,
    pub span: Option<Span>,
}

impl Diagnostic {
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code,
            message: message.into(),
            span: None,
            label: None,
            notes: Vec::new(),
            help: None,
        }
    }

    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message) }
    }

    pub fn at(self, span: impl Into<Option<Span>>) -> Self {
        Self { span: span.into(), ..self }
    }

    pub fn label(self, label: impl Into<String>) -> Self {
        Self { label: Some(label.into()), ..self }
    }

    pub fn note(mut self, text: impl Into<String>, span: Option<Span>) -> Self {
        self.notes.push(Note { text: text.into(), span });
        self
    }

    pub fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}
