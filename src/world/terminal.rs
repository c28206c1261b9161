//! Questions to whoever sits at the terminal. They go to the terminal itself, so that piped input and output stay what they are.
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};

/// None: there is no terminal, or the input ended. Hidden input is not echoed.
pub fn ask(question: &str, hidden: bool) -> Option<String> {
    let mut terminal = OpenOptions::new().read(true).write(true).open("/dev/tty").ok()?;
    write!(terminal, "{question}").and_then(|()| terminal.flush()).ok()?;
    let echo = hidden.then(|| Echo::off(&terminal)).flatten();
    let mut line = String::new();
    let read = BufReader::new(&terminal).read_line(&mut line);
    if echo.is_some() {
        drop(echo);
        let _ = writeln!(terminal);
    }
    match read {
        Ok(count) if count > 0 => Some(line.trim_end_matches(['\r', '\n']).to_string()),
        _ => None,
    }
}

/// Switches the echo on again when it goes, whatever happens between.
struct Echo {
    terminal: File,
    before: rustix::termios::Termios,
}

impl Echo {
    fn off(terminal: &File) -> Option<Self> {
        let terminal = terminal.try_clone().ok()?;
        let before = tcgetattr(&terminal).ok()?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(&terminal, OptionalActions::Flush, &silent).ok()?;
        Some(Self { terminal, before })
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        let _ = tcsetattr(&self.terminal, OptionalActions::Flush, &self.before);
    }
}
