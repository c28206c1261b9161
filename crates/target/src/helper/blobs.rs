//! Files of the controller, by hash: asked for once, kept in a private folder while the helper lives.
use super::outbox::Outbox;
use crate::machine::Interrupt;
use crate::protocol::{BlobHash, FromHelper, StreamId};
use std::collections::HashMap;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

#[derive(Clone)]
pub struct Blobs(Arc<(Mutex<Store>, Condvar)>);

struct Store {
    folder: Option<PathBuf>,
    blobs: HashMap<BlobHash, Blob>,
    /// How many times a blob was asked for.
    streams: StreamId,
    ended: bool,
    outbox: Outbox,
}

enum Blob {
    Coming { stream: StreamId, file: File, path: PathBuf, hasher: Box<blake3::Hasher> },
    Here(PathBuf),
    Failed(String),
}

impl Blobs {
    pub fn new(outbox: Outbox) -> Self {
        let store = Store { folder: None, blobs: HashMap::new(), streams: 0, ended: false, outbox };
        Self(Arc::new((Mutex::new(store), Condvar::new())))
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        self.0.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// The blob's file; asks for it, if nobody has, and waits.
    pub fn get(&self, hash: &BlobHash, interrupt: &Interrupt, deadline: Option<Instant>) -> io::Result<PathBuf> {
        let mut store = self.store();
        // What failed once may be there now.
        if !matches!(store.blobs.get(hash), Some(Blob::Coming { .. } | Blob::Here(_))) {
            store.begin(hash)?;
        }
        loop {
            match store.blobs.get(hash) {
                Some(Blob::Here(path)) => return Ok(path.clone()),
                Some(Blob::Failed(why)) => return Err(io::Error::other(why.clone())),
                _ if store.ended => return Err(io::ErrorKind::UnexpectedEof.into()),
                _ if deadline.is_some_and(|deadline| Instant::now() > deadline) => {
                    return Err(io::Error::new(io::ErrorKind::TimedOut, "ended: its time was over"));
                }
                _ => interrupt.check()?,
            }
            let waited = self.0.1.wait_timeout(store, Duration::from_millis(200));
            store = waited.unwrap_or_else(|poisoned| poisoned.into_inner()).0;
        }
    }

    /// A piece that came; an empty one ends the blob.
    pub fn take(&self, hash: &BlobHash, stream: StreamId, bytes: &[u8]) {
        self.store().take(hash, stream, bytes);
        self.0.1.notify_all();
    }

    pub fn fail(&self, hash: &BlobHash, stream: StreamId, why: String) {
        self.store().fail(hash, stream, why);
        self.0.1.notify_all();
    }

    /// No more will come.
    pub fn end(&self) {
        self.store().ended = true;
        self.0.1.notify_all();
    }
}

impl Store {
    fn begin(&mut self, hash: &BlobHash) -> io::Result<()> {
        let folder = match &self.folder {
            Some(folder) => folder.clone(),
            None => self.folder.insert(private_folder()?).clone(),
        };
        let path = folder.join(blake3::Hash::from_bytes(*hash).to_hex().as_str());
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path)?;
        self.streams += 1;
        let stream = self.streams;
        self.blobs.insert(*hash, Blob::Coming { stream, file, path, hasher: Box::default() });
        self.outbox.send(&FromHelper::Need { hash: *hash, stream })
    }

    /// What is left of a stream that was given up is passed over.
    fn take(&mut self, hash: &BlobHash, from: StreamId, bytes: &[u8]) {
        let Some(Blob::Coming { stream, file, path, hasher }) = self.blobs.get_mut(hash) else { return };
        if *stream != from {
            return;
        }
        hasher.update(bytes);
        let why = match file.write_all(bytes) {
            Err(error) => format!("cannot keep a file of the controller: {error}"),
            Ok(()) if !bytes.is_empty() => return,
            Ok(()) if hasher.finalize().as_bytes() == hash => {
                let here = Blob::Here(path.clone());
                self.blobs.insert(*hash, here);
                return;
            }
            Ok(()) => "a file of the controller came with other contents than were promised".into(),
        };
        self.fail(hash, from, why);
    }

    fn fail(&mut self, hash: &BlobHash, from: StreamId, why: String) {
        let Some(Blob::Coming { stream, path, .. }) = self.blobs.get(hash) else { return };
        if *stream == from {
            // It takes room that the next attempt needs; what cannot be removed goes with its folder.
            let _ = std::fs::remove_file(path);
            self.blobs.insert(*hash, Blob::Failed(why));
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        if let Some(folder) = &self.folder {
            // What cannot be removed is a private file that the system cleans away.
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

/// A new folder that only this user can read.
pub fn private_folder() -> io::Result<PathBuf> {
    let mut last = io::ErrorKind::NotFound.into();
    for base in [std::env::temp_dir(), "/var/tmp".into(), "/dev/shm".into()] {
        let path = base.join(format!(".deploy-{}-{:x}", std::process::id(), unique()));
        match DirBuilder::new().mode(0o700).create(&path) {
            Ok(()) => return Ok(path),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// Not to be guessed from outside, nor used twice.
pub fn unique() -> u64 {
    let mut bytes = [0; 8];
    // The kernel's random numbers; a machine without them would not have booted.
    let got = File::open("/dev/urandom").and_then(|mut file| io::Read::read_exact(&mut file, &mut bytes));
    match got {
        Ok(()) => u64::from_le_bytes(bytes),
        Err(_) => {
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |time| time.as_nanos() as u64)
        }
    }
}
