//! Random plays on a simulated network, against a plain lock-step interpreter. Every seed is checked by itself, and a failing
//! one is printed: `SEED=7 cargo test --test simulation` runs it again, `SEEDS=100000` checks more,
//! and `TRACE=1` shows what the engine said and when. `--release` is fast.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "what the seeds met, and which one failed")]
mod check;
mod costs;
mod helper;
mod language;
mod network;
mod plays;
mod random;
mod reference;
mod stories;

use std::collections::BTreeMap;
use std::time::Instant;

/// Up to eight hosts.
#[test]
fn every_seed_agrees_with_the_reference() {
    let default = if cfg!(debug_assertions) { 4_000 } else { 20_000 };
    run_seeds("SEED", "SEEDS", default, 8);
}

#[test]
fn two_hundred_hosts_agree_with_the_reference() {
    run_seeds("SEED_200", "SEEDS_200", 20, 200);
}

fn run_seeds(one: &str, many: &str, default: u64, hosts: usize) {
    let number = |name: &str| std::env::var(name).ok().and_then(|number| number.parse::<u64>().ok());
    let seeds = match number(one) {
        Some(seed) => seed..seed + 1,
        None => 0..number(many).unwrap_or(default),
    };
    let (count, start, mut met) = (seeds.end - seeds.start, Instant::now(), BTreeMap::new());
    for seed in seeds {
        let _named = Named { one, seed };
        check::check_seed(seed, hosts, &mut met);
    }
    let rate = count as f64 / start.elapsed().as_secs_f64();
    println!("{count} seeds of up to {hosts} hosts, {rate:.0} per second; met {met:?}");
}

/// Says which seed it was when its check panics.
struct Named<'n> {
    one: &'n str,
    seed: u64,
}

impl Drop for Named<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("failing seed: {}={} cargo test --test simulation", self.one, self.seed);
        }
    }
}
