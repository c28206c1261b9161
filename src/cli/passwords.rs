//! Passwords of the command line: typed at the terminal, or out of a file or program. None of them is ever an argument.
use super::exit::{Exit, Refusal};
use crate::world::files::{FileKind, Files};
use crate::world::terminal::{self, Typed};
use std::io::BufRead;
use std::path::Path;
use value::Diagnostic;

/// The password, if one is asked for or a file is named.
pub fn get(ask: bool, file: Option<&Path>, question: &str, files: &dyn Files) -> Result<Option<String>, Refusal> {
    match (ask, file) {
        (true, _) => typed(question).map(Some),
        (false, Some(file)) => from_file(file, &[], files).map(Some).map_err(Refusal::error),
        (false, None) => Ok(None),
    }
}

/// At the terminal; where there is none, a line of the standard input.
pub fn typed(question: &str) -> Result<String, Refusal> {
    match terminal::ask_for_word(question, true) {
        Typed::Line(line) => Ok(line),
        Typed::Interrupt => {
            Err(Refusal::new(Exit::Interrupted, Diagnostic::error("interrupted", "interrupted before anything began")))
        }
        Typed::Nobody => piped().ok_or_else(|| {
            let what = question.trim_end_matches([':', ' ']);
            let error = Diagnostic::error("password", format!("nobody answered the question `{what}`"));
            Refusal::error(error.help("there is no terminal to ask at; give the password in a file"))
        }),
    }
}

fn piped() -> Option<String> {
    let mut line = String::new();
    let count = std::io::stdin().lock().read_line(&mut line).ok()?;
    (count > 0).then(|| line.trim_end_matches(['\r', '\n']).to_string())
}

/// A file's text without the white space around it, or what a program prints.
pub fn from_file(path: &Path, args: &[&str], files: &dyn Files) -> Result<String, Diagnostic> {
    let refuse = |why: String| Diagnostic::error("password", format!("{}: {why}", path.display()));
    let full = files.absolute(Path::new(""), &path.to_string_lossy());
    let bytes = match files.kind(&full) {
        None => return Err(refuse("there is no such password file".into())),
        Some(FileKind::Directory) => return Err(refuse("this is a folder, and should be a password file".into())),
        Some(FileKind::Program) => {
            let output = files.run(&full, args).map_err(|error| refuse(format!("it could not be run: {error}")))?;
            if !output.success {
                return Err(refuse(format!(
                    "this program should print a password, and failed: {}",
                    output.stderr.trim()
                )));
            }
            output.stdout
        }
        Some(FileKind::File) => files.read(&full).map_err(|error| refuse(error.to_string()))?,
    };
    let text = String::from_utf8(bytes).map_err(|_| refuse("this is no UTF-8 text".into()))?;
    let password = text.trim();
    if password.is_empty() {
        return Err(refuse("this password is empty".into()));
    }
    Ok(password.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::files::Memory;

    #[test]
    fn files_and_programs_give_passwords_and_empty_ones_are_refused() {
        let files =
            Memory::new([("/p", " secret \n"), ("/empty", "\n")]).with_program("/client", "--vault-id dev", "x\n");
        assert_eq!(from_file(Path::new("/p"), &[], &files).unwrap(), "secret");
        assert_eq!(from_file(Path::new("/client"), &["--vault-id", "dev"], &files).unwrap(), "x");
        for wrong in ["/empty", "/missing", "/"] {
            assert!(from_file(Path::new(wrong), &[], &files).is_err(), "{wrong}");
        }
    }
}
