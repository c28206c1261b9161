//! What must hold for a seed.
use crate::helper::World;
use crate::network::{Network, Simulation};
use crate::plays::{Features, Generator, Scenario};
use crate::random::Random;
use crate::reference::Reference;
use deploy::engine::Options;
use deploy::engine::message::{Event, HostId, Output, Status};
use std::collections::BTreeMap;
use value::Value;

/// `met` counts what the seeds have met, so that nobody has to take the generator's word.
pub fn check_seed(seed: u64, most: usize, met: &mut BTreeMap<String, usize>) {
    let mut random = Random(seed);
    let least = if most > 100 { 100 } else { 1 };
    let hosts = least + random.below(most + 1 - least);
    let network = match random.below(20) {
        0..6 => Network::Cut,
        6 | 7 => Network::Interrupted,
        _ => Network::Uneven,
    };
    let cuts = network == Network::Cut;
    let linear = random.chance(80);
    let ignore_unreachable = cuts && random.chance(20);
    let features = Features { linear, shared: linear && !cuts, cuts, ignore_unreachable };
    let scenario = Generator::new(&mut random, hosts, features).scenario();
    let world = random_world(&mut random, hosts);
    let options = Options { run_ahead: random.chance(85), window: if random.chance(20) { 3 } else { 128 } };
    let simulate = |network| Simulation::new(&scenario, world.clone(), Random(seed), network, options).run();
    let run = simulate(network);
    if seed.is_multiple_of(8) {
        let again = simulate(network);
        assert_eq!(format!("{:?}", run.outputs), format!("{:?}", again.outputs), "the same seed, but other outputs");
    }
    let mut reference = Reference::new(&scenario, world.clone(), run.lost());
    reference.run();
    assert!(run.lost_in_vain().is_empty(), "answered, and lost all the same: {:?}", run.lost_in_vain());
    check_order(&run, &scenario);
    if network == Network::Interrupted {
        check_interrupted(&run, &reference, &scenario);
    } else if ignored_unreachable(&run) == 0 {
        check_outcome(&run, &reference, &scenario);
    }
    if hosts == 1 && !cuts && options.run_ahead && options.window > 100 && linear && !scenario.lock_step {
        let (trips, fences) = (simulate(Network::Even).round_trips(), reference.fences.count as u64);
        assert!(trips <= fences, "{trips} round trips, {fences} fences");
    }
    count(&run, network, met);
}

fn random_world(random: &mut Random, hosts: usize) -> World {
    let mut entry = |_| (random.name("key", 4), random.name("value", 3));
    let machines = (0..hosts).map(|host| (host, (0..3).map(&mut entry).collect())).collect();
    World { machines, ..World::default() }
}

/// Nobody touches before the others are through.
fn check_order(run: &Simulation, scenario: &Scenario) {
    if scenario.linear {
        let early = run.world.touched.windows(2).find(|pair| pair[0] > pair[1]);
        assert!(early.is_none(), "a host touched before others were done: {early:?}");
    }
}

fn check_outcome(run: &Simulation, reference: &Reference, scenario: &Scenario) {
    // How far others are when one of them ends the run is chance.
    if reference.refused && !scenario.linear {
        return;
    }
    let (mut events, expected, lost) = (run.events(), &reference.events, run.lost());
    // How often a host tried before it was cut is chance.
    events.retain(|event| match event {
        Event::Retrying { host, key, .. } => !lost.contains(&(*host, key.clone())),
        _ => true,
    });
    if scenario.linear {
        compare(&events, expected, |_| true);
    } else {
        for host in 0..scenario.hosts as HostId {
            compare(&events, expected, |event| is_of(event, host));
        }
        compare(&events, expected, |event| {
            matches!(event, Event::PlayStarted { .. } | Event::NoHostsMatched | Event::Recap(_))
        });
    }
    // What others did at the same time as the fault is not decided.
    if reference.refused {
        return;
    }
    for host in (0..scenario.hosts as HostId).filter(|host| !lost.iter().any(|(other, _)| other == host)) {
        let Some(vars) = run.engine.vars(host) else { continue };
        let known: BTreeMap<String, Value> = vars
            .registers
            .iter()
            .map(|(name, value)| (name.as_str().unwrap_or_default().into(), value.clone()))
            .collect();
        assert_eq!(known, reference.registers.get(&host).cloned().unwrap_or_default(), "registers of host {host}");
        let known: BTreeMap<String, Value> =
            vars.facts.iter().map(|(name, value)| (name.as_str().unwrap_or_default().into(), value.clone())).collect();
        assert_eq!(known, reference.facts.get(&host).cloned().unwrap_or_default(), "facts of host {host}");
        let machine = host as usize;
        assert_eq!(run.world.machines[&machine], reference.world.machines[&machine], "machine of host {host}");
    }
    if lost.is_empty() {
        assert_eq!(run.world.members, reference.world.members);
    }
}

/// What left before the end is a beginning of what would have left, host by host.
fn check_interrupted(run: &Simulation, reference: &Reference, scenario: &Scenario) {
    if reference.refused {
        return;
    }
    for host in 0..scenario.hosts as HostId {
        let own = |events: &[Event]| -> Vec<String> {
            let tasks = events.iter().filter(|event| matches!(event, Event::Task { .. }) && is_of(event, host));
            tasks.map(line).collect()
        };
        let (events, expected) = (own(&run.events()), own(&reference.events));
        assert!(expected.starts_with(&events), "host {host} said\n{events:#?}\nand not a beginning of\n{expected:#?}");
    }
}

fn is_of(event: &Event, wanted: HostId) -> bool {
    match event {
        Event::Task { host, .. }
        | Event::Retrying { host, .. }
        | Event::Notified { host, .. }
        | Event::Meta { host, .. } => *host == wanted,
        Event::Included { hosts, .. } => hosts.contains(&wanted),
        _ => false,
    }
}

fn compare(events: &[Event], expected: &[Event], wanted: impl Fn(&Event) -> bool) {
    let lines = |events: &[Event]| events.iter().filter(|event| wanted(event)).map(line).collect::<Vec<_>>();
    let (events, expected) = (lines(events), lines(expected));
    if events != expected {
        let same = events.iter().zip(&expected).take_while(|(one, two)| one == two).count();
        let from = same.saturating_sub(3);
        panic!(
            "after {same} events that agree, the engine says\n{:#?}\nand the reference\n{:#?}",
            &events[from..events.len().min(same + 3)],
            &expected[from..expected.len().min(same + 3)]
        );
    }
}

/// Everything about an event that does not depend on timing.
pub fn line(event: &Event) -> String {
    match event {
        Event::Task { key, host, action, status: Status::Settled { outcome, failure }, .. } => {
            format!("{key} {host} {action} {failure:?} {} {:?}", outcome.changed, outcome.result)
        }
        Event::Task { key, host, action, status: Status::Unreachable { ignored, .. }, .. } => {
            format!("{key} {host} {action} unreachable {ignored}")
        }
        Event::Retrying { key, host, left, outcome, .. } => {
            format!("{key} {host} retrying {left} {:?}", outcome.result)
        }
        Event::Said(diagnostic) => format!("said {}", diagnostic.code),
        other => format!("{other:?}"),
    }
}

fn ignored_unreachable(run: &Simulation) -> usize {
    run.count(|output| {
        matches!(output, Output::Emit(Event::Task { status: Status::Unreachable { ignored: true, .. }, .. }))
    })
}

fn count(run: &Simulation, network: Network, met: &mut BTreeMap<String, usize>) {
    for output in &run.outputs {
        let word = match output {
            Output::Emit(Event::Task { status: Status::Settled { failure, .. }, action, .. }) => {
                *met.entry(format!("task {action}")).or_default() += 1;
                format!("failure {failure:?}")
            }
            Output::Emit(event) => {
                let text = format!("{event:?}");
                text.split([' ', '(', '{']).next().unwrap_or_default().to_string()
            }
            Output::Send { call, .. } => format!("send {:?}", call.hold),
            Output::Commit { .. } => "commit".into(),
            Output::Cancel { .. } => "cancel".into(),
            Output::Evaluate(question) if question.alone => "alone".into(),
            _ => continue,
        };
        *met.entry(word).or_default() += 1;
    }
    *met.entry(format!("network {network:?}")).or_default() += 1;
    *met.entry("unreachable ignored".into()).or_default() += ignored_unreachable(run);
}
