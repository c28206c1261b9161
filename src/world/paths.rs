//! Paths of the controller: what filters and tests ask of them, and `~` and variables in them.
use super::lookups::{self, Reads};
use lang::template::Stop;
use std::path::{Path, PathBuf};
use value::Value;

/// A filter or test whose answer is the controller's.
pub struct PathFilter {
    pub name: &'static str,
    pub reads: Reads,
    pub run: fn(&str) -> Result<Value, Stop>,
}

const TABLE: [PathFilter; 6] = [
    PathFilter { name: "abspath", reads: Reads::Nothing, run: absolute },
    PathFilter { name: "expanduser", reads: Reads::Nothing, run: |path| Ok(expand_user(path).into()) },
    PathFilter { name: "expandvars", reads: Reads::Nothing, run: |path| Ok(expand_variables(path).into()) },
    PathFilter { name: "fileglob", reads: Reads::Controller, run: |path| Ok(lookups::glob(Path::new(path)).into()) },
    PathFilter { name: "is_vaulted_file", reads: Reads::Controller, run: is_vaulted_file },
    PathFilter { name: "realpath", reads: Reads::Controller, run: |path| Ok(text(&real_path(Path::new(path)))) },
];

/// None: nobody knows a filter of that name here.
pub fn find(name: &str) -> Option<&'static PathFilter> {
    TABLE.iter().find(|entry| entry.name == name)
}

/// Of one that nobody knows, anything.
pub fn reads(name: &str) -> Reads {
    find(name).map_or(Reads::World, |entry| entry.reads)
}

fn text(path: &Path) -> Value {
    Value::from(path.display().to_string())
}

fn absolute(path: &str) -> Result<Value, Stop> {
    let path = std::path::absolute(path).map_err(|error| Stop::outside(format!("{path}: {error}")))?;
    Ok(lang::python::path::normpath(&path.display().to_string()).into())
}

fn is_vaulted_file(path: &str) -> Result<Value, Stop> {
    let content = std::fs::read(path).map_err(|error| Stop::outside(format!("{path}: {error}")))?;
    Ok(lang::vault::is_vault(&content).into())
}

pub fn expand_user(path: &str) -> String {
    match (path.strip_prefix('~'), std::env::home_dir()) {
        (Some(rest), Some(home)) if rest.is_empty() || rest.starts_with('/') => format!("{}{rest}", home.display()),
        _ => path.to_string(),
    }
}

/// `$NAME` and `${NAME}`; unknown ones stay as they are, as in Python.
pub fn expand_variables(text: &str) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let (name, whole) = match after.strip_prefix('{').and_then(|inside| inside.split_once('}')) {
            Some((name, _)) => (name, name.len() + 2),
            None => {
                let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
                (&after[..end], end)
            }
        };
        match std::env::var(name) {
            Ok(value) if !name.is_empty() => out.push_str(&value),
            _ => out.push_str(&rest[at..=at + whole]),
        }
        rest = &after[whole..];
    }
    out + rest
}

/// As far as it is there; what is not stays as it was written.
fn real_path(path: &Path) -> PathBuf {
    if let Ok(real) = path.canonicalize() {
        return real;
    }
    match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) => real_path(parent).join(name),
        _ => path.to_path_buf(),
    }
}

/// Python's fnmatch as a regular expression.
pub fn glob_expression(pattern: &str) -> String {
    let (mut regex, mut chars) = (String::from("(?s)^"), pattern.chars().peekable());
    while let Some(c) = chars.next() {
        match c {
            '*' => regex.push_str(".*"),
            '?' => regex.push('.'),
            '[' if chars.clone().any(|c| c == ']') => {
                regex.push('[');
                if chars.next_if_eq(&'!').is_some() {
                    regex.push('^');
                }
                for c in chars.by_ref() {
                    match c {
                        ']' => break,
                        '\\' | '[' | '&' | '~' => regex.extend(['\\', c]),
                        c => regex.push(c),
                    }
                }
                regex.push(']');
            }
            c => regex.push_str(&fancy_regex::escape(&c.to_string())),
        }
    }
    regex + "$"
}
