//! What can be changed on a machine, and how it can be. Undo, overlay, diff and drift are written once per kind.
use crate::machine::{Kind, Meta};
use crate::protocol::BlobHash;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use value::{Map, Value};

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Resource {
    /// A file, a folder, a link: whatever stands at this path.
    Path(PathBuf),
    Package(String),
    /// A unit of systemd, and of which manager.
    Unit(String, Scope),
    User(String),
    Group(String),
    Container(String),
    /// A container image, with its tag.
    Image(String),
    /// Something only its own program knows: shown in a plan by these words, never undone by us.
    Opaque(String),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    #[default]
    System,
    User,
    Global,
}

#[derive(Clone, Debug, PartialEq)]
pub enum State {
    Absent,
    File {
        meta: Meta,
        contents: Contents,
    },
    Directory(Meta),
    Link {
        target: PathBuf,
        uid: u32,
        gid: u32,
    },
    /// A device, a fifo, a socket.
    Special(Kind, Meta),
    Package {
        version: String,
    },
    Unit(Unit),
    User(Account),
    Group {
        gid: Option<u32>,
        members: Vec<String>,
    },
    Container(Container),
    Image {
        id: String,
    },
    /// Will be there, but not as what: the version a package manager will choose, say.
    Present,
}

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

/// None: systemd has no such unit, or the question does not apply to it (a static unit is not enabled or disabled).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unit {
    /// Whether a unit file is there.
    pub found: bool,
    pub active: bool,
    /// `active`, `activating`, `failed` ...
    pub active_state: String,
    pub enabled: Option<bool>,
    /// `enabled`, `static`, `masked` ...
    pub file_state: String,
    pub masked: bool,
}

/// A line of the password file, with what stands beside it elsewhere. None: not stated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    pub uid: Option<u32>,
    /// The number of the primary group.
    pub gid: Option<u32>,
    pub comment: String,
    pub home: String,
    pub shell: String,
    /// The hash; only root can see it.
    pub password: Option<String>,
    /// Supplementary groups, sorted.
    pub groups: Vec<String>,
    /// Days since the epoch.
    pub expires: Option<i64>,
    pub shadow: Shadow,
}

/// How a password ages, in days.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shadow {
    pub least: Option<i64>,
    pub most: Option<i64>,
    pub warn: Option<i64>,
    pub inactive: Option<i64>,
}

/// A container by what makes it again: the daemon's own words.
#[derive(Clone, Debug)]
pub struct Container {
    pub id: String,
    pub running: bool,
    pub paused: bool,
    /// The body of the request that makes such a container.
    pub config: Map,
}

/// Made again it has another id, and is the same container all the same.
impl PartialEq for Container {
    fn eq(&self, other: &Self) -> bool {
        (self.running, self.paused, &self.config) == (other.running, other.paused, &other.config)
    }
}

/// Before and after states keep contents up to this size; larger files are known by their size.
pub const KEPT: u64 = 1 << 20;

impl Resource {
    pub fn path(path: impl Into<PathBuf>) -> Self {
        Resource::Path(path.into())
    }

    /// `package nginx`: for journals, plans and messages.
    pub fn describe(&self) -> String {
        match self {
            Resource::Path(path) => format!("file {}", path.display()),
            Resource::Package(name) => format!("package {name}"),
            Resource::Unit(name, _) => format!("unit {name}"),
            Resource::User(name) => format!("user {name}"),
            Resource::Group(name) => format!("group {name}"),
            Resource::Container(name) => format!("container {name}"),
            Resource::Image(name) => format!("image {name}"),
            Resource::Opaque(words) => words.clone(),
        }
    }

    /// Units, files and users come with packages, but not where packages do not ship.
    pub fn may_come_with_a_package(&self) -> bool {
        const OURS: [&str; 9] =
            ["/etc/systemd/system", "/usr/local", "/srv", "/opt", "/home", "/root", "/tmp", "/var/tmp", "/etc/apt"];
        match self {
            Resource::Path(path) => !OURS.iter().any(|ours| path.starts_with(ours)),
            Resource::Unit(..) | Resource::User(_) | Resource::Group(_) => true,
            _ => false,
        }
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
            State::Package { version } => drop(map.insert("version", version.clone())),
            State::Unit(unit) => unit_summary(unit, &mut map),
            State::User(account) => account_summary(account, &mut map),
            State::Group { gid, members } => {
                map.insert("gid", gid.map(i64::from));
                map.insert("members", members.clone());
            }
            State::Container(container) => {
                map.insert("running", container.running);
                map.insert("image", container.config.get("Image").cloned().unwrap_or_default());
            }
            State::Image { id } => drop(map.insert("id", id.clone())),
            _ => {}
        }
        map.into()
    }
}

fn unit_summary(unit: &Unit, map: &mut Map) {
    map.insert("active", unit.active);
    map.insert("enabled", unit.enabled.map_or(Value::Null, Value::Bool));
    map.insert("masked", unit.masked);
}

fn account_summary(account: &Account, map: &mut Map) {
    map.insert("uid", account.uid.map(i64::from));
    map.insert("gid", account.gid.map(i64::from));
    map.insert("comment", account.comment.clone());
    map.insert("home", account.home.clone());
    map.insert("shell", account.shell.clone());
    map.insert("groups", account.groups.clone());
}

/// The folder that a path stands in.
pub fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
