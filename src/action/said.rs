//! What is said of a connection: by variables, or where there is none, by the task's keywords.
use super::names::Names;
use super::{Halt, keyword};
use crate::playbook::model::Task;
use crate::vars::connection::ConnectionVariable;
use value::Value;
use value::spec::to_bool;

/// Reads rows of the table for one task.
#[derive(Clone, Copy)]
pub struct Said<'s> {
    task: &'s Task,
    /// Of the host that is reached, which is another one for a delegated task.
    names: &'s Names<'s>,
    /// The become method, whose own names count too.
    method: &'s str,
}

impl<'s> Said<'s> {
    pub fn new(task: &'s Task, names: &'s Names<'s>) -> Self {
        Self { task, names, method: "" }
    }

    pub fn of_method(self, method: &'s str) -> Self {
        Self { method, ..self }
    }

    pub fn value(&self, row: &ConnectionVariable) -> Result<Option<Value>, Halt> {
        match self.variable(row)? {
            Some(value) => Ok(Some(value)),
            None => self.keyword(row),
        }
    }

    pub fn text(&self, row: &ConnectionVariable) -> Result<Option<String>, Halt> {
        match self.by_variables(row)? {
            Some(text) => Ok(Some(text)),
            None => Ok(self.keyword(row)?.map(|value| value.to_text())),
        }
    }

    pub fn truth(&self, row: &ConnectionVariable) -> Result<Option<bool>, Halt> {
        if let Some(value) = self.variable(row)? {
            let refused = |why: value::spec::Refusal| Halt::refused(format!("'{}': {}", row.name(), why.0));
            return to_bool(&value).map(Some).map_err(refused);
        }
        match row.keyword {
            Some((name, written)) => keyword::truth(self.names, name, keyword::levels(self.task, written)),
            None => Ok(None),
        }
    }

    /// Text that variables alone say.
    pub fn by_variables(&self, row: &ConnectionVariable) -> Result<Option<String>, Halt> {
        Ok(self.variable(row)?.map(|value| value.to_text()).filter(|text| !text.is_empty()))
    }

    /// The first of its names that has a value.
    fn variable(&self, row: &ConnectionVariable) -> Result<Option<Value>, Halt> {
        for name in row.names(self.method) {
            let value = self.names.get(&name);
            let value = value.map_err(|halt| halt.within(format!("Error while evaluating '{name}'")))?;
            if let Some(value) = value.filter(|value| !matches!(value, Value::Null | Value::Omit)) {
                return Ok(Some(value));
            }
        }
        Ok(None)
    }

    fn keyword(&self, row: &ConnectionVariable) -> Result<Option<Value>, Halt> {
        match row.keyword {
            Some((name, written)) => keyword::value(self.names, name, keyword::levels(self.task, written)),
            None => Ok(None),
        }
    }
}
