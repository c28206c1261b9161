//! Round trips are fences, not tasks.
use crate::helper::World;
use crate::network::{Network, Simulation};
use crate::plays::{Draft, Scenario, opened, text};
use crate::random::Random;
use deploy::engine::Options;
use deploy::engine::message::HostId;
use deploy::playbook::model::Node;
use std::collections::BTreeMap;

fn put(key: &str) -> Node {
    Draft::new("put", text("new")).on(key).named(key).node()
}

fn trips(world: World, hosts: usize, tasks: Vec<Node>, options: Options) -> u64 {
    let plays = vec![opened((0..hosts as HostId).collect(), [vec![], tasks, vec![]], vec![])];
    let scenario = Scenario { hosts, plays, files: BTreeMap::new(), linear: true, lock_step: false };
    Simulation::new(&scenario, world, Random(0), Network::Even, options).run().round_trips()
}

fn hundred() -> Vec<Node> {
    (0..100).map(|index| put(&format!("key{index}"))).collect()
}

fn converged(hosts: usize) -> World {
    let machine: BTreeMap<_, _> = (0..100).map(|index| (format!("key{index}"), "new".to_string())).collect();
    World { machines: (0..hosts).map(|host| (host, machine.clone())).collect(), ..World::default() }
}

#[test]
fn a_hundred_plain_tasks_are_one_round_trip() {
    assert_eq!(trips(World::default(), 1, hundred(), Options::default()), 1);
}

#[test]
fn without_run_ahead_they_are_a_hundred() {
    assert_eq!(trips(World::default(), 1, hundred(), Options { run_ahead: false, ..Options::default() }), 100);
}

#[test]
fn a_loop_costs_what_one_task_costs() {
    let items = Some((0..50).map(|item| text(&format!("value{item}"))).collect());
    let looped = Draft { items, ..Draft::new("put", text("new")).on("key") };
    assert_eq!(trips(World::default(), 1, vec![looped.node(), put("other")], Options::default()), 1);
}

#[test]
fn a_hundred_converged_tasks_on_five_hosts_are_one_round_trip_and_a_change_that_another_waits_for_adds_one() {
    assert_eq!(trips(converged(5), 5, hundred(), Options::default()), 1);
    let mut world = converged(5);
    for (host, key) in [(3, "key20"), (4, "key60")] {
        world.machines.get_mut(&host).expect("a machine").remove(key);
    }
    assert_eq!(trips(world, 5, hundred(), Options::default()), 3);
}

#[test]
fn one_host_changes_everything_as_soon_as_the_other_is_through() {
    let mut world = converged(2);
    world.machines.remove(&0);
    assert_eq!(trips(world, 2, hundred(), Options::default()), 2);
}

#[test]
fn ten_thousand_hosts_are_not_quadratic() {
    let hosts = if cfg!(debug_assertions) { 2_000 } else { 10_000 };
    let tasks = || (0..5).map(|index| put(&format!("key{index}"))).collect();
    let time = |hosts| {
        let start = std::time::Instant::now();
        trips(converged(hosts), hosts, tasks(), Options::default());
        start.elapsed().as_secs_f64()
    };
    let (few, many) = (time(hosts / 10), time(hosts));
    println!("{few:.2} s for {} hosts, {many:.2} s for {hosts}", hosts / 10);
    assert!(many < few.max(0.01) * 40.0, "{few:.2} s for {} hosts, {many:.2} s for {hosts}", hosts / 10);
}
