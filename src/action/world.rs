//! What evaluations need of the world around them. Questions to it are answered the same way for the same project, but for the
//! clock, which only a question asked alone may use.
use super::Halt;
use super::cache::Cache;
use super::settings::Settings;
use crate::engine::message::{HostId, Question};
use crate::world::files::Files;
use crate::world::sinks::Sums;
use lang::template::Scope;
use std::path::Path;
use std::sync::Arc;
use target::protocol::{BlobHash, Token};
use value::{DateTime, Map, SourceMap, Span, Value};

/// All that one evaluation sees.
pub struct Context<'w> {
    pub world: &'w dyn World,
    pub surroundings: &'w dyn Surroundings,
    pub files: &'w dyn Files,
    pub sources: &'w SourceMap,
    pub settings: &'w Settings,
    pub cache: &'w Cache,
    /// Where the playbook lies: the last place where relative paths are looked for.
    pub playbook_dir: &'w Path,
}

/// The project: inventory and variables.
pub trait World {
    /// The variables of the question's host as its task sees them, or those of another host where the task is delegated.
    fn scope<'a>(&'a self, question: &'a Question, host: Option<&'a str>) -> Result<Box<dyn Scope + 'a>, Halt>;

    /// `ansible_delegated_vars` for the question's task when that host works in its place.
    fn as_delegate(&self, question: &Question, host: &str) -> Result<Value, Halt>;

    fn host_name(&self, host: HostId) -> Arc<str>;

    fn host_by_name(&self, name: &str) -> Option<HostId>;

    /// A file of variables, parsed (and decrypted): a map, or why not.
    fn variables(&self, path: &Path, text: Vec<u8>) -> Result<Map, Halt>;

    /// The plain text of a file that a vault may hold.
    fn decrypt(&self, path: &Path, bytes: Vec<u8>) -> Result<Vec<u8>, Halt>;
}

/// What a host may ask for by its hash.
pub enum Content<'c> {
    Bytes(Arc<[u8]>),
    File(&'c Path),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FileState {
    pub size: u64,
    pub mode: u32,
    pub uid: u32,
    /// Seconds since 1970.
    pub modified: f64,
}

/// A file that a host is asked for.
pub struct Expected {
    pub token: Token,
    /// What stands in its place: the hash and the size.
    pub there: Option<(BlobHash, u64)>,
}

pub trait Surroundings {
    /// Seconds since 1970.
    fn now(&self) -> f64;
    fn local_time(&self, seconds: f64) -> DateTime;
    fn host_name(&self) -> String;
    fn user_name(&self, uid: u32) -> String;
    fn home(&self) -> std::path::PathBuf;
    /// None: there is nothing, or nothing that may be seen. Links are followed.
    fn file_state(&self, path: &Path) -> Option<FileState>;
    /// Where a link points to; none: it is no link.
    fn link_target(&self, path: &Path) -> Option<std::path::PathBuf>;
    /// The first bytes of a file.
    fn head(&self, path: &Path, count: usize) -> std::io::Result<Vec<u8>>;
    fn add_blob(&self, content: Content) -> std::io::Result<(BlobHash, u64)>;
    /// A host may send a file for this place.
    fn expect(&self, dest: &Path) -> std::io::Result<Expected>;
    /// Puts the file that has come in its place; none: it has not come.
    fn received(&self, token: &Token) -> Option<std::io::Result<Sums>>;
    /// Writes a file of the controller as a whole or not at all; the folders above it are made.
    fn write(&self, path: &Path, bytes: &[u8]) -> std::io::Result<()>;
    /// A warning beside any task.
    fn warn(&self, message: &str, span: Option<Span>);
    /// A value that must never be shown from now on.
    fn keep_secret(&self, value: &Value);
}
