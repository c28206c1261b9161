//! The one value type of the project. Stored values are immutable and shared; what a string may do (be evaluated, be shown)
//! is a mark on the string itself.
mod key;
mod live;
mod number;
mod string;
mod text;
mod time;
mod wire;

pub use key::{Key, Map};
pub use live::Live;
pub use string::Str;
pub use text::{Json, json_text, write_json_string};
pub use time::{Date, DateTime};

use crate::place::Span;
use num_bigint::BigInt;
use std::sync::Arc;

#[derive(Clone, Debug, Default)]
pub enum Value {
    #[default]
    Null,
    Bool(bool),
    Int(i64),
    /// An integer that an `i64` cannot hold.
    Big(Arc<BigInt>),
    Float(f64),
    Str(Str),
    Bytes(Arc<[u8]>),
    List(Arc<Vec<Value>>),
    Tuple(Arc<Vec<Value>>),
    Map(Arc<Map>),
    Date(Date),
    DateTime(DateTime),
    /// A text under a vault's key, decrypted where it is used.
    Vaulted(Arc<Vaulted>),
    /// An argument with this value is as if it were not there.
    Omit,
    /// A name that nobody defined; an error wherever it is used, but for `default` and `is defined`.
    Undefined(Arc<Undefined>),
    /// The result of a call that is under way, by the call's number.
    Pending(u64),
    /// What only a planned change would tell, and which change that is.
    Unforeseen(Arc<str>),
    /// Something that only the template engine knows: a macro, `loop`, the variables of all hosts. Never stored, never sent.
    Live(Live),
}

/// Why there is no value.
#[derive(Clone, Debug, PartialEq)]
pub struct Undefined {
    /// The path that was asked for, such as `db.users[2].state`.
    pub name: String,
    /// What may help: the nearest known name, or what `mandatory` or `undef(hint=...)` said.
    pub hint: Option<String>,
    pub span: Option<Span>,
    /// What had no such field, so that the nearest one can be named; null where a variable is missing.
    pub within: Value,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Vaulted {
    pub ciphertext: Arc<str>,
    pub origin: Option<Span>,
}

impl Value {
    pub fn list(items: impl IntoIterator<Item = Value>) -> Self {
        Value::List(Arc::new(items.into_iter().collect()))
    }

    pub fn map<K: Into<Key>, V: Into<Value>>(entries: impl IntoIterator<Item = (K, V)>) -> Self {
        Value::Map(Arc::new(entries.into_iter().map(|(key, value)| (key.into(), value.into())).collect()))
    }

    pub fn undefined(name: impl Into<String>) -> Self {
        Value::Undefined(Arc::new(Undefined { name: name.into(), hint: None, span: None, within: Value::Null }))
    }

    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::Str(text) => Some(text),
            _ => None,
        }
    }

    pub fn as_int(&self) -> Option<i64> {
        match self {
            Value::Int(number) => Some(*number),
            _ => None,
        }
    }

    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(truth) => Some(*truth),
            _ => None,
        }
    }

    /// The items of a list or a tuple.
    pub fn as_list(&self) -> Option<&[Value]> {
        match self {
            Value::List(items) | Value::Tuple(items) => Some(items),
            _ => None,
        }
    }

    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    /// A field of a map.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.as_map()?.get(name)
    }

    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    pub fn is_undefined(&self) -> bool {
        matches!(self, Value::Undefined(_))
    }

    /// Whether Python takes it as true.
    pub fn is_true(&self) -> bool {
        match self {
            Value::Null | Value::Undefined(_) => false,
            Value::Bool(truth) => *truth,
            Value::Int(number) => *number != 0,
            Value::Float(number) => *number != 0.0,
            Value::Str(text) => !text.is_empty(),
            Value::Bytes(bytes) => !bytes.is_empty(),
            Value::List(items) | Value::Tuple(items) => !items.is_empty(),
            Value::Map(map) => !map.is_empty(),
            _ => true,
        }
    }

    /// Where it was written, if it is a text that knows it.
    pub fn origin(&self) -> Option<Span> {
        match self {
            Value::Str(text) => text.origin(),
            _ => None,
        }
    }

    /// The name of its type, as Python has it and as Ansible's messages say it.
    pub fn type_name(&self) -> &'static str {
        match self {
            Value::Null => "NoneType",
            Value::Bool(_) => "bool",
            Value::Int(_) | Value::Big(_) => "int",
            Value::Float(_) => "float",
            Value::Str(_) | Value::Vaulted(_) => "str",
            Value::Bytes(_) => "bytes",
            Value::List(_) => "list",
            Value::Tuple(_) => "tuple",
            Value::Map(_) => "dict",
            Value::Date(_) => "date",
            Value::DateTime(_) => "datetime",
            Value::Omit => "Omit",
            Value::Undefined(_) => "Undefined",
            Value::Pending(_) => "pending",
            Value::Unforeseen(_) => "unforeseen",
            Value::Live(live) => live.kind(),
        }
    }

    /// Whether a secret stands anywhere in it.
    pub fn holds_secret(&self) -> bool {
        match self {
            Value::Str(text) => text.is_secret(),
            Value::Vaulted(_) => true,
            Value::List(items) | Value::Tuple(items) => items.iter().any(Value::holds_secret),
            Value::Map(map) => map.iter().any(|(key, value)| key.value().holds_secret() || value.holds_secret()),
            _ => false,
        }
    }

    /// The same value with every string changed; what is not changed stays shared.
    pub fn map_strings(&self, change: &dyn Fn(&Str) -> Str) -> Value {
        let all = |items: &[Value]| Arc::new(items.iter().map(|item| item.map_strings(change)).collect());
        match self {
            Value::Str(text) => Value::Str(change(text)),
            Value::List(items) => Value::List(all(items)),
            Value::Tuple(items) => Value::Tuple(all(items)),
            Value::Map(map) => Value::map(map.iter().map(|(key, value)| {
                let key = key.value().map_strings(change);
                (Key::new(key).unwrap_or_else(Key::from), value.map_strings(change))
            })),
            other => other.clone(),
        }
    }

    /// As what came from a host must be: nothing in it is ever evaluated.
    pub fn untrusted(&self) -> Value {
        self.map_strings(&|text| text.clone().with_trust(false))
    }

    pub fn secret(&self) -> Value {
        self.map_strings(&|text| text.clone().with_secrecy(true))
    }
}

impl PartialEq for Value {
    /// Python's `==`: numbers by value whatever their type, strings by their text alone.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Value::Null, Value::Null) | (Value::Omit, Value::Omit) => true,
            (Value::Str(one), Value::Str(two)) => one == two,
            (Value::Bytes(one), Value::Bytes(two)) => one == two,
            (Value::List(one), Value::List(two)) | (Value::Tuple(one), Value::Tuple(two)) => one == two,
            (Value::Map(one), Value::Map(two)) => one == two,
            (Value::Date(one), Value::Date(two)) => one == two,
            (Value::DateTime(one), Value::DateTime(two)) => one.same_moment(two),
            (Value::Vaulted(one), Value::Vaulted(two)) => one.ciphertext == two.ciphertext,
            (Value::Undefined(one), Value::Undefined(two)) => one.name == two.name,
            (Value::Pending(one), Value::Pending(two)) => one == two,
            (Value::Unforeseen(one), Value::Unforeseen(two)) => one == two,
            (Value::Live(one), Value::Live(two)) => one == two,
            _ => self.compare_numbers(other) == Some(std::cmp::Ordering::Equal),
        }
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Value::Bool(truth)
    }
}
impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Value::Int(number)
    }
}
impl From<i32> for Value {
    fn from(number: i32) -> Self {
        Value::Int(number.into())
    }
}
impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Value::Int(number.into())
    }
}
impl From<u64> for Value {
    fn from(number: u64) -> Self {
        i64::try_from(number).map_or_else(|_| Value::Big(Arc::new(number.into())), Value::Int)
    }
}
impl From<usize> for Value {
    fn from(number: usize) -> Self {
        (number as u64).into()
    }
}
impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Value::Float(number)
    }
}
impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Str(text.into())
    }
}
impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::Str(text.into())
    }
}
impl From<Str> for Value {
    fn from(text: Str) -> Self {
        Value::Str(text)
    }
}
impl From<Map> for Value {
    fn from(map: Map) -> Self {
        Value::Map(Arc::new(map))
    }
}
impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(items: Vec<T>) -> Self {
        Value::list(items.into_iter().map(Into::into))
    }
}
impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}
impl From<BigInt> for Value {
    fn from(number: BigInt) -> Self {
        i64::try_from(&number).map_or_else(|_| Value::Big(Arc::new(number)), Value::Int)
    }
}
