//! Groups: read from their file, made with the shadow tools.
use super::super::accounts;
use super::{Kind, Known, State, run, unmakable};
use crate::machine::{Command, Machine};
use std::io;
use value::Map;

#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    pub gid: Option<u32>,
    pub members: Vec<String>,
}

impl Kind for Group {
    type Key = String;

    fn describe(name: &String) -> String {
        format!("group {name}")
    }

    fn look(machine: &dyn Machine, name: &String) -> io::Result<State> {
        Ok(match accounts::group(machine, name)? {
            Some(line) => State::Group(Group { gid: Some(line.gid), members: line.members }),
            None => State::Absent,
        })
    }

    fn make(machine: &mut dyn Machine, name: &String, state: &State) -> io::Result<()> {
        let before = Self::look(machine, name)?;
        match (state, before) {
            (State::Absent, State::Absent) => Ok(()),
            (State::Absent, _) => run(machine, Command::plain(["groupdel", name])),
            (State::Group(Group { gid, .. }), State::Group(now)) => match gid {
                Some(gid) if Some(*gid) != now.gid => {
                    run(machine, Command::plain(["groupmod", "-g", &gid.to_string(), name]))
                }
                _ => Ok(()),
            },
            (State::Group(Group { gid, .. }), _) => {
                let command = Command::plain(["groupadd"]);
                let command = gid.map_or(command.clone(), |gid| command.arg("-g").arg(gid.to_string()));
                run(machine, command.arg(name))
            }
            _ => Err(unmakable("a group cannot become something else")),
        }
    }

    fn goes_back(_: &State, _: &State) -> bool {
        true
    }

    fn may_come_with_a_package(_: &String) -> bool {
        true
    }
}

impl Known for Group {
    fn summarize(&self, map: &mut Map) {
        map.insert("gid", self.gid.map(i64::from));
        map.insert("members", self.members.clone());
    }
}
