//! The YAML parser, behind one function, so that another one could take its place.
use super::Style;
use libyaml_safer::{EventData, Mark, Parser, ScalarStyle};
use std::panic::AssertUnwindSafe;

/// A place in the text, counted from zero; columns in characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    pub line: u32,
    pub column: u32,
}

#[derive(Debug)]
pub struct Event {
    pub start: Place,
    pub end: Place,
    pub data: Data,
}

#[derive(Debug)]
pub enum Data {
    /// The beginning of the stream and the ends of documents say nothing that the composer needs.
    Other,
    DocumentStart,
    StreamEnd,
    Alias(String),
    Scalar {
        anchor: Option<String>,
        tag: Option<String>,
        text: String,
        style: Style,
    },
    SequenceStart {
        anchor: Option<String>,
        tag: Option<String>,
    },
    SequenceEnd,
    MappingStart {
        anchor: Option<String>,
        tag: Option<String>,
    },
    MappingEnd,
}

/// What the parser did not understand, in its own words.
#[derive(Debug)]
pub struct SyntaxError {
    pub problem: &'static str,
    pub context: Option<&'static str>,
    /// None where only the text as a whole can be blamed.
    pub place: Option<Place>,
    pub context_place: Option<Place>,
}

pub trait Events {
    fn next(&mut self) -> Result<Event, SyntaxError>;
}

/// libyaml's events, as PyYAML's C loader has them.
pub struct LibYaml<'t> {
    parser: Parser<&'t [u8]>,
}

impl<'t> LibYaml<'t> {
    pub fn new(text: &'t str) -> Self {
        let mut parser = Parser::new();
        parser.set_encoding(libyaml_safer::Encoding::Utf8);
        parser.set_input(text.as_bytes());
        Self { parser }
    }
}

impl Events for LibYaml<'_> {
    /// The port has a few assertions that odd tags can reach; whatever it does, a text must not stop the program.
    fn next(&mut self) -> Result<Event, SyntaxError> {
        let parsed = std::panic::catch_unwind(AssertUnwindSafe(|| self.parser.parse()));
        match parsed {
            Ok(Ok(event)) => {
                Ok(Event { start: place(event.start_mark), end: place(event.end_mark), data: data(event.data) })
            }
            Ok(Err(error)) => Err(SyntaxError {
                problem: error.problem(),
                context: error.context(),
                place: error.problem_mark().map(place),
                context_place: error.context_mark().map(place),
            }),
            Err(_) => Err(SyntaxError {
                problem: "found a tag or character that cannot be read",
                context: None,
                place: None,
                context_place: None,
            }),
        }
    }
}

fn place(mark: Mark) -> Place {
    Place { line: mark.line as u32, column: mark.column as u32 }
}

fn data(data: EventData) -> Data {
    match data {
        EventData::StreamStart { .. } | EventData::DocumentEnd { .. } => Data::Other,
        EventData::StreamEnd => Data::StreamEnd,
        EventData::DocumentStart { .. } => Data::DocumentStart,
        EventData::Alias { anchor } => Data::Alias(anchor),
        EventData::Scalar { anchor, tag, value, style, .. } => {
            Data::Scalar { anchor, tag, text: value, style: self::style(style) }
        }
        EventData::SequenceStart { anchor, tag, .. } => Data::SequenceStart { anchor, tag },
        EventData::SequenceEnd => Data::SequenceEnd,
        EventData::MappingStart { anchor, tag, .. } => Data::MappingStart { anchor, tag },
        EventData::MappingEnd => Data::MappingEnd,
    }
}

fn style(style: ScalarStyle) -> Style {
    match style {
        ScalarStyle::SingleQuoted => Style::SingleQuoted,
        ScalarStyle::DoubleQuoted => Style::DoubleQuoted,
        ScalarStyle::Literal => Style::Literal,
        ScalarStyle::Folded => Style::Folded,
        _ => Style::Plain,
    }
}
