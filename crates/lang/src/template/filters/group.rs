//! Items put together by a field of theirs.
use super::super::call::Call;
use super::super::error::Stop;
use super::super::eval::Evaluation;
use super::super::object::{Object, ObjectRef};
use super::super::registry::Entry;
use super::items;
use super::list::By;
use value::Value;

pub static TABLE: &[Entry] = &[items("groupby", groupby)];

fn groupby(call: &mut Call) -> Result<Value, Stop> {
    // What is undefined fails in Ansible before Jinja could put the default in its place.
    let [attribute, _default, case_sensitive] = call.params(["attribute", "default", "case_sensitive"])?;
    let attribute = call.required(attribute, "attribute")?;
    let case_sensitive = call.truth(case_sensitive, false)?;
    let by = By::new(call, None, Some(case_sensitive.into()))?;
    let mut keyed: Vec<(Value, (Value, Value))> = Vec::new();
    for item in call.items(&call.input)? {
        let field = call.settled(&call.path(&item, &attribute)?)?;
        keyed.push((by.key(call, &field)?, (field, item)));
    }
    call.sort_by_key(&mut keyed, |(key, _)| key, false)?;
    let mut groups: Vec<(Value, Value, Vec<Value>)> = Vec::new();
    for (key, (field, item)) in keyed {
        match groups.last_mut() {
            Some((known, _, items)) if *known == key => items.push(item),
            _ => groups.push((key, field, vec![item])),
        }
    }
    Ok(Value::list(
        groups.into_iter().map(|(_, field, items)| ObjectRef::value(Group { field, items: Value::list(items) })),
    ))
}

/// A pair that knows its parts by name.
struct Group {
    field: Value,
    items: Value,
}

impl Object for Group {
    fn kind(&self) -> &'static str {
        "_GroupTuple"
    }
    fn get(&self, key: &Value, _evaluation: &Evaluation) -> Result<Option<Value>, Stop> {
        Ok(match key {
            Value::Str(name) if name.as_str() == "grouper" => Some(self.field.clone()),
            Value::Str(name) if name.as_str() == "list" => Some(self.items.clone()),
            Value::Int(0 | -2) => Some(self.field.clone()),
            Value::Int(1 | -1) => Some(self.items.clone()),
            _ => None,
        })
    }
    fn items(&self, _evaluation: &Evaluation) -> Result<Option<Vec<Value>>, Stop> {
        Ok(Some(vec![self.field.clone(), self.items.clone()]))
    }
    fn is_sequence(&self) -> bool {
        true
    }
    fn text(&self, evaluation: &Evaluation) -> Result<String, Stop> {
        let pair = Value::Tuple(std::sync::Arc::new(vec![self.field.clone(), self.items.clone()]));
        Ok(evaluation.settled(&pair)?.to_repr())
    }
}
