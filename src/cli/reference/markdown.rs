//! The same pages for docs/reference, and the command line's own page.
use super::page::{examples, facts, is_public, notes, rules};
use super::{Entry, paragraphs};
use crate::cli::exit::EXIT_CODES;
use crate::cli::options::Deploy;
use crate::config::table::ROWS;
use clap::CommandFactory;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use value::spec::Spec;

const GENERATED: &str = "<!-- Generated from the code by `scripts/reference`; changes here are lost. -->\n\n";

/// Every page by its path below docs/reference.
fn pages() -> BTreeMap<String, String> {
    let mut pages = BTreeMap::from([
        ("README.md".to_string(), front()),
        ("commands.md".into(), commands(Deploy::command())),
        ("modules.md".into(), index()),
        ("settings.md".into(), settings()),
        ("templates.md".into(), templates()),
    ]);
    pages.extend(super::entries().iter().map(|entry| (format!("modules/{}.md", entry.name), module(entry))));
    pages
}

fn front() -> String {
    format!(
        "{GENERATED}# Reference\n\n\
        - [Commands](commands.md): options and exit codes\n\
        - [Modules](modules.md): what tasks can do, {} of them\n\
        - [Templates](templates.md): filters, tests and lookups\n\
        - [Settings](settings.md): what `ansible.cfg` and the environment may say\n",
        super::entries().len()
    )
}

/// docs/reference/templates.md
fn templates() -> String {
    let list = |names: BTreeSet<&str>| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let filters: BTreeSet<_> = lang::template::filters::all().map(|entry| entry.name).collect();
    let tests: BTreeSet<_> = lang::template::tests::all().map(|entry| entry.name).collect();
    let lookups: BTreeSet<_> = lang::template::lookup_names().collect();
    format!(
        "{GENERATED}# Templates\n\nNames that Ansible and Jinja know, with their meaning there. Those without a dot may also be written \
        with `ansible.builtin.` before them.\n\n## Filters ({})\n\n{}\n\n## Tests ({})\n\n{}\n\n## Lookups ({})\n\n{}\n",
        filters.len(),
        list(filters.clone()),
        tests.len(),
        list(tests.clone()),
        lookups.len(),
        list(lookups.clone())
    )
}

/// docs/reference/settings.md
fn settings() -> String {
    let mut out = format!(
        "{GENERATED}# Settings\n\nFrom the first of the file that `ANSIBLE_CONFIG` names, `ansible.cfg`, `~/.ansible.cfg` and \
        `/etc/ansible/ansible.cfg`. A variable of the environment stands over the file, and an option of the command line over both. \
        Keys that are not in this table are passed over.\n\n\
        | section and key | variable | default | meaning |\n|---|---|---|---|\n"
    );
    for row in ROWS {
        let keys: Vec<_> = row.keys.iter().rev().map(|(section, key)| format!("`[{section}] {key}`")).collect();
        let missing = if row.missing.is_some() { "Not here yet; a warning says so where it matters. " } else { "" };
        let (keys, variables) = (keys.join(", "), row.variables.join(", "));
        out +=
            &format!("| {keys} | `{variables}` | {} | {missing}{} |\n", cell(&row.kind.to_string()), cell(row.about));
    }
    out
}

/// docs/reference/modules.md: all modules with a line each.
fn index() -> String {
    let mut out = format!("{GENERATED}# Modules\n\n| module | what it does |\n|---|---|\n");
    for entry in super::entries() {
        out += &format!("| [{}](modules/{}.md) | {} |\n", entry.full_name(), entry.name, cell(&entry.summary()));
    }
    out
}

/// docs/reference/modules/NAME.md
fn module(entry: &Entry) -> String {
    let mut out = format!("{GENERATED}# {}\n", entry.full_name());
    if !entry.aliases.is_empty() {
        out += &format!(
            "\nAlso called {}.\n",
            entry.aliases.iter().map(|alias| format!("`{alias}`")).collect::<Vec<_>>().join(", ")
        );
    }
    for paragraph in entry.description().into_iter().chain(notes(entry)) {
        out += &format!("\n{paragraph}\n");
    }
    if let Some(spec) = entry.spec.filter(|spec| spec.args.iter().any(is_public)) {
        out += "\n## Arguments\n\n| argument | type, default, choices | meaning |\n|---|---|---|\n";
        out += &rows(&spec, "");
        let rules = rules(&spec);
        if !rules.is_empty() {
            out += "\n";
            out.extend(rules.iter().map(|rule| format!("- {rule}\n")));
        }
    }
    if !entry.examples.is_empty() {
        out += &format!("\n## Examples\n\n```yaml\n{}```\n", examples(entry));
    }
    out
}

fn rows(spec: &Spec, path: &str) -> String {
    let mut out = String::new();
    for arg in spec.args.iter().filter(|arg| is_public(arg)) {
        let name = format!("{path}{}", arg.name);
        let meaning = paragraphs(arg.doc).join("<br>");
        out += &format!("| `{name}` | {} | {} |\n", cell(&facts(arg).join(", ")), cell(&meaning));
        if let Some(options) = arg.options {
            out += &rows(options, &format!("{name}."));
        }
    }
    out
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

/// docs/reference/commands.md: every command with its help, and the exit codes.
fn commands(command: clap::Command) -> String {
    let mut out = format!("{GENERATED}# Commands\n");
    out += "\nCalled through a link named `ansible-playbook`, `ansible` or `ansible-inventory`, the program behaves as that command.\n";
    let mut command = command.term_width(100);
    command.build();
    section(&mut command, &mut out);
    let subcommands: Vec<_> = command.get_subcommands().filter(|sub| sub.get_name() != "help").cloned().collect();
    for mut sub in subcommands {
        section(&mut sub, &mut out);
    }
    out += "\n## Exit codes\n\n| code | meaning |\n|---|---|\n";
    out.extend(EXIT_CODES.iter().map(|(code, meaning)| format!("| {code} | {meaning} |\n")));
    out
}

fn section(command: &mut clap::Command, out: &mut String) {
    let name = command.get_bin_name().unwrap_or(command.get_name()).to_string();
    let help = command.render_long_help().to_string();
    let lines: Vec<&str> = help.lines().map(str::trim_end).collect();
    *out += &format!("\n## {name}\n\n```text\n{}\n```\n", lines.join("\n").trim_end());
}

const WRITE: &str = "DEPLOY_WRITE_REFERENCE";

#[test]
fn the_reference_is_what_the_code_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference");
    let pages = pages();
    if std::env::var_os(WRITE).is_some() {
        return write(&root, &pages);
    }
    let stale: Vec<_> = pages
        .iter()
        .filter(|(path, text)| std::fs::read_to_string(root.join(path)).ok().as_ref() != Some(*text))
        .map(|(path, _)| path)
        .collect();
    assert!(stale.is_empty(), "docs/reference is behind the code, run scripts/reference: {stale:?}");
    let known = std::fs::read_dir(root.join("modules")).unwrap();
    let names = known.map(|entry| format!("modules/{}", entry.unwrap().file_name().to_string_lossy()));
    let gone: Vec<_> = names.filter(|name| !pages.contains_key(name)).collect();
    assert!(gone.is_empty(), "pages of modules that are gone, run scripts/reference: {gone:?}");
}

fn write(root: &Path, pages: &BTreeMap<String, String>) {
    let modules = root.join("modules");
    let _ = std::fs::remove_dir_all(&modules);
    std::fs::create_dir_all(&modules).unwrap();
    for (path, text) in pages {
        std::fs::write(root.join(path), text).unwrap();
    }
}
