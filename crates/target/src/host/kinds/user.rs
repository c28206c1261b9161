//! Users: read from the password files, made with the shadow tools.
use super::super::{Host, Look, Stop, accounts};
use super::{Kind, Known, Resource, State, run, unmakable};
use crate::machine::{Command, Machine};
use std::io;
use std::path::Path;
use value::Map;

/// A line of the password file, with what stands beside it elsewhere. None: not stated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    pub uid: Option<u32>,
    /// The number of the primary group.
    pub gid: Option<u32>,
    pub comment: String,
    pub home: String,
    pub shell: String,
    /// The hash; only root can see it.
    pub password: Option<String>,
    /// Supplementary groups, sorted.
    pub groups: Vec<String>,
    /// Days since the epoch.
    pub expires: Option<i64>,
    pub shadow: Shadow,
}

/// How a password ages, in days.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shadow {
    pub least: Option<i64>,
    pub most: Option<i64>,
    pub warn: Option<i64>,
    pub inactive: Option<i64>,
}

impl Kind for Account {
    type Key = String;

    fn describe(name: &String) -> String {
        format!("user {name}")
    }

    fn look(machine: &dyn Machine, name: &String) -> io::Result<State> {
        look(machine, name)
    }

    fn make(machine: &mut dyn Machine, name: &String, state: &State) -> io::Result<()> {
        make(machine, name, state)
    }

    /// A removed user's files and password may be gone with him.
    fn goes_back(before: &State, after: &State) -> bool {
        before.is_absent() || matches!(after, State::User(_))
    }

    fn may_come_with_a_package(_: &String) -> bool {
        true
    }
}

impl Known for Account {
    fn summarize(&self, map: &mut Map) {
        map.insert("uid", self.uid.map(i64::from));
        map.insert("gid", self.gid.map(i64::from));
        map.insert("comment", self.comment.clone());
        map.insert("home", self.home.clone());
        map.insert("shell", self.shell.clone());
        map.insert("groups", self.groups.clone());
    }
}

impl Host<'_> {
    pub fn user(&self, name: &str) -> Look<Option<Account>> {
        match self.state(&Resource::User(name.into()))? {
            State::User(account) => Ok(Some(account)),
            State::Absent => Ok(None),
            _ => Err(Stop::Unforeseen(Resource::User(name.into()))),
        }
    }
}

fn look(machine: &dyn Machine, name: &str) -> io::Result<State> {
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

fn make(machine: &mut dyn Machine, name: &str, state: &State) -> io::Result<()> {
    let before = look(machine, name)?;
    match (state, &before) {
        (State::Absent, State::Absent) => Ok(()),
        (State::Absent, _) => run(machine, Command::plain(["userdel", name])),
        (State::User(wanted), State::User(now)) => change_user(machine, name, wanted, now),
        (State::User(wanted), _) => {
            let command = options(Command::plain(["useradd", "-M"]), wanted, &Account::default());
            run(machine, command.arg(name))?;
            match look(machine, name)? {
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
