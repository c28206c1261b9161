//! What `ansible-inventory` prints: the whole inventory, as JSON's shape or as YAML's, one host's variables, the groups as a tree.
use super::Inventory;
use crate::engine::message::HostId;
use crate::playbook::names::MAGIC_NAMES;
use crate::world::loader::Loader;
use indexmap::IndexSet;
use std::collections::BTreeSet;
use std::sync::Arc;
use value::{Diagnostic, Map, Str, Value};

/// An inventory as it is shown.
pub struct Show<'s> {
    pub inventory: &'s Inventory,
    pub loader: &'s Loader,
    /// Variables stay where they were set.
    pub export: bool,
    /// Whether `group_vars` beside the playbook are a group's own: when somebody named that folder.
    pub playbook_vars: bool,
    /// `-e`: over everything, for every host.
    pub extra: Arc<Map>,
}

type Shown<T> = Result<T, Vec<Diagnostic>>;

impl Show<'_> {
    /// One host's variables, the stronger over the weaker.
    pub fn host(&self, host: HostId) -> Shown<Map> {
        let mut vars = Map::new();
        let layers = match self.export {
            true => self.inventory.own_layers_of_host(host, self.playbook_vars, self.loader)?,
            false => self.inventory.layers(host, self.loader)?.to_vec(),
        };
        let extra = (!self.export).then(|| self.extra.clone());
        for layer in layers.into_iter().chain(extra) {
            vars.extend(layer.iter().map(|(key, value)| (key.clone(), value.clone())));
        }
        MAGIC_NAMES.iter().for_each(|name| drop(vars.remove(name)));
        Ok(vars)
    }

    /// What is set for the group itself.
    fn group(&self, name: &str) -> Shown<Map> {
        let mut vars = Map::new();
        for layer in self.inventory.own_layers_of_group(name, self.playbook_vars, self.loader)? {
            vars.extend(layer.iter().map(|(key, value)| (key.clone(), value.clone())));
        }
        MAGIC_NAMES.iter().for_each(|name| drop(vars.remove(name)));
        Ok(vars)
    }

    /// All hosts (of `only`, if given) and groups, as programs read them.
    pub fn list(&self, only: Option<&IndexSet<HostId>>) -> Shown<Value> {
        let mut hostvars = Vec::new();
        for (id, name, _) in self.inventory.hosts().filter(|(id, _, _)| only.is_none_or(|only| only.contains(id))) {
            let vars = self.host(id)?;
            if !vars.is_empty() {
                hostvars.push((name.to_string(), Value::from(vars)));
            }
        }
        let meta = [("hostvars", Value::map(hostvars)), ("profile", word("inventory_legacy"))];
        let mut result: Map = [("_meta", Value::map(meta))].into_iter().collect();
        self.add_group("all", only, &mut BTreeSet::new(), &mut result)?;
        Ok(result.into())
    }

    fn add_group(
        &self,
        name: &str,
        only: Option<&IndexSet<HostId>>,
        seen: &mut BTreeSet<String>,
        result: &mut Map,
    ) -> Shown<()> {
        let Some(group) = self.inventory.group(name) else { return Ok(()) };
        seen.insert(name.to_string());
        let mut entry = Map::new();
        let hosts: Vec<Value> = self.hosts_of(name, only).map(|(_, host)| word(host)).collect();
        if !hosts.is_empty() {
            entry.insert("hosts", hosts);
        }
        if !group.children.is_empty() {
            entry.insert("children", Value::list(group.children.iter().map(|child| word(child))));
        }
        if self.export {
            let vars = self.group(name)?;
            if !vars.is_empty() {
                entry.insert("vars", vars);
            }
        }
        if !entry.is_empty() {
            result.insert(name, entry);
        }
        for child in &group.children {
            if !seen.contains(child) {
                self.add_group(child, only, seen, result)?;
            }
        }
        Ok(())
    }

    /// A group's own hosts; those of `all` stand in `ungrouped`.
    fn hosts_of<'i>(
        &'i self,
        group: &'i str,
        only: Option<&'i IndexSet<HostId>>,
    ) -> impl Iterator<Item = (HostId, &'i str)> {
        let hosts = self.inventory.group(group).map(|group| &group.hosts).filter(|_| group != "all");
        let hosts = hosts.into_iter().flatten().filter_map(|name| Some((self.inventory.id(name)?, name.as_str())));
        hosts.filter(move |(id, _)| only.is_none_or(|only| only.contains(id)))
    }

    /// The same as nested groups, as an inventory in YAML is written: hosts' variables stand where the host is named first.
    pub fn nested(&self, only: Option<&IndexSet<HostId>>) -> Shown<Value> {
        let (mut hosts, mut groups) = (BTreeSet::new(), BTreeSet::new());
        let entry = self.nested_group("all", only, &mut hosts, &mut groups)?;
        Ok(entry.map_or_else(|| Value::from(Map::new()), |entry| Value::map([("all", entry)])))
    }

    fn nested_group(
        &self,
        name: &str,
        only: Option<&IndexSet<HostId>>,
        seen_hosts: &mut BTreeSet<HostId>,
        seen_groups: &mut BTreeSet<String>,
    ) -> Shown<Option<Value>> {
        let Some(group) = self.inventory.group(name) else { return Ok(None) };
        let (mut children, mut hosts, mut entry) = (Map::new(), Map::new(), Map::new());
        for child in group.children.iter().filter(|child| *child != "all") {
            if seen_groups.contains(child) {
                children.insert(child.as_str(), Map::new());
            } else {
                if let Some(nested) = self.nested_group(child, only, seen_hosts, seen_groups)? {
                    children.insert(child.as_str(), nested);
                }
                seen_groups.insert(child.clone());
            }
        }
        for (id, host) in self.hosts_of(name, only) {
            hosts.insert(host, if seen_hosts.insert(id) { self.host(id)? } else { Map::new() });
        }
        let vars = if self.export { self.group(name)? } else { Map::new() };
        for (key, map) in [("children", children), ("hosts", hosts), ("vars", vars)] {
            if !map.is_empty() {
                entry.insert(key, map);
            }
        }
        Ok((!entry.is_empty()).then(|| entry.into()))
    }

    /// A group and what is below it, as a tree; with variables, if they are wanted.
    pub fn graph(&self, group: &str, vars: bool) -> Shown<String> {
        let mut lines = Vec::new();
        self.add_lines(group, 0, vars, &mut lines)?;
        Ok(lines.join("\n"))
    }

    fn add_lines(&self, name: &str, depth: usize, vars: bool, lines: &mut Vec<String>) -> Shown<()> {
        let Some(group) = self.inventory.group(name) else { return Ok(()) };
        lines.push(indent(&format!("@{name}:"), depth));
        for child in &group.children {
            self.add_lines(child, depth + 1, vars, lines)?;
        }
        for (id, host) in self.hosts_of(name, None) {
            lines.push(indent(host, depth + 1));
            if vars {
                add_vars(&self.host(id)?, depth + 2, lines);
            }
        }
        if vars {
            add_vars(&self.group(name)?, depth + 1, lines);
        }
        Ok(())
    }
}

/// A name of ours, which is no text to beware of.
fn word(text: &str) -> Value {
    Str::trusted(text, None).into()
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

/// A value as Ansible's own inventory plugins read it from JSON: encrypted texts keep their cipher, and texts that are never
/// evaluated say so, if `mark_unsafe`.
pub fn for_json(value: &Value, mark_unsafe: bool) -> Value {
    match value {
        Value::Vaulted(vaulted) => Value::map([("__ansible_vault", vaulted.ciphertext.as_ref())]),
        Value::Str(text) if mark_unsafe && !text.is_trusted() => Value::map([("__ansible_unsafe", text.as_str())]),
        Value::List(items) => Value::list(items.iter().map(|item| for_json(item, mark_unsafe))),
        Value::Tuple(items) => Value::list(items.iter().map(|item| for_json(item, mark_unsafe))),
        Value::Map(map) => Value::map(map.iter().map(|(key, value)| (key.clone(), for_json(value, mark_unsafe)))),
        other => other.clone(),
    }
}
