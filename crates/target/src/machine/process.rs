//! Runs one process in a group of its own, and takes its output until it ends, its time is over, or it is interrupted.
use super::interrupt::{Interrupt, signal, stopped};
use super::watch::late;
use super::{Command, Context, Output};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::ioctl_fionbio;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Stdio};
use std::time::{Duration, Instant};

/// After being asked to end, a process has this long before it is killed.
const GRACE: Duration = Duration::from_secs(3);
/// One that is to finish is waited for this long after the connection was cut.
const PATIENCE: Duration = Duration::from_secs(900);

pub fn run(command: &Command, context: &Context, interrupt: &Interrupt) -> io::Result<Output> {
    interrupt.check()?;
    let mut child = spawn(command, context)?;
    let group = Pid::from_child(&child);
    interrupt.begin(group, command.finish);
    let ended = Session::new(&mut child, command, context, interrupt).and_then(|mut session| session.follow(group));
    interrupt.end();
    let status = child.wait()?;
    let (stdout, stderr) = ended?;
    let status = status.code().unwrap_or_else(|| -status.signal().unwrap_or(1));
    Ok(Output { status, stdout, stderr })
}

fn spawn(command: &Command, context: &Context) -> io::Result<Child> {
    let Some((program, args)) = command.argv.split_first() else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "no command given"));
    };
    let mut process = std::process::Command::new(program);
    process.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    process.envs(context.environment.iter().map(|(name, value)| (name, value)));
    process.envs(command.env.iter().map(|(name, value)| (name, value)));
    if let Some(dir) = &command.dir {
        process.current_dir(dir);
    }
    let Some(umask) = command.umask else { return process.spawn() };
    // One thread's umask is every thread's, so it is set for the moment of the start only.
    let old = rustix::process::umask(rustix::fs::Mode::from_raw_mode(umask));
    let child = process.spawn();
    rustix::process::umask(old);
    child
}

struct Session<'s> {
    stdin: Option<ChildStdin>,
    input: &'s [u8],
    stdout: Option<ChildStdout>,
    stderr: Option<ChildStderr>,
    output: Vec<u8>,
    errors: Vec<u8>,
    deadline: Option<Instant>,
    finish: bool,
    interrupt: &'s Interrupt,
    /// When it was asked to end.
    asked: Option<Instant>,
    late: bool,
}

impl<'s> Session<'s> {
    fn new(
        child: &mut Child,
        command: &'s Command,
        context: &Context,
        interrupt: &'s Interrupt,
    ) -> io::Result<Session<'s>> {
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        for fd in [stdin.as_ref().map(AsFd::as_fd), stdout.as_ref().map(AsFd::as_fd), stderr.as_ref().map(AsFd::as_fd)]
        {
            fd.map_or(Ok(()), |fd| ioctl_fionbio(fd, true))?;
        }
        let stdin = stdin.filter(|_| !command.stdin.is_empty());
        Ok(Session {
            stdin,
            input: &command.stdin,
            stdout,
            stderr,
            output: Vec::new(),
            errors: Vec::new(),
            deadline: context.deadline,
            finish: command.finish,
            interrupt,
            asked: None,
            late: false,
        })
    }

    /// Until the process has ended. Somebody else (a daemon that it started) may hold its pipes for longer: nobody waits for that.
    fn follow(&mut self, group: Pid) -> io::Result<(Vec<u8>, Vec<u8>)> {
        let process = pidfd_open(group, PidfdFlags::empty())?;
        loop {
            let over = self.wait(process.as_fd())?;
            self.feed();
            drain(&mut self.stdout, &mut self.output);
            drain(&mut self.stderr, &mut self.errors);
            if over {
                break;
            }
            self.watch(group);
        }
        match (self.late, self.interrupt.is_stopped() && !self.finish) {
            (true, _) => Err(late()),
            (_, true) => Err(stopped()),
            _ => Ok((std::mem::take(&mut self.output), std::mem::take(&mut self.errors))),
        }
    }

    /// Whether the process has ended; returns when there is anything to do, at least every half second.
    fn wait(&self, process: BorrowedFd) -> io::Result<bool> {
        let mut fds = vec![PollFd::from_borrowed_fd(process, PollFlags::IN)];
        fds.extend(self.stdout.iter().map(|pipe| PollFd::new(pipe, PollFlags::IN)));
        fds.extend(self.stderr.iter().map(|pipe| PollFd::new(pipe, PollFlags::IN)));
        fds.extend(self.stdin.iter().map(|pipe| PollFd::new(pipe, PollFlags::OUT)));
        let tick = Timespec { tv_sec: 0, tv_nsec: 500_000_000 };
        match poll(&mut fds, Some(&tick)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(!fds[0].revents().is_empty()),
            Err(error) => Err(error.into()),
        }
    }

    fn feed(&mut self) {
        let Some(stdin) = &mut self.stdin else { return };
        match stdin.write(self.input) {
            Ok(count) => self.input = &self.input[count..],
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
            // It does not want the rest.
            Err(_) => self.input = &[],
        }
        if self.input.is_empty() {
            self.stdin = None;
        }
    }

    /// Asks the process to end when its time is over, and kills it when it does not.
    fn watch(&mut self, group: Pid) {
        let now = Instant::now();
        self.late |= self.deadline.is_some_and(|deadline| now > deadline);
        if !self.late && !self.interrupt.is_stopped() {
            return;
        }
        match self.asked {
            None => {
                self.asked = Some(now);
                if self.late {
                    signal(group, Signal::TERM);
                }
            }
            Some(since) if now - since > if self.finish && !self.late { PATIENCE } else { GRACE } => {
                signal(group, Signal::KILL);
            }
            Some(_) => {}
        }
    }
}

/// Takes what is there, without waiting.
fn drain(pipe: &mut Option<impl Read>, into: &mut Vec<u8>) {
    let Some(reader) = pipe else { return };
    let mut buffer = [0; 65536];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => into.extend_from_slice(&buffer[..count]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    *pipe = None;
}
