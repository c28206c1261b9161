//! Files that a host sends: each is written by a thread of its own, which tells the host how much more may come, so that neither end
//! ever holds more than a window of it.
use crate::world::blobs::Blobs;
use crate::world::sinks::Sink;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use target::protocol::{CallId, Lane, ToHelper, Token, WINDOW, encode};
use tokio::sync::mpsc::UnboundedSender;

type CallOf = (Lane, CallId);

pub struct Receiving {
    files: HashMap<Token, Coming>,
    /// The way back to the host.
    frames: UnboundedSender<Vec<u8>>,
}

struct Coming {
    call: CallOf,
    pieces: Sender<Vec<u8>>,
    /// Bytes that came and are not written yet.
    under_way: Arc<AtomicU64>,
}

impl Receiving {
    pub fn new(frames: UnboundedSender<Vec<u8>>) -> Self {
        Self { files: HashMap::new(), frames }
    }

    /// Takes a piece, or says what is wrong with the host that sent it.
    pub fn take(&mut self, blobs: &Arc<Blobs>, call: CallOf, token: Token, piece: Vec<u8>) -> Result<(), &'static str> {
        if !self.files.contains_key(&token) {
            let dest = blobs.sinks.place(&token).ok_or("the helper sends a file that nobody asked for")?;
            let (pieces, coming) = channel();
            let under_way = Arc::<AtomicU64>::default();
            let credit = Credit { call, frames: self.frames.clone(), under_way: under_way.clone() };
            let blobs = blobs.clone();
            tokio::task::spawn_blocking(move || write(&blobs, &token, &dest, &coming, &credit));
            self.files.insert(token, Coming { call, pieces, under_way });
        }
        let Some(coming) = self.files.get(&token).filter(|coming| coming.call == call) else {
            return Err("the helper sends one file for two calls");
        };
        let cost = cost(&piece);
        if coming.under_way.fetch_add(cost, Ordering::Relaxed) + cost > WINDOW {
            return Err("the helper sends more of a file than it may");
        }
        let is_end = piece.is_empty();
        // A writer that failed has said so to the host, which may not have heard it yet.
        let _ = coming.pieces.send(piece);
        if is_end {
            self.files.remove(&token);
        }
        Ok(())
    }

    /// The call is over: what has not come whole will not come.
    pub fn give_up(&mut self, call: CallOf) {
        self.files.retain(|_, coming| coming.call != call);
    }
}

/// The end counts too, for it is answered.
fn cost(piece: &[u8]) -> u64 {
    piece.len().max(1) as u64
}

/// Tells the host of room.
struct Credit {
    call: CallOf,
    frames: UnboundedSender<Vec<u8>>,
    under_way: Arc<AtomicU64>,
}

impl Credit {
    fn give(&self, bytes: u64) {
        self.under_way.fetch_sub(bytes, Ordering::Relaxed);
        let (lane, id) = self.call;
        if let Ok(frame) = encode(&ToHelper::Credit { lane, id, bytes: u32::try_from(bytes).unwrap_or(u32::MAX) }) {
            // A host that is gone needs no room.
            let _ = self.frames.send(frame);
        }
    }
}

fn write(blobs: &Blobs, token: &Token, dest: &Path, pieces: &Receiver<Vec<u8>>, credit: &Credit) {
    let mut sink = Sink::beside(dest);
    while let Ok(piece) = pieces.recv() {
        let written = match &mut sink {
            Ok(sink) => sink.add(&piece),
            Err(_) => Ok(()),
        };
        sink = written.and(sink);
        if piece.is_empty() || sink.is_err() {
            let refused = sink.is_err();
            blobs.sinks.came(token, sink);
            return credit.give(if refused { 0 } else { cost(&piece) });
        }
        credit.give(cost(&piece));
    }
}
