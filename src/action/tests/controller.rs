//! Tasks of the controller, in Ansible's words.
use super::*;
use crate::engine::message::{Effect, IncludeTarget, InventoryChange, Meta};

fn value(text: &str, trusted: bool) -> Value {
    Value::Str(Str::from(text).with_trust(trusted))
}

fn project() -> Project {
    Project::new([("l", Value::list([value("a", true), value("b", true)])), ("evil", value("{{ l }}", false))])
}

fn failed(task: Task) -> String {
    let outcome = project().known(task);
    assert!(outcome.failed, "{outcome:?}");
    field(&outcome, "msg")
}

#[test]
fn debug_shows_messages_and_variables() {
    let shown = |task: Task, name: &str| field(&project().known(task), name);
    assert_eq!(shown(task("debug", []), "msg"), "Hello world!");
    assert_eq!(shown(task("debug", [("msg", "{{ l }}")]), "msg"), "['a', 'b']");
    assert_eq!(shown(task("debug", [("var", "l|length")]), "l|length"), "2");
    assert_eq!(shown(task("debug", [("var", "nope")]), "nope"), "<< error 1 - 'nope' is undefined >>");
    let quiet = project().known(task("debug", [("var", "nope.x"), ("verbosity", "3")]));
    assert!(quiet.skipped);
    assert_eq!(field(&quiet, "skipped_reason"), "Verbosity threshold not met.");
}

#[test]
fn debug_evaluates_nothing_that_came_from_outside() {
    assert_eq!(field(&project().known(task("debug", [("msg", "{{ evil }}")])), "msg"), "{{ l }}");
    let words = failed(task("debug", [("var", "{{ evil }}")]));
    assert!(words.contains("Encountered untrusted template or expression"), "{words}");
}

#[test]
fn an_undefined_name_is_told_where_it_was_used() {
    let outcome = project().known(task("debug", [("msg", "{{ nope }}")]));
    let expected = "Task failed: Finalization of task args for 'ansible.builtin.debug' failed: Error while resolving value for \
                    'msg': 'nope' is undefined";
    assert_eq!(field(&outcome, "msg"), expected);
    let diagnostic = outcome.diagnostic.unwrap();
    assert_eq!((diagnostic.code, diagnostic.message.as_str()), ("undefined", "'nope' is undefined"));
    assert_eq!(diagnostic.span.map(|span| span.line.get()), Some(3));
}

#[test]
fn conditions_and_keywords_say_what_they_are_in_their_errors() {
    let mut condition = task("debug", []);
    condition.keywords.when = vec![written("nope == 1")];
    assert_eq!(failed(condition), "Task failed: Error while evaluating conditional: 'nope' is undefined");
    let mut keyword = task("debug", []);
    keyword.keywords.ignore_errors = Some(written("{{ nope }}"));
    assert_eq!(failed(keyword), "Task failed: Error processing keyword 'ignore_errors': 'nope' is undefined");
    let items = Task { looped: looped(written("{{ nope }}")), ..task("debug", []) };
    assert_eq!(failed(items), "Task failed: 'nope' is undefined");
}

#[test]
fn a_loop_over_nothing_defined_is_skipped_where_the_task_is() {
    let mut items = Task { looped: looped(written("{{ nope }}")), ..task("debug", []) };
    items.keywords.when = vec![false.into()];
    assert!(project().known(items).skipped);
}

#[test]
fn assert_names_the_first_that_does_not_hold() {
    let that = |conditions: &[&str]| {
        let mut assert = task("assert", []);
        assert.args.map.insert("that", Value::list(conditions.iter().map(|condition| written(condition))));
        assert
    };
    assert_eq!(field(&project().known(that(&["l is defined"])), "msg"), "All assertions passed");
    let outcome = project().known(that(&["1 == 1", "l|length == 5"]));
    assert_eq!(field(&outcome, "msg"), "Assertion failed");
    assert_eq!(
        (field(&outcome, "assertion"), field(&outcome, "evaluated_to")),
        ("l|length == 5".into(), "False".into())
    );
    let mut own = that(&["false"]);
    own.args.map.insert("fail_msg", written("no {{ l }}"));
    assert_eq!(failed(own), "no ['a', 'b']");
    assert_eq!(failed(task("assert", [("fail_msg", "x")])), "missing required arguments: that");
    assert_eq!(failed(that(&["nope == 1"])), "Task failed: Error while evaluating conditional: 'nope' is undefined");
}

#[test]
fn fail_speaks() {
    assert_eq!(failed(task("fail", [])), "Failed as requested from task");
    assert_eq!(failed(task("fail", [("msg", "{{ l[0] }}")])), "a");
}

#[test]
fn facts_are_set_with_their_types() {
    let begun = project().begin(task("set_fact", [("x", "{{ l }}"), ("y", "yes"), ("cacheable", "yes")]));
    let Work::Known { effects, .. } = begun.work else { panic!() };
    let set: Vec<_> = effects
        .iter()
        .map(|effect| match effect {
            Effect::SetFact { name, value, cacheable } => (name.as_str(), value.to_repr(), *cacheable),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(set, [("x", "['a', 'b']".into(), true), ("y", "'yes'".into(), true)]);
}

#[test]
fn a_loop_adds_to_what_it_set_before() {
    let items = Value::list([1.into(), 2.into()]);
    let begun = project()
        .begin(Task { looped: looped(items), ..task("set_fact", [("acc", "{{ acc | default([]) + [item] }}")]) });
    let Work::Known { effects, .. } = begun.work else { panic!() };
    let Some(Effect::SetFact { value, .. }) = effects.last() else { panic!() };
    assert_eq!(value.to_text(), "[1, 2]");
}

#[test]
fn a_loop_ends_where_it_is_told_to() {
    let mut control = looped(Value::list([1.into(), 2.into(), 3.into()]));
    if let Some(looped) = &mut control {
        looped.control.break_when = vec![written("item == 2")];
        looped.control.label = Some(written("L{{ item }}"));
        looped.control.extended = Some(true.into());
        looped.control.index_var = Some("i".into());
    }
    let outcome =
        project().known(Task { looped: control, ..task("debug", [("msg", "{{ i }} {{ ansible_loop.revindex }}")]) });
    let items: Vec<_> = outcome.items.iter().map(|(label, item)| (label.as_str(), field(item, "msg"))).collect();
    assert_eq!(items, [("L1", "0 3".to_string()), ("L2", "1 2".to_string())]);
}

#[test]
fn with_items_flattens_one_level() {
    let with = Loop {
        span: span(),
        source: LoopSource::With {
            lookup: "items".into(),
            terms: Value::list([Value::list([1.into(), 2.into()]), Value::list([Value::list([3.into()])])]),
        },
        control: LoopControl::default(),
    };
    let outcome = project().known(Task { looped: Some(with), ..task("debug", [("msg", "{{ item }}")]) });
    let labels: Vec<_> = outcome.items.iter().map(|(label, _)| label.as_str()).collect();
    assert_eq!(labels, ["1", "2", "[3]"]);
}

#[test]
fn includes_name_their_file_or_role() {
    let project = project().with_files([("/p/inc.yml", "")]);
    let target = |task: Task| match project.begin(task).work {
        Work::Include { includes, .. } => includes.into_iter().map(|include| include.target).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    let tasks = target(task("include_tasks", [("file", "inc.yml")]));
    assert_eq!(tasks, [IncludeTarget::Tasks { path: "/p/inc.yml".into() }]);
    let items = Value::list(["a".into(), "b".into()]);
    let roles = target(Task { looped: looped(items), ..task("include_role", [("name", "r{{ item }}")]) });
    let names: Vec<_> = roles.iter().map(ToString::to_string).collect();
    assert_eq!(names, ["ra", "rb"]);
}

#[test]
fn meta_knows_its_words() {
    let mut flush = task("meta", []);
    flush.args.free_form = Some(Str::trusted("flush_handlers", None));
    assert!(matches!(project().begin(flush).work, Work::Meta(Meta::FlushHandlers)));
    let mut wrong = task("meta", []);
    wrong.args.free_form = Some(Str::trusted("flush_handler", None));
    let outcome = project().known(wrong);
    assert_eq!(outcome.diagnostic.unwrap().help.as_deref(), Some("did you mean `flush_handlers`?"));
}

#[test]
fn the_inventory_grows() {
    let change = |task: Task| match project().begin(task).work {
        Work::Known { effects, .. } => match effects.into_iter().next() {
            Some(Effect::Inventory(change)) => change,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    };
    let added = change(task("add_host", [("name", "h:2222"), ("groups", "a, b"), ("v", "{{ l }}")]));
    let InventoryChange::AddHost { name, groups, vars } = added else { panic!() };
    assert_eq!((name.as_str(), groups, vars.len()), ("h", vec!["a".to_string(), "b".into()], 2));
    let grouped = change(task("group_by", [("key", "a b")]));
    assert!(matches!(grouped, InventoryChange::GroupBy { key, .. } if key == "a-b"));
}

#[test]
fn a_role_says_what_its_variables_must_be() {
    let spec = Value::map([
        ("port", Value::map([("type", Value::from("int")), ("required", true.into())])),
        ("l", Value::map([("type", "list")])),
    ]);
    let validate = |port: Option<&str>| {
        let mut validate = task("validate_argument_spec", []);
        validate.args.map.insert("argument_spec", spec.clone());
        validate.args.map.insert("provided_arguments", Value::map(port.map(|port| ("port", written(port)))));
        project().known(validate)
    };
    assert_eq!(field(&validate(Some("80")), "msg"), "The arg spec validation passed");
    let missing = validate(None);
    assert_eq!(field(&missing, "msg"), "Validation of arguments failed:\nmissing required arguments: port");
    assert!(validate(Some("x")).failed);
}

#[test]
fn a_value_that_is_under_way_is_waited_for() {
    let project = Project::new([("out", Value::Pending(7))]);
    let asked = project.ask(task("debug", [("msg", "{{ out.stdout }}")]), false, About::Begin);
    assert!(matches!(asked, Evaluated::Pending(7)));
    let asked = project.ask(task("debug", [("msg", "{{ out.stdout | default('x') }}")]), false, About::Begin);
    assert!(matches!(asked, Evaluated::Pending(7)));
}

#[test]
fn other_hosts_are_asked_alone() {
    let project = Project::new([("hostvars", Value::map([("web2", Value::map([("x", 1)]))]))]);
    let asked = || task("debug", [("msg", "{{ hostvars['web2'].x | default(2) }}")]);
    assert!(matches!(project.ask(asked(), false, About::Begin), Evaluated::Fence));
    assert_eq!(field(&project.known(asked()), "msg"), "1");
}

#[test]
fn what_a_plan_cannot_know_is_no_failure() {
    let project = Project::new([("out", Value::Unforeseen("package nginx".into()))]);
    let outcome = project.known(task("debug", [("msg", "{{ out.stdout | default('x') }}")]));
    assert_eq!((outcome.failed, outcome.unforeseen.as_deref()), (false, Some("package nginx")));
}
