//! Finds the controller's files for a task's action.
use super::Halt;
use super::begin::Asking;
use crate::playbook::search::{self, Search};
use std::path::{Path, PathBuf};
use value::Span;

/// Where the task's files are looked for.
pub fn of(asking: &Asking) -> Search {
    let world = asking.world;
    Search::of(asking.task(), world.sources, world.files, world.playbook_dir)
}

/// The file of that name for a task, `kind` being `files`, `templates` or `vars`.
pub fn find(asking: &Asking, kind: &str, name: &str, span: Option<Span>) -> Result<PathBuf, Halt> {
    asking.may_read()?;
    let files = asking.world.files;
    let places = of(asking).places(files, kind, name);
    search::first(places, files).map_err(|places| not_found(name, &places).at(span))
}

/// Ansible's words, with every place where it was looked for.
pub fn not_found(name: &str, candidates: &[PathBuf]) -> Halt {
    let places: Vec<_> = candidates.iter().map(|path| format!("\t{}", path.display())).collect();
    Halt::refused(format!(
        "Could not find or access '{name}'\nSearched in:\n{} on the Ansible Controller.\nIf you are using a module and expect the file \
         to exist on the remote, see the remote_src option",
        places.join("\n")
    ))
}

/// Folders in which templates that a template includes are looked for: where the task's are, and last beside the template itself.
pub fn template_folders(asking: &Asking, template: &Path) -> Vec<PathBuf> {
    let mut folders = Vec::new();
    for candidate in of(asking).places(asking.world.files, "templates", "x") {
        folders.extend(candidate.parent().map(Path::to_path_buf));
    }
    folders.extend(template.parent().map(|folder| folder.join("templates")));
    folders.extend(template.parent().map(Path::to_path_buf));
    let mut seen = Vec::new();
    folders.retain(|folder| {
        let new = !seen.contains(folder);
        if new {
            seen.push(folder.clone());
        }
        new
    });
    folders
}
