//! Filters over lists as wholes: ends, length, order, sums, parts.
use super::super::call::Call;
use super::super::error::Stop;
use super::super::eval::operators;
use super::super::registry::Entry;
use super::{amount, items, settled};
use std::sync::Arc;
use value::{Key, Map, Str, Undefined, Value};

pub static TABLE: &[Entry] = &[
    items("first", first),
    items("last", last),
    items("length", length),
    items("count", length),
    items("list", list),
    items("reverse", reverse),
    settled("join", join),
    items("sort", sort),
    items("unique", unique),
    items("min", |call| extreme(call, std::cmp::Ordering::Less)),
    items("max", |call| extreme(call, std::cmp::Ordering::Greater)),
    items("sum", sum),
    settled("flatten", flatten),
    items("batch", batch),
    items("slice", slice),
];

/// What stands for an item where there is none.
pub fn nothing(hint: &str) -> Value {
    let undefined = Undefined { name: "item".into(), hint: Some(hint.into()), span: None, within: Value::Null };
    Value::Undefined(Arc::new(undefined))
}

fn first(call: &mut Call) -> Result<Value, Stop> {
    let [] = call.params([])?;
    let mut items = call.items(&call.input)?;
    Ok(if items.is_empty() { nothing("No first item, sequence was empty.") } else { items.swap_remove(0) })
}

fn last(call: &mut Call) -> Result<Value, Stop> {
    let [] = call.params([])?;
    Ok(call.items(&call.input)?.pop().unwrap_or_else(|| nothing("No last item, sequence was empty.")))
}

fn length(call: &mut Call) -> Result<Value, Stop> {
    let [] = call.params([])?;
    let length = match &call.input {
        Value::Str(text) => text.chars().count(),
        Value::List(items) | Value::Tuple(items) => items.len(),
        Value::Map(map) => map.len(),
        Value::Bytes(bytes) => bytes.len(),
        input => match call.items(input) {
            Ok(items) => items.len(),
            Err(_) => {
                let message = format!("object of type '{}' has no len()", input.type_name());
                return Err(Stop::of_type(format!("{}: {message}", call.name)));
            }
        },
    };
    Ok(length.into())
}

fn list(call: &mut Call) -> Result<Value, Stop> {
    let [] = call.params([])?;
    Ok(Value::list(call.items(&call.input)?))
}

fn reverse(call: &mut Call) -> Result<Value, Stop> {
    let [] = call.params([])?;
    if let Value::Str(text) = &call.input {
        let reversed: String = text.chars().rev().collect();
        return Ok(Str::from(reversed).with_secrecy(text.is_secret()).into());
    }
    Ok(Value::list(call.items(&call.input)?.into_iter().rev()))
}

fn join(call: &mut Call) -> Result<Value, Stop> {
    let [between, attribute] = call.params(["d", "attribute"])?;
    let between = match between {
        None => "".into(),
        Some(between) => call.text(&between)?,
    };
    let mut out = String::new();
    let mut secret = false;
    for (at, item) in call.items(&call.input)?.into_iter().enumerate() {
        let item = match &attribute {
            Some(path) if !path.is_null() => call.path(&item, path)?,
            _ => item,
        };
        let text = call.text(&item)?;
        if at > 0 {
            out.push_str(&between);
        }
        out.push_str(&text);
        secret |= text.is_secret();
    }
    Ok(Str::from(out).with_secrecy(secret || between.is_secret()).into())
}

/// By what items are compared: a field of theirs, in small letters unless cases count.
pub struct By {
    attribute: Option<Value>,
    case_sensitive: bool,
}

impl By {
    pub fn new(call: &Call, attribute: Option<Value>, case_sensitive: Option<Value>) -> Result<Self, Stop> {
        let case_sensitive = call.truth(case_sensitive, false)?;
        Ok(Self { attribute: attribute.filter(|attribute| !attribute.is_null()), case_sensitive })
    }

    pub fn key(&self, call: &Call, item: &Value) -> Result<Value, Stop> {
        let value = match &self.attribute {
            Some(path) => call.path(item, path)?,
            None => item.clone(),
        };
        self.folded(call, value)
    }

    fn folded(&self, call: &Call, value: Value) -> Result<Value, Stop> {
        Ok(match call.settled(&value)? {
            Value::Str(text) if !self.case_sensitive => text.to_lowercase().into(),
            other => other,
        })
    }

    /// As `key`, where `attribute` may name several with commas.
    fn keys(&self, call: &Call, item: &Value) -> Result<Value, Stop> {
        match &self.attribute {
            Some(Value::Str(paths)) if paths.contains(',') => {
                let keys = paths.split(',').map(|path| self.folded(call, call.path(item, &path.into())?));
                Ok(Value::list(keys.collect::<Result<Vec<_>, _>>()?))
            }
            _ => self.key(call, item),
        }
    }
}

fn sort(call: &mut Call) -> Result<Value, Stop> {
    let [reverse, case_sensitive, attribute] = call.params(["reverse", "case_sensitive", "attribute"])?;
    let reverse = call.truth(reverse, false)?;
    let by = By::new(call, attribute, case_sensitive)?;
    let items = call.items(&call.input)?;
    let keyed = items.into_iter().map(|item| Ok((by.keys(call, &item)?, item)));
    let mut keyed = keyed.collect::<Result<Vec<(Value, Value)>, Stop>>()?;
    call.sort_by_key(&mut keyed, |(key, _)| key, reverse)?;
    Ok(Value::list(keyed.into_iter().map(|(_, item)| item)))
}

fn unique(call: &mut Call) -> Result<Value, Stop> {
    let [case_sensitive, attribute] = call.params(["case_sensitive", "attribute"])?;
    let by = By::new(call, attribute, case_sensitive)?;
    let mut seen = Seen::default();
    let mut kept = Vec::new();
    for item in call.items(&call.input)? {
        if seen.add(by.key(call, &item)?) {
            kept.push(item);
        }
    }
    Ok(Value::list(kept))
}

/// Values that were met, whether or not they can be keys.
#[derive(Default)]
pub struct Seen {
    keys: Map,
    others: Vec<Value>,
}

impl Seen {
    pub fn has(&self, value: &Value) -> bool {
        match Key::new(value.clone()) {
            Ok(key) => self.keys.contains_key(&key),
            Err(value) => self.others.contains(&value),
        }
    }

    /// Whether it is new.
    pub fn add(&mut self, value: Value) -> bool {
        match Key::new(value) {
            Ok(key) => self.keys.insert(key, Value::Null).is_none(),
            Err(value) if self.others.contains(&value) => false,
            Err(value) => {
                self.others.push(value);
                true
            }
        }
    }
}

fn extreme(call: &mut Call, wanted: std::cmp::Ordering) -> Result<Value, Stop> {
    let [case_sensitive, attribute] = call.params(["case_sensitive", "attribute"])?;
    let by = By::new(call, attribute, case_sensitive)?;
    let mut best: Option<(Value, Value)> = None;
    for item in call.items(&call.input)? {
        let key = by.key(call, &item)?;
        match &best {
            Some((known, _)) if call.compare(&key, known)? != wanted => {}
            _ => best = Some((key, item)),
        }
    }
    Ok(best.map_or_else(|| nothing("No aggregated item, sequence was empty."), |(_, item)| item))
}

fn sum(call: &mut Call) -> Result<Value, Stop> {
    let [attribute, start] = call.params(["attribute", "start"])?;
    let mut total = start.unwrap_or(Value::Int(0));
    for item in call.items(&call.input)? {
        let item = match &attribute {
            Some(path) if !path.is_null() => call.path(&item, path)?,
            _ => item,
        };
        total = operators::add(&total, &call.settled(&item)?)?;
    }
    Ok(total)
}

fn flatten(call: &mut Call) -> Result<Value, Stop> {
    let [levels, skip_nulls] = call.params(["levels", "skip_nulls"])?;
    let levels = match levels {
        None | Some(Value::Null) => None,
        levels => Some(call.int(levels, "levels", 0)?),
    };
    let skip_nulls = call.truth(skip_nulls, true)?;
    let mut flat = Vec::new();
    flatten_into(&call.items(&call.input)?, levels, skip_nulls, &mut flat);
    Ok(Value::list(flat))
}

fn flatten_into(items: &[Value], levels: Option<i64>, skip_nulls: bool, flat: &mut Vec<Value>) {
    for item in items {
        let is_null = item.is_null() || matches!(item.as_str(), Some("None" | "null"));
        match (item.as_list(), levels) {
            _ if skip_nulls && is_null => {}
            (Some(inner), None) => flatten_into(inner, None, skip_nulls, flat),
            (Some(inner), Some(levels)) if levels >= 1 => flatten_into(inner, Some(levels - 1), skip_nulls, flat),
            _ => flat.push(item.clone()),
        }
    }
}

fn batch(call: &mut Call) -> Result<Value, Stop> {
    let [count, fill] = call.params(["linecount", "fill_with"])?;
    let count = call.required(count, "linecount")?;
    let count = amount(call, Some(count), "linecount", 0)?;
    if count == 0 {
        return Err(call.fail("linecount must be at least 1"));
    }
    let mut batches: Vec<Vec<Value>> = call.items(&call.input)?.chunks(count).map(<[Value]>::to_vec).collect();
    if let (Some(fill), Some(last)) = (fill.filter(|fill| !fill.is_null()), batches.last_mut()) {
        last.resize(count, fill);
    }
    Ok(Value::list(batches.into_iter().map(Value::list)))
}

fn slice(call: &mut Call) -> Result<Value, Stop> {
    let [count, fill] = call.params(["slices", "fill_with"])?;
    let count = call.required(count, "slices")?;
    let count = amount(call, Some(count), "slices", 0)?;
    if count == 0 {
        return Err(call.fail("slices must be at least 1"));
    }
    let items = call.items(&call.input)?;
    let (size, longer) = (items.len() / count, items.len() % count);
    let mut rest = items.as_slice();
    let mut slices = Vec::with_capacity(count);
    for at in 0..count {
        let (slice, after) = rest.split_at(size + usize::from(at < longer));
        let mut slice = slice.to_vec();
        if let Some(fill) = fill.as_ref().filter(|fill| at >= longer && !fill.is_null()) {
            slice.push(fill.clone());
        }
        slices.push(Value::list(slice));
        rest = after;
    }
    Ok(Value::list(slices))
}
