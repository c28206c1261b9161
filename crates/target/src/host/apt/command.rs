//! apt-get's command line, and running it: waiting for its locks, and for what may start services.
use super::{Verb, Wish, package};
use crate::host::{Look, Stop};
use crate::machine::{Command, Machine, Meta, Output, Source};
use std::path::Path;
use std::time::Duration;

pub fn apt(wish: &Wish, verb: Verb, names: &[String]) -> Command {
    let mut command = package::apt_get(["-y"]);
    for option in wish.dpkg_options.split(',').map(str::trim).filter(|option| !option.is_empty()) {
        command = command.args(["-o", &format!("Dpkg::Options::=--{option}")]);
    }
    command = command.args(["-o", &format!("DPkg::Lock::Timeout={}", wish.lock_timeout.max(0))]);
    let installs = verb != Verb::Remove;
    let flags = [
        (wish.force, "--force-yes"),
        (wish.autoremove, "--auto-remove"),
        (wish.fail_on_autoremove, "--no-remove"),
        (wish.only_upgrade && installs, "--only-upgrade"),
        (wish.allow_unauthenticated, "--allow-unauthenticated"),
        (wish.allow_downgrade, "--allow-downgrades"),
        (wish.allow_change_held_packages, "--allow-change-held-packages"),
        (wish.purge && !installs, "--purge"),
        (verb == Verb::Fix, "--fix-broken"),
        (verb == Verb::Upgrade, "--with-new-pkgs"),
    ];
    command = command.args(flags.into_iter().filter_map(|(given, flag)| given.then_some(flag)));
    if let Some(release) = &wish.default_release {
        command = command.args(["-t", release]);
    }
    if let Some(recommends) = wish.install_recommends {
        let word = if recommends { "yes" } else { "no" };
        command = command.args(["-o", &format!("APT::Install-Recommends={word}")]);
    }
    let word = match verb {
        Verb::Install | Verb::Fix => "install",
        Verb::Remove => "remove",
        Verb::BuildDep => "build-dep",
        Verb::Upgrade => "upgrade",
        Verb::FullUpgrade => "dist-upgrade",
    };
    // `name>=version` was looked at before; apt knows `=` only.
    command.arg(word).args(names.iter().map(|name| name.split_once(">=").map_or(name.as_str(), |(name, _)| name)))
}

pub fn failure(command: &Command, output: &Output) -> Stop {
    let (out, err) = (output.out(), output.err());
    if let Some(name) = unknown(&err) {
        return Stop::failure(format!("No package matching '{name}' is available"), value::Map::new());
    }
    if let Some((version, name)) = err.lines().find_map(|line| line.strip_prefix("E: Version '")?.split_once("' for '"))
        && let Some(name) = name.strip_suffix("' was not found")
    {
        return Stop::failure(format!("no available installation candidate for {name}={version}"), value::Map::new());
    }
    let message = format!("'{}' failed: {}", command.words(), err.trim_end());
    Stop::failure(message, crate::returns! { "stdout" => out, "stderr" => err, "rc" => output.status })
}

fn unknown(err: &str) -> Option<&str> {
    err.lines().find_map(|line| {
        line.strip_prefix("E: Unable to locate package ")
            .or_else(|| line.strip_prefix("E: Package '")?.strip_suffix("' has no installation candidate"))
    })
}

/// Waits for whoever holds apt's locks, up to the time given.
pub fn run_apt(machine: &mut dyn Machine, command: &Command, lock_timeout: i64) -> Look<Output> {
    let mut left = lock_timeout.max(0);
    loop {
        let output = machine.run(command)?;
        if output.ok() {
            return Ok(output);
        }
        let locked = ["Could not get lock", "Unable to lock", "is another process using it"];
        let err = output.err();
        if left == 0 || !locked.iter().any(|words| err.contains(words)) {
            return Err(failure(command, &output));
        }
        machine.sleep(Duration::from_secs(1))?;
        left -= 1;
    }
}

const POLICY: &str = "/usr/sbin/policy-rc.d";

/// While apt runs, services that packages bring are started only as this status tells.
pub fn with_policy(
    machine: &mut dyn Machine,
    status: Option<i64>,
    act: impl FnOnce(&mut dyn Machine) -> Look<Output>,
) -> Look<Output> {
    let Some(status) = status else { return act(machine) };
    let path = Path::new(POLICY);
    let before = crate::host::kinds::path::look(machine, path)?;
    let script = format!("#!/bin/sh\nexit {status}\n");
    machine.write(path, Source::Bytes(script.as_bytes()), Meta { mode: 0o755, uid: 0, gid: 0 })?;
    let acted = act(machine);
    // It must not stay, whatever came of apt.
    let restored = crate::host::kinds::path::make(machine, path, &before);
    let output = acted?;
    restored?;
    Ok(output)
}
