//! `set_fact`: variables that a host keeps for the rest of the run.
use super::super::instance::{Action, Instance, Step};
use super::super::{Halt, result};
use crate::engine::message::Effect;
use crate::playbook::model::ActionTraits;
use value::spec::to_bool;
use value::{Key, Map, Value};

pub struct SetFact;

impl Action for SetFact {
    fn modules(&self) -> &'static [&'static str] {
        &["set_fact"]
    }

    fn traits(&self) -> ActionTraits {
        ActionTraits { free_form: true, ..ActionTraits::default() }
    }

    fn prepare(&self, instance: &Instance) -> Result<Step, Halt> {
        let mut facts = instance.arguments()?.clone();
        let cacheable = match facts.remove("cacheable") {
            Some(value) => to_bool(&value).map_err(|why| Halt::refused(format!("'cacheable': {}", why.0)))?,
            None => false,
        };
        facts.remove("_raw_params");
        if facts.is_empty() {
            return Err(Halt::refused(
                "No key/value pairs provided, at least one is required for this action to succeed",
            ));
        }
        let mut effects = Vec::new();
        let mut named = Map::new();
        for (key, value) in facts {
            // Names may be templates, too.
            let key = Key::from(instance.names.value(key.value())?);
            let name = variable_name(&key)?;
            effects.push(Effect::SetFact { name: name.to_string(), value: value.clone(), cacheable });
            named.insert(key, value);
        }
        let facts = named;
        let fields: Map = [("ansible_facts", Value::from(facts))].into_iter().collect();
        Ok(Step::Known(result::ok(fields), effects))
    }
}

/// A name that templates can speak of.
pub fn variable_name(key: &Key) -> Result<&str, Halt> {
    let place = key.as_text().and_then(|text| text.origin());
    let name = key.as_str().filter(|name| is_identifier(name));
    name.ok_or_else(|| {
        Halt::refused(format!("Task failed: Invalid variable name '{}'.", key.value().to_text())).at(place).help(
            "names of variables begin with a letter or an underscore, and hold only letters, digits and underscores",
        )
    })
}

fn is_identifier(name: &str) -> bool {
    let mut letters = name.chars();
    letters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}
