//! Versions compared as the test `version` compares them: loosely, strictly, as semver.org and as PEP 440 say.
mod pep440;

use std::cmp::Ordering;

/// What is wrong with a version, as Ansible says it.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem(pub String);

/// By which rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rules {
    Loose,
    Strict,
    Semantic,
    Pep440,
}

pub fn compare(one: &str, two: &str, rules: Rules) -> Result<Ordering, Problem> {
    match rules {
        Rules::Loose => compare_loosely(one, two),
        Rules::Strict => Ok(strict(one)?.cmp(&strict(two)?)),
        Rules::Semantic => Ok(semantic(one)?.compare(&semantic(two)?)),
        Rules::Pep440 => Ok(pep440::Version::new(one)?.cmp(&pep440::Version::new(two)?)),
    }
}

/// Numbers and words, in their order: `1.5.2b2` is 1, 5, 2, b, 2.
#[derive(Debug, PartialEq)]
enum Part<'t> {
    Number(&'t str),
    Word(&'t str),
}

fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < text.len() {
        let class = class_of(bytes[at]);
        let length = bytes[at..].iter().take_while(|byte| class_of(**byte) == class).count();
        let length = if class == Class::Dot { 1 } else { length };
        let part = &text[at..at + length];
        match class {
            Class::Dot => {}
            Class::Digits => parts.push(Part::Number(part.trim_start_matches('0'))),
            Class::Letters | Class::Other => parts.push(Part::Word(part)),
        }
        at += length;
    }
    parts
}

#[derive(PartialEq)]
enum Class {
    Dot,
    Digits,
    Letters,
    Other,
}

fn class_of(byte: u8) -> Class {
    match byte {
        b'.' => Class::Dot,
        b'0'..=b'9' => Class::Digits,
        b'a'..=b'z' => Class::Letters,
        _ => Class::Other,
    }
}

fn compare_loosely(one: &str, two: &str) -> Result<Ordering, Problem> {
    let (ones, twos) = (parts(one), parts(two));
    for (one, two) in ones.iter().zip(&twos) {
        let order = match (one, two) {
            (Part::Number(one), Part::Number(two)) => compare_digits(one, two),
            (Part::Word(one), Part::Word(two)) => one.cmp(two),
            (Part::Number(_), Part::Word(_)) => return Err(mixed("int", "str")),
            (Part::Word(_), Part::Number(_)) => return Err(mixed("str", "int")),
        };
        if order != Ordering::Equal {
            return Ok(order);
        }
    }
    Ok(ones.len().cmp(&twos.len()))
}

fn mixed(one: &str, two: &str) -> Problem {
    Problem(format!("'<' not supported between instances of '{one}' and '{two}'"))
}

/// Without zeros in front, the longer number is the larger one.
fn compare_digits(one: &str, two: &str) -> Ordering {
    one.len().cmp(&two.len()).then_with(|| one.cmp(two))
}

/// The numbers; then whether it is final, or else which letter and number stand behind.
type Strict = ([u64; 3], (bool, char, u64));

/// `1.2`, `1.2.3`, `1.2.3a4`: what Python's old StrictVersion knew.
fn strict(text: &str) -> Result<Strict, Problem> {
    let wrong = || Problem(format!("invalid version number '{text}'"));
    let (numbers, release) = match text.find(['a', 'b']) {
        Some(at) => {
            let kind = if text[at..].starts_with('a') { 'a' } else { 'b' };
            (&text[..at], (false, kind, text[at + 1..].parse().map_err(|_| wrong())?))
        }
        None => (text, (true, 'z', 0)),
    };
    let numbers = numbers.split('.').map(|part| {
        Some(part).filter(|part| part.bytes().all(|b| b.is_ascii_digit())).and_then(|part| part.parse().ok())
    });
    let numbers: Vec<u64> = numbers.collect::<Option<_>>().ok_or_else(wrong)?;
    match numbers.as_slice() {
        [major, minor] => Ok(([*major, *minor, 0], release)),
        [major, minor, patch] => Ok(([*major, *minor, *patch], release)),
        _ => Err(wrong()),
    }
}

struct Semantic<'t> {
    core: [&'t str; 3],
    prerelease: Vec<&'t str>,
}

fn semantic(text: &str) -> Result<Semantic<'_>, Problem> {
    let wrong = || Problem(format!("invalid semantic version '{text}'"));
    let is_name = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let is_number = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()) && (part == "0" || !part.starts_with('0'))
    };
    let (rest, build) = text.split_once('+').map_or((text, None), |(rest, build)| (rest, Some(build)));
    let (core, prerelease) = rest.split_once('-').map_or((rest, None), |(core, pre)| (core, Some(pre)));
    let core: Vec<&str> = core.split('.').collect();
    let [major, minor, patch] = core.as_slice() else { return Err(wrong()) };
    let core = [*major, *minor, *patch];
    let prerelease: Vec<&str> = prerelease.map(|pre| pre.split('.').collect()).unwrap_or_default();
    let valid = core.iter().all(|part| is_number(part))
        && build.is_none_or(|build| build.split('.').all(is_name))
        && prerelease
            .iter()
            .all(|part| is_name(part) && (is_number(part) || !part.bytes().all(|b| b.is_ascii_digit())));
    if valid { Ok(Semantic { core, prerelease }) } else { Err(wrong()) }
}

impl Semantic<'_> {
    fn compare(&self, other: &Self) -> Ordering {
        let cores = self.core.iter().zip(&other.core).map(|(one, two)| compare_digits(one, two));
        let core = cores.fold(Ordering::Equal, Ordering::then);
        core.then_with(|| match (self.prerelease.is_empty(), other.prerelease.is_empty()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => self.compare_prerelease(other),
        })
    }

    fn compare_prerelease(&self, other: &Self) -> Ordering {
        let is_number = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        for (one, two) in self.prerelease.iter().zip(&other.prerelease) {
            let order = match (is_number(one), is_number(two)) {
                (true, true) => compare_digits(one, two),
                (true, false) => Ordering::Less,
                (false, true) => Ordering::Greater,
                (false, false) => one.cmp(two),
            };
            if order != Ordering::Equal {
                return order;
            }
        }
        self.prerelease.len().cmp(&other.prerelease.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(one: &str, two: &str, rules: Rules) -> Ordering {
        compare(one, two, rules).unwrap()
    }

    #[test]
    fn each_kind_of_version_has_its_order() {
        assert_eq!(order("1.10", "1.9", Rules::Loose), Ordering::Greater);
        assert_eq!(order("1.2", "1.2.0", Rules::Loose), Ordering::Less);
        assert_eq!(order("1.2b1", "1.2", Rules::Loose), Ordering::Greater);
        assert_eq!(order("1.2a1", "1.2", Rules::Strict), Ordering::Less);
        assert_eq!(order("1.2.3-alpha.1", "1.2.3-alpha.beta", Rules::Semantic), Ordering::Less);
        assert_eq!(order("1.2.3+a", "1.2.3+b", Rules::Semantic), Ordering::Equal);
        assert!(compare("v1", "1", Rules::Loose).is_err());
        assert!(compare("1.2", "1.2.3", Rules::Semantic).is_err());
        assert!(compare("1.2.3.4", "1.2", Rules::Strict).is_err());
    }
}
