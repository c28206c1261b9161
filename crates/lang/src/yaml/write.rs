//! Values as YAML text, as PyYAML's C dumper writes them.
use super::scalar;
use libyaml_safer::{Emitter, Encoding, Event, MappingStyle, ScalarStyle, SequenceStyle};
use std::panic::AssertUnwindSafe;
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
    push(value, layout, &mut events)?;
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

fn push(value: &Value, layout: &Layout, events: &mut Vec<Event>) -> Result<(), Problem> {
    match value {
        Value::Null => plain("null", events),
        Value::Bool(truth) => plain(if *truth { "true" } else { "false" }, events),
        Value::Int(_) | Value::Big(_) => plain(&value.to_text(), events),
        Value::Float(number) => plain(&float(*number), events),
        Value::Date(date) => plain(&date.to_string(), events),
        Value::DateTime(time) => plain(&time.to_string(), events),
        Value::Str(text) => events.push(word(text, layout)),
        Value::Bytes(bytes) => binary(bytes, events),
        Value::List(items) | Value::Tuple(items) => {
            let flow = layout.flow.unwrap_or_else(|| items.iter().all(is_simple));
            let style = if flow { SequenceStyle::Flow } else { SequenceStyle::Block };
            events.push(Event::sequence_start(None, None, true, style));
            for item in items.iter() {
                push(item, layout, events)?;
            }
            events.push(Event::sequence_end());
        }
        Value::Map(map) => push_map(map, layout, events)?,
        other => return Err(Problem(format!("cannot represent an object of type {}", other.type_name()))),
    }
    Ok(())
}

fn push_map(map: &Map, layout: &Layout, events: &mut Vec<Event>) -> Result<(), Problem> {
    let mut entries: Vec<(&Value, &Value)> = map.iter().map(|(key, value)| (key.value(), value)).collect();
    if layout.sort_keys {
        sort(&mut entries);
    }
    let flow = layout.flow.unwrap_or_else(|| entries.iter().all(|(key, value)| is_simple(key) && is_simple(value)));
    let style = if flow { MappingStyle::Flow } else { MappingStyle::Block };
    events.push(Event::mapping_start(None, None, true, style));
    for (key, value) in entries {
        push(key, layout, events)?;
        push(value, layout, events)?;
    }
    events.push(Event::mapping_end());
    Ok(())
}

/// Keys that cannot be compared stay in their order, all of them.
fn sort(entries: &mut [(&Value, &Value)]) {
    let all_texts = entries.iter().all(|(key, _)| matches!(key, Value::Str(_)));
    let all_numbers = entries.iter().all(|(key, _)| key.as_float().is_some());
    if all_texts {
        entries.sort_by(|one, two| one.0.as_str().cmp(&two.0.as_str()));
    } else if all_numbers {
        entries.sort_by(|one, two| one.0.compare_numbers(two.0).unwrap_or(std::cmp::Ordering::Equal));
    }
}

/// A list or map of such values alone stands on one line, where the layout leaves it open.
fn is_simple(value: &Value) -> bool {
    !matches!(value, Value::List(_) | Value::Tuple(_) | Value::Map(_) | Value::Bytes(_))
}

fn plain(text: &str, events: &mut Vec<Event>) {
    events.push(Event::scalar(None, None, text, true, false, ScalarStyle::Any));
}

/// Without quotes where it would be read as a text again.
fn word(text: &str, layout: &Layout) -> Event {
    let style = match layout.style {
        Some('"') => ScalarStyle::DoubleQuoted,
        Some('\'') => ScalarStyle::SingleQuoted,
        Some('|') => ScalarStyle::Literal,
        Some('>') => ScalarStyle::Folded,
        _ => ScalarStyle::Any,
    };
    let is_text = scalar::resolve(text) == scalar::Type::Str;
    Event::scalar(None, None, text, is_text, true, style)
}

fn binary(bytes: &[u8], events: &mut Vec<Event>) {
    use base64::Engine;
    let text = base64::engine::general_purpose::STANDARD.encode(bytes);
    let lines: Vec<&str> = text.as_bytes().chunks(76).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    let text = lines.join("\n") + "\n";
    events.push(Event::scalar(None, Some("tag:yaml.org,2002:binary"), &text, false, false, ScalarStyle::Literal));
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
}
