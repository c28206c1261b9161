//! What was changed inside one evaluation. Values are immutable and shared; a list or map is known by the address of what it
//! shares, and a change to it is remembered here under that address. So `l.append(2)` is seen through every name of the list,
//! costs nothing where nothing is changed, and is gone with the evaluation.
use std::collections::HashMap;
use std::sync::Arc;
use value::{Map, Value};

#[derive(Default)]
pub struct Heap {
    changed: HashMap<usize, Changed>,
}

struct Changed {
    /// Keeps the address taken.
    _original: Value,
    current: Value,
}

fn address(value: &Value) -> Option<usize> {
    match value {
        Value::List(items) => Some(Arc::as_ptr(items).addr()),
        Value::Map(map) => Some(Arc::as_ptr(map).addr()),
        _ => None,
    }
}

impl Heap {
    pub fn is_empty(&self) -> bool {
        self.changed.is_empty()
    }

    /// What the list or map holds now; None: it was never changed.
    pub fn current(&self, value: &Value) -> Option<&Value> {
        self.changed.get(&address(value)?).map(|changed| &changed.current)
    }

    pub fn list(&mut self, value: &Value) -> Option<&mut Vec<Value>> {
        match &mut self.entry(value)?.current {
            Value::List(items) => Some(Arc::make_mut(items)),
            _ => None,
        }
    }

    pub fn map(&mut self, value: &Value) -> Option<&mut Map> {
        match &mut self.entry(value)?.current {
            Value::Map(map) => Some(Arc::make_mut(map)),
            _ => None,
        }
    }

    fn entry(&mut self, value: &Value) -> Option<&mut Changed> {
        let entry = self.changed.entry(address(value)?);
        Some(entry.or_insert_with(|| Changed { _original: value.clone(), current: copied(value) }))
    }
}

/// The same content at another address, so that a copy of the old value can never be mistaken for the new one.
fn copied(value: &Value) -> Value {
    match value {
        Value::List(items) => Value::List(Arc::new((**items).clone())),
        Value::Map(map) => Value::Map(Arc::new((**map).clone())),
        other => other.clone(),
    }
}
