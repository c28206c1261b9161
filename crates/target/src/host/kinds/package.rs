//! Debian packages: read from dpkg's own file, made by apt.
use super::super::{Host, Look};
use super::{Kind, Known, Resource, State, succeed, unmakable};
use crate::machine::{Command, Machine};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use value::Map;

#[derive(Clone, Debug, PartialEq)]
pub struct Package {
    pub version: String,
}

impl Kind for Package {
    type Key = String;
    const GENEROUS: bool = true;

    fn describe(name: &String) -> String {
        format!("package {name}")
    }

    fn look(machine: &dyn Machine, name: &String) -> io::Result<State> {
        Ok(match Database::read(machine)?.installed(name) {
            Some(package) => State::Package(Package { version: package.version.clone() }),
            None => State::Absent,
        })
    }

    fn make(machine: &mut dyn Machine, name: &String, state: &State) -> io::Result<()> {
        let command = match state {
            State::Absent => apt_get(["remove", "-y", name]),
            State::Package(Package { version }) => {
                apt_get(["install", "-y", "--allow-downgrades", "-o", "Dpkg::Options::=--force-confold"])
                    .arg(format!("{name}={version}"))
            }
            State::Present => apt_get(["install", "-y", name]),
            _ => return Err(unmakable("a package is installed or it is not")),
        };
        succeed(machine.run(&command)?, &format!("apt-get could not make {name}")).map(drop)
    }

    fn goes_back(_: &State, _: &State) -> bool {
        true
    }

    fn may_come_with_a_package(_: &String) -> bool {
        false
    }
}

impl Known for Package {
    fn summarize(&self, map: &mut Map) {
        map.insert("version", self.version.clone());
    }
}

impl Host<'_> {
    pub fn package(&self, name: &str) -> Look<State> {
        self.state(&Resource::Package(name.into()))
    }
}

const STATUS: &str = "/var/lib/dpkg/status";

/// What dpkg knows of one package of one architecture.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Installed {
    pub name: String,
    pub arch: String,
    pub version: String,
    /// Unpacked and configured; else only its configuration files are left, or it is half done.
    pub whole: bool,
    pub has_config: bool,
    pub held: bool,
    pub provides: Vec<String>,
}

/// All packages that dpkg knows, read once per look.
pub struct Database {
    by_name: BTreeMap<String, Vec<Installed>>,
    pub native: String,
}

impl Database {
    pub fn read(machine: &dyn Machine) -> io::Result<Self> {
        if machine.stat(Path::new(STATUS), true)?.is_none() {
            return Err(unmakable("this machine has no dpkg database: only Debian's packages are known here"));
        }
        let text = machine.read(Path::new(STATUS))?;
        let text = String::from_utf8_lossy(&text);
        let mut by_name: BTreeMap<String, Vec<Installed>> = BTreeMap::new();
        for stanza in text.split("\n\n") {
            if let Some(package) = parse(stanza) {
                by_name.entry(package.name.clone()).or_default().push(package);
            }
        }
        // dpkg itself is always of the native architecture.
        let native = by_name.get("dpkg").and_then(|all| all.first()).map_or_else(String::new, |dpkg| dpkg.arch.clone());
        Ok(Self { by_name, native })
    }

    /// A package by `name` or `name:arch`, in whatever state it is.
    pub fn get(&self, name: &str) -> Option<&Installed> {
        let (name, arch) = name.split_once(':').map_or((name, None), |(name, arch)| (name, Some(arch)));
        let all = self.by_name.get(name)?;
        let fits = |package: &&Installed| match arch {
            Some("any") | None => true,
            Some("native") => package.arch == self.native || package.arch == "all",
            Some(arch) => package.arch == arch || (package.arch == "all" && arch == self.native),
        };
        let native = |package: &&Installed| package.arch == self.native || package.arch == "all";
        all.iter().filter(fits).find(|package| package.whole && native(package)).or_else(|| all.iter().find(fits))
    }

    pub fn installed(&self, name: &str) -> Option<&Installed> {
        self.get(name).filter(|package| package.whole)
    }

    /// Whether an installed package stands in for a virtual one.
    pub fn providers(&self, name: &str) -> Vec<&Installed> {
        let all = self.by_name.values().flatten();
        all.filter(|package| package.whole && package.provides.iter().any(|provided| provided == name)).collect()
    }

    pub fn all(&self) -> impl Iterator<Item = &Installed> {
        self.by_name.values().flatten()
    }
}

fn parse(stanza: &str) -> Option<Installed> {
    let mut package = Installed::default();
    for line in stanza.lines() {
        let Some((field, value)) = line.split_once(':') else { continue };
        let value = value.trim();
        match field {
            "Package" => package.name = value.into(),
            "Architecture" => package.arch = value.into(),
            "Version" => package.version = value.into(),
            "Status" => {
                let mut words = value.split(' ');
                package.held = words.next() == Some("hold");
                let state = words.nth(1);
                package.whole = state == Some("installed");
                package.has_config = state == Some("config-files");
            }
            "Provides" => {
                let names = value.split(',').map(|one| one.split(['(', ':']).next().unwrap_or_default().trim());
                package.provides = names.map(String::from).collect();
            }
            _ => {}
        }
    }
    (!package.name.is_empty()).then_some(package)
}

/// apt as it runs without anybody to answer it.
pub fn apt_get<S: Into<std::ffi::OsString>>(args: impl IntoIterator<Item = S>) -> Command {
    Command::plain(["apt-get"])
        .args(args)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .env("DEBIAN_PRIORITY", "critical")
        .env("APT_LISTCHANGES_FRONTEND", "none")
        .finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stanza_is_read_whatever_its_order() {
        let stanza = "Package: mail-server\nStatus: hold ok installed\nArchitecture: amd64\nProvides: mta (= 1), smtp:any\nVersion: 1:2-3\n";
        let package = parse(stanza).unwrap();
        assert_eq!((package.version.as_str(), package.whole, package.held), ("1:2-3", true, true));
        assert_eq!(package.provides, ["mta", "smtp"]);
        assert!(!parse("Package: a\nStatus: deinstall ok config-files\n").unwrap().whole);
    }
}
