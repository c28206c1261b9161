//! Events to nodes: anchors and aliases, merges, tags, keys that stand twice; and limits, so that no text can exhaust the program.
use super::events::{Data, Event, Events, LibYaml, Place};
use super::scalar::{self, Type};
use super::{Kind, Node, Style, problem};
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;
use value::{Diagnostic, Key, SourceId, Span, Value, Vaulted};

/// How deep nodes may nest: more than anyone writes, less than the stack holds.
const DEPTH: usize = 200;
/// How many nodes a text may mean once all aliases are followed.
const EXPANDED: usize = 5_000_000;

const STANDARD: &str = "tag:yaml.org,2002:";

pub fn compose(text: &str, source: SourceId, warnings: &mut Vec<Diagnostic>) -> Result<Vec<Node>, Vec<Diagnostic>> {
    // The parser takes the end of a text for the end of its last line only where there is one.
    let unended = !text.is_empty() && !text.ends_with('\n');
    let ended = if unended { Cow::Owned(format!("{text}\n")) } else { Cow::Borrowed(text) };
    let lines: Vec<&str> = text.lines().collect();
    let last_has_words = lines.last().is_some_and(|line| !line.trim().is_empty());
    let composer = Composer {
        events: LibYaml::new(&ended),
        unended: (unended && last_has_words).then_some(lines.len() as u32),
        text,
        source,
        lines,
        anchors: HashMap::new(),
        depth: 0,
        expanded: 0,
        errors: Vec::new(),
        warnings,
    };
    composer.documents()
}

struct Anchor {
    node: Node,
    place: Place,
    /// Nodes in it, aliases followed; none while it is still being built.
    size: Option<usize>,
}

struct Composer<'t, 'w, E> {
    events: E,
    text: &'t str,
    source: SourceId,
    lines: Vec<&'t str>,
    /// How many lines there are, if the last one has no end: a block of text that goes so far has no line break there either.
    unended: Option<u32>,
    anchors: HashMap<String, Anchor>,
    depth: usize,
    expanded: usize,
    /// What was wrong but did not keep us from going on.
    errors: Vec<Diagnostic>,
    warnings: &'w mut Vec<Diagnostic>,
}

/// The text cannot be read further; why is in `errors`.
struct Halt;
type Composed<T> = Result<T, Halt>;

impl<'t, E: Events> Composer<'t, '_, E> {
    fn documents(mut self) -> Result<Vec<Node>, Vec<Diagnostic>> {
        let mut documents = Vec::new();
        while let Ok(event) = self.next() {
            match event.data {
                Data::DocumentStart => {
                    self.anchors.clear();
                    let Ok(event) = self.next() else { break };
                    let Ok(node) = self.node(event) else { break };
                    self.refuse_merge(&node);
                    documents.push(node);
                }
                Data::StreamEnd => break,
                _ => {}
            }
        }
        // A document that holds nothing is as if it were not there.
        let lone_nothing = matches!(documents.as_slice(), [node] if node.is_null() && node.word() == Some(""));
        if lone_nothing {
            documents.clear();
        }
        if self.errors.is_empty() { Ok(documents) } else { Err(self.errors) }
    }

    fn next(&mut self) -> Composed<Event> {
        self.events.next().map_err(|error| {
            let diagnostic = problem::diagnose(&error, self.text, self.source);
            self.errors.push(diagnostic);
            Halt
        })
    }

    fn node(&mut self, event: Event) -> Composed<Node> {
        let (start, end) = (event.start, event.end);
        self.expanded += 1;
        match event.data {
            Data::Alias(anchor) => self.alias(&anchor, start, end),
            Data::Scalar { anchor, tag, mut text, style } => {
                let span = self.span(start, end);
                let to_the_end = self.unended.is_some_and(|lines| end.line >= lines);
                if to_the_end && matches!(style, Style::Literal | Style::Folded) && text.ends_with('\n') {
                    text.pop();
                }
                let node = self.scalar(span, tag.as_deref(), text, style);
                self.define(anchor, &node, start, 1);
                Ok(node)
            }
            Data::SequenceStart { anchor, tag } => self.collection(start, end, anchor, |composer, span| {
                let items = composer.items()?;
                Ok(composer.sequence(span, tag.as_deref(), items))
            }),
            Data::MappingStart { anchor, tag } => self.collection(start, end, anchor, |composer, span| {
                let entries = composer.entries()?;
                Ok(composer.mapping(span, tag.as_deref(), entries))
            }),
            _ => {
                let error = Diagnostic::error("yaml-syntax", "expected a value here");
                self.errors.push(error.at(self.span(start, end)));
                Err(Halt)
            }
        }
    }

    /// What sequences and mappings share: the depth, and the anchor, which stands before and is known after.
    fn collection(
        &mut self,
        start: Place,
        end: Place,
        anchor: Option<String>,
        read: impl FnOnce(&mut Self, Span) -> Composed<Node>,
    ) -> Composed<Node> {
        let span = self.span(start, end);
        if self.depth >= DEPTH {
            let message = format!("more than {DEPTH} levels of lists and mappings inside each other");
            self.errors.push(Diagnostic::error("yaml-depth", message).at(span));
            return Err(Halt);
        }
        let before = self.expanded;
        if let Some(name) = &anchor {
            let nothing = Node { span, kind: Kind::Sequence(Arc::default()), is_unsafe: false };
            self.announce(name, nothing, start);
        }
        self.depth += 1;
        let node = read(self, span)?;
        self.depth -= 1;
        if let Some(name) = anchor {
            let size = self.expanded - before + 1;
            self.anchors.insert(name, Anchor { node: node.clone(), place: start, size: Some(size) });
        }
        Ok(node)
    }

    fn items(&mut self) -> Composed<Vec<Node>> {
        let mut items = Vec::new();
        loop {
            let event = self.next()?;
            match event.data {
                Data::SequenceEnd => return Ok(items),
                _ => {
                    let item = self.node(event)?;
                    self.refuse_merge(&item);
                    items.push(item);
                }
            }
        }
    }

    fn entries(&mut self) -> Composed<Vec<(Node, Node)>> {
        let mut entries = Vec::new();
        loop {
            let event = self.next()?;
            if matches!(event.data, Data::MappingEnd) {
                return Ok(entries);
            }
            let key = self.node(event)?;
            let event = self.next()?;
            let value = self.node(event)?;
            self.refuse_merge(&value);
            entries.push((key, value));
        }
    }

    /// `<<` means something as a key only.
    fn refuse_merge(&mut self, node: &Node) {
        if is_merge(node) {
            self.errors
                .push(Diagnostic::error("yaml-merge", "`<<` can only stand as a key; put it in quotes").at(node.span));
        }
    }

    fn define(&mut self, anchor: Option<String>, node: &Node, place: Place, size: usize) {
        if let Some(name) = anchor {
            self.announce(&name, node.clone(), place);
            if let Some(anchor) = self.anchors.get_mut(&name) {
                anchor.size = Some(size);
            }
        }
    }

    fn announce(&mut self, name: &str, node: Node, place: Place) {
        let anchor = Anchor { node, place, size: None };
        if let Some(before) = self.anchors.insert(name.to_string(), anchor) {
            let (here, there) = (self.point(place), self.point(before.place));
            let error = Diagnostic::error("yaml-anchor", format!("the anchor `&{name}` stands twice"));
            self.errors.push(error.at(here).note("it is first defined here", Some(there)));
        }
    }

    fn alias(&mut self, name: &str, start: Place, end: Place) -> Composed<Node> {
        let span = self.span(start, end);
        let (message, help) = match self.anchors.get(name) {
            Some(Anchor { node, size: Some(size), .. }) => {
                self.expanded += size - 1;
                if self.expanded <= EXPANDED {
                    return Ok(node.clone());
                }
                let message = format!("aliases multiply this text to more than {EXPANDED} values");
                self.errors.push(Diagnostic::error("yaml-aliases", message).at(span));
                return Err(Halt);
            }
            Some(_) => (format!("`*{name}` stands inside what it names"), None),
            None => {
                let near = value::spec::nearest(name, self.anchors.keys().map(String::as_str));
                let help = near.map_or_else(
                    || "a value that begins with `*` must be in quotes".to_string(),
                    |near| format!("did you mean `*{near}`?"),
                );
                (format!("no anchor `&{name}` stands before this"), Some(help))
            }
        };
        let error = Diagnostic::error("yaml-alias", message).at(span);
        self.errors.push(Diagnostic { help, ..error });
        Ok(Node { span, kind: nothing(), is_unsafe: false })
    }

    fn scalar(&mut self, span: Span, tag: Option<&str>, text: String, style: Style) -> Node {
        let kind = match tag {
            None if style != Style::Plain => Type::Str,
            // As in PyYAML, a tag that names no type leaves the type to the word, quoted or not.
            None | Some("!" | "!unsafe") => scalar::resolve(&text),
            Some("!vault" | "!vault-encrypted") => {
                let is_string = scalar::resolve(&text) == Type::Str;
                return self.vaulted(span, text, style, is_string);
            }
            Some(tag) => match tag.strip_prefix(STANDARD).and_then(tagged_type) {
                Some(kind) => kind,
                None => {
                    self.unknown_tag(tag, "a scalar", span);
                    Type::Str
                }
            },
        };
        if scalar::is_base_60(&text, kind) {
            self.warn_base_60(&text, kind, span);
        }
        let value = scalar::construct(&text, kind).unwrap_or_else(|message| {
            self.errors.push(Diagnostic::error("yaml-value", message).at(span));
            Value::Null
        });
        let is_unsafe = tag == Some("!unsafe");
        let text = match &value {
            Value::Str(same) => same.text().clone(),
            _ => text.into(),
        };
        Node { span, kind: Kind::Scalar { text, style, value }, is_unsafe }
    }

    fn vaulted(&mut self, span: Span, text: String, style: Style, is_string: bool) -> Node {
        if !is_string {
            self.errors.push(Diagnostic::error("yaml-vault", "the `!vault` tag requires a string value").at(span));
        }
        let text: Arc<str> = text.into();
        let value = Value::Vaulted(Arc::new(Vaulted { ciphertext: text.clone(), origin: Some(span) }));
        Node { span, kind: Kind::Scalar { text, style, value }, is_unsafe: false }
    }

    fn warn_base_60(&mut self, text: &str, kind: Type, span: Span) {
        let number = scalar::construct(text, kind).map(|value| value.to_text()).unwrap_or_default();
        let warning = Diagnostic::warning("yaml-base-60", format!("`{text}` is the number {number} in YAML 1.1"));
        self.warnings.push(warning.at(span).help("put it in quotes if it is a time, an address or a port mapping"));
    }

    fn unknown_tag(&mut self, tag: &str, what: &str, span: Span) {
        let shown = tag.strip_prefix(STANDARD).map_or_else(|| tag.to_string(), |name| format!("!!{name}"));
        let error = Diagnostic::error("yaml-tag", format!("the tag `{shown}` cannot stand at {what}"));
        let help = "known tags are `!vault`, `!unsafe` and YAML's own (`!!str`, `!!int`, ...); \
                    a value that begins with `!` must be in quotes";
        self.errors.push(error.at(span).help(help));
    }

    fn sequence(&mut self, span: Span, tag: Option<&str>, items: Vec<Node>) -> Node {
        let is_unsafe = tag == Some("!unsafe");
        let known = match tag.map(|tag| tag.strip_prefix(STANDARD).unwrap_or(tag)) {
            None | Some("!" | "seq" | "!unsafe") => true,
            // Their pairs stay mappings of one entry, which is how everything downstream reads pairs.
            Some("omap" | "pairs") => true,
            Some(_) => false,
        };
        if !known {
            self.unknown_tag(tag.unwrap_or_default(), "a list", span);
        }
        Node { span, kind: Kind::Sequence(Arc::new(items)), is_unsafe }
    }

    fn mapping(&mut self, span: Span, tag: Option<&str>, entries: Vec<(Node, Node)>) -> Node {
        let is_unsafe = tag == Some("!unsafe");
        let entries = self.unique(entries);
        match tag.map(|tag| tag.strip_prefix(STANDARD).unwrap_or(tag)) {
            None | Some("!" | "map" | "!unsafe") => {}
            Some("set") => {
                let items = entries.into_iter().map(|(key, _)| key).collect();
                return Node { span, kind: Kind::Sequence(Arc::new(items)), is_unsafe };
            }
            Some(_) => self.unknown_tag(tag.unwrap_or_default(), "a mapping", span),
        }
        Node { span, kind: Kind::Mapping(Arc::new(entries)), is_unsafe }
    }

    /// Each key once: what `<<` brings comes first and is overridden by the mapping's own keys; of a key that stands twice the
    /// last value holds, with a warning.
    fn unique(&mut self, entries: Vec<(Node, Node)>) -> Vec<(Node, Node)> {
        let (merges, own): (Vec<_>, Vec<_>) = entries.into_iter().partition(|(key, _)| is_merge(key));
        let mut unique = Unique::default();
        for (_, merged) in &merges {
            for (key, value) in self.merged(merged) {
                if let Ok(name) = Key::new(key.to_value(false)) {
                    unique.put(name, key, value);
                }
            }
        }
        let merged = unique.entries.len();
        for (key, value) in own {
            match Key::new(key.to_value(false)) {
                Ok(name) => {
                    let place = key.span;
                    let shown = name.value().to_repr();
                    if let Some((before, at)) = unique.put(name, key, value)
                        && at >= merged
                    {
                        let message = format!("the key {shown} stands twice; the last one holds");
                        let warning = Diagnostic::warning(super::DUPLICATE_KEY, message).at(place);
                        self.warnings.push(warning.note("it stands first here", Some(before)));
                    }
                }
                Err(_) => {
                    let error = problem::unhashable(&key);
                    self.errors.push(error);
                }
            }
        }
        unique.entries
    }

    /// What a `<<` brings, in the order in which later entries override earlier ones.
    fn merged(&mut self, node: &Node) -> Vec<(Node, Node)> {
        let maps: Option<Vec<&[(Node, Node)]>> = match &node.kind {
            Kind::Mapping(entries) => Some(vec![entries]),
            Kind::Sequence(items) => items.iter().rev().map(Node::as_mapping).collect(),
            Kind::Scalar { .. } => None,
        };
        match maps {
            Some(maps) => maps.concat(),
            None => {
                let message = format!("`<<` takes a mapping or a list of mappings, and this is {}", node.type_name());
                self.errors.push(Diagnostic::error("yaml-merge", message).at(node.span));
                Vec::new()
            }
        }
    }

    fn point(&self, place: Place) -> Span {
        self.span(place, place)
    }

    /// From a start to an end, or to the end of the first line where it goes further.
    fn span(&self, start: Place, end: Place) -> Span {
        let length = if start.line == end.line {
            end.column.saturating_sub(start.column)
        } else {
            let line = self.lines.get(start.line as usize).copied().unwrap_or_default();
            (line.trim_end().chars().count() as u32).saturating_sub(start.column)
        };
        Span::new(self.source, start.line + 1, start.column + 1, length)
    }
}

/// Entries by key, in the order in which the keys came first.
#[derive(Default)]
struct Unique {
    entries: Vec<(Node, Node)>,
    index: HashMap<Key, usize>,
}

impl Unique {
    /// Where the key stood before, and the entry's number, if it was there.
    fn put(&mut self, name: Key, key: Node, value: Node) -> Option<(Span, usize)> {
        match self.index.get(&name) {
            Some(&at) => {
                let before = self.entries[at].0.span;
                // As in Python, the key that came first stays.
                self.entries[at].1 = value;
                Some((before, at))
            }
            None => {
                self.index.insert(name, self.entries.len());
                self.entries.push((key, value));
                None
            }
        }
    }
}

fn tagged_type(name: &str) -> Option<Type> {
    Some(match name {
        "str" => Type::Str,
        "int" => Type::Int,
        "float" => Type::Float,
        "bool" => Type::Bool,
        "null" => Type::Null,
        "timestamp" => Type::Timestamp,
        "binary" => Type::Binary,
        _ => return None,
    })
}

fn is_merge(node: &Node) -> bool {
    matches!(&node.kind, Kind::Scalar { text, style: Style::Plain, value: Value::Str(_) } if &**text == "<<")
}

fn nothing() -> Kind {
    Kind::Scalar { text: "".into(), style: Style::Plain, value: Value::Null }
}
