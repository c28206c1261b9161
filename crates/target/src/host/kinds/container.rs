//! Containers: the daemon's own words, over its socket.
use super::{Kind, Known, State, unmakable};
use crate::docker::{Daemon, SOCKET, container};
use crate::machine::Machine;
use std::io;
use value::Map;

/// A container by what makes it again: the daemon's own words.
#[derive(Clone, Debug)]
pub struct Container {
    pub id: String,
    pub running: bool,
    pub paused: bool,
    /// The body of the request that makes such a container.
    pub config: Map,
}

/// Made again it has another id, and is the same container all the same.
impl PartialEq for Container {
    fn eq(&self, other: &Self) -> bool {
        (self.running, self.paused, &self.config) == (other.running, other.paused, &other.config)
    }
}

impl Kind for Container {
    type Key = String;
    const DEPENDS_ON: &'static [&'static str] = &[SOCKET];

    fn describe(name: &String) -> String {
        format!("container {name}")
    }

    fn look(machine: &dyn Machine, name: &String) -> io::Result<State> {
        Ok(match container::inspect(machine, &Daemon::default(), name)? {
            Some(inspected) => State::Container(container::state(&inspected)),
            None => State::Absent,
        })
    }

    fn make(machine: &mut dyn Machine, name: &String, state: &State) -> io::Result<()> {
        let daemon = Daemon::default();
        let wanted = match state {
            State::Absent => return container::remove(machine, &daemon, name, false),
            State::Container(wanted) => wanted,
            _ => return Err(unmakable("a container is made from its settings")),
        };
        let now = Self::look(machine, name)?;
        let same = matches!(&now, State::Container(now) if now.config == wanted.config);
        if !same {
            if !now.is_absent() {
                container::remove(machine, &daemon, name, false)?;
            }
            container::create(machine, &daemon, &container::Make { name, config: &wanted.config, platform: None })?;
        }
        let running = matches!(&now, State::Container(now) if now.running) && same;
        match (running, wanted.running) {
            (false, true) => container::signal(machine, &daemon, name, "start", ""),
            (true, false) => container::signal(machine, &daemon, name, "stop", ""),
            _ => Ok(()),
        }
    }

    fn goes_back(_: &State, _: &State) -> bool {
        true
    }

    fn may_come_with_a_package(_: &String) -> bool {
        false
    }
}

impl Known for Container {
    fn summarize(&self, map: &mut Map) {
        map.insert("running", self.running);
        map.insert("image", self.config.get("Image").cloned().unwrap_or_default());
    }
}
