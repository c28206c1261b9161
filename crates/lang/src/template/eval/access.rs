//! Variables, fields and items: how values are reached, and what is found when they are not there.
use super::super::error::{Error, Kind, Stop};
use super::super::object::ObjectRef;
use super::super::{methods, render};
use super::Evaluation;
use std::sync::Arc;
use value::{Key, Str, Undefined, Value};

impl Evaluation<'_> {
    /// A variable of the scope, evaluated; None: nobody defined it.
    pub fn variable(&self, name: &str) -> Result<Option<Value>, Stop> {
        if let Some((_, value)) = self.known.borrow().iter().find(|(known, _)| &**known == name) {
            return Ok(Some(value.clone()));
        }
        match self.scope.get(name)? {
            None => Ok(None),
            Some(Value::Str(text)) if text.is_trusted() && render::is_template(&text) => {
                self.variable_template(name, &text).map(Some)
            }
            Some(value) => self.resolve(value).map(Some),
        }
    }

    fn variable_template(&self, name: &str, text: &Str) -> Result<Value, Stop> {
        if self.chain.borrow().iter().any(|above| &**above == name) {
            let mut chain = self.chain.borrow().clone();
            chain.push(name.into());
            let start = chain.iter().position(|above| &**above == name).unwrap_or(0);
            let chain = chain[start..].join(" -> ");
            let error = Error::new(Kind::Cycle, format!("Recursive loop detected in template: {chain}"));
            return Err(error.at(text.origin()).into());
        }
        let name: Arc<str> = name.into();
        self.chain.borrow_mut().push(name.clone());
        let impure = self.impure.get();
        let value = self.evaluate_text(text);
        self.chain.borrow_mut().pop();
        let value = value.map_err(|stop| {
            stop.map_error(|error| error.note(format!("while evaluating the variable '{name}'"), text.origin()))
        })?;
        if self.impure.get() == impure {
            self.known.borrow_mut().push((name, value.clone()));
        }
        Ok(value)
    }

    /// `value[key]`: the item, then the attribute of that name; undefined where there is neither.
    pub fn item(&self, value: &Value, key: &Value) -> Result<Value, Stop> {
        Ok(self.reach(value, key, false)?.unwrap_or_else(|| missing(value, key)))
    }

    /// `value.name`: a method or attribute of Python's, then the item of that name.
    pub fn attribute(&self, value: &Value, name: &Str) -> Result<Value, Stop> {
        let key = Value::Str(name.clone());
        Ok(self.reach(value, &key, true)?.unwrap_or_else(|| missing(value, &key)))
    }

    /// None: there is no such item, and no such attribute. Of something undefined it is the same undefined.
    pub fn reach(&self, value: &Value, key: &Value, attribute_first: bool) -> Result<Option<Value>, Stop> {
        if let Value::Undefined(undefined) = value {
            return if undefined.name.is_empty() { Err(self.undefined(undefined)) } else { Ok(Some(value.clone())) };
        }
        let method = || key.as_str().and_then(|name| methods::attribute(value, name));
        if attribute_first && let Some(found) = method() {
            return Ok(Some(found));
        }
        let current = self.current(value);
        let found = match current.as_ref().unwrap_or(value) {
            Value::Map(map) => match key {
                Value::Str(name) => map.get(name).cloned(),
                other => Key::new(other.clone()).ok().and_then(|key| map.get_key(&key).cloned()),
            },
            Value::List(items) | Value::Tuple(items) => index(key, items.len()).map(|at| items[at].clone()),
            Value::Str(text) => character(text, key),
            Value::Bytes(bytes) => index(key, bytes.len()).map(|at| Value::Int(bytes[at].into())),
            Value::Vaulted(_) | Value::Pending(_) | Value::Unforeseen(_) => {
                return self.reach(&self.resolve(value.clone())?, key, attribute_first);
            }
            live @ Value::Live(_) => match ObjectRef::of(live) {
                Some(object) => undefined_as_value(object.get(key, self))?,
                None => None,
            },
            _ => None,
        };
        match found {
            Some(found) => self.resolve(found).map(Some),
            None if attribute_first => Ok(None),
            None => Ok(method()),
        }
    }

    /// A list or map as it is now, where this evaluation changed it.
    fn current(&self, value: &Value) -> Option<Value> {
        self.heap.borrow().current(value).cloned()
    }

    /// `value[start:stop:step]`
    pub fn slice(&self, value: &Value, bounds: [Option<i64>; 3]) -> Result<Value, Stop> {
        let value = &self.outside(value.clone())?;
        let pick = |items: &[Value]| -> Result<Vec<Value>, Stop> {
            Ok(slice_indices(items.len(), bounds)?.map(|at| items[at].clone()).collect())
        };
        match value {
            Value::List(items) => pick(items).map(Value::list),
            Value::Tuple(items) => Ok(Value::Tuple(Arc::new(pick(items)?))),
            Value::Str(text) => {
                let characters: Vec<char> = text.chars().collect();
                let picked: String = slice_indices(characters.len(), bounds)?.map(|at| characters[at]).collect();
                Ok(Str::from(picked).with_secrecy(text.is_secret()).into())
            }
            Value::Bytes(bytes) => {
                let picked: Vec<u8> = slice_indices(bytes.len(), bounds)?.map(|at| bytes[at]).collect();
                Ok(Value::Bytes(picked.into()))
            }
            Value::Live(_) => pick(&self.items(value)?).map(Value::list),
            Value::Map(_) => Err(Stop::of_type("unhashable type: 'slice'")),
            other => Err(Stop::of_type(format!("'{}' object is not subscriptable", other.type_name()))),
        }
    }

    /// What `attribute='a.b.0'` means for map, sort, groupby: fields and numbers between dots.
    pub fn path(&self, value: &Value, path: &Value) -> Result<Value, Stop> {
        let Value::Str(text) = path else { return self.item(value, path) };
        let mut found = value.clone();
        for part in text.split('.') {
            let key = part.parse::<i64>().map_or_else(|_| part.into(), Value::Int);
            found = self.item(&found, &key)?;
        }
        Ok(found)
    }

    /// What a loop over the value sees.
    pub fn items(&self, value: &Value) -> Result<Vec<Value>, Stop> {
        let value = &self.outside(value.clone())?;
        let all = |items: &[Value]| items.iter().map(|item| self.resolve(item.clone())).collect();
        match value {
            Value::List(items) | Value::Tuple(items) => all(items),
            Value::Map(map) => Ok(map.keys().map(|key| key.value().clone()).collect()),
            Value::Str(text) => {
                let mut buffer = [0; 4];
                let one = |c: char| Str::from(&*c.encode_utf8(&mut buffer)).with_secrecy(text.is_secret()).into();
                Ok(text.chars().map(one).collect())
            }
            Value::Bytes(bytes) => Ok(bytes.iter().map(|byte| Value::Int((*byte).into())).collect()),
            Value::Undefined(undefined) if undefined.name.is_empty() => Ok(Vec::new()),
            Value::Undefined(undefined) => Err(self.undefined(undefined)),
            Value::Live(_) => {
                let items = ObjectRef::of(value).map(|object| object.items(self)).transpose()?.flatten();
                items.map_or_else(|| Err(not_iterable(value)), |items| all(&items))
            }
            other => Err(not_iterable(other)),
        }
    }

    /// Whether Python takes it as true; undefined is an error.
    pub fn truth(&self, value: &Value) -> Result<bool, Stop> {
        match value {
            Value::Bool(truth) => Ok(*truth),
            Value::Undefined(undefined) if !undefined.name.is_empty() => Err(self.undefined(undefined)),
            Value::List(_) | Value::Map(_) | Value::Vaulted(_) => Ok(self.outside(value.clone())?.is_true()),
            Value::Live(_) => match ObjectRef::of(value) {
                Some(object) if object.is_mapping() || object.is_sequence() => {
                    Ok(object.items(self)?.is_none_or(|items| !items.is_empty()))
                }
                _ => Ok(true),
            },
            Value::Pending(call) => Err(Stop::Pending(*call)),
            Value::Unforeseen(because) => Err(Stop::Unforeseen(because.clone())),
            other => Ok(other.is_true()),
        }
    }

    /// `str(value)`.
    pub fn text(&self, value: &Value) -> Result<Str, Stop> {
        match value {
            Value::Str(text) => Ok(text.clone().with_trust(false)),
            Value::Omit => Ok("<<Omit>>".into()),
            Value::Live(_) => match ObjectRef::of(value) {
                Some(object) if !object.is_mapping() => Ok(object.text(self)?.into()),
                _ => Ok(self.settled(value)?.to_str()),
            },
            other => Ok(self.settled(other)?.to_str()),
        }
    }
}

/// What another scope could not evaluate because something in it is undefined is undefined here.
fn undefined_as_value(found: Result<Option<Value>, Stop>) -> Result<Option<Value>, Stop> {
    match found {
        Err(Stop::Error(error)) => match error.as_undefined() {
            Some(undefined) => Ok(Some(Value::Undefined(undefined))),
            None => Err(error.into()),
        },
        found => found,
    }
}

fn not_iterable(value: &Value) -> Stop {
    Stop::of_type(format!("'{}' object is not iterable", value.type_name()))
}

/// Where in a sequence, counted from the end when negative.
pub fn index(key: &Value, length: usize) -> Option<usize> {
    let number = match key {
        Value::Int(number) => *number,
        Value::Bool(truth) => i64::from(*truth),
        _ => return None,
    };
    let at = if number < 0 { number.checked_add(i64::try_from(length).ok()?)? } else { number };
    usize::try_from(at).ok().filter(|at| *at < length)
}

/// The places that a slice picks, in its order, as Python computes them.
fn slice_indices(length: usize, [start, stop, step]: [Option<i64>; 3]) -> Result<impl Iterator<Item = usize>, Stop> {
    let step = step.unwrap_or(1);
    if step == 0 {
        return Err(Stop::of_value("slice step cannot be zero"));
    }
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    let (lowest, highest) = if step > 0 { (0, length) } else { (-1, length - 1) };
    let bound = |given: Option<i64>, default: i64| match given {
        None => default,
        Some(given) if given < 0 => given.saturating_add(length).max(lowest),
        Some(given) => given.min(highest),
    };
    let (first, last) = if step > 0 { (lowest, highest) } else { (highest, lowest) };
    let (mut at, stop) = (bound(start, first), bound(stop, last));
    Ok(std::iter::from_fn(move || {
        let inside = if step > 0 { at < stop } else { at > stop };
        let here = usize::try_from(at).ok().filter(|_| inside)?;
        at = at.saturating_add(step);
        Some(here)
    }))
}

fn character(text: &Str, key: &Value) -> Option<Value> {
    let at = index(key, text.chars().count())?;
    let character = text.chars().nth(at)?;
    Some(Str::from(character.to_string()).with_secrecy(text.is_secret()).into())
}

/// The undefined that stands for a field that is not there. Its name becomes the whole path where the expression is known.
fn missing(value: &Value, key: &Value) -> Value {
    let key = match key {
        Value::Str(_) | Value::Int(_) | Value::Bool(_) | Value::Null | Value::Float(_) => key.to_repr(),
        other => other.to_repr(),
    };
    let hint = format!("object of type '{}' has no attribute {key}", value.type_name());
    let within = if matches!(value, Value::Map(_)) { value.clone() } else { Value::Null };
    Value::Undefined(Arc::new(Undefined { name: key, hint: Some(hint), span: None, within }))
}

impl Evaluation<'_> {
    /// Changes a list for the rest of this evaluation.
    pub fn change_list<T>(&self, list: &Value, change: impl FnOnce(&mut Vec<Value>) -> T) -> Result<T, Stop> {
        let mut heap = self.heap.borrow_mut();
        match heap.list(list) {
            Some(items) => Ok(change(items)),
            None => Err(Stop::of_type(format!("'{}' object cannot be changed", list.type_name()))),
        }
    }

    /// Changes a map for the rest of this evaluation.
    pub fn change_map<T>(&self, map: &Value, change: impl FnOnce(&mut value::Map) -> T) -> Result<T, Stop> {
        let mut heap = self.heap.borrow_mut();
        match heap.map(map) {
            Some(map) => Ok(change(map)),
            None => Err(Stop::of_type(format!("'{}' object cannot be changed", map.type_name()))),
        }
    }
}
