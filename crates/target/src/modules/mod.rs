//! Every task module.
use crate::module::{AnyModule, erase};

macro_rules! modules {
    ($($file:ident),* $(,)?) => {
        $(mod $file;)*
        pub static ALL: &[&dyn AnyModule] = &[$(erase::<$file::Task>()),*];
    };
}

modules! {
    apt,
    command,
    copy,
    docker_container,
    ping,
    service,
    systemd_service,
}

/// By its short name or another one of its names.
pub fn find(name: &str) -> Option<&'static dyn AnyModule> {
    let known = |module: &&dyn AnyModule| module.info().name == name || module.info().aliases.contains(&name);
    ALL.iter().copied().find(known)
}
