//! Macros and callers: functions that a template defines.
use super::super::ast::Macro;
use super::super::call::Arguments;
use super::super::error::Stop;
use super::super::object::{Object, ObjectRef};
use super::Evaluation;
use super::frame::Frame;
use std::sync::Arc;
use value::{Map, Undefined, Value};

/// A macro with the place where it was defined: it sees the names that were there, and the template's own as they are when it
/// is called.
pub struct MacroObject {
    definition: Arc<Macro>,
    frame: Frame,
}

impl MacroObject {
    pub fn value(definition: Arc<Macro>, frame: &Frame) -> Value {
        ObjectRef::value(Self { definition, frame: frame.clone() })
    }

    /// Fills the parameters; what is left over goes to `varargs` and `kwargs`, where the macro asks for them.
    fn bind(&self, mut arguments: Arguments, frame: &mut Frame, evaluation: &Evaluation) -> Result<(), Stop> {
        let definition = &self.definition;
        let mut positional = std::mem::take(&mut arguments.positional).into_iter();
        let mut values = Vec::with_capacity(definition.parameters.len());
        for (name, _) in &definition.parameters {
            let named = arguments.take_named(name);
            let value = positional.next();
            if value.is_some() && named.is_some() {
                return Err(Stop::of_type(format!("got multiple values for argument '{name}'")));
            }
            values.push(value.or(named));
        }
        let caller = if definition.takes_caller { Some(arguments.take_named("caller")) } else { None };
        let rest: Vec<Value> = positional.collect();
        self.refuse_rest(&rest, &arguments)?;
        for ((name, default), value) in definition.parameters.iter().zip(values) {
            let value = match (value, default) {
                (Some(value), _) => value,
                (None, Some(default)) => evaluation.eval(default, frame)?,
                (None, None) => not_provided(name),
            };
            frame.set(name, value);
        }
        if let Some(caller) = caller {
            frame.set(&"caller".into(), caller.unwrap_or_else(|| no_caller(&definition.name)));
        }
        if definition.takes_varargs {
            frame.set(&"varargs".into(), Value::Tuple(Arc::new(rest)));
        }
        if definition.takes_kwargs {
            let named: Map = arguments.named.into_iter().map(|(name, value)| (name.to_string(), value)).collect();
            frame.set(&"kwargs".into(), named.into());
        }
        Ok(())
    }

    fn refuse_rest(&self, rest: &[Value], arguments: &Arguments) -> Result<(), Stop> {
        let definition = &self.definition;
        if let (false, Some((name, _))) = (definition.takes_kwargs, arguments.named.first()) {
            return Err(Stop::of_type(match &**name {
                "caller" => format!(
                    "macro '{}' was invoked with two values for the special caller argument. This is most likely a bug.",
                    definition.name
                ),
                _ => format!("macro '{}' takes no keyword argument '{name}'", definition.name),
            }));
        }
        if !definition.takes_varargs && !rest.is_empty() {
            let count = definition.parameters.len();
            return Err(Stop::of_type(format!("macro '{}' takes not more than {count} argument(s)", definition.name)));
        }
        Ok(())
    }
}

fn undefined(name: &str, hint: String) -> Value {
    Value::Undefined(Arc::new(Undefined { name: name.into(), hint: Some(hint), span: None, within: Value::Null }))
}

fn not_provided(name: &str) -> Value {
    undefined(name, format!("parameter '{name}' was not provided"))
}

fn no_caller(name: &str) -> Value {
    undefined("caller", format!("No caller defined: the macro '{name}' was not used in a call block"))
}

impl Object for MacroObject {
    fn kind(&self) -> &'static str {
        "Macro"
    }
    fn get(&self, key: &Value, _evaluation: &Evaluation) -> Result<Option<Value>, Stop> {
        let definition = &self.definition;
        Ok(match key.as_str() {
            Some("name") => Some((&*definition.name).into()),
            Some("arguments") => {
                let names = definition.parameters.iter().map(|(name, _)| Value::from(&**name));
                Some(Value::Tuple(Arc::new(names.collect())))
            }
            Some("catch_kwargs") => Some(definition.takes_kwargs.into()),
            Some("catch_varargs") => Some(definition.takes_varargs.into()),
            Some("caller") => Some(definition.takes_caller.into()),
            _ => None,
        })
    }
    fn is_callable(&self) -> bool {
        true
    }
    fn call(&self, arguments: Arguments, evaluation: &Evaluation) -> Result<Value, Stop> {
        evaluation.step()?;
        let mut frame = self.frame.clone();
        frame.parent = None;
        let mut out = Vec::new();
        frame.scoped(|frame| {
            self.bind(arguments, frame, evaluation)?;
            evaluation.exec_all(&self.definition.body, frame, &mut out)
        })?;
        evaluation.concatenated(out)
    }
    fn text(&self, _evaluation: &Evaluation) -> Result<String, Stop> {
        Ok(format!("<Macro '{}'>", self.definition.name))
    }
}
