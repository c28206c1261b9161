//! `hostvars` and `vars`: other scopes, handed into an evaluation and asked only for what is used.
use super::scope::{HostScope, stop};
use lang::template::{Evaluation, Object, ObjectRef, Scope, Stop, render_value};
use std::collections::HashSet;
use std::sync::Arc;
use value::Value;

/// `hostvars`: a host's name leads to its variables.
pub struct AllNames {
    asking: HostScope,
}

impl AllNames {
    pub fn hostvars(asking: HostScope) -> Self {
        Self { asking }
    }
}

impl Object for AllNames {
    fn kind(&self) -> &'static str {
        "HostVars"
    }

    fn get(&self, key: &Value, _evaluation: &Evaluation) -> Result<Option<Value>, Stop> {
        let Some(name) = key.as_str() else { return Ok(None) };
        let variables = &self.asking.variables;
        let Some(host) = variables.inventory().id(name) else { return Ok(None) };
        let scope = self.asking.other(host).map_err(|errors| stop(&errors))?;
        Ok(Some(ObjectRef::value(HostVarsOf::of(scope))))
    }

    fn items(&self, _evaluation: &Evaluation) -> Result<Option<Vec<Value>>, Stop> {
        let inventory = self.asking.variables.inventory();
        Ok(Some(inventory.hosts().map(|(_, name, _)| name.into()).collect()))
    }

    fn is_mapping(&self) -> bool {
        true
    }
}

/// One host's variables as a mapping.
pub struct HostVarsOf {
    scope: HostScope,
    seen: Seen,
}

/// Who looks at the variables.
enum Seen {
    /// `hostvars`: another host.
    FromOutside,
    /// `vars`: the task itself.
    FromWithin,
    /// `ansible_delegated_vars`: a task of the host of this name, which is delegated to the variables' host.
    AsDelegateOf(Arc<str>),
}

impl HostVarsOf {
    pub fn of(scope: HostScope) -> Self {
        Self { scope, seen: Seen::FromOutside }
    }

    pub fn own(scope: HostScope) -> Self {
        Self { scope, seen: Seen::FromWithin }
    }

    /// As in Ansible, its `inventory_hostname` is still the host whose task it is.
    pub fn delegate(scope: HostScope, of: Arc<str>) -> Self {
        Self { scope, seen: Seen::AsDelegateOf(of) }
    }
}

impl Object for HostVarsOf {
    fn kind(&self) -> &'static str {
        if matches!(self.seen, Seen::FromOutside) { "HostVarsVars" } else { "dict" }
    }

    fn get(&self, key: &Value, _evaluation: &Evaluation) -> Result<Option<Value>, Stop> {
        let Some(name) = key.as_str() else { return Ok(None) };
        if let (Seen::AsDelegateOf(of), "inventory_hostname") = (&self.seen, name) {
            return Ok(Some((&**of).into()));
        }
        match self.scope.get(name)? {
            Some(value @ Value::Live(_)) => Ok(Some(value)),
            Some(value) => render_value(&value, &self.scope).map(Some),
            // A host that no inventory names is reached by its name.
            None if name == "ansible_host" && matches!(self.seen, Seen::AsDelegateOf(_)) => {
                Ok(Some((&*self.scope.name).into()))
            }
            None => Ok(None),
        }
    }

    fn items(&self, _evaluation: &Evaluation) -> Result<Option<Vec<Value>>, Stop> {
        // A host's variables do not hold all hosts' variables again.
        let mut names = self.scope.names();
        let own = matches!(self.seen, Seen::FromWithin);
        names.retain(|name| &**name != "vars" && (own || &**name != "hostvars") && &**name != "omit");
        let mut known = HashSet::new();
        names.retain(|name| known.insert(name.clone()));
        Ok(Some(names.iter().map(|name| Value::from(&**name)).collect()))
    }

    fn is_mapping(&self) -> bool {
        true
    }
}
