//! `deploy plan`: what a run would change, task by task, equal hosts folded into one line; and what nobody can foretell, with the
//! reason. Nothing else: what stays as it is counts at the end.
use super::screen::{Color, Screen};
use super::{Names, Renderer, diagnostic, diff};
use crate::engine::message::{Event, Failure, Outcome, Status};
use std::collections::BTreeMap;

#[derive(Default)]
pub struct Plan {
    task: String,
    /// What the task under way would do, with the hosts where it would.
    lines: BTreeMap<Line, Vec<String>>,
    play: Option<String>,
    counts: Counts,
}

#[derive(Default)]
struct Counts {
    changes: usize,
    unchanged: usize,
    skipped: usize,
    unforeseen: usize,
    failed: usize,
    unreachable: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Mark {
    Change,
    Unforeseen,
    Failed,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Line {
    mark: Mark,
    words: String,
    diff: String,
}

impl Renderer for Plan {
    fn event(&mut self, event: &Event, names: &Names, screen: &mut Screen) {
        match event {
            Event::PlayStarted { name, .. } => {
                self.flush(screen);
                self.play = Some(name.trim().to_string());
            }
            Event::TaskStarted { name, handler, .. } => {
                self.flush(screen);
                self.task = if *handler { format!("{} (handler)", name.trim()) } else { name.trim().to_string() };
            }
            Event::Task { host, status, .. } => self.task(&(names.host)(*host), status, names, screen),
            Event::Said(said) => screen.say(&diagnostic::render(said, names.sources, screen.has_color()), None),
            Event::Recap(_) => {
                self.flush(screen);
                self.sum(screen);
            }
            _ => {}
        }
    }
}

impl Plan {
    fn task(&mut self, host: &str, status: &Status, names: &Names, screen: &mut Screen) {
        let (mark, outcome) = match status {
            Status::Unreachable { outcome, .. } => {
                self.counts.unreachable += 1;
                (Some(Mark::Failed), outcome)
            }
            Status::Settled { outcome, failure: Failure::Fatal } => {
                self.counts.failed += 1;
                (Some(Mark::Failed), outcome)
            }
            Status::Settled { outcome, .. } => (self.mark(outcome), outcome),
        };
        if let (Some(Mark::Failed), Some(diagnostic)) = (mark, &outcome.diagnostic) {
            self.flush(screen);
            screen.say(&diagnostic::render(diagnostic, names.sources, screen.has_color()), None);
        }
        let Some(mark) = mark else { return };
        let line = Line { mark, words: words(mark, outcome), diff: shown_diff(mark, outcome, screen) };
        self.lines.entry(line).or_default().push(host.to_string());
    }

    fn mark(&mut self, outcome: &Outcome) -> Option<Mark> {
        let parts = || outcome.items.iter().map(|(_, item)| item).chain([outcome]);
        if parts().any(|part| part.unforeseen.is_some()) {
            self.counts.unforeseen += 1;
            Some(Mark::Unforeseen)
        } else if outcome.skipped {
            self.counts.skipped += 1;
            None
        } else if outcome.changed {
            self.counts.changes += 1;
            Some(Mark::Change)
        } else {
            self.counts.unchanged += 1;
            None
        }
    }

    fn flush(&mut self, screen: &mut Screen) {
        if self.lines.is_empty() {
            return;
        }
        if let Some(play) = self.play.take() {
            screen.print(&format!("\n{}", screen.paint(&play, Color::Bold)), None);
        }
        for (line, hosts) in std::mem::take(&mut self.lines) {
            let (sign, color) = match line.mark {
                Mark::Change => ('~', Color::Changed),
                Mark::Unforeseen => ('?', Color::Skip),
                Mark::Failed => ('!', Color::Error),
            };
            let words = if line.words.is_empty() { String::new() } else { format!(": {}", line.words) };
            screen.print(&format!("  {sign} {}{words}  [{}]", self.task, hosts.join(", ")), Some(color));
            if !line.diff.is_empty() {
                let indented: Vec<_> = line.diff.trim_end().lines().map(|line| format!("      {line}")).collect();
                screen.print(&indented.join("\n"), None);
            }
        }
    }

    fn sum(&self, screen: &mut Screen) {
        let Counts { changes, unchanged, skipped, unforeseen, failed, unreachable } = self.counts;
        let mut parts = vec![format!("{changes} to change"), format!("{unchanged} as it should be")];
        let others = [
            (unforeseen, "that cannot be foretold"),
            (skipped, "skipped"),
            (failed, "that would fail"),
            (unreachable, "unreachable"),
        ];
        parts.extend(others.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")));
        screen.print(&format!("\nPlan: {}. Nothing was changed.", parts.join(", ")), None);
    }
}

/// Why it cannot be foretold, why it would fail, or the items of a loop that would change.
fn words(mark: Mark, outcome: &Outcome) -> String {
    let message = |outcome: &Outcome| outcome.result.get("msg").map(|msg| msg.to_text()).unwrap_or_default();
    match mark {
        Mark::Unforeseen => {
            let parts = outcome.items.iter().map(|(_, item)| item).chain([outcome]);
            let because: Vec<_> = parts.filter_map(|part| part.unforeseen.clone()).take(1).collect();
            format!("known only after {}", because.join(", "))
        }
        Mark::Failed => message(outcome),
        Mark::Change => {
            let changed = outcome.items.iter().filter(|(_, item)| item.changed);
            changed.map(|(label, _)| label.as_str()).collect::<Vec<_>>().join(", ")
        }
    }
}

fn shown_diff(mark: Mark, outcome: &Outcome, screen: &Screen) -> String {
    if mark != Mark::Change {
        return String::new();
    }
    let items = outcome.items.iter().map(|(_, item)| item).chain([outcome]);
    items.filter(|part| part.changed).map(|part| diff::render(&part.diff, screen)).collect()
}
