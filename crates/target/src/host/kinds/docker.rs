//! Containers and images: the daemon's own words, over its socket.
use super::super::State;
use super::unmakable;
use crate::docker::{Daemon, container, image};
use crate::machine::Machine;
use std::io;

pub fn look_container(machine: &dyn Machine, name: &str) -> io::Result<State> {
    Ok(match container::inspect(machine, &Daemon::default(), name)? {
        Some(inspected) => State::Container(container::state(&inspected)),
        None => State::Absent,
    })
}

pub fn look_image(machine: &dyn Machine, name: &str) -> io::Result<State> {
    Ok(match image::inspect(machine, &Daemon::default(), name)? {
        Some(image) => State::Image { id: image::id(&image) },
        None => State::Absent,
    })
}

pub fn make_container(machine: &mut dyn Machine, name: &str, state: &State) -> io::Result<()> {
    let daemon = Daemon::default();
    let wanted = match state {
        State::Absent => return container::remove(machine, &daemon, name, false),
        State::Container(wanted) => wanted,
        _ => return Err(unmakable("a container is made from its settings")),
    };
    let now = look_container(machine, name)?;
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

pub fn make_image(machine: &mut dyn Machine, name: &str, state: &State) -> io::Result<()> {
    let daemon = Daemon::default();
    match state {
        State::Absent => image::remove(machine, &daemon, name, true),
        State::Present => image::pull(machine, &daemon, name, None, &|_| {}),
        State::Image { id } => {
            // The old image is there yet, without its name.
            let (repository, tag) = name.rsplit_once(':').unwrap_or((name, "latest"));
            let target = format!(
                "/images/{}/tag?repo={}&tag={}",
                crate::http::percent(id, ":"),
                crate::http::percent(repository, ""),
                crate::http::percent(tag, "")
            );
            daemon.act(machine, "POST", &target, None)?.ok(&format!("tagging image {name}")).map(drop)
        }
        _ => Err(unmakable("an image is pulled or removed")),
    }
}
