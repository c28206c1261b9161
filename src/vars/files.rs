//! `vars_files` of a play: files by name, and lists of which the first that is there counts. Names may be templates.
use super::PlayVars;
use super::scope::HostScope;
use crate::playbook::{is_template, search};
use lang::template::{Scope, Stop, render_text};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};
use value::{Diagnostic, Map, Value};

/// The map of one item: a file's name, or several of which the first that is there counts.
pub fn of_item(scope: &HostScope, play: &PlayVars, item: &Value) -> Result<Option<Arc<Map>>, Vec<Diagnostic>> {
    let candidates = item.as_list().unwrap_or(std::slice::from_ref(item));
    let loader = &scope.variables.loader;
    let mut missing = Vec::new();
    for candidate in candidates {
        let span = candidate.origin();
        let name = match name_of(scope, candidate) {
            Ok(name) => name,
            // What facts would tell is not known before they are gathered, and must not stop their gathering.
            Err(Stop::Pending(_)) => return Ok(None),
            // Nor is what a template needs that is set later.
            Err(stop) if is_undefined(&stop) && scope.view.vars.facts.is_empty() => {
                if scope.host.is_some() {
                    let warning = "skipping a vars_files item, whose name has an undefined variable";
                    scope.environment().warn(Diagnostic::warning("vars-files", warning).at(span));
                }
                return Ok(None);
            }
            Err(stop) => {
                let fault = stop.error().map(|error| error.to_diagnostic().at(error.span().or(span)));
                return fault.map_or(Ok(None), |fault| Err(vec![fault]));
            }
        };
        match find(scope, play, &name) {
            Some(path) => return loader.variables(&path, span).map(Some),
            None => missing.push((name, span)),
        }
    }
    // As ansible-core 2.19 has it, such a file does no harm; it goes by without a word there.
    if let Some((_, span)) = missing.first().filter(|_| scope.host.is_some()) {
        let names: Vec<_> = missing.iter().map(|(name, _)| format!("`{name}`")).collect();
        let message = match names.as_slice() {
            [name] => format!("there is no vars file {name}, and it is passed over"),
            _ => format!("there is none of the vars files {}, and they are passed over", names.join(", ")),
        };
        scope.environment().warn(Diagnostic::warning("vars-files", message).at(*span));
    }
    Ok(None)
}

/// Whether a name is a template.
pub fn hangs_on_variables(item: &Value) -> bool {
    let candidates = item.as_list().unwrap_or(std::slice::from_ref(item));
    !candidates.iter().all(|candidate| matches!(candidate, Value::Str(text) if !is_template(text)))
}

/// Every task of every host asks for the same few files: where one lies is looked for until it is there.
fn find(scope: &HostScope, play: &PlayVars, name: &str) -> Option<Arc<Path>> {
    let known = || play.found.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(path) = known().get(name) {
        return Some(path.clone());
    }
    let folders = play.folders.get_or_init(|| folders(scope, play));
    let files = &*scope.variables.loader.files;
    let path: Arc<Path> = search::first(search::within(folders, files, "vars", name), files).ok()?.into();
    known().insert(name.into(), path.clone());
    Some(path)
}

fn name_of(scope: &HostScope, candidate: &Value) -> Result<String, Stop> {
    match candidate {
        Value::Str(text) if !is_template(text) => Ok(text.to_string()),
        other => render_text(other, scope).map(|text| text.to_string()),
    }
}

fn is_undefined(stop: &Stop) -> bool {
    stop.error().is_some_and(|error| error.kind() == lang::template::Kind::Undefined)
}

/// Beside the playbook file that names them, and beside the one that was called.
fn folders(scope: &HostScope, play: &PlayVars) -> Vec<PathBuf> {
    let file = scope.variables.loader.path_of(play.play.span.source);
    let beside = file.and_then(|file| file.parent().map(PathBuf::from));
    beside.into_iter().chain([play.playbook_dir.clone()]).collect()
}
