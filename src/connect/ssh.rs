//! ssh as transport: a master of our own per connection, to which channels attach without a process each. The user's ssh config, agent,
//! jump hosts and known hosts hold, since it is the user's own ssh that connects.
use super::Settings;
use super::askpass::{self, Answers};
use super::failure::Failure;
use crate::engine::message::{Connection, SshOptions};
use openssh::Session;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::process::Command;
use tokio::sync::Mutex as AsyncMutex;

/// A master on this machine that says nothing for this long is not well.
const ANSWER: Duration = Duration::from_secs(5);

/// The masters of a run, by their sockets: links to one login share one.
#[derive(Default)]
pub struct Masters {
    slots: Mutex<HashMap<PathBuf, Arc<Slot>>>,
}

/// Locked while a master is started or ended there, so that neither meets the other half-way.
type Slot = AsyncMutex<Option<Arc<Master>>>;

/// A running master that we are attached to.
pub struct Master {
    session: Arc<Session>,
    /// It was started now, and not by an earlier run.
    new: bool,
    /// Whether it stays for the next run when this one ends.
    persists: bool,
    /// It takes no more channels from us; those that stand go on.
    given_up: AtomicBool,
}

impl Masters {
    /// The master that stands; or attaches to one that still idles there, or starts one.
    pub async fn connect(
        &self,
        connection: &Connection,
        options: &SshOptions,
        settings: &Settings,
        timeout: u32,
    ) -> Result<Arc<Master>, Failure> {
        prepare_dir(&settings.control_dir)?;
        let socket = socket_path(&settings.control_dir, connection, options);
        let slot = self.slots.lock().unwrap_or_else(PoisonError::into_inner).entry(socket.clone()).or_default().clone();
        let mut slot = slot.lock().await;
        match slot.take() {
            Some(master) if master.is_given_up() => master.stop().await,
            Some(master) if master.answers().await => return Ok(slot.insert(master).clone()),
            _ => {}
        }
        let _starting = lock(&socket).await?;
        let persists = options.control_persist.as_deref() != Some("no");
        let master = |session, new| Arc::new(Master { session, new, persists, given_up: AtomicBool::new(false) });
        if let Some(session) = attach(&socket).await {
            tracing::info!(host = %connection.name, "attached to the ssh master of an earlier run");
            return Ok(slot.insert(master(session, false)).clone());
        }
        start(connection, options, settings, &socket, timeout).await?;
        let destination = destination(options);
        let session = attach(&socket)
            .await
            .ok_or_else(|| Failure::Ssh { words: "the ssh master ended as soon as it stood".into(), destination })?;
        tracing::info!(host = %connection.name, "the ssh master stands");
        Ok(slot.insert(master(session, true)).clone())
    }

    /// Leaves the masters to their idle time; those that are not to stay end.
    pub async fn close(&self) {
        let slots = std::mem::take(&mut *self.slots.lock().unwrap_or_else(PoisonError::into_inner));
        for slot in slots.into_values() {
            if let Some(master) = slot.lock().await.take().filter(|master| !master.persists || master.is_given_up()) {
                master.stop().await;
            }
        }
    }
}

impl Master {
    pub fn session(&self) -> &Arc<Session> {
        &self.session
    }

    async fn answers(&self) -> bool {
        matches!(tokio::time::timeout(ANSWER, self.session.check()).await, Ok(Ok(())))
    }

    pub fn is_new(&self) -> bool {
        self.new
    }

    /// From now on nobody gets it any more; it ends when the next one is to stand in its place, or with the run.
    pub fn give_up(&self) {
        self.given_up.store(true, Ordering::Release);
    }

    pub fn is_given_up(&self) -> bool {
        self.given_up.load(Ordering::Acquire)
    }

    /// It hears of no further channel, and ends with the last that it carries: nobody's running calls are cut.
    async fn stop(&self) {
        let socket = self.session.control_socket();
        let asked = Session::resume_mux(socket.into(), None).close();
        match tokio::time::timeout(ANSWER, asked).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::debug!(%error, "the ssh master did not end as asked"),
            Err(_) => tracing::debug!("the ssh master does not answer"),
        }
        let _ = std::fs::remove_file(socket);
    }
}

/// `user@host`, as messages name it.
pub fn destination(options: &SshOptions) -> String {
    match &options.user {
        Some(user) => format!("{user}@{}", options.address),
        None => options.address.clone(),
    }
}

fn prepare_dir(dir: &Path) -> Result<(), Failure> {
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir);
    made.map_err(Failure::local(format!("making {}", dir.display())))
}

/// Sockets have short paths (108 bytes in all), so the name is a hash of what makes the connection.
fn socket_path(dir: &Path, connection: &Connection, options: &SshOptions) -> PathBuf {
    let mut hasher = Sha256::new();
    // Helpers of both sizes share one login.
    hasher.update(connection.key.0.replacen("ssh+net", "ssh", 1).as_bytes());
    for word in options.args.iter().chain(&options.private_key_file).chain(&options.executable) {
        hasher.update([0]);
        hasher.update(word.as_bytes());
    }
    let name: String = hasher.finalize()[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    dir.join(name)
}

/// One process at a time starts a master: a second one would run beside it, out of anybody's reach.
async fn lock(socket: &Path) -> Result<File, Failure> {
    let path = socket.with_extension("lock");
    let taken = tokio::task::spawn_blocking(move || {
        let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path)?;
        rustix::fs::flock(&file, rustix::fs::FlockOperation::LockExclusive)?;
        Ok(file)
    });
    let taken = taken.await.unwrap_or_else(|error| Err(std::io::Error::other(error)));
    taken.map_err(Failure::local("locking the ssh control socket"))
}

async fn attach(socket: &Path) -> Option<Arc<Session>> {
    if !socket.exists() {
        return None;
    }
    let session = Session::resume_mux(socket.into(), None);
    match tokio::time::timeout(ANSWER, session.check()).await {
        Ok(Ok(())) => Some(Arc::new(session)),
        _ => {
            session.detach();
            let _ = std::fs::remove_file(socket);
            None
        }
    }
}

async fn start(
    connection: &Connection,
    options: &SshOptions,
    settings: &Settings,
    socket: &Path,
    timeout: u32,
) -> Result<(), Failure> {
    let private =
        tempfile::Builder::new().prefix("deploy-").tempdir().map_err(Failure::local("making a private folder"))?;
    let log = private.path().join("log");
    let stderr = File::create(&log).map_err(Failure::local("making ssh's log"))?;
    let questions = private.path().join("ask");
    let mut answers = Answers::listen(&questions, options.password.clone())
        .map_err(Failure::local("listening for ssh's questions"))?;
    let mut ssh = Command::new(options.executable.as_deref().unwrap_or("ssh"));
    ssh.args(arguments(options, settings, socket, &log, timeout))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(stderr);
    let program = std::env::current_exe().map_err(Failure::local("finding this program"))?;
    ssh.env("SSH_ASKPASS", program).env("SSH_ASKPASS_REQUIRE", "force").env(askpass::SOCKET, &questions);
    ssh.env("DISPLAY", std::env::var_os("DISPLAY").unwrap_or_else(|| ":0".into())).kill_on_drop(true);
    // A Ctrl-C at the terminal is for us: what is under way may finish.
    ssh.process_group(0);
    tracing::debug!(command = ?ssh.as_std(), "starting the ssh master");
    let mut child = ssh.spawn().map_err(Failure::local("starting ssh (is openssh-client installed?)"))?;
    let status = tokio::select! {
        status = child.wait() => status.map_err(Failure::local("waiting for ssh"))?,
        never = answers.serve() => match never {},
    };
    let words = std::fs::read_to_string(&log).unwrap_or_default();
    for line in words.lines() {
        tracing::debug!(host = %connection.name, ssh = line);
    }
    if status.success() {
        return Ok(());
    }
    let (words, destination) = (last_words(&words), destination(options));
    Err(
        match options.password.is_some()
            && (answers.was_refused() || answers.was_asked() && words.contains("Permission denied"))
        {
            true => Failure::Password { words, destination },
            false => Failure::Ssh { words, destination },
        },
    )
}

/// Ours stand first, then the user's, then what holds where nobody said otherwise: ssh takes the first it meets.
fn arguments(options: &SshOptions, settings: &Settings, socket: &Path, log: &Path, timeout: u32) -> Vec<String> {
    let mut words: Vec<String> = ["-M", "-f", "-N", "-S"].map(String::from).into();
    words.extend([socket.display().to_string(), "-E".into(), log.display().to_string()]);
    if settings.verbosity > 0 {
        words.push(format!("-{}", "v".repeat(settings.verbosity.min(3).into())));
    }
    if !options.host_key_checking {
        words.extend(["-o".into(), "StrictHostKeyChecking=no".into()]);
    }
    if options.control_persist.as_deref() == Some("no") {
        // It ends with the run. Should the run be killed, nobody else would end it.
        words.extend(["-o".into(), "ControlPersist=60".into()]);
    }
    words.extend(options.args.iter().cloned());
    let mut option = |name: &str, value: String| words.extend(["-o".into(), format!("{name}={value}")]);
    if let Some(port) = options.port {
        option("Port", port.to_string());
    }
    if let Some(file) = &options.private_key_file {
        option("IdentityFile", format!("\"{}\"", file.replace('"', "\\\"")));
    }
    if let Some(user) = &options.user {
        option("User", user.clone());
    }
    match options.password {
        Some(_) => option("NumberOfPasswordPrompts", "1".into()),
        None => {
            option("PasswordAuthentication", "no".into());
            option("KbdInteractiveAuthentication", "no".into());
        }
    }
    option("ConnectTimeout", timeout.to_string());
    option("ControlPersist", options.control_persist.clone().unwrap_or_else(|| "60".into()));
    option("ServerAliveInterval", "15".into());
    words.extend(["--".into(), options.address.clone()]);
    words
}

/// With these words begins what ssh says of its work, and of keys it learned.
const OF_ITS_WORK: [&str; 6] =
    ["debug", "OpenSSH_", "Authenticated to ", "Transferred: ", "Bytes per second: ", "Warning: Permanently added"];

/// What ssh said, without its own debugging and its banners' empty lines.
fn last_words(log: &str) -> String {
    let told = |line: &&str| {
        let line = line.trim();
        !line.is_empty() && !OF_ITS_WORK.iter().any(|words| line.starts_with(words))
    };
    let lines: Vec<_> = log.lines().filter(told).map(str::trim_end).collect();
    match lines.is_empty() {
        true => "ssh ended without a word".into(),
        false => lines.join("\n"),
    }
}
