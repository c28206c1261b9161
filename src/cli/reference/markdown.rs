//! The same pages for docs/reference, and the command line's own page.
use super::page::{examples, facts, is_public, notes, rules};
use super::{Entry, paragraphs};
use crate::cli::exit::EXIT_CODES;
use value::spec::Spec;

const GENERATED: &str = "<!-- Generated from the code by `scripts/reference`; changes here are lost. -->\n\n";

/// docs/reference/modules.md: all modules with a line each.
pub fn index() -> String {
    let mut out = format!("{GENERATED}# Modules\n\n| module | what it does |\n|---|---|\n");
    for entry in super::entries() {
        out += &format!("| [{}](modules/{}.md) | {} |\n", entry.full_name(), entry.name, cell(&entry.summary()));
    }
    out
}

/// docs/reference/modules/NAME.md
pub fn module(entry: &Entry) -> String {
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
pub fn commands(command: clap::Command) -> String {
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
