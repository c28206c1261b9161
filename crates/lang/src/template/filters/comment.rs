//! `comment`: a text as a comment of some language.
use super::super::call::Call;
use super::super::error::Stop;
use super::super::registry::Entry;
use super::{amount, like, settled};
use value::Value;

pub static TABLE: &[Entry] = &[settled("comment", comment)];

/// What stands before the first line, before each, and behind the last.
fn style(name: &str) -> Option<(&'static str, &'static str, &'static str)> {
    Some(match name {
        "plain" => ("", "# ", ""),
        "erlang" => ("", "% ", ""),
        "c" => ("", "// ", ""),
        "cblock" => ("/*", " * ", " */"),
        "xml" => ("<!--", " - ", "-->"),
        _ => return None,
    })
}

fn comment(call: &mut Call) -> Result<Value, Stop> {
    let name = match call.arguments.positional.len() {
        0 => call.arguments.take_named("style"),
        1 => call.arguments.positional.pop(),
        given => {
            return Err(Stop::of_type(format!(
                "comment() takes from 1 to 2 positional arguments but {} were given",
                given + 1
            )));
        }
    };
    let name = call.string(name, "style", "plain")?;
    let Some((beginning, decoration, end)) = style(&name) else {
        return Err(call.fail(format!("Invalid style '{}'.", name.as_str())));
    };
    let mut named = |name: &str, default: &str| -> Result<String, Stop> {
        let given = call.arguments.take_named(name);
        Ok(call.string(given, name, default)?.to_string())
    };
    let beginning = named("beginning", beginning)?;
    let decoration = named("decoration", decoration)?;
    let end = named("end", end)?;
    let newline = named("newline", "\n")?;
    let prefix = named("prefix", decoration.trim_end())?;
    let postfix = named("postfix", decoration.trim_end())?;
    let mut count = |name: &str| -> Result<usize, Stop> {
        let given = call.arguments.take_named(name);
        amount(call, given, name, 1)
    };
    let (prefix_count, postfix_count) = (count("prefix_count")?, count("postfix_count")?);
    if let Some((name, _)) = call.arguments.named.first() {
        return Err(call.fail(format!("unknown option '{name}'")));
    }
    let text = call.text(&call.input)?;
    let mut out = String::new();
    if !beginning.is_empty() {
        out += &format!("{beginning}{newline}");
    }
    if !prefix.is_empty() {
        let line = if prefix == newline { newline.clone() } else { format!("{prefix}{newline}") };
        out += &line.repeat(prefix_count);
    }
    let body = format!("{decoration}{}", text.replace(newline.as_str(), &format!("{newline}{decoration}")));
    out += &body.replace(&format!("{decoration}{newline}"), &format!("{}{newline}", decoration.trim_end()));
    out += &newline;
    if !postfix.is_empty() {
        out += &vec![postfix; postfix_count].join(&newline);
    }
    if !end.is_empty() {
        out += &format!("{newline}{end}");
    }
    Ok(like(out, &text))
}
