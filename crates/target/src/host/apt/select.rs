//! Which of the named packages need anything: versions, patterns, virtual packages.
use super::{Database, Wish, version};
use crate::host::{Host, Look, Stop, glob};
use crate::machine::Command;
use std::collections::BTreeMap;
use std::path::Path;

pub struct Selected {
    /// For apt's command line.
    pub names: Vec<String>,
    /// Whether apt's lists are those that it will have then: a plan may change them before.
    pub known: bool,
}

/// `name`, and what is asked of its version.
struct Named<'n> {
    name: &'n str,
    version: Option<&'n str>,
    at_least: bool,
}

impl<'n> Named<'n> {
    fn parse(text: &'n str) -> Self {
        match (text.split_once(">="), text.split_once('=')) {
            (Some((name, version)), _) => Self { name, version: Some(version), at_least: true },
            (_, Some((name, version))) => Self { name, version: Some(version), at_least: false },
            _ => Self { name: text, version: None, at_least: false },
        }
    }

    fn is_satisfied_by(&self, installed: &str) -> bool {
        match self.version {
            None => true,
            Some(version) if self.at_least => version::compare(installed, version).is_ge(),
            Some(version) => glob::fits(version, installed),
        }
    }
}

pub fn to_install(wish: &Wish, host: &Host, database: &Database) -> Look<Selected> {
    let known = !["/etc/apt", "/var/lib/apt/lists"].iter().any(|folder| host.plans_under(Path::new(folder)));
    let names = expanded(&wish.names, host, database)?;
    let latest = wish.state == "latest";
    let mut wanted = Vec::new();
    let mut to_compare = Vec::new();
    for text in &names {
        let named = Named::parse(text.trim());
        let installed = database.installed(named.name);
        let planned = host.package(named.name).is_ok_and(|state| !state.is_absent());
        match installed {
            Some(package) if !named.is_satisfied_by(&package.version) => wanted.push(text.clone()),
            Some(_) if latest && named.version.is_none() => to_compare.push(text.clone()),
            Some(_) => {}
            None if planned || wish.only_upgrade => {}
            // An installed package may stand in for a virtual one; a pinned version is always of the package itself.
            None if named.version.is_none()
                && !database.providers(named.name).is_empty()
                && is_virtual(named.name, host)? => {}
            None => wanted.push(text.clone()),
        }
    }
    if known && !to_compare.is_empty() {
        let candidates = candidates(&to_compare, wish.default_release.as_deref(), host)?;
        wanted.extend(to_compare.into_iter().filter(|name| {
            let installed = database.installed(name).map(|package| package.version.as_str());
            candidates.get(name.as_str()).is_some_and(|candidate| Some(candidate.as_str()) != installed)
        }));
    }
    Ok(Selected { names: wanted, known })
}

pub fn to_remove(wish: &Wish, host: &Host, database: &Database) -> Look<Vec<String>> {
    let mut wanted = Vec::new();
    for text in expanded(&wish.names, host, database)? {
        let named = Named::parse(text.trim());
        // A package that is only planned is not removed: the plan's own order says what stands at the end.
        let Some(package) = database.get(named.name) else { continue };
        let fits = named.is_satisfied_by(&package.version);
        let there = package.whole && host.package(named.name).is_ok_and(|state| !state.is_absent());
        if there && fits || wish.purge && package.has_config {
            wanted.push(named.name.to_string());
        }
    }
    Ok(wanted)
}

/// Shell patterns stand for all packages that apt knows; a version may have a star of its own.
fn expanded(names: &[String], host: &Host, database: &Database) -> Look<Vec<String>> {
    let mut all = Vec::new();
    let mut known: Option<Vec<String>> = None;
    for text in names.iter().map(|name| name.trim()).filter(|name| !name.is_empty()) {
        let (name, rest) = text.find('=').map_or((text, ""), |at| text.split_at(at));
        if !name.contains(['*', '?', '[']) {
            all.push(text.to_string());
            continue;
        }
        if known.is_none() {
            let asked = host.ask(&Command::plain(["apt-cache", "pkgnames"]), &[])?.out();
            let own = database.all().map(|package| package.name.clone());
            let mut names: Vec<_> = asked.lines().map(String::from).chain(own).collect();
            names.sort();
            names.dedup();
            known = Some(names);
        }
        let fitting: Vec<_> = known.iter().flatten().filter(|known| glob::fits(name, known)).collect();
        if fitting.is_empty() {
            return Stop::failed(format!("No package(s) matching '{name}' available"));
        }
        all.extend(fitting.into_iter().map(|name| format!("{name}{rest}")));
    }
    Ok(all)
}

fn is_virtual(name: &str, host: &Host) -> Look<bool> {
    let shown = host.ask(&Command::plain(["apt-cache", "policy", name]), &[])?;
    Ok(!shown.out().contains("Candidate: ") || shown.out().contains("Candidate: (none)"))
}

/// The versions that apt would install, by name: one question for all.
fn candidates(names: &[String], release: Option<&str>, host: &Host) -> Look<BTreeMap<String, String>> {
    let command = Command::plain(["apt-cache", "policy"]);
    let command = release.map_or(command.clone(), |release| command.args(["-t", release]));
    let output = host.ask(&command.args(names), &[])?.out();
    let (mut found, mut name) = (BTreeMap::new(), String::new());
    for line in output.lines() {
        match line.trim().strip_prefix("Candidate: ") {
            Some(version) if version != "(none)" => drop(found.insert(name.clone(), version.to_string())),
            Some(_) => {}
            None if !line.starts_with(' ') => name = line.trim_end_matches(':').to_string(),
            None => {}
        }
    }
    Ok(found)
}
