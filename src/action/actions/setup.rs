//! `setup` and `gather_facts`: what a host is.
use super::super::Halt;
use super::super::arguments;
use super::super::instance::{Action, Call, Instance, Step};

pub struct Setup;

impl Action for Setup {
    fn modules(&self) -> &'static [&'static str] {
        &["setup", "gather_facts"]
    }

    fn prepare(&self, instance: &Instance) -> Result<Step, Halt> {
        let mut given = instance.arguments()?.clone();
        // Of gather_facts alone: whether several modules of facts run side by side.
        given.remove("parallel");
        let args = arguments::check_for("setup", instance.task(), &given)?;
        Ok(Step::Call(Call { brings_facts: true, ..Call::new("setup", args) }))
    }
}
