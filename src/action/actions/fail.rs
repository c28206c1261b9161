//! `fail`: a failure with the user's own words.
use super::super::instance::{Action, Instance, Step};
use super::super::{Halt, result};
use value::Value;
use value::spec::{Args as _, Spec};

value::args! {
    /// Fails with a message.
    pub struct Args {
        /// Why.
        msg: String { default("Failed as requested from task") },
    }
}

pub struct Fail;

impl Action for Fail {
    fn modules(&self) -> &'static [&'static str] {
        &["fail"]
    }

    fn spec(&self) -> Option<Spec<'static>> {
        Some(Args::SPEC)
    }

    fn prepare(&self, instance: &Instance) -> Result<Step, Halt> {
        let msg = instance.checked("fail")?.get("msg").cloned().unwrap_or(Value::Null);
        Ok(Step::Known(result::failed([("msg", msg)].into_iter().collect()), Vec::new()))
    }
}
