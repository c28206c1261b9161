//! `service`: services run and are enabled; on our hosts systemd has them all.
use crate::host::services::{self, Wish};
use crate::host::{Host, Look, Stop};
#[cfg(any(test, feature = "reference"))]
use crate::host::{Package, Resource, Scope, State, Unit};
#[cfg(any(test, feature = "reference"))]
use crate::module::Example;
use crate::module::{Info, Module, Return};

value::args! {
    /// Starts, stops, restarts and enables services. It takes what `systemd_service` takes, too.
    pub struct Args {
        /// The service.
        name: String { required },
        /// What it is to be: `restarted` and `reloaded` always act.
        state: Option<String> { choices(&["reloaded", "restarted", "started", "stopped"]) },
        /// Whether it starts at boot.
        enabled: Option<bool>,
        /// Words for the command line; without meaning for systemd.
        arguments: String { default(""), aliases(&["args"]) },
        /// Which service manager: `auto` and `systemd` are one here.
        r#use: String { default("auto") },
        /// A pattern for the process list; without meaning for systemd.
        pattern: Option<String>,
        /// A runlevel; without meaning for systemd.
        runlevel: String { default("default") },
        /// Seconds between stop and start; without meaning for systemd.
        sleep: Option<i64>,
        /// As in `systemd_service`.
        masked: Option<bool>,
        /// As in `systemd_service`.
        daemon_reload: bool { default("no"), aliases(&["daemon-reload"]) },
        /// As in `systemd_service`.
        daemon_reexec: bool { default("no"), aliases(&["daemon-reexec"]) },
        /// As in `systemd_service`.
        force: Option<bool>,
        /// As in `systemd_service`.
        no_block: bool { default("no") },
        /// As in `systemd_service`.
        scope: String { default("system"), choices(&["system", "user", "global"]) },
    }
    rules: [value::spec::Rule::RequiredOneOf(&["state", "enabled", "masked", "daemon_reload", "daemon_reexec"])]
}

pub struct Task;
impl Module for Task {
    const INFO: Info = Info::new("service");
    #[cfg(any(test, feature = "reference"))]
    const EXAMPLES: &'static [Example] = &[Example {
        title: "Stop nginx",
        args: &[("name", "nginx"), ("state", "stopped")],
        before: || vec![(Resource::Package("nginx".into()), State::Package(Package { version: "1.0".into() }))],
        after: || {
            let active_state = "inactive".into();
            let (enabled, file_state) = (Some(true), "enabled".into());
            let stopped = Unit { found: true, active: false, active_state, enabled, file_state, masked: false };
            vec![(Resource::unit("nginx", Scope::System), State::Unit(stopped))]
        },
    }];
    type Args = Args;

    fn run(args: &Args, host: &mut Host) -> Look<Return> {
        if !matches!(args.r#use.as_str(), "auto" | "systemd" | "ansible.builtin.systemd" | "service" | "ansible.legacy.systemd") {
            return Stop::failed(format!("use: {}: hosts of deploy have systemd", args.r#use));
        }
        services::manage(
            &Wish {
                name: Some(&args.name),
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
