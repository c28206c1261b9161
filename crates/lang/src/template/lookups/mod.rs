//! The lookups that are functions of their terms, by name; those that reach outside are asked of the scope.
mod combine;
mod sequence;
mod subelements;
mod variables;

use super::registry::{Lookup, LookupEntry, Takes};

/// Each file has its table.
pub fn all() -> impl Iterator<Item = &'static LookupEntry> {
    let tables: [&'static [LookupEntry]; 4] = [combine::TABLE, sequence::TABLE, subelements::TABLE, variables::TABLE];
    tables.into_iter().flatten()
}

const fn settled(name: &'static str, run: Lookup) -> LookupEntry {
    LookupEntry { name, takes: Takes::Settled, run }
}

const fn items(name: &'static str, run: Lookup) -> LookupEntry {
    LookupEntry { name, takes: Takes::Items, run }
}
