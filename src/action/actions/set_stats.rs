//! `set_stats`: numbers and words that stand at the end of a run.
use super::super::instance::{Action, Instance, Step};
use super::super::{Halt, result};
use value::spec::{Args as _, Spec};
use value::{Map, Value};

value::args! {
    /// Keeps statistics of the user's own.
    pub struct Args {
        /// Names and values.
        data: Map { required },
        /// Whether they are kept for each host.
        per_host: bool { default("no") },
        /// Whether numbers add up, and lists and dictionaries grow, instead of being replaced.
        aggregate: bool { default("yes") },
    }
}

pub struct SetStats;

impl Action for SetStats {
    fn modules(&self) -> &'static [&'static str] {
        &["set_stats"]
    }

    fn spec(&self) -> Option<Spec<'static>> {
        Some(Args::SPEC)
    }

    fn prepare(&self, instance: &Instance) -> Result<Step, Halt> {
        let stats = instance.checked("set_stats")?;
        Ok(Step::Known(result::ok([("ansible_stats", Value::from(stats))].into_iter().collect()), Vec::new()))
    }
}
