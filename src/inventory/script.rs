//! Inventories that are programs: `--list` prints groups as JSON, `--host NAME` a host's variables where `_meta` has none.
use super::source::{Draft, LOOP_HELP};
use crate::world::loader::Loader;
use lang::yaml::{Node, parse_json};
use std::path::Path;
use value::{Diagnostic, Value};

pub fn read(program: &Path, loader: &Loader, draft: &mut Draft) -> Vec<Diagnostic> {
    let list = match run(program, &["--list"], loader) {
        Ok(list) => list,
        Err(error) => return vec![error],
    };
    let Some(groups) = list.as_mapping() else {
        return vec![Diagnostic::error(
            "inventory",
            format!("{} --list should print a JSON object", program.display()),
        )];
    };
    let mut errors = Vec::new();
    for (key, node) in groups {
        match key.as_str() {
            Some("_meta") | None => {}
            Some(name) => group(name, node, draft, &mut errors),
        }
    }
    match list.get("_meta").and_then(|meta| meta.get("hostvars")) {
        Some(hostvars) => {
            for (host, vars) in hostvars.as_mapping().unwrap_or_default() {
                host_vars(host.word().unwrap_or_default(), vars, draft);
            }
        }
        None => errors.extend(ask_each(program, loader, draft)),
    }
    errors
}

fn group(name: &str, node: &Node, draft: &mut Draft, errors: &mut Vec<Diagnostic>) {
    draft.group(name);
    let names = |node: Option<&Node>| -> Vec<(String, value::Span)> {
        let items = node.and_then(Node::as_sequence).unwrap_or_default();
        items.iter().filter_map(|item| Some((item.word()?.to_string(), item.span))).collect()
    };
    // The oldest form: a list of hosts and nothing else.
    let hosts = if node.as_sequence().is_some() { Some(node) } else { node.get("hosts") };
    for (host, span) in names(hosts) {
        draft.host(&host, name, span);
    }
    for (child, span) in names(node.get("children")) {
        draft.group(&child);
        if let Err(why) = draft.child(name, &child) {
            errors.push(Diagnostic::error("inventory", why).at(span).help(LOOP_HELP));
        }
    }
    for (key, value) in node.get("vars").and_then(Node::as_mapping).unwrap_or_default() {
        draft.group_var(name, key.word().unwrap_or_default(), value.to_value(true), key.span);
    }
}

fn host_vars(host: &str, vars: &Node, draft: &mut Draft) {
    for (key, value) in vars.as_mapping().unwrap_or_default() {
        let value: Value = value.to_value(true);
        draft.host_var(host, key.word().unwrap_or_default(), value, key.span);
    }
}

fn ask_each(program: &Path, loader: &Loader, draft: &mut Draft) -> Vec<Diagnostic> {
    let mut errors = Vec::new();
    for host in draft.host_names() {
        match run(program, &["--host", &host], loader) {
            Ok(vars) => host_vars(&host, &vars, draft),
            Err(error) => errors.push(error),
        }
    }
    errors
}

fn run(program: &Path, args: &[&str], loader: &Loader) -> Result<Node, Diagnostic> {
    let name = format!("{} {}", program.display(), args.join(" "));
    let refuse = |why: String| Diagnostic::error("inventory", format!("{name}: {why}"));
    let output = loader.files.run(program, args).map_err(|error| refuse(error.to_string()))?;
    if !output.success {
        return Err(refuse(format!("it failed: {}", output.stderr.trim())));
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let source = loader.sources.add(format!("<{name}>"), text.as_str());
    parse_json(&text, source).ok_or_else(|| refuse("it printed something else than JSON".into()))
}
