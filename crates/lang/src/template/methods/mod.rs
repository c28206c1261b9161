//! The methods and attributes that Python's types have, by type.
mod bytes;
mod list;
mod map;
mod number;
mod text;
pub mod time;

use super::call::Arguments;
use super::error::Stop;
use super::eval::Evaluation;
use super::object::{Object, ObjectRef};
use value::Value;

type Names = &'static [&'static str];

fn names(value: &Value) -> Names {
    match value {
        Value::Str(_) => &text::NAMES,
        Value::Map(_) => &map::NAMES,
        Value::List(_) => &list::NAMES,
        Value::Tuple(_) => &["count", "index"],
        Value::Int(_) | Value::Big(_) | Value::Bool(_) => &number::INTEGER,
        Value::Float(_) => &number::FLOAT,
        Value::Bytes(_) => &bytes::NAMES,
        Value::DateTime(_) => &time::DATETIME,
        Value::Date(_) => &time::DATE,
        Value::Live(_) => match ObjectRef::of(value) {
            Some(object) if object.is_mapping() => &map::READING,
            _ => &[],
        },
        _ => &[],
    }
}

/// Whether the value's type has a method of this name.
pub fn has(value: &Value, name: &str) -> bool {
    names(value).contains(&name)
}

/// An attribute that is data, or a method that can be called later.
pub fn attribute(value: &Value, name: &str) -> Option<Value> {
    if has(value, name) {
        let name = names(value).iter().find(|known| **known == name)?;
        return Some(ObjectRef::value(Method { of: value.clone(), name }));
    }
    match value {
        Value::Int(_) | Value::Big(_) | Value::Bool(_) | Value::Float(_) => number::attribute(value, name),
        Value::DateTime(_) | Value::Date(_) => time::attribute(value, name),
        _ => None,
    }
}

pub fn call(value: &Value, name: &str, arguments: Arguments, evaluation: &Evaluation) -> Result<Value, Stop> {
    let mut all = arguments.positional.iter().chain(arguments.named.iter().map(|(_, value)| value));
    if let Some(undefined) = all.find(|value| value.is_undefined()) {
        return Ok(undefined.clone());
    }
    match value {
        Value::Str(of) => {
            let secret = of.is_secret() || all_secret(&arguments);
            let result = text::call(of, name, arguments, evaluation)?;
            Ok(if secret { result.secret() } else { result })
        }
        Value::Map(_) | Value::Live(_) => map::call(value, name, arguments, evaluation),
        Value::List(_) | Value::Tuple(_) => list::call(value, name, arguments, evaluation),
        Value::Int(_) | Value::Big(_) | Value::Bool(_) | Value::Float(_) => number::call(value, name, arguments),
        Value::Bytes(of) => bytes::call(of, name, arguments),
        Value::DateTime(_) | Value::Date(_) => time::call(value, name, arguments),
        other => Err(Stop::of_type(format!("'{}' object has no method '{name}'", other.type_name()))),
    }
}

fn all_secret(arguments: &Arguments) -> bool {
    arguments.positional.iter().any(Value::holds_secret)
}

/// A method and what it is a method of.
struct Method {
    of: Value,
    name: &'static str,
}

impl Object for Method {
    fn kind(&self) -> &'static str {
        "builtin_function_or_method"
    }
    fn is_callable(&self) -> bool {
        true
    }
    fn call(&self, arguments: Arguments, evaluation: &Evaluation) -> Result<Value, Stop> {
        call(&self.of, self.name, arguments, evaluation)
    }
    fn text(&self, _evaluation: &Evaluation) -> Result<String, Stop> {
        Ok(format!("<built-in method {} of {} object>", self.name, self.of.type_name()))
    }
}

/// For methods that take nothing.
fn none(name: &str, arguments: &Arguments) -> Result<(), Stop> {
    if arguments.is_empty() {
        return Ok(());
    }
    let given = arguments.positional.len() + arguments.named.len();
    Err(Stop::of_type(format!("{name}() takes no arguments ({given} given)")))
}

/// The only positional argument.
fn one(name: &str, arguments: &mut Arguments) -> Result<Value, Stop> {
    let given = arguments.positional.len();
    match (arguments.positional.pop(), given, arguments.named.is_empty()) {
        (Some(value), 1, true) => Ok(value),
        _ => Err(Stop::of_type(format!("{name}() takes exactly one argument ({given} given)"))),
    }
}
