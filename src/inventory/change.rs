//! What a run does to its inventory: `add_host`, `group_by` and `refresh_inventory`. And what holds for every group that gets a child: none is below itself.
use super::{Host, Inventory, new_group};
use crate::engine::message::HostId;
use indexmap::IndexSet;
use std::sync::Arc;
use value::{Key, Map, Value};

/// Why a group cannot be below another one, if it cannot. Everything is below `all`.
pub fn refuse_loop<'g>(
    children: &dyn Fn(&str) -> Option<&'g IndexSet<String>>,
    parent: &str,
    child: &str,
) -> Result<(), String> {
    if parent == child {
        return Err(format!("group '{child}' cannot be a child of itself"));
    }
    let mut seen = IndexSet::from([child.to_string()]);
    let mut next = 0;
    while let Some(name) = seen.get_index(next).cloned() {
        next += 1;
        if name == parent || name == "all" {
            return Err(format!("Adding group '{child}' as child to '{parent}' creates a recursive dependency loop."));
        }
        seen.extend(children(&name).into_iter().flatten().cloned());
    }
    Ok(())
}

/// One thing that a run did to its inventory.
pub enum Growth {
    Host { name: String, groups: Vec<String>, vars: Map },
    Group { host: String, key: String, parents: Vec<String> },
}

impl Inventory {
    /// `refresh_inventory`: the sources were read anew. Hosts keep their numbers, those that nobody names any more belong to no
    /// group, and what the run itself did is done again.
    pub fn refresh(&mut self, mut fresh: Inventory) -> Result<(), String> {
        for (name, host) in &mut self.hosts {
            match fresh.hosts.shift_remove(name) {
                Some(named) => *host = named,
                None => (host.groups, host.implicit) = (IndexSet::new(), true),
            }
        }
        self.hosts.extend(fresh.hosts);
        self.groups = fresh.groups;
        self.vars_dirs.forget_listed();
        for growth in std::mem::take(&mut self.grown) {
            match growth {
                Growth::Host { name, groups, vars } => drop(self.add_host(&name, &groups, &vars)),
                Growth::Group { host, key, parents } => {
                    let named = self.id(&host).filter(|id| self.host(*id).is_some_and(|(_, host)| !host.implicit));
                    named.map(|id| self.group_by(id, &key, &parents)).transpose()?;
                }
            }
        }
        self.forget_layers();
        Ok(())
    }

    /// `add_host`. Gives the host and whether anything is new.
    pub fn add_host(&mut self, name: &str, groups: &[String], vars: &Map) -> (HostId, bool) {
        self.grown.push(Growth::Host { name: name.into(), groups: groups.to_vec(), vars: vars.clone() });
        let mut changed = self.hosts.get(name).is_none_or(|host| host.implicit);
        let host = self.hosts.entry(name.to_string()).or_default();
        if host.implicit {
            *host = Host::default();
        }
        let mut merged = (*host.vars).clone();
        for (key, value) in vars.iter() {
            changed |= set(&mut merged, key, value);
        }
        host.vars = Arc::new(merged);
        if host.groups.is_empty() {
            self.put_into_group(name, "all");
        }
        for group in groups {
            changed |= self.put_into_group(name, group);
            self.adopt(group);
        }
        self.place(name);
        self.forget_layers();
        (self.id(name).unwrap_or_default(), changed)
    }

    /// `group_by`. Gives whether anything is new, or why the group cannot be below those parents.
    pub fn group_by(&mut self, id: HostId, key: &str, parents: &[String]) -> Result<bool, String> {
        let name = self.host_name(id).to_string();
        self.grown.push(Growth::Group { host: name.clone(), key: key.into(), parents: parents.to_vec() });
        let mut changed = self.put_into_group(&name, key);
        for parent in parents.iter().filter(|parent| *parent != "all") {
            let children = |name: &str| self.groups.get(name).map(|group| &group.children);
            refuse_loop(&children, parent, key)?;
            let group = self.groups.entry(parent.clone()).or_insert_with(new_group);
            changed |= group.children.insert(key.to_string());
            self.adopt(parent);
        }
        self.adopt(key);
        self.place(&name);
        self.forget_layers();
        Ok(changed)
    }

    fn put_into_group(&mut self, host: &str, group: &str) -> bool {
        let new_in_group =
            self.groups.entry(group.to_string()).or_insert_with(new_group).hosts.insert(host.to_string());
        if let Some(host) = self.hosts.get_mut(host) {
            host.groups.insert(group.to_string());
        }
        new_in_group
    }

    /// A group that no other group holds is a child of `all`.
    pub(super) fn adopt(&mut self, group: &str) {
        if group != "all"
            && !self.groups.values().any(|parent| parent.children.contains(group))
            && let Some(all) = self.groups.get_mut("all")
        {
            all.children.insert(group.to_string());
        }
    }

    /// A host is in `ungrouped` as long as no group of its own names it.
    fn place(&mut self, name: &str) {
        let Some(host) = self.hosts.get_mut(name) else { return };
        let grouped = host.groups.iter().any(|group| group != "all" && group != "ungrouped");
        let Some(ungrouped) = self.groups.get_mut("ungrouped") else { return };
        if grouped {
            host.groups.shift_remove("ungrouped");
            ungrouped.hosts.shift_remove(name);
        } else if host.groups.insert("ungrouped".into()) {
            ungrouped.hosts.insert(name.to_string());
        }
    }
}

fn set(vars: &mut Map, key: &Key, value: &Value) -> bool {
    vars.insert(key.clone(), value.clone()).as_ref() != Some(value)
}
