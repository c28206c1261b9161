//! Plays made ready to run, and includes that a host reached, over files in memory.
use super::{PlaySettings, Playbooks, evaluate_at_load};
use crate::engine::message::{HostVars, Include, IncludeTarget, Opened, Strategy};
use crate::inventory;
use crate::playbook::Parser;
use crate::playbook::model::Node;
use crate::playbook::tags::{Selection, all_tasks};
use crate::run::drive::Project;
use crate::vars::{Outside, RunSettings, Variables};
use crate::world::files::Memory;
use crate::world::loader::Loader;
use lang::template::{Environment, Still};
use std::path::PathBuf;
use std::sync::Arc;
use value::{Map, Value};

struct Nothing;
impl Outside for Nothing {
    fn template_names(&self, _asked: &str, _path: &std::path::Path) -> Vec<(String, Value)> {
        Vec::new()
    }
    fn environment(&self) -> &dyn Environment {
        &Still
    }
}

fn project(files: &[(&str, &str)], settings: PlaySettings) -> Playbooks {
    let loader = Arc::new(Loader::new(Arc::new(Memory::new(files.iter().copied())), Arc::default(), Arc::default()));
    let sources = ["a,b,c,d,e".to_string()];
    let inventory = inventory::load(&sources, &inventory::Options::default(), &loader, &mut Vec::new()).unwrap();
    let parser = Parser {
        loader: loader.clone(),
        roles_path: Vec::new(),
        collections_path: Vec::new(),
        traits_of: Arc::new(crate::action::traits_of),
        evaluate: Arc::new(|text, layers| evaluate_at_load(text, layers, &Map::new())),
        private_roles: None,
    };
    let run = RunSettings { playbook_dir: "/p".into(), ..RunSettings::default() };
    let variables = Arc::new(Variables::new(inventory, loader, Arc::new(Nothing), run));
    let prompt = Box::new(|question: &str, _private: bool| {
        (!question.starts_with("nobody")).then(|| format!("answer to {question}"))
    });
    Playbooks::load(&[PathBuf::from("/p/site.yml")], variables, parser, settings, prompt)
        .unwrap_or_else(|errors| panic!("{errors:?}"))
}

fn open(play: &str, settings: PlaySettings) -> Opened {
    project(&[("/p/site.yml", play)], settings).open(0).unwrap_or_else(|error| panic!("{error:?}"))
}

fn names(nodes: &[Node]) -> Vec<String> {
    all_tasks(nodes).iter().map(|task| task.name.as_deref().unwrap_or_default().to_string()).collect()
}

#[test]
fn serial_makes_batches() {
    let cases = [
        ("", vec![5]),
        ("2", vec![2, 2, 1]),
        ("[1, 3]", vec![1, 3, 1]),
        ("'40%'", vec![2, 2, 1]),
        ("['20%', 3]", vec![1, 3, 1]),
        ("1%", vec![1, 1, 1, 1, 1]),
    ];
    for (serial, expected) in cases {
        let line = if serial.is_empty() { String::new() } else { format!("  serial: {serial}\n") };
        let opened = open(&format!("- hosts: all\n{line}  tasks: []\n"), PlaySettings::default());
        let sizes: Vec<usize> = opened.batches.iter().map(Vec::len).collect();
        assert_eq!(sizes, expected, "{serial}");
    }
}

#[test]
fn a_play_says_how_it_runs() {
    let play = "- hosts: b:a\n  strategy: free\n  order: sorted\n  any_errors_fatal: yes\n  max_fail_percentage: 30\n  gather_facts: no\n";
    let opened = open(play, PlaySettings::default());
    assert_eq!((opened.name.as_str(), opened.strategy, opened.any_errors_fatal), ("b:a", Strategy::Free, true));
    assert_eq!((opened.batches, opened.max_fail_percentage), (vec![vec![0, 1]], Some(30.0)));
    assert!(opened.gather_facts.is_none());
    let opened = open(
        "- hosts: all\n  order: reverse_inventory\n",
        PlaySettings { limit: vec!["b,c".into()], ..PlaySettings::default() },
    );
    assert_eq!(opened.batches, [[2, 1]]);
    assert_eq!(opened.gather_facts.unwrap().action.name, "gather_facts");
}

#[test]
fn words_that_nobody_knows_are_refused_with_their_place() {
    for (line, message) in
        [("strategy: fre", "no strategy is called `fre`"), ("order: sort", "no order is called `sort`")]
    {
        let project = project(&[("/p/site.yml", &format!("- hosts: all\n  {line}\n"))], PlaySettings::default());
        let error = project.open(0).unwrap_err();
        assert_eq!((error.message.as_str(), error.span.unwrap().line.get()), (message, 2));
        assert!(error.help.is_some_and(|help| help.starts_with("did you mean")));
    }
}

const TAGGED: &str = "- hosts: all\n  tasks:\n    - {name: one, debug: {}, tags: a}\n    - {name: two, debug: {}}\n    - block: [{name: three, debug: {}}]\n      tags: [b]\n    - {name: four, debug: {}, tags: [never, c]}\n";

#[test]
fn tags_choose_tasks() {
    let chosen = |only: &[&str], skip: &[&str]| {
        let words = |words: &[&str]| words.iter().map(|word| word.to_string()).collect();
        let tags = Selection { only: words(only), skip: words(skip) };
        names(&open(TAGGED, PlaySettings { tags, ..PlaySettings::default() }).play.tasks)
    };
    assert_eq!(chosen(&[], &[]), ["one", "two", "three"]);
    assert_eq!(chosen(&["b", "c"], &[]), ["three", "four"]);
    assert_eq!(chosen(&[], &["a"]), ["two", "three"]);
}

#[test]
fn a_run_can_begin_at_a_task() {
    let settings = PlaySettings { start_at_task: Some("thr*".into()), ..PlaySettings::default() };
    let opened = open(TAGGED, settings);
    assert_eq!(names(&opened.play.tasks), ["three"]);
}

#[test]
fn prompts_become_variables() {
    let play = "- hosts: all\n  vars_prompt: [{name: who, prompt: Who, private: no}]\n  name: play\n  tasks: []\n";
    let project = project(&[("/p/site.yml", play)], PlaySettings::default());
    project.open(0).unwrap();
    let opened = project.opened(0).unwrap();
    assert_eq!(opened.prompted.get("who").unwrap().to_text(), "answer to Who: ");
}

#[test]
fn without_a_terminal_a_prompt_has_its_default_or_says_that_it_is_nothing() {
    let play = "- hosts: all\n  vars_prompt: [{name: nobody}, {name: nobody2, default: 5}]\n  tasks: []\n";
    let project = project(&[("/p/site.yml", play)], PlaySettings::default());
    project.open(0).unwrap();
    let opened = project.opened(0).unwrap();
    let answers = ["nobody", "nobody2"].map(|name| opened.prompted.get(name).unwrap().to_text());
    assert_eq!(answers, ["None", "5"]);
    assert_eq!(project.take_warnings()[0].message, "Not prompting as we are not in interactive mode");
}

fn with_role() -> Vec<(&'static str, &'static str)> {
    vec![
        (
            "/p/site.yml",
            "- hosts: all\n  tasks:\n    - include_role: {name: r}\n      vars: {x: 1}\n    - include_tasks: no.yml\n  handlers:\n    - import_tasks: h.yml\n",
        ),
        ("/p/h.yml", "- {name: one, debug: {}, listen: topic}\n- {name: two, debug: {}}\n"),
        ("/p/roles/r/tasks/main.yml", "- {name: in role, debug: {}}\n- {name: not now, debug: {}, tags: never}\n"),
        ("/p/roles/r/handlers/main.yml", "- {name: of role, debug: {}}\n"),
    ]
}

#[test]
fn handlers_are_called_by_names_and_topics() {
    let opened = project(&with_role(), PlaySettings::default()).open(0).unwrap();
    let called: Vec<_> =
        opened.handlers.iter().map(|handler| (handler.names.clone(), handler.topics.clone())).collect();
    assert_eq!(called, [(vec!["one".into()], vec!["topic".into()]), (vec!["two".to_string()], Vec::<String>::new())]);
}

#[test]
fn an_include_brings_tasks_and_handlers() {
    let project = project(&with_role(), PlaySettings::default());
    let opened = project.open(0).unwrap();
    let tasks = all_tasks(&opened.play.tasks);
    let target = IncludeTarget::Role {
        name: "r".into(),
        tasks_from: "main".into(),
        vars_from: None,
        defaults_from: None,
        handlers_from: None,
        public: Some(true),
        allow_duplicates: true,
    };
    let include = Include { target, vars: Arc::default(), label: None };
    let brought = project.load(&tasks[0], &include, &HostVars::default(), &Arc::default()).unwrap();
    assert_eq!(names(&brought.nodes), ["in role"]);
    assert_eq!(brought.handlers[0].1.names, ["of role", "r : of role"]);
    let again = project.load(&tasks[0], &include, &HostVars::default(), &Arc::default()).unwrap();
    assert_eq!(again.handlers.len(), 1, "loading leaves everything as it was");
    let parameters = all_tasks(&brought.nodes)[0].frame.chain().find_map(|frame| frame.parameters.clone());
    assert_eq!(parameters.unwrap().get("x"), Some(&1.into()));
    assert_eq!(brought.public_roles.len(), 1);
    let include =
        Include { target: IncludeTarget::Tasks { path: "/p/no.yml".into() }, vars: Arc::default(), label: None };
    let outcome = project.load(&tasks[1], &include, &HostVars::default(), &Arc::default()).unwrap_err();
    assert!(outcome.failed && outcome.result.get("msg").unwrap().to_text().contains("no.yml"), "{outcome:?}");
}
