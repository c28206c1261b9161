//! `apt`: Debian packages.
use crate::host::apt::{self, Wish};
use crate::host::{Host, Look};
#[cfg(any(test, feature = "reference"))]
use crate::host::{Package, Resource, State};
#[cfg(any(test, feature = "reference"))]
use crate::module::Example;
use crate::module::{Info, Module, Return};

value::args! {
    /// Installs, upgrades and removes Debian packages, and keeps their lists fresh.
    pub struct Args {
        /// Packages: `name`, `name=version` (with `*`), `name>=version`, `name:arch`; `*` in a name stands for all that fit.
        name: Vec<String> { aliases(&["package", "pkg"]) },
        /// What they are to be.
        state: String { default("present"), choices(&["absent", "build-dep", "latest", "present", "fixed"]) },
        /// Whether the package lists are fetched first; with packages, this alone is no change.
        update_cache: Option<bool> { aliases(&["update-cache"]) },
        /// Seconds for which fetched lists are good enough.
        cache_valid_time: i64 { default("0") },
        /// How often fetching is tried.
        update_cache_retries: i64 { default("5") },
        /// The longest pause between tries, in seconds.
        update_cache_retry_max_delay: i64 { default("12") },
        /// Whether all packages are upgraded: `yes` or `safe` removes none, `full` or `dist` may.
        upgrade: String { default("no"), choices(&["dist", "full", "no", "safe", "yes"]) },
        /// A package file of the host.
        deb: Option<String> { kind(value::spec::Kind::Path) },
        /// The release to prefer.
        default_release: Option<String> { aliases(&["default-release"]) },
        /// Whether recommended packages come too; by default as apt is set up.
        install_recommends: Option<bool> { aliases(&["install-recommends"]) },
        /// Whether apt's doubts are overruled, signatures among them.
        force: bool { default("no") },
        /// Without meaning here: apt-get is always what runs.
        force_apt_get: bool { default("no") },
        /// Whether packages without a good signature may be installed.
        allow_unauthenticated: bool { default("no"), aliases(&["allow-unauthenticated"]) },
        /// Whether an older version may replace a newer one.
        allow_downgrade: bool { default("no"), aliases(&["allow-downgrade", "allow_downgrades", "allow-downgrades"]) },
        /// Whether held packages may be changed.
        allow_change_held_packages: bool { default("no") },
        /// Options for dpkg, parted by commas.
        dpkg_options: String { default("force-confdef,force-confold") },
        /// Whether packages that nothing needs any more go too.
        autoremove: bool { default("no") },
        /// Whether to fail rather than remove a package.
        fail_on_autoremove: bool { default("no") },
        /// Whether package files that cannot be had any more are deleted.
        autoclean: bool { default("no") },
        /// Whether all fetched package files are deleted.
        clean: bool { default("no") },
        /// Whether configuration files go with a package.
        purge: bool { default("no") },
        /// Whether only packages that are installed are touched.
        only_upgrade: bool { default("no") },
        /// While packages are installed, what is said to whoever asks whether services may start (101: no).
        policy_rc_d: Option<i64>,
        /// Seconds to wait for whoever else installs packages.
        lock_timeout: i64 { default("60") },
        /// Without meaning here: nothing needs to be installed for this module.
        auto_install_module_deps: bool { default("yes") },
    }
}

pub struct Task;
impl Module for Task {
    const INFO: Info = Info::new("apt");
    #[cfg(any(test, feature = "reference"))]
    const EXAMPLES: &'static [Example] = &[
        Example {
            title: "Install nginx, with fresh lists",
            args: &[("name", "nginx"), ("update_cache", "yes")],
            before: Vec::new,
            after: || vec![(nginx(), State::Package(Package { version: "1.0".into() }))],
        },
        Example {
            title: "Remove it",
            args: &[("name", "nginx"), ("state", "absent")],
            before: || vec![(nginx(), State::Package(Package { version: "1.0".into() }))],
            after: || vec![(nginx(), State::Absent)],
        },
    ];
    type Args = Args;

    fn run(args: &Args, host: &mut Host) -> Look<Return> {
        apt::manage(&args.wish(), host)
    }
}

impl Args {
    fn wish(&self) -> Wish {
        Wish {
            names: self.name.clone(),
            state: self.state.clone(),
            update_cache: self.update_cache,
            cache_valid_time: self.cache_valid_time,
            update_cache_retries: self.update_cache_retries,
            update_cache_retry_max_delay: self.update_cache_retry_max_delay,
            upgrade: self.upgrade.clone(),
            deb: self.deb.clone(),
            default_release: self.default_release.clone(),
            install_recommends: self.install_recommends,
            force: self.force,
            allow_unauthenticated: self.allow_unauthenticated,
            allow_downgrade: self.allow_downgrade,
            allow_change_held_packages: self.allow_change_held_packages,
            dpkg_options: self.dpkg_options.clone(),
            autoremove: self.autoremove,
            fail_on_autoremove: self.fail_on_autoremove,
            autoclean: self.autoclean,
            clean: self.clean,
            purge: self.purge,
            only_upgrade: self.only_upgrade,
            policy_rc_d: self.policy_rc_d,
            lock_timeout: self.lock_timeout,
        }
    }
}

#[cfg(any(test, feature = "reference"))]
fn nginx() -> Resource {
    Resource::Package("nginx".into())
}
