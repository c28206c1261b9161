//! Files that hosts send: each goes where its task says, as a whole or not at all, and is known by a token that nobody has but the
//! host that was asked for it.
use super::random;
use md5::Md5;
use sha1::{Digest, Sha1};
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use target::protocol::Token;
use tempfile::{Builder, NamedTempFile};

#[derive(Default)]
pub struct Sinks(Mutex<HashMap<Token, Wanted>>);

struct Wanted {
    dest: PathBuf,
    came: Option<io::Result<Came>>,
}

/// A file that has come, beside its place.
struct Came {
    file: NamedTempFile,
    sums: Sums,
}

/// What Ansible says of a file that was fetched.
#[derive(Clone, Debug, PartialEq)]
pub struct Sums {
    pub sha1: String,
    pub md5: String,
    /// Whether the same stood there before.
    pub same: bool,
}

/// A file that comes.
pub struct Sink {
    dest: PathBuf,
    file: NamedTempFile,
    sha1: Sha1,
    md5: Md5,
}

impl Sinks {
    /// A file may come for this place.
    pub fn expect(&self, dest: &Path) -> io::Result<Token> {
        let mut token = Token::default();
        random::fill(&mut token)?;
        self.lock().insert(token, Wanted { dest: dest.into(), came: None });
        Ok(token)
    }

    /// Where the file goes; none: nobody asked for it.
    pub fn place(&self, token: &Token) -> Option<PathBuf> {
        self.lock().get(token).map(|wanted| wanted.dest.clone())
    }

    pub fn came(&self, token: &Token, sink: io::Result<Sink>) {
        let came = sink.and_then(Sink::finish);
        if let Some(wanted) = self.lock().get_mut(token) {
            wanted.came = Some(came);
        }
    }

    /// Puts the file in its place; none: it has not come.
    pub fn take(&self, token: &Token) -> Option<io::Result<Sums>> {
        // A task that is tried again sends it again.
        let (dest, came) = {
            let mut wanted = self.lock();
            let wanted = wanted.get_mut(token)?;
            (wanted.dest.clone(), wanted.came.take()?)
        };
        Some(came.and_then(|came| {
            if !came.sums.same {
                came.file.persist(dest).map_err(|error| error.error)?;
            }
            Ok(came.sums)
        }))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Token, Wanted>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sink {
    /// The folders above the file are made.
    pub fn beside(dest: &Path) -> io::Result<Self> {
        let file = temporary(dest)?;
        Ok(Self { dest: dest.into(), file, sha1: Sha1::new(), md5: Md5::new() })
    }

    pub fn add(&mut self, piece: &[u8]) -> io::Result<()> {
        self.sha1.update(piece);
        self.md5.update(piece);
        self.file.write_all(piece)
    }

    fn finish(self) -> io::Result<Came> {
        self.file.as_file().sync_all()?;
        let sha1 = self.sha1.finalize();
        let length = |path: &Path| std::fs::metadata(path).map(|metadata| metadata.len());
        // Who tries again may have it already.
        let same = length(&self.dest).is_ok_and(|own| length(self.file.path()).is_ok_and(|new| new == own))
            && sha1_of(&self.dest).is_ok_and(|own| own == sha1[..]);
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let sums = Sums { sha1: hex(&sha1), md5: hex(&self.md5.finalize()), same };
        Ok(Came { file: self.file, sums })
    }
}

fn sha1_of(path: &Path) -> io::Result<Vec<u8>> {
    let (mut file, mut sha1, mut buffer) = (File::open(path)?, Sha1::new(), vec![0; 128 << 10]);
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(sha1.finalize().to_vec()),
            count => sha1.update(&buffer[..count]),
        }
    }
}

/// A file that will take its place there. As any file that the user makes: the umask says who may read it.
pub fn temporary(dest: &Path) -> io::Result<NamedTempFile> {
    let folder = dest.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let everybody = std::fs::Permissions::from_mode(0o666);
    Builder::new().prefix(".deploy-").permissions(everybody).tempfile_in(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_comes_whole_or_not_at_all_and_once() {
        let dir = tempfile::tempdir().unwrap();
        let dest = dir.path().join("a/b");
        let sinks = Sinks::default();
        let token = sinks.expect(&dest).unwrap();
        assert_eq!(sinks.place(&[0; 16]), None);
        let mut sink = Sink::beside(&sinks.place(&token).unwrap()).unwrap();
        sink.add(b"one").unwrap();
        assert!(!dest.exists());
        sinks.came(&token, Ok(sink));
        let sums = sinks.take(&token).unwrap().unwrap();
        assert_eq!(sums.sha1, "fe05bcdcdc4928012781a5f1a2a77cbb5398e106");
        assert_eq!(std::fs::read(&dest).unwrap(), b"one");
        assert!(sinks.take(&token).is_none());
        // One that stops halfway leaves nothing.
        let token = sinks.expect(&dest).unwrap();
        let mut sink = Sink::beside(&dest).unwrap();
        sink.add(b"tw").unwrap();
        drop(sink);
        assert!(sinks.take(&token).is_none());
        assert_eq!(std::fs::read_dir(dir.path().join("a")).unwrap().count(), 1);
    }
}
