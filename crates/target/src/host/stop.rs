//! Why a module stopped before its end.
use super::Resource;
use crate::protocol::Cause;
use value::{Map, Value};

/// `?` carries it.
#[derive(Debug, PartialEq)]
pub enum Stop {
    Failed(Box<Failure>),
    /// The answer depends on a change that is only planned.
    Unforeseen(Resource),
    /// The first change of a call that may only look ahead. `Commit` runs the module again, from its start.
    Held,
    /// A check cannot tell what this would do, so it does not say that it did anything.
    Skipped(Map),
}

pub type Look<T> = Result<T, Stop>;

/// The task has failed, with these words and these return values.
#[derive(Debug, Default, PartialEq)]
pub struct Failure {
    pub message: String,
    pub result: Map,
    pub cause: Option<Cause>,
}

impl Stop {
    pub fn failed<T>(message: impl Into<String>) -> Look<T> {
        Err(Stop::failure(message, Map::new()))
    }

    pub fn failure(message: impl Into<String>, result: Map) -> Self {
        Stop::Failed(Box::new(Failure { message: message.into(), result, cause: None }))
    }

    /// A failure that the controller acts on.
    pub fn because<T>(cause: Cause, message: impl Into<String>) -> Look<T> {
        let failure = Failure { message: message.into(), result: Map::new(), cause: Some(cause) };
        Err(Stop::Failed(Box::new(failure)))
    }

    /// The same failure with one more return value.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        if let Stop::Failed(failure) = &mut self {
            failure.result.insert(name, value);
        }
        self
    }

    /// The same failure, its message after these words.
    pub fn context(mut self, words: &str) -> Self {
        if let Stop::Failed(failure) = &mut self {
            failure.message = format!("{words}: {}", failure.message);
        }
        self
    }
}

impl From<std::io::Error> for Stop {
    fn from(error: std::io::Error) -> Self {
        let text = error.to_string();
        let text = text.split(" (os error").next().unwrap_or_default();
        Stop::failure(text, Map::new())
    }
}
