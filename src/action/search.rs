//! Where the controller's files are looked for: the role's own folders, those of the roles around it, the task's, the playbook's.
use super::Halt;
use super::begin::Asking;
use crate::world::files::normal;
use std::path::{Path, PathBuf};
use value::Span;

/// The file of that name for a task, `folder` being `files`, `templates`, `vars` or `tasks`.
pub fn find(asking: &Asking, folder: &str, name: &str, span: Option<Span>) -> Result<PathBuf, Halt> {
    asking.may_read()?;
    let candidates = candidates(asking, folder, name);
    match candidates.iter().find(|path| asking.world.files.kind(path).is_some()) {
        Some(found) => Ok(found.clone()),
        None => Err(not_found(name, &candidates).at(span)),
    }
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

pub fn candidates(asking: &Asking, folder: &str, name: &str) -> Vec<PathBuf> {
    if let Some(rest) = name.strip_prefix('~') {
        let home = asking.world.surroundings.home();
        return vec![home.join(rest.trim_start_matches('/'))];
    }
    if name.starts_with('/') {
        return vec![normal(Path::new(name))];
    }
    // `src: templates/x` means the folder already.
    let named = Path::new(name).components().any(|part| part.as_os_str() == folder);
    let mut found = Vec::new();
    let mut add = |base: &Path| {
        if !named {
            found.push(normal(&base.join(folder).join(name)));
        }
        found.push(normal(&base.join(name)));
    };
    let roles = roles(asking);
    roles.iter().copied().for_each(&mut add);
    roles.iter().map(|role| role.join("tasks")).for_each(|tasks| add(&tasks));
    if let Some(folder) = task_folder(asking) {
        add(&folder);
    }
    add(asking.world.playbook_dir);
    found
}

/// From the nearest role to the outermost.
fn roles<'q>(asking: &Asking<'q>) -> Vec<&'q Path> {
    let mut roles: Vec<&Path> = Vec::new();
    for role in asking.task().frame.chain().filter_map(|frame| frame.role.as_ref()) {
        if !roles.contains(&role.path.as_path()) {
            roles.push(&role.path);
        }
    }
    roles
}

/// Folders in which templates that a template includes are looked for: where the task's are, and last beside the template itself.
pub fn template_folders(asking: &Asking, template: &Path) -> Vec<PathBuf> {
    let mut folders = Vec::new();
    for candidate in candidates(asking, "templates", "x") {
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

/// The folder of the file in which the task stands.
pub fn task_folder(asking: &Asking) -> Option<PathBuf> {
    let source = asking.world.sources.get(asking.task().span.source)?;
    let folder = Path::new(&source.name).parent()?;
    Some(normal(&asking.world.files.current_dir().join(folder)))
}
