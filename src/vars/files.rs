//! `vars_files` of a play: files by name, and lists of which the first that is there counts. Names may be templates.
use super::scope::HostScope;
use super::{PlayVars, Variables};
use crate::playbook::{is_template, search};
use lang::template::{Stop, render_text};
use std::path::PathBuf;
use std::sync::Arc;
use value::{Diagnostic, Map, Value};

/// The files' maps in their order.
pub fn of_play(scope: &HostScope, play: &PlayVars) -> Result<Vec<Arc<Map>>, Vec<Diagnostic>> {
    let mut maps = Vec::new();
    for item in &play.play.vars_files {
        let candidates = item.as_list().unwrap_or(std::slice::from_ref(item));
        maps.extend(first_found(scope, play, candidates)?);
    }
    Ok(maps)
}

fn first_found(scope: &HostScope, play: &PlayVars, candidates: &[Value]) -> Result<Option<Arc<Map>>, Vec<Diagnostic>> {
    let loader = &scope.variables.loader;
    let mut missing = Vec::new();
    for candidate in candidates {
        let span = Variables::origin(candidate);
        let name = match name_of(scope, candidate) {
            Ok(name) => name,
            // What facts would tell is not known before they are gathered, and must not stop their gathering.
            Err(Stop::Pending(_)) => return Ok(None),
            Err(stop) => {
                let fault = stop.error().map(|error| error.to_diagnostic().at(error.span().or(span)));
                let before_facts = is_undefined(&stop) && scope.view.vars.facts.is_empty();
                match fault {
                    Some(_) if before_facts || candidates.len() > 1 => continue,
                    Some(fault) => return Err(vec![fault]),
                    None => return Ok(None),
                }
            }
        };
        match search::find(&folders(scope, play), &*loader.files, "vars", &name) {
            Ok(path) => return loader.variables(&path, span).map(Some),
            Err(_) => missing.push((name, span)),
        }
    }
    // Before there are hosts, a file that is not there does no harm.
    let Some((name, span)) = missing.first().filter(|_| scope.host.is_some()) else { return Ok(None) };
    let names: Vec<&str> = missing.iter().map(|(name, _)| name.as_str()).collect();
    let message = match names.as_slice() {
        [_] => format!("there is no vars file `{name}`"),
        _ => format!("there is none of the vars files {}", names.join(", ")),
    };
    Err(vec![Diagnostic::error("file-missing", message).at(*span)])
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
