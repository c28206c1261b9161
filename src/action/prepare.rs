//! Items that are ready for a host, as the one call in which they ride, or as several.
use super::hold;
use super::instance::Call;
use crate::engine::message::{Begun, Connection, HostId, Item, Own, Prepared, Work};
use std::sync::Arc;
use target::protocol::{Body, Identity, Mode};
use value::{Map, Value};

/// A call with all that its way to the host needs.
pub struct Ready {
    pub call: Call,
    pub delegate: Option<String>,
    pub delegate_facts: Option<HostId>,
    pub connection: Arc<Connection>,
    pub identity: Option<Identity>,
    pub environment: Vec<(String, String)>,
    pub mode: Mode,
    pub diff: bool,
    pub timeout: Option<u32>,
}

impl Ready {
    /// Whether both can ride in one call.
    fn rides_with(&self, other: &Ready) -> bool {
        self.call.module == other.call.module
            && self.call.plain == other.call.plain
            && self.connection.key == other.connection.key
            && self.identity == other.identity
            && self.environment == other.environment
            && (self.mode, self.diff, self.timeout) == (other.mode, other.diff, other.timeout)
    }
}

/// One call for all items that can ride together; otherwise one each.
pub fn prepared(
    items: Vec<(Item, Option<Ready>)>,
    later: Vec<(Arc<Map>, Value)>,
    pause: f64,
    breaks: bool,
    begun: &mut Begun,
) -> Work {
    let together = later.is_empty() && {
        let mut ready = items.iter().filter_map(|(_, ready)| ready.as_ref());
        let first = ready.next();
        first.is_none_or(|first| ready.all(|other| other.rides_with(first)))
    };
    let mut delegates = items.iter().filter_map(|(_, ready)| ready.as_ref()).map(|ready| &ready.delegate);
    let one_delegate = delegates.next().is_none_or(|first| delegates.all(|other| other == first));
    let looped = items.len() > 1 || items.iter().any(|(item, _)| item.label.is_some());
    let one_by_one = looped && (!together || begun.retry.is_some() || pause > 0.0 || breaks);
    let mut bodies = Vec::new();
    let mut notes = Vec::new();
    let mut all = Vec::new();
    let mut shared: Option<Ready> = None;
    for (mut item, ready) in items {
        let Some(mut ready) = ready else {
            notes.push(Value::Null);
            all.push(item);
            continue;
        };
        bodies.push(std::mem::take(&mut ready.call.args));
        notes.push(std::mem::take(&mut ready.call.notes));
        if !one_delegate {
            begun.delegate_facts = None;
        }
        if !together || !one_delegate {
            item.own = Some(Arc::new(own(&ready)));
        }
        all.push(item);
        shared.get_or_insert(ready);
    }
    begun.notes = Value::list(notes);
    let Some(ready) = shared else { return Work::default() };
    let module = ready.call.module;
    Work::Call(Box::new(Prepared {
        connection: ready.connection,
        identity: ready.identity,
        plain: ready.call.plain,
        patience: ready.call.patience,
        hold: hold::hold(&module),
        brings_facts: ready.call.brings_facts,
        fence: ready.call.fence || !ready.call.brings_facts && hold::may_bring_facts(&module),
        body: Body {
            module,
            items: bodies,
            mode: ready.mode,
            diff: ready.diff,
            environment: ready.environment,
            timeout: ready.timeout,
            no_log: begun.no_log || all.iter().any(|item| item.hidden),
        },
        items: all,
        one_by_one,
        later,
        pause,
    }))
}

/// The task with items that had to wait for those before them.
pub fn grown(
    before: &Prepared,
    notes: &Value,
    items: Vec<(Item, Option<Ready>)>,
    later: Vec<(Arc<Map>, Value)>,
) -> (Prepared, Value) {
    let mut grown = Prepared { later, ..before.clone() };
    let mut notes = notes.as_list().unwrap_or_default().to_vec();
    for (mut item, ready) in items {
        grown.body.no_log |= item.hidden;
        let Some(mut ready) = ready else {
            notes.push(Value::Null);
            grown.items.push(item);
            continue;
        };
        grown.body.items.push(std::mem::take(&mut ready.call.args));
        notes.push(std::mem::take(&mut ready.call.notes));
        item.own = Some(Arc::new(own(&ready)));
        grown.items.push(item);
    }
    (grown, Value::list(notes))
}

fn own(ready: &Ready) -> Own {
    Own {
        module: ready.call.module.clone(),
        connection: ready.connection.clone(),
        identity: ready.identity.clone(),
        environment: ready.environment.clone(),
        mode: ready.mode,
        diff: ready.diff,
        timeout: ready.timeout,
        delegate: ready.delegate.clone(),
        delegate_facts: ready.delegate_facts,
    }
}
