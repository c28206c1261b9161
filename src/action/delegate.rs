//! `delegate_to`: another host works in the place of this one.
use super::begin::Asking;
use super::names::Names;
use super::said::Said;
use super::{Halt, keyword};
use crate::engine::message::Begun;
use crate::vars::connection;
use value::Value;

/// The host that works in the place of another one, and what the task may ask of it.
pub struct Delegate {
    /// None: the task's own host, though it was named.
    pub host: Option<String>,
    /// Names that lie over the task's own.
    pub vars: Vars,
}

type Vars = Vec<(String, Value)>;

/// The host that works in the place of this one.
pub fn delegate(asking: &Asking, names: &Names, begun: &mut Begun) -> Result<Option<Delegate>, Halt> {
    let task = asking.task();
    let Some(host) = named(asking, names)? else { return Ok(None) };
    let same = is_own(asking, &host);
    if !asking.question.alone && !same {
        return Err(Halt::Fence);
    }
    let facts =
        keyword::truth(names, "delegate_facts", keyword::levels(task, |keywords| keywords.delegate_facts.as_ref()))?;
    begun.delegate_facts = None;
    if facts.unwrap_or(false) {
        begun.delegate_facts = asking.world.world.host_by_name(&host);
    }
    let (vars, address) = brought(asking, names, &host)?;
    begun.delegate = (!same).then(|| label(&host, address.as_deref()));
    Ok(Some(Delegate { vars, host: Some(host).filter(|_| !same) }))
}

/// The names that the delegate brings to what is asked of the task's result.
pub fn judging(asking: &Asking, names: &Names) -> Result<Vars, Halt> {
    match named(asking, names)? {
        Some(host) => brought(asking, names, &host).map(|(vars, _)| vars),
        None => Ok(Vec::new()),
    }
}

fn named(asking: &Asking, names: &Names) -> Result<Option<String>, Halt> {
    let written = keyword::levels(asking.task(), |keywords| keywords.delegate_to.as_ref());
    Ok(keyword::text(names, "delegate_to", written)?.filter(|host| !host.is_empty()))
}

fn is_own(asking: &Asking, host: &str) -> bool {
    *host == *asking.world.world.host_name(asking.question.host)
}

/// What the delegate brings into the task's names: `ansible_delegated_vars`, and how it is reached, as far as the host itself has no
/// say in that. Beside it the address, if it has one.
fn brought(asking: &Asking, names: &Names, host: &str) -> Result<(Vars, Option<String>), Halt> {
    let mut vars = vec![("ansible_delegated_vars".to_string(), asking.world.world.as_delegate(asking.question, host)?)];
    if is_own(asking, host) {
        return Ok((vars, None));
    }
    let scope = asking.world.world.scope(asking.question, Some(host))?;
    let own = Names::new(&*scope, names.top().clone(), asking.may);
    let address = Said::new(asking.task(), &own).by_variables(&connection::HOST)?;
    let set = names.scope().names();
    for row in connection::ALL.iter().filter(|row| row.of_delegate) {
        let name = row.name();
        if set.iter().any(|set| &**set == name) {
            continue;
        }
        // What cannot be evaluated for that host is told where the host is reached.
        let value = match own.get(name) {
            Ok(None) if name == connection::HOST.name() => Some(address.as_deref().unwrap_or(host).into()),
            Ok(value) => value,
            Err(Halt::Failed(_)) => None,
            Err(halt) => return Err(halt),
        };
        vars.extend(value.map(|value| (name.to_string(), value)));
    }
    Ok((vars, address))
}

/// The delegate as results show it: with its address, where that is another word.
fn label(host: &str, address: Option<&str>) -> String {
    match address {
        Some(address) if address != host => format!("{host}({address})"),
        _ => host.to_string(),
    }
}
