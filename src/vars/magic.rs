//! The names that Ansible itself gives: where the run stands, who takes part, which role is around.
use super::scope::HostScope;
use crate::inventory::Host;
use crate::playbook::model::Role;
use crate::playbook::names::MAGIC_NAMES;
use std::sync::Arc;
use value::{Map, Str, Value};

/// The version whose language this is, for playbooks that ask.
const VERSION: (i64, i64, i64) = (2, 19, 14);

/// Those that the inventory gives its hosts. Whoever sets them elsewhere is stronger.
pub(super) const OF_INVENTORY: [&str; 5] =
    ["group_names", "inventory_dir", "inventory_file", "inventory_hostname", "inventory_hostname_short"];
const IN_PLAY: [&str; 10] = [
    "ansible_play_name",
    "ansible_play_hosts",
    "ansible_play_hosts_all",
    "ansible_play_batch",
    "play_hosts",
    "ansible_play_role_names",
    "ansible_dependent_role_names",
    "ansible_role_names",
    "role_names",
    "vars",
];
const AT_TASK: [&str; 2] = ["environment", "ansible_search_path"];
const IN_ROLE: [&str; 5] =
    ["role_name", "role_path", "ansible_role_name", "ansible_collection_name", "ansible_parent_role_names"];

impl HostScope {
    pub(super) fn magic_names(&self) -> Vec<&'static str> {
        let mut names = MAGIC_NAMES.to_vec();
        if self.view.play.is_some() {
            names.extend(IN_PLAY);
        }
        if let Some(task) = &self.view.task {
            names.extend(AT_TASK);
            if task.frame.role().is_some() {
                names.extend(IN_ROLE);
            }
        }
        names.retain(|name| *name != "ansible_limit" || self.variables.run.limit.is_some());
        names
    }

    pub(super) fn magic(&self, name: &str) -> Option<Value> {
        let run = &self.variables.run;
        match name {
            "inventory_hostname" => Some((&*self.name).into()),
            "inventory_hostname_short" => Some(short(&self.name).into()),
            "group_names" => Some(self.group_names()),
            "groups" => Some(self.variables.groups()),
            "inventory_dir" | "inventory_file" => self.inventory_place(name),
            "omit" => Some(Value::Omit),
            "ansible_version" => Some(version()),
            "ansible_check_mode" => Some(run.check.into()),
            "ansible_diff_mode" => Some(run.diff.into()),
            "ansible_verbosity" => Some(run.verbosity.into()),
            "ansible_forks" => Some(run.forks.into()),
            "ansible_run_tags" => Some(strings(if run.tags.is_empty() { &ALL } else { &run.tags })),
            "ansible_skip_tags" => Some(strings(&run.skip_tags)),
            "ansible_limit" => run.limit.as_deref().map(Value::from),
            "ansible_inventory_sources" => Some(strings(&run.inventory_sources)),
            "ansible_config_file" => Some(run.config_file.as_ref().map(|path| path.display().to_string()).into()),
            "ansible_playbook_python" => Some("/usr/bin/python3".into()),
            // How a playbook tells that it is run by us.
            "deploy_version" => Some(env!("CARGO_PKG_VERSION").into()),
            "playbook_dir" => Some(self.playbook_dir().into()),
            _ => self.play_magic(name).or_else(|| self.task_magic(name)),
        }
    }

    fn playbook_dir(&self) -> String {
        let play = self.view.play.as_ref().map(|play| play.playbook_dir.clone());
        play.unwrap_or_else(|| self.variables.run.playbook_dir.clone()).display().to_string()
    }

    fn play_magic(&self, name: &str) -> Option<Value> {
        let play = self.view.play.as_ref()?;
        let state = &self.view.state;
        match name {
            "ansible_play_name" => Some(play.name.as_str().into()),
            "ansible_play_hosts" => Some(self.variables.names_within(&state.live, &state.live)),
            "ansible_play_hosts_all" => Some(self.variables.names_within(&state.all_hosts, &state.all_hosts)),
            "ansible_play_batch" | "play_hosts" => Some(self.variables.names_within(&state.batch, &state.live)),
            "ansible_play_role_names" | "role_names" => Some(names(self.public_roles().map(|role| role.name.clone()))),
            "ansible_dependent_role_names" => Some(names(dependencies(self.public_roles()).into_iter())),
            "ansible_role_names" => {
                let roles = self.public_roles().map(|role| role.name.clone());
                let all = dependencies(self.public_roles()).into_iter().chain(roles);
                let each_once: indexmap::IndexSet<String> = all.collect();
                Some(names(each_once.into_iter()))
            }
            _ => None,
        }
    }

    fn task_magic(&self, name: &str) -> Option<Value> {
        let task = self.view.task.as_ref()?;
        if name == "environment" {
            return Some(Value::list(task.gathered(|keywords| &keywords.environment).into_iter().cloned()));
        }
        if name == "ansible_search_path" {
            return Some(names(self.search().folders().iter().map(|path| path.display().to_string())));
        }
        let role = task.frame.role()?;
        match name {
            "role_name" => Some(last_part(&role.name).into()),
            "ansible_role_name" => Some(role.name.as_str().into()),
            "role_path" => Some(role.path.display().to_string().into()),
            "ansible_collection_name" => Some(collection(&role.name).into()),
            "ansible_parent_role_names" if !role.parents.is_empty() => Some(names(role.parents.iter().cloned())),
            "ansible_parent_role_paths" if !role.parents.is_empty() => {
                let roles = task.frame.chain().filter_map(|frame| frame.role.as_ref());
                Some(names(roles.skip(1).map(|role| role.path.display().to_string())))
            }
            _ => None,
        }
    }

    fn group_names(&self) -> Value {
        let inventory = self.variables.inventory();
        let host = self.host.and_then(|host| inventory.host(host)).map(|(_, host)| host);
        let mut groups: Vec<&str> = host.map(|host| inventory.groups_of(host)).unwrap_or_default();
        groups.retain(|group| *group != "all");
        groups.sort_unstable();
        Value::list(groups.into_iter().map(Value::from))
    }

    /// Where the inventory that named the host stands. A list of hosts has no folder, which Ansible tells by the word `None`.
    fn inventory_place(&self, name: &str) -> Option<Value> {
        let inventory = self.variables.inventory();
        let host: &Host = self.host.and_then(|host| inventory.host(host)).map(|(_, host)| host)?;
        let Some(source) = &host.source else { return (!host.implicit).then_some(Value::Null) };
        if name == "inventory_file" {
            return Some(source.display().to_string().into());
        }
        let folder = match self.variables.loader.files.is_dir(source) {
            true => Some(source.as_path()),
            false => source.parent().filter(|folder| !folder.as_os_str().is_empty()),
        };
        Some(folder.map_or_else(|| "None".into(), |folder| folder.display().to_string()).into())
    }

    /// What connections would use, for names that no layer has.
    pub(super) fn fallback(&self, name: &str) -> Option<Value> {
        let task = self.view.task.as_ref()?;
        let keyword = |keyword: Option<&Value>| keyword.filter(|value| !value.is_null()).cloned();
        match name {
            "ansible_host" if self.host.is_some() => Some((&*self.name).into()),
            "ansible_connection" if self.host.is_some() => {
                let written = keyword(task.inherited(|keywords| keywords.connection.as_ref()));
                let said = || self.variables.run.connection.as_deref().unwrap_or("ssh").into();
                Some(written.unwrap_or_else(said))
            }
            "ansible_user" => {
                let written = keyword(task.inherited(|keywords| keywords.remote_user.as_ref()));
                written.or_else(|| self.variables.run.remote_user.as_deref().map(Value::from))
            }
            _ => None,
        }
    }
}

static ALL: std::sync::LazyLock<Vec<String>> = std::sync::LazyLock::new(|| vec!["all".to_string()]);

fn strings(words: &[String]) -> Value {
    names(words.iter().cloned())
}

fn names(words: impl Iterator<Item = String>) -> Value {
    Value::list(words.map(Value::from))
}

/// Up to the first dot, unless the name is an address.
fn short(name: &str) -> &str {
    if name.parse::<std::net::IpAddr>().is_ok() { name } else { name.split('.').next().unwrap_or(name) }
}

fn last_part(name: &str) -> &str {
    name.rsplit('.').next().filter(|_| name.split('.').count() == 3).unwrap_or(name)
}

fn collection(name: &str) -> &str {
    match name.split('.').count() {
        3 => name.rsplit_once('.').map_or("", |(collection, _)| collection),
        _ => "",
    }
}

/// The names of all roles that others depend on, each once.
fn dependencies<'r>(roles: impl Iterator<Item = &'r Arc<Role>>) -> Vec<String> {
    let mut found = Vec::new();
    for dependency in roles.flat_map(|role| role.dependencies.iter()) {
        for name in dependencies(&mut std::iter::once(dependency) as &mut dyn Iterator<Item = _>)
            .into_iter()
            .chain([dependency.name.clone()])
        {
            if !found.contains(&name) {
                found.push(name);
            }
        }
    }
    found
}

fn version() -> Value {
    let (major, minor, revision) = VERSION;
    let full = format!("{major}.{minor}.{revision}");
    let mut version = Map::new();
    version.insert("full", full.as_str());
    version.insert("major", major);
    version.insert("minor", minor);
    version.insert("revision", revision);
    version.insert("string", Str::from(full.as_str()));
    version.into()
}
