//! All filters, by name.
use super::registry::Entry;

/// Each file has its table.
pub fn all() -> impl Iterator<Item = &'static Entry> {
    let tables: [&'static [Entry]; 0] = [];
    tables.into_iter().flatten()
}
