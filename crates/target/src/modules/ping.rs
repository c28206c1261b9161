//! `ping`: the host can be reached and used.
use crate::host::{Host, Look};
#[cfg(any(test, feature = "reference"))]
use crate::module::Example;
use crate::module::{Info, Module, Return};
use crate::returns;

value::args! {
    /// Tells that a host can be reached, logged in to, and that our program runs there.
    pub struct Args {
        /// What to answer; `crash` makes the module fail.
        data: String { default("pong") },
    }
}

pub struct Task;
impl Module for Task {
    const INFO: Info = Info::new("ping").at_start();
    #[cfg(any(test, feature = "reference"))]
    const EXAMPLES: &'static [Example] =
        &[Example { title: "Reach a host", args: &[], before: Vec::new, after: Vec::new }];
    type Args = Args;

    fn run(args: &Args, _: &mut Host) -> Look<Return> {
        if args.data == "crash" {
            return crate::host::Stop::failed("boom");
        }
        Ok(returns! { "ping" => args.data.clone() })
    }
}
