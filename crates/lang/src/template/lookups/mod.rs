//! The lookups that are functions of their terms, by name; those that reach outside are asked of the scope.
use super::registry::LookupEntry;

/// Each file has its table.
pub fn all() -> impl Iterator<Item = &'static LookupEntry> {
    let tables: [&'static [LookupEntry]; 0] = [];
    tables.into_iter().flatten()
}
