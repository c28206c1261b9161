//! From what a template puts out to its result: one value alone stays what it is, several become a string.
use super::super::compile::{Template, with_newlines};
use super::super::error::Stop;
use super::super::object::ObjectRef;
use super::super::syntax::Syntax;
use super::Evaluation;
use super::frame::Frame;
use std::sync::Arc;
use value::{Key, Span, Str, Undefined, Value};

impl Evaluation<'_> {
    /// A whole template: its value as it stands, perhaps undefined, with templates inside its items still to be evaluated.
    pub fn run(&self, template: &Template) -> Result<Value, Stop> {
        let result = self.with_embedded(false, || self.run_here(template));
        result.map_err(|stop| stop.map_error(|error| error.during("template")))
    }

    /// A bare expression, as conditions are: a literal in it that is a template is evaluated.
    pub fn run_condition(&self, template: &Template) -> Result<Value, Stop> {
        let result = self.with_embedded(true, || self.run_here(template));
        result.map_err(|stop| stop.map_error(|error| error.during("expression")))
    }

    fn run_here(&self, template: &Template) -> Result<Value, Stop> {
        let mut frame = Frame::new(template);
        let value = match template.program.single() {
            Some(expression) => match self.eval(expression, &mut frame)? {
                Value::Undefined(undefined) => placed(&undefined, frame.span(expression.at)),
                value => {
                    self.keep(&value);
                    value
                }
            },
            None => {
                let mut out = Vec::new();
                self.run_body(&mut frame, &mut out)?;
                self.concatenated(out)?
            }
        };
        Ok(match value {
            Value::Str(text) => {
                Value::Str(with_newlines(text, template.program.newlines, &template.program.syntax.newline))
            }
            value => value,
        })
    }

    /// A template that a variable or a structure holds. What is undefined in it makes it undefined.
    pub fn evaluate_text(&self, text: &Str) -> Result<Value, Stop> {
        self.step()?;
        let template = Template::compile(text, text.origin(), &Syntax::PLAYBOOK);
        let template = template.map_err(|mut errors| Stop::Error(errors.swap_remove(0)))?;
        let value = match self.run(&template) {
            Err(Stop::Error(error)) => match error.as_undefined() {
                Some(undefined) => placed(&undefined, error.span()),
                None => return Err(error.at(text.origin()).into()),
            },
            other => other?,
        };
        Ok(if text.is_secret() { value.secret() } else { value })
    }

    /// What stands between the marks of a block that is a value: a macro's result, a set block ...
    pub fn concatenated(&self, mut out: Vec<Value>) -> Result<Value, Stop> {
        if let Some(undefined) = out.iter().find(|value| is_hard_undefined(value)) {
            return Ok(undefined.clone());
        }
        out.retain(|value| !matches!(value, Value::Null | Value::Omit));
        match out.len() {
            0 => Ok(Value::Null),
            1 => Ok(out.swap_remove(0)),
            _ => {
                let mut text = String::with_capacity(out.iter().map(|value| value.as_str().map_or(8, str::len)).sum());
                let mut secret = false;
                for value in &out {
                    match value {
                        Value::Str(part) => {
                            secret |= part.is_secret();
                            self.keep(value);
                            text.push_str(part);
                        }
                        other => {
                            self.keep(other);
                            let part = self.printed(other)?;
                            secret |= part.is_secret();
                            text.push_str(&part);
                        }
                    }
                }
                Ok(Str::from(text).with_secrecy(secret).into())
            }
        }
    }

    fn keep(&self, value: &Value) {
        if value.holds_secret() {
            self.scope().environment().keep_secrets(value);
        }
    }

    /// A value as it stands in a text: none is nothing, tuples look like lists.
    pub fn printed(&self, value: &Value) -> Result<Str, Stop> {
        match value {
            Value::Str(text) => Ok(text.clone().with_trust(false)),
            Value::Null | Value::Omit => Ok("".into()),
            Value::Date(date) => Ok(date.to_string().into()),
            Value::List(_) | Value::Map(_) | Value::Tuple(_) => Ok(storable(self.settled(value)?).to_str()),
            Value::Live(_) => match ObjectRef::of(value) {
                Some(object) if object.is_mapping() => Ok(storable(self.settled(value)?).to_str()),
                _ => self.text(value),
            },
            other => self.text(other),
        }
    }

    /// The result of a whole evaluation: data alone, of types that variables may have.
    pub fn finished(&self, value: Value) -> Result<Value, Stop> {
        if let Value::Undefined(undefined) = &value {
            return Err(self.undefined(undefined));
        }
        let value = storable(match &value {
            Value::Live(_) => match ObjectRef::of(&value) {
                Some(object) if object.is_mapping() || object.is_sequence() => self.settled(&value)?,
                _ => value,
            },
            _ => self.settled(&value)?,
        });
        match first_live(&value) {
            None => Ok(value),
            Some(kind) => Err(Stop::of_type(format!("Type '{kind}' is unsupported for variable storage."))),
        }
    }
}

/// The same undefined, with the place where it was met.
pub(super) fn placed(undefined: &Arc<Undefined>, span: Option<Span>) -> Value {
    if undefined.span.is_some() || span.is_none() {
        return Value::Undefined(undefined.clone());
    }
    Value::Undefined(Arc::new(Undefined { span, ..(**undefined).clone() }))
}

fn is_hard_undefined(value: &Value) -> bool {
    matches!(value, Value::Undefined(undefined) if !undefined.name.is_empty())
}

fn first_live(value: &Value) -> Option<&'static str> {
    match value {
        Value::Live(live) => Some(live.kind()),
        Value::List(items) => items.iter().find_map(first_live),
        Value::Map(map) => map.values().find_map(first_live),
        _ => None,
    }
}

/// Tuples become lists, and entries that are `omit` go; what needs no change stays shared.
pub fn storable(value: Value) -> Value {
    stored(&value).unwrap_or(value)
}

/// None: it can be stored as it is.
fn stored(value: &Value) -> Option<Value> {
    match value {
        Value::Tuple(items) => Some(Value::List(stored_items(items).map_or_else(|| items.clone(), Arc::new))),
        Value::List(items) => stored_items(items).map(|items| Value::List(Arc::new(items))),
        Value::Map(map) => {
            let mut omitted = false;
            let mut changed: Vec<(Key, Value)> = Vec::new();
            for (key, value) in map.iter() {
                omitted |= matches!(value, Value::Omit);
                changed.extend(stored(value).map(|value| (key.clone(), value)));
            }
            if !omitted && changed.is_empty() {
                return None;
            }
            let mut map = (**map).clone();
            map.extend(changed);
            map.retain(|_, value| !matches!(value, Value::Omit));
            Some(map.into())
        }
        _ => None,
    }
}

fn stored_items(items: &[Value]) -> Option<Vec<Value>> {
    let mut changed: Option<Vec<Value>> = None;
    for (index, item) in items.iter().enumerate() {
        let omitted = matches!(item, Value::Omit);
        let stored = if omitted { None } else { stored(item) };
        if changed.is_none() && (omitted || stored.is_some()) {
            changed = Some(items[..index].to_vec());
        }
        if let Some(changed) = &mut changed
            && !omitted
        {
            changed.push(stored.unwrap_or_else(|| item.clone()));
        }
    }
    changed
}
