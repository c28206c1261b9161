//! The renderer of ad-hoc runs: one block per host, as `ansible` prints it.
use super::result::dump;
use super::screen::{Color, Screen};
use super::{Names, Renderer, diagnostic, diff};
use crate::engine::message::{Event, Failure, Outcome, Status};
use value::Value;

pub struct AdHoc {
    pub verbosity: u8,
    pub diff: bool,
    /// One line per host.
    pub one_line: bool,
}

/// Modules whose output is shown as it was printed.
const PRINTED: [&str; 4] = ["command", "shell", "raw", "script"];

impl Renderer for AdHoc {
    fn event(&mut self, event: &Event, names: &Names, screen: &mut Screen) {
        match event {
            Event::Task { host, status, action, .. } => self.task(&(names.host)(*host), action, status, names, screen),
            Event::NoHostsMatched => screen.print("skipping: no hosts matched", Some(Color::Skip)),
            Event::Said(diagnostic) => {
                screen.say(&diagnostic::render(diagnostic, names.sources, screen.has_color()), None)
            }
            _ => {}
        }
    }
}

impl AdHoc {
    fn task(&self, host: &str, action: &str, status: &Status, names: &Names, screen: &mut Screen) {
        let (outcome, word, color) = match status {
            Status::Unreachable { outcome, .. } => (outcome, "UNREACHABLE!", Color::Unreachable),
            Status::Settled { outcome, failure } if *failure != Failure::None => (outcome, "FAILED", Color::Error),
            Status::Settled { outcome, .. } if outcome.skipped => (outcome, "SKIPPED", Color::Skip),
            Status::Settled { outcome, .. } if outcome.changed => (outcome, "CHANGED", Color::Changed),
            Status::Settled { outcome, .. } => (outcome, "SUCCESS", Color::Ok),
        };
        if let Some(diagnostic) = outcome.diagnostic.as_ref().filter(|_| outcome.failed || outcome.unreachable) {
            screen.say(&diagnostic::render(diagnostic, names.sources, screen.has_color()), None);
        }
        if self.diff && outcome.changed {
            let text = diff::render(&outcome.diff, screen);
            screen.print(text.trim_end(), None);
        }
        let printed = PRINTED.contains(&action) && outcome.result.contains("rc");
        let text = if printed { printed_block(host, word, outcome) } else { self.json_block(host, word, outcome) };
        screen.print(&text, Some(color));
    }

    fn json_block(&self, host: &str, word: &str, outcome: &Outcome) -> String {
        let word = if word == "FAILED" { "FAILED!" } else { word };
        format!("{host} | {word} => {}", dump(outcome, self.verbosity, !self.one_line))
    }
}

fn printed_block(host: &str, word: &str, outcome: &Outcome) -> String {
    let text = |name: &str| outcome.result.get(name).map(Value::to_text).unwrap_or_default();
    let (out, err, msg) = (text("stdout"), text("stderr"), text("msg"));
    let parts: Vec<_> = [out, err, msg].into_iter().filter(|part| !part.is_empty()).collect();
    format!("{host} | {word} | rc={} >>\n{}", text("rc"), parts.join("\n"))
}
