//! Units of systemd: all that is known of one is asked at once.
use super::super::{Host, Look, Overlay};
use super::{Kind, Known, Resource, State, succeed, unmakable};
use crate::machine::{Command, Machine};
use std::io;
use value::{Map, Value};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    #[default]
    System,
    User,
    Global,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name {
    name: String,
    scope: Scope,
}

/// None: systemd has no such unit, or the question does not apply to it (a static unit is not enabled or disabled).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unit {
    /// Whether a unit file is there.
    pub found: bool,
    pub active: bool,
    /// `active`, `activating`, `failed` ...
    pub active_state: String,
    pub enabled: Option<bool>,
    /// `enabled`, `static`, `masked` ...
    pub file_state: String,
    pub masked: bool,
}

impl Kind for Unit {
    type Key = Name;

    fn describe(key: &Name) -> String {
        format!("unit {}", key.name)
    }

    fn look(machine: &dyn Machine, key: &Name) -> io::Result<State> {
        look(machine, &key.name, key.scope).map(State::Unit)
    }

    fn make(machine: &mut dyn Machine, key: &Name, state: &State) -> io::Result<()> {
        let State::Unit(wanted) = state else { return Err(unmakable("a unit comes from its file")) };
        make(machine, &key.name, key.scope, wanted)
    }

    fn goes_back(_: &State, _: &State) -> bool {
        true
    }

    fn may_come_with_a_package(_: &Name) -> bool {
        true
    }

    fn by_plan(key: &Name, overlay: &Overlay) -> Option<State> {
        has_planned_file(&key.name, overlay).then(|| {
            let (active_state, file_state) = ("inactive".into(), "disabled".into());
            State::Unit(Unit { found: true, enabled: Some(false), active_state, file_state, ..Unit::default() })
        })
    }
}

impl Known for Unit {
    fn summarize(&self, map: &mut Map) {
        map.insert("active", self.active);
        map.insert("enabled", self.enabled.map_or(Value::Null, Value::Bool));
        map.insert("masked", self.masked);
    }

    fn is_there(&self) -> bool {
        self.found
    }
}

impl Resource {
    pub fn unit(name: impl Into<String>, scope: Scope) -> Self {
        Resource::Unit(Name { name: name.into(), scope })
    }
}

impl Host<'_> {
    pub fn unit(&self, name: &str, scope: Scope) -> Look<Unit> {
        match self.state(&Resource::unit(name, scope))? {
            State::Unit(unit) => Ok(unit),
            _ => Ok(Unit::default()),
        }
    }

    /// The same with all that systemd tells of it; a unit that is only planned has no such words.
    pub fn unit_properties(&self, name: &str, scope: Scope) -> Look<(Unit, Map)> {
        let what = Resource::unit(name, scope);
        if scope == Scope::Global || self.overlay.get(&what).is_some() {
            return Ok((self.unit(name, scope)?, Map::new()));
        }
        let properties = properties(self.machine, name, scope)?;
        match self.known(&what, State::Unit(unit_of(&properties)))? {
            State::Unit(unit) => Ok((unit, properties)),
            _ => Ok((Unit::default(), properties)),
        }
    }
}

/// Where units have their files.
const FOLDERS: [&str; 5] = [
    "/etc/systemd/system",
    "/etc/systemd/user",
    "/usr/local/lib/systemd/system",
    "/lib/systemd/system",
    "/usr/lib/systemd/system",
];

fn has_planned_file(name: &str, overlay: &Overlay) -> bool {
    let file = if name.contains('.') { name.to_string() } else { format!("{name}.service") };
    let planned = |folder| overlay.get(&Resource::path(format!("{folder}/{file}")));
    FOLDERS.into_iter().any(|folder| planned(folder).is_some_and(|state| !state.is_absent()))
}

pub fn systemctl<S: Into<std::ffi::OsString>>(scope: Scope, args: impl IntoIterator<Item = S>) -> Command {
    let command = Command::plain(["systemctl"]).env("SYSTEMD_PAGER", "").env("SYSTEMD_COLORS", "0");
    let command = match scope {
        Scope::System => command,
        Scope::User => command.arg("--user"),
        Scope::Global => command.arg("--global"),
    };
    command.args(args)
}

/// The user's own manager is found by his runtime folder, which a login without a session does not set.
pub fn command<S: Into<std::ffi::OsString>>(
    machine: &dyn Machine,
    scope: Scope,
    args: impl IntoIterator<Item = S>,
) -> Command {
    let command = systemctl(scope, args);
    match scope {
        Scope::User if machine.variable("XDG_RUNTIME_DIR").is_none() => {
            command.env("XDG_RUNTIME_DIR", &format!("/run/user/{}", machine.identity().uid))
        }
        _ => command,
    }
}

/// Every property that `systemctl show` prints.
pub fn properties(machine: &dyn Machine, name: &str, scope: Scope) -> io::Result<Map> {
    let output = machine.ask(&command(machine, scope, ["show", "--no-pager", "--", name]))?;
    if !output.ok() && output.stdout.is_empty() {
        return Err(io::Error::other(output.complaint()));
    }
    Ok(parse(&output.out()))
}

/// One `Name=value` a line; a value that opens a brace and does not close it goes on over the next lines.
fn parse(text: &str) -> Map {
    let mut map = Map::new();
    let mut open: Option<(String, String)> = None;
    for line in text.lines() {
        if let Some((name, mut value)) = open.take() {
            value = value + "\n" + line;
            if line.trim_end().ends_with('}') {
                map.insert(name, value.trim().to_string());
            } else {
                open = Some((name, value));
            }
        } else if let Some((name, value)) = line.split_once('=') {
            let multiline =
                name.starts_with("Exec") && value.trim_start().starts_with('{') && !value.trim_end().ends_with('}');
            if multiline {
                open = Some((name.into(), value.into()));
            } else {
                map.insert(name, value.trim());
            }
        }
    }
    map
}

pub fn unit_of(properties: &Map) -> Unit {
    let text = |name: &str| properties.get(name).and_then(|value| value.as_str()).unwrap_or_default().to_string();
    let (load, file, active) = (text("LoadState"), text("UnitFileState"), text("ActiveState"));
    let masked = load == "masked" || file.starts_with("masked");
    Unit {
        found: masked || !matches!(load.as_str(), "" | "not-found"),
        active: matches!(active.as_str(), "active" | "reloading"),
        enabled: match file.as_str() {
            "enabled" => Some(true),
            // What is enabled until the next boot only is not enabled, as Ansible sees it.
            FOR_NOW | "disabled" | "linked" | "linked-runtime" | "masked" | "masked-runtime" => Some(false),
            _ => None,
        },
        masked,
        active_state: active,
        file_state: file,
    }
}

fn look(machine: &dyn Machine, name: &str, scope: Scope) -> io::Result<Unit> {
    if scope == Scope::Global {
        return look_global(machine, name);
    }
    Ok(unit_of(&properties(machine, name, scope)?))
}

/// The units of all users' managers have no state of their own, only links.
fn look_global(machine: &dyn Machine, name: &str) -> io::Result<Unit> {
    let word = machine.ask(&systemctl(Scope::Global, ["is-enabled", "--", name]))?.out().trim().to_string();
    Ok(Unit {
        found: !word.is_empty() && word != "not-found",
        enabled: Some(word.starts_with("enabled")),
        masked: word.starts_with("masked"),
        file_state: word,
        ..Unit::default()
    })
}

fn make(machine: &mut dyn Machine, name: &str, scope: Scope, wanted: &Unit) -> io::Result<()> {
    let now = look(machine, name, scope)?;
    let mut verbs = Vec::new();
    if now.masked != wanted.masked {
        verbs.push(if wanted.masked { "mask" } else { "unmask" });
    }
    match (now.enabled, wanted.enabled) {
        _ if wanted.file_state == FOR_NOW && now.file_state != FOR_NOW => verbs.extend(["disable", "enable --runtime"]),
        (before, Some(true)) if before != Some(true) => verbs.push("enable"),
        (Some(true), Some(false)) => verbs.push("disable"),
        _ => {}
    }
    if now.active != wanted.active {
        verbs.push(if wanted.active { "start" } else { "stop" });
    }
    for verb in verbs {
        let command = command(machine, scope, verb.split(' ').chain(["--", name]));
        let output = machine.run(&command)?;
        succeed(output, &format!("unable to {verb} service {name}"))?;
    }
    Ok(())
}

/// Enabled until the next boot only.
const FOR_NOW: &str = "enabled-runtime";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_over_several_lines_are_one() {
        let map = parse("Id=a.service\nExecStart={ path=/bin/sh ; argv[]=sh -c 'a\nb' ; }\nEmpty=\nLoadState=loaded\n");
        assert_eq!(map.get("ExecStart").unwrap().as_str(), Some("{ path=/bin/sh ; argv[]=sh -c 'a\nb' ; }"));
        assert_eq!(map.len(), 4);
        assert!(unit_of(&map).found);
    }
}
