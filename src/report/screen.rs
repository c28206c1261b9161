//! The two streams of the terminal: results go to standard output, what is said beside them to standard error. Colour only where
//! somebody looks.
use super::log_file::{self, LogFile};
use super::secrets::Secrets;
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::sync::Arc;
use unicode_width::UnicodeWidthStr;
use value::Diagnostic;

/// The colours by their use, with the codes that Ansible gives them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Color {
    Ok,
    Changed,
    Skip,
    Error,
    Unreachable,
    Warning,
    Deprecated,
    Verbose,
    Debug,
    DiffAdd,
    DiffRemove,
    DiffLines,
    Bold,
}

impl Color {
    fn code(self) -> &'static str {
        match self {
            Color::Ok | Color::DiffAdd => "0;32",
            Color::Changed => "0;33",
            Color::Skip | Color::DiffLines => "0;36",
            Color::Error | Color::DiffRemove => "0;31",
            Color::Unreachable => "1;31",
            Color::Warning => "1;35",
            Color::Deprecated => "0;35",
            Color::Verbose => "0;34",
            Color::Debug => "0;90",
            Color::Bold => "1",
        }
    }
}

pub struct Screen {
    out: Box<dyn Write>,
    err: Box<dyn Write>,
    secrets: Arc<Secrets>,
    color: bool,
    /// The same for standard error, which may go elsewhere.
    color_beside: bool,
    columns: usize,
    /// How wide the live line is that stands on standard error now.
    live: usize,
    log: Option<Arc<LogFile>>,
}

impl Screen {
    /// The process's own streams. `color`: None where nobody said.
    pub fn terminal(secrets: Arc<Secrets>, color: Option<bool>) -> Self {
        let stdout = std::io::stdout();
        let is_terminal = stdout.is_terminal();
        let width = rustix::termios::tcgetwinsize(&stdout)
            .ok()
            .filter(|_| is_terminal)
            .map_or(0, |size| usize::from(size.ws_col));
        let out = std::io::BufWriter::with_capacity(64 << 10, stdout);
        let beside = color.unwrap_or_else(|| std::io::stderr().is_terminal());
        let mut screen =
            Self::new(Box::new(out), Box::new(std::io::stderr()), secrets, color.unwrap_or(is_terminal), width);
        screen.color_beside = beside;
        screen
    }

    pub fn new(out: Box<dyn Write>, err: Box<dyn Write>, secrets: Arc<Secrets>, color: bool, width: usize) -> Self {
        Self {
            out,
            err,
            secrets,
            color,
            color_beside: color,
            columns: width.saturating_sub(1).max(79),
            live: 0,
            log: None,
        }
    }

    /// Everything that is printed or said goes to this file, too. Why it cannot.
    pub fn log_to(&mut self, path: Option<&Path>) -> Result<(), Diagnostic> {
        self.log = path.map(LogFile::open).transpose()?.map(Arc::new);
        Ok(())
    }

    /// The same file as another screen's.
    pub fn share_log(&mut self, other: &Screen) {
        self.log.clone_from(&other.log);
    }

    fn log(&self, level: &str, text: &str) {
        if let Some(log) = &self.log {
            log.write(level, &self.secrets.hide(text.to_string()));
        }
    }

    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Whether what is said on standard error may have colours.
    pub fn has_color(&self) -> bool {
        self.color_beside
    }

    /// A text in a colour, line by line, as terminals that fold lines want it.
    pub fn paint(&self, text: &str, color: Color) -> String {
        if self.color { painted(text, color) } else { text.to_string() }
    }

    /// A line on standard output. A reader that went away is no fault of the run.
    pub fn print(&mut self, text: &str, color: Option<Color>) {
        self.clear_live();
        self.log("INFO", text);
        let text = color.map_or_else(|| text.to_string(), |color| self.paint(text, color));
        let text = self.secrets.hide(text);
        let _ = writeln!(self.out, "{text}");
    }

    /// A line on standard error, after all that was printed before it.
    pub fn say(&mut self, text: &str, color: Option<Color>) {
        self.flush();
        self.clear_live();
        self.log(log_file::level(text), text);
        let color = color.filter(|_| self.color_beside);
        let text = color.map_or_else(|| text.to_string(), |color| painted(text, color));
        let text = self.secrets.hide(text);
        let _ = writeln!(self.err, "{text}");
    }

    /// `MSG *****` to the end of the line, after an empty one.
    pub fn banner(&mut self, text: &str) {
        let stars = self.columns.saturating_sub(text.width()).max(3);
        self.print(&format!("\n{text} {}", "*".repeat(stars)), None);
    }

    pub fn flush(&mut self) {
        let _ = self.out.flush();
    }

    /// Puts a line on standard error that the next output wipes away.
    pub fn live(&mut self, text: &str) {
        self.flush();
        let hidden = self.secrets.hide(text.to_string());
        // A host's words are none for the terminal.
        let plain = hidden.chars().map(|letter| if letter.is_control() { ' ' } else { letter });
        let text: String = plain.take(self.columns).collect();
        self.live = text.chars().count();
        let _ = write!(self.err, "\r\x1b[2K{text}").and_then(|()| self.err.flush());
    }

    pub fn clear_live(&mut self) {
        if std::mem::take(&mut self.live) > 0 {
            let _ = write!(self.err, "\r\x1b[2K").and_then(|()| self.err.flush());
        }
    }
}

fn painted(text: &str, color: Color) -> String {
    let lines: Vec<_> = text.split('\n').map(|line| format!("\x1b[{}m{line}\x1b[0m", color.code())).collect();
    lines.join("\n")
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.clear_live();
        self.flush();
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use std::sync::Mutex;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// What is printed on standard output, without colours.
    pub fn printed(show: impl FnOnce(&mut Screen)) -> String {
        let out = Kept::default();
        let mut screen = Screen::new(Box::new(out.clone()), Box::new(std::io::sink()), Arc::default(), false, 80);
        show(&mut screen);
        drop(screen);
        String::from_utf8(out.0.lock().unwrap().clone()).unwrap()
    }
}
