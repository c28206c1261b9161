//! Strings with marks: where the text stood, whether it may be evaluated as a template, whether it must never be shown.
use crate::place::Span;
use std::sync::Arc;

#[derive(Clone)]
pub struct Str {
    text: Arc<str>,
    origin: Option<Span>,
    trusted: bool,
    secret: bool,
}

impl Str {
    /// A text of the user's own: a template, where it looks like one.
    pub fn trusted(text: impl Into<Arc<str>>, origin: Option<Span>) -> Self {
        Self { text: text.into(), origin, trusted: true, secret: false }
    }

    pub fn text(&self) -> &Arc<str> {
        &self.text
    }
    pub fn as_str(&self) -> &str {
        &self.text
    }
    pub fn origin(&self) -> Option<Span> {
        self.origin
    }
    pub fn is_trusted(&self) -> bool {
        self.trusted
    }
    pub fn is_secret(&self) -> bool {
        self.secret
    }

    pub fn with_trust(self, trusted: bool) -> Self {
        Self { trusted, ..self }
    }
    pub fn with_secrecy(self, secret: bool) -> Self {
        Self { secret, ..self }
    }
    pub fn with_origin(self, origin: Option<Span>) -> Self {
        Self { origin, ..self }
    }
}

impl std::ops::Deref for Str {
    type Target = str;
    fn deref(&self) -> &str {
        &self.text
    }
}
impl PartialEq for Str {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}
impl Eq for Str {}
impl std::fmt::Display for Str {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}
impl std::fmt::Debug for Str {
    /// A secret does not leave through a debug line.
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        if self.secret { f.write_str("\"********\"") } else { write!(f, "{:?}", &*self.text) }
    }
}
impl From<&str> for Str {
    fn from(text: &str) -> Self {
        Self { text: text.into(), origin: None, trusted: false, secret: false }
    }
}
impl From<String> for Str {
    fn from(text: String) -> Self {
        Self { text: text.into(), origin: None, trusted: false, secret: false }
    }
}
