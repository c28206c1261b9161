//! Filters, tests and lookups by their names, short or fully qualified.
use super::call::Call;
use super::error::{Error, Kind, Stop};
use std::collections::HashMap;
use std::sync::LazyLock;
use value::Value;

pub type Filter = fn(&mut Call) -> Result<Value, Stop>;
pub type Test = fn(&mut Call) -> Result<bool, Stop>;
/// The list that the plugin would return.
pub type Lookup = fn(&mut Call) -> Result<Vec<Value>, Stop>;

/// How much of its input and arguments a filter or test wants prepared. What is pending or unforeseen never arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// Data alone: every template evaluated, every vaulted text decrypted, ranges as lists, nothing undefined anywhere.
    /// An undefined input or argument is the result, unseen.
    Settled,
    /// The outside is data; the items as they stand (get them through [`Call::items`], [`Call::item`], [`Call::path`]), and
    /// some may be undefined. For what passes items on (map, select, first ...), and where most of a big value is not looked at.
    Items,
    /// As `Items`, and the input or an argument may itself be undefined (default, mandatory, defined ...).
    Anything,
}

pub struct Entry {
    /// Short for what `ansible.builtin` has, else with its collection: `community.general.json_query`.
    pub name: &'static str,
    pub takes: Takes,
    pub run: Filter,
}

pub struct TestEntry {
    pub name: &'static str,
    pub takes: Takes,
    pub run: Test,
}

/// A lookup that is a function of its terms.
pub struct LookupEntry {
    pub name: &'static str,
    pub takes: Takes,
    pub run: Lookup,
}

type Index<T> = LazyLock<HashMap<&'static str, &'static T>>;

static FILTERS: Index<Entry> = LazyLock::new(|| super::filters::all().map(|entry| (entry.name, entry)).collect());
static TESTS: Index<TestEntry> = LazyLock::new(|| super::tests::all().map(|entry| (entry.name, entry)).collect());
static LOOKUPS: Index<LookupEntry> = LazyLock::new(|| super::lookups::all().map(|entry| (entry.name, entry)).collect());

pub fn filter(name: &str) -> Result<&'static Entry, Error> {
    find(&FILTERS, name).ok_or_else(|| unknown("filter", name, FILTERS.keys().copied()))
}

pub fn test(name: &str) -> Result<&'static TestEntry, Error> {
    find(&TESTS, name).ok_or_else(|| unknown("test", name, TESTS.keys().copied()))
}

pub fn lookup(name: &str) -> Option<&'static LookupEntry> {
    find(&LOOKUPS, name)
}

/// `ansible.builtin.` and `ansible.legacy.` may stand before what Ansible itself has.
pub fn short(name: &str) -> &str {
    name.strip_prefix("ansible.builtin.").or_else(|| name.strip_prefix("ansible.legacy.")).unwrap_or(name)
}

/// Names of other collections stand as they are.
fn find<T>(index: &HashMap<&'static str, &'static T>, name: &str) -> Option<&'static T> {
    let found = index.get(short(name)).or_else(|| index.get(name));
    found.copied()
}

fn unknown<'n>(what: &str, name: &str, known: impl Iterator<Item = &'n str>) -> Error {
    let error = Error::new(Kind::Unknown, format!("No {what} named '{name}'."));
    match value::spec::nearest(short(name), known) {
        Some(near) => error.help(format!("did you mean '{near}'?")),
        None => error,
    }
}

/// The lookups that need nothing outside.
pub fn lookup_names() -> impl Iterator<Item = &'static str> {
    LOOKUPS.keys().copied()
}
