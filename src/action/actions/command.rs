//! `command`, `shell` and `raw`: the free form, and the difference between them.
use super::super::instance::{Action, Call, Instance, Step};
use super::super::{Halt, arguments};
use crate::playbook::model::ActionTraits;
use value::Map;

pub struct Command;

impl Action for Command {
    fn modules(&self) -> &'static [&'static str] {
        &["command", "shell"]
    }

    fn traits(&self) -> ActionTraits {
        ActionTraits { free_form: true, command: true, ..ActionTraits::default() }
    }

    fn spoken_as(&self) -> Option<&'static str> {
        Some("ansible.legacy.command")
    }

    fn prepare(&self, instance: &Instance) -> Result<Step, Halt> {
        let module = instance.task().action.name.as_str();
        let mut given = instance.arguments()?.clone();
        // Ansible took this word once, and roles still say it.
        given.remove("warn");
        Ok(Step::Call(Call::new(module, checked(module, instance, &given)?)))
    }
}

fn checked(module: &str, instance: &Instance, given: &Map) -> Result<Map, Halt> {
    arguments::check_for(module, instance.task(), given)
}

pub struct Raw;

impl Action for Raw {
    fn modules(&self) -> &'static [&'static str] {
        &["raw"]
    }

    fn traits(&self) -> ActionTraits {
        ActionTraits { free_form: true, command: true, ..ActionTraits::default() }
    }

    fn prepare(&self, instance: &Instance) -> Result<Step, Halt> {
        let given = instance.arguments()?;
        let Some(line) = given.get("_raw_params").or_else(|| given.get("cmd")) else {
            return Err(Halt::refused("no command given"));
        };
        let mut args = Map::new();
        args.insert("_raw_params", line.to_str());
        args.extend(given.get("executable").map(|executable| ("executable", executable.clone())));
        Ok(Step::Call(Call { plain: true, ..Call::new("raw", args) }))
    }
}
