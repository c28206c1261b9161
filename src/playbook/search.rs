//! Where a task's files are looked for: `src` of `copy`, a template, a lookup's file.
use super::model::{Frame, Task};
use crate::world::files::Files;
use crate::world::loader::Loader;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The directories that belong to a task, in the order in which they are searched (`ansible_search_path`): its role and the roles
/// around it, where its file stands, the playbook's.
pub fn search_path(task: &Task, loader: &Loader, playbook_dir: &Path) -> Vec<PathBuf> {
    let mut path = role_paths(&task.frame);
    let file = loader.path_of(task.span.source);
    path.extend(file.and_then(|file| file.parent().map(Path::to_path_buf)));
    path.push(playbook_dir.to_path_buf());
    let mut seen = Vec::new();
    path.retain(|directory| {
        let new = !seen.contains(directory);
        seen.push(directory.clone());
        new
    });
    path
}

fn role_paths(frame: &Arc<Frame>) -> Vec<PathBuf> {
    frame.chain().filter_map(|frame| frame.role.as_ref()).map(|role| role.path.clone()).collect()
}

/// All places where a file may be: `subdir` is `files`, `templates`, `vars`, or nothing.
pub fn candidates(search_path: &[PathBuf], files: &dyn Files, subdir: &str, name: &str) -> Vec<PathBuf> {
    if name.starts_with(['/', '~']) {
        return vec![files.absolute(Path::new("/"), name)];
    }
    let names_subdir = name.split('/').next() == Some(subdir);
    let mut candidates = Vec::new();
    for directory in search_path {
        if !names_subdir && !subdir.is_empty() {
            candidates.push(files.absolute(&directory.join(subdir), name));
        }
        candidates.push(files.absolute(directory, name));
    }
    candidates
}

/// The first of the candidates that is there; or all, for the message that says where nothing was.
pub fn find(search_path: &[PathBuf], files: &dyn Files, subdir: &str, name: &str) -> Result<PathBuf, Vec<PathBuf>> {
    let candidates = candidates(search_path, files, subdir, name);
    let found = candidates.iter().find(|path| files.kind(path).is_some()).cloned();
    found.ok_or(candidates)
}
