//! Users and groups: read from their files, made with the shadow tools.
use super::super::{Account, Shadow, State, accounts};
use super::{succeed, unmakable};
use crate::machine::{Command, Machine};
use std::io;
use std::path::Path;

pub fn look_user(machine: &dyn Machine, name: &str) -> io::Result<State> {
    let Some(line) = accounts::user(machine, name)? else { return Ok(State::Absent) };
    let mut groups: Vec<_> = accounts::groups_of(machine, name)?.into_iter().map(|group| group.name).collect();
    groups.sort();
    let mut account = Account {
        uid: Some(line.uid),
        gid: Some(line.gid),
        comment: line.comment,
        home: line.home,
        shell: line.shell,
        groups,
        ..Account::default()
    };
    // Only root may read it; for others the password and its age are not known.
    if let Ok(shadow) = machine.read(Path::new("/etc/shadow")) {
        read_shadow(&String::from_utf8_lossy(&shadow), name, &mut account);
    }
    Ok(State::User(account))
}

fn read_shadow(text: &str, name: &str, account: &mut Account) {
    let Some(line) = text.lines().find(|line| line.split(':').next() == Some(name)) else { return };
    let fields: Vec<_> = line.split(':').collect();
    let number = |at: usize| fields.get(at).and_then(|field| field.parse().ok());
    account.password = fields.get(1).map(ToString::to_string);
    account.shadow = Shadow { least: number(3), most: number(4), warn: number(5), inactive: number(6) };
    account.expires = number(7);
}

pub fn look_group(machine: &dyn Machine, name: &str) -> io::Result<State> {
    Ok(match accounts::group(machine, name)? {
        Some(line) => State::Group { gid: Some(line.gid), members: line.members },
        None => State::Absent,
    })
}

pub fn make_user(machine: &mut dyn Machine, name: &str, state: &State) -> io::Result<()> {
    let before = look_user(machine, name)?;
    match (state, &before) {
        (State::Absent, State::Absent) => Ok(()),
        (State::Absent, _) => run(machine, Command::plain(["userdel", name])),
        (State::User(wanted), State::User(now)) => change_user(machine, name, wanted, now),
        (State::User(wanted), _) => {
            let command = options(Command::plain(["useradd", "-M"]), wanted, &Account::default());
            run(machine, command.arg(name))?;
            match look_user(machine, name)? {
                State::User(now) => change_user(machine, name, wanted, &now),
                _ => Err(unmakable(&format!("useradd made no user {name}"))),
            }
        }
        _ => Err(unmakable("a user cannot become something else")),
    }
}

fn change_user(machine: &mut dyn Machine, name: &str, wanted: &Account, now: &Account) -> io::Result<()> {
    let command = options(Command::plain(["usermod"]), wanted, now);
    if command.argv.len() > 1 {
        run(machine, command.arg(name))?;
    }
    if let Some(password) = wanted.password.as_ref().filter(|password| Some(*password) != now.password.as_ref()) {
        set_password(machine, name, password)?;
    }
    let ages = [
        ("-m", wanted.shadow.least, now.shadow.least),
        ("-M", wanted.shadow.most, now.shadow.most),
        ("-W", wanted.shadow.warn, now.shadow.warn),
        ("-I", wanted.shadow.inactive, now.shadow.inactive),
    ];
    for (flag, wanted, now) in ages {
        if wanted != now {
            run(machine, Command::plain(["chage", flag, &wanted.unwrap_or(-1).to_string(), name]))?;
        }
    }
    Ok(())
}

/// A hash goes over stdin: the command line is everybody's to read.
pub fn set_password(machine: &mut dyn Machine, name: &str, hash: &str) -> io::Result<()> {
    let command = Command::plain(["chpasswd", "-e"]).stdin(format!("{name}:{hash}\n"));
    run(machine, command)
}

fn options(mut command: Command, wanted: &Account, now: &Account) -> Command {
    let mut option = |flag: &str, wanted: String, now: Option<String>| {
        if Some(&wanted) != now.as_ref() {
            command = std::mem::take(&mut command).arg(flag).arg(wanted);
        }
    };
    if let Some(uid) = wanted.uid {
        option("-u", uid.to_string(), now.uid.map(|uid| uid.to_string()));
    }
    if let Some(gid) = wanted.gid {
        option("-g", gid.to_string(), now.gid.map(|gid| gid.to_string()));
    }
    option("-c", wanted.comment.clone(), Some(now.comment.clone()));
    option("-d", wanted.home.clone(), Some(now.home.clone()));
    option("-s", wanted.shell.clone(), Some(now.shell.clone()));
    option("-G", wanted.groups.join(","), Some(now.groups.join(",")));
    let expires = |days: Option<i64>| days.map_or_else(String::new, |days| value::Date::from_days(days).to_string());
    option("-e", expires(wanted.expires), Some(expires(now.expires)));
    command
}

pub fn make_group(machine: &mut dyn Machine, name: &str, state: &State) -> io::Result<()> {
    let before = look_group(machine, name)?;
    match (state, before) {
        (State::Absent, State::Absent) => Ok(()),
        (State::Absent, _) => run(machine, Command::plain(["groupdel", name])),
        (State::Group { gid, .. }, State::Group { gid: now, .. }) => match gid {
            Some(gid) if Some(*gid) != now => run(machine, Command::plain(["groupmod", "-g", &gid.to_string(), name])),
            _ => Ok(()),
        },
        (State::Group { gid, .. }, _) => {
            let command = Command::plain(["groupadd"]);
            let command = gid.map_or(command.clone(), |gid| command.arg("-g").arg(gid.to_string()));
            run(machine, command.arg(name))
        }
        _ => Err(unmakable("a group cannot become something else")),
    }
}

fn run(machine: &mut dyn Machine, command: Command) -> io::Result<()> {
    let program = command.argv.first().map(|word| word.to_string_lossy().into_owned()).unwrap_or_default();
    succeed(machine.run(&command)?, &program).map(drop)
}
