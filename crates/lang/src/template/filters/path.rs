//! Filters over paths: as text, and (through the environment) as they are on the controller.
use super::super::call::{Arguments, Call};
use super::super::error::Stop;
use super::super::registry::Entry;
use super::{like, settled};
use crate::python::path;
use std::sync::Arc;
use value::{Str, Value};

pub static TABLE: &[Entry] = &[
    settled("basename", |call| simple(call, |text| path::basename(text).into())),
    settled("dirname", |call| simple(call, |text| path::dirname(text).into())),
    settled("normpath", |call| simple(call, path::normpath)),
    settled("win_basename", |call| simple(call, |text| path::windows_basename(text).into())),
    settled("win_dirname", |call| simple(call, path::windows_dirname)),
    settled("splitext", |call| pair(call, path::splitext)),
    settled("win_splitdrive", |call| pair(call, path::windows_drive)),
    settled("path_join", path_join),
    settled("commonpath", commonpath),
    settled("relpath", relpath),
    settled("realpath", |call| outside(call, "realpath")),
    settled("expanduser", |call| outside(call, "expanduser")),
    settled("expandvars", |call| outside(call, "expandvars")),
    settled("fileglob", |call| outside(call, "fileglob")),
];

fn path_of(call: &Call) -> Result<Str, Stop> {
    match &call.input {
        Value::Str(text) => Ok(text.clone()),
        other => Err(call.wrong_type("path", "a string", other)),
    }
}

fn simple(call: &mut Call, change: fn(&str) -> String) -> Result<Value, Stop> {
    let [] = call.params([])?;
    let path = path_of(call)?;
    Ok(like(change(&path), &path))
}

fn pair(call: &mut Call, split: fn(&str) -> (&str, &str)) -> Result<Value, Stop> {
    let [] = call.params([])?;
    let path = path_of(call)?;
    let (one, two) = split(&path);
    Ok(Value::Tuple(Arc::new(vec![like(one, &path), like(two, &path)])))
}

fn parts(call: &Call) -> Result<Vec<Str>, Stop> {
    let part = |value: &Value| match value {
        Value::Str(text) => Ok(text.clone()),
        other => Err(call.wrong_type("paths", "a list of strings", other)),
    };
    match &call.input {
        Value::List(items) | Value::Tuple(items) => items.iter().map(part).collect(),
        other => Err(call.wrong_type("paths", "a list of strings", other)),
    }
}

fn path_join(call: &mut Call) -> Result<Value, Stop> {
    let [] = call.params([])?;
    if let Value::Str(path) = &call.input {
        return Ok(path.clone().with_trust(false).into());
    }
    let parts = parts(call)?;
    let secret = parts.iter().any(Str::is_secret);
    Ok(Str::from(path::join(parts.iter().map(Str::as_str))).with_secrecy(secret).into())
}

fn commonpath(call: &mut Call) -> Result<Value, Stop> {
    let [] = call.params([])?;
    let parts = parts(call)?;
    let parts: Vec<&str> = parts.iter().map(Str::as_str).collect();
    path::commonpath(&parts).map(Value::from).map_err(|problem| call.fail(problem))
}

/// Paths that do not begin at the root are asked of the environment, which knows where it stands.
fn relpath(call: &mut Call) -> Result<Value, Stop> {
    let [start] = call.params(["start"])?;
    let path = path_of(call)?;
    let start = call.string(start, "start", ".")?;
    if path.is_empty() {
        return Err(call.fail("no path specified"));
    }
    let absolute = |text: &Str| -> Result<String, Stop> {
        if text.starts_with('/') {
            return Ok(text.to_string());
        }
        let asked = call.environment().path_filter("abspath", text, &Arguments::default())?;
        Ok(asked.as_str().map_or_else(|| text.to_string(), String::from))
    };
    let same_kind = path.starts_with('/') == start.starts_with('/');
    let relative = match same_kind {
        true if !path.starts_with('/') => {
            path::relpath(&format!("/{}", path.as_str()), &format!("/{}", start.as_str()))
        }
        true => path::relpath(&path, &start),
        false => path::relpath(&absolute(&path)?, &absolute(&start)?),
    };
    Ok(like(relative, &path))
}

fn outside(call: &mut Call, name: &str) -> Result<Value, Stop> {
    let path = path_of(call)?;
    call.evaluation().note_impure();
    call.environment().path_filter(name, &path, &call.arguments)
}
