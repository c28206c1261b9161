//! `ansible.cfg`: sections of `key = value` lines as Python's configparser reads them, with `#` and `;` comments, and lines that go on
//! where they are indented.
use std::collections::HashMap;
use value::{Diagnostic, SourceId, Span};

#[derive(Debug, Default)]
pub struct Values(HashMap<(String, String), (String, Span)>);

impl Values {
    pub fn get(&self, section: &str, key: &str) -> Option<(&str, Span)> {
        self.0.get(&(section.to_string(), key.to_string())).map(|(text, span)| (text.as_str(), *span))
    }
}

pub fn parse(text: &str, source: SourceId) -> Result<Values, Diagnostic> {
    let (mut values, mut section, mut open) = (Values::default(), String::new(), None::<(String, String)>);
    for (index, line) in text.lines().enumerate() {
        let place =
            |column: usize, length: usize| Span::new(source, index as u32 + 1, column as u32 + 1, length as u32);
        let content = without_comment(line);
        let word = content.trim();
        if word.is_empty() {
            continue;
        }
        if content.starts_with([' ', '\t'])
            && let Some((text, _)) = open.as_ref().and_then(|key| values.0.get_mut(key))
        {
            text.push('\n');
            text.push_str(word);
            continue;
        }
        if let Some(name) = word.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            (section, open) = (name.to_string(), None);
            continue;
        }
        let Some(at) = content.find(['=', ':']) else {
            return Err(Diagnostic::error("config", "this line is neither a section nor `key = value`")
                .at(place(0, word.chars().count())));
        };
        let (key, text) = (content[..at].trim().to_lowercase(), content[at + 1..].trim());
        let column = content.len() - content[at + 1..].trim_start().len();
        let key = (section.clone(), key);
        values.0.insert(key.clone(), (text.to_string(), place(column, text.chars().count())));
        open = Some(key);
    }
    Ok(values)
}

/// A comment is a line that begins with `#` or `;`, or what follows ` ;`.
fn without_comment(line: &str) -> &str {
    if line.trim_start().starts_with(['#', ';']) {
        return "";
    }
    let inline = line.match_indices(';').find(|(at, _)| line[..*at].ends_with([' ', '\t']));
    inline.map_or(line, |(at, _)| &line[..at])
}
