//! `debug`: a message, or what a variable holds.
use super::super::instance::{Action, Instance, Step};
use super::super::{Halt, arguments, result};
use crate::playbook::model::ActionTraits;
use value::spec::{Args as _, Rule, Spec};
use value::{Map, Str, Value};

value::args! {
    /// Prints a message, or the value of a variable.
    pub struct Args {
        /// The message; a list or dictionary is printed as such.
        msg: Value,
        /// The variable or expression to show, without braces.
        var: Value,
        /// How many `-v` it takes to see it.
        verbosity: i64 { default("0") },
    }
    rules: [Rule::MutuallyExclusive(&["msg", "var"])]
}

pub struct Debug;

impl Action for Debug {
    fn modules(&self) -> &'static [&'static str] {
        &["debug"]
    }

    fn spec(&self) -> Option<Spec<'static>> {
        Some(Args::SPEC)
    }

    fn traits(&self) -> ActionTraits {
        ActionTraits { shows: true, ..ActionTraits::default() }
    }

    fn prepare(&self, instance: &Instance) -> Result<Step, Halt> {
        let given = instance.arguments()?;
        let checked = arguments::check_with(&Args::SPEC, "debug", instance.task(), given)?;
        if checked.get("verbosity").and_then(Value::as_int).unwrap_or(0) > instance.world().settings.verbosity {
            let reason = [("skipped_reason", Value::from("Verbosity threshold not met."))];
            return Ok(Step::Known(result::skipped_with(reason), Vec::new()));
        }
        let mut fields = Map::new();
        match (given.get("var"), given.get("msg")) {
            (Some(var), _) => {
                let Value::Str(text) = var else { return Err(no_expression(var)) };
                let value = shown(instance, text)?;
                fields.insert(text, value);
            }
            (None, Some(msg)) => {
                fields.insert("msg", msg.clone());
            }
            (None, None) => {
                fields.insert("msg", "Hello world!");
            }
        }
        fields.insert("_ansible_verbose_always", true);
        Ok(Step::Known(result::ok(fields), Vec::new()))
    }
}

fn no_expression(var: &Value) -> Halt {
    Halt::refused(format!(
        "argument 'var' is of type {} and we were unable to convert to _check_type_str_no_conversion: '{}' is not a string and \
         conversion is not allowed",
        var.type_name(),
        var.to_text()
    ))
}

/// What cannot be evaluated is shown as such, and is no failure: that is what one debugs.
fn shown(instance: &Instance, expression: &Str) -> Result<Value, Halt> {
    if !expression.is_trusted() {
        let halt = Halt::refused("Encountered untrusted template or expression.")
            .within("Error while resolving `var` expression");
        return Err(halt.at(expression.origin()).within("Task failed"));
    }
    match instance.names.expression(expression) {
        Err(Halt::Failed(failure)) if failure.diagnostic.code == "undefined" => {
            Ok(format!("<< error 1 - {} >>", failure.diagnostic.message).into())
        }
        Err(halt) => Err(halt.within("Error while resolving `var` expression").at(expression.origin())),
        Ok(value) => Ok(value),
    }
}
