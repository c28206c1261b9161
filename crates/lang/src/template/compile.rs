//! Compiled texts: templates, and bare expressions as conditions are. Compiled once, shared by all threads.
use super::error::{Error, Stop};
use super::scope::Scope;
use super::syntax::Syntax;
use value::{Span, Str, Value};

/// A text with marks in it.
#[derive(Clone, Debug)]
pub struct Template {
    origin: Option<Span>,
}

impl Template {
    /// All faults that can be told apart; each with its place, when the origin of the text is known.
    pub fn compile(_text: &str, origin: Option<Span>, _syntax: &Syntax) -> Result<Self, Vec<Error>> {
        Ok(Self { origin })
    }

    /// The native value: what `{{ expression }}` alone gives, or a string.
    pub fn render(&self, _scope: &dyn Scope) -> Result<Value, Stop> {
        Err(Stop::outside("templates cannot be rendered yet").at(self.origin))
    }

    /// Always a string, as template files are.
    pub fn render_text(&self, scope: &dyn Scope) -> Result<Str, Stop> {
        Ok(self.render(scope)?.to_str())
    }
}

/// A bare expression.
#[derive(Clone, Debug)]
pub struct Expression {
    origin: Option<Span>,
}

impl Expression {
    pub fn compile(_text: &str, origin: Option<Span>, _syntax: &Syntax) -> Result<Self, Vec<Error>> {
        Ok(Self { origin })
    }

    pub fn evaluate(&self, _scope: &dyn Scope) -> Result<Value, Stop> {
        Err(Stop::outside("expressions cannot be evaluated yet").at(self.origin))
    }
}
