//! Variables: which layer a name comes from, for a host at a task.
//!
//! Layers are shared and immutable; a name is looked up by walking them from the strongest to the weakest, so ten thousand hosts
//! cost ten thousand lists of pointers. `scope` is one host's view, `magic` the names that Ansible itself gives, `hostvars` the
//! views of other hosts, `extra` the command line's `-e`, `files` the `vars_files` of a play, `connection` the table of the names
//! that say how a host is reached.
pub mod connection;
mod extra;
mod files;
mod hostvars;
mod magic;
mod scope;
mod settings;
pub mod template_file;
#[cfg(test)]
mod tests;

pub use extra::extra_vars;
pub use scope::{HostScope, View};

use crate::config::Settings;
use crate::engine::message::HostId;
use crate::inventory::Inventory;
use crate::playbook::model::Play;
use crate::world::loader::Loader;
use lang::template::Environment;
use std::collections::{HashMap, HashSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, RwLockReadGuard};
use value::{Map, Value};

/// What variables are made of, for all hosts of a run.
pub struct Variables {
    pub inventory: RwLock<Inventory>,
    pub loader: Arc<Loader>,
    pub outside: Arc<dyn Outside>,
    pub run: RunSettings,
    /// Of the inventory, until it changes: the value of `groups`.
    groups: Mutex<Option<Value>>,
    /// Lists of hosts that magic names give, the last few; most hosts of a play ask for the same.
    listed: Mutex<VecDeque<Listed>>,
}

/// The names of those hosts of a list that another one has, too.
struct Listed {
    hosts: Arc<Vec<HostId>>,
    within: Arc<Vec<HostId>>,
    names: Value,
}

/// Of those that a play has under way: all its hosts, those that have not failed, those of its batch.
const LISTED: usize = 8;

/// What the command line and the configuration say, as far as variables tell it.
#[derive(Clone, Debug)]
pub struct RunSettings {
    /// Stronger than everything but the magic names.
    pub extra: Arc<Map>,
    /// Where the first playbook lies; outside of plays, `playbook_dir`.
    pub playbook_dir: PathBuf,
    /// `hash_behaviour = merge`: dicts of several layers become one.
    pub merge_hashes: bool,
    pub check: bool,
    pub diff: bool,
    pub verbosity: i64,
    pub forks: usize,
    pub tags: Vec<String>,
    pub skip_tags: Vec<String>,
    pub limit: Option<String>,
    pub inventory_sources: Vec<String>,
    /// For templates, where nobody sets the name.
    pub ansible_managed: String,
    /// Whether facts are variables of their own, too, and not in `ansible_facts` alone.
    pub inject_facts: bool,
    pub config_file: Option<PathBuf>,
    /// For the lookup `config`.
    pub settings: Arc<Settings>,
    /// `-c`
    pub connection: Option<String>,
    /// `-u`
    pub remote_user: Option<String>,
}

impl Default for RunSettings {
    fn default() -> Self {
        Self {
            extra: Arc::default(),
            playbook_dir: PathBuf::from("/"),
            merge_hashes: false,
            check: false,
            diff: false,
            verbosity: 0,
            forks: 5,
            tags: Vec::new(),
            skip_tags: Vec::new(),
            limit: None,
            inventory_sources: Vec::new(),
            ansible_managed: String::new(),
            inject_facts: true,
            settings: Arc::default(),
            config_file: None,
            connection: None,
            remote_user: None,
        }
    }
}

/// A play as far as its variables go. Shared by all its hosts.
#[derive(Debug)]
pub struct PlayVars {
    pub play: Arc<Play>,
    pub name: String,
    pub playbook_dir: PathBuf,
    /// Answers to `vars_prompt`.
    pub prompted: Arc<Map>,
    /// Where the `vars_files` lie that were found, by their names.
    found: Mutex<HashMap<String, Arc<Path>>>,
    /// Where they are looked for.
    folders: OnceLock<Vec<PathBuf>>,
}

impl PlayVars {
    pub fn new(play: Arc<Play>, name: String, playbook_dir: PathBuf, prompted: Map) -> Self {
        Self {
            play,
            name,
            playbook_dir,
            prompted: Arc::new(prompted),
            found: Mutex::default(),
            folders: OnceLock::new(),
        }
    }
}

/// What reaches outside of the run: the clock, random numbers, the disk.
pub trait Outside: Send + Sync {
    /// What a template that a lookup evaluates knows of itself.
    fn template_names(&self, asked: &str, path: &Path) -> Vec<(String, Value)>;
    fn environment(&self) -> &dyn Environment;
}

impl Variables {
    pub fn new(inventory: Inventory, loader: Arc<Loader>, outside: Arc<dyn Outside>, run: RunSettings) -> Self {
        Self {
            inventory: RwLock::new(inventory),
            loader,
            outside,
            run,
            groups: Mutex::default(),
            listed: Mutex::default(),
        }
    }

    pub fn inventory(&self) -> RwLockReadGuard<'_, Inventory> {
        self.inventory.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the inventory; whatever was derived from it is forgotten.
    pub fn change_inventory<T>(&self, change: impl FnOnce(&mut Inventory) -> T) -> T {
        let changed = change(&mut self.inventory.write().unwrap_or_else(PoisonError::into_inner));
        *self.groups.lock().unwrap_or_else(PoisonError::into_inner) = None;
        changed
    }

    pub fn host_name(&self, host: HostId) -> Arc<str> {
        self.inventory().host_name(host).into()
    }

    /// The names of hosts, without those that the other list lacks.
    fn names_within(&self, hosts: &Arc<Vec<HostId>>, within: &Arc<Vec<HostId>>) -> Value {
        let mut listed = self.listed.lock().unwrap_or_else(PoisonError::into_inner);
        let is_it = |known: &&Listed| Arc::ptr_eq(&known.hosts, hosts) && Arc::ptr_eq(&known.within, within);
        if let Some(known) = listed.iter().find(is_it) {
            return known.names.clone();
        }
        let stays: HashSet<HostId> = within.iter().copied().collect();
        let inventory = self.inventory();
        let left = hosts.iter().filter(|host| stays.contains(host));
        let names = Value::list(left.map(|host| inventory.host_name(*host).into()));
        listed.truncate(LISTED - 1);
        listed.push_front(Listed { hosts: hosts.clone(), within: within.clone(), names: names.clone() });
        names
    }

    /// The magic name `groups`: each group's hosts, those of its children included.
    fn groups(&self) -> Value {
        let mut known = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
        let compute = || {
            let inventory = self.inventory();
            let hosts = |name| Value::list(inventory.hosts_of(name).into_iter().map(Value::from));
            Value::map(inventory.group_names().map(|name| (name, hosts(name))))
        };
        known.get_or_insert_with(compute).clone()
    }
}
