//! Which hosts a pattern means: names, groups, globs, `~regex`, slices, and `&` and `!` to cut down.
use super::Inventory;
use crate::engine::message::HostId;
use crate::world::paths::glob_expression;
use fancy_regex::Regex;
use indexmap::IndexSet;
use std::collections::HashSet;
use std::path::Path;
use value::{Diagnostic, Span};

/// What a pattern came to.
#[derive(Debug, Default)]
pub struct Matched {
    pub hosts: Vec<HostId>,
    /// Parts that matched nothing: Ansible warns of each.
    pub unmatched: Vec<String>,
}

pub const LOCALHOST: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

impl Inventory {
    /// The hosts of some patterns, in order; `span` is where they stand. `localhost` is there without being named.
    pub fn matching(&self, patterns: &[String], span: Option<Span>) -> Result<Matched, Diagnostic> {
        let parts: Vec<String> = patterns.iter().flat_map(|pattern| split(pattern)).collect();
        let (cut, add): (Vec<_>, Vec<_>) = parts.into_iter().partition(|part| part.starts_with(['&', '!']));
        let (and, not): (Vec<_>, Vec<_>) = cut.into_iter().partition(|part| part.starts_with('&'));
        let add = if add.is_empty() { vec!["all".to_string()] } else { add };
        let (mut hosts, mut unmatched) = (IndexSet::new(), Vec::new());
        for part in add {
            hosts.extend(self.part(&part, span, &mut unmatched)?);
        }
        for part in and {
            let kept = self.part(&part[1..], span, &mut unmatched)?;
            hosts.retain(|host| kept.contains(host));
        }
        for part in not {
            let out = self.part(&part[1..], span, &mut unmatched)?;
            hosts.retain(|host| !out.contains(host));
        }
        Ok(Matched { hosts: hosts.into_iter().collect(), unmatched })
    }

    /// The same, cut down by the patterns of `--limit`, if there are any.
    pub fn matching_within(
        &self,
        patterns: &[String],
        limit: &[String],
        span: Option<Span>,
    ) -> Result<Matched, Diagnostic> {
        let mut matched = self.matching(patterns, span)?;
        if !limit.is_empty() {
            let limit: HashSet<HostId> = self.matching(limit, None)?.hosts.into_iter().collect();
            matched.hosts.retain(|host| limit.contains(host));
        }
        Ok(matched)
    }

    fn part(
        &self,
        part: &str,
        span: Option<Span>,
        unmatched: &mut Vec<String>,
    ) -> Result<IndexSet<HostId>, Diagnostic> {
        let (name, slice) = slice(part);
        let wanted = Wanted::new(name)
            .map_err(|why| Diagnostic::error("pattern", format!("`{part}` is no pattern: {why}")).at(span))?;
        let groups: Vec<&str> = self.group_names().filter(|group| wanted.matches(group)).collect();
        let mut hosts: IndexSet<HostId> = IndexSet::new();
        for group in &groups {
            hosts.extend(self.hosts_of(group).into_iter().filter_map(|host| self.id(host)));
        }
        if groups.is_empty() || name.starts_with('~') || name.contains(['.', '?', '*', '[']) {
            hosts.extend(self.hosts().filter(|(_, host, _)| wanted.matches(host)).map(|(id, _, _)| id));
        }
        if hosts.is_empty() && LOCALHOST.contains(&name) {
            hosts.extend(self.id(name));
        }
        if hosts.is_empty() && name != "all" && !self.groups.contains_key(name) {
            unmatched.push(name.to_string());
        }
        match slice {
            Some(slice) if !hosts.is_empty() => slice.of(&hosts).ok_or_else(|| {
                Diagnostic::error("pattern", format!("`{part}`: there are only {} such hosts", hosts.len())).at(span)
            }),
            _ => Ok(hosts),
        }
    }
}

/// `-l @FILE`: one pattern per line.
pub fn limit(words: &[String], files: &dyn crate::world::files::Files) -> Result<Vec<String>, Diagnostic> {
    let mut patterns = Vec::new();
    for word in words.iter().flat_map(|word| split(word)) {
        match word.strip_prefix('@') {
            None => patterns.push(word),
            Some(path) => {
                let bytes = files.read(&files.absolute(Path::new(""), path));
                let bytes = bytes.map_err(|error| Diagnostic::error("limit", format!("{path}: {error}")))?;
                let text = String::from_utf8_lossy(&bytes).into_owned();
                patterns.extend(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(String::from));
            }
        }
    }
    Ok(patterns)
}

/// Parts are separated by commas, or by colons that stand neither in brackets nor in an IPv6 address.
fn split(pattern: &str) -> Vec<String> {
    let clean = |part: &str| part.trim().to_string();
    if pattern.contains(',') {
        return pattern.split(',').flat_map(split).filter(|part| !part.is_empty()).collect();
    }
    let address = pattern.trim_start_matches(['!', '&']).trim_matches(['[', ']']);
    if address.parse::<std::net::Ipv6Addr>().is_ok() || pattern.starts_with('~') {
        return vec![clean(pattern)];
    }
    let (mut parts, mut part, mut depth) = (Vec::new(), String::new(), 0_u32);
    for c in pattern.chars() {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            ':' if depth == 0 => {
                parts.push(std::mem::take(&mut part));
                continue;
            }
            _ => {}
        }
        part.push(c);
    }
    parts.push(part);
    parts.iter().map(|part| clean(part)).filter(|part| !part.is_empty()).collect()
}

/// `web[0]`, `web[-1]`, `web[1:]`, `web[1:3]` (both ends count).
#[derive(Debug, PartialEq)]
enum Slice {
    One(i64),
    Range(i64, Option<i64>),
}

fn slice(part: &str) -> (&str, Option<Slice>) {
    let found = (|| {
        let (name, inside) = part.strip_suffix(']')?.rsplit_once('[')?;
        let slice = match inside.split_once([':', '-']).filter(|(from, _)| !from.is_empty()) {
            None => Slice::One(inside.parse().ok()?),
            Some((from, "")) => Slice::Range(from.parse().ok()?, None),
            Some((from, to)) => Slice::Range(from.parse().ok()?, Some(to.parse().ok()?)),
        };
        (!name.is_empty() && !name.starts_with('~')).then_some((name, slice))
    })();
    found.map_or((part, None), |(name, slice)| (name, Some(slice)))
}

impl Slice {
    fn of(&self, hosts: &IndexSet<HostId>) -> Option<IndexSet<HostId>> {
        let count = hosts.len() as i64;
        let at = |index: i64| if index < 0 { index + count } else { index };
        match self {
            Slice::One(index) => {
                let host = usize::try_from(at(*index)).ok().and_then(|index| hosts.get_index(index))?;
                Some([*host].into_iter().collect())
            }
            Slice::Range(from, to) => {
                let (from, to) = (at(*from).max(0), to.map_or(count - 1, at));
                Some(
                    hosts
                        .iter()
                        .enumerate()
                        .filter(|(index, _)| (from..=to).contains(&(*index as i64)))
                        .map(|(_, host)| *host)
                        .collect(),
                )
            }
        }
    }
}

enum Wanted {
    Name(String),
    Pattern(Regex),
}

impl Wanted {
    fn new(part: &str) -> Result<Self, String> {
        let pattern = match part.strip_prefix('~') {
            Some(regex) => format!("^(?:{regex})"),
            None if part.contains(['*', '?', '[']) => glob_expression(part),
            None => return Ok(Wanted::Name(part.to_string())),
        };
        Regex::new(&pattern).map(Wanted::Pattern).map_err(|error| error.to_string())
    }

    fn matches(&self, name: &str) -> bool {
        match self {
            Wanted::Name(wanted) => wanted == name || wanted == "*",
            Wanted::Pattern(pattern) => pattern.is_match(name).unwrap_or(false),
        }
    }
}
