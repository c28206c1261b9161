//! Units of systemd: all that is known of one is asked at once.
use super::super::{Scope, State, Unit};
use super::{succeed, unmakable};
use crate::machine::{Command, Machine};
use std::io;
use value::Map;

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

pub fn look(machine: &dyn Machine, name: &str, scope: Scope) -> io::Result<Unit> {
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

pub fn make(machine: &mut dyn Machine, name: &str, scope: Scope, state: &State) -> io::Result<()> {
    let State::Unit(wanted) = state else { return Err(unmakable("a unit comes from its file")) };
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
