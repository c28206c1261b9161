//! Shell patterns: `*`, `?`, `[a-z]`, over names and over the file system.
use super::{Host, Look};
use std::path::{Path, PathBuf};

/// Whether a name fits a pattern, as Python's `fnmatch` sees it: `*` also takes slashes.
pub fn fits(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n) = (0, 0);
    // Where the last star stood, and how much of the name it has taken.
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        let step = match pattern.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
                continue;
            }
            Some('?') => Some(1),
            Some('[') => class(&pattern[p..], name[n]),
            Some(c) if *c == name[n] => Some(1),
            _ => None,
        };
        match (step, star) {
            (Some(length), _) => (p, n) = (p + length, n + 1),
            (None, Some((at, taken))) => {
                (p, n) = (at + 1, taken + 1);
                star = Some((at, taken + 1));
            }
            (None, None) => return false,
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

/// How long the class is, if the character is in it; a bracket that is never closed is itself.
fn class(pattern: &[char], c: char) -> Option<usize> {
    let negated = pattern.get(1) == Some(&'!');
    let start = if negated { 2 } else { 1 };
    let Some(end) = (start + 1..pattern.len()).find(|at| pattern[*at] == ']') else {
        return (c == '[').then_some(1);
    };
    let inside = &pattern[start..end];
    let (mut at, mut found) = (0, false);
    while at < inside.len() {
        if at + 2 < inside.len() && inside[at + 1] == '-' {
            found |= (inside[at]..=inside[at + 2]).contains(&c);
            at += 3;
        } else {
            found |= inside[at] == c;
            at += 1;
        }
    }
    (found != negated).then_some(end + 1)
}

pub fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

/// Paths that fit, sorted; hidden names need their dot said.
pub fn paths(host: &Host, dir: Option<&Path>, pattern: &str) -> Look<Vec<PathBuf>> {
    let base = if pattern.starts_with('/') { PathBuf::from("/") } else { dir.unwrap_or(Path::new(".")).to_path_buf() };
    let mut found = vec![base];
    for part in pattern.split('/').filter(|part| !part.is_empty() && *part != ".") {
        let mut next = Vec::new();
        for path in &found {
            if !is_pattern(part) {
                next.push(path.join(part));
            } else if host.is_dir(path)? {
                let names = host.list(path)?;
                let fitting = names
                    .iter()
                    .filter_map(|name| name.to_str())
                    .filter(|name| (part.starts_with('.') || !name.starts_with('.')) && fits(part, name));
                next.extend(fitting.map(|name| path.join(name)));
            }
        }
        found = next;
    }
    let mut there = Vec::new();
    for path in found {
        if host.stat(&path)?.is_some() {
            there.push(path);
        }
    }
    Ok(there)
}

pub fn any_match(host: &Host, dir: Option<&Path>, pattern: &str) -> Look<bool> {
    Ok(!paths(host, dir, pattern)?.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_as_in_a_shell() {
        for (pattern, name) in
            [("*.conf", "a.conf"), ("a?c", "abc"), ("[a-c]x", "bx"), ("[!a]x", "bx"), ("*a*b", "xaxbb"), ("[", "[")]
        {
            assert!(fits(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [("*.conf", "a.cfg"), ("a?c", "ac"), ("[a-c]x", "dx"), ("", "a")] {
            assert!(!fits(pattern, name), "{pattern} {name}");
        }
    }
}
