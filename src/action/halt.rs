//! Why an evaluation stops before it has an answer.
use super::result;
use crate::engine::message::{Outcome, Until};
use std::sync::Arc;
use target::protocol::CallId;
use value::{Diagnostic, Map, Span, Value};

#[derive(Clone, Debug)]
pub enum Halt {
    /// It asked for the result of a call that is under way.
    Pending(CallId),
    /// It needs what only a question asked alone may have.
    Fence,
    /// It wants to be asked again when this is over.
    Wait(Until),
    /// In a plan: the answer depends on a change that is only planned.
    Unforeseen(Arc<str>),
    Failed(Box<Failure>),
}

/// The task failed before it ran, or its result could not be judged.
#[derive(Clone, Debug)]
pub struct Failure {
    /// What stands under `msg`.
    pub message: String,
    /// The same for people, with the place.
    pub diagnostic: Diagnostic,
    /// Further keys of the result.
    pub fields: Map,
    /// The user's own words could not be evaluated: Ansible says `Task failed: ` before those messages.
    pub evaluating: bool,
}

impl Halt {
    /// An action refuses what it was asked.
    pub fn refused(message: impl Into<String>) -> Self {
        Self::from_diagnostic(Diagnostic::error("task-failed", message), false)
    }

    /// A template or an expression could not be evaluated.
    pub fn evaluating(diagnostic: Diagnostic) -> Self {
        Self::from_diagnostic(diagnostic, true)
    }

    fn from_diagnostic(diagnostic: Diagnostic, evaluating: bool) -> Self {
        let message = diagnostic.message.clone();
        Halt::Failed(Box::new(Failure { message, diagnostic, fields: Map::new(), evaluating }))
    }

    fn change(mut self, change: impl FnOnce(&mut Failure)) -> Self {
        if let Halt::Failed(failure) = &mut self {
            change(failure);
        }
        self
    }

    /// Says what was being done when it failed.
    pub fn within(self, what: impl std::fmt::Display) -> Self {
        self.change(|failure| failure.message = format!("{what}: {}", failure.message))
    }

    /// The place, unless a more exact one is known.
    pub fn at(self, span: Option<Span>) -> Self {
        self.change(|failure| failure.diagnostic.span = failure.diagnostic.span.or(span))
    }

    /// The diagnostic's code, for those who act on what it is.
    pub fn code(self, code: &'static str) -> Self {
        self.change(|failure| failure.diagnostic.code = code)
    }

    pub fn has_code(&self, code: &str) -> bool {
        matches!(self, Halt::Failed(failure) if failure.diagnostic.code == code)
    }

    pub fn help(self, help: impl Into<String>) -> Self {
        self.change(|failure| failure.diagnostic.help = Some(help.into()))
    }

    pub fn note(self, text: impl Into<String>, span: Option<Span>) -> Self {
        self.change(|failure| {
            failure.diagnostic = failure.diagnostic.clone().note(text, span);
        })
    }

    pub fn field(self, name: &str, value: impl Into<Value>) -> Self {
        self.change(|failure| {
            failure.fields.insert(name, value);
        })
    }

    /// As an outcome of the task or item, where it is one; the engine must hear of the others.
    pub fn settle(self) -> Result<Outcome, Halt> {
        match self {
            Halt::Failed(failure) => Ok(failure.outcome()),
            Halt::Unforeseen(because) => Ok(result::unforeseen(&because)),
            other => Err(other),
        }
    }
}

impl Failure {
    /// `msg` as Ansible has it.
    pub fn full_message(&self) -> String {
        match self.evaluating {
            true => format!("Task failed: {}", self.message),
            false => self.message.clone(),
        }
    }

    pub fn outcome(&self) -> Outcome {
        let mut fields = self.fields.clone();
        if !fields.contains("msg") {
            fields.insert("msg", self.full_message());
        }
        Outcome::failed_with(fields, self.diagnostic.clone())
    }
}
