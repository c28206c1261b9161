//! Users and groups, read from their files; what is not there (LDAP, sssd) is asked of the host's `getent`. libc is never asked:
//! a static program cannot load what it would need.
use crate::machine::{Command, Machine};
use std::io;
use std::path::Path;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserLine {
    pub name: String,
    pub uid: u32,
    pub gid: u32,
    pub comment: String,
    pub home: String,
    pub shell: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupLine {
    pub name: String,
    pub gid: u32,
    pub members: Vec<String>,
}

pub fn parse_user(line: &str) -> Option<UserLine> {
    let mut fields = line.split(':');
    let name = fields.next().filter(|name| !name.is_empty() && !name.starts_with(['#', '+', '-']))?.to_string();
    let uid = fields.nth(1)?.parse().ok()?;
    let gid = fields.next()?.parse().ok()?;
    let mut text = || fields.next().map(|field| field.trim_end().to_string());
    Some(UserLine { name, uid, gid, comment: text()?, home: text()?, shell: text().unwrap_or_default() })
}

pub fn parse_group(line: &str) -> Option<GroupLine> {
    let mut fields = line.trim_end().split(':');
    let name = fields.next().filter(|name| !name.is_empty() && !name.starts_with(['#', '+', '-']))?.to_string();
    let gid = fields.nth(1)?.parse().ok()?;
    let members = fields.next().unwrap_or_default().split(',').filter(|member| !member.is_empty());
    Some(GroupLine { name, gid, members: members.map(String::from).collect() })
}

fn lines<T>(machine: &dyn Machine, file: &str, parse: fn(&str) -> Option<T>) -> io::Result<Vec<T>> {
    let text = match machine.read(Path::new(file)) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error),
    };
    Ok(String::from_utf8_lossy(&text).lines().filter_map(parse).collect())
}

pub fn users(machine: &dyn Machine) -> io::Result<Vec<UserLine>> {
    lines(machine, "/etc/passwd", parse_user)
}

pub fn groups(machine: &dyn Machine) -> io::Result<Vec<GroupLine>> {
    lines(machine, "/etc/group", parse_group)
}

/// Whether names come from elsewhere than the files; if not, nobody need be asked.
fn has_other_sources(machine: &dyn Machine, database: &str) -> bool {
    let config = machine.read(Path::new("/etc/nsswitch.conf")).unwrap_or_default();
    let config = String::from_utf8_lossy(&config);
    let line = config.lines().find_map(|line| line.trim().strip_prefix(database)?.strip_prefix(':'));
    line.is_some_and(|line| {
        line.split_whitespace().any(|source| !matches!(source, "files" | "compat") && !source.starts_with('['))
    })
}

fn elsewhere<T>(
    machine: &dyn Machine,
    database: &str,
    key: &str,
    parse: fn(&str) -> Option<T>,
) -> io::Result<Option<T>> {
    if !has_other_sources(machine, database) {
        return Ok(None);
    }
    // A machine without getent has no other sources that we could ask.
    let asked = machine.ask(&Command::plain(["getent", database, key]));
    Ok(asked.ok().filter(|output| output.ok()).and_then(|output| output.out().lines().find_map(parse)))
}

pub fn user(machine: &dyn Machine, name: &str) -> io::Result<Option<UserLine>> {
    match users(machine)?.into_iter().find(|line| line.name == name) {
        Some(line) => Ok(Some(line)),
        None => elsewhere(machine, "passwd", name, parse_user).map(|line| line.filter(|line| line.name == name)),
    }
}

pub fn user_by_id(machine: &dyn Machine, uid: u32) -> io::Result<Option<UserLine>> {
    match users(machine)?.into_iter().find(|line| line.uid == uid) {
        Some(line) => Ok(Some(line)),
        None => elsewhere(machine, "passwd", &uid.to_string(), parse_user),
    }
}

pub fn group(machine: &dyn Machine, name: &str) -> io::Result<Option<GroupLine>> {
    match groups(machine)?.into_iter().find(|line| line.name == name) {
        Some(line) => Ok(Some(line)),
        None => elsewhere(machine, "group", name, parse_group).map(|line| line.filter(|line| line.name == name)),
    }
}

pub fn group_by_id(machine: &dyn Machine, gid: u32) -> io::Result<Option<GroupLine>> {
    match groups(machine)?.into_iter().find(|line| line.gid == gid) {
        Some(line) => Ok(Some(line)),
        None => elsewhere(machine, "group", &gid.to_string(), parse_group),
    }
}

/// The number of a user, by name; a name that is a number is that number.
pub fn uid(machine: &dyn Machine, name: &str) -> io::Result<Option<u32>> {
    match name.parse() {
        Ok(uid) => Ok(Some(uid)),
        Err(_) => Ok(user(machine, name)?.map(|line| line.uid)),
    }
}

pub fn gid(machine: &dyn Machine, name: &str) -> io::Result<Option<u32>> {
    match name.parse() {
        Ok(gid) => Ok(Some(gid)),
        Err(_) => Ok(group(machine, name)?.map(|line| line.gid)),
    }
}

/// Groups that a user is in besides his own.
pub fn groups_of(machine: &dyn Machine, user: &str) -> io::Result<Vec<GroupLine>> {
    let all = groups(machine)?;
    Ok(all.into_iter().filter(|group| group.members.iter().any(|member| member == user)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_and_odd_ones_left_out() {
        let line = parse_user("bot:x:1001:1002:A Bot,,,:/home/bot:/bin/sh").unwrap();
        assert_eq!((line.uid, line.gid, line.shell.as_str()), (1001, 1002, "/bin/sh"));
        assert_eq!(parse_user("+@admins::::::"), None);
        assert_eq!(parse_user("broken:x:one:2:::"), None);
        assert_eq!(parse_group("docker:x:998:bot,eve").unwrap().members, ["bot", "eve"]);
    }
}
