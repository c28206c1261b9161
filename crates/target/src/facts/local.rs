//! Facts that the host keeps itself: `*.fact` files, data or programs.
use super::Reader;
use crate::json;
use crate::machine::Command;
use value::{Map, Value};

pub fn local(reader: &Reader, facts: &mut Map) {
    let mut all = Map::new();
    if reader.is_dir(&reader.fact_path) {
        for name in reader.names(&reader.fact_path) {
            if let Some(stem) = name.strip_suffix(".fact") {
                all.insert(stem, fact(reader, &name));
            }
        }
    }
    facts.insert("local", all);
}

fn fact(reader: &Reader, name: &str) -> Value {
    let path = reader.fact_path.join(name);
    let executable = reader.machine.stat(&path, true).ok().flatten().is_some_and(|stat| stat.mode & 0o100 != 0);
    let text = match executable {
        true => match reader.machine.ask(&Command::new([&path])) {
            Ok(output) if output.ok() => output.out(),
            Ok(output) => {
                return format!(
                    "Failure executing fact script ({}), rc: {}, err: {}",
                    path.display(),
                    output.status,
                    output.err()
                )
                .into();
            }
            Err(error) => return format!("Could not execute fact script ({}): {error}", path.display()).into(),
        },
        false => match reader.text(&path) {
            Some(text) => text,
            None => return format!("Could not read fact file ({})", path.display()).into(),
        },
    };
    if text.trim().is_empty() {
        return Value::from("");
    }
    json::parse(&text).ok().or_else(|| ini(&text)).unwrap_or_else(|| {
        format!("error loading facts as JSON or ini - please check content: {}", path.display()).into()
    })
}

/// Sections of `name = value`, all in lower case as Python's reader has it.
fn ini(text: &str) -> Option<Value> {
    let mut sections = Map::new();
    let mut section: Option<(String, Map)> = None;
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with(['#', ';'])) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            sections.extend(section.take());
            section = Some((name.to_string(), Map::new()));
            continue;
        }
        let (name, value) = line.split_once(['=', ':'])?;
        section.as_mut()?.1.insert(name.trim().to_lowercase(), value.trim());
    }
    sections.extend(section);
    (!sections.is_empty()).then(|| sections.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_become_dicts() {
        let facts = ini("[general]\nASD=1\nbar = two\n").unwrap();
        assert_eq!(facts, Value::map([("general", Value::map([("asd", "1"), ("bar", "two")]))]));
        assert_eq!(ini("no section = 1"), None);
    }
}
