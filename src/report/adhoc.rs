//! The renderer of ad-hoc runs: one block per host, as `ansible` prints it.
use super::result::{debugged, dump, one_line};
use super::screen::{Color, Screen};
use super::{Names, Renderer, diagnostic, diff};
use crate::engine::message::{Event, Failure, Outcome, Status};
use crate::playbook::model::ActionTraits;
use value::Value;

pub struct AdHoc {
    pub verbosity: u8,
    pub diff: bool,
    /// One line per host.
    pub one_line: bool,
}

impl Renderer for AdHoc {
    fn event(&mut self, event: &Event, names: &Names, screen: &mut Screen) {
        match event {
            Event::Task { host, status, traits, .. } => self.task(&(names.host)(*host), *traits, status, names, screen),
            Event::NoHostsMatched => screen.print("skipping: no hosts matched", Some(Color::Skip)),
            Event::Said(diagnostic) => {
                screen.say(&diagnostic::render(diagnostic, names.sources, screen.has_color()), None)
            }
            _ => {}
        }
    }
}

impl AdHoc {
    fn task(&self, host: &str, traits: ActionTraits, status: &Status, names: &Names, screen: &mut Screen) {
        let (outcome, word, color) = match status {
            Status::Unreachable { outcome, .. } => (outcome, "UNREACHABLE!", Color::Unreachable),
            Status::Settled { outcome, failure } if *failure != Failure::None => (outcome, "FAILED", Color::Error),
            Status::Settled { outcome, .. } if outcome.skipped => (outcome, "SKIPPED", Color::Skip),
            Status::Settled { outcome, .. } if outcome.changed => (outcome, "CHANGED", Color::Changed),
            Status::Settled { outcome, .. } => (outcome, "SUCCESS", Color::Ok),
        };
        let debugged = traits.shows.then(|| debugged(outcome));
        let outcome = debugged.as_ref().unwrap_or(outcome);
        if let Some(diagnostic) = outcome.diagnostic.as_ref().filter(|_| outcome.failed || outcome.unreachable) {
            screen.say(&diagnostic::render(diagnostic, names.sources, screen.has_color()), None);
        }
        if self.diff && outcome.changed && !self.one_line {
            let text = diff::render(&outcome.diff, screen);
            if !text.is_empty() {
                screen.print(text.strip_suffix('\n').unwrap_or(&text), None);
            }
        }
        let printed = traits.command && word != "UNREACHABLE!" && !outcome.result.contains("ansible_job_id");
        let text = match (word, printed, self.one_line) {
            ("SKIPPED", _, _) => format!("{host} | SKIPPED"),
            (_, true, false) => printed_block(host, word, outcome),
            // As Ansible, which has a line for what was printed and another for the result.
            ("FAILED", true, true) => {
                format!("{}\n{}", printed_line(host, word, outcome), self.json_block(host, "FAILED!", outcome))
            }
            (_, true, true) => printed_line(host, word, outcome),
            ("UNREACHABLE!", _, true) => format!("{host} | UNREACHABLE!: {}", text(outcome, "msg")),
            ("FAILED", false, _) => self.json_block(host, "FAILED!", outcome),
            _ => self.json_block(host, word, outcome),
        };
        screen.print(&text, Some(color));
    }

    fn json_block(&self, host: &str, word: &str, outcome: &Outcome) -> String {
        let json = match self.one_line {
            true => one_line(outcome, self.verbosity),
            false => dump(outcome, self.verbosity, true),
        };
        format!("{host} | {word} => {json}")
    }
}

fn text(outcome: &Outcome, name: &str) -> String {
    outcome.result.get(name).map(Value::to_text).unwrap_or_default()
}

/// What never ran has none.
fn exit_code(outcome: &Outcome) -> String {
    outcome.result.get("rc").map_or_else(|| "-1".into(), Value::to_text)
}

/// The three texts one after another, with nothing between them.
fn printed_block(host: &str, word: &str, outcome: &Outcome) -> String {
    let [out, err, msg] = ["stdout", "stderr", "msg"].map(|name| text(outcome, name));
    let rc = exit_code(outcome);
    format!("{host} | {word} | rc={rc} >>\n{out}{err}{msg}")
}

fn printed_line(host: &str, word: &str, outcome: &Outcome) -> String {
    let flat = |name: &str| text(outcome, name).replace('\n', "\\n").replace('\r', "\\r");
    let err = flat("stderr");
    let err = if err.is_empty() { err } else { format!(" (stderr) {err}") };
    format!("{host} | {word} | rc={} | (stdout) {}{err}", exit_code(outcome), flat("stdout"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::screen::tests::printed;
    use std::sync::Arc;
    use value::{Map, SourceMap};

    fn shown(renderer: &mut AdHoc, action: &str, status: Status) -> String {
        let event = Event::Task {
            key: Default::default(),
            host: 0,
            delegate: None,
            action: action.into(),
            traits: ActionTraits { command: action == "command", ..ActionTraits::default() },
            status,
            no_log: false,
        };
        let sources = SourceMap::default();
        printed(|screen| renderer.event(&event, &Names { host: &|_| "h1".into(), sources: &sources }, screen))
    }

    fn outcome(entries: &[(&str, Value)]) -> Outcome {
        let result: Map = entries.iter().map(|(name, value)| (*name, value.clone())).collect();
        Outcome { result: Arc::new(result), ..Outcome::default() }
    }

    #[test]
    fn lines_are_those_of_ansible() {
        let mut block = AdHoc { verbosity: 0, diff: false, one_line: false };
        let mut line = AdHoc { one_line: true, ..AdHoc { verbosity: 0, diff: false, one_line: false } };
        let command = [
            ("rc", 3.into()),
            ("stdout", "a\nb".into()),
            ("stderr", "c".into()),
            ("msg", "non-zero return code".into()),
        ];
        let failed = || Status::Settled { outcome: outcome(&command), failure: Failure::Fatal };
        assert_eq!(shown(&mut block, "command", failed()), "h1 | FAILED | rc=3 >>\na\nbcnon-zero return code\n");
        let lines = shown(&mut line, "command", failed());
        let (printed, result) = lines.split_once('\n').unwrap();
        assert_eq!(printed, "h1 | FAILED | rc=3 | (stdout) a\\nb (stderr) c");
        assert!(result.starts_with("h1 | FAILED! => {\"msg\": "), "{result}");
        let never_ran = [("changed", Value::Bool(false)), ("msg", "Task failed: Missing sudo password".into())];
        let never_ran = Status::Settled { outcome: outcome(&never_ran), failure: Failure::Fatal };
        let expected = "h1 | FAILED | rc=-1 >>\nTask failed: Missing sudo password\n";
        assert_eq!(shown(&mut block, "command", never_ran), expected);
        let pong = [("changed", Value::Bool(false)), ("ping", "pong".into())];
        let answered = || Status::Settled { outcome: outcome(&pong), failure: Failure::None };
        let expected = "h1 | SUCCESS => {\n    \"changed\": false,\n    \"ping\": \"pong\"\n}\n";
        assert_eq!(shown(&mut block, "ping", answered()), expected);
        assert_eq!(shown(&mut line, "ping", answered()), "h1 | SUCCESS => {\"changed\": false,\"ping\": \"pong\"}\n");
        let lost = Status::Unreachable { outcome: outcome(&[("msg", "gone".into())]), ignored: false };
        assert_eq!(shown(&mut line, "ping", lost), "h1 | UNREACHABLE!: gone\n");
        let skipped = Outcome { skipped: true, ..Outcome::default() };
        let skipped = Status::Settled { outcome: skipped, failure: Failure::None };
        assert_eq!(shown(&mut block, "command", skipped), "h1 | SKIPPED\n");
    }
}
