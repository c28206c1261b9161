//! `deploy doc`: a list of all modules, or the pages of some.
use super::exit::{Exit, Refusal};
use super::options::DocCommand;
use super::reference::{self, Entry, page};
use crate::playbook::names;
use crate::report::Screen;
use std::io::IsTerminal;
use value::{Diagnostic, Json, Value, json_text};

pub fn run(options: &DocCommand, screen: &mut Screen) -> Result<Exit, Refusal> {
    // A pipe has no width.
    let columns = if std::io::stdout().is_terminal() { screen.columns() } else { usize::MAX };
    let text = match (options.modules.is_empty() || options.list, options.json) {
        (true, true) => list_as_json(),
        (true, false) => list(columns),
        (false, json) => pages(&options.modules, json, columns)?,
    };
    screen.print(text.trim_end(), None);
    Ok(Exit::Success)
}

fn list(columns: usize) -> String {
    let width = reference::entries().iter().map(|entry| entry.full_name().len()).max().unwrap_or(0);
    let line = |entry: &Entry| {
        let line = format!("{:width$}  {}", entry.full_name(), entry.summary());
        let cut: String = line.chars().take(columns.saturating_sub(1)).collect();
        if cut.len() < line.len() { format!("{}…\n", cut.trim_end()) } else { line + "\n" }
    };
    reference::entries().iter().map(line).collect()
}

fn list_as_json() -> String {
    let entries = reference::entries().iter().map(|entry| (entry.full_name(), entry.summary()));
    json_text(&Value::map(entries), Json::NICE)
}

fn pages(words: &[String], json: bool, columns: usize) -> Result<String, Refusal> {
    let mut entries = Vec::new();
    for word in words {
        entries.push(reference::find(word).ok_or_else(|| unknown(word))?);
    }
    if json {
        let pages = entries.iter().map(|entry| (entry.full_name(), page::data(entry)));
        return Ok(json_text(&Value::map(pages), Json { sort_keys: false, ..Json::NICE }));
    }
    Ok(entries.iter().map(|entry| page::text(entry, columns)).collect::<Vec<_>>().join("\n\n"))
}

fn unknown(word: &str) -> Refusal {
    if let Some(full) = names::module(word, &[]) {
        let error = Diagnostic::error("doc", format!("deploy has no module {full} yet"));
        return Refusal::error(error.help("Ansible knows it; a task that uses it fails when a host reaches it"));
    }
    let ours = reference::entries().iter().flat_map(|entry| entry.aliases.iter().copied().chain([entry.name]));
    let near = value::spec::nearest(word, ours).map(|near| format!("did you mean `{near}`?"));
    let error = Diagnostic::error("doc", format!("there is no module `{word}`"));
    Refusal::error(Diagnostic { help: Some(near.unwrap_or_else(|| "`deploy doc` lists all modules".into())), ..error })
}
