//! Containers: looking at them, making them, starting and stopping them.
use super::{Daemon, field, map_of, text, truth};
use crate::host::Container;
use crate::http::percent;
use crate::machine::Machine;
use std::io;
use value::{Map, Value};

pub fn inspect(machine: &dyn Machine, daemon: &Daemon, name: &str) -> io::Result<Option<Value>> {
    let reply = daemon.get(machine, &format!("/containers/{}/json", percent(name, "")))?;
    reply.found(&format!("inspecting container {name}"))
}

/// What makes such a container again.
pub fn state(inspected: &Value) -> Container {
    let mut config = map_of(inspected.get("Config"));
    // Docker gives a hostname of its own making; another container shall get another one.
    if text(inspected, "Id").starts_with(&config.get("Hostname").map_or_else(String::new, Value::to_text)) {
        config.remove("Hostname");
    }
    if let Some(host) = inspected.get("HostConfig") {
        config.insert("HostConfig", host.clone());
    }
    let networks = map_of(field(inspected, "NetworkSettings.Networks"));
    let endpoints: Map = networks.iter().map(|(name, network)| (name.clone(), endpoint(network))).collect();
    config.insert("NetworkingConfig", Value::map([("EndpointsConfig", Value::from(endpoints))]));
    Container {
        id: text(inspected, "Id"),
        running: truth(inspected, "State.Running"),
        paused: truth(inspected, "State.Paused"),
        config,
    }
}

/// What was asked of a network, without what it gave.
fn endpoint(network: &Value) -> Value {
    let kept = ["IPAMConfig", "Links", "Aliases"];
    Value::map(kept.into_iter().filter_map(|name| Some((name, field(network, name)?.clone()))))
}

pub struct Make<'m> {
    pub name: &'m str,
    pub config: &'m Map,
    pub platform: Option<&'m str>,
}

/// Makes it, in its first network, and joins it to the others; gives its id.
pub fn create(machine: &mut dyn Machine, daemon: &Daemon, make: &Make) -> io::Result<String> {
    let networking = make.config.get("NetworkingConfig").cloned().unwrap_or_default();
    let endpoints = map_of(networking.get("EndpointsConfig"));
    let mut config = make.config.clone();
    let mut others = Vec::new();
    // Daemons before version 25 take one network here.
    if endpoints.len() > 1 {
        let mode = make.config.get("HostConfig").map_or_else(String::new, |host| text(host, "NetworkMode"));
        let first =
            endpoints.keys().find(|key| key.as_str() == Some(&mode)).or_else(|| endpoints.keys().next()).cloned();
        let (one, rest): (Vec<_>, Vec<_>) = endpoints.into_iter().partition(|(key, _)| Some(key) == first.as_ref());
        let one: Map = one.into_iter().collect();
        config.insert("NetworkingConfig", Value::map([("EndpointsConfig", Value::from(one))]));
        others = rest;
    }
    let platform = make.platform.map_or_else(String::new, |platform| format!("&platform={}", percent(platform, "")));
    let target = format!("/containers/create?name={}{platform}", percent(make.name, ""));
    let reply = daemon.act(machine, "POST", &target, Some(&config.into()))?;
    let id = text(&reply.ok(&format!("creating container {}", make.name))?, "Id");
    for (network, endpoint) in others {
        connect(machine, daemon, &network.value().to_text(), &id, &endpoint)?;
    }
    Ok(id)
}

pub fn connect(
    machine: &mut dyn Machine,
    daemon: &Daemon,
    network: &str,
    id: &str,
    endpoint: &Value,
) -> io::Result<()> {
    let body = Value::map([("Container", Value::from(id)), ("EndpointConfig", endpoint.clone())]);
    let reply = daemon.act(machine, "POST", &format!("/networks/{}/connect", percent(network, "")), Some(&body))?;
    reply.ok(&format!("connecting container to network {network}")).map(drop)
}

pub fn disconnect(machine: &mut dyn Machine, daemon: &Daemon, network: &str, id: &str) -> io::Result<()> {
    let body = Value::map([("Container", Value::from(id)), ("Force", true.into())]);
    let reply = daemon.act(machine, "POST", &format!("/networks/{}/disconnect", percent(network, "")), Some(&body))?;
    reply.ok(&format!("disconnecting container from network {network}")).map(drop)
}

/// `start`, `stop`, `restart`, `kill`, `pause`, `unpause`; what is so already is no error.
pub fn signal(machine: &mut dyn Machine, daemon: &Daemon, name: &str, verb: &str, query: &str) -> io::Result<()> {
    let target = format!("/containers/{}/{verb}{query}", percent(name, ""));
    let reply = daemon.act(machine, "POST", &target, None)?;
    reply.ok(&format!("trying to {verb} container {name}")).map(drop)
}

pub fn remove(machine: &mut dyn Machine, daemon: &Daemon, name: &str, volumes: bool) -> io::Result<()> {
    let target = format!("/containers/{}?force=true&v={volumes}", percent(name, ""));
    let reply = daemon.act(machine, "DELETE", &target, None)?;
    match reply.status {
        // Somebody else is removing it already.
        409 if reply.message().contains("already in progress") => Ok(()),
        _ => reply.found(&format!("removing container {name}")).map(drop),
    }
}
