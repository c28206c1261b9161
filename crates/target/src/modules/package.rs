//! `package`: packages, by whatever the distribution has; on our hosts, apt.
use crate::host::apt::{self, Wish};
use crate::host::{Host, Look, Stop};
#[cfg(any(test, feature = "reference"))]
use crate::host::{Package, Resource, State};
#[cfg(any(test, feature = "reference"))]
use crate::module::Example;
use crate::module::{Info, Module, Return};

value::args! {
    /// Installs and removes packages. It takes what `apt` takes, too.
    pub struct Args {
        /// Packages.
        name: Vec<String> { aliases(&["pkg", "package"]) },
        /// `present`, `absent` or `latest`, or another state that `apt` has.
        state: String { default("present") },
        /// Which package manager: `auto` and `apt` are one here.
        r#use: String { default("auto") },
        /// As in `apt`.
        update_cache: Option<bool> { aliases(&["update-cache"]) },
        /// As in `apt`.
        cache_valid_time: i64 { default("0") },
        /// As in `apt`.
        default_release: Option<String> { aliases(&["default-release"]) },
        /// As in `apt`.
        install_recommends: Option<bool> { aliases(&["install-recommends"]) },
        /// As in `apt`.
        allow_unauthenticated: bool { default("no") },
        /// As in `apt`.
        allow_downgrade: bool { default("no"), aliases(&["allow-downgrade", "allow_downgrades", "allow-downgrades"]) },
        /// As in `apt`.
        allow_change_held_packages: bool { default("no") },
        /// As in `apt`.
        dpkg_options: String { default("force-confdef,force-confold") },
        /// As in `apt`.
        force: bool { default("no") },
        /// As in `apt`.
        autoremove: bool { default("no") },
        /// As in `apt`.
        autoclean: bool { default("no") },
        /// As in `apt`.
        purge: bool { default("no") },
        /// As in `apt`.
        only_upgrade: bool { default("no") },
        /// As in `apt`.
        policy_rc_d: Option<i64>,
        /// As in `apt`.
        lock_timeout: i64 { default("60") },
        /// For other package managers.
        enablerepo: Option<Vec<String>>,
        /// For other package managers.
        disablerepo: Option<Vec<String>>,
    }
}

pub struct Task;
impl Module for Task {
    const INFO: Info = Info::new("package");
    #[cfg(any(test, feature = "reference"))]
    const EXAMPLES: &'static [Example] = &[Example {
        title: "Install nginx",
        args: &[("name", "nginx"), ("state", "present")],
        before: Vec::new,
        after: || vec![(Resource::Package("nginx".into()), State::Package(Package { version: "1.0".into() }))],
    }];
    type Args = Args;

    fn run(args: &Args, host: &mut Host) -> Look<Return> {
        if args.name.is_empty() && args.update_cache.is_none() && !args.autoremove && !args.autoclean {
            return Stop::failed("one of the following is required: autoremove, deb, package, update_cache, upgrade");
        }
        let state = match args.state.as_str() {
            "installed" | "present" => "present",
            "removed" | "absent" => "absent",
            state @ ("latest" | "build-dep" | "fixed") => state,
            other => return Stop::failed(format!("value of state must be one of: absent, build-dep, latest, present, fixed, got: {other}")),
        };
        if !matches!(args.r#use.as_str(), "auto" | "apt" | "ansible.builtin.apt" | "ansible.legacy.apt") {
            return Stop::failed(format!("use: {}: only apt is known on these hosts", args.r#use));
        }
        let wish = Wish {
            names: args.name.clone(),
            state: state.into(),
            update_cache: args.update_cache,
            cache_valid_time: args.cache_valid_time,
            update_cache_retries: 5,
            update_cache_retry_max_delay: 12,
            upgrade: "no".into(),
            default_release: args.default_release.clone(),
            install_recommends: args.install_recommends,
            force: args.force,
            allow_unauthenticated: args.allow_unauthenticated,
            allow_downgrade: args.allow_downgrade,
            allow_change_held_packages: args.allow_change_held_packages,
            dpkg_options: args.dpkg_options.clone(),
            autoremove: args.autoremove,
            autoclean: args.autoclean,
            purge: args.purge,
            only_upgrade: args.only_upgrade,
            policy_rc_d: args.policy_rc_d,
            lock_timeout: args.lock_timeout,
            ..Wish::default()
        };
        apt::manage(&wish, host)
    }
}
