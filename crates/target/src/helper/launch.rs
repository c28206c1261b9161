//! How a helper is started as another user: by sudo, su, doas or runuser, or, from root, by a copy that drops its privileges.
use super::blobs;
use crate::host::accounts::{self, UserLine};
use crate::machine::Machine;
use crate::protocol::Identity;
use rustix::fs::{Gid, Uid};
use rustix::thread;
use std::ffi::{OsStr, OsString};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A program that serves over stdin and stdout, and the words that make it do so.
#[derive(Clone, Debug)]
pub struct Launch {
    pub path: PathBuf,
    pub args: Vec<String>,
}

/// A command line for another user, and what its prompt for a password looks like.
pub struct Prepared {
    pub command: Command,
    pub prompt: Prompt,
    /// The line after which the helper speaks: before it, a login's profile may have something to say.
    pub mark: Option<String>,
    /// A copy that the other user can read; it goes when the helper ends.
    pub copy: Option<PublicCopy>,
}

pub enum Prompt {
    None,
    /// Exactly these words: ours.
    Own(String),
    /// Some program's own words.
    AnyPassword,
}

impl Launch {
    /// The running program itself.
    pub fn current(args: Vec<String>) -> io::Result<Self> {
        Ok(Self { path: fs::read_link("/proc/self/exe")?, args })
    }

    pub fn prepare(&self, identity: &Identity, machine: &dyn Machine) -> Result<Prepared, String> {
        let line = accounts::user(machine, &identity.user).map_err(|error| error.to_string())?;
        let from_root = machine.identity().uid == 0;
        // A program or words of the user's own say more than who it is to be (`-i`: a login's environment).
        if from_root && identity.exe.is_none() && identity.flags.is_empty() {
            let line = line.ok_or_else(|| format!("become: there is no user `{}` on this host", identity.user))?;
            return self.dropped(identity, &line, machine);
        }
        if identity.method == "runuser" && !from_root {
            return Err("become: runuser needs root; log in as root or use sudo".into());
        }
        let copy = match &line {
            Some(line) if line.uid == 0 => None,
            _ => Some(PublicCopy::of(&self.path).map_err(|error| format!("become: no place for the helper: {error}"))?),
        };
        let path = copy.as_ref().map_or(&self.path, |copy| &copy.path);
        let locale = match std::env::var("LC_ALL") {
            Ok(locale) => format!("LC_ALL={}; export LC_ALL", quoted(&locale)),
            Err(_) => "unset LC_ALL".into(),
        };
        let mark = format!("deploy-{:x}", blobs::unique());
        let before = format!("{locale}; echo {mark}");
        let (mut command, prompt) = escalation(identity, path, &self.args, &before)?;
        command.env("LC_ALL", "C");
        let mark = (identity.method != "doas").then_some(mark);
        Ok(Prepared { command, prompt, mark, copy })
    }

    /// Whether this user is the one that works here already: to become it nothing is needed.
    pub fn is_own(identity: &Identity, machine: &dyn Machine) -> bool {
        let line = accounts::user(machine, &identity.user).ok().flatten();
        line.is_some_and(|line| line.uid == machine.identity().uid)
    }

    /// From root no tool is needed, only the environment that it would give.
    fn dropped(&self, identity: &Identity, line: &UserLine, machine: &dyn Machine) -> Result<Prepared, String> {
        let groups = accounts::groups_of(machine, &line.name).map_err(|error| error.to_string())?;
        let groups: Vec<_> = groups.iter().map(|group| group.gid.to_string()).collect();
        let mut command = Command::new(&self.path);
        command.args(&self.args).arg("--drop").arg(format!("{}:{}:{}", line.uid, line.gid, groups.join(",")));
        surround(&mut command, &identity.method, line, std::env::vars_os());
        command.current_dir("/");
        Ok(Prepared { command, prompt: Prompt::None, mark: None, copy: None })
    }
}

/// Where the tools that start afresh look for programs: sudo's `secure_path` as distributions ship it.
const SECURE_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// What sudo leaves of the environment, besides `LC_*`.
const KEPT: [&str; 11] = [
    "LANG",
    "LANGUAGE",
    "TERM",
    "COLORTERM",
    "COLORS",
    "LS_COLORS",
    "DISPLAY",
    "HOSTNAME",
    "TZ",
    "XAUTHORITY",
    "KRB5CCNAME",
];

/// The environment that this method gives: su and runuser change what names the user, the others start afresh.
fn surround(
    command: &mut Command,
    method: &str,
    line: &UserLine,
    environment: impl Iterator<Item = (OsString, OsString)>,
) {
    if !matches!(method, "su" | "runuser") {
        let words: Vec<_> = std::iter::once(command.get_program()).chain(command.get_args()).collect();
        let words = words.join(OsStr::new(" "));
        command.env_clear();
        if method == "sudo" {
            command.env("TERM", "unknown");
        }
        let kept = |name: &str| match method {
            "doas" => matches!(name, "DISPLAY" | "TERM"),
            _ => KEPT.contains(&name) || name.starts_with("LC_"),
        };
        command.envs(environment.filter(|(name, _)| name.to_str().is_some_and(kept)));
        command.env("PATH", SECURE_PATH);
        if method == "doas" {
            command.env("DOAS_USER", "root");
        } else {
            command.env("SUDO_USER", "root").env("SUDO_UID", "0").env("SUDO_GID", "0").env("SUDO_COMMAND", words);
        }
    }
    command.env("HOME", &line.home).env("USER", &line.name).env("LOGNAME", &line.name).env("SHELL", &line.shell);
    if method != "doas" {
        command.env("MAIL", format!("/var/mail/{}", line.name));
    }
}

/// The command line that starts a program as another user. It is to be run under `LC_ALL=C`, so that the tool's words are
/// known; `before` is what a shell does before the program takes its place, and can undo that. doas knows nothing of it.
pub fn escalation(
    identity: &Identity,
    path: &Path,
    args: &[String],
    before: &str,
) -> Result<(Command, Prompt), String> {
    let mut command = Command::new(identity.exe.as_deref().unwrap_or(&identity.method));
    let with_password = identity.password.is_some();
    let words = std::iter::once(quoted(&path.to_string_lossy())).chain(args.iter().map(|arg| quoted(arg)));
    let words = words.collect::<Vec<_>>().join(" ");
    let prompt = match identity.method.as_str() {
        "sudo" => {
            let flags = identity.flags.iter().filter(|flag| !with_password || *flag != "-n");
            command.args(flags);
            if identity.flags.is_empty() {
                command.arg("-H");
            }
            let prompt = format!("[sudo via deploy, {:x}] password: ", blobs::unique());
            match with_password {
                // What sudo remembers of an earlier task says nothing about this one's password.
                true => command.args(["-k", "-S", "-p", &prompt]),
                false => command.arg("-n"),
            };
            // No `$` may stand in it: with `-i` it passes through a login shell, for which sudo leaves that as it is.
            command.args(["-u", &identity.user, "--", "/bin/sh", "-c", &format!("{before}; exec {words}")]);
            if with_password { Prompt::Own(prompt) } else { Prompt::None }
        }
        "doas" => {
            if with_password {
                return Err(
                    "become: doas asks for passwords on a terminal only; allow it `nopass` or `persist`, or use sudo"
                        .into(),
                );
            }
            command.args(&identity.flags).args(["-n", "-u", &identity.user]).arg(path).args(args);
            Prompt::None
        }
        "su" | "runuser" => {
            let line = format!("{before}; exec {words}");
            command.args(&identity.flags).args([&identity.user, "-s", "/bin/sh", "-c", &line]);
            if with_password { Prompt::AnyPassword } else { Prompt::None }
        }
        other => {
            return Err(format!("become: the method `{other}` is not known; known are sudo, su, doas and runuser"));
        }
    };
    Ok((command, prompt))
}

/// For a shell.
pub fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// The program where any user can run it and nobody else can list it or put something beside it.
pub struct PublicCopy {
    folder: PathBuf,
    pub path: PathBuf,
}

impl PublicCopy {
    fn of(program: &Path) -> io::Result<Self> {
        let mut last = io::Error::from(io::ErrorKind::NotFound);
        for base in ["/tmp", "/var/tmp", "/dev/shm"] {
            match Self::inside(Path::new(base), program) {
                Ok(copy) => return Ok(copy),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn inside(base: &Path, program: &Path) -> io::Result<Self> {
        let flags = rustix::fs::statvfs(base)?.f_flag;
        if flags.contains(rustix::fs::StatVfsMountFlags::NOEXEC) {
            return Err(io::Error::new(
                io::ErrorKind::PermissionDenied,
                format!("{} is mounted noexec", base.display()),
            ));
        }
        let folder = base.join(format!(".deploy-{:x}", blobs::unique()));
        DirBuilder::new().mode(0o711).create(&folder)?;
        let copy = Self { path: folder.join("deploy-helper"), folder };
        // The umask may have taken bits away.
        fs::set_permissions(&copy.folder, fs::Permissions::from_mode(0o711))?;
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o755).open(&copy.path)?;
        io::copy(&mut File::open(program)?, &mut file)?;
        file.set_permissions(fs::Permissions::from_mode(0o755))?;
        Ok(copy)
    }
}

impl Drop for PublicCopy {
    fn drop(&mut self) {
        // It holds nothing but our program; the system cleans such folders.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// `uid:gid:group,group`: from here on this process is that user. Must be called while there is one thread.
pub fn drop_privileges(words: &str) -> io::Result<()> {
    let bad = || io::Error::new(io::ErrorKind::InvalidInput, "the user to become is not given as uid:gid:groups");
    let number = |word: &str| word.parse::<u32>().map_err(|_| bad());
    let mut fields = words.split(':');
    let mut field = || fields.next().ok_or_else(bad);
    let (uid, gid, groups) = (number(field()?)?, number(field()?)?, field()?);
    let mut all = vec![Gid::from_raw(gid)];
    for group in groups.split(',').filter(|group| !group.is_empty()) {
        all.push(Gid::from_raw(number(group)?));
    }
    let (uid, gid) = (Uid::from_raw(uid), Gid::from_raw(gid));
    thread::set_thread_groups(&all)?;
    thread::set_thread_res_gid(gid, gid, gid)?;
    thread::set_thread_res_uid(uid, uid, uid)?;
    if rustix::process::getuid() != uid || (uid.as_raw() != 0 && thread::set_thread_uid(Uid::ROOT).is_ok()) {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "privileges could not be dropped"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::Fake;
    use crate::protocol::Password;

    fn text(command: &Command) -> Vec<String> {
        let words = std::iter::once(command.get_program()).chain(command.get_args());
        words.map(|word| word.to_string_lossy().into_owned()).collect()
    }

    fn words(identity: Identity) -> Vec<String> {
        text(&escalation(&identity, Path::new("/x/it's"), &["--serve".into()], "unset LC_ALL").ok().unwrap().0)
    }

    fn identity(method: &str) -> Identity {
        Identity { method: method.into(), user: "bot".into(), exe: None, flags: vec![], password: None }
    }

    #[test]
    fn a_password_never_stands_on_a_command_line() {
        let line = r"unset LC_ALL; exec '/x/it'\''s' '--serve'";
        let want = ["sudo", "-H", "-n", "-u", "bot", "--", "/bin/sh", "-c", line];
        assert_eq!(words(identity("sudo")), want);
        let with = words(Identity { password: Some(Password("hunter2".into())), ..identity("sudo") });
        assert!(with.contains(&"-S".to_string()) && !with.iter().any(|word| word.contains("hunter2")));
        assert_eq!(words(identity("su")), ["su", "bot", "-s", "/bin/sh", "-c", line]);
        assert!(escalation(&identity("magic"), Path::new("/x"), &[], "true").is_err());
    }

    fn machine() -> Fake {
        let fake = Fake::default();
        let files = [
            ("/etc/passwd", "root:x:0:0::/root:/bin/sh\nbot:x:70:70::/srv/bot:/bin/false\n"),
            ("/etc/group", "bot:x:70:\nweb:x:71:bot\n"),
        ];
        for (path, text) in files {
            let mut world = fake.world();
            let node = world.nodes.get_mut(Path::new(path)).unwrap();
            node.bytes = text.as_bytes().into();
        }
        fake
    }

    /// What a command's environment is to be, sorted.
    fn environment(command: &Command) -> Vec<String> {
        let entry = |(name, value): (&OsStr, Option<&OsStr>)| {
            format!("{}={}", name.to_string_lossy(), value.unwrap_or_default().to_string_lossy())
        };
        command.get_envs().map(entry).collect()
    }

    #[test]
    fn root_needs_no_tool_unless_the_user_has_words_for_it() {
        let launch = Launch { path: "/proc/self/exe".into(), args: vec![] };
        let dropped = launch.prepare(&identity("sudo"), &machine()).unwrap_or_else(|why| panic!("{why}"));
        assert_eq!(text(&dropped.command), ["/proc/self/exe", "--drop", "70:70:71"]);
        let login = Identity { flags: vec!["-l".into()], ..identity("su") };
        let prepared = launch.prepare(&login, &machine()).unwrap_or_else(|why| panic!("{why}"));
        assert_eq!(text(&prepared.command)[..3], ["su", "-l", "bot"]);
        let other = Identity { exe: Some("/opt/sudo".into()), ..identity("sudo") };
        let prepared = launch.prepare(&other, &machine()).unwrap_or_else(|why| panic!("{why}"));
        assert_eq!(text(&prepared.command)[0], "/opt/sudo");
    }

    #[test]
    fn without_a_tool_the_environment_is_the_one_that_sudo_gives() {
        let line = accounts::user(&machine(), "bot").unwrap().unwrap();
        let of_root =
            [("LANG", "C.UTF-8"), ("LC_TIME", "C"), ("TOKEN", "x"), ("PATH", "/evil"), ("XDG_RUNTIME_DIR", "/x")];
        let of_root = || of_root.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
        let mut command = Command::new("/x");
        surround(&mut command, "sudo", &line, of_root());
        let want = [
            "HOME=/srv/bot",
            "LANG=C.UTF-8",
            "LC_TIME=C",
            "LOGNAME=bot",
            "MAIL=/var/mail/bot",
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "SHELL=/bin/false",
            "SUDO_COMMAND=/x",
            "SUDO_GID=0",
            "SUDO_UID=0",
            "SUDO_USER=root",
            "TERM=unknown",
            "USER=bot",
        ];
        assert_eq!(environment(&command), want);
        let mut command = Command::new("/x");
        surround(&mut command, "doas", &line, of_root());
        let names: Vec<_> = command.get_envs().map(|(name, _)| name.to_string_lossy()).collect();
        assert_eq!(names, ["DOAS_USER", "HOME", "LOGNAME", "PATH", "SHELL", "USER"]);
        let mut command = Command::new("/x");
        surround(&mut command, "su", &line, of_root());
        assert_eq!(
            environment(&command),
            ["HOME=/srv/bot", "LOGNAME=bot", "MAIL=/var/mail/bot", "SHELL=/bin/false", "USER=bot"]
        );
    }
}
