//! Diffs as `--diff` shows them: unified, three lines around, coloured by kind of line.
use super::screen::{Color, Screen};
use similar::TextDiff;
use target::protocol::Diff;

/// Empty where nothing differs.
pub fn render(diffs: &[Diff], screen: &Screen) -> String {
    diffs.iter().map(|diff| one(diff, screen)).collect()
}

fn one(diff: &Diff, screen: &Screen) -> String {
    if let Some(prepared) = &diff.prepared {
        let end = if prepared.is_empty() || prepared.ends_with('\n') { "" } else { "\n" };
        return format!("{prepared}{end}");
    }
    let text = TextDiff::from_lines(diff.before.as_str(), diff.after.as_str());
    let header = |word: &str, name: &str| if name.is_empty() { word.to_string() } else { format!("{word}: {name}") };
    let unified = text
        .unified_diff()
        .context_radius(3)
        .header(&header("before", &diff.before_header), &header("after", &diff.after_header))
        .to_string();
    if unified.is_empty() {
        return String::new();
    }
    unified.lines().map(|line| colored(line, screen) + "\n").collect::<String>() + "\n"
}

fn colored(line: &str, screen: &Screen) -> String {
    match line.as_bytes().first() {
        Some(b'+') => screen.paint(line, Color::DiffAdd),
        Some(b'-') => screen.paint(line, Color::DiffRemove),
        Some(b'@') => screen.paint(line, Color::DiffLines),
        _ => line.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn a_diff_reads_as_diff_u_prints_it() {
        let screen = Screen::new(Box::new(std::io::sink()), Box::new(std::io::sink()), Arc::default(), false, 80);
        let diff = Diff {
            before_header: "/etc/motd".into(),
            after_header: "/etc/motd".into(),
            before: "a\nb\n".into(),
            after: "a\nc".into(),
            prepared: None,
        };
        let expected = "--- before: /etc/motd\n+++ after: /etc/motd\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n\\ No newline at end of file\n\n";
        assert_eq!(render(&[diff], &screen), expected);
    }
}
