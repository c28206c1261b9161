//! A body that comes: in memory while it is small, in a private file when it grows.
use crate::helper::unique;
use crate::host::Contents;
use sha1::{Digest, Sha1};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

const IN_MEMORY: usize = 4 << 20;

#[derive(Default)]
pub struct Spool {
    bytes: Vec<u8>,
    file: Option<(File, PathBuf)>,
    size: u64,
}

impl Spool {
    /// Reads to the end; gives the SHA-1, and each piece to `also`.
    pub fn fill(&mut self, reader: &mut dyn Read, mut also: impl FnMut(&[u8])) -> io::Result<String> {
        let mut sha1 = Sha1::new();
        let mut buffer = vec![0; 1 << 16];
        loop {
            let count = match reader.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted && error.raw_os_error().is_some() => continue,
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
            let path = std::env::temp_dir().join(format!(".deploy-{:x}", unique()));
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

    /// What is in memory: all of it, unless it is large.
    pub fn bytes(&self) -> Option<&[u8]> {
        self.file.is_none().then_some(&self.bytes)
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
