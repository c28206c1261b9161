//! All tests (`is defined`), by name: Jinja's, Ansible's, and those of the collections that playbooks use most.
mod compare;
mod files;
mod matching;
mod network;
mod results;
mod sets;
mod types;
mod urls;
mod version;

use super::registry::{Takes, Test, TestEntry};

/// Each file has its table.
pub fn all() -> impl Iterator<Item = &'static TestEntry> {
    let tables: [&'static [TestEntry]; 9] = [
        compare::TABLE,
        files::TABLE,
        matching::TABLE,
        network::TABLE,
        results::TABLE,
        sets::TABLE,
        types::TABLE,
        urls::TABLE,
        version::TABLE,
    ];
    tables.into_iter().flatten()
}

const fn settled(name: &'static str, run: Test) -> TestEntry {
    TestEntry { name, takes: Takes::Settled, run }
}

const fn items(name: &'static str, run: Test) -> TestEntry {
    TestEntry { name, takes: Takes::Items, run }
}

const fn anything(name: &'static str, run: Test) -> TestEntry {
    TestEntry { name, takes: Takes::Anything, run }
}
