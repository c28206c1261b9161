//! Filters for HTML and XML.
use super::super::call::Call;
use super::super::error::Stop;
use super::super::registry::Entry;
use super::{amount, derived, like, settled};
use crate::python::regex::{Anchor, Flags, Pattern};
use value::Value;

pub static TABLE: &[Entry] = &[
    settled("escape", escape),
    settled("e", escape),
    settled("forceescape", escape),
    settled("safe", safe),
    settled("striptags", striptags),
    settled("xmlattr", xmlattr),
    settled("urlize", urlize),
];

pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\'' => out.push_str("&#39;"),
            '"' => out.push_str("&#34;"),
            c => out.push(c),
        }
    }
    out
}

fn escape(call: &mut Call) -> Result<Value, Stop> {
    let [] = call.params([])?;
    let text = call.text(&call.input)?;
    Ok(like(escaped(&text), &text))
}

/// Nothing is escaped unasked here, so that nothing needs to be kept from it.
fn safe(call: &mut Call) -> Result<Value, Stop> {
    let [] = call.params([])?;
    Ok(call.text(&call.input)?.into())
}

/// Without comments, tags and needless white space, with entities as what they stand for.
fn striptags(call: &mut Call) -> Result<Value, Stop> {
    let [] = call.params([])?;
    let text = call.text(&call.input)?;
    let mut out = text.to_string();
    for (open, close) in [("<!--", "-->"), ("<", ">")] {
        let mut at = 0;
        while let Some(start) = out[at..].find(open).map(|start| start + at) {
            let Some(end) = out[start..].find(close).map(|end| end + start) else { break };
            out.replace_range(start..end + close.len(), "");
            at = start;
        }
    }
    let joined = out.split_whitespace().collect::<Vec<_>>().join(" ");
    Ok(like(unescape(&joined), &text))
}

/// The entities that texts have, by name or number.
fn unescape(text: &str) -> String {
    const NAMES: [(&str, char); 12] = [
        ("amp", '&'),
        ("lt", '<'),
        ("gt", '>'),
        ("quot", '"'),
        ("apos", '\''),
        ("nbsp", '\u{a0}'),
        ("copy", '©'),
        ("reg", '®'),
        ("hellip", '…'),
        ("ndash", '–'),
        ("mdash", '—'),
        ("euro", '€'),
    ];
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('&') {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        let end = rest.find(';').filter(|end| *end <= 10);
        let name = end.map(|end| &rest[1..end]);
        let found = name.and_then(|name| match name.strip_prefix('#') {
            Some(hex) if hex.starts_with(['x', 'X']) => {
                u32::from_str_radix(&hex[1..], 16).ok().and_then(char::from_u32)
            }
            Some(number) => number.parse().ok().and_then(char::from_u32),
            None => NAMES.iter().find(|(known, _)| *known == name).map(|(_, c)| *c),
        });
        match (found, end) {
            (Some(c), Some(end)) => {
                out.push(c);
                rest = &rest[end + 1..];
            }
            _ => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out + rest
}

fn xmlattr(call: &mut Call) -> Result<Value, Stop> {
    let [space] = call.params(["autospace"])?;
    let space = call.truth(space, true)?;
    let Some(map) = call.input.as_map() else {
        return Err(call.wrong_type("d", "a dictionary", &call.input));
    };
    let mut parts = Vec::new();
    for (key, value) in map.iter().filter(|(_, value)| !value.is_null() && !value.is_undefined()) {
        let name = call.text(key.value())?;
        if name.contains(|c: char| c.is_whitespace() || "/>=".contains(c)) {
            return Err(call.fail(format!("Invalid character in attribute name: {}", key.value().to_repr())));
        }
        parts.push(format!("{}=\"{}\"", escaped(&name), escaped(&call.text(value)?)));
    }
    let joined = parts.join(" ");
    let space = if space && !joined.is_empty() { " " } else { "" };
    Ok(derived(format!("{space}{joined}"), &call.input))
}

/// Addresses of pages and mailboxes become links.
fn urlize(call: &mut Call) -> Result<Value, Stop> {
    let [limit, nofollow, target, rel, schemes] =
        call.params(["trim_url_limit", "nofollow", "target", "rel", "extra_schemes"])?;
    let limit = match limit {
        None | Some(Value::Null) => None,
        limit => Some(amount(call, limit, "trim_url_limit", 0)?),
    };
    let mut relations = match rel {
        None | Some(Value::Null) => Vec::new(),
        Some(rel) => call.text(&rel)?.split_whitespace().map(String::from).collect(),
    };
    if call.truth(nofollow, false)? {
        relations.push("nofollow".into());
    }
    relations.push("noopener".into());
    relations.sort();
    relations.dedup();
    let mut attributes = format!(" rel=\"{}\"", escaped(&relations.join(" ")));
    if let Some(target) = target.filter(|target| !target.is_null()) {
        attributes += &format!(" target=\"{}\"", escaped(&call.text(&target)?));
    }
    let mut extra = Vec::new();
    if let Some(schemes) = schemes.filter(|schemes| !schemes.is_null()) {
        for scheme in call.items(&schemes)? {
            extra.push(call.text(&scheme)?.to_string());
        }
    }
    let text = call.text(&call.input)?;
    let safe = escaped(&text);
    let mut out = String::new();
    let mut rest = safe.as_str();
    while !rest.is_empty() {
        let white = rest.starts_with(char::is_whitespace);
        let end = rest.find(|c: char| c.is_whitespace() != white).unwrap_or(rest.len());
        let word = &rest[..end];
        out.push_str(&if white { word.to_string() } else { link(call, word, &attributes, limit, &extra)? });
        rest = &rest[end..];
    }
    Ok(like(out, &text))
}

fn link(call: &Call, word: &str, attributes: &str, limit: Option<usize>, extra: &[String]) -> Result<String, Stop> {
    let matches = |pattern: &str, text: &str| -> Result<bool, Stop> {
        let flags = Flags { ignore_case: true, multiline: false };
        let pattern = Pattern::new(pattern, flags, Anchor::Match).map_err(|problem| call.fail(problem.0))?;
        pattern.is_match(text).map_err(|problem| call.fail(problem.0))
    };
    let opening = ["(", "<", "&lt;"];
    let closing = [")", ">", ".", ",", "\n", "&gt;"];
    let (mut head, mut middle, mut tail) = (String::new(), word, String::new());
    while let Some(mark) = opening.iter().find(|mark| middle.starts_with(**mark)) {
        head.push_str(mark);
        middle = &middle[mark.len()..];
    }
    while let Some(mark) = closing.iter().find(|mark| middle.ends_with(**mark)) {
        tail.insert_str(0, mark);
        middle = &middle[..middle.len() - mark.len()];
    }
    let trimmed = match limit {
        Some(limit) if middle.chars().count() > limit => middle.chars().take(limit).collect::<String>() + "...",
        _ => middle.to_string(),
    };
    const PAGE: &str = r"(?:https?://|www\.)(?:(?:[\w%-]+\.)+(?:[a-z]{2,63}|xn--[\w%]{2,59})|(?:[\w%-]{2,63}\.)(?:com|net|int|edu|gov|org|info|mil)|(?:\d{1,3}\.){3}\d{1,3}|\[[\da-f:]+\])(?::\d{1,5})?(?:[/?#]\S*)?\Z";
    let linked = if matches(PAGE, middle)? {
        let scheme = if middle.starts_with("http://") || middle.starts_with("https://") { "" } else { "https://" };
        format!("<a href=\"{scheme}{middle}\"{attributes}>{trimmed}</a>")
    } else if middle.starts_with("mailto:") && matches(r"\S+@\w[\w.-]*\.\w+\Z", &middle[7..])? {
        format!("<a href=\"{middle}\">{}</a>", &middle[7..])
    } else if middle.contains('@')
        && !middle.starts_with("www.")
        && !middle.contains(':')
        && !middle.starts_with('@')
        && matches(r"\S+@\w[\w.-]*\.\w+\Z", middle)?
    {
        format!("<a href=\"mailto:{middle}\">{middle}</a>")
    } else if extra.iter().any(|scheme| middle != scheme && middle.starts_with(scheme.as_str())) {
        format!("<a href=\"{middle}\"{attributes}>{middle}</a>")
    } else {
        middle.to_string()
    };
    Ok(format!("{head}{linked}{tail}"))
}
