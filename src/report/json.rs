//! `--output json`: one event per line, for programs. Every line has `event` and `time` apart from what the event holds; new keys
//! may come, known ones stay.
use super::screen::Screen;
use super::{Names, Renderer};
use crate::engine::message::{Counts, Event, Failure, Outcome, Status};
use value::{Diagnostic, Json, Map, SourceMap, Value, json_text};

/// The clock is the world's; what is shown of it is seconds since the epoch.
pub struct JsonLines {
    pub now: fn() -> f64,
}

impl Renderer for JsonLines {
    fn event(&mut self, event: &Event, names: &Names, screen: &mut Screen) {
        let (word, fields) = describe(event, names);
        self.line(word, fields, screen);
    }
}

impl JsonLines {
    /// Why nothing began.
    pub fn refused(&self, diagnostic: &Diagnostic, sources: &SourceMap, screen: &mut Screen) {
        self.line("error", describe_words(diagnostic, sources), screen);
    }

    fn line(&self, word: &str, fields: Map, screen: &mut Screen) {
        let mut line: Map = [("event", Value::from(word)), ("time", (self.now)().into())].into_iter().collect();
        line.extend(fields);
        screen.print(&json_text(&line.into(), Json::COMPACT), None);
        screen.flush();
    }
}

fn describe(event: &Event, names: &Names) -> (&'static str, Map) {
    let host = |id: &u32| Value::from((names.host)(*id));
    let list = |hosts: &[u32]| Value::list(hosts.iter().map(host));
    let fields = |entries: Vec<(&str, Value)>| entries.into_iter().collect::<Map>();
    match event {
        Event::PlaybookStarted { path, plays } => {
            ("playbook_started", fields(vec![("path", path.as_str().into()), ("plays", (*plays).into())]))
        }
        Event::PlayStarted { play, name, hosts } => (
            "play_started",
            fields(vec![("play", (*play).into()), ("name", name.as_str().into()), ("hosts", list(hosts))]),
        ),
        Event::NoHostsMatched => ("no_hosts_matched", Map::new()),
        Event::NoHostsLeft => ("no_hosts_left", Map::new()),
        Event::TaskStarted { key, name, span, handler, action, check_mode } => (
            "task_started",
            fields(vec![
                ("key", key.to_string().into()),
                ("name", name.as_str().into()),
                ("place", names.sources.describe(*span).into()),
                ("handler", (*handler).into()),
                ("action", action.as_str().into()),
                ("check_mode", (*check_mode).into()),
            ]),
        ),
        Event::Task { key, host: id, delegate, action, status, .. } => {
            let mut map =
                fields(vec![("key", key.to_string().into()), ("host", host(id)), ("action", action.as_str().into())]);
            map.insert("delegate", delegate.as_deref());
            map.extend(describe_status(status));
            ("task", map)
        }
        Event::Item { key, host: id, delegate, label, outcome } => (
            "item",
            fields(vec![
                ("key", key.to_string().into()),
                ("host", host(id)),
                ("delegate", delegate.as_deref().into()),
                ("item", label.as_str().into()),
                ("result", visible(outcome)),
            ]),
        ),
        Event::Retrying { key, host: id, name, left, outcome, .. } => (
            "retrying",
            fields(vec![
                ("key", key.to_string().into()),
                ("host", host(id)),
                ("name", name.as_str().into()),
                ("left", (*left).into()),
                ("result", visible(outcome)),
            ]),
        ),
        Event::Included { key, hosts, target, label } => (
            "included",
            fields(vec![
                ("key", key.to_string().into()),
                ("hosts", list(hosts)),
                ("target", target.as_str().into()),
                ("item", label.as_deref().into()),
            ]),
        ),
        Event::Notified { host: id, handler } => {
            ("notified", fields(vec![("host", host(id)), ("handler", handler.as_str().into())]))
        }
        Event::Meta { host: id, meta, role } => {
            ("meta", fields(vec![("host", host(id)), ("done", meta.word().into()), ("role", role.as_deref().into())]))
        }
        Event::Said(diagnostic) => ("said", describe_words(diagnostic, names.sources)),
        Event::Recap(recap) => {
            let hosts = recap.0.iter().map(|(id, counts)| ((names.host)(*id), describe_counts(counts)));
            ("recap", fields(vec![("hosts", Value::map(hosts))]))
        }
    }
}

fn describe_words(diagnostic: &Diagnostic, sources: &SourceMap) -> Map {
    let fields = [
        ("code", Value::from(diagnostic.code)),
        ("message", diagnostic.message.as_str().into()),
        ("place", diagnostic.span.map(|span| sources.describe(span)).into()),
        ("help", diagnostic.help.as_deref().into()),
    ];
    fields.into_iter().collect()
}

fn describe_status(status: &Status) -> Map {
    let (word, outcome) = match status {
        Status::Unreachable { outcome, .. } => ("unreachable", outcome),
        Status::Settled { outcome, failure } => match failure {
            Failure::Fatal => ("failed", outcome),
            Failure::Rescued => ("rescued", outcome),
            Failure::Ignored => ("ignored", outcome),
            Failure::None if outcome.skipped => ("skipped", outcome),
            Failure::None if outcome.changed => ("changed", outcome),
            Failure::None => ("ok", outcome),
        },
    };
    let mut map: Map = [("status", Value::from(word)), ("result", visible(outcome))].into_iter().collect();
    let texts = |texts: &[String]| Value::list(texts.iter().map(|text| text.as_str().into()));
    for (name, list) in
        [("warnings", &outcome.warnings), ("deprecations", &outcome.deprecations), ("uncertain", &outcome.uncertain)]
    {
        if !list.is_empty() {
            map.insert(name, texts(list));
        }
    }
    let diffs = outcome.diff.iter().map(|diff| {
        Value::map([
            ("before_header", diff.before_header.as_str()),
            ("after_header", diff.after_header.as_str()),
            ("before", diff.before.as_str()),
            ("after", diff.after.as_str()),
            ("prepared", diff.prepared.as_deref().unwrap_or_default()),
        ])
    });
    if !outcome.diff.is_empty() {
        map.insert("diff", Value::list(diffs));
    }
    if let Some(unforeseen) = &outcome.unforeseen {
        map.insert("unforeseen", unforeseen.as_str());
    }
    map
}

fn visible(outcome: &Outcome) -> Value {
    let internal = |name: &str| name.starts_with("_ansible_");
    let kept = outcome.result.iter().filter(|(key, _)| !key.as_str().is_some_and(internal));
    Value::map(kept.map(|(key, value)| (key.clone(), value.clone())))
}

fn describe_counts(counts: &Counts) -> Value {
    Value::map([
        ("ok", counts.ok),
        ("changed", counts.changed),
        ("unreachable", counts.unreachable),
        ("failed", counts.failed),
        ("skipped", counts.skipped),
        ("rescued", counts.rescued),
        ("ignored", counts.ignored),
    ])
}
