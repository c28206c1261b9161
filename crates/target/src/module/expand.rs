//! `~` and `$VARIABLES` in path arguments, as the user who runs the module has them.
use crate::host::{Host, accounts};
use value::spec::{Kind, Spec};
use value::{Map, Str, Value};

pub fn paths(spec: &Spec, args: &Map, host: &Host) -> Map {
    let mut args = args.clone();
    for arg in spec.args.iter().filter(|arg| arg.kind == Kind::Path || arg.elements == Some(Kind::Path)) {
        if let Some(value) = args.get_mut(arg.name) {
            *value = expanded(value, host);
        }
    }
    args
}

/// One text, as Python's `expanduser` and `expandvars` see it.
pub fn text(text: &str, host: &Host) -> String {
    variables(&home(text, host), host)
}

fn expanded(value: &Value, host: &Host) -> Value {
    match value {
        Value::Str(text) if text.starts_with('~') || text.contains('$') => {
            Value::Str(Str::from(self::text(text, host)).with_secrecy(text.is_secret()))
        }
        Value::List(items) => Value::list(items.iter().map(|item| expanded(item, host))),
        other => other.clone(),
    }
}

fn home(text: &str, host: &Host) -> String {
    let Some(rest) = text.strip_prefix('~') else { return text.into() };
    let (name, rest) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let home = match name {
        "" => host.variable("HOME").or_else(|| {
            let own = accounts::user_by_id(host.machine(), host.identity().uid);
            own.ok().flatten().map(|line| line.home)
        }),
        name => accounts::user(host.machine(), name).ok().flatten().map(|line| line.home),
    };
    home.map_or_else(|| text.into(), |home| home.trim_end_matches('/').to_string() + rest)
}

/// `$NAME` and `${NAME}`; unknown ones stay as they are.
fn variables(text: &str, host: &Host) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let (name, length) = match after.strip_prefix('{') {
            Some(braced) => braced.find('}').map_or(("", 0), |end| (&braced[..end], end + 2)),
            None => {
                let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
                (&after[..end], end)
            }
        };
        match host.variable(name).filter(|_| !name.is_empty()) {
            Some(value) => out.push_str(&value),
            None => out.push_str(&rest[at..at + 1 + length]),
        }
        rest = &after[length..];
    }
    out + rest
}
