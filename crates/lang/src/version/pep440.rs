//! Versions of Python packages, PEP 440: `1!2.0rc1.post2.dev3+local.1`.
use super::Problem;
use std::cmp::Ordering;

#[derive(Debug, PartialEq, Eq)]
pub struct Version {
    epoch: u64,
    /// Without zeros at the end.
    release: Vec<u64>,
    pre: Option<(u8, u64)>,
    post: Option<u64>,
    dev: Option<u64>,
    local: Option<Vec<Local>>,
}

/// Epoch, release, and the ranks and numbers of pre, post and development releases.
type Key<'v> = (u64, &'v [u64], (i8, u64), (i8, u64), (i8, u64));

/// Words come before numbers.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Local {
    Word(String),
    Number(u64),
}

impl Version {
    pub fn new(text: &str) -> Result<Self, Problem> {
        let wrong = || Problem(format!("Invalid version: '{text}'"));
        let lower = text.trim().to_lowercase();
        let rest = lower.strip_prefix('v').unwrap_or(&lower);
        let (rest, local) = rest.split_once('+').map_or((rest, None), |(rest, local)| (rest, Some(local)));
        let mut reading = Reading(rest);
        let mut epoch = 0;
        if let Some((before, after)) = rest.split_once('!') {
            epoch = before.parse().map_err(|_| wrong())?;
            reading = Reading(after);
        }
        let mut release = vec![reading.number().ok_or_else(wrong)?];
        while reading.0.starts_with('.') && reading.0[1..].starts_with(|c: char| c.is_ascii_digit()) {
            reading.0 = &reading.0[1..];
            release.push(reading.number().ok_or_else(wrong)?);
        }
        while release.len() > 1 && release.last() == Some(&0) {
            release.pop();
        }
        const PRE: [(&str, u8); 8] =
            [("alpha", 0), ("beta", 1), ("preview", 2), ("pre", 2), ("rc", 2), ("a", 0), ("b", 1), ("c", 2)];
        let pre = PRE.iter().find_map(|(word, rank)| Some((*rank, reading.segment(word)?)));
        let post = ["post", "rev", "r"].iter().find_map(|word| reading.segment(word)).or_else(|| reading.dashed());
        let dev = reading.segment("dev");
        if !reading.0.is_empty() {
            return Err(wrong());
        }
        let local = match local {
            Some(local) => Some(local_parts(local).ok_or_else(wrong)?),
            None => None,
        };
        Ok(Self { epoch, release, pre, post, dev, local })
    }

    /// A development release comes before everything of its version, a final one after all before it.
    fn key(&self) -> Key<'_> {
        let pre = match (self.pre, self.post, self.dev) {
            (None, None, Some(_)) => (-1, 0),
            (Some((rank, number)), ..) => (rank as i8, number),
            (None, ..) => (3, 0),
        };
        let post = self.post.map_or((0, 0), |number| (1, number));
        let dev = self.dev.map_or((1, 0), |number| (0, number));
        (self.epoch, &self.release, pre, post, dev)
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key()).then_with(|| self.local.cmp(&other.local))
    }
}
impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

fn local_parts(text: &str) -> Option<Vec<Local>> {
    let part = |part: &str| match part.parse() {
        _ if part.is_empty() || !part.bytes().all(|b| b.is_ascii_alphanumeric()) => None,
        Ok(number) => Some(Local::Number(number)),
        Err(_) => Some(Local::Word(part.into())),
    };
    text.split(['.', '-', '_']).map(part).collect()
}

struct Reading<'t>(&'t str);

impl Reading<'_> {
    fn number(&mut self) -> Option<u64> {
        let length = self.0.bytes().take_while(u8::is_ascii_digit).count();
        let number = self.0[..length].parse().ok()?;
        self.0 = &self.0[length..];
        Some(number)
    }

    /// `.word.1`, `word1`, `-word`: a missing number is zero.
    fn segment(&mut self, word: &str) -> Option<u64> {
        let rest = self.0.strip_prefix(['.', '-', '_']).unwrap_or(self.0).strip_prefix(word)?;
        if rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return None;
        }
        self.0 = rest;
        if let Some(after) = rest.strip_prefix(['.', '-', '_'])
            && after.starts_with(|c: char| c.is_ascii_digit())
        {
            self.0 = after;
        }
        Some(self.number().unwrap_or(0))
    }

    /// `1.0-1` is a post release.
    fn dashed(&mut self) -> Option<u64> {
        let mut after = Reading(self.0.strip_prefix('-')?);
        let number = after.number()?;
        self.0 = after.0;
        Some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_stand_in_their_order() {
        let order = [
            "1.dev1",
            "1a1.dev1",
            "1a1",
            "1a2",
            "1b1",
            "1rc1",
            "1",
            "1+abc",
            "1+1",
            "1.post1.dev1",
            "1.post1",
            "1.1",
            "1!0",
        ];
        let versions: Vec<Version> = order.iter().map(|text| Version::new(text).unwrap()).collect();
        assert!(versions.is_sorted(), "{versions:?}");
        assert_eq!(Version::new("v1.0.0-alpha.1"), Version::new("1a1"));
        assert!(Version::new("1.x").is_err());
    }
}
