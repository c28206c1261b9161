//! YAML 1.1 as Ansible reads it: text to a tree in which every node knows its place, and from there to values.
//!
//! `events` is the parser behind one function, `compose` builds the tree, `scalar` says what a word means, `problem` turns what
//! went wrong into diagnostics with hints, `recover` looks for further errors after the first, `json` reads texts that are JSON
//! (which YAML 1.1 does not quite contain), `write` goes the other way.
mod compose;
mod events;
mod json;
mod problem;
mod recover;
mod scalar;
pub mod write;

use std::sync::Arc;
use value::{Diagnostic, Key, Map, SourceId, Span, Str, Value};

/// The code of the warning that a key stands twice in a mapping.
pub const DUPLICATE_KEY: &str = "yaml-duplicate-key";

/// One node of a document. Cloning is cheap; aliases share what they name.
#[derive(Clone, Debug)]
pub struct Node {
    pub span: Span,
    pub kind: Kind,
    /// Under `!unsafe`: its strings are never evaluated.
    pub is_unsafe: bool,
}

#[derive(Clone, Debug)]
pub enum Kind {
    /// A word and what it means; strings in `value` carry neither origin nor trust yet.
    Scalar {
        text: Arc<str>,
        style: Style,
        value: Value,
    },
    Sequence(Arc<Vec<Node>>),
    /// Keys in their order, each once, merges done.
    Mapping(Arc<Vec<(Node, Node)>>),
}

/// How a scalar was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    Plain,
    SingleQuoted,
    DoubleQuoted,
    Literal,
    Folded,
}

/// All documents of a text. Warnings (a key twice, a number in base 60) are added to `warnings`; after an error the rest of the
/// text is still looked at, so that several can be told at once.
pub fn parse(text: &str, source: SourceId, warnings: &mut Vec<Diagnostic>) -> Result<Vec<Node>, Vec<Diagnostic>> {
    if let Some(node) = json::parse(text, source) {
        return Ok(vec![node]);
    }
    compose::compose(text, source, warnings).map_err(|errors| recover::look_further(text, source, errors))
}

/// The one document of a text; none where the text holds nothing but comments.
pub fn parse_one(
    text: &str,
    source: SourceId,
    warnings: &mut Vec<Diagnostic>,
) -> Result<Option<Node>, Vec<Diagnostic>> {
    let mut documents = parse(text, source, warnings)?;
    match documents.get(1) {
        Some(second) => Err(vec![
            Diagnostic::error("yaml-documents", "there is more than one document in this file")
                .at(second.span)
                .label("a second document begins here")
                .help("Ansible reads one document per file; take the `---` out, or make two files"),
        ]),
        None => Ok(documents.pop()),
    }
}

/// A text that is JSON, and nothing else; none where it is not.
pub fn parse_json(text: &str, source: SourceId) -> Option<Node> {
    json::parse(text, source)
}

impl Node {
    /// What it means. Strings and keys carry their place; they are trusted if the loader says so and no `!unsafe` stands above.
    pub fn to_value(&self, trusted: bool) -> Value {
        let trusted = trusted && !self.is_unsafe;
        match &self.kind {
            Kind::Scalar { value: Value::Str(text), .. } => Value::Str(self.mark(text, trusted)),
            Kind::Scalar { value, .. } => value.clone(),
            Kind::Sequence(items) => Value::list(items.iter().map(|item| item.to_value(trusted))),
            Kind::Mapping(entries) => {
                let mut map = Map::new();
                for (key, value) in entries.iter() {
                    map.insert(Key::from(key.to_value(trusted)), value.to_value(trusted));
                }
                map.into()
            }
        }
    }

    fn mark(&self, text: &Str, trusted: bool) -> Str {
        text.clone().with_origin(Some(self.span)).with_trust(trusted)
    }

    /// The text of a string; none for numbers, booleans, lists and maps.
    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar { value: Value::Str(text), .. } => Some(text),
            _ => None,
        }
    }

    /// The word as it was written, whatever it means.
    pub fn word(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    pub fn as_sequence(&self) -> Option<&[Node]> {
        match &self.kind {
            Kind::Sequence(items) => Some(items),
            _ => None,
        }
    }

    pub fn as_mapping(&self) -> Option<&[(Node, Node)]> {
        match &self.kind {
            Kind::Mapping(entries) => Some(entries),
            _ => None,
        }
    }

    pub fn is_null(&self) -> bool {
        matches!(&self.kind, Kind::Scalar { value: Value::Null, .. })
    }

    /// The entry of a mapping under a string key.
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.as_mapping()?.iter().find(|(key, _)| key.as_str() == Some(name)).map(|(_, value)| value)
    }

    /// What it is, for messages.
    pub fn type_name(&self) -> &'static str {
        match &self.kind {
            Kind::Scalar { value, .. } => match value {
                Value::Null => "nothing",
                Value::Bool(_) => "a boolean",
                Value::Int(_) | Value::Big(_) | Value::Float(_) => "a number",
                Value::Date(_) | Value::DateTime(_) => "a date",
                Value::Bytes(_) => "bytes",
                _ => "a string",
            },
            Kind::Sequence(_) => "a list",
            Kind::Mapping(_) => "a mapping",
        }
    }
}

#[cfg(test)]
mod tests;
