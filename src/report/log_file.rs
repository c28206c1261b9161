//! The file of `log_path`: what a command printed and said, a record each, with when, who and which process, as Ansible's own.
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use value::Diagnostic;

pub struct LogFile {
    file: File,
    user: String,
}

impl LogFile {
    /// A new one is its owner's alone; what is there is kept.
    pub fn open(path: &Path) -> Result<Self, Diagnostic> {
        let opened = File::options().append(true).create(true).mode(0o600).open(path);
        let refuse = |error| {
            let message = format!("log_path: {} cannot be written: {error}", path.display());
            Diagnostic::warning("config", message)
        };
        let user = ["LOGNAME", "USER"].iter().find_map(|name| std::env::var(name).ok());
        let user = user.unwrap_or_else(|| rustix::process::getuid().as_raw().to_string());
        Ok(Self { file: opened.map_err(refuse)?, user })
    }

    /// In one piece, so that several commands can share the file. A disk that is full is no fault of the run.
    pub fn write(&self, level: &str, text: &str) {
        let text = without_colors(text);
        let text = text.trim_matches('\n');
        if text.is_empty() {
            return;
        }
        let now = jiff::Zoned::now().strftime("%Y-%m-%d %H:%M:%S,%3f").to_string();
        let process = std::process::id();
        let record = format!("{now} p={process} u={} n=deploy {level}| {text}\n", self.user);
        let _ = (&self.file).write_all(record.as_bytes());
    }
}

/// Of what is said beside results: by the word with which a drawing begins.
pub fn level(text: &str) -> &'static str {
    let text = without_colors(text);
    match text.trim_start() {
        text if text.starts_with("error") => "ERROR",
        text if text.starts_with("warning") => "WARNING",
        _ => "INFO",
    }
}

/// Diffs and drawings come with their colours in them.
fn without_colors(text: &str) -> String {
    let mut pieces = text.split("\x1b[");
    let mut plain = pieces.next().unwrap_or_default().to_string();
    for piece in pieces {
        plain.push_str(piece.split_once('m').map_or(piece, |(_, rest)| rest));
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn records_are_added_to_a_private_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deploy.log");
        for text in ["\nPLAY [all] ***", "", "\x1b[0;32mok: [a]\x1b[0m => {\n}"] {
            LogFile::open(&path).unwrap().write("INFO", text);
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let said: Vec<_> = text.split("n=deploy ").skip(1).map(|part| part.lines().next().unwrap()).collect();
        assert_eq!(said, ["INFO| PLAY [all] ***", "INFO| ok: [a] => {"]);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(LogFile::open(&folder.path().join("no/where")).is_err());
    }
}
