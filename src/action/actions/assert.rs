//! `assert`: conditions that must hold.
use super::super::instance::{Action, Instance, Step};
use super::super::{Halt, arguments, result};
use lang::template::is_template;
use value::spec::{Args as _, Spec};
use value::{Map, Value};

value::args! {
    /// Fails unless all conditions hold.
    pub struct Args {
        /// Expressions, without braces, that must be true.
        that: Value { required },
        /// What to say when one does not hold.
        fail_msg: Value { aliases(&["msg"]) },
        /// What to say when all hold.
        success_msg: Value,
        /// Says less about the assertion when all hold.
        quiet: bool { default("no") },
    }
}

pub struct Assert;

impl Action for Assert {
    fn modules(&self) -> &'static [&'static str] {
        &["assert"]
    }

    fn spec(&self) -> Option<Spec<'static>> {
        Some(Args::SPEC)
    }

    fn prepare(&self, instance: &Instance) -> Result<Step, Halt> {
        let mut others = instance.raw.clone();
        let that = others.remove("that");
        let mut given = arguments::evaluate(&others, instance.task(), instance.names)?;
        given.extend(that.as_ref().map(|that| ("that", that.clone())));
        let checked = arguments::check_with(&Args::SPEC, "assert", instance.task(), &given)?;
        let quiet = checked.get("quiet") == Some(&Value::Bool(true));
        let (mut fields, mut failed) = (Map::new(), false);
        for condition in conditions(instance, that.as_ref())? {
            if !instance.names.condition(&condition)? {
                fields.insert("assertion", condition);
                fields.insert("evaluated_to", false);
                failed = true;
                break;
            }
        }
        let (word, otherwise) =
            if failed { ("fail_msg", "Assertion failed") } else { ("success_msg", "All assertions passed") };
        fields.insert("msg", checked.get(word).cloned().unwrap_or_else(|| otherwise.into()));
        if !quiet {
            fields.insert("_ansible_verbose_always", true);
        }
        let outcome = if failed { result::failed(fields) } else { result::ok(fields) };
        Ok(Step::Known(outcome, Vec::new()))
    }
}

/// The conditions as they were written. A template may give the list; its trusted texts are conditions then.
fn conditions(instance: &Instance, that: Option<&Value>) -> Result<Vec<Value>, Halt> {
    let whole = match that {
        Some(Value::Str(text)) if is_template(text) => {
            // A single condition in braces is one, too: its value is what holds or not.
            instance.names.value(&Value::Str(text.clone())).map_err(|halt| halt.at(text.origin()))?
        }
        Some(other) => other.clone(),
        None => Value::Null,
    };
    Ok(match whole {
        Value::List(items) => items.to_vec(),
        Value::Null => Vec::new(),
        other => vec![other],
    })
}
