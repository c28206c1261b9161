//! Debian packages as tasks wish them: the core that `apt` and `package` share. What is installed is read from dpkg's file; apt
//! runs only where something is to change (or, in a check, to say what would).
mod cache;
mod command;
mod select;
pub mod version;

pub use cache::update_lists;
pub use command::run_apt;

use super::kinds::package::{self, Database, Installed};
use super::{Acted, Change, Done, Host, Look, Package, Resource, State, Stop};
use crate::machine::{Command, Machine, Output};
use crate::protocol::Diff;
use select::Selected;
use std::collections::BTreeMap;
use std::path::Path;
use value::{Map, Value};

/// The arguments of `apt`; `Default` is what stands when none is given.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    pub names: Vec<String>,
    pub state: String,
    pub update_cache: Option<bool>,
    pub cache_valid_time: i64,
    pub update_cache_retries: i64,
    pub update_cache_retry_max_delay: i64,
    pub upgrade: String,
    pub deb: Option<String>,
    pub default_release: Option<String>,
    pub install_recommends: Option<bool>,
    pub force: bool,
    pub allow_unauthenticated: bool,
    pub allow_downgrade: bool,
    pub allow_change_held_packages: bool,
    pub dpkg_options: String,
    pub autoremove: bool,
    pub fail_on_autoremove: bool,
    pub autoclean: bool,
    pub clean: bool,
    pub purge: bool,
    pub only_upgrade: bool,
    pub policy_rc_d: Option<i64>,
    pub lock_timeout: i64,
}

pub fn manage(wish: &Wish, host: &mut Host) -> Look<Map> {
    let mut result = Map::new();
    if wish.clean {
        cleaning(wish, host, "clean", &mut result)?;
        if wish.is_only_cleaning() && wish.update_cache != Some(true) {
            return Ok(result);
        }
    }
    let updated = cache::refresh(wish, host)?;
    if wish.names.is_empty() && wish.upgrade == "no" && wish.deb.is_none() && wish.state != "fixed" {
        if !wish.autoremove && !wish.autoclean {
            updated.tell(&mut result);
            return Ok(result);
        }
        for (asked, verb) in [(wish.autoclean, "autoclean"), (wish.autoremove, "autoremove")] {
            if asked {
                cleaning(wish, host, verb, &mut result)?;
            }
        }
        updated.tell(&mut result);
        return Ok(result);
    }
    if wish.upgrade != "no" {
        upgrade(wish, host, &mut result)?;
    }
    if let Some(deb) = &wish.deb {
        install_deb(wish, deb, host, &mut result)?;
    }
    let all_installed = wish.names.iter().any(|name| name == "*");
    match wish.state.as_str() {
        "fixed" => act(wish, host, Verb::Fix, Vec::new(), &mut result)?,
        _ if wish.names.is_empty() => {}
        "absent" => remove(wish, host, &mut result)?,
        "build-dep" => act(wish, host, Verb::BuildDep, wish.names.clone(), &mut result)?,
        "latest" if all_installed => upgrade(&Wish { upgrade: "yes".into(), ..wish.clone() }, host, &mut result)?,
        _ => install(wish, host, &mut result)?,
    }
    if wish.state != "absent" {
        updated.tell(&mut result);
    }
    Ok(result)
}

impl Wish {
    fn is_only_cleaning(&self) -> bool {
        self.names.is_empty() && self.upgrade == "no" && self.deb.is_none()
    }
}

/// What apt is to do.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Verb {
    Install,
    Remove,
    BuildDep,
    Fix,
    Upgrade,
    FullUpgrade,
}

fn install(wish: &Wish, host: &mut Host, result: &mut Map) -> Look<()> {
    let database = Database::read(host.machine())?;
    let names = select::to_install(wish, host, &database)?;
    let Selected { names, known } = names;
    if names.is_empty() {
        return Ok(());
    }
    act_on(wish, host, Verb::Install, names, known, result)
}

fn remove(wish: &Wish, host: &mut Host, result: &mut Map) -> Look<()> {
    let database = Database::read(host.machine())?;
    let names = select::to_remove(wish, host, &database)?;
    if names.is_empty() {
        return Ok(());
    }
    act(wish, host, Verb::Remove, names, result)
}

fn upgrade(wish: &Wish, host: &mut Host, result: &mut Map) -> Look<()> {
    let verb = if matches!(wish.upgrade.as_str(), "dist" | "full") { Verb::FullUpgrade } else { Verb::Upgrade };
    act(wish, host, verb, Vec::new(), result)
}

fn act(wish: &Wish, host: &mut Host, verb: Verb, names: Vec<String>, result: &mut Map) -> Look<()> {
    act_on(wish, host, verb, names, true, result)
}

/// `known`: the lists that apt has now are those that it will have.
fn act_on(wish: &Wish, host: &mut Host, verb: Verb, names: Vec<String>, known: bool, result: &mut Map) -> Look<()> {
    let command = command::apt(wish, verb, &names);
    let named = |after: &dyn Fn(&str) -> State| {
        names
            .iter()
            .map(|name| Change::to(Resource::Package(plain(name).into()), after(name)).unshown())
            .collect::<Vec<_>>()
    };
    let simulation = match known && (!host.writes() || !matches!(verb, Verb::Install | Verb::Remove)) {
        true => Some(simulate(&command, host)?),
        false => None,
    };
    let changes = match (&simulation, verb) {
        (Some(simulation), _) => simulation.changes(&names),
        (None, Verb::Remove) => named(&|_| State::Absent),
        (None, _) => named(&|_| State::Present),
    };
    if let Some(simulation) =
        simulation.as_ref().filter(|_| !host.writes() || matches!(verb, Verb::Upgrade | Verb::FullUpgrade))
    {
        result.insert("stdout", simulation.text.clone());
        result.insert("stderr", "");
    }
    if matches!(verb, Verb::Upgrade | Verb::FullUpgrade) {
        result.insert("msg", result.get("stdout").cloned().unwrap_or_default());
    }
    if changes.is_empty() {
        return Ok(());
    }
    if let Some(simulation) = &simulation {
        host.show(Diff { prepared: Some(simulation.words.clone()), ..Diff::default() });
    }
    let before = if host.writes() { versions(host.machine())? } else { BTreeMap::new() };
    let declared: Vec<_> = changes.iter().map(|change| change.what.clone()).collect();
    host.progress(&format!("apt-get {}", names.join(" ")));
    let output = host.change_all(changes, |machine| {
        let output =
            command::with_policy(machine, wish.policy_rc_d, |machine| run_apt(machine, &command, wish.lock_timeout))?;
        let also = difference(&before, &versions(machine)?, &declared);
        Ok(Acted { output, changed: true, also })
    })?;
    if host.writes() {
        if simulation.is_none() {
            host.show(Diff { prepared: Some(Simulation::of(&output.out()).words), ..Diff::default() });
        }
        result.insert("stdout", output.out());
        result.insert("stderr", output.err());
        if result.contains("msg") {
            result.insert("msg", output.out());
        }
    }
    Ok(())
}

/// `name` of `name=version` or `name>=version`.
fn plain(name: &str) -> &str {
    name.split(['=', '>']).next().unwrap_or(name)
}

fn versions(machine: &dyn Machine) -> std::io::Result<BTreeMap<String, String>> {
    let database = Database::read(machine)?;
    let key = |package: &Installed| match package.arch == database.native || package.arch == "all" {
        true => package.name.clone(),
        false => format!("{}:{}", package.name, package.arch),
    };
    Ok(database.all().filter(|package| package.whole).map(|package| (key(package), package.version.clone())).collect())
}

/// What came, went or changed besides what was declared: the journal has it, and undo takes it back.
fn difference(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>, declared: &[Resource]) -> Vec<Done> {
    let names: std::collections::BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let state = |version: Option<&String>| {
        version.map_or(State::Absent, |version| State::Package(Package { version: version.clone() }))
    };
    names
        .into_iter()
        .filter(|name| before.get(*name) != after.get(*name))
        .map(|name| Done {
            what: Resource::Package(name.clone()),
            before: state(before.get(name)),
            after: state(after.get(name)),
            counted: true,
        })
        .filter(|done| !declared.contains(&done.what))
        .collect()
}

/// What apt says that it would do.
struct Simulation {
    installs: Vec<(String, String)>,
    removes: Vec<String>,
    /// The part of its words that a diff shows.
    words: String,
    /// All that it said, but for its list of steps.
    text: String,
}

impl Simulation {
    fn of(text: &str) -> Self {
        let (mut installs, mut removes) = (Vec::new(), Vec::new());
        for line in text.lines() {
            let mut words = line.split_whitespace();
            match (words.next(), words.next()) {
                (Some("Inst"), Some(name)) => {
                    let version = line.split_once('(').and_then(|(_, rest)| rest.split_whitespace().next());
                    installs.push((name.to_string(), version.unwrap_or_default().trim_end_matches(')').to_string()));
                }
                (Some("Remv" | "Purg"), Some(name)) => removes.push(name.to_string()),
                _ => {}
            }
        }
        let steps = ["Inst ", "Conf ", "Remv ", "Purg "];
        let said = text.split_inclusive('\n').filter(|line| !steps.iter().any(|step| line.starts_with(step)));
        Self { installs, removes, words: summary(text), text: said.collect() }
    }

    /// Those that were asked for first: a plan names what others wait for by them, and not by what they bring along.
    fn changes(&self, asked: &[String]) -> Vec<Change> {
        let change = |name: &str, state| Change::to(Resource::Package(name.into()), state).unshown();
        let installed = self
            .installs
            .iter()
            .map(|(name, version)| change(name, State::Package(Package { version: version.clone() })));
        let mut changes: Vec<_> =
            installed.chain(self.removes.iter().map(|name| change(name, State::Absent))).collect();
        changes.sort_by_key(|change| {
            !matches!(&change.what, Resource::Package(name) if asked.iter().any(|word| plain(word) == name.as_str()))
        });
        changes
    }
}

/// From `The following` to the line that counts.
fn summary(text: &str) -> String {
    let lines: Vec<_> = text.lines().collect();
    let start = lines.iter().position(|line| line.starts_with("The following")).unwrap_or(0);
    let end = lines.iter().position(|line| line.contains(" upgraded, ")).map_or(lines.len(), |end| end + 1);
    lines.get(start..end).unwrap_or_default().join("\n")
}

fn simulate(command: &Command, host: &Host) -> Look<Simulation> {
    let output = host.ask(&command.clone().arg("-s"), &[])?;
    match output.ok() {
        true => Ok(Simulation::of(&output.out())),
        false => Err(command::failure(command, &output)),
    }
}

/// `clean`, `autoclean`, `autoremove` without packages.
fn cleaning(wish: &Wish, host: &mut Host, verb: &str, result: &mut Map) -> Look<()> {
    let command = package::apt_get(["-y"]);
    let command = if wish.purge && verb == "autoremove" { command.arg("--purge") } else { command }.arg(verb);
    let lines = |output: &Output, start: &str| output.out().lines().any(|line| line.starts_with(start));
    let changes = match verb {
        "clean" => vec![Change::to(Resource::path("/var/cache/apt/archives"), State::Present).unshown()],
        _ => {
            let simulated = host.ask(&command.clone().arg("-s"), &[])?;
            if !simulated.ok() {
                return Err(command::failure(&command, &simulated));
            }
            result.insert("stdout", simulated.out());
            match verb {
                "autoremove" => Simulation::of(&simulated.out()).changes(&[]),
                _ if lines(&simulated, "Del ") => {
                    vec![Change::to(Resource::path("/var/cache/apt/archives"), State::Present).unshown()]
                }
                _ => Vec::new(),
            }
        }
    };
    if changes.is_empty() {
        return Ok(());
    }
    let output = host.change_all(changes, |machine| Ok(run_apt(machine, &command, wish.lock_timeout)?.into()))?;
    result.insert("stdout", output.out());
    result.insert("stderr", output.err());
    Ok(())
}

/// A package file of the host.
fn install_deb(wish: &Wish, deb: &str, host: &mut Host, result: &mut Map) -> Look<()> {
    let path = Path::new(deb);
    if deb.contains("://") {
        return Stop::failed(format!("deb: {deb}: fetch it with get_url first; apt takes files of the host"));
    }
    if !host.exists(path)? {
        return Stop::failed(format!(
            "Unable to install package: E:Could not open file {deb} - open (2: No such file or directory)"
        ));
    }
    let asked = host.ask(
        &Command::plain(["dpkg-deb", "--field", deb, "Package", "Version", "Architecture"]),
        &[Resource::path(path)],
    )?;
    if !asked.ok() {
        return Stop::failed(format!("Unable to install package: {}", asked.complaint()));
    }
    let fields: BTreeMap<_, _> = asked
        .out()
        .lines()
        .filter_map(|line| line.split_once(": ").map(|(name, value)| (name.to_string(), value.to_string())))
        .collect();
    let field = |name: &str| fields.get(name).map(String::as_str).unwrap_or_default();
    let database = Database::read(host.machine())?;
    let name = match field("Architecture") {
        "all" => field("Package").to_string(),
        arch if arch == database.native => field("Package").to_string(),
        arch => format!("{}:{arch}", field("Package")),
    };
    if let Some(installed) = database.installed(&name) {
        let order = version::compare(field("Version"), &installed.version);
        if order.is_eq() || order.is_lt() && !wish.allow_downgrade && !wish.force {
            return match order.is_eq() {
                true => Ok(()),
                false => Stop::failed("Unable to install package: A later version is already installed"),
            };
        }
    }
    // A path with a slash is a file to apt, which fetches what it needs.
    let file = if deb.starts_with('/') { deb.to_string() } else { format!("./{deb}") };
    let command = command::apt(wish, Verb::Install, &[file]);
    let before = if host.writes() { versions(host.machine())? } else { BTreeMap::new() };
    let what = Resource::Package(name);
    let change = Change::to(what.clone(), State::Package(Package { version: field("Version").into() })).unshown();
    let output = host.change(change, |machine| {
        let output =
            command::with_policy(machine, wish.policy_rc_d, |machine| run_apt(machine, &command, wish.lock_timeout))?;
        let also = difference(&before, &versions(machine)?, &[what]);
        Ok(Acted { output, changed: true, also })
    })?;
    result.insert("stdout", Value::from(output.out()));
    result.insert("stderr", Value::from(output.err()));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_simulation_tells_what_would_come_and_go() {
        let text = "Reading package lists...\nThe following NEW packages will be installed:\n  tree\n0 upgraded, 1 newly installed, 0 to remove and 0 not upgraded.\nInst tree (2.1.0-1 Debian:12.5/stable [amd64])\nInst libc6 [2.36-9] (2.36-10 Debian:12 [amd64])\nRemv old [1.0]\nConf tree (2.1.0-1)\n";
        let simulation = Simulation::of(text);
        assert_eq!(simulation.installs, [("tree".into(), "2.1.0-1".into()), ("libc6".into(), "2.36-10".into())]);
        assert_eq!(simulation.removes, ["old"]);
        let first = &simulation.changes(&["libc6=2.36".to_string()])[0];
        assert_eq!(first.what, Resource::Package("libc6".into()), "the one that was asked for");
        assert!(simulation.words.starts_with("The following") && simulation.words.ends_with("not upgraded."));
    }
}
