//! `web[01:20:2]` and `db-[a:f]`: one word for many hosts.

/// The hosts that a word names, in order, or why it is none.
pub fn expand(word: &str) -> Result<Vec<String>, String> {
    let Some((head, range, tail)) = first_range(word) else { return Ok(vec![word.to_string()]) };
    let tails = expand(tail)?;
    let mut hosts = Vec::new();
    for middle in steps(range)? {
        hosts.extend(tails.iter().map(|tail| format!("{head}{middle}{tail}")));
    }
    Ok(hosts)
}

/// Brackets that hold a colon; those of IPv6 addresses hold two in a row or more than two.
fn first_range(word: &str) -> Option<(&str, &str, &str)> {
    let open = word.find('[')?;
    let close = open + word[open..].find(']')?;
    let inside = &word[open + 1..close];
    let parts = inside.split(':').count();
    ((2..=3).contains(&parts) && !inside.contains("::")).then(|| (&word[..open], inside, &word[close + 1..]))
}

fn steps(range: &str) -> Result<Vec<String>, String> {
    const MOST: usize = 1_000_000;
    let wrong = |why: &str| format!("host range [{range}]: {why}");
    let mut parts = range.split(':');
    let (first, last) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let step: usize = parts.next().map_or(Ok(1), str::parse).map_err(|_| wrong("the step must be a number"))?;
    let first = if first.is_empty() { "0" } else { first };
    if last.is_empty() {
        return Err(wrong("the end is missing"));
    }
    let step = step.max(1);
    if let (Ok(from), Ok(to)) = (first.parse::<usize>(), last.parse::<usize>()) {
        let padded = first.len() > 1 && first.starts_with('0');
        if padded && first.len() != last.len() {
            return Err(wrong("begin and end must have the same length where they begin with zeros"));
        }
        if from > to || to - from > MOST {
            return Err(wrong("the end must be after the begin, and not a million away"));
        }
        let width = if padded { first.len() } else { 0 };
        return Ok((from..=to).step_by(step).map(|number| format!("{number:0width$}")).collect());
    }
    match (first.as_bytes(), last.as_bytes()) {
        ([from], [to]) if from.is_ascii_alphabetic() && to.is_ascii_alphabetic() && from <= to => {
            Ok((*from..=*to).step_by(step).map(|letter| char::from(letter).to_string()).collect())
        }
        _ => Err(wrong("begin and end must both be numbers, or both be single letters")),
    }
}

#[cfg(test)]
mod tests {
    use super::expand;

    #[test]
    fn ranges_become_hosts() {
        assert_eq!(expand("web[01:03].x").unwrap(), ["web01.x", "web02.x", "web03.x"]);
        assert_eq!(expand("[a:b][1:3:2]").unwrap(), ["a1", "a3", "b1", "b3"]);
        assert_eq!(expand("[2001:db8::1]").unwrap(), ["[2001:db8::1]"]);
        assert!(expand("a[1:x]").is_err() && expand("a[01:100]").is_err() && expand("a[5:1]").is_err());
    }
}
