//! The operating system. No user, group or host name is looked up through libc here: a static program cannot do that safely.
use super::watch::{Patient, TICK, Watch, Watched, late};
use super::{
    Address, Command, Context, Identity, Interrupt, Kind, Machine, Meta, Output, Source, Stat, Stream, process,
};
use rustix::fs::{self, AtFlags, CWD, FileType, Gid, Mode, OFlags, Timespec, Timestamps, Uid, XattrFlags};
use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

#[derive(Default)]
pub struct Os {
    context: Context,
    interrupt: Interrupt,
}

impl Os {
    pub fn new() -> Self {
        Self::default()
    }
}

impl Machine for Os {
    fn stat(&self, path: &Path, follow: bool) -> io::Result<Option<Stat>> {
        let flags = if follow { AtFlags::empty() } else { AtFlags::SYMLINK_NOFOLLOW };
        match fs::statat(CWD, path, flags) {
            Ok(stat) => Ok(Some(stat_of(&stat))),
            Err(rustix::io::Errno::NOENT | rustix::io::Errno::NOTDIR | rustix::io::Errno::LOOP) => Ok(None),
            Err(error) => Err(at(path, error.into())),
        }
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn Read + '_>> {
        // A fifo that nobody writes to must not hold us.
        let file = OpenOptions::new().read(true).custom_flags(OFlags::NONBLOCK.bits() as i32).open(path);
        Ok(Box::new(Watched { reader: file.map_err(|error| at(path, error))?, watch: self.watch() }))
    }

    /// At once: what ends a call must still find what it has to put back.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let file = OpenOptions::new().read(true).custom_flags(OFlags::NONBLOCK.bits() as i32).open(path);
        let mut bytes = Vec::new();
        file.and_then(|mut file| file.read_to_end(&mut bytes)).map_err(|error| at(path, error))?;
        Ok(bytes)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<OsString>> {
        let entries = std::fs::read_dir(path).map_err(|error| at(path, error))?;
        let mut names = entries.map(|entry| Ok(entry?.file_name())).collect::<io::Result<Vec<_>>>()?;
        names.sort();
        Ok(names)
    }

    fn read_link(&self, path: &Path) -> io::Result<PathBuf> {
        std::fs::read_link(path).map_err(|error| at(path, error))
    }

    fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        let mut rest = Vec::new();
        let mut known = path.to_path_buf();
        loop {
            match std::fs::canonicalize(&known) {
                Ok(real) => return Ok(rest.iter().rev().fold(real, |path: PathBuf, name| path.join(name))),
                Err(error) if error.kind() == io::ErrorKind::NotFound => match (known.parent(), known.file_name()) {
                    (Some(parent), Some(name)) => {
                        rest.push(name.to_os_string());
                        known = parent.to_path_buf();
                    }
                    _ => return Ok(path.to_path_buf()),
                },
                Err(error) => return Err(at(path, error)),
            }
        }
    }

    fn access(&self, path: &Path) -> [bool; 3] {
        [fs::Access::READ_OK, fs::Access::WRITE_OK, fs::Access::EXEC_OK].map(|way| fs::access(path, way).is_ok())
    }

    fn attributes(&self, path: &Path) -> String {
        let file =
            OpenOptions::new().read(true).custom_flags((OFlags::NONBLOCK | OFlags::NOFOLLOW).bits() as i32).open(path);
        let flags = file.ok().filter(|file| file.metadata().is_ok_and(|meta| meta.is_file() || meta.is_dir()));
        let bits = flags.and_then(|file| fs::ioctl_getflags(&file).ok()).map_or(0, |flags| flags.bits());
        ATTRIBUTES.iter().filter(|(bit, _)| bits & bit != 0).map(|(_, letter)| letter).collect()
    }

    fn ask(&self, command: &Command) -> io::Result<Output> {
        process::run(command, &self.context, &self.interrupt)
    }

    fn connect(&self, address: &Address, timeout: Duration) -> io::Result<Box<dyn Stream>> {
        match address {
            Address::Unix(path) => {
                let stream = UnixStream::connect(path).map_err(|error| at(path, error))?;
                stream.set_read_timeout(Some(TICK))?;
                stream.set_write_timeout(Some(TICK))?;
                Ok(Box::new(Patient { stream, timeout, watch: self.watch() }))
            }
            Address::Tcp(host, port) => {
                let stream = self.dial(host, *port, timeout)?;
                stream.set_read_timeout(Some(TICK.min(timeout)))?;
                stream.set_write_timeout(Some(TICK.min(timeout)))?;
                Ok(Box::new(Patient { stream, timeout, watch: self.watch() }))
            }
        }
    }

    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn sleep(&self, time: Duration) -> io::Result<()> {
        let rest = self.context.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        match rest {
            Some(rest) if rest < time => {
                self.interrupt.sleep(rest)?;
                Err(late())
            }
            _ => self.interrupt.sleep(time),
        }
    }

    fn identity(&self) -> Identity {
        Identity {
            uid: rustix::process::geteuid().as_raw(),
            gid: rustix::process::getegid().as_raw(),
            umask: umask(self),
        }
    }

    fn variable(&self, name: &str) -> Option<String> {
        let own =
            self.context.environment.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        own.or_else(|| std::env::var(name).ok())
    }

    fn variables(&self) -> Vec<(String, String)> {
        let lossy = |text: OsString| text.to_string_lossy().into_owned();
        let mut all: Vec<_> = std::env::vars_os().map(|(name, value)| (lossy(name), lossy(value))).collect();
        all.retain(|(name, _)| self.context.environment.iter().all(|(own, _)| own != name));
        all.extend(self.context.environment.iter().cloned());
        all
    }

    fn is_real(&self) -> bool {
        true
    }

    fn write(&mut self, path: &Path, source: Source, meta: Meta) -> io::Result<()> {
        let temporary = beside(path)?;
        let written = fill(&temporary, source, meta, &self.watch())
            .and_then(|()| keep_attributes(path, &temporary))
            .and_then(|()| std::fs::rename(&temporary, path));
        if let Err(error) = written {
            // The first error is the one to tell.
            let _ = std::fs::remove_file(&temporary);
            return Err(at(path, error));
        }
        sync_folder(path)
    }

    fn overwrite(&mut self, path: &Path, source: Source) -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).truncate(true).open(path).map_err(|error| at(path, error))?;
        pour(source, &mut file, &self.watch()).and_then(|()| file.sync_all()).map_err(|error| at(path, error))
    }

    fn make_dir(&mut self, path: &Path, mode: u32) -> io::Result<()> {
        fs::mkdir(path, Mode::from_raw_mode(mode)).map_err(|error| at(path, error.into()))
    }

    fn symlink(&mut self, target: &Path, path: &Path) -> io::Result<()> {
        replace(path, |temporary| std::os::unix::fs::symlink(target, temporary))
    }

    fn hard_link(&mut self, target: &Path, path: &Path) -> io::Result<()> {
        replace(path, |temporary| std::fs::hard_link(target, temporary))
    }

    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        std::fs::rename(from, to).map_err(|error| at(to, error))
    }

    fn remove_file(&mut self, path: &Path) -> io::Result<()> {
        std::fs::remove_file(path).map_err(|error| at(path, error))
    }

    fn remove_empty_dir(&mut self, path: &Path) -> io::Result<()> {
        std::fs::remove_dir(path).map_err(|error| at(path, error))
    }

    fn remove_dir(&mut self, path: &Path) -> io::Result<()> {
        std::fs::remove_dir_all(path).map_err(|error| at(path, error))
    }

    fn set_meta(&mut self, path: &Path, meta: Meta, exact: bool) -> io::Result<()> {
        hold(path, exact).and_then(|held| give(&held, meta)).map_err(|error| at(path, error))
    }

    fn set_times(&mut self, path: &Path, accessed: Option<(i64, u32)>, modified: Option<(i64, u32)>) -> io::Result<()> {
        let stamp = |time: Option<(i64, u32)>| match time {
            Some((seconds, nanos)) => Timespec { tv_sec: seconds, tv_nsec: nanos.into() },
            None => Timespec { tv_sec: 0, tv_nsec: fs::UTIME_OMIT },
        };
        let times = Timestamps { last_access: stamp(accessed), last_modification: stamp(modified) };
        fs::utimensat(CWD, path, &times, AtFlags::SYMLINK_NOFOLLOW).map_err(|error| at(path, error.into()))
    }

    fn run(&mut self, command: &Command) -> io::Result<Output> {
        process::run(command, &self.context, &self.interrupt)
    }

    fn set_context(&mut self, context: Context) {
        self.context = context;
    }

    fn interrupt(&self) -> Interrupt {
        self.interrupt.clone()
    }

    fn another(&self) -> Box<dyn Machine> {
        Box::new(Os::new())
    }
}

impl Os {
    fn watch(&self) -> Watch {
        Watch { interrupt: self.interrupt.clone(), deadline: self.context.deadline }
    }

    /// Names are resolved by the host's own `getent`, since libc's resolver must not be called here.
    fn dial(&self, host: &str, port: u16, timeout: Duration) -> io::Result<TcpStream> {
        let mut last = io::Error::new(io::ErrorKind::NotFound, format!("Name or service not known: {host}"));
        for address in self.resolve(host)? {
            let Ok(mut targets) = (address, port).to_socket_addrs() else { continue };
            let Some(target) = targets.next() else { continue };
            self.watch().check()?;
            match TcpStream::connect_timeout(&target, self.watch().rest(timeout).max(Duration::from_millis(1))) {
                Ok(stream) => return Ok(stream),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    pub(crate) fn resolve(&self, host: &str) -> io::Result<Vec<std::net::IpAddr>> {
        if let Ok(address) = host.trim_matches(['[', ']']).parse() {
            return Ok(vec![address]);
        }
        let hosts = std::fs::read_to_string("/etc/hosts").unwrap_or_default();
        let mut found = super::tools::addresses_in(&hosts, host);
        if found.is_empty() {
            let asked = self.ask(&Command::plain(["getent", "ahosts", host]))?;
            let lines = asked.out();
            found = lines.lines().filter_map(|line| line.split_whitespace().next()?.parse().ok()).collect();
            found.dedup();
        }
        Ok(found)
    }
}

/// Attributes by bit and letter, in lsattr's order.
const ATTRIBUTES: [(u32, char); 19] = [
    (0x1, 's'),
    (0x2, 'u'),
    (0x8, 'S'),
    (0x1_0000, 'D'),
    (0x10, 'i'),
    (0x20, 'a'),
    (0x40, 'd'),
    (0x80, 'A'),
    (0x4, 'c'),
    (0x800, 'E'),
    (0x4000, 'j'),
    (0x1000, 'I'),
    (0x8000, 't'),
    (0x2_0000, 'T'),
    (0x8_0000, 'e'),
    (0x80_0000, 'C'),
    (0x1000_0000, 'N'),
    (0x2000_0000, 'P'),
    (0x4000_0000, 'F'),
];

fn at(path: &Path, error: io::Error) -> io::Error {
    let text = error.raw_os_error().map_or_else(|| error.to_string(), |_| plain_words(&error));
    io::Error::new(error.kind(), format!("{text}: {}", path.display()))
}

/// Without Rust's `(os error 2)`.
fn plain_words(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_string()
}

/// From /proc, since asking for the umask by setting it would show it changed to other threads.
fn umask(os: &Os) -> u32 {
    let status = os.read(Path::new("/proc/self/status")).unwrap_or_default();
    let status = String::from_utf8_lossy(&status);
    let line = status.lines().find_map(|line| line.strip_prefix("Umask:"));
    line.and_then(|mask| u32::from_str_radix(mask.trim(), 8).ok()).unwrap_or(0o022)
}

#[allow(clippy::unnecessary_cast, reason = "these types differ between architectures")]
fn stat_of(stat: &fs::Stat) -> Stat {
    let kind = match FileType::from_raw_mode(stat.st_mode) {
        FileType::Directory => Kind::Directory,
        FileType::Symlink => Kind::Link,
        FileType::Fifo => Kind::Fifo,
        FileType::Socket => Kind::Socket,
        FileType::CharacterDevice => Kind::CharDevice,
        FileType::BlockDevice => Kind::BlockDevice,
        _ => Kind::File,
    };
    Stat {
        kind,
        mode: stat.st_mode & 0o7777,
        uid: stat.st_uid,
        gid: stat.st_gid,
        size: stat.st_size as u64,
        inode: stat.st_ino as u64,
        device: stat.st_dev as u64,
        device_type: stat.st_rdev as u64,
        links: stat.st_nlink as u64,
        blocks: stat.st_blocks as u64,
        block_size: stat.st_blksize as u64,
        accessed: (stat.st_atime as i64, stat.st_atime_nsec as u32),
        modified: (stat.st_mtime as i64, stat.st_mtime_nsec as u32),
        changed: (stat.st_ctime as i64, stat.st_ctime_nsec as u32),
    }
}

/// A name in the same folder that nobody has.
fn beside(path: &Path) -> io::Result<PathBuf> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let name =
        path.file_name().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "a path without a file name"))?;
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    // Long names leave no room for more.
    let name: String = name.to_string_lossy().chars().take(40).collect();
    let own = format!(".{name}.{}-{count}.deploy", std::process::id());
    Ok(path.with_file_name(own))
}

/// Nobody but the owner sees it before it has its final mode; its owner changes before its mode, which that may take away.
fn fill(temporary: &Path, source: Source, meta: Meta, watch: &Watch) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(temporary)?;
    pour(source, &mut file, watch)?;
    let now = fs::fstat(&file)?;
    let uid = (now.st_uid != meta.uid).then(|| Uid::from_raw(meta.uid));
    let gid = (now.st_gid != meta.gid).then(|| Gid::from_raw(meta.gid));
    if uid.is_some() || gid.is_some() {
        fs::fchown(&file, uid, gid)?;
    }
    fs::fchmod(&file, Mode::from_raw_mode(meta.mode))?;
    file.sync_all()
}

fn pour(source: Source, file: &mut File, watch: &Watch) -> io::Result<()> {
    match source {
        Source::Bytes(bytes) => file.write_all(bytes),
        Source::Path(path) => {
            let reader = File::open(path).map_err(|error| at(path, error))?;
            io::copy(&mut Watched { reader, watch: watch.clone() }, file).map(drop)
        }
    }
}

/// Access lists, SELinux labels and capabilities of an old file go over to the one that takes its place.
fn keep_attributes(old: &Path, new: &Path) -> io::Result<()> {
    let mut names = vec![0; 4096];
    // No old file, or a file system without such attributes.
    let Ok(length) = fs::llistxattr(old, &mut names) else { return Ok(()) };
    for name in names[..length].split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
        let mut value = vec![0; 65536];
        // What may not be read or set by this user is no more his than it was before.
        if let Ok(length) = fs::lgetxattr(old, name, &mut value) {
            let _ = fs::lsetxattr(new, name, &value[..length], XattrFlags::empty());
        }
    }
    Ok(())
}

/// A hold on what stands there now, which nobody can exchange any more.
fn hold(path: &Path, exact: bool) -> io::Result<OwnedFd> {
    let held = fs::open(path, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?;
    if exact && std::fs::read_link(by_number(&held))? != path {
        return Err(io::Error::other("a link has taken the place of a folder on the way"));
    }
    Ok(held)
}

/// The kernel's own way from a handle to the thing, where a call takes no handle of this kind.
fn by_number(held: &OwnedFd) -> String {
    format!("/proc/self/fd/{}", held.as_raw_fd())
}

/// The owner first: a change of owner takes the set-uid bit away.
fn give(held: &OwnedFd, meta: Meta) -> io::Result<()> {
    let now = fs::fstat(held)?;
    let uid = (now.st_uid != meta.uid).then(|| Uid::from_raw(meta.uid));
    let gid = (now.st_gid != meta.gid).then(|| Gid::from_raw(meta.gid));
    if uid.is_some() || gid.is_some() {
        fs::chownat(held, "", uid, gid, AtFlags::EMPTY_PATH)?;
    }
    let now = stat_of(&fs::fstat(held)?);
    if now.mode != meta.mode && !now.is_link() {
        fs::chmod(by_number(held), Mode::from_raw_mode(meta.mode))?;
    }
    Ok(())
}

fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Some file systems cannot sync a folder; the file's own bytes are safe already.
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
    Ok(())
}

fn replace(path: &Path, make: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<()> {
    let temporary = beside(path)?;
    make(&temporary).and_then(|()| std::fs::rename(&temporary, path)).map_err(|error| {
        let _ = std::fs::remove_file(&temporary);
        at(path, error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owner_and_mode_are_never_set_through_a_link() {
        let folder = std::env::temp_dir().join(format!("deploy-test-links-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("real")).unwrap();
        let folder = folder.canonicalize().unwrap();
        let (file, link, way) = (folder.join("real/file"), folder.join("link"), folder.join("way/file"));
        std::fs::write(&file, "x").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        std::os::unix::fs::symlink("real", folder.join("way")).unwrap();
        let mut os = Os::new();
        let mode = |os: &Os| os.stat(&file, false).unwrap().unwrap().mode;
        let before = os.stat(&file, false).unwrap().unwrap().meta();
        let wanted = Meta { mode: 0o600, ..before };
        os.set_meta(&link, wanted, false).unwrap();
        assert_eq!(mode(&os), before.mode, "a link that took a file's place");
        assert!(os.set_meta(&way, wanted, true).is_err());
        assert_eq!(mode(&os), before.mode, "a link that took a folder's place");
        os.set_meta(&way, wanted, false).unwrap();
        assert_eq!(mode(&os), 0o600);
        os.set_meta(&file, before, true).unwrap();
        assert_eq!(mode(&os), before.mode);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
