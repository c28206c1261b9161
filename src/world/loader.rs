//! Reads the project's YAML: one place that knows files, sources (for errors' places) and the vault's passwords. Files are read
//! once; what came of one is shared.
use super::files::Files;
use lang::vault::{self, Keyring};
use lang::yaml::{self, Node};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use value::{Diagnostic, Map, SourceMap, Span, Value};

pub struct Loader {
    pub files: Arc<dyn Files>,
    pub sources: Arc<SourceMap>,
    pub keyring: Arc<Keyring>,
    warnings: Mutex<Vec<Diagnostic>>,
    /// Files of variables that were read before.
    variables: Mutex<HashMap<PathBuf, Arc<Map>>>,
}

type Loaded<T> = Result<T, Vec<Diagnostic>>;

impl Loader {
    pub fn new(files: Arc<dyn Files>, sources: Arc<SourceMap>, keyring: Arc<Keyring>) -> Self {
        Self { files, sources, keyring, warnings: Mutex::default(), variables: Mutex::default() }
    }

    /// The one document of a file; none where it holds nothing. `asked` is where the file is named.
    pub fn yaml(&self, path: &Path, asked: Option<Span>) -> Loaded<Option<Node>> {
        let text = self.text(path, asked)?;
        let source = self.sources.add(self.shown(path), text.as_str());
        let mut warnings = Vec::new();
        let node = yaml::parse_one(&text, source, &mut warnings);
        self.lock().extend(warnings);
        node
    }

    /// A file of variables; an empty one has none.
    pub fn variables(&self, path: &Path, asked: Option<Span>) -> Loaded<Arc<Map>> {
        if let Some(known) = self.variables.lock().unwrap_or_else(PoisonError::into_inner).get(path) {
            return Ok(known.clone());
        }
        let map = match self.yaml(path, asked)? {
            None => Arc::default(),
            Some(node) if node.is_null() => Arc::default(),
            Some(node) => match node.to_value(true) {
                Value::Map(map) => map,
                _ => return Err(vec![no_map(&node, path)]),
            },
        };
        self.variables.lock().unwrap_or_else(PoisonError::into_inner).insert(path.into(), map.clone());
        Ok(map)
    }

    /// A file's text, decrypted where a vault holds it.
    pub fn text(&self, path: &Path, asked: Option<Span>) -> Loaded<String> {
        let refuse = |why: String| vec![Diagnostic::error("file", format!("{}: {why}", path.display())).at(asked)];
        let bytes = self.files.read(path).map_err(|error| refuse(plain(&error)))?;
        let bytes = self.plain(bytes).map_err(|error| refuse(error.to_string()))?;
        String::from_utf8(bytes).map_err(|_| refuse("this is no UTF-8 text".into()))
    }

    /// The bytes themselves, or what they hold under a vault's key.
    pub fn plain(&self, bytes: Vec<u8>) -> Result<Vec<u8>, vault::VaultError> {
        if !vault::is_vault(&bytes) {
            return Ok(bytes);
        }
        let text = String::from_utf8_lossy(&bytes);
        self.keyring.decrypt(&text).map(|plain| plain.to_vec())
    }

    /// Warnings that came up since this was asked last.
    pub fn take_warnings(&self) -> Vec<Diagnostic> {
        std::mem::take(&mut *self.lock())
    }

    /// As people gave it: relative to the working folder where it lies below.
    fn shown(&self, path: &Path) -> String {
        path.strip_prefix(self.files.current_dir()).unwrap_or(path).display().to_string()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Diagnostic>> {
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn plain(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".into(),
        std::io::ErrorKind::PermissionDenied => "this file may not be read".into(),
        _ => error.to_string(),
    }
}

fn no_map(node: &Node, path: &Path) -> Diagnostic {
    Diagnostic::error("variables", format!("{} should hold `name: value` lines", path.display()))
        .at(node.span)
        .label(format!("this is {}", node.type_name()))
}
