//! Further errors after the first. The parser stops where it stumbles; in a list of plays or tasks the next item is a good place
//! to begin again, so that five typos show five.
use super::compose;
use value::{Diagnostic, SourceId};

/// More than this is noise.
const MOST: usize = 10;

/// The errors, and those found when reading begins anew at the items after the first.
pub fn look_further(text: &str, source: SourceId, mut errors: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let lines: Vec<&str> = text.split('\n').collect();
    let mut seen = last_line(&errors);
    while errors.len() < MOST
        && let Some((from, to)) = next_chunk(&lines, seen)
    {
        let chunk = blank_before(&lines[..to], from);
        if let Err(more) = compose::compose(&chunk, source, &mut Vec::new()) {
            seen = seen.max(last_line(&more));
            let known: Vec<_> = errors.iter().map(|error| error.span).collect();
            errors.extend(more.into_iter().filter(|error| trustworthy(error) && !known.contains(&error.span)));
        }
        seen = seen.max(from + 1).max(if seen > from { seen } else { to });
    }
    errors.truncate(MOST);
    errors
}

/// Anchors may stand before the chunk, so an unknown alias proves nothing.
fn trustworthy(error: &Diagnostic) -> bool {
    error.code != "yaml-alias" && error.code != "yaml-documents"
}

/// Counted from one, hence also the number of lines up to and with it.
fn last_line(errors: &[Diagnostic]) -> usize {
    errors.iter().filter_map(|error| error.span).map(|span| span.line.get() as usize).max().unwrap_or(usize::MAX)
}

/// The lines of the next item after those seen: to the first line that is indented less.
fn next_chunk(lines: &[&str], seen: usize) -> Option<(usize, usize)> {
    let from = (seen..lines.len()).find(|number| is_item(lines[*number]))?;
    let indent = indent_of(lines[from]);
    let ends = |line: &str| !line.trim().is_empty() && !line.trim_start().starts_with('#') && indent_of(line) < indent;
    let to = (from + 1..lines.len()).find(|number| ends(lines[*number])).unwrap_or(lines.len());
    Some((from, to))
}

/// A list item that looks like a task or a play: `- key: ...`.
fn is_item(line: &str) -> bool {
    let Some(rest) = line.trim_start().strip_prefix("- ") else { return false };
    let key: String = rest.trim_start().chars().take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '.')).collect();
    !key.is_empty() && rest.trim_start()[key.len()..].starts_with(':')
}

fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// The lines from there on, in their places.
fn blank_before(lines: &[&str], from: usize) -> String {
    let mut text = "\n".repeat(from);
    text.push_str(&lines[from..].join("\n"));
    text
}
