//! What ansible-core 2.19.14 prints for small plays, pinned: who does what in which order, and what the recap says. Hosts are
//! a, b and c.
use crate::helper::World;
use crate::language::connection;
use crate::network::{Network, Simulation};
use crate::plays::{Draft, Scenario, block, expr, opened, text};
use crate::random::Random;
use deploy::engine::Options;
use deploy::engine::message::{Event, Failure, HostId, Opened, Output, Recap, Status};
use deploy::playbook::model::Node;
use std::collections::BTreeMap;
use value::Value;

/// A task that fails on these hosts.
fn check(name: &str, failing: &[HostId]) -> Draft {
    let mut draft = Draft::new("check", text("yes")).on(name).named(name);
    draft.args.push(("failing", Value::from(failing.iter().map(|host| i64::from(*host)).collect::<Vec<_>>())));
    draft
}

fn ok(name: &str) -> Node {
    check(name, &[]).node()
}

fn changed(name: &str, notify: &[&str]) -> Draft {
    let notify = notify.iter().map(ToString::to_string).collect();
    Draft { changed_when: vec![Value::Bool(true)], notify, ..check(name, &[]) }
}

fn once(mut draft: Draft) -> Node {
    draft.keywords.run_once = Some(Value::Bool(true));
    draft.node()
}

fn meta(word: &str, only: Option<HostId>) -> Node {
    let mut draft = Draft::new("meta", text(word)).named(word);
    let is =
        |host| expr(&[text("equal"), expr(&[text("name"), text("inventory_hostname")]), text(&format!("host{host}"))]);
    draft.keywords.when = only.map(is).into_iter().collect();
    draft.node()
}

fn include(file: &str) -> Node {
    Draft::new("include_tasks", text(file)).named(file).node()
}

fn tasks(tasks: Vec<Node>) -> Opened {
    opened(vec![0, 1, 2], [vec![], tasks, vec![]], vec![])
}

/// `task: what hosts said`, line by line; `!` failed, `~` ignored, `-` skipped, `*` changed, `?` unreachable.
fn story(plays: Vec<Opened>) -> String {
    let mut world = World::default();
    for host in 0..3 {
        let machine = world.machines.entry(host as usize).or_default();
        plays.iter().for_each(|play| agree(&play_nodes(play), host, machine));
    }
    let files = BTreeMap::from([("x".to_string(), vec![ok("in x")]), ("y".to_string(), vec![ok("in y")])]);
    for machine in world.machines.values_mut() {
        machine.extend([("in x".into(), "yes".into()), ("in y".into(), "yes".into())]);
    }
    let scenario = Scenario { hosts: 3, plays, files, linear: true, lock_step: false };
    let run = Simulation::new(&scenario, world, Random(1), Network::Uneven, Options::default()).run();
    run.events().iter().filter_map(tell).collect::<Vec<_>>().join("\n")
}

fn play_nodes(opened: &Opened) -> Vec<Node> {
    let play = &opened.play;
    [&play.pre_tasks, &play.tasks, &play.post_tasks, &play.handlers].into_iter().flatten().cloned().collect()
}

/// Makes a machine on which those tasks hold that are not to fail.
fn agree(nodes: &[Node], host: HostId, machine: &mut BTreeMap<String, String>) {
    for node in nodes {
        match node {
            Node::Block(block) => block.sections.iter().for_each(|nodes| agree(nodes, host, machine)),
            Node::Task(task) => {
                let key = task.args.map.get("key").and_then(Value::as_str).unwrap_or_default();
                let failing = task.args.map.get("failing").and_then(Value::as_list).unwrap_or(&[]);
                if !failing.iter().any(|failing| failing.as_int() == Some(i64::from(host))) {
                    machine.insert(key.into(), "yes".into());
                }
            }
        }
    }
}

fn tell(event: &Event) -> Option<String> {
    let name = |host: &HostId| char::from(b'a' + *host as u8);
    match event {
        Event::PlayStarted { hosts, .. } => Some(format!("play {}", hosts.iter().map(name).collect::<String>())),
        Event::NoHostsLeft => Some("no more hosts left".into()),
        Event::TaskStarted { name, handler, .. } => Some(format!("{}{name}", if *handler { "handler " } else { "" })),
        Event::Task { host, status, .. } => {
            let mark = match status {
                Status::Unreachable { .. } => "?",
                Status::Settled { failure: Failure::Ignored, .. } => "~",
                Status::Settled { outcome, .. } if outcome.failed => "!",
                Status::Settled { outcome, .. } if outcome.skipped => "-",
                Status::Settled { outcome, .. } if outcome.changed => "*",
                Status::Settled { .. } => "",
            };
            Some(format!("  {}{mark}", name(host)))
        }
        Event::Included { hosts, target, label, .. } => {
            let label = label.as_ref().map(|label| format!(" ({label})")).unwrap_or_default();
            Some(format!("  {target} for {}{label}", hosts.iter().map(name).collect::<String>()))
        }
        Event::Said(diagnostic) => Some(diagnostic.code.into()),
        Event::Recap(Recap(recap)) => {
            let line = |(host, counts): (&HostId, &deploy::engine::message::Counts)| {
                format!("{} {}/{}/{}/{}", name(host), counts.ok, counts.changed, counts.failed, counts.rescued)
            };
            Some(recap.iter().map(line).collect::<Vec<_>>().join(" "))
        }
        _ => None,
    }
}

fn assert_story(plays: Vec<Opened>, expected: &str) {
    let lines = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let story = story(plays);
    assert_eq!(lines(&story), lines(expected), "{story}");
}

#[test]
fn nested_rescues_and_always_meet_again() {
    let inner = block([vec![check("f", &[0, 1]).node()], vec![check("r", &[1]).node()], vec![ok("a")]]);
    let outer = block([vec![inner], vec![ok("r2")], vec![]]);
    assert_story(
        vec![tasks(vec![outer, ok("after")])],
        "play abc f a! b! c r a b! a a b c r2 b after a b c a 3/0/0/1 b 3/0/0/2 c 3/0/0/0",
    );
}

#[test]
fn a_failed_run_once_passes_over_the_rescue_of_the_others() {
    let once = || once(check("once", &[0, 1, 2]));
    let rescued = block([vec![once()], vec![ok("resc")], vec![ok("alw")]]);
    assert_story(
        vec![tasks(vec![rescued, ok("after")]), tasks(vec![ok("second")])],
        "play abc once a! resc a alw a b c after a play abc second a a 4/0/0/1 b 1/0/0/0 c 1/0/0/0",
    );
    let always = block([vec![once()], vec![], vec![ok("alw")]]);
    let outer = block([vec![always], vec![ok("outer")], vec![]]);
    assert_story(
        vec![tasks(vec![outer, ok("after")])],
        "play abc once a! alw a outer a b c after a b c a 3/0/0/1 b 2/0/0/0 c 2/0/0/0",
    );
}

#[test]
fn handlers_run_in_their_order_once_in_each_flush_and_a_failed_host_loses_its_own() {
    let handlers = vec![changed("h1", &["h3"]).node(), ok("h2"), changed("h3", &["h1"]).node()];
    let list = vec![changed("ch", &["h2", "h1"]).node(), check("f", &[1]).node()];
    let play = opened(vec![0, 1, 2], [vec![], list, vec![]], handlers);
    assert_story(
        vec![play],
        "play abc ch a* b* c* f a b! c handler h1 a* c* handler h2 a c handler h3 a* c* handler h1 a* c* handler h3 a* c*
         a 7/5/0/0 b 1/1/1/0 c 7/5/0/0",
    );
}

#[test]
fn force_handlers_runs_them_on_failed_hosts_at_the_end_of_the_section() {
    let handlers = vec![check("h", &[1]).node(), ok("i")];
    let inner = block([vec![check("t2", &[1]).node()], vec![], vec![check("alw", &[2]).node()]]);
    let list = vec![changed("t1", &["h", "i"]).node(), inner, ok("t3")];
    let post = vec![changed("post", &["h"]).node()];
    let play = opened(vec![0, 1, 2], [vec![], list, post], handlers);
    assert_story(
        vec![Opened { force_handlers: true, ..play }],
        "play abc t1 a* b* c* t2 a b! c alw a b c! t3 a handler h a b! c handler i a c post a* handler h a
         a 8/2/0/0 b 2/1/2/0 c 4/1/1/0",
    );
}

#[test]
fn the_run_stops_when_a_whole_batch_has_failed() {
    let serial = |list| Opened { batches: vec![vec![0], vec![1], vec![2]], ..tasks(list) };
    assert_story(
        vec![serial(vec![check("t1", &[1]).node(), ok("t2")]), tasks(vec![ok("second")])],
        "play a t1 a t2 a play b t1 b! a 2/0/0/0 b 0/0/1/0",
    );
}

#[test]
fn max_fail_percentage_counts_those_that_have_nowhere_to_go() {
    let two = |list| Opened { batches: vec![vec![0, 1], vec![2]], max_fail_percentage: Some(40.0), ..tasks(list) };
    assert_story(
        vec![two(vec![check("t1", &[1]).node(), ok("t2")]), tasks(vec![ok("second")])],
        "play ab t1 a b! no more hosts left no more hosts left a 1/0/0/0 b 0/0/1/0",
    );
    let blocked = block([vec![check("t1", &[1]).node()], vec![], vec![ok("alw")]]);
    assert_story(
        vec![Opened { max_fail_percentage: Some(0.0), ..tasks(vec![blocked, ok("t2")]) }],
        "play abc t1 a b! c alw a b c t2 a c a 3/0/0/0 b 1/0/1/0 c 3/0/0/0",
    );
}

#[test]
fn any_errors_fatal_takes_all_hosts_to_the_rescue_or_out() {
    let fatal = |mut draft: Draft| {
        draft.keywords.any_errors_fatal = Some(Value::Bool(true));
        draft.node()
    };
    let rescued = block([vec![fatal(check("t1", &[1]))], vec![ok("resc")], vec![ok("alw")]]);
    assert_story(
        vec![tasks(vec![rescued, fatal(check("t2", &[1])), ok("t3")]), tasks(vec![ok("second")])],
        "play abc t1 a b! c resc a b c alw a b c t2 a b! c a 4/0/0/0 b 2/0/1/1 c 4/0/0/0",
    );
}

#[test]
fn includes_run_in_the_order_in_which_hosts_ask_for_them() {
    let by_host = |first: &str, others: &str| {
        let mut draft = Draft::new("include_tasks", text(first)).named("inc");
        let own = |file: &str, host| {
            let mut other = Draft::new("include_tasks", text(file)).named("inc");
            let name = expr(&[text("name"), text("inventory_hostname")]);
            other.keywords.when = vec![expr(&[text("equal"), name, text(&format!("host{host}"))])];
            other
        };
        draft.keywords.when = own(first, 0).keywords.when;
        vec![draft.node(), own(others, 1).node()]
    };
    let mut list = by_host("y", "x");
    list.push(include("x"));
    assert_story(
        vec![tasks(list)],
        "play abc inc b- c- y for a in y a inc a- c- x for b in x b x x for abc in x a b c
         a 4/0/0/0 b 4/0/0/0 c 2/0/0/0",
    );
    let items = Some(vec![text("x"), text("y")]);
    let looped = Draft { items, ..Draft::new("include_tasks", expr(&[text("name"), text("item")])).named("inc") };
    assert_story(
        vec![tasks(vec![looped.node()])],
        "play abc inc x for abc (x) y for abc (y) in x a b c in y a b c a 4/0/0/0 b 4/0/0/0 c 4/0/0/0",
    );
}

#[test]
fn end_host_leaves_its_handlers_and_end_play_those_of_all() {
    let handlers = || vec![ok("h")];
    let list = vec![changed("t", &["h"]).node(), meta("end_host", Some(1)), ok("last")];
    assert_story(
        vec![opened(vec![0, 1, 2], [vec![], list, vec![]], handlers())],
        "play abc t a* b* c* end_host a- end_host end_host c- last a c handler h a c a 3/1/0/0 b 1/1/0/0 c 3/1/0/0",
    );
    let list = vec![changed("t", &["h"]).node(), meta("end_play", None), ok("last")];
    assert_story(
        vec![opened(vec![0, 1, 2], [vec![], list, vec![]], handlers()), tasks(vec![ok("second")])],
        "play abc t a* b* c* end_play play abc second a b c a 2/1/0/0 b 2/1/0/0 c 2/1/0/0",
    );
}

#[test]
fn a_lost_host_leaves_without_rescue_and_the_others_go_on() {
    let inner = block([vec![ok("t1"), ok("t2")], vec![ok("resc")], vec![ok("alw")]]);
    let scenario =
        Scenario { hosts: 3, plays: vec![tasks(vec![inner])], files: BTreeMap::new(), linear: true, lock_step: false };
    let mut world = World::default();
    (0..3).for_each(|host| {
        agree(&play_nodes(&scenario.plays[0]), host, world.machines.entry(host as usize).or_default())
    });
    let run = Simulation::new(&scenario, world, Random(3), Network::Uneven, Options::default()).lose_at_once(1).run();
    let story = run.events().iter().filter_map(tell).collect::<Vec<_>>().join(" ");
    let story = story.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(story, "play abc t1 a b? c t2 a c alw a c a 3/0/0/0 b 0/0/0/0 c 3/0/0/0");
    let on_it = connection(1).key.clone();
    assert!(run.count(|output| matches!(output, Output::Send { connection, .. } if connection.key == on_it)) > 0);
}

#[test]
fn hosts_come_in_the_order_of_the_batch() {
    let play = Opened { batches: vec![vec![2, 0]], ..tasks(vec![ok("t"), once(check("o", &[]))]) };
    assert_story(vec![play], "play ca t c a o c a 1/0/0/0 c 2/0/0/0");
}

#[test]
fn a_handler_that_nobody_has_ends_the_run_when_all_before_it_are_through() {
    let handlers = vec![ok("h")];
    let nobody = |name: &str| changed(name, &["nobody"]).node();
    let last = opened(vec![0, 1], [vec![], vec![changed("t", &["h"]).node(), nobody("u")], vec![]], handlers);
    assert_story(vec![last], "play ab t a* b* u unknown-handler");
}
