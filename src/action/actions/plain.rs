//! A module that needs nothing of the controller: its arguments go to the host, and what comes back is the result.
use super::super::Halt;
use super::super::instance::{Action, Call, Instance, Step};

pub struct Plain;

impl Action for Plain {
    fn modules(&self) -> &'static [&'static str] {
        &[]
    }

    fn prepare(&self, instance: &Instance) -> Result<Step, Halt> {
        let module = instance.task().action.name.as_str();
        Ok(Step::Call(Call::new(module, instance.checked(module)?)))
    }
}
