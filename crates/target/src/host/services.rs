//! Units of systemd as tasks wish them: the core that `systemd_service` and `service` share.
use super::kinds::unit;
use super::{Acted, Change, Host, Look, Resource, Scope, State, Stop, Unit};
use value::{Map, Value};

pub struct Wish<'a> {
    pub name: Option<&'a str>,
    pub scope: Scope,
    pub state: Option<&'a str>,
    pub enabled: Option<bool>,
    pub masked: Option<bool>,
    pub daemon_reload: bool,
    pub daemon_reexec: bool,
    pub no_block: bool,
    pub force: bool,
}

pub fn scope(word: &str) -> Scope {
    match word {
        "user" => Scope::User,
        "global" => Scope::Global,
        _ => Scope::System,
    }
}

pub fn manage(wish: &Wish, host: &mut Host) -> Look<Map> {
    for (asked, verb) in [(wish.daemon_reexec, "daemon-reexec"), (wish.daemon_reload, "daemon-reload")] {
        if asked {
            manager(wish, verb, host)?;
        }
    }
    let Some(name) = wish.name else {
        return Ok(crate::returns! { "name" => Value::Null, "status" => Map::new() });
    };
    let (now, status) = host.unit_properties(name, wish.scope)?;
    let mut service = Service { name, wish, now, host };
    let mut result = crate::returns! { "name" => name, "status" => status };
    if let Some(masked) = wish.masked {
        service.mask(masked)?;
    }
    if let Some(enabled) = wish.enabled {
        service.enable(enabled)?;
        result.insert("enabled", enabled);
    }
    if let Some(state) = wish.state {
        service.bring(state)?;
        result.insert("state", if matches!(state, "restarted" | "reloaded") { "started" } else { state });
    }
    Ok(result)
}

fn manager(wish: &Wish, verb: &str, host: &mut Host) -> Look<()> {
    let command = unit::command(host.machine(), wish.scope, wish.force.then_some("--force").into_iter().chain([verb]));
    host.change(Change::opaque(format!("systemctl {verb}")).uncounted(), |machine| {
        let output = machine.run(&command)?;
        match output.ok() {
            true => Ok(output.into()),
            false => Stop::failed(format!("failure {} during {verb}: {}", output.status, output.complaint())),
        }
    })?;
    Ok(())
}

struct Service<'s, 'h, 'm> {
    name: &'s str,
    wish: &'s Wish<'s>,
    now: Unit,
    host: &'h mut Host<'m>,
}

impl Service<'_, '_, '_> {
    fn must_be_there(&self) -> Look<()> {
        match self.now.found {
            true => Ok(()),
            false => Stop::failed(format!("Could not find the requested service {}: host", self.name)),
        }
    }

    fn mask(&mut self, masked: bool) -> Look<()> {
        if !self.now.found && !masked {
            return self.must_be_there();
        }
        if self.now.masked == masked {
            return Ok(());
        }
        let after = Unit { masked, found: true, enabled: Some(false), ..self.now.clone() };
        self.act(if masked { "mask" } else { "unmask" }, after)
    }

    fn enable(&mut self, enabled: bool) -> Look<()> {
        self.must_be_there()?;
        // A static unit has nothing to enable, and one that is generated is enabled where it comes from.
        let now = match self.now.file_state.as_str() {
            "static" | "generated" | "alias" | "transient" => return Ok(()),
            "" if !self.now.masked => self.links_of_init_script()?.or(self.now.enabled).unwrap_or(false),
            _ => self.now.enabled.unwrap_or(false),
        };
        if now == enabled {
            return Ok(());
        }
        let file_state = if enabled { "enabled" } else { "disabled" }.into();
        let after = Unit { enabled: Some(enabled), file_state, ..self.now.clone() };
        self.act(if enabled { "enable" } else { "disable" }, after)
    }

    /// A service that only an init script knows is enabled by a link in a runlevel's folder.
    fn links_of_init_script(&self) -> Look<Option<bool>> {
        let script = std::path::PathBuf::from("/etc/init.d").join(self.name);
        if !self.host.exists(&script)? {
            return Ok(None);
        }
        let pattern = format!("/etc/rc?.d/S??{}", self.name);
        super::glob::any_match(self.host, None, &pattern).map(Some)
    }

    fn bring(&mut self, state: &str) -> Look<()> {
        self.must_be_there()?;
        if self.now.active_state.is_empty() && !self.now.active {
            return Stop::failed("Service is in unknown state");
        }
        let running = self.now.active || self.now.active_state == "activating";
        let verb = match state {
            "started" if running => return Ok(()),
            "stopped" if !running && self.now.active_state != "deactivating" => return Ok(()),
            "stopped" => "stop",
            "restarted" if running => "restart",
            "reloaded" if running => "reload",
            _ => "start",
        };
        let active = verb != "stop";
        let active_state = if active { "active" } else { "inactive" }.into();
        self.act(verb, Unit { active, active_state, ..self.now.clone() })
    }

    fn act(&mut self, verb: &str, after: Unit) -> Look<()> {
        let flags = [(self.wish.no_block, "--no-block"), (self.wish.force, "--force")];
        let flags = flags.into_iter().filter_map(|(given, flag)| given.then_some(flag));
        let words = flags.chain([verb, "--", self.name]);
        let command = unit::command(self.host.machine(), self.wish.scope, words);
        let what = Resource::unit(self.name, self.wish.scope);
        let name = self.name;
        self.host.change(Change::to(what, State::Unit(after.clone())), |machine| {
            let output = machine.run(&command)?;
            if !output.ok() {
                return Stop::failed(format!("Unable to {verb} service {name}: {}", output.err()));
            }
            // `restart` and `reload` leave the state as it was, and are changes all the same.
            Ok(Acted::from(output))
        })?;
        self.now = after;
        Ok(())
    }
}
