//! Reads the project's YAML: one place that knows files, sources (for errors' places) and the vault's passwords. Files are read
//! once; what came of one is shared.
use super::files::{FileKind, Files};
use lang::vault::{self, Keyring};
use lang::yaml::{self, Node};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use value::{Diagnostic, Map, Severity, SourceId, SourceMap, Span, Value};

pub struct Loader {
    pub files: Arc<dyn Files>,
    pub sources: Arc<SourceMap>,
    pub keyring: Arc<Keyring>,
    warnings: Mutex<Vec<Diagnostic>>,
    /// Documents that were read before: what many hosts include is parsed once, unless it changed.
    documents: Mutex<HashMap<PathBuf, Document>>,
    /// Files of variables that were read before.
    variables: Mutex<HashMap<PathBuf, Arc<Map>>>,
    duplicate_keys: DuplicateKeys,
}

/// What it means that a key stands twice in a mapping. The last one holds where it is no error.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum DuplicateKeys {
    #[default]
    Warn,
    Error,
    Ignore,
}

struct Document {
    text: String,
    node: Option<Node>,
}

type Loaded<T> = Result<T, Vec<Diagnostic>>;

impl Loader {
    pub fn new(files: Arc<dyn Files>, sources: Arc<SourceMap>, keyring: Arc<Keyring>) -> Self {
        Self {
            files,
            sources,
            keyring,
            warnings: Mutex::default(),
            documents: Mutex::default(),
            variables: Mutex::default(),
            duplicate_keys: DuplicateKeys::default(),
        }
    }

    /// As the settings say it.
    #[must_use]
    pub fn with_duplicate_keys(self, duplicate_keys: DuplicateKeys) -> Self {
        Self { duplicate_keys, ..self }
    }

    /// The one document of a text. What should be said of it is kept.
    pub fn parse(&self, text: &str, source: SourceId) -> Loaded<Option<Node>> {
        let mut warnings = Vec::new();
        let node = yaml::parse_one(text, source, &mut warnings);
        let is_duplicate = |warning: &Diagnostic| warning.code == yaml::DUPLICATE_KEY;
        match self.duplicate_keys {
            DuplicateKeys::Warn => {}
            DuplicateKeys::Ignore => warnings.retain(|warning| !is_duplicate(warning)),
            DuplicateKeys::Error => {
                let (duplicates, rest): (Vec<_>, Vec<_>) = warnings.into_iter().partition(is_duplicate);
                warnings = rest;
                if !duplicates.is_empty() {
                    let refused = |found: Diagnostic| Diagnostic { severity: Severity::Error, ..found };
                    let errors = node.err().into_iter().flatten().chain(duplicates.into_iter().map(refused)).collect();
                    self.lock().extend(warnings);
                    return Err(errors);
                }
            }
        }
        self.lock().extend(warnings);
        node
    }

    /// The one document of a file; none where it holds nothing. `asked` is where the file is named.
    pub fn yaml(&self, path: &Path, asked: Option<Span>) -> Loaded<Option<Node>> {
        self.document(path, asked).map(|(node, _)| node)
    }

    /// The same, and whether it came out of a vault: what is in it is then secret.
    fn document(&self, path: &Path, asked: Option<Span>) -> Loaded<(Option<Node>, bool)> {
        let (text, secret) = self.read(path, asked)?;
        if let Some(known) = self.documents().get(path).filter(|known| known.text == text) {
            return Ok((known.node.clone(), secret));
        }
        // An error shows the line where it stands, so lines of a vault are not kept.
        let source = self.sources.add(self.shown(path), if secret { "" } else { text.as_str() });
        let node = self.parse(&text, source)?;
        self.documents().insert(path.into(), Document { text, node: node.clone() });
        Ok((node, secret))
    }

    fn documents(&self) -> std::sync::MutexGuard<'_, HashMap<PathBuf, Document>> {
        self.documents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Files of variables are read again.
    pub fn forget_variables(&self) {
        self.variables.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// A file of variables; an empty one has none.
    pub fn variables(&self, path: &Path, asked: Option<Span>) -> Loaded<Arc<Map>> {
        if let Some(known) = self.variables.lock().unwrap_or_else(PoisonError::into_inner).get(path) {
            return Ok(known.clone());
        }
        let map = match self.document(path, asked)? {
            (None, _) => Arc::default(),
            (Some(node), _) if node.is_null() => Arc::default(),
            (Some(node), secret) => {
                let value = node.to_value(true);
                mapping(if secret { value.secret() } else { value }).ok_or_else(|| vec![no_map(&node, path)])?
            }
        };
        self.variables.lock().unwrap_or_else(PoisonError::into_inner).insert(path.into(), map.clone());
        Ok(map)
    }

    /// A file's text, decrypted where a vault holds it.
    pub fn text(&self, path: &Path, asked: Option<Span>) -> Loaded<String> {
        self.read(path, asked).map(|(text, _)| text)
    }

    fn read(&self, path: &Path, asked: Option<Span>) -> Loaded<(String, bool)> {
        let refuse = |why: String| vec![Diagnostic::error("file", format!("{}: {why}", self.shown(path))).at(asked)];
        let bytes = self.files.read(path).map_err(|error| refuse(plain(&error)))?;
        let secret = vault::is_vault(&bytes);
        let bytes = self.plain(bytes).map_err(|error| {
            let help = (error == vault::VaultError::NoSecrets)
                .then(|| "`--vault-password-file FILE` gives it, and `-J` asks for it".to_string());
            refuse(error.to_string())
                .into_iter()
                .map(|refused| Diagnostic { help: help.clone(), ..refused })
                .collect::<Vec<_>>()
        })?;
        let text = String::from_utf8(bytes).map_err(|_| refuse("this is no UTF-8 text".into()))?;
        Ok((text, secret))
    }

    /// Where the text of a source lies, if it is a file's.
    pub fn path_of(&self, source: SourceId) -> Option<PathBuf> {
        let source = self.sources.get(source)?;
        Some(self.files.absolute(Path::new(""), &source.name))
    }

    /// The bytes themselves, or what they hold under a vault's key.
    pub fn plain(&self, bytes: Vec<u8>) -> Result<Vec<u8>, vault::VaultError> {
        if !vault::is_vault(&bytes) {
            return Ok(bytes);
        }
        let text = String::from_utf8_lossy(&bytes);
        self.keyring.decrypt(&text).map(|plain| plain.to_vec())
    }

    pub fn warn(&self, warning: Diagnostic) {
        self.lock().push(warning);
    }

    /// Warnings that came up since this was asked last.
    pub fn take_warnings(&self) -> Vec<Diagnostic> {
        std::mem::take(&mut *self.lock())
    }

    /// As people gave it: relative to the working folder where it lies below.
    pub fn shown(&self, path: &Path) -> String {
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

/// Variables are a mapping, or a list of them, of which the later ones override the earlier ones.
fn mapping(value: Value) -> Option<Arc<Map>> {
    match value {
        Value::Map(map) => Some(map),
        Value::List(items) => {
            let mut all = Map::new();
            for item in items.iter() {
                all.extend(item.as_map()?.iter().map(|(key, value)| (key.clone(), value.clone())));
            }
            Some(Arc::new(all))
        }
        _ => None,
    }
}

fn no_map(node: &Node, path: &Path) -> Diagnostic {
    Diagnostic::error("variables", format!("{} should hold `name: value` lines", path.display()))
        .at(node.span)
        .label(format!("this is {}", node.type_name()))
}

/// Endings of files of variables and of a role's lists; a name without one may also be a directory.
const ENDINGS: [&str; 4] = ["", ".yml", ".yaml", ".json"];

/// The files that a role's name may stand for, in the order in which they are looked for: a file that is asked for may have the name
/// itself; where nobody asks, `main.yml` is stronger than a `main`.
pub fn role_files(base: &Path, asked: bool) -> impl Iterator<Item = PathBuf> {
    let mut endings = ENDINGS;
    endings.rotate_left(usize::from(!asked));
    let base = base.as_os_str().to_os_string();
    endings.into_iter().map(move |ending| {
        let mut path = base.clone();
        path.push(ending);
        PathBuf::from(path)
    })
}

/// The files of variables of a role (`vars/main`, or what was asked for): one with an ending, or all in a directory, in the order in
/// which later ones override earlier ones.
pub fn variable_files(files: &dyn Files, base: &Path, asked: bool) -> Vec<PathBuf> {
    for path in role_files(base, asked) {
        match files.kind(&path) {
            Some(FileKind::Directory) => return directory(files, &path),
            Some(_) => return vec![path],
            None => {}
        }
    }
    Vec::new()
}

fn directory(files: &dyn Files, path: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for name in files.list(path).unwrap_or_default() {
        let path = path.join(&name);
        let ending = path.extension().map(|ending| format!(".{}", ending.to_string_lossy())).unwrap_or_default();
        if name.starts_with('.') || name.ends_with('~') {
            continue;
        }
        if files.is_dir(&path) {
            found.extend(directory(files, &path));
        } else if ENDINGS.contains(&ending.as_str()) {
            found.push(path);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::files::Memory;

    #[test]
    fn a_key_that_stands_twice_is_what_the_settings_say() {
        let read = |duplicate_keys| {
            let files = Memory::new([("/v.yml", "a: 1\na: 2\n")]);
            let loader = Loader::new(Arc::new(files), Arc::default(), Arc::default());
            let loader = loader.with_duplicate_keys(duplicate_keys);
            let read = loader.variables(Path::new("/v.yml"), None);
            (read.map(|map| Value::Map(map).to_text()).map_err(|errors| errors.len()), loader.take_warnings().len())
        };
        assert_eq!(read(DuplicateKeys::Warn), (Ok("{'a': 2}".into()), 1));
        assert_eq!(read(DuplicateKeys::Ignore), (Ok("{'a': 2}".into()), 0));
        assert_eq!(read(DuplicateKeys::Error), (Err(1), 0));
    }
}
