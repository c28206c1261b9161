//! Where a call may wait while other hosts stand before it, and what its answer may bring.
use target::modules::find;
use target::protocol::Hold;

/// A module that the list does not know waits until it is its turn: nobody can say what it would look at.
pub fn hold(module: &str) -> Hold {
    find(module).map_or(Hold::AtStart, |module| module.info().hold)
}

/// Whether its answer may hold `ansible_facts` that later tasks see.
pub fn may_bring_facts(module: &str) -> bool {
    find(module).is_some_and(|module| module.info().facts)
}
