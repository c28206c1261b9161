//! Where a task's files are looked for: `src` of `copy`, a template, a lookup's file, the tasks of an include.
use super::model::{Role, Task};
use crate::world::files::Files;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use value::SourceMap;

/// The folders that belong to a task.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// From the nearest role to the outermost.
    roles: Vec<PathBuf>,
    own: Option<PathBuf>,
    playbook_dir: PathBuf,
}

impl Search {
    pub fn of(task: &Task, sources: &SourceMap, files: &dyn Files, playbook_dir: &Path) -> Self {
        let mut roles: Vec<PathBuf> = Vec::new();
        for role in task.frame.chain().filter_map(|frame| frame.role.as_ref()) {
            add(&mut roles, role.path.clone());
        }
        let file = sources.get(task.span.source);
        let own =
            file.and_then(|file| Path::new(&file.name).parent().map(|folder| folder.to_string_lossy().into_owned()));
        let own = own.map(|folder| files.absolute(Path::new(""), &folder));
        Self { roles, own, playbook_dir: playbook_dir.to_path_buf() }
    }

    /// Without any task.
    pub fn beside(playbook_dir: &Path) -> Self {
        Self { playbook_dir: playbook_dir.to_path_buf(), ..Self::default() }
    }

    /// Where the file stands in which the task is written.
    pub fn own(&self) -> Option<&Path> {
        self.own.as_deref()
    }

    /// All of them in their order (`ansible_search_path`).
    pub fn folders(&self) -> Vec<PathBuf> {
        let mut folders = Vec::new();
        self.all().into_iter().for_each(|folder| add(&mut folders, folder));
        folders
    }

    /// As they are searched: the playbook's comes last, even where it was there before.
    fn all(&self) -> Vec<PathBuf> {
        self.roles.iter().chain(&self.own).chain([&self.playbook_dir]).cloned().collect()
    }

    /// All places where an action's file may be: `kind` is `files`, `templates`, `vars`, or nothing.
    pub fn places(&self, files: &dyn Files, kind: &str, name: &str) -> Vec<PathBuf> {
        within(&self.all(), files, kind, name)
    }

    /// The same for a lookup. In a role whose tasks stand in a folder below `tasks`, that one is among them.
    pub fn places_of_lookup(&self, files: &dyn Files, kind: &str, name: &str) -> Vec<PathBuf> {
        let mut folders = self.all();
        let above = self.own.as_deref().and_then(Path::parent).filter(|above| above.ends_with("tasks"));
        let Some(above) = above.filter(|_| !self.roles.is_empty()) else { return within(&folders, files, kind, name) };
        let at = self.roles.len();
        let behind = folders.split_off(at);
        let mut places = within(&folders, files, kind, name);
        places.push(files.absolute(above, name));
        places.extend(within(&behind, files, kind, name));
        places
    }

    /// The places of a file of tasks that a host includes: first where the role keeps them, then beside the file that includes it.
    pub fn places_of_tasks(&self, files: &dyn Files, name: &str) -> Vec<PathBuf> {
        let own = self.own.as_deref();
        let Some((role, around)) = self.roles.split_first() else {
            let folders = own.into_iter().chain([self.playbook_dir.as_path()]);
            return each(folders.map(Path::to_path_buf), files, name);
        };
        let in_handlers = own.is_some_and(|own| own.starts_with(role.join("handlers")));
        let kind = if in_handlers { "handlers" } else { "tasks" };
        let mut folders = vec![role.join(kind), role.clone(), role.join("tasks")];
        for folder in [self.playbook_dir.as_path()].into_iter().chain(own) {
            folders.extend([folder.join(kind), folder.to_path_buf()]);
        }
        for role in around {
            folders.extend([role.join(kind), role.clone(), role.join("tasks")]);
        }
        each(folders, files, name)
    }
}

/// The places of a file of tasks that is imported, from a file in `own`.
pub fn places_of_import(
    own: &Path,
    role: Option<&Arc<Role>>,
    playbook_dir: &Path,
    kind: &str,
    files: &dyn Files,
    name: &str,
) -> Vec<PathBuf> {
    let role = role.map(|role| role.path.as_path());
    let mut folders = vec![own.to_path_buf()];
    folders.extend(role.into_iter().flat_map(|role| [role.join(kind), role.join("tasks"), role.to_path_buf()]));
    folders.extend([playbook_dir.join(kind), playbook_dir.to_path_buf()]);
    let mut places = Vec::new();
    each(folders, files, name).into_iter().for_each(|place| add(&mut places, place));
    places
}

/// The first of the places that is there; or all, for the message that says where nothing was.
pub fn first(places: Vec<PathBuf>, files: &dyn Files) -> Result<PathBuf, Vec<PathBuf>> {
    let found = places.iter().find(|path| files.kind(path).is_some()).cloned();
    found.ok_or(places)
}

/// In each folder, first in its subfolder of that kind; a name that begins with the subfolder means it already.
pub fn within(folders: &[PathBuf], files: &dyn Files, kind: &str, name: &str) -> Vec<PathBuf> {
    let names_kind = kind.is_empty() || name.split('/').next() == Some(kind);
    let below = |folder: &PathBuf| (!names_kind).then(|| folder.join(kind)).into_iter().chain([folder.clone()]);
    each(folders.iter().flat_map(below), files, name)
}

/// The name in each folder; once, where it needs none of them.
fn each(folders: impl IntoIterator<Item = PathBuf>, files: &dyn Files, name: &str) -> Vec<PathBuf> {
    if name.starts_with(['/', '~']) {
        return vec![files.absolute(Path::new("/"), name)];
    }
    folders.into_iter().map(|folder| files.absolute(&folder, name)).collect()
}

fn add(list: &mut Vec<PathBuf>, path: PathBuf) {
    if !list.contains(&path) {
        list.push(path);
    }
}
