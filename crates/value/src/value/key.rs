//! Maps, in the order in which they were written; any scalar may be a key, and keys are equal as in Python.
use super::{Str, Value};
use indexmap::{Equivalent, IndexMap};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// A scalar that names an entry of a map.
#[derive(Clone, Debug)]
pub struct Key(Value);

impl Key {
    /// Lists, maps and the markers cannot be keys; they come back.
    pub fn new(value: Value) -> Result<Self, Value> {
        match value {
            Value::Tuple(ref items) if items.iter().all(|item| Key::new(item.clone()).is_ok()) => Ok(Self(value)),
            Value::Null | Value::Bool(_) | Value::Int(_) | Value::Big(_) | Value::Float(_) | Value::Str(_) => {
                Ok(Self(value))
            }
            Value::Bytes(_) | Value::Date(_) | Value::DateTime(_) => Ok(Self(value)),
            other => Err(other),
        }
    }

    pub fn value(&self) -> &Value {
        &self.0
    }
    pub fn as_str(&self) -> Option<&str> {
        self.0.as_str()
    }
    pub fn as_text(&self) -> Option<&Str> {
        match &self.0 {
            Value::Str(text) => Some(text),
            _ => None,
        }
    }
    pub fn into_value(self) -> Value {
        self.0
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl Eq for Key {}

impl Hash for Key {
    /// Equal keys must hash alike, and numbers are equal across their types.
    fn hash<H: Hasher>(&self, state: &mut H) {
        hash_value(&self.0, state);
    }
}

fn hash_value<H: Hasher>(value: &Value, state: &mut H) {
    match value {
        Value::Str(text) => text.as_str().hash(state),
        Value::Bytes(bytes) => bytes.hash(state),
        Value::Tuple(items) => items.iter().for_each(|item| hash_value(item, state)),
        Value::Date(date) => date.hash(state),
        Value::DateTime(time) => time.moment().hash(state),
        Value::Big(number) => number.hash(state),
        Value::Float(number) if number.fract() != 0.0 || number.abs() >= 9.0e18 => number.to_bits().hash(state),
        Value::Float(number) => (*number as i64).hash(state),
        Value::Int(number) => number.hash(state),
        Value::Bool(truth) => i64::from(*truth).hash(state),
        _ => 0_u8.hash(state),
    }
}

impl Equivalent<Key> for str {
    fn equivalent(&self, key: &Key) -> bool {
        key.as_str() == Some(self)
    }
}

impl From<Value> for Key {
    /// What cannot be a key becomes its text, so that nothing is lost where a key must be had.
    fn from(value: Value) -> Self {
        Key::new(value).unwrap_or_else(|other| Key(other.to_text().into()))
    }
}
impl From<&str> for Key {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}
impl From<String> for Key {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}
impl From<Str> for Key {
    fn from(text: Str) -> Self {
        Self(Value::Str(text))
    }
}
impl From<&Str> for Key {
    fn from(text: &Str) -> Self {
        Self(Value::Str(text.clone()))
    }
}

#[derive(Clone, Debug, Default)]
pub struct Map(IndexMap<Key, Value>);

impl Map {
    pub fn new() -> Self {
        Self::default()
    }
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }
    pub fn get_key(&self, key: &Key) -> Option<&Value> {
        self.0.get(key)
    }
    /// The entry with its key as it was written (its place, that is).
    pub fn get_entry(&self, name: &str) -> Option<(&Key, &Value)> {
        self.0.get_key_value(name)
    }
    pub fn contains(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }
    pub fn contains_key(&self, key: &Key) -> bool {
        self.0.contains_key(key)
    }
    /// A new key goes to the end, a known one keeps its place; gives what it held before.
    pub fn insert(&mut self, key: impl Into<Key>, value: impl Into<Value>) -> Option<Value> {
        self.0.insert(key.into(), value.into())
    }
    /// Takes an entry out; the others keep their order.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        self.0.shift_remove(name)
    }
    pub fn remove_key(&mut self, key: &Key) -> Option<Value> {
        self.0.shift_remove(key)
    }
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        self.0.get_mut(name)
    }
    pub fn len(&self) -> usize {
        self.0.len()
    }
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&Key, &Value)> + ExactSizeIterator {
        self.0.iter()
    }
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &Key> + ExactSizeIterator {
        self.0.keys()
    }
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &Value> + ExactSizeIterator {
        self.0.values()
    }
    pub fn retain(&mut self, keep: impl FnMut(&Key, &mut Value) -> bool) {
        self.0.retain(keep);
    }
    pub fn sort_by(&mut self, compare: impl FnMut(&Key, &Value, &Key, &Value) -> std::cmp::Ordering) {
        self.0.sort_by(compare);
    }
}

impl PartialEq for Map {
    /// Order does not count.
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<K: Into<Key>, V: Into<Value>> FromIterator<(K, V)> for Map {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        Self(entries.into_iter().map(|(key, value)| (key.into(), value.into())).collect())
    }
}
impl<K: Into<Key>, V: Into<Value>> Extend<(K, V)> for Map {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        self.0.extend(entries.into_iter().map(|(key, value)| (key.into(), value.into())));
    }
}
impl IntoIterator for Map {
    type Item = (Key, Value);
    type IntoIter = indexmap::map::IntoIter<Key, Value>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
impl From<Map> for Arc<Value> {
    fn from(map: Map) -> Self {
        Arc::new(Value::from(map))
    }
}
