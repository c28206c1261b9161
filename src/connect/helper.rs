//! A helper that runs, and the two ends of its stream: frames go in and messages come out, whatever carries them.
use super::receiving::Receiving;
use crate::world::blobs::{Blob, Blobs};
use std::collections::HashMap;
use std::io::Read;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use target::protocol::{BlobHash, Decoder, FromHelper, StreamId, ToHelper, encode};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc::{Receiver, Sender, UnboundedReceiver, UnboundedSender, channel, unbounded_channel};
use tokio::task::JoinHandle;

/// How much of a blob rides in one frame.
const PIECE: usize = 256 << 10;
pub type Reader = Box<dyn AsyncRead + Send + Unpin>;
pub type Writer = Box<dyn AsyncWrite + Send + Unpin>;

pub struct Helper {
    messages: UnboundedReceiver<Result<FromHelper, String>>,
    frames: UnboundedSender<Vec<u8>>,
    pieces: Sender<Vec<u8>>,
    /// What it, or the shell before it, said on the side.
    said: Arc<Mutex<String>>,
    /// Blobs on their way, each with the word that ends its sending.
    streams: HashMap<BlobHash, Arc<AtomicBool>>,
    /// Files that it sends.
    pub receiving: Receiving,
    writing: JoinHandle<()>,
    /// The thread of a helper in this process.
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Helper {
    /// `keep` is what the stream needs to stay open.
    pub fn new(
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
        let receiving = Receiving::new(frames.clone());
        Self { messages, frames, pieces, said, streams: HashMap::new(), receiving, writing, thread }
    }

    /// Its next message; the words of what was wrong with it; or nothing, when it has ended.
    pub async fn hear(&mut self) -> Option<Result<FromHelper, String>> {
        self.messages.recv().await
    }

    pub fn say(&self, message: &ToHelper) {
        match encode(message) {
            // A helper that is gone is noticed where its words are read.
            Ok(frame) => drop(self.frames.send(frame)),
            Err(error) => tracing::error!(%error, "a message could not be packed"),
        }
    }

    pub fn last_words(&self, why: &str) -> String {
        with(why.to_string(), &self.said)
    }

    /// Sends a blob. Who asks for one that is on its way has given that stream up.
    pub fn send_blob(&mut self, blobs: &Blobs, hash: BlobHash, stream: StreamId) {
        self.streams.retain(|_, over| !over.load(Ordering::Relaxed));
        let Some(blob) = blobs.get(&hash) else {
            return self.say(&ToHelper::NoBlob { hash, stream, why: "nobody knows these contents".into() });
        };
        let over = Arc::new(AtomicBool::new(false));
        if let Some(before) = self.streams.insert(hash, over.clone()) {
            before.store(true, Ordering::Relaxed);
        }
        let pieces = self.pieces.clone();
        tokio::task::spawn_blocking(move || {
            if let Err(why) = send_pieces(blob, hash, stream, &pieces, &over)
                && let Ok(frame) = encode(&ToHelper::NoBlob { hash, stream, why })
            {
                let _ = pieces.blocking_send(frame);
            }
            over.store(true, Ordering::Relaxed);
        });
    }

    /// It ends with its input; one in this process is waited for.
    pub async fn end(self) {
        let Self { frames, pieces, receiving, writing, thread, .. } = self;
        drop((frames, pieces, receiving));
        let _ = writing.await;
        if let Some(thread) = thread {
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }

    /// Nobody waits for what still goes out to a host that is out of reach.
    pub fn drop_at_once(self) {
        self.streams.values().for_each(|over| over.store(true, Ordering::Relaxed));
        self.writing.abort();
    }
}

async fn read_frames(mut reader: Reader, messages: UnboundedSender<Result<FromHelper, String>>) {
    let (mut decoder, mut buffer) = (Decoder::default(), vec![0; 64 << 10]);
    loop {
        let count = tokio::select! {
            read = reader.read(&mut buffer) => read,
            () = messages.closed() => return,
        };
        match count {
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

fn send_pieces(
    blob: Blob,
    hash: BlobHash,
    stream: StreamId,
    pieces: &Sender<Vec<u8>>,
    over: &AtomicBool,
) -> Result<(), String> {
    let mut reader: Box<dyn Read> = match &blob {
        Blob::Bytes(bytes) => Box::new(&bytes[..]),
        Blob::File { path, .. } => {
            Box::new(std::fs::File::open(path).map_err(|error| format!("{}: {error}", path.display()))?)
        }
    };
    while !over.load(Ordering::Relaxed) {
        let mut bytes = Vec::with_capacity(PIECE);
        let count = reader.by_ref().take(PIECE as u64).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
        let frame = encode(&ToHelper::Blob { hash, stream, bytes }).map_err(|error| error.to_string())?;
        if pieces.blocking_send(frame).is_err() || count == 0 {
            break;
        }
    }
    Ok(())
}

/// Keeps the end of what is said on the side; it explains a helper that did not come up.
pub async fn listen(mut stderr: impl AsyncRead + Unpin, said: Arc<Mutex<String>>) {
    const KEPT: usize = 4 << 10;
    let mut buffer = vec![0; 4 << 10];
    while let Ok(count @ 1..) = stderr.read(&mut buffer).await {
        let text = String::from_utf8_lossy(&buffer[..count]);
        tracing::debug!(stderr = %text);
        let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
        said.push_str(&text);
        let beyond = said.len().saturating_sub(KEPT);
        let cut = (beyond..said.len()).find(|at| said.is_char_boundary(*at)).unwrap_or(0);
        said.drain(..cut);
    }
}

/// These words, and what was said on the side.
pub fn with(words: String, said: &Mutex<String>) -> String {
    let said = said.lock().unwrap_or_else(PoisonError::into_inner);
    match (words.is_empty(), said.trim().is_empty()) {
        (_, true) => words,
        (true, false) => said.trim().to_string(),
        (false, false) => format!("{words}\n{}", said.trim()),
    }
}
