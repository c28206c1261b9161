//! Values on their way between controller and helper. Origins and trust stay behind: nothing from the other end is a template,
//! and places belong to the controller. Secrecy travels.
use super::{Date, DateTime, Key, Map, Str, Value};
use num_bigint::BigInt;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::cell::Cell;
use std::sync::Arc;

/// The form that travels; markers have none, and become nothing.
#[derive(Serialize, Deserialize)]
enum Wire<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Big(String),
    Float(f64),
    Str(&'a str),
    Secret(&'a str),
    #[serde(borrow)]
    Bytes(&'a [u8]),
    List(Vec<Value>),
    Tuple(Vec<Value>),
    Map(Vec<(Value, Value)>),
    Date(Date),
    DateTime(DateTime),
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let wire = match self {
            Value::Bool(truth) => Wire::Bool(*truth),
            Value::Int(number) => Wire::Int(*number),
            Value::Big(number) => Wire::Big(number.to_string()),
            Value::Float(number) => Wire::Float(*number),
            Value::Str(text) if text.is_secret() => Wire::Secret(text),
            Value::Str(text) => Wire::Str(text),
            Value::Bytes(bytes) => Wire::Bytes(bytes),
            Value::List(items) => Wire::List(items.to_vec()),
            Value::Tuple(items) => Wire::Tuple(items.to_vec()),
            Value::Map(map) => Wire::Map(map.iter().map(|(key, value)| (key.value().clone(), value.clone())).collect()),
            Value::Date(date) => Wire::Date(*date),
            Value::DateTime(time) => Wire::DateTime(*time),
            Value::Null
            | Value::Vaulted(_)
            | Value::Omit
            | Value::Undefined(_)
            | Value::Pending(_)
            | Value::Unforeseen(_)
            | Value::Live(_) => Wire::Null,
        };
        wire.serialize(serializer)
    }
}

thread_local! {
    /// How deep the value stands that is being read.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
}
/// No honest value is nested deeper; a hostile one must not take the stack.
const DEEPEST: usize = 200;

/// One level of nesting, for as long as it lives.
struct Level;
impl Level {
    fn enter<E: serde::de::Error>() -> Result<Self, E> {
        match DEPTH.get() {
            DEEPEST.. => Err(E::custom("a value is nested too deep")),
            depth => {
                DEPTH.set(depth + 1);
                Ok(Level)
            }
        }
    }
}
impl Drop for Level {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get() - 1);
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let _level = Level::enter()?;
        Ok(match Wire::deserialize(deserializer)? {
            Wire::Null => Value::Null,
            Wire::Bool(truth) => Value::Bool(truth),
            Wire::Int(number) => Value::Int(number),
            Wire::Big(digits) => digits.parse::<BigInt>().map_err(serde::de::Error::custom)?.into(),
            Wire::Float(number) => Value::Float(number),
            Wire::Str(text) => Value::Str(text.into()),
            Wire::Secret(text) => Value::Str(Str::from(text).with_secrecy(true)),
            Wire::Bytes(bytes) => Value::Bytes(bytes.into()),
            Wire::List(items) => Value::List(Arc::new(items)),
            Wire::Tuple(items) => Value::Tuple(Arc::new(items)),
            Wire::Map(entries) => {
                Value::Map(Arc::new(entries.into_iter().map(|(key, value)| (Key::from(key), value)).collect()))
            }
            Wire::Date(date) => Value::Date(date),
            Wire::DateTime(time) => Value::DateTime(time),
        })
    }
}

impl Serialize for Map {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(|(key, value)| (key.value(), value)))
    }
}

impl<'de> Deserialize<'de> for Map {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let entries = Vec::<(Value, Value)>::deserialize(deserializer)?;
        Ok(entries.into_iter().map(|(key, value)| (Key::from(key), value)).collect())
    }
}
