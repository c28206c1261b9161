//! `systemd_service`: units run, are enabled, are masked.
use crate::host::services::{self, Wish};
use crate::host::{Host, Look};
#[cfg(any(test, feature = "reference"))]
use crate::host::{Package, Resource, Scope, State, Unit};
#[cfg(any(test, feature = "reference"))]
use crate::module::Example;
use crate::module::{Info, Module, Return};

value::args! {
    /// Starts, stops, restarts, enables and masks units of systemd, and has its manager read its files again.
    pub struct Args {
        /// The unit; without a suffix, a service.
        name: Option<String> { aliases(&["service", "unit"]) },
        /// What it is to be: `restarted` and `reloaded` always act.
        state: Option<String> { choices(&["reloaded", "restarted", "started", "stopped"]) },
        /// Whether it starts at boot.
        enabled: Option<bool>,
        /// Whether nothing can start it.
        masked: Option<bool>,
        /// Whether the manager reads all unit files again first; this alone is no change.
        daemon_reload: bool { default("no"), aliases(&["daemon-reload"]) },
        /// Whether the manager itself starts anew first.
        daemon_reexec: bool { default("no"), aliases(&["daemon-reexec"]) },
        /// Whether links of other units may be overwritten.
        force: Option<bool>,
        /// Whether to go on before the unit is up or down.
        no_block: bool { default("no") },
        /// Whose manager: the system's, the user's own, or that of all users.
        scope: String { default("system"), choices(&["system", "user", "global"]) },
    }
    rules: [
        value::spec::Rule::RequiredOneOf(&["state", "enabled", "masked", "daemon_reload", "daemon_reexec"]),
        value::spec::Rule::RequiredBy { arg: "state", needs: &["name"] },
        value::spec::Rule::RequiredBy { arg: "enabled", needs: &["name"] },
        value::spec::Rule::RequiredBy { arg: "masked", needs: &["name"] },
    ]
}

pub struct Task;
impl Module for Task {
    const INFO: Info = Info::new("systemd_service").aliases(&["systemd"]);
    #[cfg(any(test, feature = "reference"))]
    const EXAMPLES: &'static [Example] = &[Example {
        title: "Start nginx, now and at every boot",
        args: &[("name", "nginx"), ("state", "started"), ("enabled", "yes"), ("daemon_reload", "yes")],
        before: || {
            let nginx = State::Package(Package { version: "1.0".into() });
            vec![(Resource::Package("nginx".into()), nginx), (unit(), state(false))]
        },
        after: || vec![(unit(), state(true))],
    }];
    type Args = Args;

    fn run(args: &Args, host: &mut Host) -> Look<Return> {
        services::manage(
            &Wish {
                name: args.name.as_deref(),
                scope: services::scope(&args.scope),
                state: args.state.as_deref(),
                enabled: args.enabled,
                masked: args.masked,
                daemon_reload: args.daemon_reload,
                daemon_reexec: args.daemon_reexec,
                no_block: args.no_block,
                force: args.force.unwrap_or(false),
            },
            host,
        )
    }
}

#[cfg(any(test, feature = "reference"))]
fn unit() -> Resource {
    Resource::unit("nginx", Scope::System)
}

#[cfg(any(test, feature = "reference"))]
fn state(on: bool) -> State {
    let words = if on { ("active", "enabled") } else { ("inactive", "disabled") };
    State::Unit(Unit {
        found: true,
        active: on,
        active_state: words.0.into(),
        enabled: Some(on),
        file_state: words.1.into(),
        masked: false,
    })
}
