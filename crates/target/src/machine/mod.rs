//! The bare machine: the only trait with two lives, the operating system and an in-memory fake. Modules never see it but inside
//! the closure of a change; their looks go through the host.
mod command;
mod fake;
mod fake_docker;
mod fake_tools;
mod fake_web;
mod interrupt;
mod os;
mod process;
mod tools;
mod watch;

pub use command::{Command, Output};
pub use fake::{Fake, FakeUnit, Node};
pub use interrupt::Interrupt;
pub use os::Os;

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    File,
    Directory,
    Link,
    Fifo,
    Socket,
    CharDevice,
    BlockDevice,
}

impl Kind {
    /// For messages.
    pub fn words(self) -> &'static str {
        match self {
            Kind::File => "a file",
            Kind::Directory => "a folder",
            Kind::Link => "a link",
            Kind::Fifo => "a named pipe",
            Kind::Socket => "a socket",
            Kind::CharDevice => "a character device",
            Kind::BlockDevice => "a block device",
        }
    }
}

/// What the file system says of a path; times are seconds and nanoseconds since the epoch.
#[derive(Clone, Debug, PartialEq)]
pub struct Stat {
    pub kind: Kind,
    /// Permissions with set-uid, set-gid and sticky bits.
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
    pub size: u64,
    pub inode: u64,
    pub device: u64,
    pub device_type: u64,
    pub links: u64,
    pub blocks: u64,
    pub block_size: u64,
    pub accessed: (i64, u32),
    pub modified: (i64, u32),
    pub changed: (i64, u32),
}

/// Who owns a file and what they may do with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meta {
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
}

impl Stat {
    pub fn meta(&self) -> Meta {
        Meta { mode: self.mode, uid: self.uid, gid: self.gid }
    }
    pub fn is_dir(&self) -> bool {
        self.kind == Kind::Directory
    }
    pub fn is_file(&self) -> bool {
        self.kind == Kind::File
    }
    pub fn is_link(&self) -> bool {
        self.kind == Kind::Link
    }
}

/// Where the bytes of a new file come from.
pub enum Source<'s> {
    Bytes(&'s [u8]),
    /// A file of this machine.
    Path(&'s Path),
}

/// The other end of a connection that a machine makes.
pub trait Stream: Read + Write + Send {}
impl<T: Read + Write + Send> Stream for T {}

#[derive(Clone, Debug)]
pub enum Address {
    Tcp(String, u16),
    Unix(PathBuf),
}

/// The user that the helper runs as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    pub uid: u32,
    pub gid: u32,
    /// Bits that new files do not get.
    pub umask: u32,
}

/// What holds while one call runs.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// Added to the environment of every process that is started.
    pub environment: Vec<(String, String)>,
    pub deadline: Option<Instant>,
}

pub trait Machine: Send {
    // ---- looking ----

    /// None: there is nothing (or nothing that can be reached).
    fn stat(&self, path: &Path, follow: bool) -> io::Result<Option<Stat>>;
    fn open(&self, path: &Path) -> io::Result<Box<dyn Read + '_>>;
    /// Names, sorted.
    fn list(&self, path: &Path) -> io::Result<Vec<OsString>>;
    fn read_link(&self, path: &Path) -> io::Result<PathBuf>;
    /// Without symbolic links; what does not exist keeps its name.
    fn canonical(&self, path: &Path) -> io::Result<PathBuf>;
    /// Whether the user may read, write, execute.
    fn access(&self, path: &Path) -> [bool; 3];
    /// The file system's attributes as `lsattr` writes them; none where there are none.
    fn attributes(&self, path: &Path) -> String;
    /// A command that only reports.
    fn ask(&self, command: &Command) -> io::Result<Output>;
    /// A stream whose reads and writes end with an error after `timeout` without progress.
    fn connect(&self, address: &Address, timeout: Duration) -> io::Result<Box<dyn Stream>>;
    fn now(&self) -> SystemTime;
    /// Waits, unless the call is cancelled or its time is over.
    fn sleep(&self, time: Duration) -> io::Result<()>;
    fn identity(&self) -> Identity;
    /// A variable of the helper's own environment, as the call sees it.
    fn variable(&self, name: &str) -> Option<String>;
    fn variables(&self) -> Vec<(String, String)>;
    /// The operating system itself, for facts that only system calls know; a fake has none.
    fn is_real(&self) -> bool;

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.open(path)?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    // ---- touching ----

    /// Makes a regular file: the path holds either what it held or all of the new one. Extended attributes of an old file stay.
    fn write(&mut self, path: &Path, source: Source, meta: Meta) -> io::Result<()>;
    /// Writes into the file that is there, where it cannot be replaced (a bind mount, say).
    fn overwrite(&mut self, path: &Path, source: Source) -> io::Result<()>;
    fn make_dir(&mut self, path: &Path, mode: u32) -> io::Result<()>;
    /// Takes the place of what is there, unless that is a directory.
    fn symlink(&mut self, target: &Path, path: &Path) -> io::Result<()>;
    fn hard_link(&mut self, target: &Path, path: &Path) -> io::Result<()>;
    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()>;
    fn remove_file(&mut self, path: &Path) -> io::Result<()>;
    /// Only if nothing is in it.
    fn remove_empty_dir(&mut self, path: &Path) -> io::Result<()>;
    /// With all that is in it; links are not followed.
    fn remove_dir(&mut self, path: &Path) -> io::Result<()>;
    /// Owner and mode of what stands at the path itself: a link is never followed, and has no mode. Where the path is `exact`, no
    /// folder on the way is a link either.
    fn set_meta(&mut self, path: &Path, meta: Meta, exact: bool) -> io::Result<()>;
    /// Sets the times of access and modification; none leaves them. Does not follow links.
    fn set_times(&mut self, path: &Path, accessed: Option<(i64, u32)>, modified: Option<(i64, u32)>) -> io::Result<()>;
    fn run(&mut self, command: &Command) -> io::Result<Output>;

    // ---- serving calls ----

    fn set_context(&mut self, context: Context);
    /// The handle by which another thread ends what runs here.
    fn interrupt(&self) -> Interrupt;
    /// The same machine for another thread.
    fn another(&self) -> Box<dyn Machine>;
}
