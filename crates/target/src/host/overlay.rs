//! The changes that are planned and not made, as they lie over the machine.
use super::{Change, Resource, State};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

#[derive(Debug, Default)]
pub struct Overlay {
    planned: BTreeMap<Resource, State>,
    /// Planned changes that may bring more than they name (a package brings files and units).
    generous: Vec<Resource>,
}

impl Overlay {
    pub fn get(&self, what: &Resource) -> Option<&State> {
        self.planned.get(what).or_else(|| self.gone(what))
    }

    /// What stands in a folder that a plan removes is removed too.
    fn gone(&self, what: &Resource) -> Option<&State> {
        let Resource::Path(path) = what else { return None };
        if self.planned.is_empty() {
            return None;
        }
        let above = path.ancestors().skip(1).find_map(|above| self.planned.get(&Resource::path(above)));
        above.filter(|state| matches!(state, State::Absent | State::File { .. }))
    }

    /// Why nobody can know whether this is there.
    pub fn giver(&self, what: &Resource) -> Option<&Resource> {
        self.generous.first().filter(|_| what.may_come_with_a_package())
    }

    pub fn plan(&mut self, change: &Change) {
        let brings = change.what.is_generous() && change.counts;
        if brings && !change.after.is_absent() && !self.generous.contains(&change.what) {
            self.generous.push(change.what.clone());
        }
        if let (Resource::Path(path), State::Absent) = (&change.what, &change.after) {
            self.planned.retain(|what, _| !matches!(what, Resource::Path(other) if other.starts_with(path)));
        }
        self.planned.insert(change.what.clone(), change.after.clone());
    }

    /// Whether anything at or under this path is planned.
    pub fn plans_under(&self, folder: &Path) -> bool {
        self.planned.keys().any(|what| matches!(what, Resource::Path(path) if path.starts_with(folder)))
    }

    /// Names that a plan adds to a folder, and names that it takes away.
    pub fn names_in(&self, folder: &Path) -> (Vec<OsString>, Vec<OsString>) {
        let (mut added, mut removed) = (Vec::new(), Vec::new());
        for (what, state) in &self.planned {
            let Resource::Path(path) = what else { continue };
            if path.parent() == Some(folder)
                && let Some(name) = path.file_name()
            {
                if state.is_absent() { &mut removed } else { &mut added }.push(name.to_os_string());
            }
        }
        (added, removed)
    }

    /// Planned states of one kind, by name.
    pub fn all(&self) -> impl Iterator<Item = (&Resource, &State)> {
        self.planned.iter()
    }
}
