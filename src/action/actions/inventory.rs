//! `add_host` and `group_by`: the inventory grows while a play runs.
use super::super::instance::{Action, Instance, Step};
use super::super::{Halt, result};
use crate::engine::message::{Effect, InventoryChange};
use crate::playbook::model::{ActionTraits, ForAll};
use value::{Map, Value};

pub struct AddHost;

impl Action for AddHost {
    fn modules(&self) -> &'static [&'static str] {
        &["add_host"]
    }

    fn traits(&self) -> ActionTraits {
        ActionTraits { free_form: true, changes_inventory: true, for_all: ForAll::Yes, ..ActionTraits::default() }
    }

    fn prepare(&self, instance: &Instance) -> Result<Step, Halt> {
        instance.alone()?;
        let given = instance.arguments()?;
        let name = ["name", "hostname", "host"].iter().find_map(|name| given.get(name));
        let Some(name) = name.map(Value::to_text).filter(|name| !name.is_empty()) else {
            return Err(Halt::refused("name, host or hostname needs to be provided"));
        };
        let groups = ["groups", "group", "groupname"].iter().find_map(|name| given.get(name));
        let groups = groups.map(group_names).unwrap_or_default();
        let mut vars: Map = given
            .iter()
            .filter(|(key, _)| key.as_str().is_none_or(|key| !OWN.contains(&key)))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        let name = match name.rsplit_once(':') {
            Some((host, port)) if !host.contains(':') && port.parse::<u16>().is_ok() => {
                vars.insert("ansible_ssh_port", port.parse::<i64>().unwrap_or(22));
                host.to_string()
            }
            _ => name,
        };
        let shown = Value::map([
            ("host_name", Value::from(name.as_str())),
            ("groups", groups.clone().into()),
            ("host_vars", vars.clone().into()),
        ]);
        let effect = Effect::Inventory(InventoryChange::AddHost { name, groups, vars });
        Ok(Step::Known(result::changed([("add_host", shown)].into_iter().collect()), vec![effect]))
    }
}

const OWN: [&str; 7] = ["name", "hostname", "host", "groups", "group", "groupname", "_raw_params"];

fn group_names(groups: &Value) -> Vec<String> {
    let names: Vec<String> = match groups {
        Value::List(groups) => groups.iter().map(Value::to_text).collect(),
        other => other.to_text().split(',').map(str::to_string).collect(),
    };
    let mut all = Vec::new();
    for name in names.into_iter().map(|name| name.trim().to_string()).filter(|name| !name.is_empty()) {
        if !all.contains(&name) {
            all.push(name);
        }
    }
    all
}

pub struct GroupBy;

impl Action for GroupBy {
    fn modules(&self) -> &'static [&'static str] {
        &["group_by"]
    }

    fn traits(&self) -> ActionTraits {
        ActionTraits { free_form: true, changes_inventory: true, ..ActionTraits::default() }
    }

    fn prepare(&self, instance: &Instance) -> Result<Step, Halt> {
        let given = instance.arguments()?;
        let Some(key) = given.get("key") else {
            return Err(Halt::refused("the 'key' param is required when using group_by"));
        };
        let name = |value: &Value| value.to_text().replace(' ', "-");
        let key = name(key);
        let parents: Vec<String> = match given.get("parents") {
            Some(Value::List(parents)) => parents.iter().map(name).collect(),
            Some(parent) => vec![name(parent)],
            None => vec!["all".into()],
        };
        let fields: Map =
            [("add_group", Value::from(key.as_str())), ("parent_groups", parents.clone().into())].into_iter().collect();
        let host = instance.asking.question.host;
        let effect = Effect::Inventory(InventoryChange::GroupBy { host, key, parents });
        Ok(Step::Known(result::changed(fields), vec![effect]))
    }
}
