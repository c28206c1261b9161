//! `wait_for_connection`: until a host can be reached and used.
use super::super::instance::{Action, Call, Finish, Instance, Step};
use super::super::{Halt, arguments, result};
use crate::engine::message::{Effect, Outcome, Patience, Until};
use value::spec::{Args as _, Spec};
use value::{Map, Value};

value::args! {
    /// Waits until the host can be reached.
    pub struct Args {
        /// Seconds that one attempt may take.
        connect_timeout: i64 { default("5") },
        /// Seconds to wait before the first attempt.
        delay: i64 { default("0") },
        /// Seconds between attempts.
        sleep: i64 { default("1") },
        /// Seconds after which the host counts as unreachable.
        timeout: i64 { default("600") },
    }
}

pub struct WaitForConnection;

impl Action for WaitForConnection {
    fn modules(&self) -> &'static [&'static str] {
        &["wait_for_connection"]
    }

    fn spec(&self) -> Option<Spec<'static>> {
        Some(Args::SPEC)
    }

    fn prepare(&self, instance: &Instance) -> Result<Step, Halt> {
        let args = arguments::check_with(&Args::SPEC, "wait_for_connection", instance.task(), instance.arguments()?)?;
        instance.alone()?;
        let number = |name: &str| args.get(name).and_then(Value::as_float).unwrap_or(0.0).max(0.0);
        let surroundings = instance.world().surroundings;
        if number("delay") > 0.0 {
            instance.asking.wait(Until::Seconds(number("delay")))?;
        }
        let patience =
            Patience { attempt: number("connect_timeout"), pause: number("sleep"), timeout: number("timeout") };
        let call = Call::new("ping", arguments::check_for("ping", instance.task(), &Map::new())?);
        Ok(Step::Call(Call { notes: (surroundings.now() - number("delay")).into(), patience, fence: true, ..call }))
    }

    fn finish(&self, finish: &Finish, outcome: Outcome) -> Result<(Outcome, Vec<Effect>), Halt> {
        let start = finish.notes.as_float().unwrap_or_default();
        let elapsed = (finish.asking.world.surroundings.now() - start).max(0.0) as i64;
        if outcome.failed {
            let mut result = Map::clone(&outcome.result);
            result.remove("ping");
            result.insert("elapsed", elapsed);
            return Ok((Outcome { result: result.into(), ..outcome }, Vec::new()));
        }
        Ok((result::ok([("elapsed", elapsed)].into_iter().collect()), Vec::new()))
    }
}
