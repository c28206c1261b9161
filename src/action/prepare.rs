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
    let Packed { bodies, notes, items: all, first } = pack(items, !together || !one_delegate);
    begun.notes = Value::list(notes);
    let Some(ready) = first else { return Work::default() };
    if !one_delegate {
        begun.delegate_facts = None;
    }
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
    let packed = pack(items, true);
    grown.body.no_log |= packed.items.iter().any(|item| item.hidden);
    grown.body.items.extend(packed.bodies);
    grown.items.extend(packed.items);
    let notes = notes.as_list().unwrap_or_default().iter().cloned().chain(packed.notes);
    (grown, Value::list(notes))
}

/// What items give to their call.
struct Packed {
    bodies: Vec<Map>,
    /// One for each item, known ones too.
    notes: Vec<Value>,
    items: Vec<Item>,
    first: Option<Ready>,
}

/// `apart`: each item keeps its own way to the host.
fn pack(items: Vec<(Item, Option<Ready>)>, apart: bool) -> Packed {
    let mut packed = Packed { bodies: Vec::new(), notes: Vec::new(), items: Vec::new(), first: None };
    for (mut item, ready) in items {
        let mut note = Value::Null;
        if let Some(mut ready) = ready {
            packed.bodies.push(std::mem::take(&mut ready.call.args));
            note = std::mem::take(&mut ready.call.notes);
            item.own = apart.then(|| Arc::new(own(&ready)));
            packed.first.get_or_insert(ready);
        }
        packed.notes.push(note);
        packed.items.push(item);
    }
    packed
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
