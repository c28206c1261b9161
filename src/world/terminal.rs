//! Questions to whoever sits at the terminal. They go to the terminal itself, so that piped input and output stay what they are.
use rustix::process::{Signal, getpid, kill_process};
use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::sync::{Mutex, PoisonError, TryLockError};

#[derive(Debug, PartialEq)]
pub enum Typed {
    Line(String),
    /// There is no terminal, or the input ended.
    Nobody,
    /// Ctrl-C.
    Interrupt,
}

/// There is one terminal: questions of several hosts come one after another, and nothing else is drawn while one stands.
static TERMINAL: Mutex<()> = Mutex::new(());

/// Whether a question stands.
pub fn is_asking() -> bool {
    matches!(TERMINAL.try_lock(), Err(TryLockError::WouldBlock))
}

/// None: there is no terminal, or the input ended; Ctrl-C interrupts the program. Hidden input is not echoed.
pub fn ask(question: &str, hidden: bool) -> Option<String> {
    match ask_for_word(question, hidden) {
        Typed::Line(line) => Some(line),
        Typed::Nobody => None,
        Typed::Interrupt => {
            let _ = kill_process(getpid(), Signal::INT);
            None
        }
    }
}

/// The same, where the question itself deals with Ctrl-C.
pub fn ask_for_word(question: &str, hidden: bool) -> Typed {
    let _mine = TERMINAL.lock().unwrap_or_else(PoisonError::into_inner);
    let Ok(mut terminal) = OpenOptions::new().read(true).write(true).open("/dev/tty") else { return Typed::Nobody };
    // What was typed before is dropped with the mode, so whoever waits for the question may answer it at once.
    let mode = Mode::of_question(&terminal, hidden);
    if write!(terminal, "{question}").and_then(|()| terminal.flush()).is_err() {
        return Typed::Nobody;
    }
    let mut line = Vec::new();
    let read = read_line(&mut BufReader::new(&terminal), &mut line);
    drop(mode);
    if hidden {
        let _ = writeln!(terminal);
    }
    match read {
        Ok(()) => typed(&line),
        Err(_) => Typed::Nobody,
    }
}

/// To the end of the line, or to Ctrl-C, which comes as a byte here.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> std::io::Result<()> {
    loop {
        let available = input.fill_buf()?;
        let end = available.iter().position(|byte| matches!(*byte, b'\n' | INTERRUPT));
        let taken = end.map_or(available.len(), |end| end + 1);
        line.extend_from_slice(&available[..taken]);
        input.consume(taken);
        if end.is_some() || taken == 0 {
            return Ok(());
        }
    }
}

const INTERRUPT: u8 = 3;

fn typed(line: &[u8]) -> Typed {
    match line.last() {
        None => Typed::Nobody,
        Some(&INTERRUPT) => Typed::Interrupt,
        Some(_) => Typed::Line(String::from_utf8_lossy(line).trim_end_matches(['\r', '\n']).to_string()),
    }
}

/// How the terminal behaves while a question stands; as it was before when this goes, whatever happens between.
struct Mode {
    terminal: File,
    before: Termios,
}

impl Mode {
    /// Ctrl-C ends the line: as a signal, it would wait until the line has been typed to its end.
    fn of_question(terminal: &File, hidden: bool) -> Option<Self> {
        let terminal = terminal.try_clone().ok()?;
        let before = tcgetattr(&terminal).ok()?;
        let mut asking = before.clone();
        asking.local_modes.remove(LocalModes::ISIG);
        asking.special_codes[SpecialCodeIndex::VEOL] = INTERRUPT;
        if hidden {
            asking.local_modes.remove(LocalModes::ECHO);
        }
        tcsetattr(&terminal, OptionalActions::Flush, &asking).ok()?;
        Some(Self { terminal, before })
    }
}

impl Drop for Mode {
    fn drop(&mut self) {
        let _ = tcsetattr(&self.terminal, OptionalActions::Flush, &self.before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_ends_with_its_newline_or_with_an_interrupt() {
        let read = |mut input: &[u8]| {
            let mut line = Vec::new();
            read_line(&mut input, &mut line).unwrap();
            typed(&line)
        };
        assert_eq!(read(b"yes\nno\n"), Typed::Line("yes".into()));
        assert_eq!(read(b"\n"), Typed::Line(String::new()));
        assert_eq!(read(b"last"), Typed::Line("last".into()));
        assert_eq!(read(b"ye\x03"), Typed::Interrupt);
        assert_eq!(read(b""), Typed::Nobody);
    }
}
