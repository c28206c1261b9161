//! From values as variables hold them (with templates, vaulted texts, markers inside) to data alone.
use super::super::error::Stop;
use super::super::object::ObjectRef;
use super::super::render;
use super::Evaluation;
use std::sync::Arc;
use value::{Key, Map, Str, Value};

impl Evaluation<'_> {
    /// A value that was just found: if it is a template it is evaluated, if it is vaulted it is decrypted, if it is not there
    /// yet the evaluation stops. Undefined stays undefined.
    pub fn resolve(&self, value: Value) -> Result<Value, Stop> {
        match value {
            Value::Str(text) if text.is_trusted() && render::is_template(&text) => self.evaluate_text(&text),
            Value::Str(text) if text.is_secret() => {
                self.note_secret();
                Ok(text.into())
            }
            Value::Vaulted(vaulted) => {
                self.note_secret();
                Ok(self.scope.environment().decrypt(&vaulted)?.with_secrecy(true).into())
            }
            Value::Pending(call) => Err(Stop::Pending(call)),
            Value::Unforeseen(because) => Err(Stop::Unforeseen(because)),
            other => Ok(other),
        }
    }

    /// As `resolve`, and a list or map that was changed is as it is now.
    pub fn outside(&self, value: Value) -> Result<Value, Stop> {
        let value = self.resolve(value)?;
        let heap = self.heap.borrow();
        if heap.is_empty() {
            return Ok(value);
        }
        Ok(heap.current(&value).cloned().unwrap_or(value))
    }

    /// Data alone; anything undefined in it is an error.
    pub fn settled(&self, value: &Value) -> Result<Value, Stop> {
        match self.settled_softly(value.clone())? {
            Value::Undefined(undefined) => Err(self.undefined(&undefined)),
            settled => Ok(settled),
        }
    }

    /// As `settled`, but what is undefined in it is the result.
    pub fn settled_softly(&self, value: Value) -> Result<Value, Stop> {
        match self.settle(&value) {
            Ok(None) => Ok(value),
            Ok(Some(settled)) => Ok(settled),
            Err(Halt::Undefined(undefined)) => Ok(undefined),
            Err(Halt::Stop(stop)) => Err(stop),
        }
    }

    /// None: it is settled as it stands, and stays shared.
    fn settle(&self, value: &Value) -> Result<Option<Value>, Halt> {
        match value {
            Value::Str(text) if text.is_trusted() => self.settle_text(text),
            Value::Str(text) => {
                if text.is_secret() {
                    self.note_secret();
                }
                Ok(None)
            }
            Value::Vaulted(_) | Value::Pending(_) | Value::Unforeseen(_) => Ok(Some(self.resolve(value.clone())?)),
            Value::Undefined(undefined) if undefined.name.is_empty() => Ok(Some("".into())),
            Value::Undefined(_) => Err(Halt::Undefined(value.clone())),
            Value::List(items) | Value::Tuple(items) => {
                self.step()?;
                let current = self.heap.borrow().current(value).cloned();
                let changed = match &current {
                    Some(Value::List(now)) => self.settle_items(now)?.or(Some(now.to_vec())),
                    _ => self.settle_items(items)?,
                };
                let again =
                    |items| if matches!(value, Value::List(_)) { Value::List(items) } else { Value::Tuple(items) };
                Ok(changed.map(|items| again(Arc::new(items))))
            }
            Value::Map(map) => {
                self.step()?;
                let current = self.heap.borrow().current(value).cloned();
                match &current {
                    Some(Value::Map(now)) => Ok(Some(self.settle_map(now)?.unwrap_or_else(|| (**now).clone()).into())),
                    _ => Ok(self.settle_map(map)?.map(Value::from)),
                }
            }
            Value::Live(_) => self.settle_object(value),
            _ => Ok(None),
        }
    }

    fn settle_text(&self, text: &Str) -> Result<Option<Value>, Halt> {
        if !render::is_template(text) {
            return Ok(None);
        }
        let value = self.evaluate_text(text)?;
        Ok(Some(self.settle(&value)?.unwrap_or(value)))
    }

    fn settle_items(&self, items: &[Value]) -> Result<Option<Vec<Value>>, Halt> {
        let mut changed: Option<Vec<Value>> = None;
        for (index, item) in items.iter().enumerate() {
            match (self.settle(item)?, &mut changed) {
                (None, None) => {}
                (None, Some(changed)) => changed.push(item.clone()),
                (Some(settled), Some(changed)) => changed.push(settled),
                (Some(settled), None) => {
                    let mut start = Vec::with_capacity(items.len());
                    start.extend_from_slice(&items[..index]);
                    start.push(settled);
                    changed = Some(start);
                }
            }
        }
        Ok(changed)
    }

    fn settle_map(&self, map: &Map) -> Result<Option<Map>, Halt> {
        let mut changed: Vec<(Key, Value)> = Vec::new();
        for (key, value) in map.iter() {
            if let Some(settled) = self.settle(value)? {
                changed.push((key.clone(), settled));
            }
        }
        if changed.is_empty() {
            return Ok(None);
        }
        let mut map = map.clone();
        map.extend(changed);
        Ok(Some(map))
    }

    /// Sequences become lists and mappings maps; others stay what they are.
    fn settle_object(&self, value: &Value) -> Result<Option<Value>, Halt> {
        let Some(object) = ObjectRef::of(value) else { return Ok(None) };
        self.step()?;
        if !object.is_mapping() && !object.is_sequence() {
            return Ok(None);
        }
        let items = object.items(self)?.unwrap_or_default();
        if !object.is_mapping() {
            let settled = self.settle_items(&items)?;
            return Ok(Some(Value::list(settled.unwrap_or(items))));
        }
        let mut map = Map::new();
        for key in items {
            let field = object.get(&key, self)?.unwrap_or_default();
            let field = self.settle(&field)?.unwrap_or(field);
            map.insert(Key::from(key), field);
        }
        Ok(Some(map.into()))
    }
}

enum Halt {
    Undefined(Value),
    Stop(Stop),
}

impl From<Stop> for Halt {
    fn from(stop: Stop) -> Self {
        Halt::Stop(stop)
    }
}
