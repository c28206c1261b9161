//! Filters with regular expressions, in Python's syntax.
use super::super::call::Call;
use super::super::error::Stop;
use super::super::registry::Entry;
use super::{like, settled};
use crate::python::regex::{Anchor, Captures, Flags, Pattern, Problem, Template, escape};
use std::sync::Arc;
use value::{Str, Value};

pub static TABLE: &[Entry] = &[
    settled("regex_replace", regex_replace),
    settled("regex_search", regex_search),
    settled("regex_findall", regex_findall),
    settled("regex_escape", regex_escape),
];

fn failed(call: &Call, problem: Problem) -> Stop {
    call.fail(problem.0)
}

fn flags(call: &Call, ignore_case: Option<Value>, multiline: Option<Value>) -> Result<Flags, Stop> {
    Ok(Flags { ignore_case: call.truth(ignore_case, false)?, multiline: call.truth(multiline, false)? })
}

fn regex_replace(call: &mut Call) -> Result<Value, Stop> {
    let [pattern, replacement, ignore_case, multiline, count, mandatory] =
        call.params(["pattern", "replacement", "ignorecase", "multiline", "count", "mandatory_count"])?;
    let flags = flags(call, ignore_case, multiline)?;
    let pattern = call.string(pattern, "pattern", "")?;
    let replacement = call.string(replacement, "replacement", "")?;
    let count = call.int(count, "count", 0)?;
    let mandatory = call.int(mandatory, "mandatory_count", 0)?;
    let text = call.text(&call.input)?;
    let compiled = Pattern::new(&pattern, flags, Anchor::Search).map_err(|problem| failed(call, problem))?;
    let template = Template::new(&replacement, &compiled).map_err(|problem| failed(call, problem))?;
    let limit = usize::try_from(count).ok().filter(|count| *count > 0).unwrap_or(usize::MAX);
    let (replaced, times) = compiled.replace(&text, &template, limit).map_err(|problem| failed(call, problem))?;
    if mandatory > 0 && times as i64 != mandatory {
        return Err(
            call.fail(format!("'{}' should match {mandatory} times, but matches {times} times", pattern.as_str()))
        );
    }
    Ok(Str::from(replaced).with_secrecy(text.is_secret() || replacement.is_secret()).into())
}

/// What of a match is asked for: `\1`, `\g<name>`.
enum Group {
    Number(usize),
    Name(String),
}

fn regex_search(call: &mut Call) -> Result<Value, Stop> {
    let (ignore_case, multiline) = (call.arguments.take_named("ignorecase"), call.arguments.take_named("multiline"));
    let flags = flags(call, ignore_case, multiline)?;
    let mut positional = std::mem::take(&mut call.arguments.positional);
    let pattern = match (positional.is_empty(), call.arguments.take_named("regex")) {
        (false, _) => positional.remove(0),
        (true, pattern) => call.required(pattern, "regex")?,
    };
    let pattern = call.string(Some(pattern), "regex", "")?;
    let mut groups = Vec::new();
    for argument in &positional {
        groups.push(group_argument(call, argument)?);
    }
    let text = call.text(&call.input)?;
    let compiled = Pattern::new(&pattern, flags, Anchor::Search).map_err(|problem| failed(call, problem))?;
    let Some(found) = compiled.first(&text).map_err(|problem| failed(call, problem))? else { return Ok(Value::Null) };
    if groups.is_empty() {
        return Ok(like(found.get(0).map_or("", |whole| whole.as_str()), &text));
    }
    let mut values = Vec::new();
    for group in groups {
        let number = match group {
            Group::Number(number) => Some(number).filter(|number| *number <= compiled.groups()),
            Group::Name(name) => compiled.group_number(&name),
        };
        let number = number.ok_or_else(|| call.fail("no such group"))?;
        values.push(found.get(number).map(|group| like(group.as_str(), &text)).into());
    }
    Ok(Value::list(values))
}

fn group_argument(call: &Call, argument: &Value) -> Result<Group, Stop> {
    let unknown = || call.fail("Unknown argument");
    let text = argument.as_str().ok_or_else(unknown)?;
    if let Some(name) = text.strip_prefix("\\g") {
        let name = name.strip_prefix('<').and_then(|name| name.strip_suffix('>'));
        let name = name.filter(|name| !name.is_empty()).ok_or_else(unknown)?;
        return Ok(name.parse().map_or_else(|_| Group::Name(name.into()), Group::Number));
    }
    let number = text.strip_prefix('\\').and_then(|digits| digits.parse().ok());
    number.map(Group::Number).ok_or_else(unknown)
}

fn regex_findall(call: &mut Call) -> Result<Value, Stop> {
    let [pattern, multiline, ignore_case] = call.params(["regex", "multiline", "ignorecase"])?;
    let flags = flags(call, ignore_case, multiline)?;
    let pattern = call.required(pattern, "regex")?;
    let pattern = call.string(Some(pattern), "regex", "")?;
    let text = call.text(&call.input)?;
    let compiled = Pattern::new(&pattern, flags, Anchor::Search).map_err(|problem| failed(call, problem))?;
    let found = compiled.all(&text, usize::MAX).map_err(|problem| failed(call, problem))?;
    let group =
        |captures: &Captures, number: usize| like(captures.get(number).map_or("", |group| group.as_str()), &text);
    Ok(Value::list(found.iter().map(|captures| match compiled.groups() {
        0 => group(captures, 0),
        1 => group(captures, 1),
        count => Value::Tuple(Arc::new((1..=count).map(|number| group(captures, number)).collect())),
    })))
}

fn regex_escape(call: &mut Call) -> Result<Value, Stop> {
    let [kind] = call.params(["re_type"])?;
    let kind = call.string(kind, "re_type", "python")?;
    let text = call.text(&call.input)?;
    let escaped = match kind.as_str() {
        "python" => escape(&text),
        "posix_basic" => text.chars().fold(String::new(), |mut out, c| {
            if "[].^$*\\".contains(c) {
                out.push('\\');
            }
            out.push(c);
            out
        }),
        "posix_extended" => return Err(call.fail("Regex type (posix_extended) not yet implemented")),
        other => return Err(call.fail(format!("Invalid regex type ({other})"))),
    };
    Ok(like(escaped, &text))
}
