//! A body that comes: in memory while it is small, in a private file when it grows.
use crate::helper::unique;
use crate::host::Contents;
use sha1::{Digest, Sha1};
use std::borrow::Cow;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

const IN_MEMORY: usize = 4 << 20;

#[derive(Default)]
pub struct Spool {
    /// Where a large body waits; none: the system's temporary folder.
    folder: Option<PathBuf>,
    bytes: Vec<u8>,
    file: Option<(File, PathBuf)>,
    size: u64,
}

impl Spool {
    pub fn in_folder(folder: &Path) -> Self {
        Self { folder: Some(folder.into()), bytes: Vec::new(), file: None, size: 0 }
    }

    /// Reads to the end; gives the SHA-1, and each piece to `also`.
    pub fn fill(&mut self, reader: &mut dyn Read, mut also: impl FnMut(&[u8])) -> io::Result<String> {
        let mut sha1 = Sha1::new();
        let mut buffer = vec![0; 1 << 16];
        loop {
            let count = match reader.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            sha1.update(&buffer[..count]);
            also(&buffer[..count]);
            self.add(&buffer[..count])?;
        }
        Ok(crate::host::looks::hex(&sha1.finalize()))
    }

    fn add(&mut self, piece: &[u8]) -> io::Result<()> {
        self.size += piece.len() as u64;
        if self.file.is_none() && self.bytes.len() + piece.len() > IN_MEMORY {
            let path = self.folder.clone().unwrap_or_else(std::env::temp_dir).join(format!(".deploy-{:x}", unique()));
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
            file.write_all(&self.bytes)?;
            self.bytes = Vec::new();
            self.file = Some((file, path));
        }
        match &mut self.file {
            Some((file, _)) => file.write_all(piece),
            None => {
                self.bytes.extend_from_slice(piece);
                Ok(())
            }
        }
    }

    pub fn size(&self) -> u64 {
        self.size
    }

    pub fn contents(&self) -> Contents {
        match &self.file {
            Some((_, path)) => Contents::Stored { path: path.clone(), size: self.size },
            None => Contents::text(&self.bytes),
        }
    }

    /// All of it, from wherever it waits.
    pub fn bytes(&self) -> io::Result<Cow<'_, [u8]>> {
        match &self.file {
            Some((_, path)) => std::fs::read(path).map(Cow::Owned),
            None => Ok(Cow::Borrowed(&self.bytes)),
        }
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        if let Some((_, path)) = &self.file {
            // A private file in a folder that the system cleans.
            let _ = std::fs::remove_file(path);
        }
    }
}
