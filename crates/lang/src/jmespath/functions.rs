//! The functions of JMESPath.
use super::parser::Expression;
use super::{Problem, evaluate, is_number, is_true};
use crate::python::json;
use crate::python::sort::sorted;
use std::cmp::Ordering;
use value::{Map, Value};

/// The types that an argument may have, as messages name them.
#[derive(Clone, Copy, PartialEq)]
enum Wants {
    Any,
    Number,
    Text,
    Array,
    Object,
    /// `&expression`
    Reference,
    ArrayOfNumbers,
    ArrayOfTexts,
    /// Of numbers alone, or of texts alone.
    Ordered,
    ArrayOrText,
    ArrayTextOrObject,
}

struct Function {
    name: &'static str,
    wants: &'static [Wants],
    /// Whether the last may come more than once.
    more: bool,
}

const fn function(name: &'static str, wants: &'static [Wants]) -> Function {
    Function { name, wants, more: false }
}

const FUNCTIONS: &[Function] = &[
    function("abs", &[Wants::Number]),
    function("avg", &[Wants::ArrayOfNumbers]),
    function("ceil", &[Wants::Number]),
    function("contains", &[Wants::ArrayOrText, Wants::Any]),
    function("ends_with", &[Wants::Text, Wants::Text]),
    function("floor", &[Wants::Number]),
    function("join", &[Wants::Text, Wants::ArrayOfTexts]),
    function("keys", &[Wants::Object]),
    function("length", &[Wants::ArrayTextOrObject]),
    function("map", &[Wants::Reference, Wants::Array]),
    function("max", &[Wants::Ordered]),
    function("max_by", &[Wants::Array, Wants::Reference]),
    Function { name: "merge", wants: &[Wants::Object], more: true },
    function("min", &[Wants::Ordered]),
    function("min_by", &[Wants::Array, Wants::Reference]),
    Function { name: "not_null", wants: &[Wants::Any], more: true },
    function("reverse", &[Wants::ArrayOrText]),
    function("sort", &[Wants::Ordered]),
    function("sort_by", &[Wants::Array, Wants::Reference]),
    function("starts_with", &[Wants::Text, Wants::Text]),
    function("sum", &[Wants::ArrayOfNumbers]),
    function("to_array", &[Wants::Any]),
    function("to_number", &[Wants::Any]),
    function("to_string", &[Wants::Any]),
    function("type", &[Wants::Any]),
    function("values", &[Wants::Object]),
];

pub fn call(name: &str, arguments: &[Expression], value: &Value) -> Result<Value, Problem> {
    let Some(function) = FUNCTIONS.iter().find(|function| function.name == name) else {
        return Err(Problem(format!("Unknown function: {name}()")));
    };
    let count = function.wants.len();
    if arguments.len() < count || (arguments.len() > count && !function.more) {
        let least = if function.more { "at least " } else { "" };
        return Err(Problem(format!(
            "Expected {least}{count} arguments for function {name}(), received {}",
            arguments.len()
        )));
    }
    let mut values = Vec::new();
    let mut reference = None;
    for (at, argument) in arguments.iter().enumerate() {
        let wants = function.wants[at.min(count - 1)];
        match (argument, wants) {
            (Expression::Reference(inner), Wants::Reference) => reference = Some(&**inner),
            (Expression::Reference(_), _) | (_, Wants::Reference) => return Err(wrong_type(name, "expression")),
            _ => {
                let value = evaluate(argument, value)?;
                if !fits(&value, wants) {
                    return Err(wrong_type(name, type_of(&value)));
                }
                values.push(value);
            }
        }
    }
    match reference {
        Some(reference) => by_reference(name, &values[0], reference),
        None => run(name, values),
    }
}

fn wrong_type(name: &str, found: &str) -> Problem {
    Problem(format!("In function {name}(), invalid type for value: {found}"))
}

fn fits(value: &Value, wants: Wants) -> bool {
    let all = |fits: fn(&Value) -> bool| value.as_list().is_some_and(|items| items.iter().all(fits));
    let is_text = |value: &Value| matches!(value, Value::Str(_));
    match wants {
        Wants::Any => true,
        Wants::Number => is_number(value),
        Wants::Text => is_text(value),
        Wants::Array => value.as_list().is_some(),
        Wants::Object => value.as_map().is_some(),
        Wants::Reference => false,
        Wants::ArrayOfNumbers => all(is_number),
        Wants::ArrayOfTexts => all(is_text),
        Wants::Ordered => all(is_number) || all(is_text),
        Wants::ArrayOrText => value.as_list().is_some() || is_text(value),
        Wants::ArrayTextOrObject => value.as_list().is_some() || is_text(value) || value.as_map().is_some(),
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Int(_) | Value::Big(_) | Value::Float(_) => "number",
        Value::List(_) | Value::Tuple(_) => "array",
        Value::Map(_) => "object",
        _ => "string",
    }
}

fn order(one: &Value, two: &Value) -> Ordering {
    match (one, two) {
        (Value::Str(one), Value::Str(two)) => one.as_str().cmp(two.as_str()),
        _ => one.compare_numbers(two).unwrap_or(Ordering::Equal),
    }
}

fn sort_with<T>(items: Vec<T>, compare: impl Fn(&T, &T) -> Ordering) -> Vec<T> {
    let Ok(items) = sorted(items, &mut |one, two| Ok::<_, std::convert::Infallible>(compare(one, two)));
    items
}

fn by_reference(name: &str, items: &Value, reference: &Expression) -> Result<Value, Problem> {
    let items = items.as_list().unwrap_or_default();
    let keys = items.iter().map(|item| evaluate(reference, item)).collect::<Result<Vec<_>, _>>()?;
    if name == "map" {
        return Ok(Value::list(keys));
    }
    let is_text = |value: &Value| matches!(value, Value::Str(_));
    if !keys.iter().all(is_number) && !keys.iter().all(is_text) {
        let odd = keys.iter().find(|key| !is_number(key)).map_or("mixed", type_of);
        return Err(wrong_type(name, odd));
    }
    let pairs: Vec<(Value, &Value)> = keys.into_iter().zip(items).collect();
    Ok(match name {
        "sort_by" => {
            let pairs = sort_with(pairs, |one, two| order(&one.0, &two.0));
            Value::list(pairs.into_iter().map(|(_, item)| item.clone()))
        }
        "min_by" => pairs.into_iter().min_by(|one, two| order(&one.0, &two.0)).map(|(_, item)| item.clone()).into(),
        _ => pairs.into_iter().rev().max_by(|one, two| order(&one.0, &two.0)).map(|(_, item)| item.clone()).into(),
    })
}

fn run(name: &str, mut values: Vec<Value>) -> Result<Value, Problem> {
    match (name, values.as_slice()) {
        ("merge" | "not_null", _) => return Ok(run_many(name, values)),
        ("contains", [Value::Str(_), part]) if !matches!(part, Value::Str(_)) => {
            return Err(wrong_type(name, type_of(part)));
        }
        (_, [one, two]) => return Ok(run_two(name, one, two)),
        _ => {}
    }
    let value = values.pop().unwrap_or_default();
    let items = value.as_list().unwrap_or_default();
    Ok(match name {
        "abs" => match &value {
            Value::Float(number) => number.abs().into(),
            other => other.as_big().map(|number| num_bigint::BigInt::from(number.magnitude().clone())).into(),
        },
        "avg" if items.is_empty() => Value::Null,
        "avg" => (items.iter().filter_map(Value::as_float).sum::<f64>() / items.len() as f64).into(),
        "ceil" => whole(&value, f64::ceil),
        "floor" => whole(&value, f64::floor),
        "keys" => Value::list(value.as_map().into_iter().flat_map(|map| map.keys()).map(|key| key.value().clone())),
        "values" => Value::list(value.as_map().into_iter().flat_map(|map| map.values()).cloned()),
        "length" => length(&value).into(),
        "max" => items.iter().rev().max_by(|one, two| order(one, two)).cloned().into(),
        "min" => items.iter().min_by(|one, two| order(one, two)).cloned().into(),
        "reverse" => match &value {
            Value::Str(text) => text.chars().rev().collect::<String>().into(),
            _ => Value::list(items.iter().rev().cloned()),
        },
        "sort" => Value::list(sort_with(items.to_vec(), order)),
        "sum" => sum(items),
        "to_array" if value.as_list().is_some() => value,
        "to_array" => Value::list([value]),
        "to_number" => to_number(&value),
        "to_string" => match &value {
            Value::Str(_) => value,
            other => {
                let layout = json::Layout { separators: (",".into(), ":".into()), ..json::Layout::new(None) };
                json::write(other, &layout).map_err(|problem| Problem(problem.0))?.into()
            }
        },
        _ => type_of(&value).into(),
    })
}

fn run_two(name: &str, one: &Value, two: &Value) -> Value {
    match (name, one, two) {
        ("contains", Value::Str(text), Value::Str(part)) => text.contains(part.as_str()).into(),
        ("contains", _, two) => one.as_list().is_some_and(|items| items.contains(two)).into(),
        ("starts_with", Value::Str(text), Value::Str(part)) => text.starts_with(part.as_str()).into(),
        ("ends_with", Value::Str(text), Value::Str(part)) => text.ends_with(part.as_str()).into(),
        ("join", Value::Str(separator), items) => {
            let items = items.as_list().unwrap_or_default();
            let texts: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            texts.join(separator).into()
        }
        _ => Value::Null,
    }
}

fn run_many(name: &str, values: Vec<Value>) -> Value {
    if name == "not_null" {
        return values.into_iter().find(|value| !value.is_null()).into();
    }
    let mut merged = Map::new();
    for (key, value) in values.iter().filter_map(Value::as_map).flat_map(Map::iter) {
        merged.insert(key.clone(), value.clone());
    }
    merged.into()
}

fn whole(value: &Value, round: fn(f64) -> f64) -> Value {
    match value {
        Value::Float(number) => Value::Int(round(*number) as i64),
        other => other.clone(),
    }
}

fn length(value: &Value) -> usize {
    match value {
        Value::Str(text) => text.chars().count(),
        Value::Map(map) => map.len(),
        other => other.as_list().unwrap_or_default().len(),
    }
}

fn sum(items: &[Value]) -> Value {
    if items.iter().any(|item| matches!(item, Value::Float(_))) {
        return items.iter().filter_map(Value::as_float).sum::<f64>().into();
    }
    items.iter().filter_map(Value::as_big).sum::<num_bigint::BigInt>().into()
}

fn to_number(value: &Value) -> Value {
    match value {
        Value::Str(text) => match json::read(text.trim(), text) {
            Ok(number) if is_number(&number) => number,
            _ => Value::Null,
        },
        number if is_number(number) && is_true(number) => number.clone(),
        _ => Value::Null,
    }
}
