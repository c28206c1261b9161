//! The renderer of `deploy ping`: a line for each host that answers, a word and a hint for each that does not, and the sum.
use super::screen::{Color, Screen};
use super::{Names, Renderer, diagnostic};
use crate::engine::message::{Event, Failure, HostId, Outcome, Status};
use std::collections::BTreeSet;
use std::time::Instant;
use value::Value;

pub struct Ping {
    began: Instant,
    /// Of the longest host name.
    width: usize,
    answered: usize,
    /// Who answered, and who failed to.
    heard: BTreeSet<HostId>,
}

impl Ping {
    pub fn new(width: usize) -> Self {
        Self { began: Instant::now(), width, answered: 0, heard: BTreeSet::new() }
    }
}

impl Renderer for Ping {
    fn event(&mut self, event: &Event, names: &Names, screen: &mut Screen) {
        match event {
            Event::Task { host, status, .. } => {
                self.heard.insert(*host);
                self.host(&(names.host)(*host), status, screen);
            }
            Event::Said(diagnostic) => {
                screen.say(&diagnostic::render(diagnostic, names.sources, screen.has_color()), None)
            }
            Event::Recap(recap) => {
                for host in recap.0.keys().filter(|host| !self.heard.contains(host)) {
                    let name = format!("{:width$}", (names.host)(*host), width = self.width);
                    screen.print(&format!("{name}  not waited for"), Some(Color::Error));
                }
                self.sum(recap.0.len(), screen);
            }
            _ => {}
        }
    }
}

impl Ping {
    fn host(&mut self, host: &str, status: &Status, screen: &mut Screen) {
        let milliseconds = self.began.elapsed().as_millis();
        let name = format!("{host:width$}", width = self.width);
        match status {
            Status::Settled { outcome, failure: Failure::None } => {
                self.answered += 1;
                let line = format!("{name}  ok  {milliseconds:>5} ms  {}", machine(outcome));
                screen.print(line.trim_end(), Some(Color::Ok));
            }
            Status::Settled { outcome, .. } => {
                screen.print(&format!("{name}  failed: {}", reason(outcome)), Some(Color::Error));
                hint(outcome, screen);
            }
            Status::Unreachable { outcome, .. } => {
                screen.print(&format!("{name}  unreachable: {}", reason(outcome)), Some(Color::Unreachable));
                hint(outcome, screen);
            }
        }
        screen.flush();
    }

    fn sum(&self, all: usize, screen: &mut Screen) {
        let hosts = if all == 1 { "host answers" } else { "hosts answer" };
        let color = if self.answered == all && all > 0 { Color::Ok } else { Color::Error };
        screen.print(&format!("{} of {all} {hosts}", self.answered), Some(color));
    }
}

/// `root on Debian 12.5, x86_64`
fn machine(outcome: &Outcome) -> String {
    let facts = outcome.result.get("ansible_facts");
    let fact = |name: &str| facts.and_then(|facts| facts.get(name)).map(Value::to_text).filter(|text| !text.is_empty());
    let user = fact("ansible_user_id").map(|user| format!("{user} on ")).unwrap_or_default();
    let system = [fact("ansible_distribution"), fact("ansible_distribution_version")];
    let system = system.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let machine = fact("ansible_architecture").map(|name| format!(", {name}")).unwrap_or_default();
    format!("{user}{system}{machine}")
}

/// On one line.
fn reason(outcome: &Outcome) -> String {
    // What has a long story is told in short beside it.
    let short = outcome.diagnostic.as_ref().map(|diagnostic| diagnostic.message.clone());
    let text = short.unwrap_or_else(|| outcome.result.get("msg").map(Value::to_text).unwrap_or_default());
    let text = text.strip_prefix("Failed to connect to the host via ssh: ").unwrap_or(&text);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn hint(outcome: &Outcome, screen: &mut Screen) {
    if let Some(help) = outcome.diagnostic.as_ref().and_then(|diagnostic| diagnostic.help.as_ref()) {
        screen.say(&format!("  help: {help}"), None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::message::{Counts, Recap};
    use crate::report::screen::tests::printed;
    use std::sync::Arc;
    use value::Map;

    #[test]
    fn who_was_not_waited_for_is_named_and_counted() {
        let mut ping = Ping::new(4);
        let recap = Recap([(1, Counts::default()), (2, Counts::default())].into_iter().collect());
        let names = |host: HostId| format!("web{host}");
        let sources = value::SourceMap::default();
        let names = Names { host: &names, sources: &sources };
        let text = printed(|screen| ping.event(&Event::Recap(recap), &names, screen));
        assert_eq!(text, "web1  not waited for\nweb2  not waited for\n0 of 2 hosts answer\n");
    }

    #[test]
    fn a_machine_is_named_by_its_facts() {
        let facts = Value::map([
            ("ansible_user_id", "root"),
            ("ansible_distribution", "Debian"),
            ("ansible_distribution_version", "12.5"),
            ("ansible_architecture", "x86_64"),
        ]);
        let result: Map = [("ansible_facts", facts)].into_iter().collect();
        let outcome = Outcome { result: Arc::new(result), ..Outcome::default() };
        assert_eq!(machine(&outcome), "root on Debian 12.5, x86_64");
        assert_eq!(machine(&Outcome::default()), "");
    }
}
