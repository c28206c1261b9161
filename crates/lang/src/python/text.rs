//! Text in lines and words: Python's `textwrap`, `shlex.quote` and `str.splitlines`.

/// How `wrap` may break.
#[derive(Clone, Copy)]
pub struct Wrap {
    pub width: usize,
    pub long_words: bool,
    pub hyphens: bool,
}

/// `textwrap.wrap` with tabs and white space kept as they are (which is how Jinja asks for it).
pub fn wrap(text: &str, how: Wrap) -> Vec<String> {
    let mut chunks = chunks(text, how.hyphens);
    chunks.reverse();
    let mut lines = Vec::new();
    while let Some(last) = chunks.last() {
        if is_blank(last) && !lines.is_empty() {
            chunks.pop();
            if chunks.is_empty() {
                break;
            }
        }
        let mut line: Vec<String> = Vec::new();
        let mut length = 0;
        while let Some(chunk) = chunks.last() {
            let size = chunk.chars().count();
            if length + size > how.width {
                break;
            }
            length += size;
            line.extend(chunks.pop());
        }
        if let Some(chunk) = chunks.last()
            && chunk.chars().count() > how.width
        {
            break_long(&mut chunks, &mut line, how, length);
        }
        if line.last().is_some_and(|chunk| is_blank(chunk)) {
            line.pop();
        }
        if !line.is_empty() {
            lines.push(line.concat());
        }
    }
    lines
}

fn is_blank(chunk: &str) -> bool {
    chunk.chars().all(is_white)
}

fn is_white(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\u{b}' | '\u{c}' | '\r' | ' ')
}

/// A word that no line can hold: as much of it as there is room for (behind a hyphen, if it has one there), or all of it.
fn break_long(chunks: &mut Vec<String>, line: &mut Vec<String>, how: Wrap, length: usize) {
    let room = if how.width < 1 { 1 } else { how.width - length };
    if !how.long_words {
        if line.is_empty() {
            line.extend(chunks.pop());
        }
        return;
    }
    let Some(chunk) = chunks.pop() else { return };
    let characters: Vec<char> = chunk.chars().collect();
    let mut end = room.min(characters.len());
    if how.hyphens && characters.len() > room {
        let hyphen = characters[..room].iter().rposition(|c| *c == '-');
        if let Some(hyphen) = hyphen.filter(|at| *at > 0 && characters[..*at].iter().any(|c| *c != '-')) {
            end = hyphen + 1;
        }
    }
    line.push(characters[..end].iter().collect());
    chunks.push(characters[end..].iter().collect());
}

/// Words, the white space between them, and parts of words that end in a hyphen.
fn chunks(text: &str, hyphens: bool) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    let mut chunks = Vec::new();
    let mut at = 0;
    while at < characters.len() {
        let white = is_white(characters[at]);
        let length = characters[at..].iter().take_while(|c| is_white(**c) == white).count();
        let word = &characters[at..at + length];
        if white || !hyphens {
            chunks.push(word.iter().collect());
        } else {
            split_at_hyphens(word, &mut chunks);
        }
        at += length;
    }
    chunks
}

/// `well-known` may break behind its hyphen: where two letters stand before it and one, then another, behind it. A dash of two
/// or more hyphens is a part of its own.
fn split_at_hyphens(word: &[char], chunks: &mut Vec<String>) {
    let letter = |at: Option<usize>| at.and_then(|at| word.get(at)).is_some_and(|c| c.is_alphabetic() || *c == '_');
    let mut start = 0;
    let mut at = 0;
    while at < word.len() {
        if word[at] != '-' {
            at += 1;
            continue;
        }
        let dashes = word[at..].iter().take_while(|c| **c == '-').count();
        let before = at.checked_sub(1).is_some_and(|before| !matches!(word[before], '-'));
        let word_before = at.checked_sub(1).is_some_and(|before| is_word_or_mark(word[before]));
        if dashes > 1 && word_before && word.get(at + dashes).is_some_and(|c| c.is_alphanumeric() || *c == '_') {
            chunks.push(word[start..at].iter().collect());
            chunks.push(word[at..at + dashes].iter().collect());
            start = at + dashes;
        } else if dashes == 1
            && before
            && letter(at.checked_sub(2))
            && letter(at.checked_sub(1))
            && letter(Some(at + 1))
        {
            let behind = letter(Some(at + 2)) || (word.get(at + 2) == Some(&'-') && letter(Some(at + 3)));
            if behind {
                chunks.push(word[start..=at].iter().collect());
                start = at + 1;
            }
        }
        at += dashes;
    }
    if start < word.len() {
        chunks.push(word[start..].iter().collect());
    }
}

fn is_word_or_mark(c: char) -> bool {
    c.is_alphanumeric() || "_!\"'&.,?".contains(c)
}

/// Python's `str.splitlines`.
pub fn split_lines(text: &str, keep_ends: bool) -> Vec<&str> {
    let mut lines = Vec::new();
    let (mut start, mut characters) = (0, text.char_indices().peekable());
    while let Some((at, c)) = characters.next() {
        if !matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}') {
            continue;
        }
        let mut end = at + c.len_utf8();
        if c == '\r' && characters.peek().is_some_and(|(_, next)| *next == '\n') {
            characters.next();
            end += 1;
        }
        lines.push(&text[start..if keep_ends { end } else { at }]);
        start = end;
    }
    if start < text.len() {
        lines.push(&text[start..]);
    }
    lines
}

/// `shlex.quote`.
pub fn shell_quote(text: &str) -> String {
    let safe = |c: char| c.is_ascii_alphanumeric() || "@%+=:,./-_".contains(c);
    match text {
        "" => "''".into(),
        text if text.chars().all(safe) => text.into(),
        text => format!("'{}'", text.replace('\'', "'\"'\"'")),
    }
}

/// `unicodedata`'s view of one character as the beginning of a word: `ǆ` becomes `ǅ`.
pub fn title_case(c: char) -> String {
    match c {
        'ǆ' | 'Ǆ' | 'ǅ' => "ǅ".into(),
        'ǉ' | 'Ǉ' | 'ǈ' => "ǈ".into(),
        'ǌ' | 'Ǌ' | 'ǋ' => "ǋ".into(),
        'ǳ' | 'Ǳ' | 'ǲ' => "ǲ".into(),
        'ß' => "Ss".into(),
        'ﬀ' => "Ff".into(),
        'ﬁ' => "Fi".into(),
        'ﬂ' => "Fl".into(),
        other => other.to_uppercase().collect(),
    }
}

/// `str.capitalize`.
pub fn capitalize(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => title_case(first) + &lower(characters.as_str()),
        None => String::new(),
    }
}

/// `str.lower`: as Rust's, which knows the final sigma too.
pub fn lower(text: &str) -> String {
    text.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_break_as_in_python() {
        let how = Wrap { width: 6, long_words: true, hyphens: true };
        assert_eq!(wrap("a verylongwordindeed b", how), ["a very", "longwo", "rdinde", "ed b"]);
        assert_eq!(wrap("well-known long-hyphenated", how), ["well-", "known", "long-h", "yphena", "ted"]);
        assert_eq!(wrap("a verylong b", Wrap { long_words: false, ..how }), ["a", "verylong", "b"]);
    }

    #[test]
    fn lines_end_where_python_sees_an_end() {
        assert_eq!(split_lines("a\r\nb\u{2028}c\n", false), ["a", "b", "c"]);
        assert_eq!(split_lines("a\n\nb", true), ["a\n", "\n", "b"]);
    }
}
