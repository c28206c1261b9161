//! The modules' reference, out of the tables that also check tasks: what `deploy doc` shows and what stands in docs/reference.
#[cfg(test)]
mod markdown;
pub mod page;

use crate::playbook::names;
use std::sync::LazyLock;
use target::module::Example;
use target::modules;
use value::spec::Spec;

/// Of what has no table of arguments: words that the engine itself understands.
const WITHOUT_TABLE: [(&str, &str); 12] = [
    ("add_host", "Adds a host, with its groups and variables, to the inventory of this run."),
    ("gather_facts", "Learns what a host is: what plays do before their first task."),
    ("group_by", "Puts hosts into groups whose names come from their variables."),
    ("include_tasks", "Runs the tasks of a file that is chosen while the play runs."),
    (
        "import_playbook",
        "Puts the plays of another playbook, whose path stands behind it, in its place before the first task runs.",
    ),
    (
        "import_role",
        "Puts a role in its place, known before the first task; `include_role` chooses one while the play runs.",
    ),
    (
        "import_tasks",
        "Puts the tasks of a file, whose path stands behind it, in its place before the first task runs; `include_tasks` chooses \
         one while the play runs.",
    ),
    ("meta", META),
    ("raw", "Runs a line in the login's shell, without our helper: for hosts where it cannot run."),
    ("script", "Sends a script of the controller to the host and runs it there."),
    ("set_fact", "Sets variables of a host, which later tasks see."),
    ("validate_argument_spec", "Checks variables against a table of arguments, as roles do before their first task."),
];

const META: &str = "Tells the engine to do something, by one of these words.

`flush_handlers`: run the handlers that were notified so far, now.

`end_play`, `end_batch`: end the play, or this batch of it, for all hosts, without a failure.

`end_host`, `end_role`: end the play, or the role, for this host.

`clear_facts`: forget what was learned of the hosts.

`clear_host_errors`: let hosts go on that were unreachable or failed.

`refresh_inventory`: read the inventory again.

`reset_connection`: log in anew before the next task.

`noop`: nothing.";

/// What is replaced while playbooks are read, so that no action runs it.
const IMPORTS: [&str; 3] = ["import_playbook", "import_role", "import_tasks"];

/// One module as a reader wants it.
#[derive(Clone, Copy)]
pub struct Entry {
    /// Its short name.
    pub name: &'static str,
    /// Where the name lives: `ansible.builtin`.
    pub collection: &'static str,
    /// Other short names for it.
    pub aliases: &'static [&'static str],
    pub spec: Option<Spec<'static>>,
    pub examples: &'static [Example],
    /// Acts on every run.
    pub repeats: bool,
    /// Works on the controller alone; nothing happens on the host.
    pub controller: bool,
}

static ENTRIES: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    let mut entries: Vec<Entry> = modules::ALL.iter().map(|module| of_host(module.info().name)).collect();
    for name in crate::action::action_names() {
        if modules::find(name).is_none() && names::module(name, &[]).is_some() {
            entries.push(of_controller(name));
        }
    }
    entries.extend(IMPORTS.iter().map(|name| Entry { spec: of_import(name), ..of_controller(name) }));
    entries.sort_by_key(|entry| entry.name);
    entries.dedup_by_key(|entry| entry.name);
    entries
});

/// All modules, sorted by name.
pub fn entries() -> &'static [Entry] {
    &ENTRIES
}

/// By its short name, one of its other names, or the name with its collection.
pub fn find(name: &str) -> Option<&'static Entry> {
    let full = names::module(name, &[]).unwrap_or_else(|| name.to_string());
    let short = full.rsplit('.').next().unwrap_or(name);
    let written = name.rsplit('.').next().unwrap_or(name);
    entries()
        .iter()
        .find(|entry| [short, written].iter().any(|word| entry.name == *word || entry.aliases.contains(word)))
}

impl Entry {
    pub fn full_name(&self) -> String {
        format!("{}.{}", self.collection, self.name)
    }

    /// What it does, in paragraphs.
    pub fn description(&self) -> Vec<String> {
        let without_table = || WITHOUT_TABLE.iter().find(|(name, _)| *name == self.name).map_or("", |(_, words)| words);
        let own = self.spec.map_or("", |spec| spec.doc);
        paragraphs(if own.trim().is_empty() { without_table() } else { own })
    }

    /// The first sentence of its documentation.
    pub fn summary(&self) -> String {
        let first = self.description().into_iter().next().unwrap_or_default();
        match first.find(". ") {
            Some(end) => first[..end].to_string(),
            None => first.trim_end_matches('.').to_string(),
        }
    }
}

fn of_host(name: &'static str) -> Entry {
    let module = modules::find(name);
    let info = module.map(|module| module.info());
    Entry {
        name,
        collection: info.map_or(names::BUILTIN, |info| info.collection),
        aliases: info.map_or(&[], |info| info.aliases),
        spec: crate::action::spec_of(name),
        examples: module.map_or(&[], |module| module.examples()),
        repeats: info.is_some_and(|info| info.repeats),
        controller: false,
    }
}

fn of_controller(name: &'static str) -> Entry {
    Entry {
        name,
        collection: names::BUILTIN,
        aliases: &[],
        spec: crate::action::spec_of(name),
        examples: &[],
        repeats: false,
        controller: true,
    }
}

/// A role is imported with what it is included with; but what it brings cannot be changed by `apply`.
fn of_import(name: &str) -> Option<Spec<'static>> {
    let spec = crate::action::spec_of("include_role").filter(|_| name == "import_role")?;
    let args: Vec<_> = spec.args.iter().filter(|arg| arg.name != "apply").copied().collect();
    // Once for the program.
    Some(Spec { doc: "", args: args.leak(), ..spec })
}

/// Documentation comments as paragraphs: lines are joined, empty ones part them.
pub fn paragraphs(doc: &str) -> Vec<String> {
    let mut all = vec![String::new()];
    for line in doc.lines().map(str::trim) {
        let last = all.len() - 1;
        if line.is_empty() {
            all.push(String::new());
        } else if all[last].is_empty() {
            all[last].push_str(line);
        } else {
            all[last].push(' ');
            all[last].push_str(line);
        }
    }
    all.retain(|paragraph| !paragraph.is_empty());
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_module_has_a_page() {
        assert!(entries().len() > 20, "{}", entries().len());
        for entry in entries() {
            assert!(!entry.summary().is_empty(), "{} has no documentation", entry.name);
            assert_eq!(find(&entry.full_name()).map(|found| found.name), Some(entry.name));
        }
        assert!(find("no_such_module").is_none());
    }

    #[test]
    fn every_word_of_meta_is_told() {
        let missing: Vec<_> = crate::action::meta_words().filter(|word| !META.contains(&format!("`{word}`"))).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn lines_become_paragraphs() {
        assert_eq!(paragraphs(" One\n line.\n\n Two.\n"), ["One line.", "Two."]);
    }
}
