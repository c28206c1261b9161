//! `deploy inventory`: the inventory as it is understood, in the forms of `ansible-inventory`.
use super::exit::{Exit, Refusal};
use super::hosts;
use super::options::InventoryCommand;
use super::session::Session;
use crate::inventory::{Show, for_json};
use indexmap::IndexSet;
use lang::yaml::write::{Layout, write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use value::{Diagnostic, Json, Value, json_text};

pub fn run(options: &InventoryCommand, session: &mut Session) -> Result<Exit, Refusal> {
    if [options.list, options.graph, options.host.is_some()].iter().filter(|asked| **asked).count() != 1 {
        let error = Diagnostic::error("options", "one of --list, --graph and --host says what to show");
        return Err(Refusal::options(error));
    }
    let mut hosts = hosts::load(&options.project.inventory, session)?;
    let named = options.playbook_dir.clone().or(session.config.playbook_dir.clone());
    if named.is_some() || !options.export {
        let dir = named.clone().unwrap_or_else(|| PathBuf::from("."));
        hosts.inventory.add_playbook_dir(&session.files.absolute(Path::new(""), &dir.to_string_lossy()));
    }
    let only = hosts.limit(&options.project.limit, session)?.map(IndexSet::from_iter);
    let extra = crate::vars::extra_vars(&options.project.extra_vars, &session.loader).map_err(Refusal::parser)?;
    let one = options.host.as_deref().map(|name| the_host(name, &mut hosts, session)).transpose()?;
    let loader = session.loader.clone();
    let show = Show {
        inventory: &hosts.inventory,
        loader: &loader,
        export: options.export,
        playbook_vars: named.is_some(),
        extra: Arc::new(extra),
    };
    let text = match one {
        Some(host) => structured(&show.host(host).map_err(Refusal::parser)?.into(), false, options)?,
        None if options.graph => graph(&show, options)?,
        None if options.yaml => yaml(&show.nested(only.as_ref()).map_err(Refusal::parser)?)?,
        None => structured(&show.list(only.as_ref()).map_err(Refusal::parser)?, true, options)?,
    };
    put(&text, options, session)
}

fn the_host(name: &str, hosts: &mut hosts::Hosts, session: &mut Session) -> Result<u32, Refusal> {
    let found = hosts.matching(&[name.to_string()], session)?;
    match found.as_slice() {
        [host] => Ok(*host),
        _ => {
            let error =
                Diagnostic::error("options", format!("--host wants one host, and {} match `{name}`", found.len()));
            Err(Refusal::options(error))
        }
    }
}

fn graph(show: &Show, options: &InventoryCommand) -> Result<String, Refusal> {
    let group = options.pattern.as_deref().unwrap_or("all");
    if show.inventory.group(group).is_none() {
        let near = value::spec::nearest(group, show.inventory.group_names());
        let error = Diagnostic::error("options", format!("--graph wants a group, and `{group}` is none"));
        let help = near.map(|near| format!("did you mean `{near}`?"));
        return Err(Refusal::options(Diagnostic { help, ..error }));
    }
    show.graph(group, options.vars).map_err(Refusal::parser)
}

fn structured(value: &Value, mark_unsafe: bool, options: &InventoryCommand) -> Result<String, Refusal> {
    match options.yaml {
        true => yaml(value),
        false => Ok(json_text(&for_json(value, mark_unsafe), Json::NICE)),
    }
}

fn yaml(value: &Value) -> Result<String, Refusal> {
    let layout = Layout { flow: Some(false), ..Layout::default() };
    write(value, &layout).map_err(|problem| Refusal::error(Diagnostic::error("inventory", problem.0)))
}

fn put(text: &str, options: &InventoryCommand, session: &mut Session) -> Result<Exit, Refusal> {
    match &options.to_file {
        None => session.screen.print(text.strip_suffix('\n').unwrap_or(text), None),
        Some(path) => std::fs::write(path, text).map_err(|error| {
            Refusal::error(Diagnostic::error("output", format!("{} could not be written: {error}", path.display())))
        })?,
    }
    Ok(Exit::Success)
}
