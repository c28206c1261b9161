//! Files that are edited, not written anew: the old text comes in, a new one goes out, and everything around it is the same for every
//! module that does so.
use super::install::{self, Install};
use super::ownership::{self, Ownership};
use super::{Contents, Host, Look, Stop};
use crate::machine::Meta;
use crate::module::path_value;
use std::path::{Path, PathBuf};
use value::{Map, Value};

pub struct Edit<'a> {
    pub path: &'a Path,
    pub ownership: Ownership<'a>,
    pub create: bool,
    pub backup: bool,
    pub validate: Option<&'a str>,
}

/// A file as it stands before the edit.
pub struct Before {
    /// Links are followed: the file itself.
    pub path: PathBuf,
    /// None: there is no file yet. Its bytes are the characters.
    pub text: Option<String>,
}

impl Edit<'_> {
    /// Reads the file; one that is missing is an error unless it may be made.
    pub fn open(&self, host: &Host, what: &str) -> Look<Before> {
        let path = host.canonical(self.path)?;
        if host.is_dir(&path)? {
            return Err(Stop::failure(
                format!("{what} {} is a directory !", self.path.display()),
                crate::returns! { "rc" => 256 },
            ));
        }
        if !host.exists(&path)? {
            return match self.create {
                true => Ok(Before { path, text: None }),
                false => Err(Stop::failure(
                    format!("{what} {} does not exist !", self.path.display()),
                    crate::returns! { "rc" => 257 },
                )),
            };
        }
        let text = bytewise(&host.read(&path)?);
        Ok(Before { path, text: Some(text) })
    }

    /// Writes the new text where it differs, and makes owner and mode as wished. `message` tells what the text's change was.
    pub fn close(&self, host: &mut Host, before: &Before, after: String, message: &str) -> Look<Map> {
        let mut result = crate::returns! { "msg" => message };
        let now = host.stat(&before.path)?.map_or_else(|| ownership::new_meta(host, false), |stat| stat.meta());
        let wanted = match &before.text {
            Some(_) => self.ownership.over(host, now, false),
            None => self.ownership.of_written(host, now, false),
        };
        let wanted = wanted.map_err(|stop| stop.with("path", path_value(&before.path)))?;
        if before.text.as_deref() != Some(after.as_str()) {
            let kept = self.write(host, &before.path, &after, wanted)?;
            if let Some(kept) = kept {
                result.insert("backup_file", path_value(&kept));
                result.insert("backup", path_value(&kept));
            }
        }
        let written = host.changes();
        self.ownership.apply(host, &before.path)?;
        if wanted != now || host.changes() > written {
            let also = "ownership, perms or SE linux context changed";
            result.insert("msg", if message.is_empty() { also.to_string() } else { format!("{message} and {also}") });
        }
        if !result.contains("backup") {
            result.insert("backup", Value::from(""));
        }
        Ok(result)
    }

    fn write(&self, host: &mut Host, path: &Path, text: &str, meta: Meta) -> Look<Option<PathBuf>> {
        let folder = super::parent(path).to_path_buf();
        install::make_dirs(host, &folder, &Value::Null, None)?;
        let wish = Install {
            contents: Contents::text(bytes_of(text)),
            meta,
            validate: self.validate,
            backup: self.backup,
            unsafe_writes: self.ownership.unsafe_writes,
        };
        let kept = install::install(host, path, wish)?;
        host.name_diff(&format!("{} (content)", path.display()));
        Ok(kept)
    }
}

/// Bytes as characters: a file of any encoding is edited without loss, and patterns see what Python's see.
pub fn bytewise(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

/// The bytes again.
pub fn bytes_of(text: &str) -> Vec<u8> {
    // Only text that `bytewise` made, or parts of it, comes here.
    text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect()
}

/// An argument, to be compared with a file.
pub fn argument(text: &str) -> String {
    bytewise(text.as_bytes())
}
