//! `setup`: the facts of a host.
use crate::facts::{self, Subset, UnknownSubset};
use crate::host::{Host, Look, Stop};
#[cfg(any(test, feature = "reference"))]
use crate::module::Example;
use crate::module::{Info, Module, Return};
use crate::returns;
use std::path::PathBuf;

value::args! {
    /// Tells what a host is: its system, its hardware, its network, and what it says of itself in `/etc/ansible/facts.d`.
    pub struct Args {
        /// Which groups of facts: `all`, `min`, `hardware`, `network`, `virtual`, or single ones; with `!`, without these.
        gather_subset: Vec<String> { default("all") },
        /// Patterns: only facts whose name fits one are returned.
        filter: Vec<String>,
        /// Where the host keeps facts of its own.
        fact_path: PathBuf { default("/etc/ansible/facts.d") },
        /// Without meaning here: no fact takes long.
        gather_timeout: i64 { default("10") },
    }
}

pub struct Task;
impl Module for Task {
    const INFO: Info = Info::new("setup").aliases(&["gather_facts"]).at_start().facts();
    #[cfg(any(test, feature = "reference"))]
    const EXAMPLES: &'static [Example] = &[Example {
        title: "Gather what is known of the distribution",
        args: &[("gather_subset", "!all"), ("filter", "ansible_distribution*")],
        before: Vec::new,
        after: Vec::new,
    }];
    type Args = Args;

    fn run(args: &Args, host: &mut Host) -> Look<Return> {
        let subset = match Subset::parse(&args.gather_subset) {
            Ok(subset) => subset,
            Err(UnknownSubset(word)) => {
                return Stop::failed(format!("Bad subset '{word}' given to Ansible. gather_subset options allowed: all, min, hardware, network, virtual, and the names of single facts; with ! before them, all but these"));
            }
        };
        let facts = facts::gather(host.machine(), &subset, &args.filter, &args.fact_path);
        Ok(returns! { "ansible_facts" => facts })
    }
}
