//! The tools of the fake machine: apt-get, systemctl, useradd and their kin, as far as our modules use them.
use super::fake::{Fake, FakeUnit};
use super::{Command, Machine, Meta, Output, Source};
use std::path::Path;

pub fn ask(fake: &Fake, command: &Command) -> Output {
    let words: Vec<String> = words(command);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["systemctl", rest @ ..] => systemctl_show(fake, rest),
        ["apt-cache", ..] => Output::default(),
        ["apt-get", "-s", rest @ ..] | ["apt-get", rest @ .., "-s"] => simulated(fake, rest),
        ["lsattr", ..] => fails(1, "Inappropriate ioctl for device"),
        ["getent", ..] => fails(2, ""),
        _ => Output { stdout: (words.join(" ") + "\n").into(), ..Output::default() },
    }
}

pub fn run(fake: &mut Fake, command: &Command) -> Output {
    let words: Vec<String> = words(command);
    let plain: Vec<&str> = words.iter().map(String::as_str).collect();
    match plain.as_slice() {
        ["apt-get", rest @ ..] => apt_get(fake, rest),
        ["systemctl", rest @ ..] => systemctl(fake, rest),
        ["useradd" | "usermod" | "userdel" | "groupadd" | "groupmod" | "groupdel" | "chage" | "chpasswd", ..] => {
            accounts(fake, &plain, &command.stdin)
        }
        _ => Output::default(),
    }
}

fn words(command: &Command) -> Vec<String> {
    command.argv.iter().map(|word| word.to_string_lossy().into_owned()).collect()
}

fn fails(status: i32, why: &str) -> Output {
    Output { status, stderr: why.into(), ..Output::default() }
}

fn operands<'w>(words: &[&'w str]) -> Vec<&'w str> {
    let mut skip = false;
    let wanted = words.iter().filter(|word| {
        let option = std::mem::replace(&mut skip, matches!(**word, "-o" | "-t" | "-c")) || word.starts_with('-');
        !option
    });
    wanted.copied().collect()
}

fn read(fake: &Fake, path: &str) -> String {
    fake.text(path).unwrap_or_default()
}

fn write(fake: &mut Fake, path: &str, text: &str) {
    let mode = if path.ends_with("shadow") { 0o640 } else { 0o644 };
    // The folders of these files are always there.
    let _ = fake.write(Path::new(path), Source::Bytes(text.as_bytes()), Meta { mode, uid: 0, gid: 0 });
}

// ---- apt ----

const STATUS: &str = "/var/lib/dpkg/status";

fn without(status: &str, name: &str) -> String {
    let first = format!("Package: {name}\n");
    status.split_inclusive("\n\n").filter(|stanza| !stanza.starts_with(&first)).collect()
}

fn simulated(fake: &Fake, words: &[&str]) -> Output {
    let all = operands(words);
    let Some((verb, names)) = all.split_first() else { return Output::default() };
    let status = read(fake, STATUS);
    let lines = names.iter().filter_map(|name| {
        let (name, version) = name.split_once('=').unwrap_or((name, "1.0"));
        let there = status.contains(&format!("Package: {name}\n"));
        match *verb {
            "install" if !there => Some(format!("Inst {name} ({version} fake [amd64])\n")),
            "remove" | "purge" if there => Some(format!("Remv {name} [{version}]\n")),
            _ => None,
        }
    });
    Output { stdout: lines.collect::<String>().into(), ..Output::default() }
}

fn apt_get(fake: &mut Fake, words: &[&str]) -> Output {
    let all = operands(words);
    let Some((verb, names)) = all.split_first() else { return Output::default() };
    let mut status = read(fake, STATUS);
    for name in names {
        let (name, version) = name.split_once('=').unwrap_or((name, "1.0"));
        if name.starts_with("no-such") {
            return fails(100, &format!("E: Unable to locate package {name}"));
        }
        match *verb {
            "install"
                if status.contains(&format!("Package: {name}\n")) && !names.iter().any(|name| name.contains('=')) => {}
            "install" => {
                status = without(&status, name);
                let fields = format!("Status: install ok installed\nArchitecture: amd64\nVersion: {version}");
                status += &format!("Package: {name}\n{fields}\n\n");
                fake.world()
                    .units
                    .insert(format!("{name}.service"), FakeUnit { active: true, enabled: true, ..FakeUnit::default() });
            }
            "remove" | "purge" => {
                status = without(&status, name);
                fake.world().units.remove(&format!("{name}.service"));
            }
            _ => {}
        }
    }
    write(fake, STATUS, &status);
    Output::default()
}

// ---- systemctl ----

fn unit_name(name: &str) -> String {
    if name.contains('.') { name.into() } else { format!("{name}.service") }
}

/// A unit that a package brought, or whose file somebody wrote.
fn unit(fake: &Fake, name: &str) -> Option<FakeUnit> {
    let name = unit_name(name);
    let known = fake.world().units.get(&name).cloned();
    let written = fake.text(&format!("/etc/systemd/system/{name}")).is_some();
    known.or_else(|| written.then(FakeUnit::default))
}

fn systemctl_show(fake: &Fake, words: &[&str]) -> Output {
    let all = operands(words);
    let name = unit_name(all.last().copied().unwrap_or_default());
    let text = match unit(fake, &name) {
        None => format!("Id={name}\nLoadState=not-found\nActiveState=inactive\nUnitFileState=\n"),
        Some(unit) => {
            let load = if unit.masked { "masked" } else { "loaded" };
            let active = if unit.active { "active" } else { "inactive" };
            let file = match (unit.masked, unit.enabled) {
                (true, _) => "masked",
                _ if unit.for_now => "enabled-runtime",
                (_, true) => "enabled",
                _ => "disabled",
            };
            format!("Id={name}\nLoadState={load}\nActiveState={active}\nUnitFileState={file}\n")
        }
    };
    Output { stdout: text.into(), ..Output::default() }
}

fn systemctl(fake: &mut Fake, words: &[&str]) -> Output {
    let all = operands(words);
    let [verb, name] = all.as_slice() else { return Output::default() };
    let name = unit_name(name);
    let Some(mut unit) = unit(fake, &name) else { return fails(5, &format!("Unit {name} not found.")) };
    match *verb {
        "start" | "restart" if unit.masked => return fails(1, &format!("Unit {name} is masked.")),
        "start" | "restart" | "reload-or-restart" => unit.active = true,
        "stop" => unit.active = false,
        "enable" => (unit.enabled, unit.for_now) = (true, words.contains(&"--runtime")),
        "disable" => (unit.enabled, unit.for_now) = (false, false),
        "mask" => unit.masked = true,
        "unmask" => unit.masked = false,
        _ => {}
    }
    fake.world().units.insert(name, unit);
    Output::default()
}

// ---- users and groups ----

fn option<'w>(words: &[&'w str], names: &[&str]) -> Option<&'w str> {
    let at = words.iter().position(|word| names.contains(word))?;
    words.get(at + 1).copied()
}

fn accounts(fake: &mut Fake, words: &[&str], stdin: &[u8]) -> Output {
    let Some(name) = words.last().copied() else { return Output::default() };
    match words.first().copied().unwrap_or_default() {
        "groupadd" => group_add(fake, words, name),
        "groupmod" => {
            if let Some(gid) = option(words, &["-g"]) {
                edit(fake, "/etc/group", name, |fields| fields[2] = gid.into());
            }
            Output::default()
        }
        "groupdel" => {
            edit_lines(fake, "/etc/group", |line| (!line.starts_with(&format!("{name}:"))).then(|| line.to_string()));
            Output::default()
        }
        "useradd" => user_add(fake, words, name),
        "usermod" => user_mod(fake, words, name),
        "userdel" => user_del(fake, name),
        "chpasswd" => {
            let text = String::from_utf8_lossy(stdin).into_owned();
            if let Some((name, hash)) = text.trim().split_once(':') {
                edit(fake, "/etc/shadow", name, |fields| fields[1] = hash.into());
            }
            Output::default()
        }
        _ => Output::default(),
    }
}

fn edit_lines(fake: &mut Fake, path: &str, change: impl Fn(&str) -> Option<String>) {
    let text: String = read(fake, path).lines().filter_map(|line| change(line).map(|line| line + "\n")).collect();
    write(fake, path, &text);
}

fn edit(fake: &mut Fake, path: &str, name: &str, change: impl Fn(&mut Vec<String>)) {
    edit_lines(fake, path, |line| {
        let mut fields: Vec<String> = line.split(':').map(String::from).collect();
        if fields.first().map(String::as_str) == Some(name) {
            change(&mut fields);
        }
        Some(fields.join(":"))
    });
}

fn next_id(text: &str) -> u32 {
    let ids = text.lines().filter_map(|line| line.split(':').nth(2)?.parse::<u32>().ok());
    ids.filter(|id| *id < 60_000).max().unwrap_or(0).max(999) + 1
}

fn group_add(fake: &mut Fake, words: &[&str], name: &str) -> Output {
    let text = read(fake, "/etc/group");
    let gid = option(words, &["-g", "--gid"]).map_or_else(|| next_id(&text).to_string(), String::from);
    write(fake, "/etc/group", &format!("{text}{name}:x:{gid}:\n"));
    Output::default()
}

fn gid_of(fake: &Fake, name: &str) -> String {
    let line = read(fake, "/etc/group").lines().find(|line| line.starts_with(&format!("{name}:"))).map(String::from);
    line.and_then(|line| line.split(':').nth(2).map(String::from)).unwrap_or_else(|| name.into())
}

fn user_add(fake: &mut Fake, words: &[&str], name: &str) -> Output {
    let text = read(fake, "/etc/passwd");
    let uid = option(words, &["-u"]).map_or_else(|| next_id(&text).to_string(), String::from);
    let gid = match option(words, &["-g"]) {
        Some(group) => gid_of(fake, group),
        None => {
            group_add(fake, &[], name);
            gid_of(fake, name)
        }
    };
    let home = option(words, &["-d"]).map_or_else(|| format!("/home/{name}"), String::from);
    let (comment, shell) = (option(words, &["-c"]).unwrap_or_default(), option(words, &["-s"]).unwrap_or("/bin/sh"));
    write(fake, "/etc/passwd", &format!("{text}{name}:x:{uid}:{gid}:{comment}:{home}:{shell}\n"));
    let hash = option(words, &["-p"]).unwrap_or("!");
    let shadow = read(fake, "/etc/shadow");
    write(fake, "/etc/shadow", &format!("{shadow}{name}:{hash}:19000:0:99999:7:::\n"));
    if words.contains(&"-m") {
        // The folder /home is always there.
        let _ = fake.make_dir(Path::new(&home), 0o755);
    }
    set_groups(fake, words, name);
    Output::default()
}

fn user_mod(fake: &mut Fake, words: &[&str], name: &str) -> Output {
    let gid = option(words, &["-g"]).map(|group| gid_of(fake, group));
    let uid = option(words, &["-u"]);
    let fields_of = [
        (4, option(words, &["-c"])),
        (5, option(words, &["-d"])),
        (6, option(words, &["-s"])),
        (2, uid),
        (3, gid.as_deref()),
    ];
    edit(fake, "/etc/passwd", name, |fields| {
        for (at, value) in fields_of {
            if let Some(value) = value {
                fields[at] = value.into();
            }
        }
    });
    if let Some(hash) = option(words, &["-p"]) {
        edit(fake, "/etc/shadow", name, |fields| fields[1] = hash.into());
    }
    set_groups(fake, words, name);
    Output::default()
}

fn set_groups(fake: &mut Fake, words: &[&str], name: &str) {
    let Some(groups) = option(words, &["-G"]) else { return };
    let wanted: Vec<_> = groups.split(',').collect();
    let keep = words.contains(&"-a");
    edit_lines(fake, "/etc/group", |line| {
        let mut fields: Vec<String> = line.split(':').map(String::from).collect();
        let mut members: Vec<_> = fields[3].split(',').filter(|member| !member.is_empty()).map(String::from).collect();
        let in_it = wanted.contains(&fields[0].as_str()) || keep && members.iter().any(|member| member == name);
        members.retain(|member| member != name);
        if in_it {
            members.push(name.into());
        }
        fields[3] = members.join(",");
        Some(fields.join(":"))
    });
}

fn user_del(fake: &mut Fake, name: &str) -> Output {
    for path in ["/etc/passwd", "/etc/shadow"] {
        edit_lines(fake, path, |line| (!line.starts_with(&format!("{name}:"))).then(|| line.to_string()));
    }
    edit_lines(fake, "/etc/group", |line| {
        let own = line.starts_with(&format!("{name}:"));
        let (head, members) = line.rsplit_once(':')?;
        let members: Vec<_> = members.split(',').filter(|member| *member != name).collect();
        (!own).then(|| format!("{head}:{}", members.join(",")))
    });
    Output::default()
}
