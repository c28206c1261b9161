//! Reading the project's texts: from files, through the vault where they are encrypted, as YAML where that is what they are.
use super::files::{FileKind, Files};
use lang::vault::{Keyring, is_vault};
use lang::yaml::{self, Node};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use value::{Diagnostic, Map, SourceId, SourceMap, Value};

/// Files, the map of what was read, and the passwords of a run.
#[derive(Clone)]
pub struct Texts {
    pub files: Arc<dyn Files>,
    pub sources: Arc<SourceMap>,
    pub vault: Arc<Keyring>,
}

/// A text that was read.
pub struct Text {
    pub source: SourceId,
    pub text: Arc<str>,
    /// It came out of a vault: what is in it is secret.
    pub secret: bool,
}

impl Texts {
    pub fn new(files: Arc<dyn Files>) -> Self {
        Self { files, sources: Arc::default(), vault: Arc::default() }
    }

    pub fn read(&self, path: &Path) -> Result<Text, Diagnostic> {
        let name = path.display();
        let bytes = self.files.read(path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => Diagnostic::error("file-missing", format!("there is no file {name}")),
            _ => Diagnostic::error("file-unreadable", format!("{name} cannot be read: {error}")),
        })?;
        let not_text = || Diagnostic::error("file-unreadable", format!("{name} is not UTF-8 text"));
        let text = String::from_utf8(bytes).map_err(|_| not_text())?;
        if !is_vault(text.as_bytes()) {
            let text: Arc<str> = text.into();
            let source = self.sources.add(name.to_string(), text.clone());
            return Ok(Text { source, text, secret: false });
        }
        let plain = self.vault.decrypt(&text).map_err(|error| {
            let error = Diagnostic::error("vault", format!("{name}: {error}"));
            error.help("give the password with --vault-password-file, --vault-id or --ask-vault-pass")
        })?;
        let text: Arc<str> = String::from_utf8(plain.to_vec()).map_err(|_| not_text())?.into();
        // An error may show the line where it stands, so that of a vault is not kept.
        let source = self.sources.add(name.to_string(), "");
        Ok(Text { source, text, secret: true })
    }

    /// The document of a YAML file; none where it holds nothing.
    pub fn read_yaml(
        &self,
        path: &Path,
        warnings: &mut Vec<Diagnostic>,
    ) -> Result<(Option<Node>, bool), Vec<Diagnostic>> {
        let text = self.read(path).map_err(|error| vec![error])?;
        Ok((yaml::parse_one(&text.text, text.source, warnings)?, text.secret))
    }

    /// A file of variables: a mapping, or nothing.
    pub fn read_variables(&self, path: &Path, warnings: &mut Vec<Diagnostic>) -> Result<Map, Vec<Diagnostic>> {
        let (node, secret) = self.read_yaml(path, warnings)?;
        let Some(node) = node else { return Ok(Map::new()) };
        let value = node.to_value(true);
        match if secret { value.secret() } else { value } {
            Value::Map(map) => Ok(Arc::unwrap_or_clone(map)),
            Value::Null => Ok(Map::new()),
            _ => {
                let message = format!("a file of variables holds a mapping, and this is {}", node.type_name());
                Err(vec![Diagnostic::error("variables-file", message).at(node.span)])
            }
        }
    }
}

/// Endings of files of variables; a name without one may also be a directory.
const ENDINGS: [&str; 4] = ["", ".yml", ".yaml", ".json"];

/// The files of variables that a name stands for (`group_vars/all`, a role's `vars/main`): one with an ending, or all in a
/// directory, in the order in which later ones override earlier ones.
pub fn variable_files(files: &dyn Files, base: &Path) -> Vec<PathBuf> {
    for ending in ENDINGS {
        let mut path = base.as_os_str().to_os_string();
        path.push(ending);
        let path = PathBuf::from(path);
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
