//! The default renderer: Ansible's familiar lines and PLAY RECAP, byte for byte, since tools and eyes depend on them. Errors with a
//! place are drawn our way, on standard error.
use super::result::{always_shown, debugged, dump, never_shown};
use super::screen::{Color, Screen};
use super::stats::Stats;
use super::{Names, Renderer, diagnostic, diff};
use crate::engine::message::{Counts, Event, Failure, HostId, Meta, Outcome, Recap, Status};
use std::borrow::Cow;
use std::collections::BTreeSet;

pub struct Human {
    shown: Shown,
    /// Warnings come once.
    said: BTreeSet<String>,
    /// Errors of this task: where a hundred hosts fail at one place, it is drawn once.
    drawn: BTreeSet<String>,
    /// A task's banner that waits for a result worth a line.
    banner: Option<(String, Option<String>)>,
    stats: Stats,
}

/// What is shown, as the settings say it.
#[derive(Clone, Copy, Debug)]
pub struct Shown {
    pub verbosity: u8,
    pub ok_hosts: bool,
    pub skipped_hosts: bool,
    pub check_mode_markers: bool,
    pub custom_stats: bool,
}

impl Human {
    pub fn new(shown: Shown) -> Self {
        Self { shown, said: BTreeSet::new(), drawn: BTreeSet::new(), banner: None, stats: Stats::default() }
    }
}

impl Renderer for Human {
    fn event(&mut self, event: &Event, names: &Names, screen: &mut Screen) {
        let host = |id: &HostId| (names.host)(*id);
        match event {
            Event::PlaybookStarted { path, plays } if self.shown.verbosity > 1 => {
                let file = path.rsplit('/').next().unwrap_or(path);
                screen.banner(&format!("PLAYBOOK: {file}"));
                screen.print(&format!("{plays} plays in {path}"), Some(Color::Verbose));
            }
            Event::PlaybookStarted { .. } => {}
            Event::PlayStarted { name, .. } if name.trim().is_empty() => screen.banner("PLAY"),
            Event::PlayStarted { name, .. } => screen.banner(&format!("PLAY [{}]", name.trim())),
            Event::NoHostsMatched => screen.print("skipping: no hosts matched", Some(Color::Skip)),
            Event::NoHostsLeft => screen.banner("NO MORE HOSTS LEFT"),
            Event::TaskStarted { name, span, handler, check_mode, .. } => {
                let word = if *handler { "RUNNING HANDLER" } else { "TASK" };
                let marker = if *check_mode && self.shown.check_mode_markers { " [CHECK MODE]" } else { "" };
                let place = names.sources.describe(*span);
                let place = place.rsplit_once(':').map_or(place.as_str(), |(line, _)| line);
                let path = std::path::absolute(place).map_or_else(|_| place.into(), |path| path.display().to_string());
                let path = (self.shown.verbosity >= 2).then(|| format!("task path: {path}"));
                self.drawn.clear();
                self.banner = Some((format!("{word} [{}]{marker}", name.trim()), path));
                if self.shown.ok_hosts && self.shown.skipped_hosts {
                    self.open(screen);
                }
            }
            Event::Task { host: id, delegate, traits, status, no_log, .. } => {
                if self.shown.custom_stats {
                    self.stats.count(&host(id), status);
                }
                let who = delegate.as_ref().map_or_else(|| host(id), |delegate| format!("{} -> {delegate}", host(id)));
                match (traits.shows, status) {
                    (true, Status::Settled { outcome, failure }) => {
                        let status = Status::Settled { outcome: debugged(outcome), failure: *failure };
                        self.task(&who, &status, *no_log, names, screen);
                    }
                    _ => self.task(&who, status, *no_log, names, screen),
                }
            }
            Event::Item { host: id, delegate, label, outcome, .. } => {
                let who = delegate.as_ref().map_or_else(|| host(id), |delegate| format!("{} -> {delegate}", host(id)));
                self.item(&who, label, outcome, names, screen);
            }
            Event::Retrying { host: id, name, left, outcome, no_log, .. } => {
                self.open(screen);
                let mut line = format!("FAILED - RETRYING: [{}]: {name} ({left} retries left).", host(id));
                if self.shown.verbosity > 2 && !no_log {
                    line += &format!("Result was: {}", dump(outcome, self.shown.verbosity, false));
                }
                screen.print(&line, Some(Color::Debug));
            }
            Event::Included { hosts, target, label, .. } => {
                self.open(screen);
                let hosts: Vec<_> = hosts.iter().map(host).collect();
                let label = label.as_ref().map(|label| format!(" => (item={label})")).unwrap_or_default();
                screen.print(&format!("included: {target} for {}{label}", hosts.join(", ")), Some(Color::Ok));
            }
            Event::Notified { host: id, handler } if self.shown.verbosity > 1 => {
                screen.print(&format!("NOTIFIED HANDLER {handler} for {}", host(id)), Some(Color::Verbose));
            }
            Event::Notified { .. } => {}
            Event::Meta { host: id, meta, role } if self.shown.verbosity > 1 => {
                screen.print(&format!("META: {}", done(*meta, &host(id), role.as_deref())), Some(Color::Verbose));
            }
            Event::Meta { .. } => {}
            Event::Said(diagnostic) => {
                let text = diagnostic::render(diagnostic, names.sources, screen.has_color());
                if self.said.insert(text.clone()) {
                    screen.say(&text, None);
                }
            }
            Event::Recap(recap) => {
                print_recap(recap, names, screen);
                if let Some(lines) = self.stats.lines() {
                    screen.banner("CUSTOM STATS:");
                    lines.iter().for_each(|line| screen.print(line, None));
                }
            }
        }
    }
}

impl Human {
    /// The banner of the task, if it stands out.
    fn open(&mut self, screen: &mut Screen) {
        let Some((banner, path)) = self.banner.take() else { return };
        screen.banner(&banner);
        if let Some(path) = path {
            screen.print(&path, Some(Color::Debug));
        }
    }

    /// Whether a result that is no failure is worth a line.
    fn is_shown(&self, outcome: &Outcome) -> bool {
        match (outcome.skipped, outcome.changed) {
            (true, _) => self.shown.skipped_hosts,
            (false, true) => true,
            (false, false) => self.shown.ok_hosts,
        }
    }

    fn task(&mut self, who: &str, status: &Status, no_log: bool, names: &Names, screen: &mut Screen) {
        match status {
            Status::Settled { outcome, failure } => {
                self.warnings(outcome, screen);
                if outcome.items.is_empty() {
                    self.diff(outcome, no_log, screen);
                    self.one(who, outcome, *failure, names, screen);
                } else {
                    self.items(who, outcome, *failure, no_log, names, screen);
                }
                if *failure == Failure::Ignored {
                    screen.print("...ignoring", Some(Color::Skip));
                }
            }
            Status::Unreachable { outcome, ignored } => {
                self.open(screen);
                self.draw(outcome, names, screen);
                screen.print(
                    &format!("fatal: [{who}]: UNREACHABLE! => {}", dump(outcome, self.shown.verbosity, false)),
                    Some(Color::Unreachable),
                );
                if *ignored {
                    screen.print("...ignoring", Some(Color::Skip));
                }
                for call in &outcome.uncertain {
                    screen
                        .say(&format!("note: {who}: it is not known how far this came: {call}"), Some(Color::Warning));
                }
            }
        }
    }

    fn one(&mut self, who: &str, outcome: &Outcome, failure: Failure, names: &Names, screen: &mut Screen) {
        if failure != Failure::None {
            self.open(screen);
            self.draw(outcome, names, screen);
            let line =
                format!("fatal: [{who}]: FAILED! => {}", dump(outcome, self.shown.verbosity, always_shown(outcome)));
            return screen.print(&line, Some(Color::Error));
        }
        if self.is_shown(outcome) {
            self.open(screen);
            let (word, color) = word(outcome);
            let who = if outcome.skipped { host_of(who) } else { who };
            screen.print(&format!("{word}: [{who}]{}", self.words(outcome)), Some(color));
        }
    }

    fn items(
        &mut self,
        who: &str,
        outcome: &Outcome,
        failure: Failure,
        no_log: bool,
        names: &Names,
        screen: &mut Screen,
    ) {
        for (label, item) in &outcome.items {
            self.diff(item, no_log, screen);
            self.item(who, label, item, names, screen);
        }
        if outcome.skipped && !self.is_shown(outcome) {
            return;
        }
        if outcome.skipped {
            self.open(screen);
            let who = host_of(who);
            screen.print(&format!("skipping: [{who}]{}", self.words(outcome)), Some(Color::Skip));
        } else if failure != Failure::None
            // What `debug` says of a loop has no items left, and Ansible shows it beside them.
            && (!outcome.result.contains("results") || !outcome.items.iter().any(|(_, item)| item.failed))
        {
            let line = format!("fatal: [{who}]: FAILED! => {}", dump(outcome, self.shown.verbosity, false));
            screen.print(&line, Some(Color::Error));
        }
    }

    fn item(&mut self, who: &str, label: &str, item: &Outcome, names: &Names, screen: &mut Screen) {
        if !item.failed && !self.is_shown(item) {
            return;
        }
        self.open(screen);
        // Of what did not happen it is not told where.
        let who = if item.skipped { Cow::from(host_of(who)) } else { of_item(who, item).into() };
        if item.failed {
            self.draw(item, names, screen);
            let line = format!("failed: [{who}] (item={label}) => {}", dump(item, self.shown.verbosity, false));
            return screen.print(&line, Some(Color::Error));
        }
        let (word, color) = word(item);
        let gap = if item.skipped { " " } else { "" };
        screen.print(&format!("{word}: [{who}] => (item={label}){gap}{}", self.words(item)), Some(color));
    }

    fn words(&self, outcome: &Outcome) -> String {
        let always = always_shown(outcome);
        match (always || self.shown.verbosity > 0) && !never_shown(outcome) {
            true => format!(" => {}", dump(outcome, self.shown.verbosity, always)),
            false => String::new(),
        }
    }

    fn draw(&mut self, outcome: &Outcome, names: &Names, screen: &mut Screen) {
        if let Some(diagnostic) = &outcome.diagnostic {
            let text = diagnostic::render(diagnostic, names.sources, screen.has_color());
            if self.drawn.insert(text.clone()) {
                screen.say(&text, None);
            }
        }
    }

    fn warnings(&mut self, outcome: &Outcome, screen: &mut Screen) {
        let items = outcome.items.iter().flat_map(|(_, item)| &item.warnings);
        for warning in outcome.warnings.iter().chain(items) {
            if self.said.insert(warning.clone()) {
                screen.say(&format!("[WARNING]: {warning}"), Some(Color::Warning));
            }
        }
        let items = outcome.items.iter().flat_map(|(_, item)| &item.deprecations);
        for deprecation in outcome.deprecations.iter().chain(items) {
            if self.said.insert(deprecation.clone()) {
                screen.say(&format!("[DEPRECATION WARNING]: {deprecation}"), Some(Color::Deprecated));
            }
        }
    }

    /// Whether there are differences is the task's own `diff`, or the command line's.
    fn diff(&mut self, outcome: &Outcome, no_log: bool, screen: &mut Screen) {
        if no_log || !outcome.changed || outcome.diff.is_empty() {
            return;
        }
        let text = diff::render(&outcome.diff, screen);
        if !text.is_empty() {
            self.open(screen);
            screen.print(text.strip_suffix('\n').unwrap_or(&text), None);
        }
    }
}

/// An item may have its own delegate.
fn of_item(who: &str, item: &Outcome) -> String {
    let Some(delegate) = item.result.get("_ansible_delegate") else { return who.to_string() };
    let host = host_of(who);
    delegate.as_str().map_or_else(|| host.to_string(), |delegate| format!("{host} -> {delegate}"))
}

fn host_of(who: &str) -> &str {
    who.split(" -> ").next().unwrap_or(who)
}

fn word(outcome: &Outcome) -> (&'static str, Color) {
    match (outcome.skipped, outcome.changed) {
        (true, _) => ("skipping", Color::Skip),
        (_, true) => ("changed", Color::Changed),
        _ => ("ok", Color::Ok),
    }
}

/// What `-vv` says of a `meta` task.
fn done(meta: Meta, host: &str, role: Option<&str>) -> String {
    match meta {
        Meta::Noop => "noop".into(),
        Meta::FlushHandlers => format!("triggered running handlers for {host}"),
        Meta::EndPlay => "ending play".into(),
        Meta::EndBatch => "ending batch".into(),
        Meta::EndHost => format!("ending play for {host}"),
        Meta::EndRole => format!("ending role {} for {host}", role.unwrap_or_default()),
        Meta::ClearFacts => "facts cleared".into(),
        Meta::ClearHostErrors => "cleared host errors".into(),
        Meta::RefreshInventory => "inventory successfully refreshed".into(),
        Meta::ResetConnection => "reset connection".into(),
    }
}

fn print_recap(recap: &Recap, names: &Names, screen: &mut Screen) {
    screen.banner("PLAY RECAP");
    let mut rows: Vec<_> = recap.0.iter().map(|(host, counts)| ((names.host)(*host), counts)).collect();
    rows.sort_by(|one, two| one.0.cmp(&two.0));
    for (host, counts) in rows {
        screen.print(&recap_row(&host, counts, screen), None);
    }
    screen.print("", None);
}

fn recap_row(host: &str, counts: &Counts, screen: &Screen) -> String {
    let color = if counts.failed + counts.unreachable > 0 {
        Some(Color::Error)
    } else if counts.changed > 0 {
        Some(Color::Changed)
    } else {
        // Of a host that came to no end of anything nothing good is known.
        (*counts != Counts::default()).then_some(Color::Ok)
    };
    let name = match color.filter(|_| screen.has_color()) {
        Some(color) => format!("{:<37}", screen.paint(host, color)),
        None => format!("{host:<26}"),
    };
    let column = |word: &str, count: u32, color: Color| {
        let text = format!("{word}={count:<4}");
        if count > 0 { screen.paint(&text, color) } else { text }
    };
    [
        name + " :",
        column("ok", counts.ok, Color::Ok),
        column("changed", counts.changed, Color::Changed),
        column("unreachable", counts.unreachable, Color::Unreachable),
        column("failed", counts.failed, Color::Error),
        column("skipped", counts.skipped, Color::Skip),
        column("rescued", counts.rescued, Color::Ok),
        column("ignored", counts.ignored, Color::Warning),
    ]
    .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn the_recap_is_that_of_ansible() {
        let screen = Screen::new(Box::new(std::io::sink()), Box::new(std::io::sink()), Arc::default(), false, 80);
        let counts = Counts { ok: 2, changed: 1, ..Counts::default() };
        assert_eq!(
            recap_row("localhost", &counts, &screen),
            "localhost                  : ok=2    changed=1    unreachable=0    failed=0    skipped=0    rescued=0    ignored=0   "
        );
    }
}
