//! How a host is reached, and what is sent there.
use super::super::place::TaskKey;
use super::{HostId, Patience};
use std::sync::Arc;
use target::protocol::{Body, CallId, Hold, Identity};

/// Names one connection: equal keys share one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionKey(pub Arc<str>);

/// How to reach a host; secrets are no part of the key.
#[derive(Clone, Debug)]
pub struct Connection {
    pub key: ConnectionKey,
    pub transport: Transport,
    /// The name under which the inventory knows the host.
    pub name: String,
    pub timeout: u32,
    pub remote_tmp: Option<String>,
    /// Calls of modules that speak HTTPS go to the larger helper, which is a connection of its own on the same login.
    pub larger: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Transport {
    Local,
    Ssh(SshOptions),
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct SshOptions {
    pub address: String,
    pub port: Option<u16>,
    pub user: Option<String>,
    pub private_key_file: Option<String>,
    pub host_key_checking: bool,
    /// Words for ssh's command line, in Ansible's order: ssh_args, common_args, extra_args.
    pub args: Vec<String>,
    pub executable: Option<String>,
    pub password: Option<target::protocol::Password>,
    pub control_persist: Option<String>,
}

/// A call on its way to a connection.
#[derive(Clone, Debug)]
pub struct Outgoing {
    pub lane: HostId,
    pub id: CallId,
    pub key: TaskKey,
    pub epoch: u64,
    pub identity: Option<Identity>,
    pub hold: Hold,
    pub stop_on_fail: bool,
    pub plain: bool,
    /// How long a host that cannot be reached is tried again.
    pub patience: Patience,
    pub body: Body,
}
