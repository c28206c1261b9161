//! The names by which a template file knows of itself, whether the module `template` writes it or the lookup evaluates it.
use super::world::Surroundings;
use std::path::Path;
use value::Value;

/// What a template knows of itself. The lookup's has no destination.
pub fn template_names(
    surroundings: &dyn Surroundings,
    asked: &str,
    path: &Path,
    dest: Option<&str>,
) -> Vec<(String, Value)> {
    let mut names = vec![
        ("template_host".to_string(), Value::from(surroundings.host_name())),
        ("template_path".into(), asked.into()),
        ("template_fullpath".into(), path.display().to_string().into()),
        ("template_destpath".into(), dest.into()),
        ("template_run_date".into(), Value::DateTime(surroundings.local_time(surroundings.now()))),
    ];
    if let Some(state) = surroundings.file_state(path) {
        names.push(("template_uid".into(), surroundings.user_name(state.uid).into()));
        names.push(("template_mtime".into(), Value::DateTime(surroundings.local_time(state.modified))));
    }
    names
}
