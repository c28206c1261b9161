//! Values as YAML text, as PyYAML's C dumper writes them.
use super::scalar;
use crate::python::sort::sorted;
use base64::Engine;
use libyaml_safer::{Emitter, Encoding, Event, MappingStyle, ScalarStyle, SequenceStyle};
use std::collections::{HashMap, HashSet};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use value::{Map, Value};

/// `yaml.dump`'s settings.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    pub indent: i32,
    pub width: i32,
    pub sort_keys: bool,
    /// `{a: 1}` always, never, or (none) where nothing nested is inside.
    pub flow: Option<bool>,
    pub unicode: bool,
    pub explicit_start: bool,
    pub explicit_end: bool,
    /// Quotes for all texts.
    pub style: Option<char>,
}

impl Default for Layout {
    fn default() -> Self {
        Self {
            indent: 2,
            width: 80,
            sort_keys: true,
            flow: None,
            unicode: true,
            explicit_start: false,
            explicit_end: false,
            style: None,
        }
    }
}

/// What has no form in YAML.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem(pub String);

pub fn write(value: &Value, layout: &Layout) -> Result<String, Problem> {
    let mut events =
        vec![Event::stream_start(Encoding::Utf8), Event::document_start(None, &[], !layout.explicit_start)];
    Writer { layout, anchors: Anchors::of(value, layout), events: &mut events }.push(value)?;
    events.push(Event::document_end(!layout.explicit_end));
    events.push(Event::stream_end());
    let mut out = Vec::new();
    // The port asserts where libyaml would return an error; whatever it does, a value must not stop the program.
    let emitted = std::panic::catch_unwind(AssertUnwindSafe(|| emit(events, layout, &mut out)));
    match emitted {
        Ok(Ok(())) => {}
        Ok(Err(error)) => return Err(Problem(error.to_string())),
        Err(_) => return Err(Problem("this value cannot be written as YAML".into())),
    }
    let text = String::from_utf8(out).map_err(|error| Problem(error.to_string()))?;
    Ok(match text.strip_suffix("...\n") {
        Some(before) if before.ends_with('\n') && !layout.explicit_end => before.into(),
        _ => text,
    })
}

fn emit(events: Vec<Event>, layout: &Layout, out: &mut Vec<u8>) -> Result<(), libyaml_safer::Error> {
    let mut emitter = Emitter::new();
    emitter.set_output_string(out);
    emitter.set_unicode(layout.unicode);
    emitter.set_indent(layout.indent);
    emitter.set_width(layout.width);
    for event in events {
        emitter.emit(event)?;
    }
    emitter.flush()
}

/// Lists and maps that stand in a value more than once: PyYAML writes the first in full and the others as aliases to it.
#[derive(Default)]
struct Anchors {
    /// By their place in memory: how often they were met, and their name if that is more than once.
    met: HashMap<usize, Option<String>>,
    named: usize,
    written: HashSet<usize>,
}

impl Anchors {
    fn of(value: &Value, layout: &Layout) -> Self {
        let mut anchors = Self::default();
        anchors.meet(value, layout);
        anchors
    }

    fn place(value: &Value) -> Option<usize> {
        match value {
            Value::List(items) | Value::Tuple(items) => Some(Arc::as_ptr(items) as usize),
            Value::Map(map) => Some(Arc::as_ptr(map) as usize),
            Value::Vaulted(vaulted) => Some(vaulted.ciphertext.as_ptr() as usize),
            _ => None,
        }
    }

    /// In the order in which they are written, since names count up in it.
    fn meet(&mut self, value: &Value, layout: &Layout) {
        let Some(place) = Self::place(value) else { return };
        if let Some(name) = self.met.get_mut(&place) {
            if name.is_none() {
                self.named += 1;
                *name = Some(format!("id{:03}", self.named));
            }
            return;
        }
        self.met.insert(place, None);
        match value {
            Value::List(items) | Value::Tuple(items) => items.iter().for_each(|item| self.meet(item, layout)),
            Value::Map(map) => entries(map, layout).iter().for_each(|(_, item)| self.meet(item, layout)),
            _ => {}
        }
    }

    /// The name, and whether it is the first time that it is written.
    fn name(&mut self, value: &Value) -> Option<(String, bool)> {
        let place = Self::place(value)?;
        let name = self.met.get(&place)?.clone()?;
        Some((name, self.written.insert(place)))
    }
}

struct Writer<'w> {
    layout: &'w Layout,
    anchors: Anchors,
    events: &'w mut Vec<Event>,
}

impl Writer<'_> {
    fn push(&mut self, value: &Value) -> Result<(), Problem> {
        let name = self.anchors.name(value);
        if let Some((name, false)) = &name {
            self.events.push(Event::alias(name));
            return Ok(());
        }
        let anchor = name.as_ref().map(|(name, _)| name.as_str());
        match value {
            Value::Null => self.plain("null"),
            Value::Bool(truth) => self.plain(if *truth { "true" } else { "false" }),
            Value::Int(_) | Value::Big(_) => self.plain(&value.to_text()),
            Value::Float(number) => self.plain(&float(*number)),
            Value::Date(date) => self.plain(&date.to_string()),
            Value::DateTime(time) => self.plain(&time.to_string()),
            Value::Str(text) => self.text(text),
            Value::Bytes(bytes) => self.binary(bytes),
            Value::List(items) | Value::Tuple(items) => {
                let flow = self.layout.flow.unwrap_or_else(|| items.iter().all(|item| self.is_simple(item)));
                let style = if flow { SequenceStyle::Flow } else { SequenceStyle::Block };
                self.events.push(Event::sequence_start(anchor, None, true, style));
                for item in items.iter() {
                    self.push(item)?;
                }
                self.events.push(Event::sequence_end());
            }
            Value::Map(map) => self.map(map, anchor)?,
            Value::Vaulted(vaulted) => {
                let text = &vaulted.ciphertext;
                self.events.push(Event::scalar(anchor, Some("!vault"), text, false, false, ScalarStyle::Literal));
            }
            other => return Err(Problem(format!("cannot represent an object of type {}", other.type_name()))),
        }
        Ok(())
    }

    fn map(&mut self, map: &Map, anchor: Option<&str>) -> Result<(), Problem> {
        let entries = entries(map, self.layout);
        let simple = |(key, value): &(&Value, &Value)| self.is_simple(key) && self.is_simple(value);
        let flow = self.layout.flow.unwrap_or_else(|| entries.iter().all(simple));
        let style = if flow { MappingStyle::Flow } else { MappingStyle::Block };
        self.events.push(Event::mapping_start(anchor, None, true, style));
        for (key, value) in entries {
            self.push(key)?;
            self.push(value)?;
        }
        self.events.push(Event::mapping_end());
        Ok(())
    }

    /// A list or map of such values alone stands on one line, where the layout leaves it open.
    fn is_simple(&self, value: &Value) -> bool {
        let nested =
            matches!(value, Value::List(_) | Value::Tuple(_) | Value::Map(_) | Value::Bytes(_) | Value::Vaulted(_));
        !nested && self.layout.style.is_none()
    }

    fn style(&self) -> ScalarStyle {
        match self.layout.style {
            Some('"') => ScalarStyle::DoubleQuoted,
            Some('\'') => ScalarStyle::SingleQuoted,
            Some('|') => ScalarStyle::Literal,
            Some('>') => ScalarStyle::Folded,
            _ => ScalarStyle::Any,
        }
    }

    fn plain(&mut self, text: &str) {
        self.events.push(Event::scalar(None, None, text, true, false, self.style()));
    }

    /// Without quotes where it would be read as a text again.
    fn text(&mut self, text: &str) {
        let is_text = scalar::resolve(text) == scalar::Type::Str;
        self.events.push(Event::scalar(None, None, text, is_text, true, self.style()));
    }

    fn binary(&mut self, bytes: &[u8]) {
        let text = base64::engine::general_purpose::STANDARD.encode(bytes);
        let lines: Vec<&str> = text.as_bytes().chunks(76).filter_map(|line| std::str::from_utf8(line).ok()).collect();
        let text = lines.join("\n") + "\n";
        let tag = Some("tag:yaml.org,2002:binary");
        self.events.push(Event::scalar(None, tag, &text, false, false, ScalarStyle::Literal));
    }
}

fn entries<'m>(map: &'m Map, layout: &Layout) -> Vec<(&'m Value, &'m Value)> {
    let entries: Vec<(&Value, &Value)> = map.iter().map(|(key, value)| (key.value(), value)).collect();
    if layout.sort_keys { sort(entries) } else { entries }
}

/// Keys that cannot be compared stay in their order, all of them.
fn sort<'v>(entries: Vec<(&'v Value, &'v Value)>) -> Vec<(&'v Value, &'v Value)> {
    let compared =
        sorted(entries.clone(), &mut |one: &(&Value, &Value), two: &(&Value, &Value)| match (one.0, two.0) {
            (Value::Str(one), Value::Str(two)) => Ok(one.as_str().cmp(two.as_str())),
            (one, two) => one.compare_numbers(two).ok_or(()),
        });
    compared.unwrap_or(entries)
}

/// As PyYAML: a number that Python writes as `1e17` needs its `.0` to be read as a float.
fn float(number: f64) -> String {
    if number.is_nan() {
        return ".nan".into();
    }
    if number.is_infinite() {
        return if number > 0.0 { ".inf".into() } else { "-.inf".into() };
    }
    let text = Value::Float(number).to_text();
    if text.contains('.') { text } else { text.replacen('e', ".0e", 1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_mean_something_else_are_quoted() {
        let value = Value::list(["yes", "1", "a: b", "it's", "", "x"].map(Value::from));
        let text = write(&value, &Layout { flow: Some(false), ..Layout::default() }).unwrap();
        assert_eq!(text, "- 'yes'\n- '1'\n- 'a: b'\n- it's\n- ''\n- x\n");
    }

    #[test]
    fn what_is_flat_stands_on_one_line() {
        let value = Value::map([("b", Value::list([1.into(), Value::Null])), ("a", Value::map([("c", 1.5)]))]);
        assert_eq!(write(&value, &Layout::default()).unwrap(), "a: {c: 1.5}\nb: [1, null]\n");
        assert_eq!(write(&"text".into(), &Layout::default()).unwrap(), "text\n");
    }

    #[test]
    fn what_stands_twice_is_named_in_the_order_of_writing() {
        let (one, two) = (Value::list([1.into()]), Value::list([2.into()]));
        let entries = [("d", one.clone()), ("c", two.clone()), ("b", one), ("a", two)];
        let text = write(&Value::map(entries), &Layout { flow: Some(true), ..Layout::default() }).unwrap();
        assert_eq!(text, "{a: &id001 [2], b: &id002 [1], c: *id001, d: *id002}\n");
    }
}
