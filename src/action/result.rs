//! Results as Ansible shapes them: every one says `changed`, and those that ran also say `failed`.
use crate::engine::message::Outcome;
use std::sync::Arc;
use value::{Map, Value};

/// Who worked in the host's place for one item, as it is shown; null: the host itself.
pub const DELEGATE: &str = "_ansible_delegate";

/// What an action of the controller came to.
pub fn ok(fields: Map) -> Outcome {
    with_flags(fields, false)
}

pub fn changed(fields: Map) -> Outcome {
    with_flags(fields, true)
}

pub fn failed(fields: Map) -> Outcome {
    Outcome::failed_with(fields, None)
}

fn with_flags(mut fields: Map, changed: bool) -> Outcome {
    fields.insert("changed", changed);
    fields.insert("failed", false);
    Outcome { changed, result: Arc::new(fields), ..Outcome::default() }
}

/// A condition did not hold. The order of the fields is seen where results are the items of a loop.
pub fn skipped(false_condition: Value) -> Outcome {
    skipped_with([("skip_reason", Value::from("Conditional result was False")), ("false_condition", false_condition)])
}

pub fn skipped_with<'n>(fields: impl IntoIterator<Item = (&'n str, Value)>) -> Outcome {
    let flags = [("changed", Value::from(false)), ("skipped", Value::from(true))];
    let result: Map = flags.into_iter().chain(fields).collect();
    Outcome { skipped: true, result: Arc::new(result), ..Outcome::default() }
}

/// In a plan: nobody can know before the change that it depends on.
pub fn unforeseen(because: &Arc<str>) -> Outcome {
    Outcome { unforeseen: Some(because.to_string()), ..ok(Map::new()) }
}

/// Changes one outcome's result and keeps the flags of both alike.
pub fn edit(outcome: &mut Outcome, change: impl FnOnce(&mut Map)) {
    let mut fields = (*outcome.result).clone();
    change(&mut fields);
    outcome.result = Arc::new(fields);
}
