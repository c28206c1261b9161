//! What every template has without anyone defining it.
use super::super::call::Arguments;
use super::super::error::Stop;
use super::super::methods::{self, time};
use super::super::object::{Object, ObjectRef};
use super::range::range;
use super::{Evaluation, lookup};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use value::{Key, Map, Str, Undefined, Value};

type Run = fn(Arguments, &Evaluation) -> Result<Value, Stop>;

const FUNCTIONS: [(&str, Run); 11] = [
    ("range", range),
    ("dict", dict),
    ("namespace", namespace),
    ("cycler", cycler),
    ("joiner", joiner),
    ("lipsum", lipsum),
    ("lookup", lookup::lookup),
    ("query", lookup::query),
    ("q", lookup::query),
    ("now", now),
    ("undef", undef),
];

pub fn value(name: &str) -> Option<Value> {
    if name == "omit" {
        return Some(Value::Omit);
    }
    let (name, run) = FUNCTIONS.iter().find(|(known, _)| *known == name)?;
    Some(ObjectRef::value(Function { name, run: *run }))
}

struct Function {
    name: &'static str,
    run: Run,
}

impl Object for Function {
    fn kind(&self) -> &'static str {
        "function"
    }
    fn is_callable(&self) -> bool {
        true
    }
    fn get(&self, key: &Value, _evaluation: &Evaluation) -> Result<Option<Value>, Stop> {
        let is_fromkeys = self.name == "dict" && key.as_str() == Some("fromkeys");
        Ok(is_fromkeys.then(|| ObjectRef::value(Function { name: "fromkeys", run: fromkeys })))
    }
    /// Something undefined among the arguments is the result, but for what is put together of them.
    fn call(&self, arguments: Arguments, evaluation: &Evaluation) -> Result<Value, Stop> {
        let mut all = arguments.positional.iter().chain(arguments.named.iter().map(|(_, value)| value));
        if !matches!(self.name, "namespace" | "dict" | "undef")
            && let Some(undefined) = all.find(|value| value.is_undefined())
        {
            return Ok(undefined.clone());
        }
        (self.run)(arguments, evaluation)
    }
    fn text(&self, _evaluation: &Evaluation) -> Result<String, Stop> {
        Ok(format!("<function {}>", self.name))
    }
}

/// The entries that `dict(...)`, `update(...)` and `namespace(...)` take: a mapping or pairs, and named ones.
pub fn entries(function: &str, arguments: Arguments, evaluation: &Evaluation) -> Result<Map, Stop> {
    let mut map = Map::new();
    if arguments.positional.len() > 1 {
        let given = arguments.positional.len();
        return Err(Stop::of_type(format!("{function} expected at most 1 argument, got {given}")));
    }
    if let Some(first) = arguments.positional.into_iter().next() {
        match evaluation.outside(first)? {
            Value::Map(first) => map = (*first).clone(),
            other => pairs(&other, &mut map, evaluation)?,
        }
    }
    for (name, value) in arguments.named {
        map.insert(name.to_string(), value);
    }
    Ok(map)
}

fn pairs(value: &Value, map: &mut Map, evaluation: &Evaluation) -> Result<(), Stop> {
    if ObjectRef::of(value).is_some_and(|object| object.is_mapping()) {
        if let Value::Map(all) = evaluation.settled(value)? {
            *map = (*all).clone();
        }
        return Ok(());
    }
    for (index, pair) in evaluation.items(value)?.iter().enumerate() {
        let pair = match pair {
            Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) => {
                let message = format!("cannot convert dictionary update sequence element #{index} to a sequence");
                return Err(Stop::of_type(message));
            }
            pair => evaluation.items(pair)?,
        };
        let length = pair.len();
        let [key, value] = <[Value; 2]>::try_from(pair).map_err(|_| {
            let element = format!("dictionary update sequence element #{index} has length {length}; 2 is required");
            Stop::of_value(element)
        })?;
        let key = Key::new(key).map_err(|key| Stop::of_type(format!("unhashable type: '{}'", key.type_name())))?;
        map.insert(key, value);
    }
    Ok(())
}

fn dict(arguments: Arguments, evaluation: &Evaluation) -> Result<Value, Stop> {
    entries("dict", arguments, evaluation).map(Value::from)
}

/// `dict.fromkeys(keys, value)`
fn fromkeys(arguments: Arguments, evaluation: &Evaluation) -> Result<Value, Stop> {
    methods::call(&Map::new().into(), "fromkeys", arguments, evaluation)
}

struct Namespace {
    fields: Mutex<Map>,
}

fn namespace(arguments: Arguments, evaluation: &Evaluation) -> Result<Value, Stop> {
    let fields = Mutex::new(entries("namespace", arguments, evaluation)?);
    Ok(ObjectRef::value(Namespace { fields }))
}

impl Object for Namespace {
    fn kind(&self) -> &'static str {
        "Namespace"
    }
    fn get(&self, key: &Value, _evaluation: &Evaluation) -> Result<Option<Value>, Stop> {
        let fields = self.fields.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(key.as_str().and_then(|name| fields.get(name).cloned()))
    }
    fn set(&self, name: &str, value: Value) -> Result<(), Stop> {
        self.fields.lock().unwrap_or_else(PoisonError::into_inner).insert(name, value);
        Ok(())
    }
    fn text(&self, evaluation: &Evaluation) -> Result<String, Stop> {
        let fields = self.fields.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Ok(format!("<Namespace {}>", evaluation.text(&fields.into())?))
    }
}

struct Cycler {
    items: Vec<Value>,
    at: Arc<AtomicUsize>,
}

fn cycler(arguments: Arguments, _evaluation: &Evaluation) -> Result<Value, Stop> {
    if arguments.positional.is_empty() {
        return Err(Stop::of_type("at least one item has to be provided"));
    }
    Ok(ObjectRef::value(Cycler { items: arguments.positional, at: Arc::default() }))
}

impl Object for Cycler {
    fn kind(&self) -> &'static str {
        "Cycler"
    }
    fn get(&self, key: &Value, _evaluation: &Evaluation) -> Result<Option<Value>, Stop> {
        let step = |reset| ObjectRef::value(Turn { items: self.items.clone(), at: self.at.clone(), reset });
        Ok(match key.as_str() {
            Some("current") => self.items.get(self.at.load(Ordering::Relaxed)).cloned(),
            Some("next") => Some(step(false)),
            Some("reset") => Some(step(true)),
            Some("pos") => Some(self.at.load(Ordering::Relaxed).into()),
            _ => None,
        })
    }
}

/// `cycler.next` or `cycler.reset`.
struct Turn {
    items: Vec<Value>,
    at: Arc<AtomicUsize>,
    reset: bool,
}

impl Object for Turn {
    fn kind(&self) -> &'static str {
        "method"
    }
    fn is_callable(&self) -> bool {
        true
    }
    fn call(&self, _arguments: Arguments, _evaluation: &Evaluation) -> Result<Value, Stop> {
        if self.reset {
            self.at.store(0, Ordering::Relaxed);
            return Ok(Value::Null);
        }
        let at = self.at.load(Ordering::Relaxed);
        self.at.store((at + 1) % self.items.len().max(1), Ordering::Relaxed);
        Ok(self.items.get(at).cloned().unwrap_or_default())
    }
}

struct Joiner {
    separator: Value,
    used: AtomicBool,
}

fn joiner(mut arguments: Arguments, _evaluation: &Evaluation) -> Result<Value, Stop> {
    let [separator] = arguments.bind("joiner", ["sep"])?;
    let separator = separator.unwrap_or_else(|| ", ".into());
    Ok(ObjectRef::value(Joiner { separator, used: AtomicBool::new(false) }))
}

impl Object for Joiner {
    fn kind(&self) -> &'static str {
        "Joiner"
    }
    fn is_callable(&self) -> bool {
        true
    }
    /// Nothing the first time.
    fn call(&self, _arguments: Arguments, _evaluation: &Evaluation) -> Result<Value, Stop> {
        Ok(if self.used.swap(true, Ordering::Relaxed) { self.separator.clone() } else { "".into() })
    }
}

const WORDS: &str = "a ac accumsan ad adipiscing aenean aliquam aliquet amet ante aptent arcu at auctor augue bibendum \
    blandit class commodo condimentum congue consectetuer consequat conubia convallis cras cubilia cum curabitur curae \
    cursus dapibus diam dictum dictumst dignissim dis dolor donec dui duis egestas eget eleifend elementum elit enim erat \
    eros est et etiam eu euismod facilisi facilisis fames faucibus felis fermentum feugiat fringilla fusce gravida habitant";

/// Filler text: `n` paragraphs of `min` to `max` words.
fn lipsum(mut arguments: Arguments, evaluation: &Evaluation) -> Result<Value, Stop> {
    evaluation.note_impure();
    let [count, html, least, most] = arguments.bind("lipsum", ["n", "html", "min", "max"])?;
    let number = |value: Option<Value>, default: i64| {
        value.as_ref().and_then(Value::as_int).unwrap_or(default).clamp(0, 10_000) as u64
    };
    let (count, least, most) = (number(count, 5), number(least, 20), number(most, 100));
    let html = html.is_none_or(|html| html.is_true());
    let words: Vec<&str> = WORDS.split_whitespace().collect();
    let environment = evaluation.scope().environment();
    let mut paragraphs = Vec::new();
    for _ in 0..count {
        let length = least + environment.random(most.saturating_sub(least).max(1))?;
        let mut paragraph = String::new();
        for index in 0..length {
            let word = words[environment.random(words.len() as u64)? as usize % words.len()];
            match index {
                0 => paragraph.extend(word[..1].to_uppercase().chars().chain(word[1..].chars())),
                _ => paragraph.extend([" ", word]),
            }
        }
        paragraph.push('.');
        paragraphs.push(if html { format!("<p>{paragraph}</p>") } else { paragraph });
    }
    Ok(paragraphs.join(if html { "\n" } else { "\n\n" }).into())
}

/// The time, or its text in a format of strftime.
fn now(mut arguments: Arguments, evaluation: &Evaluation) -> Result<Value, Stop> {
    evaluation.note_impure();
    let [utc, format] = arguments.bind("now", ["utc", "fmt"])?;
    let utc = utc.is_some_and(|utc| utc.is_true());
    let moment = evaluation.scope().environment().now(utc)?;
    match format {
        None | Some(Value::Null) => Ok(Value::DateTime(value::DateTime { offset: None, ..moment })),
        Some(Value::Str(format)) => Ok(time::strftime(&moment, &format).into()),
        Some(other) => Err(Stop::of_type(format!("now: 'fmt' must be a string, not {}", other.type_name()))),
    }
}

/// Something undefined, with a hint of one's own.
fn undef(mut arguments: Arguments, evaluation: &Evaluation) -> Result<Value, Stop> {
    let [hint] = arguments.bind("undef", ["hint"])?;
    let hint: Option<Str> = match hint {
        None | Some(Value::Null) => None,
        Some(hint) => Some(evaluation.text(&hint)?),
    };
    let hint = hint.map_or_else(|| "Mandatory variable has not been overridden".to_string(), |hint| hint.to_string());
    let undefined = Undefined { name: "undef()".into(), hint: Some(hint), span: None, within: Value::Null };
    Ok(Value::Undefined(Arc::new(undefined)))
}
