//! The nearest known name to one that nobody knows.

/// None: nothing is near enough to be meant.
pub fn nearest<'n>(word: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let length = word.chars().count();
    let limit = (length / 3).clamp(1, 3);
    let scored = names.into_iter().map(|name| (distance(word, name), name));
    let near = scored.filter(|(distance, name)| match length {
        // A single other letter makes another name of these.
        0..=2 => *distance == 0 || *distance == 1 && name.starts_with(word),
        _ => *distance <= limit || name.starts_with(word),
    });
    near.min_by_key(|(distance, _)| *distance).map(|(_, name)| name)
}

/// How many letters to add, drop, change or swap (optimal string alignment). Case does not count.
fn distance(one: &str, two: &str) -> usize {
    let one: Vec<char> = one.to_lowercase().chars().collect();
    let two: Vec<char> = two.to_lowercase().chars().collect();
    let mut rows = vec![(0..=two.len()).collect::<Vec<_>>()];
    for i in 1..=one.len() {
        let mut row = vec![i];
        for j in 1..=two.len() {
            let change = rows[i - 1][j - 1] + usize::from(one[i - 1] != two[j - 1]);
            let mut best = change.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && one[i - 1] == two[j - 2] && one[i - 2] == two[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[one.len()][two.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_near_is_found_and_what_is_far_is_not() {
        assert_eq!(nearest("contents", ["dest", "content", "mode"]), Some("content"));
        assert_eq!(nearest("moed", ["dest", "content", "mode"]), Some("mode"));
        assert_eq!(nearest("zebra", ["dest", "content", "mode"]), None);
        assert_eq!(nearest("x", ["y", "z"]), None);
        assert_eq!(nearest("ab", ["ac", "b", "AB"]), Some("AB"));
        assert_eq!(nearest("w", ["v", "web", "w1"]), Some("w1"));
    }
}
