//! How a helper is started as another user: by sudo, su, doas or runuser, or, from root, by a copy that drops its privileges.
use super::blobs;
use crate::host::accounts::{self, UserLine};
use crate::machine::Machine;
use crate::protocol::Identity;
use rustix::fs::{Gid, Uid};
use rustix::thread;
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
        if machine.identity().uid == 0 {
            let line = line.ok_or_else(|| format!("become: there is no user `{}` on this host", identity.user))?;
            return self.dropped(&line, machine);
        }
        let copy = match &line {
            Some(line) if line.uid == 0 => None,
            _ => Some(PublicCopy::of(&self.path).map_err(|error| format!("become: no place for the helper: {error}"))?),
        };
        let path = copy.as_ref().map_or(&self.path, |copy| &copy.path);
        let (command, prompt) = escalation(identity, path, &self.args)?;
        Ok(Prepared { command, prompt, copy })
    }

    /// From root no tool is needed.
    fn dropped(&self, line: &UserLine, machine: &dyn Machine) -> Result<Prepared, String> {
        let groups = accounts::groups_of(machine, &line.name).map_err(|error| error.to_string())?;
        let groups: Vec<_> = groups.iter().map(|group| group.gid.to_string()).collect();
        let mut command = Command::new(&self.path);
        command.args(&self.args).arg("--drop").arg(format!("{}:{}:{}", line.uid, line.gid, groups.join(",")));
        command.env("HOME", &line.home).env("USER", &line.name).env("LOGNAME", &line.name).env("SHELL", &line.shell);
        for root_only in ["SUDO_USER", "SUDO_UID", "SUDO_GID", "SUDO_COMMAND", "MAIL", "XDG_RUNTIME_DIR"] {
            command.env_remove(root_only);
        }
        command.current_dir("/");
        Ok(Prepared { command, prompt: Prompt::None, copy: None })
    }
}

fn escalation(identity: &Identity, path: &Path, args: &[String]) -> Result<(Command, Prompt), String> {
    let mut command = Command::new(identity.exe.as_deref().unwrap_or(&identity.method));
    command.env("LC_ALL", "C");
    let with_password = identity.password.is_some();
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
            command.args(["-u", &identity.user, "--"]).arg(path).args(args);
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
        "su" => {
            let words = std::iter::once(quoted(&path.to_string_lossy())).chain(args.iter().map(|arg| quoted(arg)));
            let line = format!("exec {}", words.collect::<Vec<_>>().join(" "));
            command.args(&identity.flags).args([&identity.user, "-s", "/bin/sh", "-c", &line]);
            if with_password { Prompt::AnyPassword } else { Prompt::None }
        }
        "runuser" => return Err("become: runuser needs root; log in as root or use sudo".into()),
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
    use crate::protocol::Password;

    fn words(identity: Identity) -> Vec<String> {
        let (command, _) = escalation(&identity, Path::new("/x/it's"), &["--serve".into()]).ok().unwrap();
        let words = std::iter::once(command.get_program()).chain(command.get_args());
        words.map(|word| word.to_string_lossy().into_owned()).collect()
    }

    fn identity(method: &str) -> Identity {
        Identity { method: method.into(), user: "bot".into(), exe: None, flags: vec![], password: None }
    }

    #[test]
    fn a_password_never_stands_on_a_command_line() {
        assert_eq!(words(identity("sudo")), ["sudo", "-H", "-n", "-u", "bot", "--", "/x/it's", "--serve"]);
        let with = words(Identity { password: Some(Password("hunter2".into())), ..identity("sudo") });
        assert!(with.contains(&"-S".to_string()) && !with.iter().any(|word| word.contains("hunter2")));
        assert_eq!(words(identity("su")), ["su", "bot", "-s", "/bin/sh", "-c", r"exec '/x/it'\''s' '--serve'"]);
        assert!(escalation(&identity("magic"), Path::new("/x"), &[]).is_err());
    }
}
