//! `delegate_to`: another host works in the place of this one.
use super::begin::Asking;
use super::names::Names;
use super::{Halt, connection, keyword};
use crate::engine::message::Begun;
use value::{Map, Value};

/// The host that works in the place of another one, and what the task may ask of it.
pub struct Delegate {
    pub host: String,
    /// `ansible_delegated_vars`.
    pub vars: Value,
}

/// The host that works in the place of this one.
pub fn delegate(asking: &Asking, names: &Names, begun: &mut Begun) -> Result<Option<Delegate>, Halt> {
    let task = asking.task();
    let written = keyword::levels(task, |keywords| keywords.delegate_to.as_ref());
    let Some(host) = keyword::text(names, "delegate_to", written)?.filter(|host| !host.is_empty()) else {
        return Ok(None);
    };
    let same = *host == *asking.world.world.host_name(asking.question.host);
    if !asking.question.alone && !same {
        return Err(Halt::Fence);
    }
    let facts =
        keyword::truth(names, "delegate_facts", keyword::levels(task, |keywords| keywords.delegate_facts.as_ref()))?;
    begun.delegate_facts = None;
    if facts.unwrap_or(false) {
        begun.delegate_facts = asking.world.world.host_by_name(&host);
    }
    if same {
        begun.delegate = None;
        return Ok(None);
    }
    let scope = asking.world.world.scope(asking.question, Some(&host))?;
    let own = Names::new(&*scope, names.top().clone(), asking.may);
    let address = connection::text(&own, &["ansible_host", "ansible_ssh_host"])?;
    begun.delegate = Some(label(&host, address.as_deref()));
    let vars = delegated_vars(asking, &own, &host, address.as_deref())?;
    Ok(Some(Delegate { vars, host: host.clone() }))
}

/// `ansible_delegated_vars`: how the other host is reached. As in Ansible, its `inventory_hostname` is still this host.
fn delegated_vars(asking: &Asking, own: &Names, host: &str, address: Option<&str>) -> Result<Value, Halt> {
    let mut vars = Map::new();
    vars.insert("inventory_hostname", &*asking.world.world.host_name(asking.question.host));
    vars.insert("ansible_host", address.unwrap_or(host));
    for name in ["ansible_port", "ansible_user", "ansible_connection"] {
        // What cannot be evaluated for that host is told where the host is reached.
        match own.get(name) {
            Ok(value) => vars.extend(value.map(|value| (name, value))),
            Err(Halt::Failed(_)) => {}
            Err(halt) => return Err(halt),
        }
    }
    Ok(Value::map([(host, vars)]))
}

/// The delegate as results show it: with its address, where that is another word.
fn label(host: &str, address: Option<&str>) -> String {
    match address {
        Some(address) if address != host => format!("{host}({address})"),
        _ => host.to_string(),
    }
}
