//! What a host is: the facts of `setup`, gathered in this process from the kernel's and the system's own files.
mod collectors;
mod devices;
mod distribution;
mod hardware;
mod local;
mod mounts;
mod network;
mod os;
mod python;
mod system;
mod virtualization;

pub use collectors::{Subset, UnknownSubset};

use crate::host::glob;
use crate::machine::{Command, Machine};
use std::path::{Path, PathBuf};
use value::Map;

/// Reads small files of one machine; what cannot be read is not there.
pub struct Reader<'m> {
    pub machine: &'m dyn Machine,
    pub fact_path: PathBuf,
}

impl Reader<'_> {
    pub fn text(&self, path: impl AsRef<Path>) -> Option<String> {
        let path = path.as_ref();
        self.machine.stat(path, true).ok().flatten().filter(|stat| !stat.is_dir())?;
        self.machine.read(path).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Without the space around it; an empty one is none.
    pub fn word(&self, path: impl AsRef<Path>) -> Option<String> {
        self.text(path).map(|text| text.trim().to_string()).filter(|text| !text.is_empty())
    }

    pub fn exists(&self, path: impl AsRef<Path>) -> bool {
        self.machine.stat(path.as_ref(), true).is_ok_and(|stat| stat.is_some())
    }

    pub fn is_dir(&self, path: impl AsRef<Path>) -> bool {
        self.machine.stat(path.as_ref(), true).is_ok_and(|stat| stat.is_some_and(|stat| stat.is_dir()))
    }

    pub fn names(&self, path: impl AsRef<Path>) -> Vec<String> {
        let names = self.machine.list(path.as_ref()).unwrap_or_default();
        names.into_iter().map(|name| name.to_string_lossy().into_owned()).collect()
    }

    pub fn link(&self, path: impl AsRef<Path>) -> Option<PathBuf> {
        self.machine.read_link(path.as_ref()).ok()
    }

    /// The last part of what a link points to.
    pub fn link_name(&self, path: impl AsRef<Path>) -> Option<String> {
        Some(self.link(path)?.file_name()?.to_string_lossy().into_owned())
    }

    /// A program of the usual places.
    pub fn program(&self, name: &str) -> Option<String> {
        let folders = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
        folders.iter().map(|folder| format!("{folder}/{name}")).find(|path| self.exists(path))
    }

    /// What a program that only reports says.
    pub fn said(&self, words: &[&str]) -> Option<String> {
        let output = self.machine.ask(&Command::plain(words.iter().copied())).ok()?;
        output.ok().then(|| output.out())
    }
}

/// Facts under their names with `ansible_`, those of the subset that fit the patterns.
pub fn gather(machine: &dyn Machine, subset: &Subset, filter: &[String], fact_path: &Path) -> Map {
    let reader = Reader { machine, fact_path: fact_path.into() };
    let mut facts = Map::new();
    for (name, value) in collectors::run(&reader, subset) {
        let name = name.value().to_text();
        let name = if name.starts_with("ansible_") { name } else { format!("ansible_{name}") };
        if fits(&name, filter) {
            facts.insert(name, value);
        }
    }
    if fits("gather_subset", filter) {
        facts.insert("gather_subset", subset.given().to_vec());
    }
    if fits("module_setup", filter) {
        facts.insert("module_setup", true);
    }
    facts
}

/// Patterns may leave `ansible_` out.
fn fits(name: &str, filter: &[String]) -> bool {
    let patterns = filter.iter().filter(|pattern| !pattern.is_empty() && *pattern != "*");
    let mut none = true;
    for pattern in patterns {
        none = false;
        let plain = name.strip_prefix("ansible_").unwrap_or(name);
        if glob::fits(pattern, name) || glob::fits(pattern, plain) {
            return true;
        }
    }
    none
}
