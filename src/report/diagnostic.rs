//! Errors drawn: message, `file:line:col`, the line itself with a caret, notes and help.
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use std::ops::Range;
use value::place::Source;
use value::{Diagnostic, Severity, SourceMap, Span};

pub fn render(diagnostic: &Diagnostic, sources: &SourceMap, color: bool) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Deprecated => Level::WARNING.with_name("deprecated"),
    };
    let primary = diagnostic.span.and_then(|span| Some((span, sources.get(span.source)?)));
    let noted: Vec<_> = diagnostic
        .notes
        .iter()
        .map(|note| (note, note.span.and_then(|span| Some((span, sources.get(span.source)?)))))
        .collect();
    if primary.is_none() && noted.iter().all(|(_, place)| place.is_none()) {
        return placeless(diagnostic, color);
    }
    // The first line is the title; Ansible's words go on below it.
    let (title, rest) = diagnostic.message.split_once('\n').unwrap_or((&diagnostic.message, ""));
    let rest = rest.replace('\t', "  ");
    let mut group = Group::with_title(level.primary_title(title).id(diagnostic.code));
    if let Some((span, source)) = &primary {
        let label = diagnostic.label.as_deref().unwrap_or_default();
        group = group.element(snippet(source, *span, AnnotationKind::Primary, label));
    }
    for (note, place) in &noted {
        match place {
            Some((span, source)) => group = group.element(snippet(source, *span, AnnotationKind::Context, &note.text)),
            None => group = group.element(Level::NOTE.message(note.text.as_str())),
        }
    }
    if !rest.is_empty() {
        group = group.element(Level::NOTE.message(rest.as_str()));
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    renderer.render(&[group]).to_string()
}

/// Without a place there is nothing to draw: the words alone.
fn placeless(diagnostic: &Diagnostic, color: bool) -> String {
    let (word, code) = match diagnostic.severity {
        Severity::Error => ("error", "1;31"),
        Severity::Warning => ("warning", "1;33"),
        Severity::Deprecated => ("deprecated", "1;33"),
    };
    let paint = |text: String, code: &str| if color { format!("\x1b[{code}m{text}\x1b[0m") } else { text };
    let head = paint(format!("{word}[{}]", diagnostic.code), code);
    let mut text = format!("{head}: {}", paint(diagnostic.message.clone(), "1"));
    for note in &diagnostic.notes {
        text += &format!("\n  note: {}", note.text);
    }
    if let Some(help) = &diagnostic.help {
        text += &format!("\n  {}: {help}", paint("help".into(), "1;36"));
    }
    text
}

fn snippet<'s>(
    source: &'s Source,
    span: Span,
    kind: AnnotationKind,
    label: &'s str,
) -> Snippet<'s, annotate_snippets::Annotation<'s>> {
    let annotation = kind.span(bytes(source, span));
    let annotation = if label.is_empty() { annotation } else { annotation.label(label) };
    Snippet::source(&*source.text).path(relative(&source.name)).annotation(annotation)
}

/// As people would name it: from the working folder, where it lies below.
fn relative(name: &str) -> String {
    let here = std::env::current_dir().ok();
    let below = here.as_ref().and_then(|here| std::path::Path::new(name).strip_prefix(here).ok());
    below.map_or_else(|| name.to_string(), |below| below.display().to_string())
}

/// The bytes that a span covers, which never go beyond its line.
fn bytes(source: &Source, span: Span) -> Range<usize> {
    let starts = std::iter::once(0).chain(source.text.match_indices('\n').map(|(at, _)| at + 1));
    let Some(start) = starts.clone().nth(span.line.get() as usize - 1) else {
        return source.text.len()..source.text.len();
    };
    let line = source.text[start..].split('\n').next().unwrap_or_default();
    let at = |column: u32| line.char_indices().nth(column as usize).map_or(line.len(), |(at, _)| at);
    let first = span.column.get() - 1;
    start + at(first)..start + at(first + span.length.get())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_shows_its_place() {
        let sources = SourceMap::default();
        let id = sources.add("site.yml", "- hosts: all\n  taks: []\n");
        let error = Diagnostic::error("unknown-keyword", "`taks` is no keyword of a play")
            .at(Span::new(id, 2, 3, 4))
            .label("unknown")
            .help("did you mean `tasks`?");
        let text = render(&error, &sources, false);
        assert!(
            text.contains("site.yml:2:3") && text.contains("^^^^ unknown") && text.contains("help: did you mean"),
            "{text}"
        );
    }

    #[test]
    fn an_error_without_a_place_is_its_words() {
        let error = Diagnostic::error("limit", "no host is left").note("there are two", None).help("ask for more");
        let text = render(&error, &SourceMap::default(), false);
        assert_eq!(text, "error[limit]: no host is left\n  note: there are two\n  help: ask for more");
    }

    #[test]
    fn a_place_that_is_not_there_is_no_panic() {
        let sources = SourceMap::default();
        let id = sources.add("a", "x");
        for (line, column, length) in [(9, 9, 9), (1, 1, 1), (1, 2, 5), (1, 9, 1)] {
            render(&Diagnostic::error("e", "m").at(Span::new(id, line, column, length)), &sources, true);
        }
    }
}
