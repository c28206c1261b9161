//! Paths as text: Python's `posixpath` and the parts of `ntpath` that filters show. No file is looked at.

pub fn basename(path: &str) -> &str {
    &path[after_last_slash(path)..]
}

pub fn dirname(path: &str) -> &str {
    let head = &path[..after_last_slash(path)];
    let trimmed = head.trim_end_matches('/');
    if trimmed.is_empty() { head } else { trimmed }
}

fn after_last_slash(path: &str) -> usize {
    path.rfind('/').map_or(0, |at| at + 1)
}

/// The path and its extension; dots in front of a name are part of it.
pub fn splitext(path: &str) -> (&str, &str) {
    let name = after_last_slash(path);
    let dots = path[name..].len() - path[name..].trim_start_matches('.').len();
    match path[name + dots..].rfind('.') {
        Some(at) => path.split_at(name + dots + at),
        None => (path, ""),
    }
}

pub fn normpath(path: &str) -> String {
    if path.is_empty() {
        return ".".into();
    }
    let slashes = match path.bytes().take_while(|b| *b == b'/').count() {
        2 => 2,
        0 => 0,
        _ => 1,
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/').filter(|part| !part.is_empty() && *part != ".") {
        let is_step = part != ".." || (slashes == 0 && parts.last().is_none_or(|last| *last == ".."));
        if is_step {
            parts.push(part);
        } else {
            parts.pop();
        }
    }
    let joined = "/".repeat(slashes) + &parts.join("/");
    if joined.is_empty() { ".".into() } else { joined }
}

pub fn join<'p>(parts: impl IntoIterator<Item = &'p str>) -> String {
    let mut joined: Option<String> = None;
    for part in parts {
        joined = Some(match joined {
            None => part.into(),
            Some(_) if part.starts_with('/') => part.into(),
            Some(path) if path.is_empty() || path.ends_with('/') => path + part,
            Some(path) => path + "/" + part,
        });
    }
    joined.unwrap_or_default()
}

/// The longest path above all of them.
pub fn commonpath(paths: &[&str]) -> Result<String, &'static str> {
    let Some(first) = paths.first() else { return Err("commonpath() arg is an empty sequence") };
    let absolute = first.starts_with('/');
    if paths.iter().any(|path| path.starts_with('/') != absolute) {
        return Err("Can't mix absolute and relative paths");
    }
    let split = |path: &str| -> Vec<String> {
        path.split('/').filter(|part| !part.is_empty() && *part != ".").map(String::from).collect()
    };
    let mut common = split(first);
    for path in &paths[1..] {
        let parts = split(path);
        let same = common.iter().zip(&parts).take_while(|(one, two)| one == two).count();
        common.truncate(same);
    }
    Ok(format!("{}{}", if absolute { "/" } else { "" }, common.join("/")))
}

/// The way from one absolute path to another.
pub fn relpath(path: &str, start: &str) -> String {
    let split = |path: &str| -> Vec<String> {
        normpath(path).split('/').filter(|part| !part.is_empty()).map(String::from).collect()
    };
    let (from, to) = (split(start), split(path));
    let same = from.iter().zip(&to).take_while(|(one, two)| one == two).count();
    let steps = std::iter::repeat_n("..", from.len() - same).chain(to[same..].iter().map(String::as_str));
    let steps: Vec<&str> = steps.collect();
    if steps.is_empty() { ".".into() } else { steps.join("/") }
}

/// `C:` or `\\server\share`, and the rest.
pub fn windows_drive(path: &str) -> (&str, &str) {
    let is_slash = |c: char| c == '\\' || c == '/';
    let starts: Vec<char> = path.chars().take(3).collect();
    match starts.as_slice() {
        [one, two, three @ ..] if is_slash(*one) && is_slash(*two) && !three.first().copied().is_some_and(is_slash) => {
            let Some(server) = path[2..].find(is_slash).map(|at| at + 2) else { return (path, "") };
            match path[server + 1..].find(is_slash) {
                Some(share) => path.split_at(server + 1 + share),
                None => (path, ""),
            }
        }
        [letter, ':', ..] => path.split_at(letter.len_utf8() + 1),
        _ => ("", path),
    }
}

pub fn windows_basename(path: &str) -> &str {
    let (_, rest) = windows_drive(path);
    &rest[rest.rfind(['\\', '/']).map_or(0, |at| at + 1)..]
}

pub fn windows_dirname(path: &str) -> String {
    let (drive, rest) = windows_drive(path);
    let head = &rest[..rest.rfind(['\\', '/']).map_or(0, |at| at + 1)];
    let trimmed = head.trim_end_matches(['\\', '/']);
    format!("{drive}{}", if trimmed.is_empty() { head } else { trimmed })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_taken_apart_as_in_python() {
        assert_eq!((basename("/a/"), dirname("/a/"), dirname("//a"), dirname("a")), ("", "/a", "//", ""));
        assert_eq!((splitext("/a.b/.c"), splitext("x.tar.gz")), (("/a.b/.c", ""), ("x.tar", ".gz")));
        assert_eq!(normpath("//a/../../b/./c/.."), "//b");
        assert_eq!(normpath("../a/../.."), "../..");
        assert_eq!(relpath("/a/b", "/a/c/d"), "../../b");
        assert_eq!(windows_drive(r"\\server\share\x"), (r"\\server\share", r"\x"));
        assert_eq!(windows_dirname(r"C:\x\y"), r"C:\x");
    }
}
