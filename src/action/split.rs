//! Words of a text as a shell would split it: quotes and backslashes as Python's `shlex` takes them.

/// Err: a quote that does not end.
pub fn words(text: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match letters.next() {
                        Some('\'') => break,
                        Some(other) => word.push(other),
                        None => return Err("No closing quotation".into()),
                    }
                }
            }
            '"' => double_quoted(&mut letters, word.get_or_insert_default())?,
            '\\' => match letters.next() {
                Some(escaped) => word.get_or_insert_default().push(escaped),
                None => return Err("No escaped character".into()),
            },
            space if space.is_whitespace() => words.extend(word.take()),
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    Ok(words)
}

fn double_quoted(letters: &mut std::str::Chars, word: &mut String) -> Result<(), String> {
    loop {
        match letters.next() {
            Some('"') => return Ok(()),
            Some('\\') => match letters.next() {
                Some(escaped @ ('"' | '\\')) => word.push(escaped),
                Some(other) => word.extend(['\\', other]),
                None => return Err("No escaped character".into()),
            },
            Some(other) => word.push(other),
            None => return Err("No closing quotation".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn words_are_those_of_shlex() {
        assert_eq!(
            words(r#"-o 'ProxyCommand=ssh -W %h:%p "jump"' -C"#).unwrap(),
            ["-o", r#"ProxyCommand=ssh -W %h:%p "jump""#, "-C"]
        );
        assert_eq!(words(r#"a"b c"d '' e\ f "\n\"""#).unwrap(), ["ab cd", "", "e f", "\\n\""]);
        assert!(words("'open").is_err());
    }
}
