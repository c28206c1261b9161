//! Filters of `community.general` and `ansible.utils` over plain data.
use super::super::call::Call;
use super::super::error::Stop;
use super::super::eval::operators;
use super::super::registry::Entry;
use super::list::Seen;
use super::{derived, like, settled};
use crate::python::sort::sorted;
use crate::version::{self, Rules};
use unicode_normalization::UnicodeNormalization;
use value::{Key, Map, Str, Value};

pub static TABLE: &[Entry] = &[
    settled("community.general.counter", counter),
    settled("community.general.dict", dict),
    settled("community.general.dict_kv", dict_kv),
    settled("community.general.accumulate", accumulate),
    settled("community.general.version_sort", version_sort),
    settled("community.general.unicode_normalize", unicode_normalize),
    settled("community.general.lists_union", |call| {
        lists(call, |ours, theirs, item| ours.has(item) || theirs.has(item))
    }),
    settled("community.general.lists_intersect", |call| {
        lists(call, |ours, theirs, item| ours.has(item) && theirs.has(item))
    }),
    settled("community.general.lists_difference", |call| {
        lists(call, |ours, theirs, item| ours.has(item) && !theirs.has(item))
    }),
    settled("community.general.lists_symmetric_difference", |call| {
        lists(call, |ours, theirs, item| ours.has(item) != theirs.has(item))
    }),
    settled("community.general.to_ini", to_ini),
    settled("ansible.utils.to_paths", to_paths),
    settled("ansible.utils.get_path", get_path),
    settled("ansible.utils.index_of", index_of),
];

fn counter(call: &mut Call) -> Result<Value, Stop> {
    let [] = call.params([])?;
    let mut counts = Map::new();
    for item in call.items(&call.input)? {
        let key = call.key(item)?;
        let count = counts.get_key(&key).and_then(Value::as_int).unwrap_or(0);
        counts.insert(key, count + 1);
    }
    Ok(counts.into())
}

fn dict(call: &mut Call) -> Result<Value, Stop> {
    let [] = call.params([])?;
    let mut map = Map::new();
    for (at, item) in call.items(&call.input)?.iter().enumerate() {
        match item.as_list() {
            Some([key, value]) => {
                map.insert(call.key(key.clone())?, value.clone());
            }
            _ => {
                return Err(call.fail(format!("cannot convert dictionary update sequence element #{at} to a sequence")));
            }
        }
    }
    Ok(map.into())
}

fn dict_kv(call: &mut Call) -> Result<Value, Stop> {
    let [key] = call.params(["key"])?;
    let key = call.required(key, "key")?;
    let mut map = Map::new();
    map.insert(call.key(key)?, std::mem::take(&mut call.input));
    Ok(map.into())
}

fn accumulate(call: &mut Call) -> Result<Value, Stop> {
    let [] = call.params([])?;
    let mut sums: Vec<Value> = Vec::new();
    for item in call.items(&call.input)? {
        sums.push(match sums.last() {
            Some(last) => operators::add(last, &item)?,
            None => item,
        });
    }
    Ok(Value::list(sums))
}

fn version_sort(call: &mut Call) -> Result<Value, Stop> {
    let [reverse] = call.params(["reverse"])?;
    let reverse = call.truth(reverse, false)?;
    let mut items = Vec::new();
    for item in call.items(&call.input)? {
        items.push((call.text(&item)?, item));
    }
    let items = sorted(items, &mut |one: &(Str, Value), two: &(Str, Value)| {
        let order = version::compare(&one.0, &two.0, Rules::Loose).map_err(|problem| call.fail(problem.0))?;
        Ok::<_, Stop>(if reverse { order.reverse() } else { order })
    })?;
    Ok(Value::list(items.into_iter().map(|(_, item)| item)))
}

fn unicode_normalize(call: &mut Call) -> Result<Value, Stop> {
    let [form] = call.params(["form"])?;
    let form = call.string(form, "form", "NFC")?;
    let Value::Str(text) = &call.input else { return Err(call.wrong_type("data", "a string", &call.input)) };
    Ok(match form.as_str() {
        "NFC" => like(text.nfc().collect::<String>(), text),
        "NFD" => like(text.nfd().collect::<String>(), text),
        "NFKC" => like(text.nfkc().collect::<String>(), text),
        "NFKD" => like(text.nfkd().collect::<String>(), text),
        other => return Err(call.fail(format!("form must be NFC, NFD, NFKC or NFKD, not {other}"))),
    })
}

/// Lists as sets that keep their order, from the first to the last.
fn lists(call: &mut Call, wanted: fn(&Seen, &Seen, &Value) -> bool) -> Result<Value, Stop> {
    let flatten = call.arguments.take_named("flatten");
    let mut terms = vec![call.input.clone()];
    terms.append(&mut call.arguments.positional);
    if call.truth(flatten, false)? {
        terms = terms.iter().flat_map(|term| term.as_list().unwrap_or_default().to_vec()).collect();
    }
    let mut terms = terms.into_iter();
    let mut result = match terms.next() {
        Some(first) => once(call.items(&first)?, |_| true),
        None => Vec::new(),
    };
    for term in terms {
        let theirs = call.items(&term)?;
        let (seen, known) = (all(&result), all(&theirs));
        result = once(result.into_iter().chain(theirs).collect(), |item| wanted(&seen, &known, item));
    }
    Ok(Value::list(result))
}

fn all(items: &[Value]) -> Seen {
    let mut seen = Seen::default();
    for item in items {
        seen.add(item.clone());
    }
    seen
}

fn once(items: Vec<Value>, wanted: impl Fn(&Value) -> bool) -> Vec<Value> {
    let mut seen = Seen::default();
    items.into_iter().filter(|item| wanted(item) && seen.add(item.clone())).collect()
}

fn to_ini(call: &mut Call) -> Result<Value, Stop> {
    let [] = call.params([])?;
    let Some(sections) = call.input.as_map().filter(|sections| !sections.is_empty()) else {
        return Err(call.fail("to_ini needs a dictionary that is not empty"));
    };
    let mut out = String::new();
    for (name, options) in sections.iter() {
        let options = options.as_map().ok_or_else(|| call.fail("to_ini needs a dictionary of dictionaries"))?;
        out += &format!("[{}]\n", name.value().to_text());
        for (key, value) in options.iter() {
            let value = value.to_text().replace('\n', "\n\t");
            out += &format!("{} = {value}\n", key.value().to_text().to_lowercase());
        }
        out.push('\n');
    }
    out.pop();
    Ok(derived(out, &call.input))
}

/// Every leaf under its path: `a.b[0]`.
fn to_paths(call: &mut Call) -> Result<Value, Stop> {
    let [prepend, _wantlist] = call.params(["prepend", "wantlist"])?;
    let start = match prepend {
        None | Some(Value::Null) => String::new(),
        Some(prepend) => call.text(&prepend)?.to_string(),
    };
    let mut paths = Map::new();
    add_paths(&call.input, start, &mut paths);
    Ok(paths.into())
}

fn add_paths(value: &Value, path: String, paths: &mut Map) {
    match value {
        Value::Map(map) if !map.is_empty() => {
            for (key, item) in map.iter() {
                let name = match key.value() {
                    Value::Str(name) if is_word(name) => {
                        format!("{}{}", if path.is_empty() { "" } else { "." }, name.as_str())
                    }
                    Value::Str(name) => format!("['{}']", name.as_str()),
                    other => format!("[{}]", other.to_text()),
                };
                add_paths(item, format!("{path}{name}"), paths);
            }
        }
        Value::List(items) if !items.is_empty() => {
            for (at, item) in items.iter().enumerate() {
                add_paths(item, format!("{path}[{at}]"), paths);
            }
        }
        other => {
            paths.insert(Key::from(path), other.clone());
        }
    }
}

fn is_word(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit()) && name.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// The value at a path as `to_paths` writes it.
fn get_path(call: &mut Call) -> Result<Value, Stop> {
    let [path, _wantlist] = call.params(["path", "wantlist"])?;
    let path = call.required(path, "path")?;
    let path = call.string(Some(path), "path", "")?;
    let mut found = call.input.clone();
    for key in path_parts(&path) {
        found = call.item(&found, &key)?;
    }
    Ok(found)
}

fn path_parts(path: &str) -> Vec<Value> {
    let mut parts = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('[') {
            let (inner, after) = after.split_once(']').unwrap_or((after, ""));
            let quoted = inner.trim().trim_matches(['\'', '"']);
            parts.push(match inner.trim().parse::<i64>() {
                Ok(number) => Value::Int(number),
                Err(_) => quoted.into(),
            });
            rest = after;
        } else {
            rest = rest.strip_prefix('.').unwrap_or(rest);
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            parts.push(rest[..end].into());
            rest = &rest[end..];
        }
    }
    parts
}

/// Where in a list a test holds: one number, or a list of them.
fn index_of(call: &mut Call) -> Result<Value, Stop> {
    let [test, value, key, fail_on_missing, wantlist] =
        call.params(["test", "value", "key", "fail_on_missing", "wantlist"])?;
    let test = call.required(test, "test")?;
    let test = call.string(Some(test), "test", "")?;
    let wantlist = call.truth(wantlist, false)?;
    let fail = call.truth(fail_on_missing, false)?;
    let arguments = super::super::call::Arguments::of(value);
    let mut found = Vec::new();
    for (at, item) in call.items(&call.input)?.into_iter().enumerate() {
        let item = match &key {
            None | Some(Value::Null) => item,
            Some(key) => call.item(&item, key)?,
        };
        if item.is_undefined() {
            if fail {
                return Err(call.fail(format!("the key was not found in item {at}")));
            }
            continue;
        }
        if call.test(&test, item, arguments.clone())? {
            found.push(Value::from(at));
        }
    }
    Ok(if found.len() == 1 && !wantlist { found.remove(0) } else { Value::list(found) })
}
