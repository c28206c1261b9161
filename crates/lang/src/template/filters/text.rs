//! Filters over text: case, padding, cutting, splitting, wrapping.
use super::super::call::{Arguments, Call};
use super::super::error::Stop;
use super::super::format;
use super::super::registry::Entry;
use super::{amount, like, settled};
use crate::python::text::{Wrap, capitalize, shell_quote, split_lines, wrap};
use std::sync::Arc;
use value::{Str, Value};

pub static TABLE: &[Entry] = &[
    settled("upper", |call| simple(call, |text| text.to_uppercase())),
    settled("lower", |call| simple(call, |text| text.to_lowercase())),
    settled("capitalize", |call| simple(call, capitalize)),
    settled("title", |call| simple(call, title)),
    settled("string", |call| simple(call, str::to_string)),
    settled("wordcount", |call| {
        call.params([])?;
        let text = call.text(&call.input)?;
        Ok(words(&text).into())
    }),
    settled("trim", trim),
    settled("replace", replace),
    settled("center", center),
    settled("truncate", truncate),
    settled("wordwrap", wordwrap),
    settled("indent", indent),
    settled("format", format),
    settled("split", split),
    settled("quote", quote),
];

/// A function of the input's text alone.
fn simple(call: &mut Call, change: fn(&str) -> String) -> Result<Value, Stop> {
    let [] = call.params([])?;
    let text = call.text(&call.input)?;
    Ok(like(change(&text), &text))
}

/// Words begin behind white space, hyphens and opening brackets.
fn title(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut start = true;
    for c in text.chars() {
        if start {
            out.extend(c.to_uppercase());
        } else {
            out.extend(c.to_lowercase());
        }
        start = c.is_whitespace() || "-({[<".contains(c);
    }
    out
}

fn words(text: &str) -> usize {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty()).count()
}

fn trim(call: &mut Call) -> Result<Value, Stop> {
    let [characters] = call.params(["chars"])?;
    let text = call.text(&call.input)?;
    let trimmed = match characters {
        None | Some(Value::Null) => text.trim(),
        Some(Value::Str(characters)) => text.trim_matches(|c| characters.contains(c)),
        Some(other) => return Err(call.wrong_type("chars", "a string", &other)),
    };
    Ok(like(trimmed, &text))
}

fn replace(call: &mut Call) -> Result<Value, Stop> {
    let [old, new, count] = call.params(["old", "new", "count"])?;
    let (old, new) = (call.required(old, "old")?, call.required(new, "new")?);
    let (text, old, new) = (call.text(&call.input)?, call.text(&old)?, call.text(&new)?);
    let replaced = match count {
        None | Some(Value::Null) => text.replace(old.as_str(), &new),
        count => match usize::try_from(call.int(count, "count", -1)?) {
            Ok(count) => text.replacen(old.as_str(), &new, count),
            Err(_) => text.replace(old.as_str(), &new),
        },
    };
    Ok(Str::from(replaced).with_secrecy(text.is_secret() || new.is_secret()).into())
}

fn center(call: &mut Call) -> Result<Value, Stop> {
    let [width] = call.params(["width"])?;
    let width = amount(call, width, "width", 80)?;
    let text = call.text(&call.input)?;
    let missing = width.saturating_sub(text.chars().count());
    let left = missing / 2 + (missing & width & 1);
    Ok(like(format!("{}{text}{}", " ".repeat(left), " ".repeat(missing - left)), &text))
}

fn truncate(call: &mut Call) -> Result<Value, Stop> {
    let [length, kill, end, leeway] = call.params(["length", "killwords", "end", "leeway"])?;
    let length = call.int(length, "length", 255)?;
    let kill = call.truth(kill, false)?;
    let end = call.string(end, "end", "...")?;
    let leeway = match leeway {
        Some(Value::Null) => 5,
        leeway => call.int(leeway, "leeway", 5)?,
    };
    let ending = end.chars().count() as i64;
    if length < ending {
        return Err(call.fail(format!("expected length >= {ending}, got {length}")));
    }
    if leeway < 0 {
        return Err(call.fail(format!("expected leeway >= 0, got {leeway}")));
    }
    let text = call.text(&call.input)?;
    if text.chars().count() as i64 <= length.saturating_add(leeway) {
        return Ok(text.into());
    }
    let start: String = text.chars().take((length - ending) as usize).collect();
    let start = if kill { &start } else { start.rsplit_once(' ').map_or(start.as_str(), |(start, _)| start) };
    Ok(like(format!("{start}{end}"), &text))
}

fn wordwrap(call: &mut Call) -> Result<Value, Stop> {
    let [width, long, string, hyphens] =
        call.params(["width", "break_long_words", "wrapstring", "break_on_hyphens"])?;
    let width = call.int(width, "width", 79)?;
    let how = Wrap {
        width: usize::try_from(width)
            .ok()
            .filter(|width| *width > 0)
            .ok_or_else(|| call.fail(format!("invalid width {width} (must be > 0)")))?,
        long_words: call.truth(long, true)?,
        hyphens: call.truth(hyphens, true)?,
    };
    let string = match string {
        Some(Value::Null) => "\n".into(),
        string => call.string(string, "wrapstring", "\n")?,
    };
    let Value::Str(text) = call.input.clone() else {
        return Err(call.wrong_type("s", "a string", &call.input));
    };
    let lines: Vec<String> = split_lines(&text, false).iter().map(|line| wrap(line, how).join(&string)).collect();
    Ok(like(lines.join(&string), &text))
}

fn indent(call: &mut Call) -> Result<Value, Stop> {
    let [width, first, blank] = call.params(["width", "first", "blank"])?;
    let indention = match width {
        Some(Value::Str(text)) => text.to_string(),
        width => " ".repeat(amount(call, width, "width", 4)?),
    };
    let (first, blank) = (call.truth(first, false)?, call.truth(blank, false)?);
    let Value::Str(text) = call.input.clone() else {
        return Err(call.wrong_type("s", "a string", &call.input));
    };
    let with_end = format!("{}\n", text.as_str());
    let lines = split_lines(&with_end, false);
    let mut out = String::new();
    for (at, line) in lines.iter().enumerate() {
        if at > 0 {
            out.push('\n');
        }
        if (at == 0 && first) || (at > 0 && (blank || !line.is_empty())) {
            out.push_str(&indention);
        }
        out.push_str(line);
    }
    Ok(like(out, &text))
}

/// `'%s' | format(value)`
fn format(call: &mut Call) -> Result<Value, Stop> {
    let Arguments { positional, named } = std::mem::take(&mut call.arguments);
    let values = match (positional.is_empty(), named.is_empty()) {
        (false, false) => return Err(call.fail("can't handle positional and keyword arguments at the same time")),
        (true, false) => Value::map(named.into_iter().map(|(name, value)| (name.to_string(), value))),
        _ => Value::Tuple(Arc::new(positional)),
    };
    let template = call.text(&call.input)?;
    Ok(format::percent::format(&template, &values)?.into())
}

fn split(call: &mut Call) -> Result<Value, Stop> {
    let method: Str = "split".into();
    if !matches!(call.input, Value::Str(_)) {
        return Err(call.wrong_type("value", "a string", &call.input));
    }
    let function = call.evaluation().attribute(&call.input, &method)?;
    let arguments = std::mem::take(&mut call.arguments);
    call.invoke(&function, arguments)
}

fn quote(call: &mut Call) -> Result<Value, Stop> {
    let [] = call.params([])?;
    if call.input.is_null() {
        return Ok("''".into());
    }
    let text = call.text(&call.input)?;
    Ok(like(shell_quote(&text), &text))
}
