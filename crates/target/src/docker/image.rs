//! Images: looking at them, pulling, removing.
use super::{Daemon, text};
use crate::http::{Body, percent};
use crate::machine::Machine;
use std::io;
use value::Value;

/// `name:tag`, `name@digest`, with the tag that is meant where none is written.
pub fn with_tag(name: &str) -> String {
    let last = name.rsplit('/').next().unwrap_or(name);
    if last.contains([':', '@']) || name.starts_with("sha256:") { name.into() } else { format!("{name}:latest") }
}

pub fn inspect(machine: &dyn Machine, daemon: &Daemon, name: &str) -> io::Result<Option<Value>> {
    let target = format!("/images/{}/json", percent(name, "/:@"));
    daemon.get(machine, &target)?.found(&format!("inspecting image {name}"))
}

/// Fetches an image; errors come in the middle of the answer.
pub fn pull(
    machine: &mut dyn Machine,
    daemon: &Daemon,
    name: &str,
    platform: Option<&str>,
    progress: &dyn Fn(&str),
) -> io::Result<()> {
    let name = with_tag(name);
    let (repository, tag) = match name.split_once('@') {
        Some((repository, digest)) => (repository, digest),
        None => name.rsplit_once(':').unwrap_or((&name, "latest")),
    };
    let platform = platform.map_or_else(String::new, |platform| format!("&platform={}", percent(platform, "")));
    let target = format!("/images/create?fromImage={}&tag={}{platform}", percent(repository, ""), percent(tag, ""));
    let mut failed = None;
    let reply = daemon.send(machine, &target, Body::None, Vec::new(), &mut |line| {
        if let Some(error) = line.get("error") {
            failed = Some(error.to_text());
        } else if let Some(status) = line.get("status") {
            progress(&format!("{name}: {}", status.to_text()));
        }
    })?;
    if let Some(error) = failed {
        return Err(io::Error::other(format!("Error pulling image {name} - {error}")));
    }
    reply.ok(&format!("pulling image {name}")).map(drop)
}

pub fn remove(machine: &mut dyn Machine, daemon: &Daemon, name: &str, force: bool) -> io::Result<()> {
    let target = format!("/images/{}?force={force}", percent(name, "/:@"));
    let reply = daemon.act(machine, "DELETE", &target, None)?;
    reply.found(&format!("removing image {name}")).map(drop)
}

pub fn id(image: &Value) -> String {
    text(image, "Id")
}
