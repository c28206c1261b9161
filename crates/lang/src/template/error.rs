//! What can stop an evaluation: an error with its place, or a value that is not there yet.
use std::fmt;
use std::sync::Arc;
use value::spec::nearest;
use value::{Diagnostic, Span, Undefined, Value};

/// Carried by `?` through every evaluation. Only [`Stop::Error`] is a fault; the others say that the value must be waited for,
/// or cannot be foretold, and nothing in a template swallows them.
#[derive(Clone, Debug)]
pub enum Stop {
    Error(Error),
    /// The result of a call that is under way, by the call's number.
    Pending(u64),
    /// What only a planned change would tell, and which change that is.
    Unforeseen(Arc<str>),
}

#[derive(Clone, Debug)]
pub struct Error(Box<Fault>);

#[derive(Clone, Debug)]
struct Fault {
    kind: Kind,
    message: String,
    span: Option<Span>,
    help: Option<String>,
    notes: Vec<(String, Option<Span>)>,
    undefined: Option<Arc<Undefined>>,
    /// What was being done, before the message.
    during: &'static str,
    /// Whether the message names the plugin that failed.
    of_plugin: bool,
}

/// The kind of an error; its code in diagnostics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The text is no template.
    Syntax,
    /// A filter, test or lookup that nobody knows.
    Unknown,
    /// A name or field that nobody defined.
    Undefined,
    /// An operation that its operands do not have.
    Type,
    /// An operand of the right type that makes no sense.
    Value,
    /// A variable whose value needs itself.
    Cycle,
    /// Too many steps, too deep, too large.
    Limit,
    /// Another template that cannot be found.
    Load,
    /// A lookup or another thing outside failed.
    Outside,
    /// A condition that is no boolean.
    Conditional,
}

impl Error {
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self(Box::new(Fault {
            kind,
            message: message.into(),
            span: None,
            help: None,
            notes: Vec::new(),
            undefined: None,
            during: "",
            of_plugin: false,
        }))
    }

    /// The place, unless one nearer to the fault is known already.
    pub fn at(mut self, span: impl Into<Option<Span>>) -> Self {
        self.0.span = self.0.span.or(span.into());
        self
    }

    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.0.help = Some(help.into());
        self
    }

    pub fn note(mut self, text: impl Into<String>, span: Option<Span>) -> Self {
        self.0.notes.push((text.into(), span));
        self
    }

    /// `names` are the known variables, asked only when one of them is missing.
    pub fn undefined(undefined: &Arc<Undefined>, names: impl FnOnce() -> Vec<Arc<str>>) -> Self {
        let message = undefined.hint.clone().unwrap_or_else(|| format!("'{}' is undefined", undefined.name));
        let mut error = Self::new(Kind::Undefined, message).at(undefined.span);
        error.0.undefined = Some(undefined.clone());
        let near = match (&undefined.within, &undefined.hint) {
            (Value::Map(map), _) => {
                let wanted = last_part(&undefined.name);
                nearest(wanted, map.keys().filter_map(|key| key.as_str())).map(str::to_string)
            }
            (_, None) => nearest(&undefined.name, names().iter().map(|name| &**name)).map(str::to_string),
            _ => None,
        };
        error.0.help = match (near, &undefined.hint) {
            (Some(near), None) => Some(format!("did you mean '{near}'?")),
            (Some(near), Some(_)) => Some(format!("'{}' is not there; did you mean '{near}'?", undefined.name)),
            (None, Some(_)) if !undefined.within.is_null() => Some(format!("'{}' is not there", undefined.name)),
            _ => None,
        };
        error
    }

    /// Says what was being done, in Ansible's words: `what` is "template" or "expression". The first to say it is right.
    pub(super) fn during(mut self, what: &'static str) -> Self {
        let expression = what == "expression";
        let said = match self.0.kind {
            _ if !self.0.during.is_empty() || self.0.of_plugin => self.0.during,
            Kind::Syntax | Kind::Unknown if expression => "Syntax error in expression: ",
            Kind::Syntax | Kind::Unknown => "Syntax error in template: ",
            Kind::Type | Kind::Value | Kind::Limit | Kind::Load if expression => "Error rendering expression: ",
            Kind::Type | Kind::Value | Kind::Limit | Kind::Load => "Error rendering template: ",
            Kind::Undefined | Kind::Cycle | Kind::Outside | Kind::Conditional => "",
        };
        self.0.during = said;
        self
    }

    /// Names the filter, test or lookup that failed; the innermost is right.
    pub(super) fn of_plugin(mut self, what: &str, name: &str) -> Self {
        let failed = matches!(self.0.kind, Kind::Type | Kind::Value | Kind::Outside | Kind::Limit);
        if failed && !self.0.of_plugin && self.0.during.is_empty() {
            let message = self.0.message.strip_prefix(name).and_then(|rest| rest.strip_prefix(": "));
            let message = message.unwrap_or(&self.0.message);
            let collection = if name.contains('.') || what == "lookup" { "" } else { "ansible.builtin." };
            self.0.message = format!("The {what} plugin '{collection}{name}' failed: {message}");
            self.0.of_plugin = true;
        }
        self
    }

    /// What is undefined, where that is the fault.
    pub fn as_undefined(&self) -> Option<Arc<Undefined>> {
        self.0.undefined.clone()
    }

    pub fn kind(&self) -> Kind {
        self.0.kind
    }
    /// Without what was being done, which `to_string` tells too.
    pub fn message(&self) -> &str {
        &self.0.message
    }
    pub fn span(&self) -> Option<Span> {
        self.0.span
    }
    pub fn get_help(&self) -> Option<&str> {
        self.0.help.as_deref()
    }
    pub fn notes(&self) -> &[(String, Option<Span>)] {
        &self.0.notes
    }

    pub fn code(&self) -> &'static str {
        match self.0.kind {
            Kind::Syntax => "template-syntax",
            Kind::Unknown => "template-unknown",
            Kind::Undefined => "undefined",
            Kind::Type => "template-type",
            Kind::Value => "template-value",
            Kind::Cycle => "template-cycle",
            Kind::Limit => "template-limit",
            Kind::Load => "template-load",
            Kind::Outside => "template-outside",
            Kind::Conditional => "conditional",
        }
    }

    pub fn to_diagnostic(&self) -> Diagnostic {
        let mut diagnostic = Diagnostic::error(self.code(), self.to_string()).at(self.span());
        diagnostic.help.clone_from(&self.0.help);
        self.0.notes.iter().fold(diagnostic, |diagnostic, (text, span)| diagnostic.note(text.clone(), *span))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.0.during)?;
        f.write_str(&self.0.message)
    }
}
impl std::error::Error for Error {}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Stop::Error(error)
    }
}

impl Stop {
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Stop::Error(Error::new(kind, message))
    }
    /// Python's TypeError.
    pub fn of_type(message: impl Into<String>) -> Self {
        Self::new(Kind::Type, message)
    }
    /// Python's ValueError and its like.
    pub fn of_value(message: impl Into<String>) -> Self {
        Self::new(Kind::Value, message)
    }
    pub fn outside(message: impl Into<String>) -> Self {
        Self::new(Kind::Outside, message)
    }

    /// An error gets this place, unless it knows one.
    pub fn at(self, span: impl Into<Option<Span>>) -> Self {
        self.map_error(|error| error.at(span))
    }

    pub fn map_error(self, change: impl FnOnce(Error) -> Error) -> Self {
        match self {
            Stop::Error(error) => Stop::Error(change(error)),
            other => other,
        }
    }

    pub fn error(&self) -> Option<&Error> {
        match self {
            Stop::Error(error) => Some(error),
            _ => None,
        }
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Stop::Error(error) => error.fmt(f),
            Stop::Pending(call) => write!(f, "the result of call {call} is not there yet"),
            Stop::Unforeseen(because) => write!(f, "known after {because}"),
        }
    }
}

/// `state` of `db.users[2].state`, `a` of `db['a']`.
fn last_part(path: &str) -> &str {
    let path = path.strip_suffix(']').unwrap_or(path);
    path.rsplit(['.', '[']).next().unwrap_or(path).trim_matches(['\'', '"'])
}
