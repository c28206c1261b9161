//! Contents that hosts may ask for, by their hash: one blob is the same for every host and task, and a file's bytes are read when
//! somebody wants them.
use super::sinks::Sinks;
use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use target::protocol::BlobHash;

#[derive(Default)]
pub struct Blobs {
    known: Mutex<Known>,
    /// The other way: files that hosts were asked for.
    pub sinks: Sinks,
}

#[derive(Default)]
struct Known {
    blobs: HashMap<BlobHash, Blob>,
    /// Files that were hashed before, so that a task on a thousand hosts reads its file once.
    files: HashMap<PathBuf, (FileState, BlobHash)>,
}

#[derive(Clone)]
pub enum Blob {
    Bytes(Arc<[u8]>),
    File { path: PathBuf, size: u64 },
}

/// A file with another state was changed since.
#[derive(Clone, Copy, PartialEq)]
struct FileState {
    size: u64,
    modified: Option<std::time::SystemTime>,
}

impl Blobs {
    pub fn add_bytes(&self, bytes: Arc<[u8]>) -> BlobHash {
        let hash = *blake3::hash(&bytes).as_bytes();
        self.lock().blobs.insert(hash, Blob::Bytes(bytes));
        hash
    }

    /// The hash of a file's contents, and their size; hosts may ask for it.
    pub fn add_file(&self, path: &Path) -> std::io::Result<(BlobHash, u64)> {
        let (hash, size) = self.hash(path)?;
        self.lock().blobs.insert(hash, Blob::File { path: path.into(), size });
        Ok((hash, size))
    }

    /// The same for what no host may ask for.
    pub fn hash(&self, path: &Path) -> std::io::Result<(BlobHash, u64)> {
        let metadata = std::fs::metadata(path)?;
        let state = FileState { size: metadata.len(), modified: metadata.modified().ok() };
        if let Some((known, hash)) = self.lock().files.get(path)
            && *known == state
        {
            return Ok((*hash, state.size));
        }
        let hash = hash_file(path)?;
        self.lock().files.insert(path.into(), (state, hash));
        Ok((hash, state.size))
    }

    pub fn get(&self, hash: &BlobHash) -> Option<Blob> {
        self.lock().blobs.get(hash).cloned()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn hash_file(path: &Path) -> std::io::Result<BlobHash> {
    let (mut file, mut hasher, mut buffer) = (std::fs::File::open(path)?, blake3::Hasher::new(), vec![0; 256 << 10]);
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(*hasher.finalize().as_bytes()),
            count => hasher.update(&buffer[..count]),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_changed_is_another_blob() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        std::fs::write(&path, "one").unwrap();
        let blobs = Blobs::default();
        let (one, size) = blobs.add_file(&path).unwrap();
        assert_eq!((size, blobs.add_file(&path).unwrap().0), (3, one));
        std::fs::write(&path, "three").unwrap();
        assert_ne!(blobs.add_file(&path).unwrap().0, one);
    }
}
