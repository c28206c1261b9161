//! The controller's files, behind a trait: loaders read through it, so that a simulation runs without a disk.
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Stdio};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    File,
    /// A file that may be run, as inventory scripts are.
    Program,
    Directory,
}

/// What a program wrote, and whether it ended well.
#[derive(Clone, Debug)]
pub struct ProgramOutput {
    pub success: bool,
    pub stdout: Vec<u8>,
    pub stderr: String,
}

pub trait Files: Send + Sync {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;
    /// What is there, links followed; none: nothing, or nothing that may be seen.
    fn kind(&self, path: &Path) -> Option<FileKind>;
    /// The names in a directory, sorted.
    fn list(&self, path: &Path) -> io::Result<Vec<String>>;
    /// Runs a program of the project: an inventory script, a vault password client.
    fn run(&self, program: &Path, args: &[&str]) -> io::Result<ProgramOutput>;
    fn current_dir(&self) -> PathBuf;
    fn home(&self) -> Option<PathBuf>;

    /// Where a path leads when all links are followed; the path itself, if that cannot be told.
    fn real(&self, path: &Path) -> PathBuf {
        path.to_path_buf()
    }

    /// Whether anybody may put files there.
    fn is_writable_by_all(&self, _directory: &Path) -> bool {
        false
    }

    fn is_file(&self, path: &Path) -> bool {
        matches!(self.kind(path), Some(FileKind::File | FileKind::Program))
    }

    fn is_dir(&self, path: &Path) -> bool {
        self.kind(path) == Some(FileKind::Directory)
    }

    /// `~` expanded, relative to `base`, without `.` and `..`.
    fn absolute(&self, base: &Path, path: &str) -> PathBuf {
        let expanded = match (path.strip_prefix('~'), self.home()) {
            (Some(rest), Some(home)) if rest.is_empty() || rest.starts_with('/') => {
                home.join(rest.trim_start_matches('/'))
            }
            _ => PathBuf::from(path),
        };
        let path = base.join(expanded);
        // Where this process stands is a question to the kernel, and most paths need no answer.
        normal(&if path.is_absolute() { path } else { self.current_dir().join(path) })
    }
}

/// A path without `.` and `..`, by its words alone.
pub fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                normal.pop();
            }
            part => normal.push(part),
        }
    }
    normal
}

/// The files that the machine has.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

impl Files for Disk {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        std::fs::read(path)
    }

    fn kind(&self, path: &Path) -> Option<FileKind> {
        use std::os::unix::fs::PermissionsExt;
        let metadata = std::fs::metadata(path).ok()?;
        Some(match metadata.is_dir() {
            true => FileKind::Directory,
            false if metadata.permissions().mode() & 0o111 != 0 => FileKind::Program,
            false => FileKind::File,
        })
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        let names = std::fs::read_dir(path)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
        let mut names = names.collect::<io::Result<Vec<_>>>()?;
        names.sort();
        Ok(names)
    }

    fn run(&self, program: &Path, args: &[&str]) -> io::Result<ProgramOutput> {
        let output = Command::new(program).args(args).stdin(Stdio::inherit()).output()?;
        Ok(ProgramOutput {
            success: output.status.success(),
            stdout: output.stdout,
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }

    fn current_dir(&self) -> PathBuf {
        std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"))
    }

    fn home(&self) -> Option<PathBuf> {
        std::env::home_dir()
    }

    fn real(&self, path: &Path) -> PathBuf {
        std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf())
    }

    fn is_writable_by_all(&self, directory: &Path) -> bool {
        use std::os::unix::fs::PermissionsExt;
        std::fs::metadata(directory).is_ok_and(|metadata| metadata.permissions().mode() & 0o002 != 0)
    }
}

/// Files in memory: for tests and the simulation. Directories are there because files are in them.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    files: BTreeMap<PathBuf, Vec<u8>>,
    /// What a program answers, by its path and arguments.
    programs: BTreeMap<(PathBuf, String), String>,
}

impl Memory {
    pub fn new<'f>(files: impl IntoIterator<Item = (&'f str, &'f str)>) -> Self {
        let files = files.into_iter().map(|(path, text)| (PathBuf::from(path), text.as_bytes().to_vec())).collect();
        Self { files, programs: BTreeMap::new() }
    }

    #[cfg(test)]
    pub fn with_program(mut self, path: &str, args: &str, answer: &str) -> Self {
        self.files.entry(path.into()).or_default();
        self.programs.insert((path.into(), args.to_string()), answer.to_string());
        self
    }
}

impl Files for Memory {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.files.get(path).cloned().ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    }

    fn kind(&self, path: &Path) -> Option<FileKind> {
        if self.programs.keys().any(|(program, _)| program == path) {
            return Some(FileKind::Program);
        }
        if self.files.contains_key(path) {
            return Some(FileKind::File);
        }
        self.files.keys().any(|file| file.starts_with(path)).then_some(FileKind::Directory)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        let below = self.files.keys().filter_map(|file| file.strip_prefix(path).ok());
        let names = below.filter_map(|rest| rest.iter().next()).map(|name| name.to_string_lossy().into_owned());
        Ok(names.collect::<BTreeSet<_>>().into_iter().collect())
    }

    fn run(&self, program: &Path, args: &[&str]) -> io::Result<ProgramOutput> {
        let answer = self.programs.get(&(program.to_path_buf(), args.join(" ")));
        let stderr = if answer.is_some() { String::new() } else { "no such arguments".into() };
        let stdout = answer.cloned().unwrap_or_default().into_bytes();
        Ok(ProgramOutput { success: answer.is_some(), stdout, stderr })
    }

    fn current_dir(&self) -> PathBuf {
        PathBuf::from("/")
    }

    fn home(&self) -> Option<PathBuf> {
        Some(PathBuf::from("/home/me"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_taken_from_their_base() {
        let files = Memory::new([("/p/a.yml", "")]);
        assert_eq!(files.absolute(Path::new("/p/q"), "../a.yml"), Path::new("/p/a.yml"));
        assert_eq!(files.absolute(Path::new("/p"), "~/x"), Path::new("/home/me/x"));
        assert!(files.is_dir(Path::new("/p")) && files.is_file(Path::new("/p/a.yml")));
        assert_eq!(files.list(Path::new("/p")).unwrap(), ["a.yml"]);
    }
}
