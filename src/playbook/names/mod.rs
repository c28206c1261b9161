//! The names that Ansible knows: which module a task means, and which lookup a `with_` means. The list beside this file is
//! recorded from the `ansible` package by `record.py`.
use std::collections::HashMap;
use std::sync::LazyLock;
use value::spec::nearest;

const RECORDED: &str = include_str!("names.txt");
pub const BUILTIN: &str = "ansible.builtin";
const LEGACY: &str = "ansible.legacy";

struct Names {
    /// By kind and collection, the names one after the other.
    known: HashMap<(&'static str, &'static str), &'static str>,
    /// By kind and the collection that they leave: where to, and the names.
    moved: HashMap<(&'static str, &'static str), Vec<(&'static str, &'static str)>>,
}

static NAMES: LazyLock<Names> = LazyLock::new(|| {
    let mut names = Names { known: HashMap::new(), moved: HashMap::new() };
    for line in RECORDED.lines() {
        let Some((head, list)) = line.split_once(": ") else { continue };
        match head.split(' ').collect::<Vec<_>>().as_slice() {
            ["redirect", from, to] => names.moved.entry(("module", from)).or_default().push((to, list)),
            ["redirect-lookup", from, to] => names.moved.entry(("lookup", from)).or_default().push((to, list)),
            [kind, collection] => drop(names.known.insert((kind, collection), list)),
            _ => {}
        }
    }
    names
});

/// The full name of a module: `copy` is `ansible.builtin.copy`, `docker_container` is `community.docker.docker_container`.
/// `collections` are searched first for a name without dots. None: Ansible does not know it.
pub fn module(written: &str, collections: &[String]) -> Option<String> {
    let (collection, name) = split(written);
    if !written.contains('.')
        && let Some(found) = collections.iter().find(|collection| is_known("module", collection, name))
    {
        return Some(format!("{}.{name}", if found == LEGACY { BUILTIN } else { found }));
    }
    follow("module", collection, name)
}

/// Whether a lookup of this name is known, short or with its collection.
pub fn is_lookup(written: &str) -> bool {
    let (collection, name) = split(written);
    follow("lookup", collection, name).is_some()
}

/// The nearest module that somebody may have meant; of our own collections' names when the word has no dot.
pub fn nearest_module(written: &str) -> Option<String> {
    let (collection, name) = split(written);
    let list = NAMES.known.get(&("module", collection))?;
    let near = nearest(name, list.split(' '))?;
    Some(if collection == BUILTIN { near.to_string() } else { format!("{collection}.{near}") })
}

fn split(written: &str) -> (&str, &str) {
    match written.rsplit_once('.') {
        None | Some((LEGACY, _)) => (BUILTIN, written.rsplit('.').next().unwrap_or(written)),
        Some((collection, name)) => (collection, name),
    }
}

fn is_known(kind: &str, collection: &str, name: &str) -> bool {
    NAMES.known.get(&(kind, collection)).is_some_and(|list| list.split(' ').any(|known| known == name))
}

/// Through the redirects, which may lead on.
fn follow(kind: &'static str, collection: &str, name: &str) -> Option<String> {
    let (mut collection, mut name) = (collection, name);
    for _ in 0..8 {
        if is_known(kind, collection, name) {
            return Some(format!("{collection}.{name}"));
        }
        let moved = NAMES.moved.get(&(kind, collection))?;
        (collection, name) = moved.iter().find_map(|(to, list)| {
            let entry = list.split(' ').find(|entry| entry.split('=').next() == Some(name))?;
            Some((*to, entry.split('=').next_back().unwrap_or(entry)))
        })?;
    }
    None
}

/// Variables that Ansible itself gives every host, in a play or not.
pub const MAGIC_NAMES: [&str; 22] = [
    "ansible_check_mode",
    "ansible_config_file",
    "ansible_diff_mode",
    "ansible_facts",
    "ansible_forks",
    "ansible_inventory_sources",
    "ansible_limit",
    "ansible_playbook_python",
    "ansible_run_tags",
    "ansible_skip_tags",
    "ansible_verbosity",
    "ansible_version",
    "deploy_version",
    "group_names",
    "groups",
    "hostvars",
    "inventory_dir",
    "inventory_file",
    "inventory_hostname",
    "inventory_hostname_short",
    "omit",
    "playbook_dir",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_to_their_collection() {
        let cases = [
            ("copy", Some("ansible.builtin.copy")),
            ("ansible.legacy.copy", Some("ansible.builtin.copy")),
            ("docker_container", Some("community.docker.docker_container")),
            ("community.general.docker_container", Some("community.docker.docker_container")),
            ("sysctl", Some("ansible.posix.sysctl")),
            ("yum", Some("ansible.builtin.dnf")),
            ("copie", None),
            ("my.own.module", None),
        ];
        for (written, full) in cases {
            assert_eq!(module(written, &[]).as_deref(), full, "{written}");
        }
        assert_eq!(module("docker_network", &["community.docker".into()]).unwrap(), "community.docker.docker_network");
    }

    #[test]
    fn lookups_are_known_and_misspelt_names_have_neighbours() {
        assert!(is_lookup("items") && is_lookup("community.general.dig") && !is_lookup("item"));
        assert!(
            is_lookup("flattened")
                && is_lookup("cartesian")
                && is_lookup("filetree")
                && is_lookup("community.general.flattened")
        );
        assert_eq!(nearest_module("coppy").as_deref(), Some("copy"));
    }
}
