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
        self.reach(value, key, false)
    }

    /// `value.name`: a method or attribute of Python's, then the item of that name.
    pub fn attribute(&self, value: &Value, name: &Str) -> Result<Value, Stop> {
        self.reach(value, &Value::Str(name.clone()), true)
    }

    fn reach(&self, value: &Value, key: &Value, attribute_first: bool) -> Result<Value, Stop> {
        let value = &self.outside(value.clone())?;
        let method = || key.as_str().and_then(|name| methods::attribute(value, name));
        if attribute_first && let Some(found) = method() {
            return Ok(found);
        }
        let found = match value {
            Value::Undefined(undefined) if undefined.name.is_empty() => {
                return Err(Error::undefined(undefined).into());
            }
            Value::Undefined(_) => return Ok(value.clone()),
            Value::Map(map) => match key {
                Value::Str(name) => map.get(name).cloned(),
                other => Key::new(other.clone()).ok().and_then(|key| map.get_key(&key).cloned()),
            },
            Value::List(items) | Value::Tuple(items) => index(key, items.len()).map(|at| items[at].clone()),
            Value::Str(text) => match key {
                Value::Int(_) | Value::Bool(_) => character(text, key),
                _ => None,
            },
            Value::Bytes(bytes) => index(key, bytes.len()).map(|at| Value::Int(bytes[at].into())),
            Value::Live(_) => match ObjectRef::of(value) {
                Some(object) => object.get(key, self)?,
                None => None,
            },
            _ => None,
        };
        match found {
            Some(found) => self.resolve(found),
            None if !attribute_first => Ok(method().unwrap_or_else(|| missing(value, key))),
            None => Ok(missing(value, key)),
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
            Value::Undefined(undefined) => Err(Error::undefined(undefined).into()),
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
            Value::Undefined(undefined) if !undefined.name.is_empty() => Err(Error::undefined(undefined).into()),
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
            Value::Live(_) => match ObjectRef::of(value) {
                Some(object) if !object.is_mapping() => Ok(object.text(self)?.into()),
                _ => Ok(self.settled(value)?.to_str()),
            },
            other => Ok(self.settled(other)?.to_str()),
        }
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
