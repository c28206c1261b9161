//! `delegate_to`: another host works in the place of this one.
use super::begin::Asking;
use super::names::Names;
use super::{Halt, connection, keyword};
use crate::engine::message::Begun;
use value::Value;

/// The host that works in the place of another one, and what the task may ask of it.
pub struct Delegate {
    pub host: String,
    /// Names that lie over the task's own.
    pub vars: Vars,
}

type Vars = Vec<(String, Value)>;

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
    let vars = brought(asking, names, &own, &host, address.as_deref())?;
    Ok(Some(Delegate { vars, host: host.clone() }))
}

/// What the delegate brings into the task's names: `ansible_delegated_vars`, and how it is reached, as far as the host itself has no
/// say in that.
fn brought(asking: &Asking, names: &Names, own: &Names, host: &str, address: Option<&str>) -> Result<Vars, Halt> {
    let mut vars = vec![("ansible_delegated_vars".to_string(), asking.world.world.as_delegate(asking.question, host)?)];
    let set = names.scope().names();
    for name in ["ansible_host", "ansible_port", "ansible_user", "ansible_connection"] {
        if set.iter().any(|set| &**set == name) {
            continue;
        }
        // What cannot be evaluated for that host is told where the host is reached.
        let value = match own.get(name) {
            Ok(None) if name == "ansible_host" => Some(address.unwrap_or(host).into()),
            Ok(value) => value,
            Err(Halt::Failed(_)) => None,
            Err(halt) => return Err(halt),
        };
        vars.extend(value.map(|value| (name.to_string(), value)));
    }
    Ok(vars)
}

/// The delegate as results show it: with its address, where that is another word.
fn label(host: &str, address: Option<&str>) -> String {
    match address {
        Some(address) if address != host => format!("{host}({address})"),
        _ => host.to_string(),
    }
}
