//! Lookups that put their terms together: `items`, `dict`, `nested`, `together`, `flattened` and their kin.
use super::super::call::Call;
use super::super::error::Stop;
use super::super::registry::LookupEntry;
use super::{items, settled};
use value::{Map, Value};

pub static TABLE: &[LookupEntry] = &[
    items("items", flat_once),
    items("list", list),
    settled("dict", dict),
    settled("nested", nested),
    settled("community.general.cartesian", cartesian),
    settled("cartesian", cartesian),
    settled("together", together),
    settled("community.general.flattened", flattened),
    settled("flattened", flattened),
    settled("indexed_items", indexed_items),
    settled("random_choice", random_choice),
];

/// More results than that are a mistake.
const MOST: usize = 2_000_000;

/// The terms; options that a pure lookup does not have are passed over, as Ansible does.
fn terms(call: &mut Call) -> Vec<Value> {
    std::mem::take(&mut call.arguments.positional)
}

/// Lists among the terms lose their brackets, but no deeper ones.
fn flat_once(call: &mut Call) -> Result<Vec<Value>, Stop> {
    let mut flat = Vec::new();
    for term in terms(call) {
        match term {
            Value::List(_) | Value::Tuple(_) => flat.extend(call.items(&term)?),
            Value::Live(_) if call.input.is_null() => match call.items(&term) {
                Ok(items) => flat.extend(items),
                Err(_) => flat.push(term),
            },
            other => flat.push(other),
        }
    }
    Ok(flat)
}

fn list(call: &mut Call) -> Result<Vec<Value>, Stop> {
    Ok(terms(call))
}

fn dict(call: &mut Call) -> Result<Vec<Value>, Stop> {
    let mut pairs = Vec::new();
    let terms = terms(call);
    for term in terms.iter().flat_map(|term| match term {
        Value::List(items) if terms.len() == 1 && items.iter().all(|item| item.as_map().is_some()) => items.to_vec(),
        other => vec![other.clone()],
    }) {
        let Some(map) = term.as_map() else {
            let found = term.type_name();
            return Err(Stop::of_type(format!(
                "the 'dict' lookup plugin expects a dictionary, got one of type {found}"
            )));
        };
        for (key, value) in map.iter() {
            let mut pair = Map::new();
            pair.insert("key", key.value().clone());
            pair.insert("value", value.clone());
            pairs.push(pair.into());
        }
    }
    Ok(pairs)
}

fn flat(value: &Value, out: &mut Vec<Value>) {
    match value.as_list() {
        Some(items) => items.iter().for_each(|item| flat(item, out)),
        None => out.push(value.clone()),
    }
}

/// All combinations of one item of each list; what was combined already stays flat.
fn nested(call: &mut Call) -> Result<Vec<Value>, Stop> {
    let terms = terms(call);
    if terms.is_empty() {
        return Err(call.fail("with_nested requires at least one element in the nested list"));
    }
    if let [term] = terms.as_slice() {
        let rows = call.items(term)?.into_iter().map(|item| {
            let mut row = Vec::new();
            call.items(&item)?.iter().for_each(|inner| flat(inner, &mut row));
            Ok(Value::list(row))
        });
        return rows.collect();
    }
    combinations(call, &terms)
}

fn combinations(call: &Call, terms: &[Value]) -> Result<Vec<Value>, Stop> {
    let mut rows: Vec<Vec<Value>> = vec![Vec::new()];
    for term in terms {
        rows = longer(call, rows, &column(call, term)?)?;
    }
    Ok(rows.into_iter().map(Value::list).collect())
}

/// The items of one list; a text counts as one item.
fn column(call: &Call, term: &Value) -> Result<Vec<Value>, Stop> {
    match term {
        Value::Str(_) => Ok(vec![term.clone()]),
        other => call.items(other),
    }
}

fn longer(call: &Call, rows: Vec<Vec<Value>>, column: &[Value]) -> Result<Vec<Vec<Value>>, Stop> {
    if rows.len().saturating_mul(column.len()) > MOST {
        return Err(call.fail("there are too many combinations"));
    }
    let with = |row: &[Value], item: &Value| {
        let mut row = row.to_vec();
        flat(item, &mut row);
        row
    };
    Ok(rows.iter().flat_map(|row| column.iter().map(|item| with(row, item))).collect())
}

fn cartesian(call: &mut Call) -> Result<Vec<Value>, Stop> {
    let terms = terms(call);
    if terms.is_empty() {
        return Err(call.fail("with_cartesian requires at least one element in each list"));
    }
    combinations(call, &terms)
}

/// Lists side by side; null where a shorter one has ended.
fn together(call: &mut Call) -> Result<Vec<Value>, Stop> {
    let mut columns = Vec::new();
    for term in terms(call) {
        columns.push(match term.as_list() {
            Some(items) => items.to_vec(),
            None => vec![term],
        });
    }
    let length = columns.iter().map(Vec::len).max();
    let length = length.ok_or_else(|| call.fail("with_together requires at least one element in each list"))?;
    let row = |at: usize| {
        let mut row = Vec::new();
        columns.iter().for_each(|column| flat(column.get(at).unwrap_or(&Value::Null), &mut row));
        Value::list(row)
    };
    Ok((0..length).map(row).collect())
}

fn flattened(call: &mut Call) -> Result<Vec<Value>, Stop> {
    let mut out = Vec::new();
    flat_to_none(&terms(call), &mut out);
    Ok(out)
}

/// As in Ansible, what was meant to be nothing ends its list.
fn flat_to_none(items: &[Value], out: &mut Vec<Value>) {
    for item in items.iter().take_while(|item| !matches!(item.as_str(), Some("None" | "null"))) {
        match item.as_list() {
            Some(inner) => flat_to_none(inner, out),
            None => out.push(item.clone()),
        }
    }
}

fn indexed_items(call: &mut Call) -> Result<Vec<Value>, Stop> {
    let mut items = Vec::new();
    for term in terms(call) {
        match term.as_list() {
            Some(inner) => items.extend(inner.to_vec()),
            None => items.push(term),
        }
    }
    Ok(items.into_iter().enumerate().map(|(at, item)| Value::list([at.into(), item])).collect())
}

fn random_choice(call: &mut Call) -> Result<Vec<Value>, Stop> {
    let mut terms = terms(call);
    if terms.is_empty() {
        return Ok(terms);
    }
    call.evaluation().note_impure();
    let at = call.environment().random(terms.len() as u64)?;
    Ok(vec![terms.swap_remove(at as usize)])
}
