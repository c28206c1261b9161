//! What `ansible-inventory` prints: the whole inventory as JSON, one host's variables, the groups as a tree.
use super::Inventory;
use crate::engine::message::HostId;
use crate::world::loader::Loader;
use indexmap::IndexSet;
use value::{Diagnostic, Map, Value};

#[derive(Clone, Copy, Debug, Default)]
pub struct ShowOptions {
    /// Variables stay where they were set.
    pub export: bool,
    /// `--graph` with variables.
    pub vars: bool,
}

type Shown<T> = Result<T, Vec<Diagnostic>>;

/// All hosts (of `only`, if given) and groups.
pub fn list(
    inventory: &Inventory,
    only: Option<&IndexSet<HostId>>,
    options: ShowOptions,
    loader: &Loader,
) -> Shown<Value> {
    let shown = |host: &str| only.is_none_or(|only| inventory.id(host).is_some_and(|id| only.contains(&id)));
    let mut hostvars = Vec::new();
    for (id, name, host) in inventory.hosts().filter(|(_, name, _)| shown(name)) {
        let vars = if options.export { (*host.vars).clone() } else { merged(inventory, id, loader)? };
        if !vars.is_empty() {
            hostvars.push((name.to_string(), Value::from(vars)));
        }
    }
    let meta = [("hostvars", Value::map(hostvars)), ("profile", "inventory_legacy".into())];
    let mut result: Map = [("_meta", Value::map(meta))].into_iter().collect();
    add_group(inventory, "all", &shown, options, &mut result);
    Ok(result.into())
}

fn add_group(inventory: &Inventory, name: &str, shown: &dyn Fn(&str) -> bool, options: ShowOptions, result: &mut Map) {
    let Some(group) = inventory.group(name) else { return };
    let mut entry = Map::new();
    let hosts: Vec<Value> =
        group.hosts.iter().filter(|host| name != "all" && shown(host)).map(|host| host.as_str().into()).collect();
    if !hosts.is_empty() {
        entry.insert("hosts", hosts);
    }
    if !group.children.is_empty() {
        entry.insert("children", Value::list(group.children.iter().map(|child| child.as_str().into())));
    }
    if options.export && !group.vars.is_empty() {
        entry.insert("vars", Value::Map(group.vars.clone()));
    }
    if !entry.is_empty() {
        result.insert(name, entry);
    }
    for child in group.children.iter().filter(|child| !result.contains(child)).cloned().collect::<Vec<_>>() {
        add_group(inventory, &child, shown, options, result);
    }
}

/// All variables that the inventory gives a host, the stronger over the weaker.
pub fn host_variables(inventory: &Inventory, host: HostId, loader: &Loader) -> Shown<Value> {
    merged(inventory, host, loader).map(Value::from)
}

fn merged(inventory: &Inventory, host: HostId, loader: &Loader) -> Shown<Map> {
    let mut vars = Map::new();
    for layer in inventory.layers(host, loader)?.iter() {
        vars.extend(layer.iter().map(|(key, value)| (key.clone(), value.clone())));
    }
    Ok(vars)
}

pub fn graph(inventory: &Inventory, group: &str, options: ShowOptions, loader: &Loader) -> Shown<String> {
    let mut lines = Vec::new();
    add_lines(inventory, group, 0, options, loader, &mut lines)?;
    Ok(lines.join("\n"))
}

fn add_lines(
    inventory: &Inventory,
    name: &str,
    depth: usize,
    options: ShowOptions,
    loader: &Loader,
    lines: &mut Vec<String>,
) -> Shown<()> {
    let Some(group) = inventory.group(name) else { return Ok(()) };
    lines.push(indent(&format!("@{name}:"), depth));
    for child in &group.children {
        add_lines(inventory, child, depth + 1, options, loader, lines)?;
    }
    if name != "all" {
        for host in &group.hosts {
            lines.push(indent(host, depth + 1));
            if let (true, Some(id)) = (options.vars, inventory.id(host)) {
                add_vars(&merged(inventory, id, loader)?, depth + 2, lines);
            }
        }
    }
    if options.vars {
        add_vars(&group.vars, depth + 1, lines);
    }
    Ok(())
}

fn add_vars(vars: &Map, depth: usize, lines: &mut Vec<String>) {
    let mut vars: Vec<_> = vars.iter().map(|(key, value)| (key.value().to_text(), value.to_text())).collect();
    vars.sort();
    lines.extend(vars.iter().map(|(name, value)| indent(&format!("{{{name} = {value}}}"), depth)));
}

fn indent(text: &str, depth: usize) -> String {
    match depth {
        0 => text.to_string(),
        depth => format!("{}--{text}", "  |".repeat(depth)),
    }
}
