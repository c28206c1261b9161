//! Methods of strings. Whether a result is secret is the caller's business.
use super::super::call::Arguments;
use super::super::error::Stop;
use super::super::eval::Evaluation;
use super::super::eval::operators::LARGEST;
use super::super::format::braces;
use super::{none, one};
use std::sync::Arc;
use value::{Map, Str, Value};

pub const NAMES: [&str; 47] = [
    "capitalize",
    "casefold",
    "center",
    "count",
    "encode",
    "endswith",
    "expandtabs",
    "find",
    "format",
    "format_map",
    "index",
    "isalnum",
    "isalpha",
    "isascii",
    "isdecimal",
    "isdigit",
    "isidentifier",
    "islower",
    "isnumeric",
    "isprintable",
    "isspace",
    "istitle",
    "isupper",
    "join",
    "ljust",
    "lower",
    "lstrip",
    "maketrans",
    "partition",
    "removeprefix",
    "removesuffix",
    "replace",
    "rfind",
    "rindex",
    "rjust",
    "rpartition",
    "rsplit",
    "rstrip",
    "split",
    "splitlines",
    "startswith",
    "strip",
    "swapcase",
    "title",
    "translate",
    "upper",
    "zfill",
];

pub fn call(text: &Str, name: &str, mut arguments: Arguments, evaluation: &Evaluation) -> Result<Value, Stop> {
    match name {
        "split" | "rsplit" => split(text, name == "rsplit", arguments),
        "splitlines" => splitlines(text, arguments),
        "join" => join(text, &one(name, &mut arguments)?, evaluation),
        "format" => Ok(braces::format(text, &arguments, evaluation)?.into()),
        "format_map" => {
            let Value::Map(map) = evaluation.outside(one(name, &mut arguments)?)? else {
                return Err(Stop::of_type("format_map() wants a mapping"));
            };
            let named = map.iter().map(|(key, value)| (key.value().to_text().into(), value.clone())).collect();
            Ok(braces::format(text, &Arguments { positional: Vec::new(), named }, evaluation)?.into())
        }
        "replace" => replace(text, arguments),
        "strip" | "lstrip" | "rstrip" => strip(text, name, arguments),
        "startswith" | "endswith" => affix(text, name, arguments),
        "find" | "rfind" | "index" | "rindex" | "count" => search(text, name, arguments),
        "center" | "ljust" | "rjust" | "zfill" => justify(text, name, arguments),
        "partition" | "rpartition" => partition(text, name, &string(one(name, &mut arguments)?)?),
        "removeprefix" => {
            let prefix = string(one(name, &mut arguments)?)?;
            Ok(text.strip_prefix(prefix.as_str()).unwrap_or(text).into())
        }
        "removesuffix" => {
            let suffix = string(one(name, &mut arguments)?)?;
            Ok(text.strip_suffix(suffix.as_str()).unwrap_or(text).into())
        }
        "expandtabs" => {
            let [size] = arguments.bind(name, ["tabsize"])?;
            Ok(expandtabs(text, usize::try_from(integer(size, 8)?).unwrap_or(0)).into())
        }
        "encode" => encode(text, arguments),
        "translate" => translate(text, &one(name, &mut arguments)?, evaluation),
        "maketrans" => maketrans(arguments, evaluation),
        _ => {
            none(name, &arguments)?;
            Ok(changed_case(text, name).map_or_else(|| consists_of(text, name).into(), Value::from))
        }
    }
}

fn string(value: Value) -> Result<Str, Stop> {
    match value {
        Value::Str(text) => Ok(text),
        other => Err(Stop::of_type(format!("must be str, not {}", other.type_name()))),
    }
}

fn integer(value: Option<Value>, default: i64) -> Result<i64, Stop> {
    match value {
        None | Some(Value::Null) => Ok(default),
        Some(Value::Int(number)) => Ok(number),
        Some(Value::Bool(truth)) => Ok(truth.into()),
        Some(other) => {
            let message = format!("'{}' object cannot be interpreted as an integer", other.type_name());
            Err(Stop::of_type(message))
        }
    }
}

fn changed_case(text: &str, name: &str) -> Option<String> {
    Some(match name {
        "lower" => text.to_lowercase(),
        "upper" => text.to_uppercase(),
        "casefold" => text.to_lowercase().replace('ß', "ss").replace('ſ', "s"),
        "capitalize" => {
            let mut rest = text.chars();
            let first = rest.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
            first + &rest.as_str().to_lowercase()
        }
        "title" => title(text),
        "swapcase" => {
            let swapped = text.chars().map(|c| match c.is_uppercase() {
                true => c.to_lowercase().to_string(),
                false => c.to_uppercase().to_string(),
            });
            swapped.collect()
        }
        _ => return None,
    })
}

/// Upper case after everything that is no letter.
pub fn title(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut inside = false;
    for c in text.chars() {
        if inside {
            out.extend(c.to_lowercase());
        } else if c == 'ß' {
            out.push_str("Ss");
        } else {
            out.extend(c.to_uppercase());
        }
        inside = c.is_alphabetic();
    }
    out
}

fn consists_of(text: &str, name: &str) -> bool {
    let all = |test: fn(char) -> bool| !text.is_empty() && text.chars().all(test);
    match name {
        "isalnum" => all(char::is_alphanumeric),
        "isalpha" => all(char::is_alphabetic),
        "isascii" => text.is_ascii(),
        "isdecimal" => all(|c| c.is_ascii_digit() || (c.is_numeric() && !c.is_ascii() && is_decimal(c))),
        "isdigit" => {
            all(|c| c.is_ascii_digit() || is_decimal(c) || matches!(c, '²' | '³' | '¹' | '⁰' | '⁴'..='⁹' | '₀'..='₉'))
        }
        "isnumeric" => all(char::is_numeric),
        "isspace" => all(char::is_whitespace),
        "isprintable" => !text.chars().any(char::is_control),
        "isidentifier" => {
            let starts = text.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_');
            starts && text.chars().all(|c| c.is_alphanumeric() || c == '_')
        }
        "islower" => text.chars().any(char::is_lowercase) && !text.chars().any(char::is_uppercase),
        "isupper" => text.chars().any(char::is_uppercase) && !text.chars().any(char::is_lowercase),
        _ => text.chars().any(char::is_alphabetic) && title(text) == text,
    }
}

/// Digits of other scripts come in blocks of ten.
fn is_decimal(c: char) -> bool {
    matches!(c as u32,
        0x660..=0x669 | 0x6f0..=0x6f9 | 0x966..=0x96f | 0x9e6..=0x9ef | 0xa66..=0xa6f | 0xae6..=0xaef | 0xb66..=0xb6f
        | 0xbe6..=0xbef | 0xc66..=0xc6f | 0xe50..=0xe59 | 0xff10..=0xff19)
}

fn split(text: &str, from_right: bool, mut arguments: Arguments) -> Result<Value, Stop> {
    let [separator, most] = arguments.bind(if from_right { "rsplit" } else { "split" }, ["sep", "maxsplit"])?;
    let most = usize::try_from(integer(most, -1)?).unwrap_or(usize::MAX);
    let parts: Vec<&str> = match separator {
        None | Some(Value::Null) => split_space(text, from_right, most),
        Some(separator) => {
            let separator = string(separator)?;
            let separator = separator.as_str();
            let pieces = most.saturating_add(1);
            match (separator.is_empty(), from_right) {
                (true, _) => return Err(Stop::of_value("empty separator")),
                (false, false) => text.splitn(pieces, separator).collect(),
                (false, true) => {
                    let mut parts: Vec<&str> = text.rsplitn(pieces, separator).collect();
                    parts.reverse();
                    parts
                }
            }
        }
    };
    Ok(Value::list(parts.into_iter().map(Value::from)))
}

/// At runs of white space; what is left over after the last split keeps its own.
fn split_space(text: &str, from_right: bool, most: usize) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = if from_right { text.trim_end() } else { text.trim_start() };
    while !rest.is_empty() && parts.len() < most {
        let found = if from_right { rest.rfind(char::is_whitespace) } else { rest.find(char::is_whitespace) };
        let Some(at) = found else { break };
        if from_right {
            let width = rest[at..].chars().next().map_or(1, char::len_utf8);
            parts.push(&rest[at + width..]);
            rest = rest[..at].trim_end();
        } else {
            parts.push(&rest[..at]);
            rest = rest[at..].trim_start();
        }
    }
    if !rest.is_empty() {
        let last = if from_right { rest.trim_start() } else { rest.trim_end() };
        parts.push(if parts.len() < most { last } else { rest });
    }
    if from_right {
        parts.reverse();
    }
    parts
}

fn splitlines(text: &str, mut arguments: Arguments) -> Result<Value, Stop> {
    let [keep] = arguments.bind("splitlines", ["keepends"])?;
    let keep = keep.is_some_and(|keep| keep.is_true());
    let mut lines = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let is_end = |c: char| {
            matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}')
        };
        let end = rest.find(is_end).unwrap_or(rest.len());
        let width =
            if rest[end..].starts_with("\r\n") { 2 } else { rest[end..].chars().next().map_or(0, char::len_utf8) };
        lines.push(Value::from(&rest[..if keep { end + width } else { end }]));
        rest = &rest[end + width..];
    }
    Ok(Value::list(lines))
}

fn join(separator: &str, items: &Value, evaluation: &Evaluation) -> Result<Value, Stop> {
    let mut texts = Vec::new();
    let mut secret = false;
    for (index, item) in evaluation.items(items)?.into_iter().enumerate() {
        match item {
            Value::Str(text) => {
                secret |= text.is_secret();
                texts.push(text);
            }
            Value::Undefined(_) => return Ok(item),
            other => {
                let message = format!("sequence item {index}: expected str instance, {} found", other.type_name());
                return Err(Stop::of_type(message));
            }
        }
    }
    let texts: Vec<&str> = texts.iter().map(Str::as_str).collect();
    Ok(Str::from(texts.join(separator)).with_secrecy(secret).into())
}

fn replace(text: &str, mut arguments: Arguments) -> Result<Value, Stop> {
    let [old, new, count] = arguments.bind("replace", ["old", "new", "count"])?;
    let (Some(old), Some(new)) = (old, new) else {
        return Err(Stop::of_type("replace expected at least 2 arguments"));
    };
    let (old, new) = (string(old)?, string(new)?);
    if new.len().saturating_mul(text.len()) > LARGEST.saturating_mul(8) {
        return Err(Stop::of_value("the result is too large"));
    }
    Ok(match usize::try_from(integer(count, -1)?) {
        Ok(count) => text.replacen(old.as_str(), &new, count).into(),
        Err(_) => text.replace(old.as_str(), &new).into(),
    })
}

fn strip(text: &str, name: &str, mut arguments: Arguments) -> Result<Value, Stop> {
    let [characters] = arguments.bind(name, ["chars"])?;
    let characters = match characters {
        None | Some(Value::Null) => None,
        Some(characters) => Some(string(characters)?),
    };
    let strips = |c: char| characters.as_ref().map_or_else(|| c.is_whitespace(), |characters| characters.contains(c));
    let stripped = match name {
        "strip" => text.trim_matches(strips),
        "lstrip" => text.trim_start_matches(strips),
        _ => text.trim_end_matches(strips),
    };
    Ok(stripped.into())
}

/// The part between two bounds, counted in characters as slices count; none where it begins behind the end.
fn part(text: &str, start: Option<Value>, end: Option<Value>) -> Result<Option<(usize, &str)>, Stop> {
    if start.is_none() && end.is_none() {
        return Ok(Some((0, text)));
    }
    let length = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
    let bound = |number: i64| if number < 0 { (number + length).max(0) } else { number };
    let (start, end) = (bound(integer(start, 0)?), bound(integer(end, length)?).min(length));
    if start > end {
        return Ok(None);
    }
    let offset = |at: i64| text.char_indices().nth(at as usize).map_or(text.len(), |(offset, _)| offset);
    Ok(Some((start as usize, &text[offset(start)..offset(end)])))
}

fn affix(text: &str, name: &str, mut arguments: Arguments) -> Result<Value, Stop> {
    let [affix, start, end] = arguments.bind(name, ["prefix", "start", "end"])?;
    let affixes = match affix {
        Some(Value::Str(one)) => vec![one],
        Some(Value::Tuple(several)) => several.iter().cloned().map(string).collect::<Result<_, _>>()?,
        other => {
            let given = other.unwrap_or_default().type_name();
            return Err(Stop::of_type(format!("{name} first arg must be str or a tuple of str, not {given}")));
        }
    };
    let Some((_, part)) = part(text, start, end)? else { return Ok(false.into()) };
    let found = affixes.iter().any(|affix| match name {
        "startswith" => part.starts_with(affix.as_str()),
        _ => part.ends_with(affix.as_str()),
    });
    Ok(found.into())
}

fn search(text: &str, name: &str, mut arguments: Arguments) -> Result<Value, Stop> {
    let [wanted, start, end] = arguments.bind(name, ["sub", "start", "end"])?;
    let wanted = string(wanted.unwrap_or_default())?;
    let part = part(text, start, end)?;
    if name == "count" {
        let found = part.map_or(0, |(_, part)| match wanted.is_empty() {
            true => part.chars().count() + 1,
            false => part.matches(wanted.as_str()).count(),
        });
        return Ok(found.into());
    }
    let found = part.and_then(|(offset, part)| {
        let at = if name.starts_with('r') { part.rfind(wanted.as_str()) } else { part.find(wanted.as_str()) }?;
        Some(offset + part[..at].chars().count())
    });
    match (found, name) {
        (Some(at), _) => Ok(at.into()),
        (None, "find" | "rfind") => Ok(Value::Int(-1)),
        (None, _) => Err(Stop::of_value("substring not found")),
    }
}

fn justify(text: &str, name: &str, mut arguments: Arguments) -> Result<Value, Stop> {
    let [width, fill] = arguments.bind(name, ["width", "fillchar"])?;
    if width.is_none() {
        return Err(Stop::of_type(format!("{name} expected at least 1 argument, got 0")));
    }
    let width = usize::try_from(integer(width, 0)?).unwrap_or(0);
    if width > LARGEST {
        return Err(Stop::of_value("the result is too large"));
    }
    let fill = match fill {
        None => " ".into(),
        Some(fill) => string(fill)?,
    };
    if fill.chars().count() != 1 {
        return Err(Stop::of_type("The fill character must be exactly one character long"));
    }
    let room = width.saturating_sub(text.chars().count());
    let side = |count: usize| fill.repeat(count);
    Ok(match name {
        "ljust" => format!("{text}{}", side(room)),
        "rjust" => format!("{}{text}", side(room)),
        // Where the room is odd, Python puts the larger half to the left only if the width is odd too.
        "center" => {
            let left = room / 2 + (room & width & 1);
            format!("{}{text}{}", side(left), side(room - left))
        }
        _ => {
            let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
            format!("{}{}{digits}", &text[..text.len() - digits.len()], "0".repeat(room))
        }
    }
    .into())
}

fn partition(text: &str, name: &str, separator: &str) -> Result<Value, Stop> {
    if separator.is_empty() {
        return Err(Stop::of_value("empty separator"));
    }
    let (parts, none) = match name {
        "partition" => (text.split_once(separator), [text, "", ""]),
        _ => (text.rsplit_once(separator), ["", "", text]),
    };
    let parts = parts.map_or(none, |(before, after)| [before, separator, after]);
    Ok(Value::Tuple(Arc::new(parts.into_iter().map(Value::from).collect())))
}

fn expandtabs(text: &str, size: usize) -> String {
    let mut out = String::new();
    let mut column = 0;
    for c in text.chars() {
        match c {
            '\t' => {
                let step = if size == 0 { 0 } else { size.min(LARGEST) - column % size };
                out.extend(std::iter::repeat_n(' ', step));
                column += step;
            }
            '\n' | '\r' => {
                out.push(c);
                column = 0;
            }
            c => {
                out.push(c);
                column += 1;
            }
        }
    }
    out
}

fn encode(text: &str, mut arguments: Arguments) -> Result<Value, Stop> {
    let [encoding, errors] = arguments.bind("encode", ["encoding", "errors"])?;
    let encoding = encoding.map_or_else(|| Ok("utf-8".into()), string)?.to_lowercase().replace('_', "-");
    let errors = errors.map_or_else(|| Ok("strict".into()), string)?;
    let limit = match encoding.as_str() {
        "utf-8" | "utf8" => return Ok(Value::Bytes(text.as_bytes().into())),
        "ascii" | "us-ascii" => 0x80,
        "latin-1" | "latin1" | "iso-8859-1" => 0x100,
        other => return Err(Stop::of_value(format!("unknown encoding: {other}"))),
    };
    let mut bytes = Vec::with_capacity(text.len());
    for (at, c) in text.chars().enumerate() {
        match (u8::try_from(c as u32), errors.as_str()) {
            (Ok(byte), _) if u32::from(byte) < limit => bytes.push(byte),
            (_, "ignore") => {}
            (_, "replace") => bytes.push(b'?'),
            _ => {
                let code = Value::from(c.to_string()).to_repr();
                let message = format!("'{encoding}' codec can't encode character {code} in position {at}");
                return Err(Stop::of_value(format!("{message}: ordinal not in range({limit})")));
            }
        }
    }
    Ok(Value::Bytes(bytes.into()))
}

/// A table from code points to code points, texts or nothing, as `maketrans` makes it.
fn translate(text: &str, table: &Value, evaluation: &Evaluation) -> Result<Value, Stop> {
    let Value::Map(table) = evaluation.settled(table)? else { return Ok(text.into()) };
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match table.get_key(&value::Key::from(Value::Int((c as u32).into()))) {
            None => out.push(c),
            Some(Value::Null) => {}
            Some(Value::Int(code)) => out.extend(u32::try_from(*code).ok().and_then(char::from_u32)),
            Some(other) => out.push_str(&other.to_text()),
        }
    }
    Ok(out.into())
}

fn maketrans(mut arguments: Arguments, evaluation: &Evaluation) -> Result<Value, Stop> {
    let [from, to, drop] = arguments.bind("maketrans", ["x", "y", "z"])?;
    let mut table = Map::new();
    let code = |c: char| Value::Int((c as u32).into());
    match (from, to) {
        (Some(Value::Str(from)), Some(Value::Str(to))) if from.chars().count() == to.chars().count() => {
            table.extend(from.chars().zip(to.chars()).map(|(from, to)| (code(from), code(to))));
        }
        (Some(from @ Value::Map(_)), None) => {
            if let Value::Map(from) = evaluation.settled(&from)? {
                for (key, value) in from.iter() {
                    let key = match key.as_str().and_then(|text| text.chars().next()) {
                        Some(c) => code(c),
                        None => key.value().clone(),
                    };
                    table.insert(key, value.clone());
                }
            }
        }
        _ => return Err(Stop::of_value("the first two maketrans arguments must have equal length")),
    }
    if let Some(Value::Str(drop)) = drop {
        table.extend(drop.chars().map(|c| (code(c), Value::Null)));
    }
    Ok(table.into())
}
