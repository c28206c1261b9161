//! `script`: a program of the controller, run on a host.
use super::super::instance::{Action, Call, Instance, Step};
use super::super::split::words;
use super::super::{Halt, arguments, search};
use super::transfer;
use crate::playbook::model::ActionTraits;
use value::Value;

pub struct Script;

impl Action for Script {
    fn modules(&self) -> &'static [&'static str] {
        &["script"]
    }

    fn traits(&self) -> ActionTraits {
        ActionTraits { free_form: true, command: true, ..ActionTraits::default() }
    }

    fn prepare(&self, instance: &Instance) -> Result<Step, Halt> {
        let given = instance.arguments()?;
        let line = given.get("_raw_params").or_else(|| given.get("cmd")).map(Value::to_text).unwrap_or_default();
        let Some(program) = words(&line).map_err(Halt::refused)?.into_iter().next() else {
            return Err(Halt::refused("one of the following is required: _raw_params, cmd"));
        };
        let place = instance.raw.get("_raw_params").or_else(|| instance.raw.get("cmd")).and_then(Value::origin);
        let path = search::find(instance.asking, "files", &program, place)?;
        let mut args = arguments::check_for("script", instance.task(), given)?;
        args.insert("content", transfer::file(instance, &path, true)?);
        Ok(Step::Call(Call::new("script", args)))
    }
}
