//! `group_vars/` and `host_vars/`, beside the inventory and beside the playbook: a file or a folder per group and host.
use crate::world::files::Files;
use crate::world::loader::Loader;
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use value::{Diagnostic, Map};

const EXTENSIONS: [&str; 4] = ["", ".yml", ".yaml", ".json"];

#[derive(Default)]
pub struct VarsDirs {
    inventory: Vec<PathBuf>,
    playbook: Vec<PathBuf>,
    /// What is in a folder, so that ten thousand hosts do not ask the disk for each name.
    listed: Mutex<HashMap<PathBuf, Arc<BTreeSet<String>>>>,
}

type Layers = Result<Vec<Arc<Map>>, Vec<Diagnostic>>;

impl VarsDirs {
    pub fn add_inventory_dir(&mut self, dir: &Path) {
        if !self.inventory.iter().any(|known| known == dir) {
            self.inventory.push(dir.into());
        }
    }

    /// Whether it is new.
    pub fn add_playbook_dir(&mut self, dir: &Path) -> bool {
        let new = !self.playbook.iter().any(|known| known == dir);
        if new {
            self.playbook.push(dir.into());
        }
        new
    }

    /// In the place of those that were there. Whether anything is new.
    pub fn set_playbook_dir(&mut self, dir: &Path) -> bool {
        let new = self.playbook != [dir];
        self.playbook = vec![dir.into()];
        new
    }

    /// What is there is looked at again.
    pub fn forget_listed(&mut self) {
        self.listed.get_mut().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Of the group `all`: the inventory's, then the playbook's.
    pub fn all(&self, loader: &Loader) -> Layers {
        self.of(&["all"], loader)
    }

    pub fn groups(&self, groups: &[&str], loader: &Loader) -> Layers {
        self.of(groups, loader)
    }

    pub fn host(&self, name: &str, loader: &Loader) -> Layers {
        let mut layers = Vec::new();
        for dir in self.inventory.iter().chain(&self.playbook) {
            layers.extend(self.read(&dir.join("host_vars"), name, loader)?);
        }
        Ok(layers)
    }

    /// What one group's own files say; those beside the playbook, if `playbook`.
    pub fn own_of_group(&self, name: &str, playbook: bool, loader: &Loader) -> Layers {
        self.own("group_vars", name, playbook, loader)
    }

    pub fn own_of_host(&self, name: &str, playbook: bool, loader: &Loader) -> Layers {
        self.own("host_vars", name, playbook, loader)
    }

    fn own(&self, folder: &str, name: &str, playbook: bool, loader: &Loader) -> Layers {
        let beside = self.playbook.iter().filter(|_| playbook);
        let mut layers = Vec::new();
        for dir in self.inventory.iter().chain(beside) {
            layers.extend(self.read(&dir.join(folder), name, loader)?);
        }
        Ok(layers)
    }

    fn of(&self, groups: &[&str], loader: &Loader) -> Layers {
        let mut layers = Vec::new();
        for dirs in [&self.inventory, &self.playbook] {
            for group in groups {
                for dir in dirs {
                    layers.extend(self.read(&dir.join("group_vars"), group, loader)?);
                }
            }
        }
        Ok(layers)
    }

    fn read(&self, dir: &Path, name: &str, loader: &Loader) -> Layers {
        // A name with a slash would lead out of the folder.
        if name.contains('/') {
            return Ok(Vec::new());
        }
        let names = self.names(dir, &*loader.files);
        let Some(found) =
            EXTENSIONS.iter().map(|extension| format!("{name}{extension}")).find(|name| names.contains(name))
        else {
            return Ok(Vec::new());
        };
        let path = dir.join(found);
        let mut files = Vec::new();
        match loader.files.is_dir(&path) {
            true => files_below(&path, &*loader.files, &mut files),
            false => files.push(path),
        }
        files.iter().map(|file| loader.variables(file, None)).collect()
    }

    fn names(&self, dir: &Path, files: &dyn Files) -> Arc<BTreeSet<String>> {
        let mut listed = self.listed.lock().unwrap_or_else(PoisonError::into_inner);
        let names = listed
            .entry(dir.into())
            .or_insert_with(|| Arc::new(files.list(dir).unwrap_or_default().into_iter().collect()));
        names.clone()
    }
}

/// All files of variables below a folder, sorted; hidden ones, backups and other kinds of files are none.
fn files_below(dir: &Path, files: &dyn Files, found: &mut Vec<PathBuf>) {
    let mut names = files.list(dir).unwrap_or_default();
    names.sort();
    for name in names.iter().filter(|name| !name.starts_with('.') && !name.ends_with('~')) {
        let path = dir.join(name);
        let extension = Path::new(name)
            .extension()
            .map(|extension| format!(".{}", extension.to_string_lossy()))
            .unwrap_or_default();
        match files.is_dir(&path) {
            true if extension.is_empty() => files_below(&path, files, found),
            true => {}
            false if EXTENSIONS.contains(&extension.as_str()) => found.push(path),
            false => {}
        }
    }
}
