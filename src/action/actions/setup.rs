//! `setup` and `gather_facts`: what a host is.
use super::super::instance::{Action, Call, Finish, Instance, Step};
use super::super::{Halt, arguments, result};
use crate::engine::message::{Effect, Outcome};

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

    fn finish(&self, _finish: &Finish, mut outcome: Outcome) -> Result<(Outcome, Vec<Effect>), Halt> {
        if !outcome.failed {
            // All that a host is would bury everything else that `-v` shows.
            result::edit(&mut outcome, |fields| {
                fields.insert("_ansible_verbose_override", true);
            });
        }
        Ok((outcome, Vec::new()))
    }
}
