//! Filters that put lists side by side or through all their combinations.
use super::super::call::Call;
use super::super::error::Stop;
use super::super::registry::Entry;
use super::{amount, items};
use value::Value;

pub static TABLE: &[Entry] = &[
    items("zip", zip),
    items("zip_longest", zip_longest),
    items("product", product),
    items("combinations", combinations),
    items("permutations", permutations),
];

/// More results than that are a mistake.
const MOST: usize = 2_000_000;
/// No row is longer.
const WIDEST: usize = 1000;

fn row(items: impl IntoIterator<Item = Value>) -> Value {
    Value::Tuple(std::sync::Arc::new(items.into_iter().collect()))
}

/// The input's items, and those of each argument.
fn columns(call: &mut Call) -> Result<Vec<Vec<Value>>, Stop> {
    let others = std::mem::take(&mut call.arguments.positional);
    if let Some((name, _)) = call.arguments.named.first() {
        return Err(Stop::of_type(format!("{}() got an unexpected keyword argument '{name}'", call.name)));
    }
    let mut columns = vec![call.items(&call.input)?];
    for other in others {
        columns.push(call.items(&other)?);
    }
    Ok(columns)
}

fn zip(call: &mut Call) -> Result<Value, Stop> {
    // The environment's strictness of `zip(strict=...)` is Python's own default: off.
    let columns = columns(call)?;
    let length = columns.iter().map(Vec::len).min().unwrap_or(0);
    Ok(Value::list((0..length).map(|at| row(columns.iter().map(|column| column[at].clone())))))
}

fn zip_longest(call: &mut Call) -> Result<Value, Stop> {
    let fill = call.arguments.take_named("fillvalue").unwrap_or_default();
    let columns = columns(call)?;
    let length = columns.iter().map(Vec::len).max().unwrap_or(0);
    let at = |at: usize| row(columns.iter().map(|column| column.get(at).unwrap_or(&fill).clone()));
    Ok(Value::list((0..length).map(at)))
}

fn product(call: &mut Call) -> Result<Value, Stop> {
    let repeat = call.arguments.take_named("repeat");
    let repeat = amount(call, repeat, "repeat", 1)?;
    if repeat > WIDEST {
        return Err(call.fail("'repeat' is too large"));
    }
    let columns = columns(call)?;
    let columns: Vec<&[Value]> = std::iter::repeat_n(columns.iter().map(Vec::as_slice), repeat).flatten().collect();
    let rows = cartesian(&columns).ok_or_else(|| call.fail("there are too many combinations"))?;
    Ok(Value::list(rows.into_iter().map(row)))
}

/// All rows with one item of each column; none where there would be too many.
pub fn cartesian(columns: &[&[Value]]) -> Option<Vec<Vec<Value>>> {
    let mut rows = vec![Vec::new()];
    for column in columns {
        if rows.len().saturating_mul(column.len()) > MOST {
            return None;
        }
        let longer = |row: &Vec<Value>, item: &Value| row.iter().cloned().chain([item.clone()]).collect();
        rows = rows.iter().flat_map(|row| column.iter().map(move |item| longer(row, item))).collect();
    }
    Some(rows)
}

fn combinations(call: &mut Call) -> Result<Value, Stop> {
    let [size] = call.params(["p"])?;
    let size = call.required(size, "p")?;
    let size = call.int(Some(size), "p", 0)?;
    let size = usize::try_from(size).map_err(|_| call.fail("r must be non-negative"))?;
    let items = call.items(&call.input)?;
    // n over k: what is chosen or what is left out, whichever is less.
    let few = size.min(items.len().saturating_sub(size));
    let count = (0..few).fold(1_u128, |count, at| count.saturating_mul((items.len() - at) as u128) / (at as u128 + 1));
    let mut rows = Vec::new();
    if size <= items.len() {
        affordable(call, count)?;
        choose(&items, size, 0, &mut Vec::new(), &mut rows);
    }
    Ok(Value::list(rows))
}

fn affordable(call: &Call, count: u128) -> Result<(), Stop> {
    if count > MOST as u128 { Err(call.fail(format!("{count} combinations are too many"))) } else { Ok(()) }
}

fn choose(items: &[Value], size: usize, from: usize, chosen: &mut Vec<usize>, rows: &mut Vec<Value>) {
    if chosen.len() == size {
        rows.push(row(chosen.iter().map(|at| items[*at].clone())));
        return;
    }
    let left = size - chosen.len();
    for at in from..=items.len() - left {
        chosen.push(at);
        choose(items, size, at + 1, chosen, rows);
        chosen.pop();
    }
}

fn permutations(call: &mut Call) -> Result<Value, Stop> {
    let [size] = call.params(["p"])?;
    let items = call.items(&call.input)?;
    let size = match size {
        None | Some(Value::Null) => items.len(),
        size => usize::try_from(call.int(size, "p", 0)?).map_err(|_| call.fail("r must be non-negative"))?,
    };
    let mut rows = Vec::new();
    if size <= items.len() {
        affordable(call, (0..size).fold(1, |count, at| u128::saturating_mul(count, (items.len() - at) as u128)))?;
        arrange(&items, size, &mut Vec::new(), &mut rows);
    }
    Ok(Value::list(rows))
}

fn arrange(items: &[Value], size: usize, chosen: &mut Vec<usize>, rows: &mut Vec<Value>) {
    if chosen.len() == size {
        rows.push(row(chosen.iter().map(|at| items[*at].clone())));
        return;
    }
    for at in 0..items.len() {
        if !chosen.contains(&at) {
            chosen.push(at);
            arrange(items, size, chosen, rows);
            chosen.pop();
        }
    }
}
