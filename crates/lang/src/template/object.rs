//! Things that exist only inside an evaluation: macros, namespaces, `loop`, ranges, and what a scope hands in lazily (hostvars).
use super::call::Arguments;
use super::error::Stop;
use super::eval::Evaluation;
use std::any::Any;
use std::sync::Arc;
use value::{Live, Value};

pub trait Object: Any + Send + Sync {
    /// The name of its type, as Python has it.
    fn kind(&self) -> &'static str;

    /// A field or item. Objects of other scopes give values that are evaluated already.
    fn get(&self, _key: &Value, _evaluation: &Evaluation) -> Result<Option<Value>, Stop> {
        Ok(None)
    }
    /// What a loop over it sees; None: it is not iterable.
    fn items(&self, _evaluation: &Evaluation) -> Result<Option<Vec<Value>>, Stop> {
        Ok(None)
    }
    /// Whether it is a mapping whose `items` are its keys: then it has Python's methods of a dict, and leaves as a map.
    fn is_mapping(&self) -> bool {
        false
    }
    /// Whether it is a sequence: then it leaves an evaluation as a list.
    fn is_sequence(&self) -> bool {
        false
    }
    fn is_callable(&self) -> bool {
        false
    }
    fn call(&self, _arguments: Arguments, _evaluation: &Evaluation) -> Result<Value, Stop> {
        Err(Stop::of_type(format!("'{}' object is not callable", self.kind())))
    }
    /// `namespace.x = 1`
    fn set(&self, _name: &str, _value: Value) -> Result<(), Stop> {
        Err(Stop::of_type("cannot assign attribute on non-namespace object"))
    }
    /// Python's `str()` of it.
    fn text(&self, _evaluation: &Evaluation) -> Result<String, Stop> {
        Ok(format!("<{}>", self.kind()))
    }
}

/// How an object travels in a [`Value`].
#[derive(Clone)]
pub struct ObjectRef(pub Arc<dyn Object>);

impl ObjectRef {
    pub fn value(object: impl Object) -> Value {
        let kind = object.kind();
        Value::Live(Live::new(kind, ObjectRef(Arc::new(object))))
    }

    pub fn of(value: &Value) -> Option<&dyn Object> {
        match value {
            Value::Live(live) => live.get::<ObjectRef>().map(|object| &*object.0),
            _ => None,
        }
    }

    /// The object, if it is one of this type.
    pub fn downcast<T: Any>(value: &Value) -> Option<&T> {
        (Self::of(value)? as &dyn Any).downcast_ref()
    }
}
