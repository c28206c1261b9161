//! Texts that one evaluation after another reads: a template has one place in the map of sources, however many hosts it serves.
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use value::{SourceId, SourceMap};

#[derive(Debug, Default)]
pub struct Cache {
    sources: Mutex<HashMap<PathBuf, SourceId>>,
}

impl Cache {
    /// The text's place among the sources; a file that changed since gets a new one.
    pub fn source(&self, sources: &SourceMap, path: &Path, text: &str) -> SourceId {
        let mut known = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(id) = known.get(path).copied()
            && sources.get(id).is_some_and(|source| &*source.text == text)
        {
            return id;
        }
        let id = sources.add(path.display().to_string(), text);
        known.insert(path.to_path_buf(), id);
        id
    }
}
