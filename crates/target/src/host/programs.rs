//! Programs that a task's author wrote: the core that `command` and `shell` share.
use super::{Change, Host, Look, Stop, glob};
use crate::machine::Command;
use crate::zone;
use std::path::{Path, PathBuf};
use std::time::Duration;
use value::{Map, Value};

pub struct Program<'a> {
    pub argv: Vec<String>,
    /// As the result shows it.
    pub shown: Value,
    pub creates: Option<&'a str>,
    pub removes: Option<&'a str>,
    pub chdir: Option<&'a Path>,
    pub stdin: Option<String>,
    pub strip_empty_ends: bool,
}

/// Runs it, unless what it makes is there or what it removes is not.
pub fn run(program: Program, host: &mut Host) -> Look<Map> {
    let mut result = crate::returns! { "cmd" => program.shown.clone(), "stdout" => "", "stderr" => "", "rc" => 0 };
    for name in ["start", "end", "delta"] {
        result.insert(name, Value::Null);
    }
    let dir = workplace(&program, host)?;
    if let Some((path, state)) = needless(&program, dir.as_deref(), host)? {
        result.insert("stdout", format!("skipped, since {path} {state}"));
        let would = if host.writes() { "Did" } else { "Would" };
        result.insert("msg", format!("{would} not run command since '{path}' {state}"));
        return Ok(result);
    }
    let begun = host.machine().now();
    let command = command(&program, dir);
    let acted = host.change(Change::opaque(words(&program)), |machine| match machine.run(&command) {
        Ok(output) => Ok(output.into()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => failure_to_start(&program, 2),
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => failure_to_start(&program, 13),
        Err(error) => Err(Stop::from(error).with("cmd", program.shown.clone())),
    });
    let output = match acted {
        Ok(output) => output,
        Err(Stop::Skipped(_)) => return Err(skipped(&program, result)),
        Err(stop) => return Err(stop),
    };
    let ended = host.machine().now();
    let local = zone::Local::of(host.machine());
    result.insert("start", local.stamp(begun));
    result.insert("end", local.stamp(ended));
    result.insert("delta", delta(ended.duration_since(begun).unwrap_or_default()));
    result.insert("rc", output.status);
    result.insert("msg", "");
    let strip =
        |text: String| if program.strip_empty_ends { text.trim_end_matches(['\r', '\n']).to_string() } else { text };
    result.insert("stdout", strip(output.out()));
    result.insert("stderr", strip(output.err()));
    if !output.ok() {
        result.insert("changed", true);
        return Err(Stop::failure("non-zero return code", result));
    }
    Ok(result)
}

fn workplace(program: &Program, host: &Host) -> Look<Option<PathBuf>> {
    let Some(dir) = program.chdir else { return Ok(None) };
    if host.is_dir(dir)? {
        return Ok(Some(dir.into()));
    }
    let mut result = crate::returns! { "cmd" => program.shown.clone(), "stdout" => "", "stderr" => "" };
    for name in ["rc", "start", "end", "delta"] {
        result.insert(name, Value::Null);
    }
    Err(Stop::failure("Unable to change directory before execution.", result))
}

fn words(program: &Program) -> String {
    match &program.shown {
        Value::Str(text) => text.to_string(),
        _ => program.argv.join(" "),
    }
}

fn command(program: &Program, dir: Option<PathBuf>) -> Command {
    let command = Command::new(program.argv.iter());
    let command = command.stdin(program.stdin.clone().unwrap_or_default());
    match dir {
        Some(dir) => command.dir(dir),
        None => command,
    }
}

/// The path and what it does, where that is a reason not to run.
fn needless<'p>(program: &Program<'p>, dir: Option<&Path>, host: &Host) -> Look<Option<(&'p str, &'static str)>> {
    if let Some(creates) = program.creates
        && glob::any_match(host, dir, creates)?
    {
        return Ok(Some((creates, "exists")));
    }
    if let Some(removes) = program.removes
        && !glob::any_match(host, dir, removes)?
    {
        return Ok(Some((removes, "does not exist")));
    }
    Ok(None)
}

fn skipped(program: &Program, mut result: Map) -> Stop {
    result.insert("msg", "Command would have run if not in check mode");
    let conditional = program.creates.is_some() || program.removes.is_some();
    result.insert("skipped", !conditional);
    result.insert("changed", conditional);
    Stop::Skipped(result)
}

/// It could not be started at all; Ansible's result then has the line and not the words.
fn failure_to_start<T>(program: &Program, number: i64) -> Look<T> {
    let cmd = program.argv.join(" ");
    let result = crate::returns! { "cmd" => cmd, "rc" => number, "stdout" => "", "stderr" => "" };
    Err(Stop::failure("Error executing command.", result))
}

/// What goes to the program's standard input.
pub fn input(stdin: Option<&str>, newline: bool) -> Option<String> {
    stdin.map(|text| if newline { format!("{text}\n") } else { text.to_string() })
}

/// A word with `~` and `$VARIABLES` as the program's user has them.
pub fn expanded(word: &str, host: &Host) -> String {
    crate::module::expand::text(word, host)
}

/// Python's text of a time span.
pub fn delta(time: Duration) -> String {
    let seconds = time.as_secs();
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let days = match days {
        0 => String::new(),
        1 => "1 day, ".into(),
        days => format!("{days} days, "),
    };
    format!("{days}{}:{:02}:{:02}.{:06}", rest / 3600, rest / 60 % 60, rest % 60, time.subsec_micros())
}

/// Words as a shell parts them, without running anything.
pub fn split(text: &str) -> Result<Vec<String>, &'static str> {
    let (mut words, mut word, mut open) = (Vec::new(), String::new(), false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\'' => {
                open = true;
                loop {
                    match chars.next() {
                        Some('\'') => break,
                        Some(c) => word.push(c),
                        None => return Err("No closing quotation"),
                    }
                }
            }
            '"' => {
                open = true;
                double_quoted(&mut chars, &mut word)?;
            }
            '\\' => {
                open = true;
                word.push(chars.next().ok_or("No escaped character")?);
            }
            c if c.is_whitespace() => {
                if std::mem::take(&mut open) {
                    words.push(std::mem::take(&mut word));
                }
            }
            c => {
                open = true;
                word.push(c);
            }
        }
    }
    if open {
        words.push(word);
    }
    Ok(words)
}

fn double_quoted(chars: &mut impl Iterator<Item = char>, word: &mut String) -> Result<(), &'static str> {
    loop {
        match chars.next().ok_or("No closing quotation")? {
            '"' => return Ok(()),
            '\\' => match chars.next().ok_or("No escaped character")? {
                c @ ('"' | '\\') => word.push(c),
                c => word.extend(['\\', c]),
            },
            c => word.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_parted_as_a_shell_does() {
        let parted = split(r#"a 'b c'  "d \" \n" e\ f '' "#).unwrap();
        assert_eq!(parted, ["a", "b c", "d \" \\n", "e f", ""]);
        assert_eq!(split("a 'b"), Err("No closing quotation"));
    }

    #[test]
    fn a_time_span_is_written_as_python_does() {
        assert_eq!(delta(Duration::from_micros(1_003_039)), "0:00:01.003039");
        assert_eq!(delta(Duration::from_secs(90_061)), "1 day, 1:01:01.000000");
    }
}
