//! What came of calls: the task's own words on results, attempts, loops.
use super::*;
use crate::engine::message::Effect;

fn answer(changed: bool, failed: bool, result: &[(&str, Value)]) -> Answer {
    let result = result.iter().map(|(name, value)| (*name, value.clone())).collect();
    Answer { changed, failed, result, ..Answer::default() }
}

fn command() -> Task {
    task("command", [("cmd", "true")])
}

#[test]
fn an_answer_is_completed_as_ansible_does() {
    let project = Project::new([]);
    let judged = project.judge(command, vec![answer(true, false, &[("stdout", "a\nb".into())])], 1);
    assert!(judged.outcome.changed);
    assert_eq!(field(&judged.outcome, "stdout_lines"), "['a', 'b']");
    assert_eq!((field(&judged.outcome, "changed"), field(&judged.outcome, "failed")), ("True".into(), "False".into()));
}

#[test]
fn changed_when_and_failed_when_have_the_last_word() {
    let project = Project::new([]);
    let judged = project.judge(
        || Task { changed_when: vec![false.into()], failed_when: vec![false.into()], ..command() },
        vec![answer(true, true, &[("rc", 1.into())])],
        1,
    );
    assert!(!judged.outcome.changed && !judged.outcome.failed);
    assert_eq!(field(&judged.outcome, "failed_when_result"), "False");
}

#[test]
fn conditions_see_what_the_task_registers() {
    let project = Project::new([]);
    let judged = project.judge(
        || Task { register: Some("out".into()), failed_when: vec![written("out.rc == 0")], ..command() },
        vec![answer(true, false, &[("rc", 0.into())])],
        1,
    );
    assert!(judged.outcome.failed);
    assert_eq!(field(&judged.outcome, "failed_when_result"), "True");
}

#[test]
fn a_condition_that_cannot_be_evaluated_fails_the_task() {
    let project = Project::new([]);
    let judged =
        project.judge(|| Task { changed_when: vec![written("nope")], ..command() }, vec![answer(true, false, &[])], 1);
    assert!(judged.outcome.failed);
    let said = field(&judged.outcome, "changed_when_result");
    assert_eq!(said, "Error while evaluating conditional: 'nope' is undefined");
}

#[test]
fn until_asks_again_and_fails_when_the_attempts_are_over() {
    let project = Project::new([]);
    let waiting = || Task { until: vec![false.into()], retries: Some(2.into()), delay: Some(0.into()), ..command() };
    assert!(project.judge(waiting, vec![answer(true, false, &[])], 1).again);
    let last = project.judge(waiting, vec![answer(true, false, &[])], 3);
    assert!(!last.again && last.outcome.failed);
    assert_eq!(field(&last.outcome, "attempts"), "2");
}

#[test]
fn a_loop_sums_up() {
    let project = Project::new([]);
    let items = || Value::list([1.into(), 2.into()]);
    let judged = project.judge(
        || Task { looped: looped(items()), ..command() },
        vec![answer(true, false, &[]), answer(false, true, &[("msg", "no".into())])],
        1,
    );
    let outcome = judged.outcome;
    assert!(outcome.changed && outcome.failed && !outcome.skipped);
    assert_eq!(field(&outcome, "msg"), "One or more items failed");
    let results = outcome.result.get("results").and_then(Value::as_list).unwrap();
    assert_eq!(results[1].get("item"), Some(&2.into()));
    assert_eq!(outcome.items.iter().map(|(label, _)| label.as_str()).collect::<Vec<_>>(), ["1", "2"]);
}

#[test]
fn facts_never_say_how_a_host_is_reached() {
    let project = Project::new([]);
    let facts = Value::map([
        ("ansible_os_family", "Debian"),
        ("ansible_host", "evil"),
        ("ansible_become_user", "evil"),
        ("ansible_ssh_host_key_rsa_public", "key"),
    ]);
    let judged = project.judge(|| task("ping", []), vec![answer(false, false, &[("ansible_facts", facts)])], 1);
    let [Effect::Facts(facts)] = judged.effects.as_slice() else { panic!("{:?}", judged.effects) };
    let names: Vec<_> = facts.keys().filter_map(|key| key.as_str()).collect();
    assert_eq!(names, ["ansible_os_family", "ansible_ssh_host_key_rsa_public"]);
}

#[test]
fn what_came_from_a_host_is_never_trusted() {
    let project = Project::new([]);
    let evil = Value::Str(Str::trusted("{{ x }}", None));
    let judged = project.judge(command, vec![answer(false, false, &[("stdout", evil)])], 1);
    let Some(Value::Str(stdout)) = judged.outcome.result.get("stdout") else { panic!() };
    assert!(!stdout.is_trusted());
}

#[test]
fn conditions_see_the_delegate_of_their_item() {
    let project = Project::new([("own", Value::from("its own"))]);
    let task = || {
        let items = Value::list([Value::from("web2"), "web2".into()]);
        let mut ping = Task { looped: looped(items), ..task("ping", []) };
        ping.keywords.delegate_to = Some(written("{{ item }}"));
        ping.changed_when = vec![written("ansible_delegated_vars[item].own == 'its own'")];
        ping
    };
    let outcome = project.judge(task, vec![answer(false, false, &[]), answer(false, false, &[])], 1).outcome;
    assert_eq!(
        outcome.items.iter().map(|(_, item)| (item.changed, item.failed)).collect::<Vec<_>>(),
        [(true, false); 2]
    );
}

#[test]
fn what_a_host_gives_as_the_cause_counts_and_not_its_words() {
    use target::protocol::Cause;
    let project = Project::new([]);
    let judged = |cause, words: &str, task: fn() -> Task| {
        let answer = Answer { cause, ..answer(false, true, &[("msg", words.into())]) };
        project.judge(task, vec![answer], 1).outcome
    };
    let fetch = || task("fetch", [("src", "/x"), ("dest", "/y/"), ("fail_on_missing", "no")]);
    assert!(!judged(Some(Cause::FileMissing), "gone", fetch).failed);
    assert!(judged(None, "File not found: but that is another matter", fetch).failed);
    let code = |outcome: Outcome| outcome.diagnostic.map(|diagnostic| (diagnostic.code, diagnostic.help.is_some()));
    let missing = judged(Some(Cause::BecomePasswordMissing), "Missing sudo password", command);
    assert_eq!(code(missing), Some(("become-password-missing", true)));
    assert_eq!(code(judged(None, "Missing my password", command)), Some(("task-failed", false)));
}
