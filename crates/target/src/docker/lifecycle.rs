//! What `docker_container` does: compares a container with its settings, makes it anew if they differ, brings it into its state.
use super::foreground::{self, Ended, Waiting};
use super::settings::{Setting, settings};
use super::{Daemon, SOCKET, compare, container, field, image, map_of, text, truth};
use crate::host::{Acted, Change, Container, Host, Look, Resource, State, Stop};
use std::path::Path;
use std::time::Duration;
use value::{Map, Value};

pub fn manage(args: &Map, host: &mut Host) -> Look<Map> {
    let mut work = Work::new(args, host)?;
    if work.state == "absent" {
        work.remove_for_good()?;
        return Ok(Map::new());
    }
    work.ensure()?;
    let mut result = Map::new();
    if work.in_foreground() {
        work.wait_for_its_end(&mut result)?;
        return Ok(result);
    }
    let inspected = if work.host.writes() { work.inspect()? } else { work.now.clone() };
    result.insert("container", inspected.unwrap_or_default());
    Ok(result)
}

struct Work<'w, 'm> {
    args: &'w Map,
    host: &'w mut Host<'m>,
    daemon: Daemon,
    name: String,
    state: String,
    settings: Vec<Setting>,
    /// The container as the daemon tells of it.
    now: Option<Value>,
    /// For `detach: no`.
    waiting: Option<Waiting>,
}

impl<'w, 'm> Work<'w, 'm> {
    fn new(args: &'w Map, host: &'w mut Host<'m>) -> Look<Self> {
        let word = |name: &str| args.get(name).map_or_else(String::new, Value::to_text);
        let timeout = args.get("timeout").and_then(Value::as_int).unwrap_or(60);
        let address = args.get("docker_host").map_or_else(|| SOCKET.to_string(), Value::to_text);
        let daemon = Daemon::at(&address, timeout).or_else(Stop::failed)?;
        if args.get("tls").is_some_and(Value::is_true) || args.get("validate_certs").is_some_and(Value::is_true) {
            return Stop::failed("docker_container speaks to the daemon without TLS: use its socket");
        }
        let env_file = match args.get("env_file") {
            Some(path) => host.read_text(Path::new(&path.to_text()))?,
            None => None,
        };
        let settings = settings(args, env_file.as_deref()).or_else(Stop::failed)?;
        let name = word("name");
        let what = Resource::Container(name.clone());
        let now = match host.foreseen(std::slice::from_ref(&what)) {
            _ if host.waits_for_a_package(&what) => None,
            Ok(()) => container::inspect(host.machine(), &daemon, &name)?,
            Err(_) => planned_container(host, &name)?,
        };
        Ok(Self { args, host, daemon, name, state: word("state"), settings, now, waiting: None })
    }

    fn word(&self, name: &str) -> Option<&Value> {
        self.args.get(name).filter(|value| !value.is_null())
    }

    fn flag(&self, name: &str) -> bool {
        self.word(name).is_some_and(Value::is_true)
    }

    fn resource(&self) -> Resource {
        Resource::Container(self.name.clone())
    }

    fn inspect(&self) -> Look<Option<Value>> {
        Ok(container::inspect(self.host.machine(), &self.daemon, &self.name)?)
    }

    /// Makes it, if it is not there or differs, and brings it into its state.
    fn ensure(&mut self) -> Look<()> {
        let image = self.image()?;
        let differing = match &self.now {
            Some(now) => self.differences(now, image.as_ref()),
            None => Vec::new(),
        };
        let recreate = self.flag("recreate") || differing.iter().any(|(_, updatable)| !updatable);
        match (&self.now, self.word("image")) {
            (None, None) => {
                return Stop::failed("Cannot create container when image is not specified!");
            }
            (None, Some(_)) => self.create()?,
            (Some(_), _) if recreate => self.recreate(&differing)?,
            (Some(_), _) if !differing.is_empty() => self.update()?,
            _ => {}
        }
        self.join_networks()?;
        self.bring()
    }

    // ---- the image ----

    /// The image, fetched if the task says so.
    fn image(&mut self) -> Look<Option<Value>> {
        let Some(name) = self.word("image").map(|name| image::with_tag(&name.to_text())) else { return Ok(None) };
        let what = Resource::Image(name.clone());
        let there = match self.host.foreseen(std::slice::from_ref(&what)) {
            Err(_) => return Ok(None),
            Ok(()) if self.host.waits_for_a_package(&what) => None,
            Ok(()) => image::inspect(self.host.machine(), &self.daemon, &name)?,
        };
        let pull = match self.word("pull").map(Value::to_text).unwrap_or_default().to_lowercase().as_str() {
            "always" | "true" => true,
            "never" if there.is_none() => {
                return Stop::failed(format!("Cannot find image with name {name}, and pull=never"));
            }
            "never" => false,
            _ => there.is_none(),
        };
        if !pull || name.starts_with("sha256:") {
            return Ok(there);
        }
        self.pull(&name, what, there)
    }

    fn pull(&mut self, name: &str, what: Resource, there: Option<Value>) -> Look<Option<Value>> {
        // What a check of `pull: always` would find nobody knows; by default it says that nothing comes.
        let always = self.word("pull_check_mode_behavior").is_some_and(|word| word.as_str() == Some("always"));
        if there.is_some() && !self.host.writes() && !always {
            return Ok(there);
        }
        let platform = self.word("platform").map(Value::to_text);
        let (daemon, before) = (self.daemon.clone(), there.as_ref().map(image::id));
        let name = name.to_string();
        self.host.progress(&format!("pulling {name}"));
        self.host.change(Change::to(what, State::Present), |machine| {
            image::pull(machine, &daemon, &name, platform.as_deref(), &|_| {})?;
            let after = image::inspect(machine, &daemon, &name)?.as_ref().map(image::id);
            Ok(Acted { changed: before != after, ..Acted::default() })
        })?;
        match self.host.writes() {
            true => Ok(image::inspect(self.host.machine(), &self.daemon, &name)?),
            false => Ok(there),
        }
    }

    // ---- its settings ----

    /// Options that differ, and whether a running container can take them.
    fn differences(&self, now: &Value, image: Option<&Value>) -> Vec<(&'static str, bool)> {
        let differing = compare::differing(&self.settings, now, self.word("comparisons"));
        let mut all: Vec<_> = differing.into_iter().map(|setting| (setting.option, setting.updatable)).collect();
        if self.image_differs(now, image) {
            all.push(("image", false));
        }
        let mode = self.word("network_mode").map(Value::to_text);
        if mode.is_some_and(|mode| mode != text(now, "HostConfig.NetworkMode") && !is_default(&mode, now)) {
            all.push(("network_mode", false));
        }
        all
    }

    fn image_differs(&self, now: &Value, image: Option<&Value>) -> bool {
        let comparison = self.word("comparisons").and_then(|map| map.get("image")).map(Value::to_text);
        let (Some(image), false) = (image, comparison.as_deref() == Some("ignore")) else { return false };
        let other_name = match self.word("image") {
            Some(name) => image::with_tag(&text(now, "Config.Image")) != image::with_tag(&name.to_text()),
            None => false,
        };
        let by_id = self.word("image").is_some_and(|name| name.to_text().starts_with("sha256:"));
        let ignores_name = self.word("image_name_mismatch").is_some_and(|word| word.as_str() == Some("ignore"));
        text(now, "Image") != image::id(image) || other_name && !ignores_name && !by_id
    }

    /// The body of the request that makes it.
    fn body(&self) -> Map {
        let mut body = Map::new();
        if let Some(image) = self.word("image") {
            let name = image.to_text();
            body.insert("Image", if name.starts_with("sha256:") { name } else { image::with_tag(&name) });
        }
        self.settings.iter().for_each(|setting| setting.put(&mut body));
        let endpoints: Map = self.networks().iter().map(|network| (text(network, "name"), endpoint(network))).collect();
        let first = endpoints.keys().next().map(|key| key.value().to_text());
        let mode = self.word("network_mode").map(Value::to_text);
        let compatible = self.flag("networks_cli_compatible");
        if let Some(mode) = mode.or(first.filter(|_| compatible)) {
            let mut inner = map_of(body.get("HostConfig"));
            inner.insert("NetworkMode", mode);
            body.insert("HostConfig", inner);
        }
        if !endpoints.is_empty() && compatible {
            body.insert("NetworkingConfig", Value::map([("EndpointsConfig", endpoints)]));
        }
        body
    }

    fn networks(&self) -> &[Value] {
        self.word("networks").and_then(Value::as_list).unwrap_or_default()
    }

    fn create(&mut self) -> Look<()> {
        let (body, name, daemon) = (self.body(), self.name.clone(), self.daemon.clone());
        let platform = self.word("platform").map(Value::to_text);
        let state = Container { id: String::new(), running: false, paused: false, config: body.clone() };
        self.host.change(Change::to(self.resource(), State::Container(state)), |machine| {
            let make = container::Make { name: &name, config: &body, platform: platform.as_deref() };
            container::create(machine, &daemon, &make)?;
            Ok(Acted::changed())
        })?;
        self.now = match self.host.writes() {
            true => self.inspect()?,
            false => Some(inspected(&body, &name)),
        };
        Ok(())
    }

    fn recreate(&mut self, differing: &[(&str, bool)]) -> Look<()> {
        let options: Vec<_> = differing.iter().map(|(option, _)| *option).collect();
        self.host.progress(&format!("recreating {}: {}", self.name, options.join(", ")));
        // Without a name for its image it is made from the one that it has.
        let old = self.now.clone().unwrap_or_default();
        self.remove()?;
        if self.word("image").is_none() {
            return self.create_from(&text(&old, "Config.Image"));
        }
        self.create()
    }

    fn create_from(&mut self, image: &str) -> Look<()> {
        let mut args = self.args.clone();
        args.insert("image", image);
        let (settings, daemon) = (self.settings.clone(), self.daemon.clone());
        let (name, state) = (self.name.clone(), self.state.clone());
        let host = &mut *self.host;
        let mut work = Work { args: &args, host, daemon, name, state, settings, now: None, waiting: None };
        work.create()?;
        let now = work.now.take();
        self.now = now;
        Ok(())
    }

    /// What can be changed while it runs.
    fn update(&mut self) -> Look<()> {
        let Some(now) = self.now.clone() else { return Ok(()) };
        let differing = compare::differing(&self.settings, &now, self.word("comparisons"));
        let mut body = Map::new();
        differing.iter().for_each(|setting| setting.put(&mut body));
        let body = body.get("HostConfig").cloned().unwrap_or_default();
        let mut after = container::state(&now);
        let mut config = map_of(after.config.get("HostConfig"));
        config.extend(map_of(Some(&body)));
        after.config.insert("HostConfig", config);
        let (name, daemon) = (self.name.clone(), self.daemon.clone());
        self.host.change(Change::to(self.resource(), State::Container(after)), |machine| {
            let target = format!("/containers/{}/update", crate::http::percent(&name, ""));
            daemon.act(machine, "POST", &target, Some(&body))?.ok(&format!("updating container {name}"))?;
            Ok(Acted::changed())
        })?;
        Ok(())
    }

    // ---- networks ----

    fn join_networks(&mut self) -> Look<()> {
        let Some(now) = self.now.clone() else { return Ok(()) };
        let joined = map_of(field(&now, "NetworkSettings.Networks"));
        for network in self.networks().to_vec() {
            let network_name = text(&network, "name");
            match joined.get(&network_name) {
                Some(there) if is_joined_so(&network, there) => {}
                there => self.join(&network_name, endpoint(&network), there.is_some())?,
            }
        }
        let strict = self
            .word("comparisons")
            .and_then(|map| map.get("networks"))
            .is_some_and(|word| word.as_str() == Some("strict"));
        if strict {
            let wanted: Vec<_> = self.networks().iter().map(|network| text(network, "name")).collect();
            for name in joined.keys().map(|key| key.value().to_text()).filter(|name| !wanted.contains(name)) {
                self.leave(&name)?;
            }
        }
        Ok(())
    }

    fn join(&mut self, network: &str, endpoint: Value, first_leave: bool) -> Look<()> {
        let (daemon, id) = (self.daemon.clone(), self.name.clone());
        self.change_network(|machine| {
            if first_leave {
                container::disconnect(machine, &daemon, network, &id)?;
            }
            Ok(container::connect(machine, &daemon, network, &id, &endpoint)?)
        })
    }

    fn leave(&mut self, network: &str) -> Look<()> {
        let (daemon, id) = (self.daemon.clone(), self.name.clone());
        self.change_network(|machine| Ok(container::disconnect(machine, &daemon, network, &id)?))
    }

    fn change_network(&mut self, act: impl FnOnce(&mut dyn crate::machine::Machine) -> Look<()>) -> Look<()> {
        let state = self.now.as_ref().map(container::state).map_or(State::Present, State::Container);
        self.host.change(Change::to(self.resource(), state), |machine| act(machine).map(|()| Acted::changed()))?;
        Ok(())
    }

    // ---- its state ----

    fn bring(&mut self) -> Look<()> {
        let now = self.now.clone().unwrap_or_default();
        let running = truth(&now, "State.Running");
        match self.state.as_str() {
            "started" | "healthy" if !running => self.signal("start", true, "")?,
            "started" | "healthy" if self.flag("restart") => self.signal("restart", true, &self.stop_query())?,
            "stopped" if running => self.stop()?,
            _ => {}
        }
        if let Some(paused) = self.word("paused").map(Value::is_true)
            && matches!(self.state.as_str(), "started" | "present" | "healthy")
            && paused != truth(&now, "State.Paused")
        {
            self.signal(if paused { "pause" } else { "unpause" }, true, "")?;
        }
        if self.state == "healthy" && self.host.writes() {
            self.wait_until_healthy()?;
        }
        Ok(())
    }

    fn stop_query(&self) -> String {
        self.word("stop_timeout").map_or_else(String::new, |seconds| format!("?t={}", seconds.to_text()))
    }

    fn stop(&mut self) -> Look<()> {
        if self.flag("force_kill") {
            let signal =
                self.word("kill_signal").map_or_else(String::new, |signal| format!("?signal={}", signal.to_text()));
            return self.signal("kill", false, &signal);
        }
        let query = self.stop_query();
        self.signal("stop", false, &query)
    }

    fn signal(&mut self, verb: &str, running: bool, query: &str) -> Look<()> {
        let now = self.now.clone().unwrap_or_default();
        let after = Container { running, paused: verb == "pause", ..container::state(&now) };
        let (name, daemon) = (self.name.clone(), self.daemon.clone());
        let in_foreground = verb == "start" && self.in_foreground();
        let waiting = &mut self.waiting;
        let change = Change::to(Resource::Container(name.clone()), State::Container(after)).unshown();
        self.host.change(change, |machine| {
            if in_foreground {
                *waiting = Some(foreground::wait(machine, &daemon, &name, "next-exit")?);
            }
            container::signal(machine, &daemon, &name, verb, query)?;
            Ok(Acted::changed())
        })?;
        Ok(())
    }

    fn wait_until_healthy(&mut self) -> Look<()> {
        let patience = self.word("healthy_wait_timeout").and_then(Value::as_float).unwrap_or(300.0);
        let mut waited = 0.0;
        loop {
            let now = self.inspect()?.unwrap_or_default();
            match text(&now, "State.Health.Status").as_str() {
                "healthy" => return Ok(()),
                "" => return Stop::failed("Cannot wait for the container to become healthy: it has no health check"),
                _ if !truth(&now, "State.Running") => {
                    return Stop::failed("Container stopped while waiting for it to become healthy");
                }
                _ if patience > 0.0 && waited >= patience => {
                    return Stop::failed(format!(
                        "Timeout of {patience} seconds exceeded while waiting for container \"{}\"",
                        self.name
                    ));
                }
                _ => {}
            }
            self.host.sleep(Duration::from_millis(500))?;
            waited += 0.5;
        }
    }

    fn remove_for_good(&mut self) -> Look<()> {
        if self.now.is_some() { self.remove() } else { Ok(()) }
    }

    fn remove(&mut self) -> Look<()> {
        let Some(now) = self.now.take() else { return Ok(()) };
        let (name, daemon) = (self.name.clone(), self.daemon.clone());
        let volumes = !self.word("keep_volumes").is_none_or(Value::is_true);
        let stops = truth(&now, "State.Running") && !self.flag("force_kill");
        let query = self.stop_query();
        let patience = self.word("removal_wait_timeout").and_then(Value::as_float);
        self.host.change(Change::to(self.resource(), State::Absent), |machine| {
            if stops {
                container::signal(machine, &daemon, &name, "stop", &query)?;
            }
            container::remove(machine, &daemon, &name, volumes)?;
            let mut waited = 0.0;
            while container::inspect(machine, &daemon, &name)?.is_some() {
                if patience.is_some_and(|patience| waited > patience) {
                    return Stop::failed(format!("Timeout exceeded while waiting for container {name} to be removed"));
                }
                machine.sleep(Duration::from_millis(200))?;
                waited += 0.2;
            }
            Ok(Acted::changed())
        })?;
        Ok(())
    }

    /// Whether its end is waited for.
    fn in_foreground(&self) -> bool {
        !self.word("detach").is_none_or(Value::is_true) && self.host.writes() && self.state == "started"
    }

    /// Its status, its output, and its removal where that is asked for.
    fn wait_for_its_end(&mut self, result: &mut Map) -> Look<()> {
        let waiting = self.waiting.take();
        let Ended { status, output, now } =
            foreground::follow(self.host.machine(), &self.daemon, &self.name, waiting, self.now.as_ref())?;
        let mut shown = map_of(now.as_ref());
        shown.insert("Output", output.clone());
        result.insert("container", shown);
        result.insert("status", status);
        if self.flag("cleanup") && now.is_some() {
            self.now = now;
            self.remove()?;
        }
        if status == 0 { Ok(()) } else { Err(Stop::failure(output, result.clone())) }
    }
}

/// `default` is whatever network the daemon gives.
fn is_default(mode: &str, now: &Value) -> bool {
    matches!(mode, "default" | "bridge") && matches!(text(now, "HostConfig.NetworkMode").as_str(), "default" | "bridge")
}

/// A network's options as the daemon takes them.
fn endpoint(network: &Value) -> Value {
    let mut out = Map::new();
    let addresses = [("ipv4_address", "IPv4Address"), ("ipv6_address", "IPv6Address")];
    let config: Map =
        addresses.iter().filter_map(|(own, theirs)| Some((*theirs, field(network, own)?.clone()))).collect();
    if !config.is_empty() {
        out.insert("IPAMConfig", config);
    }
    for (own, theirs) in [("aliases", "Aliases"), ("links", "Links"), ("mac_address", "MacAddress")] {
        if let Some(value) = field(network, own) {
            out.insert(theirs, value.clone());
        }
    }
    out.into()
}

fn is_joined_so(network: &Value, there: &Value) -> bool {
    let same =
        |own: &str, theirs: &str| field(network, own).is_none_or(|wanted| wanted.to_text() == text(there, theirs));
    let has = |own: &str, theirs: &str| {
        let now = field(there, theirs).and_then(Value::as_list).unwrap_or_default();
        field(network, own).and_then(Value::as_list).unwrap_or_default().iter().all(|item| now.contains(item))
    };
    same("ipv4_address", "IPAMConfig.IPv4Address")
        && same("ipv6_address", "IPAMConfig.IPv6Address")
        && has("aliases", "Aliases")
        && has("links", "Links")
}

/// What a container that is only planned would show of itself.
fn inspected(body: &Map, name: &str) -> Value {
    let mut config = body.clone();
    let host = config.remove("HostConfig").unwrap_or_default();
    let networks =
        config.remove("NetworkingConfig").and_then(|one| one.get("EndpointsConfig").cloned()).unwrap_or_default();
    Value::map([
        ("Name", Value::from(format!("/{name}"))),
        ("Config", config.into()),
        ("HostConfig", host),
        ("State", Value::map([("Running", false)])),
        ("NetworkSettings", Value::map([("Networks", networks)])),
    ])
}

/// The container that an earlier task of the plan makes.
fn planned_container(host: &Host, name: &str) -> Look<Option<Value>> {
    match host.state(&Resource::Container(name.into()))? {
        State::Container(planned) => {
            let mut shown = map_of(Some(&inspected(&planned.config, name)));
            shown.insert("State", Value::map([("Running", planned.running), ("Paused", planned.paused)]));
            Ok(Some(shown.into()))
        }
        _ => Ok(None),
    }
}
