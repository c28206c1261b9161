//! A machine in memory: a file system, and the tools that our modules use, as far as they use them. Contract tests and
//! simulations run on it.
use super::{Address, Command, Context, Identity, Interrupt, Kind, Machine, Meta, Output, Source, Stat, Stream};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

/// Everything that can differ between two fakes, to compare them by.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct World {
    pub nodes: BTreeMap<PathBuf, Node>,
    /// What ran, but for what only reports.
    pub ran: Vec<String>,
    pub units: BTreeMap<String, FakeUnit>,
    /// What `docker` knows; see `fake_docker`.
    pub docker: super::fake_docker::Daemon,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub kind: Kind,
    pub meta: Meta,
    pub bytes: Arc<[u8]>,
    pub target: PathBuf,
    pub modified: (i64, u32),
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct FakeUnit {
    pub active: bool,
    pub enabled: bool,
    pub masked: bool,
    /// Enabled until the next boot only.
    pub for_now: bool,
}

#[derive(Clone)]
pub struct Fake {
    world: Arc<Mutex<World>>,
    context: Context,
    interrupt: Interrupt,
}

const ROOT: Meta = Meta { mode: 0o755, uid: 0, gid: 0 };

impl Default for Fake {
    fn default() -> Self {
        let mut fake = Self { world: Arc::default(), context: Context::default(), interrupt: Interrupt::default() };
        fake.furnish();
        fake
    }
}

impl Fake {
    fn furnish(&mut self) {
        let folders = [
            "/",
            "/bin",
            "/etc",
            "/etc/apt",
            "/etc/apt/sources.list.d",
            "/etc/apt/trusted.gpg.d",
            "/etc/systemd",
            "/etc/systemd/system",
            "/home",
            "/lib",
            "/root",
            "/run",
            "/srv",
            "/tmp",
            "/usr",
            "/usr/local",
            "/usr/bin",
            "/usr/share",
            "/usr/share/keyrings",
            "/var",
            "/var/lib",
            "/var/lib/dpkg",
            "/var/lib/apt",
            "/var/lib/apt/lists",
        ];
        let mut world = self.world();
        for folder in folders {
            world.nodes.insert(folder.into(), Node::new(Kind::Directory, ROOT));
        }
        let files = [
            ("/etc/passwd", "root:x:0:0:root:/root:/bin/bash\n"),
            ("/etc/group", "root:x:0:\n"),
            ("/etc/shadow", "root:*:19000:0:99999:7:::\n"),
            (
                "/var/lib/dpkg/status",
                "Package: dpkg\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.21\n\n",
            ),
            ("/etc/os-release", "ID=debian\nVERSION_CODENAME=bookworm\nVERSION_ID=\"12\"\n"),
        ];
        for (path, text) in files {
            let meta = Meta { mode: 0o644, ..ROOT };
            world.nodes.insert(path.into(), Node { bytes: text.as_bytes().into(), ..Node::new(Kind::File, meta) });
        }
    }

    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    pub fn text(&self, path: &str) -> Option<String> {
        let world = self.world();
        world.nodes.get(Path::new(path)).map(|node| String::from_utf8_lossy(&node.bytes).into_owned())
    }

    fn resolve(&self, path: &Path) -> PathBuf {
        let world = self.world();
        let mut path = path.to_path_buf();
        for _ in 0..16 {
            // The outermost link on the way.
            let links = path.ancestors().filter_map(|above| {
                let node = world.nodes.get(above).filter(|node| node.kind == Kind::Link)?;
                Some((above.to_path_buf(), node.target.clone()))
            });
            let Some((link, target)) = links.last() else { break };
            let rest = path.strip_prefix(&link).unwrap_or(Path::new("")).to_path_buf();
            path = normal(&link.parent().unwrap_or(Path::new("/")).join(target).join(rest));
        }
        path
    }

    /// The path itself, by folders that are no links.
    fn place(&self, path: &Path) -> PathBuf {
        match (path.parent(), path.file_name()) {
            (Some(folder), Some(name)) => self.resolve(folder).join(name),
            _ => path.to_path_buf(),
        }
    }

    fn node(&self, path: &Path) -> io::Result<Node> {
        let path = self.resolve(path);
        self.world().nodes.get(&path).cloned().ok_or_else(|| missing(&path))
    }

    fn put(&mut self, path: &Path, node: Node) -> io::Result<()> {
        let mut world = self.world();
        let parent = path.parent().unwrap_or(Path::new("/"));
        if world.nodes.get(path).is_some_and(|there| there.kind == Kind::Directory) {
            return Err(io::Error::new(io::ErrorKind::IsADirectory, format!("Is a directory: {}", path.display())));
        }
        match world.nodes.get(parent) {
            Some(parent) if parent.kind != Kind::File => drop(world.nodes.insert(path.into(), node)),
            _ => return Err(missing(path)),
        }
        Ok(())
    }

    fn change(&mut self, path: &Path, change: impl FnOnce(&mut Node)) -> io::Result<()> {
        let mut world = self.world();
        change(world.nodes.get_mut(path).ok_or_else(|| missing(path))?);
        Ok(())
    }
}

impl Node {
    pub fn new(kind: Kind, meta: Meta) -> Self {
        Self { kind, meta, bytes: Arc::default(), target: PathBuf::new(), modified: (0, 0) }
    }
}

fn missing(path: &Path) -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, format!("No such file or directory: {}", path.display()))
}

/// Without `.` and `..`.
fn normal(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::ParentDir => drop(out.pop()),
            std::path::Component::CurDir => {}
            part => out.push(part),
        }
    }
    out
}

impl Machine for Fake {
    fn stat(&self, path: &Path, follow: bool) -> io::Result<Option<Stat>> {
        let path = if follow { self.resolve(path) } else { self.place(path) };
        let world = self.world();
        Ok(world.nodes.get(&path).map(|node| Stat {
            kind: node.kind,
            mode: if node.kind == Kind::Link { 0o777 } else { node.meta.mode },
            uid: node.meta.uid,
            gid: node.meta.gid,
            size: if node.kind == Kind::Link { node.target.as_os_str().len() } else { node.bytes.len() } as u64,
            inode: 1,
            device: 1,
            device_type: 0,
            links: 1,
            blocks: 8,
            block_size: 4096,
            accessed: node.modified,
            modified: node.modified,
            changed: node.modified,
        }))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn Read + '_>> {
        let node = self.node(path)?;
        match node.kind {
            Kind::Directory => Err(io::Error::new(io::ErrorKind::IsADirectory, "Is a directory")),
            _ => Ok(Box::new(Cursor::new(node.bytes.to_vec()))),
        }
    }

    fn list(&self, path: &Path) -> io::Result<Vec<OsString>> {
        let path = self.resolve(path);
        self.node(&path)?;
        let world = self.world();
        let inside = world.nodes.keys().filter(|other| other.parent() == Some(&path));
        Ok(inside.filter_map(|other| other.file_name()).map(OsString::from).collect())
    }

    fn read_link(&self, path: &Path) -> io::Result<PathBuf> {
        let world = self.world();
        let node = world.nodes.get(path).filter(|node| node.kind == Kind::Link);
        node.map(|node| node.target.clone()).ok_or_else(|| missing(path))
    }

    fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        Ok(self.resolve(&normal(path)))
    }

    fn access(&self, path: &Path) -> [bool; 3] {
        self.node(path).map_or([false; 3], |node| [true, true, node.meta.mode & 0o111 != 0])
    }

    fn attributes(&self, _: &Path) -> String {
        String::new()
    }

    fn ask(&self, command: &Command) -> io::Result<Output> {
        self.interrupt.check()?;
        Ok(super::fake_tools::ask(self, command))
    }

    fn connect(&self, address: &Address, _: Duration) -> io::Result<Box<dyn Stream>> {
        match address {
            Address::Unix(path) if path.ends_with("docker.sock") => {
                Ok(Box::new(super::fake_docker::Connection::new(self.world.clone())))
            }
            Address::Tcp(host, _) if host == "files.test" => Ok(Box::new(super::fake_web::Connection::default())),
            _ => Err(io::Error::new(io::ErrorKind::ConnectionRefused, "Connection refused")),
        }
    }

    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)
    }

    fn sleep(&self, _: Duration) -> io::Result<()> {
        self.interrupt.check()
    }

    fn identity(&self) -> Identity {
        Identity { uid: 0, gid: 0, umask: 0o022 }
    }

    fn variable(&self, name: &str) -> Option<String> {
        self.variables().into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    fn variables(&self) -> Vec<(String, String)> {
        let own = [("HOME", "/root"), ("USER", "root"), ("PATH", "/usr/bin:/bin")];
        let own = own.into_iter().map(|(name, value)| (name.to_string(), value.to_string()));
        self.context.environment.iter().cloned().chain(own).collect()
    }

    fn is_real(&self) -> bool {
        false
    }

    fn write(&mut self, path: &Path, source: Source, meta: Meta) -> io::Result<()> {
        let bytes = match source {
            Source::Bytes(bytes) => bytes.into(),
            // Blobs lie in the real file system, whatever machine asks for them.
            Source::Path(path) => self.read(path).or_else(|_| std::fs::read(path))?.into(),
        };
        self.put(path, Node { bytes, ..Node::new(Kind::File, meta) })
    }

    fn overwrite(&mut self, path: &Path, source: Source) -> io::Result<()> {
        let meta = self.node(path)?.meta;
        let path = self.resolve(path);
        self.write(&path, source, meta)
    }

    fn make_dir(&mut self, path: &Path, mode: u32) -> io::Result<()> {
        self.put(path, Node::new(Kind::Directory, Meta { mode, ..ROOT }))
    }

    fn symlink(&mut self, target: &Path, path: &Path) -> io::Result<()> {
        self.put(path, Node { target: target.into(), ..Node::new(Kind::Link, ROOT) })
    }

    fn hard_link(&mut self, target: &Path, path: &Path) -> io::Result<()> {
        let node = self.node(target)?;
        self.put(path, node)
    }

    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        let node = self.world().nodes.remove(from).ok_or_else(|| missing(from))?;
        self.put(to, node)
    }

    fn remove_file(&mut self, path: &Path) -> io::Result<()> {
        self.world().nodes.remove(path).map(drop).ok_or_else(|| missing(path))
    }

    fn remove_empty_dir(&mut self, path: &Path) -> io::Result<()> {
        match self.list(path)?.is_empty() {
            true => self.remove_dir(path),
            false => Err(io::ErrorKind::DirectoryNotEmpty.into()),
        }
    }

    fn remove_dir(&mut self, path: &Path) -> io::Result<()> {
        self.world().nodes.retain(|other, _| !other.starts_with(path));
        Ok(())
    }

    fn set_meta(&mut self, path: &Path, meta: Meta, _: bool) -> io::Result<()> {
        self.change(path, |node| node.meta = meta)
    }

    fn set_times(&mut self, path: &Path, _: Option<(i64, u32)>, modified: Option<(i64, u32)>) -> io::Result<()> {
        self.change(path, |node| node.modified = modified.unwrap_or(node.modified))
    }

    fn run(&mut self, command: &Command) -> io::Result<Output> {
        self.interrupt.check()?;
        self.world().ran.push(command.words());
        Ok(super::fake_tools::run(self, command))
    }

    fn set_context(&mut self, context: Context) {
        self.context = context;
    }

    fn interrupt(&self) -> Interrupt {
        self.interrupt.clone()
    }

    /// The same machine: its world is shared.
    fn another(&self) -> Box<dyn Machine> {
        Box::new(Self { interrupt: Interrupt::default(), ..self.clone() })
    }
}
