//! The host's Python, for plays that choose packages by its version. Nothing here needs it: a host without one lacks these facts.
use super::Reader;
use value::{Map, Value};

/// In Ansible's order: the first that is there is what it would work with.
const NAMES: [&str; 7] = ["python3.13", "python3.12", "python3.11", "python3.10", "python3.9", "python3.8", "python3"];

pub fn python(reader: &Reader, facts: &mut Map) {
    let Some(executable) = NAMES.iter().find_map(|name| reader.program(name)) else { return };
    let Some(version) = reader.said(&[executable.as_str(), "-V"]).as_deref().and_then(version) else { return };
    facts.insert("python_version", format!("{}.{}.{}", version.major, version.minor, version.micro));
    let fields: [(&str, Value); 5] = [
        ("major", version.major.into()),
        ("minor", version.minor.into()),
        ("micro", version.micro.into()),
        ("releaselevel", version.level.into()),
        ("serial", version.serial.into()),
    ];
    let python = [
        ("executable", executable.into()),
        // Every Python 3 has it.
        ("has_sslcontext", true.into()),
        ("type", "cpython".into()),
        ("version_info", Value::list(fields.iter().map(|(_, value)| value.clone()))),
        ("version", Value::map(fields)),
    ];
    facts.insert("python", Value::map(python));
}

#[derive(Debug, PartialEq)]
struct Version {
    major: i64,
    minor: i64,
    micro: i64,
    level: &'static str,
    serial: i64,
}

/// From `Python 3.11.2`, `Python 3.13.0rc1` or `Python 3.12.1+`.
fn version(said: &str) -> Option<Version> {
    let text = said.trim().strip_prefix("Python ")?;
    let (text, _) = text.split_once(['+', ' ']).unwrap_or((text, ""));
    let mut parts = text.splitn(3, '.');
    let (major, minor, last) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?);
    let end = last.find(|c: char| !c.is_ascii_digit()).unwrap_or(last.len());
    let (micro, rest) = last.split_at(end);
    let levels = [("rc", "candidate"), ("a", "alpha"), ("b", "beta")];
    let level = levels.iter().find_map(|(mark, level)| Some((*level, rest.strip_prefix(mark)?.parse().ok()?)));
    let (level, serial) = level.unwrap_or(("final", 0));
    Some(Version { major, minor, micro: micro.parse().ok()?, level, serial })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_told_apart_from_their_stages() {
        let is = |said: &str, wanted: (i64, i64, i64, &'static str, i64)| {
            let (major, minor, micro, level, serial) = wanted;
            assert_eq!(version(said), Some(Version { major, minor, micro, level, serial }), "{said}");
        };
        is("Python 3.11.2\n", (3, 11, 2, "final", 0));
        is("Python 3.13.0rc2\n", (3, 13, 0, "candidate", 2));
        is("Python 3.12.1+\n", (3, 12, 1, "final", 0));
        assert_eq!(version("Python 3"), None);
        assert_eq!(version("PyPy"), None);
    }
}
