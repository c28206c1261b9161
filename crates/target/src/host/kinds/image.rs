//! Images: the daemon's own words, over its socket.
use super::{Kind, Known, State, unmakable};
use crate::docker::{Daemon, SOCKET, image};
use crate::http::percent;
use crate::machine::Machine;
use std::io;
use value::Map;

#[derive(Clone, Debug, PartialEq)]
pub struct Image {
    pub id: String,
}

impl Kind for Image {
    type Key = String;
    const DEPENDS_ON: &'static [&'static str] = &[SOCKET];

    fn describe(name: &String) -> String {
        format!("image {name}")
    }

    fn look(machine: &dyn Machine, name: &String) -> io::Result<State> {
        Ok(match image::inspect(machine, &Daemon::default(), name)? {
            Some(image) => State::Image(Image { id: image::id(&image) }),
            None => State::Absent,
        })
    }

    fn make(machine: &mut dyn Machine, name: &String, state: &State) -> io::Result<()> {
        let daemon = Daemon::default();
        match state {
            State::Absent => image::remove(machine, &daemon, name, true),
            State::Present => image::pull(machine, &daemon, name, None, &|_| {}),
            State::Image(Image { id }) => {
                // The old image is there yet, without its name.
                let (repository, tag) = name.rsplit_once(':').unwrap_or((name, "latest"));
                let (id, repository, tag) = (percent(id, ":"), percent(repository, ""), percent(tag, ""));
                let target = format!("/images/{id}/tag?repo={repository}&tag={tag}");
                daemon.act(machine, "POST", &target, None)?.ok(&format!("tagging image {name}")).map(drop)
            }
            _ => Err(unmakable("an image is pulled or removed")),
        }
    }

    /// What it held is not kept.
    fn goes_back(before: &State, after: &State) -> bool {
        before.is_absent() || matches!(after, State::Image(_))
    }

    fn may_come_with_a_package(_: &String) -> bool {
        false
    }
}

impl Known for Image {
    fn summarize(&self, map: &mut Map) {
        map.insert("id", self.id.clone());
    }
}
