//! Helpers of other users: started on demand, one for each identity, and their frames relayed.
use super::blobs::Blobs;
use super::lane::Lane;
use super::launch::{Prepared, Prompt};
use super::outbox::Outbox;
use super::{Program, answer};
use crate::machine::{Interrupt, Machine};
use crate::protocol::{
    self, Answer, Call, CallId, Cause, FromHelper, Hold, Identity, ToHelper, read_frame, write_frame,
};
use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{ChildStderr, ChildStdin, ChildStdout, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use value::Map;

/// A helper that says nothing for this long will not come.
const START: Duration = Duration::from_secs(30);
/// How often one that starts is asked whether it is still wanted.
const GLANCE: Duration = Duration::from_millis(100);
const PIECE: usize = 256 << 10;

/// One child for each identity. Lanes that come while it starts wait for it, and share what comes of that.
type Seat = Arc<OnceLock<Result<Arc<Child>, Refusal>>>;

/// Why there is no helper for an identity.
struct Refusal {
    cause: Option<Cause>,
    words: String,
}

impl From<String> for Refusal {
    fn from(words: String) -> Self {
        Self { cause: None, words }
    }
}

impl Refusal {
    fn because(cause: Cause, words: String) -> Self {
        Self { cause: Some(cause), words }
    }
}

#[derive(Clone)]
pub struct Children(Arc<Mutex<HashMap<Identity, Seat>>>, Arc<Around>);

/// What a child's frames are relayed to.
struct Around {
    program: Program,
    outbox: Outbox,
    blobs: Blobs,
    started: Mutex<Started>,
}

/// Every child that was ever started, with the thread that reads from it.
#[derive(Default)]
struct Started {
    children: Vec<(Arc<Child>, JoinHandle<()>)>,
    /// Nobody needs another one.
    ended: bool,
}

/// Where an answer goes; none: the call was dropped.
type Waiter = Sender<Option<Vec<Answer>>>;

struct Child {
    stdin: Mutex<Option<ChildStdin>>,
    /// Calls that wait for their answer.
    waiting: Mutex<HashMap<(protocol::Lane, CallId), Waiter>>,
    interrupt: Interrupt,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// The line to the helper that works on a lane's call.
#[derive(Clone)]
pub struct Line(Arc<Child>, protocol::Lane);

impl Line {
    // A child that is gone is noticed where its answer is waited for.
    pub fn commit(&self, id: CallId) {
        let _ = self.0.send(&ToHelper::Commit { lane: self.1, id });
    }
    pub fn cancel(&self, id: CallId) {
        let _ = self.0.send(&ToHelper::Cancel { lane: self.1, id });
    }
    pub fn credit(&self, id: CallId, bytes: u32) {
        let _ = self.0.send(&ToHelper::Credit { lane: self.1, id, bytes });
    }
}

impl Child {
    fn send(&self, message: &ToHelper) -> io::Result<()> {
        match &mut *lock(&self.stdin) {
            Some(stdin) => write_frame(stdin, message),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }
}

impl Children {
    pub fn new(program: Program, outbox: Outbox, blobs: Blobs) -> Self {
        let around = Around { program, outbox, blobs, started: Mutex::default() };
        Self(Arc::default(), Arc::new(around))
    }

    /// Has another user's helper work on a call; none: it was dropped.
    pub fn work(&self, lane: &Lane, call: &Call, identity: &Identity, machine: &dyn Machine) -> Option<Vec<Answer>> {
        let failed = |why: &Refusal| {
            let answer = Answer { cause: why.cause, ..answer::failed(&why.words, Map::new()) };
            Some(vec![answer; call.body.items.len().max(1)])
        };
        let (seat, child) = loop {
            let seat = lock(&self.0).entry(identity.clone()).or_default().clone();
            match seat.get_or_init(|| self.start(identity, machine)) {
                // It ended while nobody needed it.
                Ok(child) if lock(&child.stdin).is_none() && !lock(&self.1.started).ended => {
                    self.leave(identity, &seat)
                }
                Ok(child) => break (seat.clone(), child.clone()),
                Err(why) => {
                    self.leave(identity, &seat);
                    return failed(why);
                }
            }
        };
        let (sender, answers) = channel();
        lock(&child.waiting).insert((call.lane, call.id), sender);
        let hold = if call.hold == Hold::AtStart { Hold::No } else { call.hold };
        let own = Call { identity: None, hold, ..call.clone() };
        let sent = child.send(&ToHelper::Call(own));
        lane.relayed(Some(Line(child, call.lane)), call);
        match sent.map_err(|_| ()).and_then(|()| answers.recv().map_err(|_| ())) {
            Ok(items) => items,
            Err(()) => {
                self.leave(identity, &seat);
                failed(&format!("become: the helper of user {} ended before it answered", identity.user).into())
            }
        }
    }

    fn start(&self, identity: &Identity, machine: &dyn Machine) -> Result<Arc<Child>, Refusal> {
        let prepared = self.1.program.launch.prepare(identity, machine)?;
        start(prepared, identity, machine, &self.1)
    }

    /// Whoever comes next starts another one, unless somebody has done so already.
    fn leave(&self, identity: &Identity, seat: &Seat) {
        let mut seats = lock(&self.0);
        if seats.get(identity).is_some_and(|own| Arc::ptr_eq(own, seat)) {
            seats.remove(identity);
        }
    }

    /// Ends all of them and waits until they are gone.
    pub fn end(&self) {
        let children = {
            let mut started = lock(&self.1.started);
            started.ended = true;
            std::mem::take(&mut started.children)
        };
        for (child, _) in &children {
            child.interrupt.stop();
            lock(&child.stdin).take();
        }
        for (_, thread) in children {
            // It only reads; its panic would have been told already.
            let _ = thread.join();
        }
    }
}

/// What can be heard of a helper that starts.
enum Sign {
    Said(String),
    Hello(Box<ChildStdout>),
    Ended,
}

fn start(
    prepared: Prepared,
    identity: &Identity,
    machine: &dyn Machine,
    around: &Arc<Around>,
) -> Result<Arc<Child>, Refusal> {
    let Prepared { mut command, prompt, mark, copy } = prepared;
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // A Ctrl-C at the controller's terminal is for the controller, which lets what runs finish; this ends with its input.
    command.process_group(0);
    let program = command.get_program().to_string_lossy().into_owned();
    let mut process = command.spawn().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => format!("become: {program} is not installed on this host"),
        _ => format!("become: {program} cannot be started: {error}"),
    })?;
    let (Some(mut stdin), Some(stdout), Some(stderr)) =
        (process.stdin.take(), process.stdout.take(), process.stderr.take())
    else {
        return Err("become: the helper has no pipes".to_string().into());
    };
    let (signs, heard) = channel();
    listen(stderr, signs.clone());
    await_hello(stdout, signs, mark);
    let stdout = match greet(&mut stdin, &heard, identity, &prompt, around) {
        Ok(stdout) => stdout,
        Err(why) => {
            drop(stdin);
            // It may be gone already.
            let _ = process.kill();
            let _ = process.wait();
            return Err(why);
        }
    };
    let interrupt = machine.another().interrupt();
    let child = Arc::new(Child { stdin: Mutex::new(Some(stdin)), waiting: Mutex::default(), interrupt });
    let (own, own_around) = (child.clone(), around.clone());
    let thread = std::thread::spawn(move || {
        relay(&own, stdout, &own_around);
        // In this order nobody begins to wait once those who wait have been sent away.
        lock(&own.stdin).take();
        lock(&own.waiting).clear();
        let _ = process.wait();
        drop(copy);
    });
    let mut started = lock(&around.started);
    if started.ended {
        lock(&child.stdin).take();
    }
    started.children.push((child.clone(), thread));
    Ok(child)
}

fn listen(mut stderr: ChildStderr, signs: Sender<Sign>) {
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = stderr.read(&mut buffer) {
            // Nobody listens once it has started; the pipe is read on so that it never fills.
            let _ = signs.send(Sign::Said(String::from_utf8_lossy(&buffer[..count]).into_owned()));
        }
    });
}

fn await_hello(mut stdout: ChildStdout, signs: Sender<Sign>, mark: Option<String>) {
    std::thread::spawn(move || {
        let marked = mark.is_none_or(|mark| pass_over(&mut stdout, &mark).is_ok());
        let sign = match marked.then(|| read_frame::<FromHelper>(&mut stdout)) {
            Some(Ok(Some(FromHelper::Hello(_)))) => Sign::Hello(Box::new(stdout)),
            _ => Sign::Ended,
        };
        let _ = signs.send(sign);
    });
}

/// Byte by byte, for what follows the mark belongs to the helper.
fn pass_over(stdout: &mut impl Read, mark: &str) -> io::Result<()> {
    const LONGEST: usize = 256 << 10;
    let (mut line, mut byte) = (Vec::new(), [0]);
    for _ in 0..LONGEST {
        stdout.read_exact(&mut byte)?;
        match byte[0] {
            b'\n' if line.ends_with(mark.as_bytes()) => return Ok(()),
            b'\n' => line.clear(),
            byte => line.push(byte),
        }
    }
    Err(io::ErrorKind::UnexpectedEof.into())
}

/// Answers the prompt, if there is one, and waits for the first word.
fn greet(
    stdin: &mut ChildStdin,
    heard: &Receiver<Sign>,
    identity: &Identity,
    prompt: &Prompt,
    around: &Around,
) -> Result<ChildStdout, Refusal> {
    let end = Instant::now() + START;
    let (mut said, mut asked) = (String::new(), false);
    let mut ended = false;
    loop {
        let patience = if ended { Duration::from_millis(200) } else { GLANCE };
        match heard.recv_timeout(patience) {
            Ok(Sign::Hello(stdout)) => return Ok(*stdout),
            // What it said last may still be on its way.
            Ok(Sign::Ended) => ended = true,
            Ok(Sign::Said(text)) => {
                said.push_str(&text);
                if prompt.is_in(&said) {
                    if asked {
                        return Err(wrong_password(&identity.method));
                    }
                    let password = identity.password.as_ref().map_or("", |password| password.0.as_str());
                    // If it does not read, it ends, and says why.
                    let _ = stdin.write_all(format!("{password}\n").as_bytes()).and_then(|()| stdin.flush());
                    asked = true;
                    said.clear();
                }
                if matches!(prompt, Prompt::None) && Prompt::AnyPassword.is_in(&said) {
                    return Err(missing_password(&identity.method));
                }
                if asked && said.contains("try again") {
                    return Err(wrong_password(&identity.method));
                }
            }
            Err(RecvTimeoutError::Timeout) if lock(&around.started).ended => {
                return Err("become: the run ended before the helper came".to_string().into());
            }
            Err(RecvTimeoutError::Timeout) if !ended && Instant::now() < end => {}
            Err(RecvTimeoutError::Timeout) if !ended => {
                let (method, said) = (&identity.method, said.trim());
                return Err(format!("become: timed out waiting for {method} to start the helper: {said}").into());
            }
            Err(_) => return Err(refusal(&said, identity, asked)),
        }
    }
}

impl Prompt {
    /// Whether the last thing that was said is this question.
    pub fn is_in(&self, said: &str) -> bool {
        match self {
            Prompt::None => false,
            Prompt::Own(words) => said.contains(words.as_str()),
            Prompt::AnyPassword => said.trim_end().ends_with(':') && said.to_lowercase().contains("password"),
        }
    }
}

/// Why it did not start, in Ansible's words where it has some.
fn refusal(said: &str, identity: &Identity, asked: bool) -> Refusal {
    let (method, user) = (&identity.method, &identity.user);
    let any = |words: &[&str]| words.iter().any(|word| said.contains(word));
    let lines = || said.trim().lines().collect::<Vec<_>>().join("; ");
    if any(&["not in the sudoers", "is not allowed to", "may not run", "Operation not permitted"]) {
        let words = format!("become: the user is not allowed to become {user} by {method}: {}", lines());
        Refusal::because(Cause::BecomeNotAllowed, words)
    } else if any(&["a password is required", "a terminal is required", "no tty present", "Authentication required"]) {
        missing_password(method)
    } else if asked && any(&["incorrect password", "Authentication failure", "Sorry"])
        || any(&["Authentication failure"])
    {
        match asked {
            true => wrong_password(method),
            false => missing_password(method),
        }
    } else {
        format!("become: {method} could not start the helper as {user}: {}", lines()).into()
    }
}

fn missing_password(method: &str) -> Refusal {
    Refusal::because(Cause::BecomePasswordMissing, format!("Missing {method} password"))
}

fn wrong_password(method: &str) -> Refusal {
    Refusal::because(Cause::BecomePasswordWrong, format!("Incorrect {method} password"))
}

fn relay(child: &Arc<Child>, stdout: ChildStdout, around: &Arc<Around>) {
    let mut reader = io::BufReader::new(stdout);
    while let Ok(Some(message)) = read_frame::<FromHelper>(&mut reader) {
        let told = match message {
            FromHelper::Done { lane, id, items } => answered(child, (lane, id), Some(items)),
            FromHelper::Dropped { lane, id } => answered(child, (lane, id), None),
            FromHelper::Need { hash, stream } => {
                let (child, around) = (child.clone(), around.clone());
                std::thread::spawn(move || pass_on(&child, &around.blobs, hash, stream));
                Ok(())
            }
            FromHelper::Hello(_) => Ok(()),
            other @ (FromHelper::Stream { .. } | FromHelper::Progress { .. }) => around.outbox.send(&other),
        };
        if told.is_err() {
            break;
        }
    }
}

fn answered(child: &Child, id: (protocol::Lane, CallId), items: Option<Vec<Answer>>) -> io::Result<()> {
    if let Some(sender) = lock(&child.waiting).remove(&id) {
        // A lane that has ended waits no more.
        let _ = sender.send(items);
    }
    Ok(())
}

/// A blob goes on to the child, which keeps it in a private file of its own.
fn pass_on(child: &Child, blobs: &Blobs, hash: protocol::BlobHash, stream: protocol::StreamId) {
    let sent = blobs.get(&hash, &child.interrupt, None).and_then(|path| {
        let mut file = std::fs::File::open(path)?;
        let mut piece = vec![0; PIECE];
        loop {
            let count = file.read(&mut piece)?;
            child.send(&ToHelper::Blob { hash, stream, bytes: piece[..count].to_vec() })?;
            if count == 0 {
                return Ok(());
            }
        }
    });
    if let Err(error) = sent {
        // If this cannot be said either, the child is gone.
        let _ = child.send(&ToHelper::NoBlob { hash, stream, why: error.to_string() });
    }
}
