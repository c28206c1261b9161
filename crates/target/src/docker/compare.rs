//! Whether a container is as a task wishes it, option by option.
use super::settings::{How, Setting};
use super::{field, map_of};
use value::Value;

/// How options are compared besides their own way: `strict`, `ignore`, `allow_more_present`.
pub fn differing<'s>(settings: &'s [Setting], inspected: &Value, comparisons: Option<&Value>) -> Vec<&'s Setting> {
    let word = |option: &str| {
        let own = comparisons.and_then(|map| map.get(option)).or_else(|| comparisons.and_then(|map| map.get("*")));
        own.map(Value::to_text)
    };
    let differs = |setting: &&Setting| {
        let now = field(inspected, &setting.place());
        match word(setting.option).as_deref() {
            Some("ignore") => false,
            Some("strict") => !is_same(&setting.value, now, setting.how, true),
            Some("allow_more_present") => !is_same(&setting.value, now, setting.how, false),
            _ => !is_same(&setting.value, now, setting.how, false),
        }
    };
    settings.iter().filter(differs).collect()
}

fn is_same(wanted: &Value, now: Option<&Value>, how: How, strict: bool) -> bool {
    let Some(now) = now else { return is_nothing(wanted) };
    match how {
        How::Value | How::List => wanted == now || is_nothing(wanted) && is_nothing(now),
        How::Set => {
            let (wanted, now) = (items(wanted), items(now));
            wanted.iter().all(|item| now.iter().any(|other| holds(other, item)))
                && (!strict || wanted.len() == now.len())
        }
        How::Dict => {
            let (wanted, now) = (map_of(Some(wanted)), map_of(Some(now)));
            let all = wanted.iter().all(|(key, value)| now.get_key(key).is_some_and(|other| same_text(other, value)));
            all && (!strict || wanted.len() == now.len())
        }
        How::Fields => holds(now, wanted),
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) | Value::Int(0) => true,
        Value::Str(text) => text.is_empty(),
        Value::List(items) => items.is_empty(),
        Value::Map(map) => map.is_empty(),
        _ => false,
    }
}

/// `:rw` is what a mount is when it says nothing.
fn items(value: &Value) -> Vec<Value> {
    let plain = |item: &Value| match item {
        Value::Str(text) => Value::from(text.strip_suffix(":rw").unwrap_or(text)),
        other => other.clone(),
    };
    value.as_list().unwrap_or_default().iter().map(plain).collect()
}

fn same_text(one: &Value, two: &Value) -> bool {
    one == two || is_nothing(one) && is_nothing(two) || one.to_text() == two.to_text()
}

/// Whether all that is wished for stands there; what stands there besides does not matter.
fn holds(now: &Value, wanted: &Value) -> bool {
    match (now, wanted) {
        (Value::Map(now), Value::Map(wanted)) => {
            wanted.iter().all(|(key, value)| now.get_key(key).map_or(is_nothing(value), |other| holds(other, value)))
        }
        (now, wanted) => same_text(now, wanted),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_may_be_there_unless_it_is_compared_strictly() {
        let wanted = Value::from(vec!["A=1"]);
        let now = Value::from(vec!["PATH=/bin", "A=1"]);
        assert!(is_same(&wanted, Some(&now), How::Set, false));
        assert!(!is_same(&wanted, Some(&now), How::Set, true));
        assert!(!is_same(&Value::from(vec!["A=2"]), Some(&now), How::Set, false));
        assert!(is_same(&Value::from(vec!["/a:/b"]), Some(&Value::from(vec!["/a:/b:rw"])), How::Set, true));
        assert!(is_same(&Value::Bool(false), None, How::Value, false));
    }
}
