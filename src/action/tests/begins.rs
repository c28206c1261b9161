//! What a task asks for: conditions, loops, arguments, the way to the host.
use super::*;
use crate::engine::message::{Effect, Transport};
use target::protocol::{Hold, Mode};

#[test]
fn a_condition_that_does_not_hold_skips() {
    let project = Project::new([]);
    let mut skipped = task("command", [("cmd", "true")]);
    skipped.keywords.when = vec![true.into(), false.into()];
    let outcome = project.known(skipped);
    assert!(outcome.skipped && !outcome.failed);
    assert_eq!(field(&outcome, "false_condition"), "False");
    assert_eq!(field(&outcome, "skip_reason"), "Conditional result was False");
    assert!(!outcome.result.contains("failed"));
}

#[test]
fn an_empty_loop_skips_and_says_so() {
    let project = Project::new([]);
    let outcome = project.known(Task { looped: looped(Value::list([])), ..task("command", [("cmd", "true")]) });
    assert!(outcome.skipped);
    assert_eq!(field(&outcome, "skipped_reason"), "No items in the list");
    assert_eq!(field(&outcome, "results"), "[]");
}

#[test]
fn a_loop_must_be_a_list() {
    let outcome = Project::new([]).known(Task { looped: looped(written("word")), ..task("debug", []) });
    assert!(outcome.failed);
    assert_eq!(field(&outcome, "msg"), "The `loop` value must resolve to a 'list', not 'str'.");
    assert_eq!(outcome.diagnostic.unwrap().span, Some(span()));
}

#[test]
fn all_items_of_a_loop_ride_in_one_call() {
    let project = Project::new([]);
    let items = Value::list([1.into(), 2.into()]);
    let prepared = project.call(Task { looped: looped(items), ..task("command", [("cmd", "true")]) });
    assert_eq!((prepared.body.items.len(), prepared.items.len(), prepared.one_by_one), (2, 2, false));
    assert_eq!(prepared.items[1].label.as_deref(), Some("2"));
    assert_eq!(prepared.hold, Hold::AtStart);
    assert_eq!(prepared.items[1].vars.get("ansible_loop_var"), Some(&"item".into()));
}

#[test]
fn until_in_a_loop_judges_each_item_before_the_next() {
    let project = Project::new([]);
    let items = Value::list([1.into(), 2.into()]);
    let mut waiting = Task { looped: looped(items), ..task("command", [("cmd", "true")]) };
    waiting.until = vec![true.into()];
    waiting.retries = Some(2.into());
    let begun = project.begin(waiting);
    assert!(begun.judged_late && begun.retry.unwrap().retries == 2);
    assert!(matches!(begun.work, Work::Call(prepared) if prepared.one_by_one));
}

#[test]
fn an_unknown_parameter_is_refused_with_its_place() {
    let outcome = Project::new([]).known(task("command", [("cmd", "true"), ("chdri", "/")]));
    assert!(field(&outcome, "msg").starts_with("Unsupported parameters for (ansible.legacy.command) module: chdri"));
    let diagnostic = outcome.diagnostic.unwrap();
    assert_eq!(diagnostic.help.as_deref(), Some("did you mean `chdir`?"));
}

#[test]
fn a_missing_module_fails_when_a_host_reaches_it() {
    let mut missing = task("zypper", []);
    missing.action.kind = ActionKind::Missing;
    let outcome = Project::new([]).known(missing);
    assert_eq!(field(&outcome, "msg"), "the module 'zypper' is not there yet");
}

#[test]
fn facts_of_earlier_items_are_seen_by_later_ones() {
    let project = Project::new([]);
    let items = Value::list(["a".into(), "b".into()]);
    let begun = project.begin(Task { looped: looped(items), ..task("set_fact", [("x", "1")]) });
    let Work::Known { outcome, effects } = begun.work else { panic!() };
    assert_eq!(effects.len(), 2);
    assert!(matches!(&effects[0], Effect::SetFact { name, .. } if name == "x"));
    assert_eq!(field(&outcome, "msg"), "All items completed");
    assert_eq!(outcome.items[1].0, "b");
}

#[test]
fn names_of_facts_are_checked() {
    let outcome = Project::new([]).known(task("set_fact", [("1x", "1")]));
    assert_eq!(field(&outcome, "msg"), "Task failed: Invalid variable name '1x'.");
}

#[test]
fn variables_of_the_connection_stand_over_keywords_and_settings() {
    let mut project = Project::new([
        ("ansible_host", "10.0.0.7".into()),
        ("ansible_port", "2222".into()),
        ("ansible_ssh_pass", "hunter2".into()),
        ("ansible_ssh_common_args", "-o 'ProxyCommand=ssh -W %h:%p jump'".into()),
    ]);
    project.settings.remote_user = Some("cli".into());
    let mut ping = task("ping", []);
    ping.keywords.remote_user = Some("keyword".into());
    let prepared = project.call(ping);
    let Transport::Ssh(ssh) = &prepared.connection.transport else { panic!() };
    assert_eq!((ssh.address.as_str(), ssh.port, ssh.user.as_deref()), ("10.0.0.7", Some(2222), Some("keyword")));
    assert_eq!(ssh.args.last().unwrap(), "ProxyCommand=ssh -W %h:%p jump");
    assert_eq!(ssh.control_persist.as_deref(), Some("60s"));
    assert_eq!(project.asked.borrow().as_slice(), ["secret hunter2"]);
    assert!(!format!("{:?}", prepared.connection).contains("hunter2"));
}

#[test]
fn an_identity_is_taken_from_variables_before_keywords() {
    let project = Project::new([("ansible_become_user", "app".into()), ("ansible_sudo_flags", "-H".into())]);
    let mut ping = task("ping", []);
    ping.keywords.r#become = Some(true.into());
    ping.keywords.become_user = Some("other".into());
    let identity = project.call(ping).identity.unwrap();
    assert_eq!((identity.method.as_str(), identity.user.as_str(), identity.flags), ("sudo", "app", vec!["-H".into()]));
    assert_eq!(project.call(task("ping", [])).identity, None);
}

#[test]
fn a_delegated_task_is_asked_alone() {
    let project = Project::new([]);
    let delegated = || {
        let mut ping = task("ping", []);
        ping.keywords.delegate_to = Some("localhost".into());
        ping
    };
    assert!(matches!(project.ask(delegated(), false, About::Begin), Evaluated::Fence));
    let begun = project.begin(delegated());
    assert_eq!(begun.delegate.as_deref(), Some("localhost"));
    assert!(matches!(begun.work, Work::Call(prepared) if prepared.connection.transport == Transport::Local));
}

#[test]
fn items_on_different_hosts_go_one_by_one() {
    let project = Project::new([]);
    let items = Value::list([Value::from("a"), "b".into()]);
    let mut ping = Task { looped: looped(items), ..task("ping", []) };
    ping.keywords.delegate_to = Some(written("{{ item }}"));
    let prepared = project.call(ping);
    assert!(prepared.one_by_one);
    let names: Vec<_> = prepared.items.iter().map(|item| item.own.as_ref().unwrap().connection.name.clone()).collect();
    assert_eq!(names, ["a", "b"]);
}

#[test]
fn each_item_has_its_own_modes() {
    let project = Project::new([]);
    let mut ping = Task { looped: looped(Value::list([1.into(), 2.into()])), ..task("ping", []) };
    ping.keywords.check_mode = Some(written("{{ item == 2 }}"));
    ping.keywords.diff = Some(written("{{ item == 2 }}"));
    ping.keywords.timeout = Some(written("{{ item }}"));
    let prepared = project.call(ping);
    assert!(prepared.one_by_one);
    let own = prepared.items.iter().map(|item| item.own.as_ref().unwrap());
    let modes: Vec<_> = own.map(|own| (own.mode == Mode::Check, own.diff, own.timeout)).collect();
    assert_eq!(modes, [(false, false, Some(1)), (true, true, Some(2))]);
}

#[test]
fn check_mode_of_the_task_stands_over_the_command_line() {
    let mut project = Project::new([]);
    project.settings.check = true;
    assert_eq!(project.call(task("ping", [])).body.mode, Mode::Check);
    let mut really = task("ping", []);
    really.keywords.check_mode = Some(false.into());
    assert_eq!(project.call(really).body.mode, Mode::Apply);
}

#[test]
fn environments_lie_over_each_other() {
    let frame = Frame {
        keywords: Keywords { environment: vec![Value::map([("A", 1), ("B", 1)])], ..Keywords::default() },
        ..Frame::default()
    };
    let mut ping = Task { frame: Arc::new(frame), ..task("ping", []) };
    ping.keywords.environment = vec![Value::map([("B", "2")])];
    let environment = Project::new([]).call(ping).body.environment;
    assert_eq!(environment, [("A".to_string(), "1".to_string()), ("B".to_string(), "2".to_string())]);
}

#[test]
fn a_banner_names_the_role_and_shows_what_cannot_be_evaluated() {
    let mut named = task("debug", []);
    named.name = Some(Str::trusted("skip {{ nope }}", Some(span())));
    assert_eq!(Project::new([]).begin(named).name, "skip << error 1 - 'nope' is undefined >>");
}

#[test]
fn pause_waits_alone() {
    let project = Project::new([]);
    assert!(matches!(project.ask(task("pause", [("seconds", "2")]), false, About::Begin), Evaluated::Fence));
    let outcome = project.known(task("pause", [("seconds", "2")]));
    assert_eq!(project.asked.borrow().as_slice(), ["wait 2"]);
    assert_eq!(field(&outcome, "start"), "2026-01-02 03:04:05.000006");
    let looped = Task { looped: looped(Value::list([Value::from(1), 2.into()])), ..task("pause", [("seconds", "2")]) };
    assert_eq!(project.known(looped).items.len(), 2);
    assert_eq!(project.asked.borrow().as_slice(), ["wait 2", "wait 2", "wait 2"]);
}

#[test]
fn items_of_several_delegates_on_one_machine_ride_together() {
    let project = Project::new([("ansible_connection", "local".into())]);
    let items = Value::list([Value::from("web1"), "web2".into()]);
    let mut ping = Task { looped: looped(items), ..task("ping", []) };
    ping.keywords.delegate_to = Some(written("{{ item }}"));
    let prepared = project.call(ping);
    assert!(!prepared.one_by_one);
    let delegates: Vec<_> = prepared.items.iter().map(|item| item.own.as_ref().unwrap().delegate.clone()).collect();
    assert_eq!(delegates, [None, Some("web2".to_string())]);
}

fn numbers(task: Task) -> Task {
    Task { looped: looped(Value::list([Value::from(1), 2.into(), 3.into()])), ..task }
}

#[test]
fn a_loop_notifies_for_all_of_its_items() {
    let mut task = numbers(task("ping", []));
    task.keywords.notify = Some(vec![written("restart {{ item }}"), written("all")]);
    assert_eq!(Project::new([]).begin(task).notify, ["restart 1", "all", "restart 2", "restart 3"]);
}

#[test]
fn items_that_only_look_go_by_themselves() {
    let mut task = numbers(task("ping", []));
    task.keywords.check_mode = Some(written("{{ item == 2 }}"));
    let prepared = Project::new([]).call(task);
    assert!(prepared.one_by_one);
    let modes: Vec<_> = prepared.items.iter().map(|item| item.own.as_ref().unwrap().mode).collect();
    assert_eq!(modes, [Mode::Apply, Mode::Check, Mode::Apply]);
}

#[test]
fn no_log_is_said_by_each_item_and_hides_where_it_cannot_be_read() {
    let project = Project::new([]);
    let mut some = numbers(task("ping", []));
    some.keywords.no_log = Some(written("{{ item == 2 }}"));
    let begun = project.begin(some);
    let Work::Call(prepared) = &begun.work else { panic!() };
    let hidden: Vec<_> = prepared.items.iter().map(|item| item.hidden).collect();
    assert_eq!((hidden, begun.no_log, prepared.body.no_log), (vec![false, true, false], false, true));
    assert_eq!(prepared.items[1].label.as_deref(), Some("(censored due to no_log)"));
    let mut unread = task("ping", []);
    unread.keywords.no_log = Some(written("{{ nosuch }}"));
    let begun = project
        .begin(Task { keywords: Keywords { when: vec![false.into()], ..unread.keywords.clone() }, ..unread.clone() });
    let Work::Known { outcome, .. } = &begun.work else { panic!() };
    assert!(begun.no_log && outcome.skipped && outcome.warnings[0].starts_with("Invalid no_log value for task"));
    let begun = project.begin(unread);
    let Work::Known { outcome, .. } = &begun.work else { panic!() };
    assert!(begun.no_log && outcome.failed);
}

#[test]
fn without_a_further_attempt_nobody_asks_until() {
    let mut task = task("ping", []);
    (task.until, task.retries) = (vec![written("false")], Some(0.into()));
    assert_eq!(Project::new([]).begin(task).retry, None);
}

#[test]
fn items_see_what_the_one_before_them_registered() {
    let project = Project::new([]);
    let first_that_works = || {
        let mut task = Task { register: Some("r".into()), ..numbers(task("ping", [])) };
        task.keywords.when = vec![written("r.rc is not defined")];
        task
    };
    let begun = Arc::new(project.begin(first_that_works()));
    let Work::Call(prepared) = &begun.work else { panic!() };
    assert!(prepared.one_by_one && prepared.items.len() == 1 && prepared.later.len() == 2);
    let answer = Answer { result: [("rc", 0)].into_iter().collect(), ..Answer::default() };
    let about = About::Judge { begun, answers: vec![answer], attempt: 1, item: Some(0) };
    let Evaluated::Judged(judged) = project.ask(first_that_works(), true, about) else { panic!() };
    let grown = judged.next.unwrap();
    let Work::Call(prepared) = &grown.work else { panic!() };
    // The second sees the first one's code; the third sees that the second was skipped.
    assert_eq!(prepared.items.len(), 3);
    assert!(prepared.items[1].known.as_ref().unwrap().skipped && prepared.items[2].known.is_none());
    assert_eq!((prepared.body.items.len(), prepared.later.len()), (2, 0));
}
