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
    let mut group = Group::with_title(level.primary_title(diagnostic.message.as_str()).id(diagnostic.code));
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
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    renderer.render(&[group]).to_string()
}

fn snippet<'s>(
    source: &'s Source,
    span: Span,
    kind: AnnotationKind,
    label: &'s str,
) -> Snippet<'s, annotate_snippets::Annotation<'s>> {
    let annotation = kind.span(bytes(source, span));
    let annotation = if label.is_empty() { annotation } else { annotation.label(label) };
    Snippet::source(&*source.text).path(source.name.as_str()).annotation(annotation)
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
    fn a_place_that_is_not_there_is_no_panic() {
        let sources = SourceMap::default();
        let id = sources.add("a", "x");
        for (line, column, length) in [(9, 9, 9), (1, 1, 1), (1, 2, 5), (1, 9, 1)] {
            render(&Diagnostic::error("e", "m").at(Span::new(id, line, column, length)), &sources, true);
        }
    }
}
