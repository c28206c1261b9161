//! JMESPath (jmespath.org), for `json_query`: searches over values that keep their order, with jmespath.py's answers.
mod functions;
mod lexer;
mod parser;

use parser::{Comparison, Expression};
use std::cmp::Ordering;
use value::{Key, Map, Value};

/// What is wrong with a search, in words.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem(pub String);

pub fn search(text: &str, value: &Value) -> Result<Value, Problem> {
    let expression = parser::parse(text)?;
    evaluate(&expression, value)
}

/// What Python takes as true, but that zero is something.
fn is_true(value: &Value) -> bool {
    match value {
        Value::Int(_) | Value::Big(_) | Value::Float(_) => true,
        other => other.is_true(),
    }
}

fn evaluate(expression: &Expression, value: &Value) -> Result<Value, Problem> {
    Ok(match expression {
        Expression::Current => value.clone(),
        Expression::Literal(literal) => literal.clone(),
        Expression::Field(name) => value.get(name).cloned().unwrap_or_default(),
        Expression::Index(index) => index_of(value, *index),
        Expression::Slice(start, stop, step) => slice(value, *start, *stop, *step)?,
        Expression::Sub(left, right) | Expression::Pipe(left, right) => evaluate(right, &evaluate(left, value)?)?,
        Expression::Projection(left, right) => match evaluate(left, value)?.as_list() {
            Some(items) => project(items.iter(), right)?,
            None => Value::Null,
        },
        Expression::ValueProjection(left, right) => match evaluate(left, value)?.as_map() {
            Some(map) => project(map.values(), right)?,
            None => Value::Null,
        },
        Expression::FilterProjection(left, right, condition) => {
            let Value::List(items) = evaluate(left, value)? else { return Ok(Value::Null) };
            let mut kept = Vec::new();
            for item in items.iter() {
                if is_true(&evaluate(condition, item)?) {
                    kept.push(item);
                }
            }
            project(kept.into_iter(), right)?
        }
        Expression::Flatten(inner) => flatten(&evaluate(inner, value)?),
        Expression::List(_) | Expression::Hash(_) if value.is_null() => Value::Null,
        Expression::List(items) => {
            Value::list(items.iter().map(|item| evaluate(item, value)).collect::<Result<Vec<_>, _>>()?)
        }
        Expression::Hash(entries) => {
            let mut map = Map::new();
            for (name, entry) in entries {
                map.insert(Key::from(name.as_str()), evaluate(entry, value)?);
            }
            map.into()
        }
        Expression::Or(left, right) => {
            let left = evaluate(left, value)?;
            if is_true(&left) { left } else { evaluate(right, value)? }
        }
        Expression::And(left, right) => {
            let left = evaluate(left, value)?;
            if is_true(&left) { evaluate(right, value)? } else { left }
        }
        Expression::Not(inner) => (!is_true(&evaluate(inner, value)?)).into(),
        Expression::Compare(sign, left, right) => compare(*sign, &evaluate(left, value)?, &evaluate(right, value)?),
        Expression::Call(name, arguments) => functions::call(name, arguments, value)?,
        Expression::Reference(_) => return Err(Problem("an expression reference (&) can only be an argument".into())),
    })
}

fn project<'v>(items: impl Iterator<Item = &'v Value>, right: &Expression) -> Result<Value, Problem> {
    let mut found = Vec::new();
    for item in items {
        let value = evaluate(right, item)?;
        if !value.is_null() {
            found.push(value);
        }
    }
    Ok(Value::list(found))
}

fn flatten(value: &Value) -> Value {
    let Some(items) = value.as_list() else { return Value::Null };
    let mut flat = Vec::new();
    for item in items {
        match item.as_list() {
            Some(inner) => flat.extend(inner.iter().cloned()),
            None => flat.push(item.clone()),
        }
    }
    Value::list(flat)
}

fn index_of(value: &Value, index: i64) -> Value {
    let Some(items) = value.as_list() else { return Value::Null };
    let at = if index < 0 { index + items.len() as i64 } else { index };
    usize::try_from(at).ok().and_then(|at| items.get(at)).cloned().unwrap_or_default()
}

fn slice(value: &Value, start: Option<i64>, stop: Option<i64>, step: Option<i64>) -> Result<Value, Problem> {
    let Some(items) = value.as_list() else { return Ok(Value::Null) };
    let step = step.unwrap_or(1);
    if step == 0 {
        return Err(Problem("slice step cannot be zero".into()));
    }
    let length = items.len() as i64;
    let (least, most) = if step > 0 { (0, length) } else { (-1, length - 1) };
    let bound = |at: i64| (if at < 0 { at + length } else { at }).clamp(least, most);
    let mut at = start.map_or(if step > 0 { 0 } else { length - 1 }, bound);
    let stop = stop.map_or(if step > 0 { length } else { -1 }, bound);
    let mut found = Vec::new();
    while if step > 0 { at < stop } else { at > stop } {
        found.extend(items.get(at as usize).cloned());
        at += step;
    }
    Ok(Value::list(found))
}

/// Only numbers have an order; other comparisons are null, which is false. A boolean is no number here.
fn compare(sign: Comparison, one: &Value, two: &Value) -> Value {
    let same_kind = matches!(one, Value::Bool(_)) == matches!(two, Value::Bool(_));
    let equal = same_kind && one == two;
    let order = if is_number(one) && is_number(two) { one.compare_numbers(two) } else { None };
    match (sign, order) {
        (Comparison::Equal, _) => equal.into(),
        (Comparison::NotEqual, _) => (!equal).into(),
        (_, None) => Value::Null,
        (Comparison::Less, Some(order)) => (order == Ordering::Less).into(),
        (Comparison::LessOrEqual, Some(order)) => (order != Ordering::Greater).into(),
        (Comparison::Greater, Some(order)) => (order == Ordering::Greater).into(),
        (Comparison::GreaterOrEqual, Some(order)) => (order != Ordering::Less).into(),
    }
}

fn is_number(value: &Value) -> bool {
    matches!(value, Value::Int(_) | Value::Big(_) | Value::Float(_))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(query: &str, json: &str) -> String {
        let value = crate::python::json::read(json, &"".into()).unwrap();
        search(query, &value).map_or_else(|problem| problem.0, |found| found.to_repr())
    }

    #[test]
    fn projections_reach_over_what_follows_them() {
        let json = r#"{"a": [{"b": [1, 2]}, {"b": [3]}, {}], "c": {"x": {"n": 1}, "y": {"n": 2}}}"#;
        assert_eq!(find("a[*].b", json), "[[1, 2], [3]]");
        assert_eq!(find("a[*].b[]", json), "[1, 2, 3]");
        assert_eq!(find("a[*].b | [0]", json), "[1, 2]");
        assert_eq!(find("c.*.n", json), "[1, 2]");
        assert_eq!(find("a[?b].b[-1]", json), "[2, 3]");
        assert_eq!(find("a[1:].b[0]", json), "[3]");
        assert_eq!(find("{n: length(a), c: c.x.n || `9`}", json), "{'n': 3, 'c': 1}");
    }

    #[test]
    fn what_is_no_query_is_refused() {
        assert!(find("a[", "{}").contains("end"));
        assert!(find("a.b.", "{}").contains("end"));
        assert!(find("foo(@)", "{}").contains("Unknown function"));
        assert!(find(&"!".repeat(100_000), "{}").contains("deep"));
    }
}
