//! A process to be started, and what came of it.
use std::ffi::OsString;
use std::path::PathBuf;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Command {
    pub argv: Vec<OsString>,
    pub dir: Option<PathBuf>,
    pub env: Vec<(String, String)>,
    pub stdin: Vec<u8>,
    /// A package manager, say: a cut connection lets it come to its end instead of killing it.
    pub finish: bool,
    /// Its own, where it must not be the helper's.
    pub umask: Option<u32>,
}

impl Command {
    pub fn new<S: Into<OsString>>(argv: impl IntoIterator<Item = S>) -> Self {
        Self { argv: argv.into_iter().map(Into::into).collect(), ..Self::default() }
    }

    /// Whose output is read by us: in the one language that does not change.
    pub fn plain<S: Into<OsString>>(argv: impl IntoIterator<Item = S>) -> Self {
        Self::new(argv).env("LC_ALL", "C").env("LANG", "C")
    }

    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.argv.push(arg.into());
        self
    }

    pub fn args<S: Into<OsString>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.argv.extend(args.into_iter().map(Into::into));
        self
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    pub fn dir(self, dir: impl Into<PathBuf>) -> Self {
        Self { dir: Some(dir.into()), ..self }
    }

    pub fn stdin(self, stdin: impl Into<Vec<u8>>) -> Self {
        Self { stdin: stdin.into(), ..self }
    }

    pub fn finish(self) -> Self {
        Self { finish: true, ..self }
    }

    /// For messages.
    pub fn words(&self) -> String {
        self.argv.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Output {
    /// Of the process; minus the signal that ended it.
    pub status: i32,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

impl Output {
    pub fn ok(&self) -> bool {
        self.status == 0
    }
    pub fn out(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }
    pub fn err(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }
    /// What it said of its failure, in one line or more.
    pub fn complaint(&self) -> String {
        let (err, out) = (self.err(), self.out());
        match (err.trim(), out.trim()) {
            ("", "") => format!("it ended with status {}", self.status),
            ("", out) => out.into(),
            (err, _) => err.into(),
        }
    }
}
