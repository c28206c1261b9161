//! Hosts, groups and their variables: where they come from (`ini`, `yaml`, `script`), how they grow during a run (`change`), which hosts
//! a pattern means (`pattern`), and how `ansible-inventory` shows them (`show`).
mod change;
mod group_vars;
mod ini;
mod literal;
mod pattern;
mod range;
mod script;
mod show;
mod source;
mod yaml;

pub use literal::literal;
use pattern::LOCALHOST;
pub use pattern::{Matched, limit};
pub use show::{Show, for_json};
pub use source::{Options, load};

use crate::engine::message::HostId;
use group_vars::VarsDirs;
use indexmap::{IndexMap, IndexSet};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use value::{Diagnostic, Map, Span, Value};

pub struct Inventory {
    hosts: IndexMap<String, Host>,
    groups: IndexMap<String, Group>,
    vars_dirs: VarsDirs,
    /// What the run did to it, to be done again when the sources are read anew.
    grown: Vec<change::Growth>,
    /// Layers of hosts that were asked for before.
    layers: Mutex<HashMap<HostId, Layers>>,
    /// What lies above each group, once somebody asked.
    above: OnceLock<Above>,
}

/// Variables of one host, the weakest first.
pub type Layers = Arc<[Arc<Map>]>;

#[derive(Clone, Debug, Default)]
pub struct Host {
    pub vars: Arc<Map>,
    /// The groups that name it, not those above them.
    pub groups: IndexSet<String>,
    /// Where it was named.
    pub span: Option<Span>,
    /// The inventory that named it first, as it was given where that is a list of hosts; none, if a run brought it.
    pub source: Option<PathBuf>,
    /// Not named by anybody: `localhost` as it is without an inventory, and who was named before a `refresh_inventory`.
    pub implicit: bool,
}

#[derive(Clone, Debug, Default)]
pub struct Group {
    pub vars: Arc<Map>,
    pub hosts: IndexSet<String>,
    pub children: IndexSet<String>,
    pub priority: i64,
}

impl Inventory {
    fn empty() -> Self {
        let mut groups = IndexMap::new();
        let all = Group { children: ["ungrouped".to_string()].into_iter().collect(), ..Group::default() };
        groups.insert("all".to_string(), Group { priority: 1, ..all });
        groups.insert("ungrouped".to_string(), Group { priority: 1, ..Group::default() });
        Self {
            hosts: IndexMap::new(),
            groups,
            vars_dirs: VarsDirs::default(),
            grown: Vec::new(),
            layers: Mutex::default(),
            above: OnceLock::new(),
        }
    }

    // ---- hosts ----

    /// A `localhost` that is named stands for its other names, too.
    pub fn id(&self, name: &str) -> Option<HostId> {
        let (index, _, host) = self.hosts.get_full(name)?;
        let is_named = |name: &&str| self.hosts.get(*name).is_some_and(|host| !host.implicit);
        let named = || LOCALHOST.iter().find(|name| is_named(name)).and_then(|name| self.hosts.get_index_of(*name));
        let stands_for_it = if host.implicit && LOCALHOST.contains(&name) { named() } else { None };
        Some(stands_for_it.unwrap_or(index) as HostId)
    }

    pub fn host(&self, id: HostId) -> Option<(&str, &Host)> {
        self.hosts.get_index(id as usize).map(|(name, host)| (name.as_str(), host))
    }

    pub fn host_name(&self, id: HostId) -> &str {
        self.host(id).map_or("", |(name, _)| name)
    }

    /// All but an implicit `localhost`, in the inventory's order.
    pub fn hosts(&self) -> impl Iterator<Item = (HostId, &str, &Host)> {
        let all = self.hosts.iter().enumerate().filter(|(_, (_, host))| !host.implicit);
        all.map(|(index, (name, host))| (index as HostId, name.as_str(), host))
    }

    /// `localhost`, which is there for patterns and delegation even if no inventory names it. All its names have their numbers
    /// from the start, so that asking for one changes nothing.
    fn add_implicit_localhosts(&mut self) {
        let vars: Map = [("ansible_connection", Value::from("local"))].into_iter().collect();
        let host = Host { vars: Arc::new(vars), implicit: true, ..Host::default() };
        for name in LOCALHOST {
            self.hosts.entry(name.to_string()).or_insert_with(|| host.clone());
        }
    }

    // ---- groups ----

    pub fn group(&self, name: &str) -> Option<&Group> {
        self.groups.get(name)
    }

    pub fn group_names(&self) -> impl Iterator<Item = &str> {
        self.groups.keys().map(String::as_str)
    }

    /// All groups above a host, sorted as their variables are merged: by depth, priority and name; `all` first.
    pub fn groups_of<'i>(&'i self, host: &'i Host) -> Vec<&'i str> {
        let mut found: IndexSet<&str> = IndexSet::new();
        let mut open: Vec<&str> = host.groups.iter().map(String::as_str).collect();
        let above = self.above();
        while let Some(name) = open.pop() {
            if found.insert(name) {
                open.extend(above.parents(name));
            }
        }
        if !host.implicit {
            found.insert("all");
        }
        let mut sorted: Vec<_> = found.into_iter().map(|name| (above.depth(name), self.priority(name), name)).collect();
        sorted.sort();
        sorted.into_iter().map(|(_, _, name)| name).collect()
    }

    /// The hosts of a group and of those below it, level by level, as Ansible walks them.
    pub fn hosts_of(&self, group: &str) -> IndexSet<&str> {
        let (mut hosts, mut seen) = (IndexSet::new(), IndexSet::from([group]));
        let mut next = 0;
        while let Some(name) = seen.get_index(next).copied() {
            next += 1;
            if let Some(group) = self.groups.get(name) {
                hosts.extend(group.hosts.iter().map(String::as_str));
                seen.extend(group.children.iter().map(String::as_str));
            }
        }
        hosts
    }

    fn above(&self) -> &Above {
        self.above.get_or_init(|| Above::of(&self.groups))
    }

    fn priority(&self, name: &str) -> i64 {
        self.groups.get(name).map_or(1, |group| group.priority)
    }

    // ---- variables ----

    /// A playbook's own `group_vars` and `host_vars` count too, and over those of the inventory.
    pub fn add_playbook_dir(&mut self, dir: &Path) {
        if self.vars_dirs.add_playbook_dir(dir) {
            self.forget_layers();
        }
    }

    /// From here on, the playbook's `group_vars` and `host_vars` are those beside this playbook file alone.
    pub fn set_playbook_dir(&mut self, dir: &Path) {
        if self.vars_dirs.set_playbook_dir(dir) {
            self.forget_layers();
        }
    }

    pub fn layers(&self, id: HostId, loader: &crate::world::loader::Loader) -> Result<Layers, Vec<Diagnostic>> {
        if let Some(layers) = self.layers.lock().unwrap_or_else(PoisonError::into_inner).get(&id) {
            return Ok(layers.clone());
        }
        let Some((name, host)) = self.host(id) else { return Ok(Arc::default()) };
        let groups = self.groups_of(host);
        let own = |groups: &[&str]| -> Vec<Arc<Map>> {
            groups.iter().filter_map(|name| self.groups.get(*name)).map(|group| group.vars.clone()).collect()
        };
        let others: Vec<_> = groups.iter().copied().filter(|name| *name != "all").collect();
        // Those of `all` are everybody's: even of a `localhost` that no inventory names.
        let mut layers = own(&["all"]);
        layers.extend(own(&others));
        layers.extend(self.vars_dirs.all(loader)?);
        layers.extend(self.vars_dirs.groups(&others, loader)?);
        layers.push(host.vars.clone());
        layers.extend(self.vars_dirs.host(name, loader)?);
        let layers: Layers = layers.into_iter().filter(|layer| !layer.is_empty()).collect();
        self.layers.lock().unwrap_or_else(PoisonError::into_inner).insert(id, layers.clone());
        Ok(layers)
    }

    /// What is set for a group itself, the weakest first; with what stands beside the playbook, if `playbook`.
    fn own_layers_of_group(
        &self,
        name: &str,
        playbook: bool,
        loader: &crate::world::loader::Loader,
    ) -> Result<Vec<Arc<Map>>, Vec<Diagnostic>> {
        let Some(group) = self.groups.get(name) else { return Ok(Vec::new()) };
        let mut layers = vec![group.vars.clone()];
        layers.extend(self.vars_dirs.own_of_group(name, playbook, loader)?);
        if group.priority != 1 {
            layers.push(Arc::new([("ansible_group_priority", Value::from(group.priority))].into_iter().collect()));
        }
        Ok(layers)
    }

    /// The same for a host, without what its groups say.
    fn own_layers_of_host(
        &self,
        id: HostId,
        playbook: bool,
        loader: &crate::world::loader::Loader,
    ) -> Result<Vec<Arc<Map>>, Vec<Diagnostic>> {
        let Some((name, host)) = self.host(id) else { return Ok(Vec::new()) };
        let mut layers = vec![host.vars.clone()];
        layers.extend(self.vars_dirs.own_of_host(name, playbook, loader)?);
        Ok(layers)
    }

    fn forget_layers(&mut self) {
        self.above = OnceLock::new();
        self.layers.get_mut().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Hosts that no group names are in `ungrouped`; done once all sources were read.
    fn reconcile(&mut self) {
        for (name, group) in &self.groups {
            for host in &group.hosts {
                if let Some(host) = self.hosts.get_mut(host) {
                    host.groups.insert(name.clone());
                }
            }
        }
        let ungrouped: Vec<String> = self
            .hosts
            .iter()
            .filter(|(_, host)| {
                !host.implicit && host.groups.iter().all(|group| group == "all" || group == "ungrouped")
            })
            .map(|(name, _)| name.clone())
            .collect();
        for (name, host) in &mut self.hosts {
            if host.groups.contains("ungrouped") && !ungrouped.contains(name) {
                host.groups.shift_remove("ungrouped");
            }
        }
        for name in &ungrouped {
            if let Some(host) = self.hosts.get_mut(name) {
                host.groups.insert("ungrouped".into());
            }
        }
        if let Some(group) = self.groups.get_mut("ungrouped") {
            group.hosts = ungrouped.into_iter().collect();
        }
        for group in self.groups.values_mut() {
            if let Some(priority) =
                group.vars.get("ansible_group_priority").and_then(|value| value.to_text().parse().ok())
            {
                group.priority = priority;
            }
        }
        self.forget_layers();
    }
}

/// Each group's parents, and how far below `all` it lies.
#[derive(Debug, Default)]
struct Above(HashMap<String, (Vec<String>, usize)>);

impl Above {
    fn of(groups: &IndexMap<String, Group>) -> Self {
        let mut above = Self(groups.keys().map(|name| (name.clone(), (Vec::new(), 0))).collect());
        for (name, group) in groups {
            for child in group.children.iter().filter(|child| *child != name) {
                above.0.entry(child.clone()).or_default().0.push(name.clone());
            }
        }
        for name in groups.keys() {
            above.find_depth(name);
        }
        above
    }

    /// No group is below itself, so this ends.
    fn find_depth(&mut self, name: &str) -> usize {
        let Some((parents, known)) = self.0.get(name) else { return 1 };
        if name == "all" || *known > 0 {
            return *known;
        }
        let depth = 1 + parents.clone().iter().map(|parent| self.find_depth(parent)).max().unwrap_or(0);
        self.0.entry(name.to_string()).or_default().1 = depth;
        depth
    }

    fn parents(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.get(name).into_iter().flat_map(|(parents, _)| parents.iter().map(String::as_str))
    }

    /// A group that nobody knows would lie right below `all`.
    fn depth(&self, name: &str) -> usize {
        self.0.get(name).map_or(1, |(_, depth)| *depth)
    }
}

fn new_group() -> Group {
    Group { priority: 1, ..Group::default() }
}

#[cfg(test)]
mod tests;
