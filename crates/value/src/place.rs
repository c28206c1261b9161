//! Texts and places in them: what lets an error point at `file:line:col`, whoever found it and however late.
use std::num::NonZeroU32;
use std::sync::{Arc, RwLock};

/// A text that was read: a file, or a word of the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub u32);

/// Where something stands: lines and columns count from one, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    pub source: SourceId,
    pub line: NonZeroU32,
    pub column: NonZeroU32,
    /// How many characters it covers in its first line; at least one.
    pub length: NonZeroU32,
}

impl Span {
    /// Counts from one; zero is taken as one, so that no parser's slip can panic here.
    pub fn new(source: SourceId, line: u32, column: u32, length: u32) -> Self {
        let least = |number: u32| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        Self { source, line: least(line), column: least(column), length: least(length) }
    }
}

/// One text, and the name by which people know it: a path as they gave it, or a word such as `<command line>`.
#[derive(Debug)]
pub struct Source {
    pub name: String,
    pub text: Arc<str>,
}

impl Source {
    /// A line without its end; lines count from one.
    pub fn line(&self, line: NonZeroU32) -> Option<&str> {
        self.text.lines().nth(line.get() as usize - 1)
    }
}

/// All texts of a run. Loaders add to it while others read, so it is shared as it is.
#[derive(Debug, Default)]
pub struct SourceMap {
    sources: RwLock<Vec<Arc<Source>>>,
}

impl SourceMap {
    pub fn add(&self, name: impl Into<String>, text: impl Into<Arc<str>>) -> SourceId {
        let mut sources = self.sources.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        sources.push(Arc::new(Source { name: name.into(), text: text.into() }));
        SourceId((sources.len() - 1) as u32)
    }

    pub fn get(&self, id: SourceId) -> Option<Arc<Source>> {
        let sources = self.sources.read().unwrap_or_else(|poisoned| poisoned.into_inner());
        sources.get(id.0 as usize).cloned()
    }

    /// `file:line:col`.
    pub fn describe(&self, span: Span) -> String {
        let name = self.get(span.source).map_or_else(|| "<unknown>".to_string(), |source| source.name.clone());
        format!("{name}:{}:{}", span.line, span.column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_described_as_editors_expect() {
        let map = SourceMap::default();
        let id = map.add("site.yml", "a: 1\nb: 2\n");
        assert_eq!(map.describe(Span::new(id, 2, 4, 1)), "site.yml:2:4");
        assert_eq!(map.get(id).unwrap().line(NonZeroU32::new(2).unwrap()), Some("b: 2"));
    }
}
