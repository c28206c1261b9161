//! Debian's order of versions: epochs, then upstream, then revision; `~` sorts before everything.
use std::cmp::Ordering;

pub fn compare(one: &str, two: &str) -> Ordering {
    let (one, two) = (Parts::of(one), Parts::of(two));
    let epoch = one.epoch.cmp(&two.epoch);
    epoch.then_with(|| part(one.upstream, two.upstream)).then_with(|| part(one.revision, two.revision))
}

struct Parts<'v> {
    epoch: u64,
    upstream: &'v str,
    revision: &'v str,
}

impl<'v> Parts<'v> {
    fn of(version: &'v str) -> Self {
        let (epoch, rest) = version.split_once(':').unwrap_or(("0", version));
        let (upstream, revision) = rest.rsplit_once('-').unwrap_or((rest, ""));
        Self { epoch: epoch.parse().unwrap_or(0), upstream, revision }
    }
}

/// Runs of other characters and runs of digits, in turn.
fn part(one: &str, two: &str) -> Ordering {
    let (mut one, mut two) = (one.as_bytes(), two.as_bytes());
    while !one.is_empty() || !two.is_empty() {
        let (words, digits) = (take(&mut one, |c| !c.is_ascii_digit()), take(&mut one, u8::is_ascii_digit));
        let (other_words, other_digits) = (take(&mut two, |c| !c.is_ascii_digit()), take(&mut two, u8::is_ascii_digit));
        let order = text(words, other_words).then_with(|| number(digits, other_digits));
        if order != Ordering::Equal {
            return order;
        }
    }
    Ordering::Equal
}

fn take<'b>(bytes: &mut &'b [u8], fits: impl Fn(&u8) -> bool) -> &'b [u8] {
    let end = bytes.iter().position(|byte| !fits(byte)).unwrap_or(bytes.len());
    let (taken, rest) = bytes.split_at(end);
    *bytes = rest;
    taken
}

fn text(one: &[u8], two: &[u8]) -> Ordering {
    let weight = |byte: Option<&u8>| match byte {
        Some(b'~') => -1,
        None => 0,
        Some(byte) if byte.is_ascii_alphabetic() => i32::from(*byte),
        Some(byte) => i32::from(*byte) + 256,
    };
    let longest = one.len().max(two.len());
    let orders = (0..longest).map(|at| weight(one.get(at)).cmp(&weight(two.get(at))));
    orders.into_iter().find(|order| *order != Ordering::Equal).unwrap_or(Ordering::Equal)
}

fn number(one: &[u8], two: &[u8]) -> Ordering {
    let plain = |digits: &[u8]| String::from_utf8_lossy(digits).trim_start_matches('0').to_string();
    let (one, two) = (plain(one), plain(two));
    one.len().cmp(&two.len()).then_with(|| one.cmp(&two))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_as_dpkg_orders_them() {
        let ascending = ["1.0~rc1-1", "1.0-1", "1.0-1+b1", "1.0a-1", "1.0+dfsg-1", "1.2-1", "1.10-1", "1:0.1"];
        for pair in ascending.windows(2) {
            assert_eq!(compare(pair[0], pair[1]), Ordering::Less, "{pair:?}");
        }
        assert_eq!(compare("1.01", "1.1"), Ordering::Equal);
        assert_eq!(compare("0:1.0-0", "1.0"), Ordering::Equal);
    }
}
