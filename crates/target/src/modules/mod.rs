//! Every task module: one file each.
//!
//! # To add one
//!
//! 1. Write `<name>.rs`, in this order: a `//!` line; its arguments (`value::args!`, or `file_args!` if it makes files and so
//!    takes `mode`, `owner`, `group` ...), whose doc comments are its reference page; `Task` with `INFO`, `EXAMPLES` and `run`;
//!    private helpers. Take the arguments from `ansible-doc`: all that mean something on Linux, with their aliases, choices and
//!    defaults. A path that is a path on the host is a `PathBuf` (`~` and variables are expanded); one that is not is a `String`.
//! 2. Add its name to the list below. `tests/contract.rs` then holds it to the contract by its examples.
//!
//! # What `run` may do
//!
//! It **looks** through the host: `host.stat(path)?`, `host.read_text(path)?`, `host.package(name)?`, `host.unit(name, scope)?`,
//! `host.user(name)?`, `host.ask(&command, &reads)?` for a command that only reports (`reads` names the resources that its answer
//! depends on). A look may stop the module with `?`: in a plan nobody can know some answers.
//!
//! It **asks for changes**, each before it is made:
//! - `host.set(Change::to(resource, state))` where the resource's kind knows how to be made (see `host/kinds`);
//! - `host.change(Change::to(resource, state), |machine| { ...; Ok(output.into()) })` where only the module knows the way. The
//!   closure is the one place that holds the bare machine; it does not run in a check. `Acted { changed: false, .. }` says that
//!   the tool found nothing to do;
//! - `Change::opaque("the words of a command")` for what cannot be seen through: skipped under `-C`, never undone;
//! - `.uncounted()` for what does not make the task `changed` (a reload, a refreshed cache).
//!
//! Prefer a typed resource: a cron entry, a sysctl, a repository is a file (`Resource::path`), and gets check, diff, journal and
//! undo for nothing. Files are put in place with `host::install::install` (validation, backup, atomic), owners and modes set with
//! `args.ownership().apply(host, path)?`, programs started with `Command::plain` (in C locale) and, for package managers,
//! `.finish()`. There is no check mode flag: `host.writes()` exists only to leave out costly return values.
//!
//! It **returns** Ansible's keys (`returns! { "dest" => ... }`), complete, as `register` shows them; `changed`, `diff`, `failed`,
//! `stdout_lines` come by themselves. A failure is `Stop::failed("message")`, or `Stop::failure(message, returns! {..})` with
//! return values. Messages are Ansible's where playbooks may test them.
//!
//! `INFO`: `.repeats()` for what acts on every run; `.random()` for what makes up names; `.at_start()` for what only reports or
//! asks the world beyond its machine; `.facts()` for what may return `ansible_facts`; `.net()` for what needs TLS;
//! `.collection(..)` where it is not `ansible.builtin`. Modules never import each other: what two share lives in `host/`, or in
//! a room of its own (`docker/`, `web/`).
//!
//! An example's machine before and after are resources and their states; the fake machine knows apt-get, systemctl, useradd and
//! their kin, the Docker API, and the server `files.test`. What it does not know runs without effect; teach it in
//! `machine/fake_tools.rs`.
use crate::module::{AnyModule, erase};

macro_rules! modules {
    ($($file:ident),* $(,)?) => {
        $(mod $file;)*
        pub static ALL: &[&dyn AnyModule] = &[$(erase::<$file::Task>()),*];
    };
}

modules! {
    apt,
    apt_key,
    apt_repository,
    blockinfile,
    command,
    copy,
    docker_container,
    docker_image,
    file,
    get_url,
    group,
    lineinfile,
    package,
    ping,
    service,
    setup,
    shell,
    slurp,
    stat,
    systemd_service,
    tempfile,
    uri,
    user,
    wait_for,
}

/// By its short name or another one of its names.
pub fn find(name: &str) -> Option<&'static dyn AnyModule> {
    let known = |module: &&dyn AnyModule| module.info().name == name || module.info().aliases.contains(&name);
    ALL.iter().copied().find(known)
}
