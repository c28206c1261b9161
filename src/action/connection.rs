//! How a host is reached: variables stand over the task's keywords, and these over the command line and the configuration.
use super::Halt;
use super::begin::Asking;
use super::names::Names;
use super::said::Said;
use crate::engine::message::{Connection, ConnectionKey, SshOptions, Transport};
use crate::vars::connection::{
    CONNECTION, HOST, HOST_KEY_CHECKING, PASSWORD, PORT, PRIVATE_KEY_FILE, REMOTE_TMP, SSH_ARGS, SSH_COMMON_ARGS,
    SSH_EXECUTABLE, SSH_EXTRA_ARGS, TIMEOUT, USER,
};
use std::sync::Arc;
use target::protocol::Password;
use value::Value;
use value::spec::to_bool;

const LOCAL_NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// `names` are those of the host that is reached, which is another one for a delegated task.
pub fn connection(asking: &Asking, names: &Names, host: &str, larger: bool) -> Result<Arc<Connection>, Halt> {
    let settings = asking.world.settings;
    let said = Said::new(asking.task(), names);
    let timeout = said.value(&TIMEOUT)?;
    let timeout = timeout.and_then(|value| value.to_text().trim().parse().ok()).unwrap_or(settings.timeout);
    let remote_tmp = said.text(&REMOTE_TMP)?.or_else(|| settings.remote_tmp.clone());
    let kind = kind(asking, said, host)?;
    let transport = match kind.as_str() {
        "local" => Transport::Local,
        "ssh" | "smart" | "paramiko" | "paramiko_ssh" => Transport::Ssh(ssh(asking, said, host)?),
        other => {
            return Err(Halt::refused(format!("the connection plugin '{other}' is not there yet"))
                .help("`ssh` and `local` are; `ansible_connection` or the keyword `connection` says which"));
        }
    };
    // In a plan one helper has to know all that is planned. This very process has everything.
    let larger = (larger || settings.plan) && transport != Transport::Local;
    Ok(Arc::new(Connection {
        key: key(&transport, larger),
        transport,
        name: host.to_string(),
        timeout,
        remote_tmp,
        larger,
    }))
}

/// Whether the host is the controller itself.
pub fn is_local(asking: &Asking) -> Result<bool, Halt> {
    let host = asking.world.world.host_name(asking.question.host);
    let names = asking.names(&Arc::default());
    match kind(asking, Said::new(asking.task(), &names), &host) {
        Ok(kind) => Ok(kind == "local"),
        // It is told where the host is reached.
        Err(Halt::Failed(_) | Halt::Unforeseen(_)) => Ok(false),
        Err(halt) => Err(halt),
    }
}

/// The transport's name, without its collection.
fn kind(asking: &Asking, said: Said, host: &str) -> Result<String, Halt> {
    let said = match said.text(&CONNECTION)? {
        Some(said) => said,
        // `localhost` need not be in an inventory, and is then this machine.
        None if LOCAL_NAMES.contains(&host) && asking.world.world.host_by_name(host).is_none() => "local".into(),
        None => asking.world.settings.connection.clone().unwrap_or_else(|| "ssh".into()),
    };
    Ok(said.rsplit('.').next().unwrap_or("ssh").to_string())
}

fn ssh(asking: &Asking, said: Said, host: &str) -> Result<SshOptions, Halt> {
    let settings = asking.world.settings;
    let user = said.text(&USER)?;
    let port = said.value(&PORT)?.map(|port| port_number(&port)).transpose()?.or(settings.port);
    let checking = said.value(&HOST_KEY_CHECKING)?;
    let password = said.value(&PASSWORD)?;
    let ssh_args = said.text(&SSH_ARGS)?.unwrap_or_else(|| settings.ssh_args.clone());
    let common = said.text(&SSH_COMMON_ARGS)?.unwrap_or_else(|| settings.ssh_common_args.clone());
    let extra = said.text(&SSH_EXTRA_ARGS)?.unwrap_or_else(|| settings.ssh_extra_args.clone());
    Ok(SshOptions {
        address: said.text(&HOST)?.unwrap_or_else(|| host.to_string()),
        port,
        user: user.or_else(|| settings.remote_user.clone()),
        private_key_file: said.text(&PRIVATE_KEY_FILE)?.or_else(|| settings.private_key_file.clone()),
        host_key_checking: checking.and_then(|value| to_bool(&value).ok()).unwrap_or(settings.host_key_checking),
        control_persist: control_persist(&ssh_args),
        args: words(&ssh_args)?.into_iter().chain(words(&common)?).chain(words(&extra)?).collect(),
        executable: said.text(&SSH_EXECUTABLE)?.or_else(|| settings.ssh_executable.clone()),
        password: password.map(|password| secret(asking, &password)).or_else(|| settings.password.clone()),
    })
}

fn port_number(port: &Value) -> Result<u16, Halt> {
    port.to_text()
        .trim()
        .parse()
        .map_err(|_| Halt::refused(format!("'{}' is not a port number", port.to_text())).at(port.origin()))
}

/// Words of a shell-like text.
pub fn words(text: &str) -> Result<Vec<String>, Halt> {
    super::split::words(text).map_err(Halt::refused)
}

/// What `-o ControlPersist=` says in them.
fn control_persist(args: &str) -> Option<String> {
    let at = args.find("ControlPersist")? + "ControlPersist".len();
    let rest = args.get(at..)?.trim_start_matches(['=', ' ']);
    rest.split_whitespace().next().map(|word| word.trim_matches(['"', '\'']).to_string())
}

pub fn secret(asking: &Asking, value: &Value) -> Password {
    asking.world.surroundings.keep_secret(&value.secret());
    Password(value.to_text())
}

/// Equal ways share one connection, whatever the inventory calls the host.
fn key(transport: &Transport, larger: bool) -> ConnectionKey {
    let text = match transport {
        Transport::Local => "local".to_string(),
        Transport::Ssh(ssh) => {
            let port = ssh.port.map(|port| port.to_string()).unwrap_or_default();
            let parts = [
                ssh.user.as_deref().unwrap_or(""),
                &ssh.address,
                &port,
                ssh.private_key_file.as_deref().unwrap_or(""),
                ssh.executable.as_deref().unwrap_or(""),
                if ssh.host_key_checking { "" } else { "unchecked" },
                &ssh.args.join("\u{1f}"),
            ];
            format!("ssh{}\u{1e}{}", if larger { "+net" } else { "" }, parts.join("\u{1e}"))
        }
    };
    ConnectionKey(text.into())
}
