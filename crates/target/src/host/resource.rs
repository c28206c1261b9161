//! What all kinds of resources share: what a file holds, and how a state is told.
use super::{Resource, State};
use crate::machine::Meta;
use crate::protocol::BlobHash;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use value::{Map, Value};

/// What a file holds. What is too large to be kept is known by its size, and cannot be brought back.
#[derive(Clone, Debug, PartialEq)]
pub enum Contents {
    Bytes(Arc<[u8]>),
    /// A file of the controller, sent when it is needed.
    Blob {
        hash: BlobHash,
        size: u64,
    },
    /// A file of this machine.
    Stored {
        path: PathBuf,
        size: u64,
    },
    Large {
        size: u64,
    },
    /// What is there, unread: only owner, mode or times change.
    AsIs {
        size: u64,
    },
    /// The journal had no room for it.
    Dropped {
        size: u64,
    },
}

/// Before and after states keep contents up to this size; larger files are known by their size.
pub const KEPT: u64 = 1 << 20;

impl Resource {
    pub fn path(path: impl Into<PathBuf>) -> Self {
        Resource::Path(path.into())
    }
}

impl Contents {
    pub fn text(text: impl AsRef<[u8]>) -> Self {
        Contents::Bytes(text.as_ref().into())
    }

    pub fn size(&self) -> u64 {
        match self {
            Contents::Bytes(bytes) => bytes.len() as u64,
            Contents::Blob { size, .. }
            | Contents::Stored { size, .. }
            | Contents::Large { size }
            | Contents::AsIs { size }
            | Contents::Dropped { size } => *size,
        }
    }

    pub fn bytes(&self) -> Option<&[u8]> {
        match self {
            Contents::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }
}

impl State {
    /// The same without what a file holds.
    pub fn outside(self) -> Self {
        match self {
            State::File { meta, contents } => State::File { meta, contents: Contents::AsIs { size: contents.size() } },
            other => other,
        }
    }

    pub fn file(meta: Meta, contents: impl AsRef<[u8]>) -> Self {
        State::File { meta, contents: Contents::text(contents) }
    }

    pub fn is_absent(&self) -> bool {
        matches!(self, State::Absent)
    }

    /// Ansible's word for what stands at a path.
    pub fn word(&self) -> &'static str {
        match self {
            State::Absent => "absent",
            State::Directory(_) => "directory",
            State::Link { .. } => "link",
            State::Special(..) | State::File { .. } => "file",
            _ => "present",
        }
    }

    pub fn meta(&self) -> Option<Meta> {
        match self {
            State::File { meta, .. } | State::Directory(meta) | State::Special(_, meta) => Some(*meta),
            State::Link { uid, gid, .. } => Some(Meta { mode: 0o777, uid: *uid, gid: *gid }),
            _ => None,
        }
    }

    /// What a journal shows of it: never contents, never a password.
    pub fn summary(&self) -> Value {
        let mut map = Map::new();
        map.insert("state", self.word());
        if let Some(meta) = self.meta() {
            map.insert("mode", format!("{:04o}", meta.mode));
            map.insert("uid", meta.uid);
            map.insert("gid", meta.gid);
        }
        match self {
            State::File { contents, .. } => drop(map.insert("size", contents.size())),
            State::Link { target, .. } => drop(map.insert("src", target.to_string_lossy().into_owned())),
            other => other.summarize(&mut map),
        }
        map.into()
    }
}

/// The folder that a path stands in.
pub fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
