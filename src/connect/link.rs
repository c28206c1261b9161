//! One connection's life: it is made when the first call is there, carries frames until nobody needs it, and says so when it breaks.
use super::failure::Failure;
use super::ssh::{Master, destination};
use super::{Order, Settings, bootstrap, local, plain};
use crate::engine::message::{Connection, Input, Outgoing, Transport};
use crate::world::blobs::Blob;
use openssh::{Session, Stdio};
use std::collections::{HashMap, HashSet};
use std::io::Read;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use target::protocol::{BlobHash, Call, CallId, Decoder, FromHelper, ToHelper, encode};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc::{Receiver, Sender, UnboundedReceiver, UnboundedSender, channel, unbounded_channel};
use tokio::task::JoinHandle;

/// How much of a blob rides in one frame.
const PIECE: usize = 256 << 10;
const BETWEEN_TRIES: Duration = Duration::from_secs(1);
type Reader = Box<dyn AsyncRead + Send + Unpin>;
type Writer = Box<dyn AsyncWrite + Send + Unpin>;

pub(super) async fn run(
    connection: Arc<Connection>,
    orders: UnboundedReceiver<Order>,
    inputs: UnboundedSender<Input>,
    settings: Arc<Settings>,
    before: Option<JoinHandle<()>>,
) {
    // Attached to a master that is about to end, it would end with it.
    if let Some(before) = before {
        let _ = before.await;
    }
    let mut link =
        Link { connection, inputs, settings, master: None, helper: None, sent: HashMap::new(), cancelled: false };
    let ended = link.serve(orders).await;
    if let Err(failure) = &ended {
        tracing::info!(host = %link.connection.name, %failure, "the connection is lost");
        let lost = Input::Lost { connection: link.connection.key.clone(), why: failure.outcome() };
        let _ = link.inputs.send(lost);
    }
    let end_master = ended.is_err() || link.cancelled;
    link.close(end_master).await;
}

struct Link {
    connection: Arc<Connection>,
    inputs: UnboundedSender<Input>,
    settings: Arc<Settings>,
    master: Option<Master>,
    helper: Option<Helper>,
    /// When calls went out, for the log.
    sent: HashMap<CallId, Instant>,
    /// The connection was reset: its master is not for the next run.
    cancelled: bool,
}

/// A helper that runs, and the two ends of its stream.
struct Helper {
    messages: UnboundedReceiver<Result<FromHelper, String>>,
    frames: UnboundedSender<Vec<u8>>,
    pieces: Sender<Vec<u8>>,
    /// What it, or the shell before it, said on the side.
    said: Arc<Mutex<String>>,
    asked: HashSet<BlobHash>,
    writing: JoinHandle<()>,
    /// The thread of a helper in this process.
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Link {
    async fn serve(&mut self, mut orders: UnboundedReceiver<Order>) -> Result<(), Failure> {
        loop {
            let message = async {
                match &mut self.helper {
                    Some(helper) => helper.messages.recv().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                order = orders.recv() => match order {
                    None => return Ok(()),
                    Some(Order::Reset) => {
                        self.cancelled = true;
                        return Ok(());
                    }
                    Some(order) => self.obey(order).await?,
                },
                message = message => match message {
                    Some(Ok(message)) => self.hear(message).await,
                    Some(Err(why)) => return Err(self.cut(&why)),
                    None => return Err(self.cut("")),
                },
            }
        }
    }

    async fn obey(&mut self, order: Order) -> Result<(), Failure> {
        let message = match order {
            Order::Call(call) if call.plain => return self.run_plain(call).await,
            Order::Call(call) => {
                self.reach(call.patience).await?;
                self.note_sent(&call);
                ToHelper::Call(on_the_wire(*call))
            }
            Order::Commit { lane, id } => ToHelper::Commit { lane, id },
            Order::Cancel { lane, id } => ToHelper::Cancel { lane, id },
            Order::Reset => return Ok(()),
        };
        self.say(&message);
        Ok(())
    }

    /// Its arguments are nobody's business: a log is read by others.
    fn note_sent(&mut self, call: &Outgoing) {
        self.sent.insert(call.id, Instant::now());
        let (host, module, items) = (&self.connection.name, &call.body.module, call.body.items.len());
        tracing::debug!(%host, id = call.id, %module, items, key = %call.key, hold = ?call.hold, "a call goes out");
    }

    fn say(&self, message: &ToHelper) {
        let Some(helper) = &self.helper else { return };
        match encode(message) {
            // A helper that is gone is noticed where its words are read.
            Ok(frame) => drop(helper.frames.send(frame)),
            Err(error) => tracing::error!(%error, "a message could not be packed"),
        }
    }

    async fn hear(&mut self, message: FromHelper) {
        match message {
            FromHelper::Hello(hello) => {
                tracing::info!(host = %self.connection.name, user = %hello.user, "the helper runs")
            }
            FromHelper::Done { id, lane, items } => {
                let took = self.sent.remove(&id).map(|sent| sent.elapsed()).unwrap_or_default();
                tracing::debug!(host = %self.connection.name, id, items = items.len(), ?took, "a call is answered");
                self.tell(Input::Answered { lane, id, items });
            }
            FromHelper::Dropped { id, lane } => self.tell(Input::Dropped { lane, id }),
            FromHelper::Need { hash } => self.send_blob(hash),
            FromHelper::Stream { .. } => tracing::warn!("a stream that nobody asked for"),
            FromHelper::Progress { id, text } => tracing::trace!(id, %text, "progress"),
        }
    }

    /// The engine's end closes only when the run is over.
    fn tell(&self, input: Input) {
        let _ = self.inputs.send(input);
    }

    fn send_blob(&mut self, hash: BlobHash) {
        let Some(helper) = &mut self.helper else { return };
        if !helper.asked.insert(hash) {
            return;
        }
        let (blob, pieces) = (self.settings.blobs.get(&hash), helper.pieces.clone());
        tokio::task::spawn_blocking(move || {
            let sent = match blob {
                Some(blob) => send_pieces(blob, hash, &pieces),
                None => Err("nobody knows these contents".to_string()),
            };
            if let Err(why) = sent
                && let Ok(frame) = encode(&ToHelper::NoBlob { hash, why })
            {
                let _ = pieces.blocking_send(frame);
            }
        });
    }

    // ---- getting there ----

    async fn session(&mut self) -> Result<Option<Arc<Session>>, Failure> {
        let Transport::Ssh(options) = &self.connection.transport else { return Ok(None) };
        if self.master.is_none() {
            self.master = Some(Master::connect(&self.connection, options, &self.settings).await?);
        }
        Ok(self.master.as_ref().map(|master| master.session().clone()))
    }

    /// Connects, again and again while the patience lasts.
    async fn reach(&mut self, patience: f64) -> Result<(), Failure> {
        let until = tokio::time::Instant::now() + Duration::from_secs_f64(patience.clamp(0.0, 1e7));
        loop {
            match self.ensure_helper().await {
                Err(failure) if tokio::time::Instant::now() < until => {
                    tracing::debug!(host = %self.connection.name, %failure, "not there yet");
                    if let Some(master) = self.master.take() {
                        master.leave(true).await;
                    }
                    tokio::time::sleep(BETWEEN_TRIES).await;
                }
                ended => return ended,
            }
        }
    }

    async fn ensure_helper(&mut self) -> Result<(), Failure> {
        if self.helper.is_some() {
            return Ok(());
        }
        self.helper = Some(match self.session().await? {
            None => local_helper()?,
            Some(session) => self.ssh_helper(session).await?,
        });
        Ok(())
    }

    async fn ssh_helper(&self, session: Arc<Session>) -> Result<Helper, Failure> {
        let name = self.name();
        let failed = |words: String| Failure::Helper { words, destination: name.clone() };
        let line =
            bootstrap::command(&self.settings.program, self.connection.larger, self.connection.remote_tmp.as_deref())?;
        let mut command = session.arc_raw_command(line);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().await.map_err(|error| failed(error.to_string()))?;
        let (stdin, stdout, stderr) = (child.stdin().take(), child.stdout().take(), child.stderr().take());
        let (Some(mut writer), Some(mut reader), Some(stderr)) = (stdin, stdout, stderr) else {
            return Err(failed("ssh gave no channel".into()));
        };
        let said = Arc::new(Mutex::new(String::new()));
        tokio::spawn(listen(stderr, said.clone()));
        let (program, larger) = (&self.settings.program, self.connection.larger);
        let installed = bootstrap::install(&mut reader, &mut writer, program, larger, &name).await;
        installed.map_err(|failure| match failure {
            Failure::Helper { words, destination } => Failure::Helper { words: with(words, &said), destination },
            other => other,
        })?;
        // The channel's end is seen at the reader; the child is kept so that the channel stays.
        Ok(Helper::new(Box::new(reader), Box::new(writer), said, Some(Box::new(child)), None))
    }

    async fn run_plain(&mut self, call: Box<Outgoing>) -> Result<(), Failure> {
        let session = self.session().await?;
        let (inputs, key) = (self.inputs.clone(), self.connection.key.clone());
        tokio::spawn(async move {
            let input = match plain::run(session, &call).await {
                Ok(items) => Input::Answered { lane: call.lane, id: call.id, items },
                Err(failure) => Input::Lost { connection: key, why: failure.outcome() },
            };
            let _ = inputs.send(input);
        });
        Ok(())
    }

    // ---- the end ----

    fn name(&self) -> String {
        match &self.connection.transport {
            Transport::Ssh(options) => destination(options),
            Transport::Local => self.connection.name.clone(),
        }
    }

    fn cut(&self, why: &str) -> Failure {
        let said = self.helper.as_ref().map(|helper| helper.said.clone()).unwrap_or_default();
        let words = with(why.to_string(), &said);
        let words = if words.is_empty() { "the helper ended, or the connection was cut".into() } else { words };
        Failure::Cut { words, destination: self.name() }
    }

    /// A helper ends with its input; one in this process is waited for.
    async fn close(mut self, end_master: bool) {
        if let Some(Helper { frames, pieces, writing, thread, .. }) = self.helper.take() {
            drop((frames, pieces));
            let _ = writing.await;
            if let Some(thread) = thread {
                let _ = tokio::task::spawn_blocking(move || thread.join()).await;
            }
        }
        if let Some(master) = self.master.take() {
            master.leave(end_master).await;
        }
    }
}

impl Helper {
    fn new(
        reader: Reader,
        writer: Writer,
        said: Arc<Mutex<String>>,
        keep: Option<Box<dyn std::any::Any + Send>>,
        thread: Option<std::thread::JoinHandle<()>>,
    ) -> Self {
        let (frames, frames_out) = unbounded_channel();
        let (pieces, pieces_out) = channel(4);
        let (sender, messages) = unbounded_channel();
        tokio::spawn(read_frames(reader, sender));
        let writing = tokio::spawn(write_frames(writer, frames_out, pieces_out, keep));
        Self { messages, frames, pieces, said, asked: HashSet::new(), writing, thread }
    }
}

fn local_helper() -> Result<Helper, Failure> {
    let (stream, thread) = local::start().map_err(Failure::local("starting the local helper"))?;
    let (reader, writer) = stream.into_split();
    Ok(Helper::new(Box::new(reader), Box::new(writer), Arc::default(), None, Some(thread)))
}

fn on_the_wire(call: Outgoing) -> Call {
    Call {
        id: call.id,
        lane: call.lane,
        key: call.key.to_string(),
        epoch: call.epoch,
        identity: call.identity,
        hold: call.hold,
        stop_on_fail: call.stop_on_fail,
        body: call.body,
    }
}

async fn read_frames(mut reader: Reader, messages: UnboundedSender<Result<FromHelper, String>>) {
    let (mut decoder, mut buffer) = (Decoder::default(), vec![0; 64 << 10]);
    loop {
        match reader.read(&mut buffer).await {
            Ok(0) | Err(_) => return,
            Ok(count) => decoder.push(&buffer[..count]),
        }
        loop {
            match decoder.next() {
                Ok(None) => break,
                Ok(Some(message)) => {
                    if messages.send(Ok(message)).is_err() {
                        return;
                    }
                }
                Err(error) => return drop(messages.send(Err(error.to_string()))),
            }
        }
    }
}

/// Orders go before pieces of big files, so that one file does not hold up the tasks of others.
async fn write_frames(
    mut writer: Writer,
    mut frames: UnboundedReceiver<Vec<u8>>,
    mut pieces: Receiver<Vec<u8>>,
    keep: Option<Box<dyn std::any::Any + Send>>,
) {
    loop {
        let frame = tokio::select! {
            biased;
            frame = frames.recv() => frame,
            Some(piece) = pieces.recv() => Some(piece),
        };
        let Some(mut frame) = frame else { break };
        while let Ok(more) = frames.try_recv() {
            frame.extend(more);
        }
        if writer.write_all(&frame).await.is_err() || writer.flush().await.is_err() {
            break;
        }
    }
    let _ = writer.shutdown().await;
    drop(keep);
}

fn send_pieces(blob: Blob, hash: BlobHash, pieces: &Sender<Vec<u8>>) -> Result<(), String> {
    let mut reader: Box<dyn Read> = match &blob {
        Blob::Bytes(bytes) => Box::new(&bytes[..]),
        Blob::File { path, .. } => {
            Box::new(std::fs::File::open(path).map_err(|error| format!("{}: {error}", path.display()))?)
        }
    };
    loop {
        let mut bytes = Vec::with_capacity(PIECE);
        let count = reader.by_ref().take(PIECE as u64).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
        let frame = encode(&ToHelper::Blob { hash, bytes }).map_err(|error| error.to_string())?;
        if pieces.blocking_send(frame).is_err() || count == 0 {
            return Ok(());
        }
    }
}

/// Keeps the end of what is said on the side; it explains a helper that did not come up.
async fn listen(mut stderr: impl AsyncRead + Unpin, said: Arc<Mutex<String>>) {
    const KEPT: usize = 4 << 10;
    let mut buffer = vec![0; 4 << 10];
    while let Ok(count @ 1..) = stderr.read(&mut buffer).await {
        let text = String::from_utf8_lossy(&buffer[..count]);
        tracing::debug!(stderr = %text);
        let mut said = said.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        said.push_str(&text);
        let beyond = said.len().saturating_sub(KEPT);
        let cut = (beyond..said.len()).find(|at| said.is_char_boundary(*at)).unwrap_or(0);
        said.drain(..cut);
    }
}

fn with(words: String, said: &Mutex<String>) -> String {
    let said = said.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    match (words.is_empty(), said.trim().is_empty()) {
        (_, true) => words,
        (true, false) => said.trim().to_string(),
        (false, false) => format!("{words}\n{}", said.trim()),
    }
}
