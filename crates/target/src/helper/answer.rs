//! One item of a call: runs its module, and makes the answer of what came of it.
use crate::host::{Done, Host, Journal, Look, Mode, Overlay, Services, Stop, Traces, reversible};
use crate::machine::Machine;
use crate::modules;
use crate::protocol::{Answer, Body, JournalLine};
use std::panic::{AssertUnwindSafe, catch_unwind};
use value::{Map, Value};

pub struct Work<'w> {
    pub machine: &'w mut dyn Machine,
    pub overlay: &'w mut Overlay,
    pub services: &'w dyn Services,
    /// Gathers what was changed on this channel, for undo.
    pub journal: &'w mut Journal,
}

/// None: it holds at its first change.
pub fn item(body: &Body, args: &Map, mode: Mode, work: &mut Work) -> Option<Answer> {
    let Some(module) = modules::find(&body.module) else {
        return Some(failed(&format!("this helper has no module `{}`", body.module), Map::new()));
    };
    let mut host = Host::new(work.machine, mode, work.overlay, work.services).with_diff(body.diff && !body.no_log);
    host = host.with_room(work.journal.room());
    // A fault of one module is that task's failure, not the run's.
    let outcome = catch_unwind(AssertUnwindSafe(|| module.run(args, &mut host)))
        .unwrap_or_else(|panic| Stop::failed(format!("the module {} broke: {}", body.module, words_of(&*panic))));
    let changed = host.changed();
    let traces = host.into_traces();
    let mut answer = answer(outcome, changed)?;
    if mode == Mode::Apply {
        work.journal.add(&traces.journal);
    }
    leave(&mut answer, traces);
    if args.iter().any(|(_, value)| value.holds_secret()) {
        mask(&mut answer, args);
    }
    Some(answer)
}

fn answer(outcome: Look<Map>, changed: bool) -> Option<Answer> {
    Some(match outcome {
        Ok(result) => Answer { changed, result: lines(result), ..Answer::default() },
        Err(Stop::Held) => return None,
        Err(Stop::Failed(failure)) => {
            let answer = failed(&failure.message, failure.result);
            Answer { changed: changed || answer.changed, cause: failure.cause, ..answer }
        }
        Err(Stop::Skipped(mut result)) => {
            if !result.contains("msg") {
                result.insert("msg", "skipped, running in check mode");
            }
            let changed = changed || result.get("changed").is_some_and(Value::is_true);
            let skipped = result.remove("skipped").is_none_or(|skipped| skipped.is_true());
            Answer { changed, skipped, result: lines(result), ..Answer::default() }
        }
        Err(Stop::Unforeseen(because)) => Answer { changed, unforeseen: Some(because.describe()), ..Answer::default() },
    })
}

pub fn failed(message: &str, mut result: Map) -> Answer {
    result.insert("msg", message);
    let changed = result.get("changed").is_some_and(Value::is_true);
    Answer { failed: true, changed, result: lines(result), ..Answer::default() }
}

/// `stdout_lines` beside `stdout`, as every result has it.
fn lines(mut result: Map) -> Map {
    if let Some(changed) = result.remove("changed") {
        // The journal says it; what a module says of itself counts only where it failed.
        drop(changed);
    }
    for name in ["stdout", "stderr"] {
        let with_lines = format!("{name}_lines");
        if let Some(Value::Str(text)) = result.get(name)
            && !result.contains(&with_lines)
        {
            let lines = Value::from(split_lines(text));
            result.insert(with_lines, lines);
        }
    }
    result
}

/// Python's `splitlines`, of the line ends that programs write.
pub fn split_lines(text: &str) -> Vec<String> {
    let text = text.replace("\r\n", "\n");
    let ends = ['\n', '\r', '\u{b}', '\u{c}', '\u{1c}', '\u{1d}', '\u{1e}', '\u{85}', '\u{2028}', '\u{2029}'];
    let mut lines: Vec<_> = text.split(ends).map(String::from).collect();
    if lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}

fn leave(answer: &mut Answer, traces: Traces) {
    answer.journal = traces.journal.iter().map(journal_line).collect();
    answer.diff = traces.diff;
    answer.warnings = traces.warnings;
}

fn journal_line(done: &Done) -> JournalLine {
    JournalLine {
        what: done.what.describe(),
        before: done.before.summary(),
        after: done.after.summary(),
        counted: done.counted,
        reversible: reversible(done),
    }
}

/// A secret argument that comes back in the words of a failure or a journal line is marked where it stands alone, and hidden
/// where it stands in other words.
fn mask(answer: &mut Answer, args: &Map) {
    let mut secrets = Vec::new();
    args.iter().for_each(|(_, value)| gather(value, &mut secrets));
    let hide =
        |text: &str| secrets.iter().fold(text.to_string(), |text, secret| text.replace(secret.as_str(), "********"));
    for line in &mut answer.journal {
        line.what = hide(&line.what);
    }
    answer.warnings.iter_mut().for_each(|warning| *warning = hide(warning));
    let result = Value::from(std::mem::take(&mut answer.result));
    let marked = result.map_strings(&|text| {
        let holds = secrets.iter().any(|secret| text.contains(secret.as_str()));
        if holds { text.clone().with_secrecy(true) } else { text.clone() }
    });
    answer.result = marked.as_map().cloned().unwrap_or_default();
}

fn gather(value: &Value, secrets: &mut Vec<String>) {
    match value {
        Value::Str(text) if text.is_secret() && text.len() > 2 => secrets.push(text.to_string()),
        Value::List(items) | Value::Tuple(items) => items.iter().for_each(|item| gather(item, secrets)),
        Value::Map(map) => map.iter().for_each(|(_, item)| gather(item, secrets)),
        _ => {}
    }
}

fn words_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string))
        .unwrap_or_else(|| "for an unknown reason".into())
}
