//! Drives a helper by hand: `drive PROGRAM [ARG...] -- TASK...` where a task is `[check:|plan:|become=USER:]MODULE key=value ...`
//! as one word, or `undo`. Values that begin with `{` or `[` are JSON.
#[path = "../tests/driver/mod.rs"]
mod driver;

use driver::{Channel, checked};
use std::io::Write;
use std::process::Command;
use target::host::programs::split;
use target::protocol::{Identity, Mode, Password};
use value::value::{Json, json_text};
use value::{Map, Value};

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let at = words.iter().position(|word| word == "--").expect("`--` before the tasks");
    let mut command = Command::new(&words[0]);
    command.args(&words[1..at]);
    let mut channel = Channel::open(command);
    for task in &words[at + 1..] {
        let begun = std::time::Instant::now();
        let answer = if task == "undo" { channel.undo() } else { run(&mut channel, task) };
        let shown = Value::map([
            ("changed", Value::from(answer.changed)),
            ("failed", answer.failed.into()),
            ("skipped", answer.skipped.into()),
            ("unforeseen", answer.unforeseen.map_or(Value::Null, Value::from)),
            ("result", answer.result.into()),
            (
                "journal",
                answer
                    .journal
                    .iter()
                    .map(|line| {
                        format!(
                            "{} {} -> {}{}",
                            line.what,
                            line.before.to_text(),
                            line.after.to_text(),
                            if line.counted { "" } else { " (uncounted)" }
                        )
                    })
                    .collect::<Vec<_>>()
                    .into(),
            ),
            ("diff", answer.diff.iter().map(|diff| format!("{diff:?}")).collect::<Vec<_>>().into()),
            ("warnings", answer.warnings.into()),
            ("ms", (begun.elapsed().as_millis() as u64).into()),
        ]);
        writeln!(std::io::stdout(), ">> {task}\n   {}", json_text(&shown, Json::LINE)).expect("written");
    }
}

fn run(channel: &mut Channel, task: &str) -> target::protocol::Answer {
    let (mut mode, mut identity, mut rest) = (Mode::Apply, None, task);
    while let Some((word, after)) = rest.split_once(':').filter(|(word, _)| !word.contains(' ')) {
        match (word, word.strip_prefix("become=")) {
            ("check", _) => mode = Mode::Check,
            ("plan", _) => mode = Mode::Plan,
            (_, Some(user)) => {
                let (user, password) = user
                    .split_once('/')
                    .map_or((user, None), |(user, password)| (user, Some(Password(password.into()))));
                identity = Some(Identity {
                    method: std::env::var("BECOME_METHOD").unwrap_or_else(|_| "sudo".into()),
                    user: user.into(),
                    exe: None,
                    flags: Vec::new(),
                    password,
                });
            }
            _ => break,
        }
        rest = after;
    }
    let mut words = split(rest).expect("words").into_iter();
    let module = words.next().expect("a module");
    let args: Map = words
        .map(|word| {
            let (key, value) = word.split_once('=').expect("key=value");
            let value = match value.starts_with(['{', '[']) {
                true => target::json::parse(value).expect("JSON"),
                false => Value::from(value),
            };
            (key.to_string(), value)
        })
        .collect();
    let args = checked(&module, args);
    channel.task_as(identity, &module, args, mode)
}
