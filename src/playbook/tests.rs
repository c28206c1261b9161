//! Playbooks in memory, read into the model.
use super::Parser;
use super::model::{ActionKind, Block, LoopSource, Node, Play, Playbook, Task};
use crate::world::files::Memory;
use crate::world::loader::Loader;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use value::{Diagnostic, Map, Str, Value};

fn project(files: &[(&str, &str)]) -> Parser {
    let files = Memory::new(files.iter().copied());
    Parser {
        loader: Arc::new(Loader::new(Arc::new(files), Arc::default(), Arc::default())),
        roles_path: vec![PathBuf::from("/etc/ansible/roles")],
        collections_path: vec![PathBuf::from("/c")],
        traits_of: Arc::new(crate::action::traits_of),
        evaluate: Arc::new(evaluate),
        private_roles: None,
    }
}

/// Enough of a template engine for the tests: names alone.
fn evaluate(text: &Str, layers: &[Arc<Map>]) -> Result<Value, Diagnostic> {
    let mut out = text.to_string();
    for layer in layers {
        for (key, value) in layer.iter() {
            out = out.replace(&format!("{{{{ {} }}}}", key.value().to_text()), &value.to_text());
        }
    }
    if out.contains("{{") { Err(Diagnostic::error("undefined", "undefined")) } else { Ok(out.into()) }
}

fn load(files: &[(&str, &str)]) -> Playbook {
    project(files).playbook(Path::new("/p/site.yml")).unwrap_or_else(|errors| panic!("{errors:#?}"))
}

fn play(text: &str) -> Arc<Play> {
    load(&[("/p/site.yml", text)]).plays[0].clone()
}

fn task(text: &str) -> Arc<Task> {
    match play(&format!("- hosts: all\n  tasks:\n    - {text}\n")).tasks.as_slice() {
        [Node::Task(task)] => task.clone(),
        other => panic!("{other:?}"),
    }
}

/// Message, line and column of each error.
fn errors(files: &[(&str, &str)]) -> Vec<(String, u32, u32)> {
    let errors = project(files).playbook(Path::new("/p/site.yml")).expect_err("should not load");
    let place = |error: &Diagnostic| error.span.map_or((0, 0), |span| (span.line.get(), span.column.get()));
    errors.iter().map(|error| (error.message.clone(), place(error).0, place(error).1)).collect()
}

/// All tasks by the words of their modules, with the blocks around them as brackets.
fn outline(nodes: &[Node]) -> String {
    let parts = nodes.iter().map(|node| match node {
        Node::Task(task) => task.name.as_ref().map_or(task.action.name.clone(), |name| name.to_string()),
        Node::Block(block) => {
            format!("[{}]", block.sections.iter().map(|nodes| outline(nodes)).collect::<Vec<_>>().join("|"))
        }
    });
    parts.collect::<Vec<_>>().join(" ")
}

#[test]
fn a_module_is_written_in_many_ways() {
    let ways = [
        "copy: src=a dest=/b mode=0644",
        "ansible.builtin.copy: {src: a, dest: /b, mode: '0644'}",
        "ansible.legacy.copy: src=a dest=/b\n      args: {mode: '0644'}",
        "action: copy src=a dest=/b mode=0644",
        "action: {module: copy, src: a, dest: /b, mode: '0644'}",
        "local_action: copy src=a dest=/b mode=0644",
    ];
    for way in ways {
        let task = task(way);
        assert_eq!(task.action.name, "copy", "{way}");
        let expected = Value::map([("src", "a"), ("dest", "/b"), ("mode", "0644")]);
        assert_eq!(Value::from(task.args.map.clone()), expected, "{way}");
    }
    assert_eq!(task(ways[5]).keywords.delegate_to, Some("localhost".into()));
}

#[test]
fn a_command_is_free_form() {
    let task = task("shell: echo a=b > c chdir=/tmp\n      args:\n        executable: /bin/bash");
    assert_eq!(task.args.free_form.as_deref(), Some("echo a=b > c"));
    assert_eq!(Value::from(task.args.map.clone()), Value::map([("executable", "/bin/bash"), ("chdir", "/tmp")]));
    assert_eq!(super::tests::task("meta: flush_handlers").args.free_form.as_deref(), Some("flush_handlers"));
    assert!(super::tests::task("copy: \"{{ what }}\"").args.template.is_some());
}

#[test]
fn keywords_find_their_place() {
    let task = task(
        "name: n\n      debug: var=x\n      when: [a, b]\n      tags: x, y\n      with_items: \"{{ l }}\"\n      loop_control: {label: z}\n      register: r\n      become: yes",
    );
    assert_eq!((task.keywords.when.len(), task.keywords.tags.clone()), (2, vec!["x".into(), "y".into()]));
    let looped = task.looped.as_ref().unwrap();
    assert!(matches!(&looped.source, LoopSource::With { lookup, .. } if lookup == "items"));
    assert_eq!((looped.control.label.clone(), task.register.as_deref()), (Some("z".into()), Some("r")));
    assert_eq!(task.keywords.r#become, Some(true.into()));
    assert_eq!(super::tests::task("expect: {command: a}").action.kind, ActionKind::Missing);
}

#[test]
fn what_nobody_knows_is_told_all_at_once() {
    let text = "- hosts: all\n  becom: true\n  tasks:\n    - coppy: {}\n    - debug: {}\n      whn: x\n    - name: nothing\n    - debug: {}\n      become: maybe\n      register: a-b\n    - copy: {}\n      file: {}\n    - block: []\n      looop: 1\n";
    let expected = [
        ("`becom` is not a keyword of a play", 2, 3),
        ("no module or keyword is called `coppy`", 4, 7),
        ("`whn` is not a keyword of a task", 6, 7),
        ("a task without a module", 7, 7),
        ("`become` takes true or false, and this is a string", 9, 15),
        ("`a-b` is not a valid variable name", 10, 17),
        ("two modules in one task: copy and file", 12, 7),
        ("`looop` is not a keyword of a block", 14, 7),
    ];
    let expected: Vec<_> = expected.map(|(message, line, column)| (message.to_string(), line, column)).to_vec();
    assert_eq!(errors(&[("/p/site.yml", text)]), expected);
}

#[test]
fn what_is_not_there_yet_is_told_before_anything_runs() {
    let text = "- hosts: all\n  debugger: never\n  tasks:\n    - command: x\n      async: 5\n    - command: x\n      async: 0\n";
    assert_eq!(errors(&[("/p/site.yml", text)]), [("`async` is not supported yet".to_string(), 5, 7)]);
}

#[test]
fn imports_are_blocks_that_give_their_keywords() {
    let files = [
        (
            "/p/site.yml",
            "- hosts: all\n  vars: {which: two}\n  tasks:\n    - import_tasks: t/one.yml\n      when: a\n      tags: t\n",
        ),
        ("/p/t/one.yml", "- debug: msg=1\n- import_tasks: \"{{ which }}.yml\"\n  when: b\n"),
        ("/p/t/two.yml", "- name: two\n  command: x\n  when: c\n"),
    ];
    let loaded = load(&files);
    let nodes = &loaded.plays[0].tasks;
    assert_eq!(outline(nodes), "[debug [two||]||]");
    let Node::Block(block) = &nodes[0] else { panic!() };
    let Node::Block(block) = &block.sections[0][1] else { panic!() };
    let Node::Task(task) = &block.sections[0][0] else { panic!() };
    let conditions: Vec<String> =
        task.gathered(|keywords| &keywords.when).iter().map(|value| value.to_text()).collect();
    assert_eq!(conditions, ["a", "b", "c"]);
    assert_eq!(task.gathered(|keywords| &keywords.tags).len(), 1);
}

#[test]
fn files_that_import_themselves_are_found_out() {
    let files = [
        ("/p/site.yml", "- hosts: all\n  tasks:\n    - import_tasks: a.yml\n"),
        ("/p/a.yml", "- import_tasks: b.yml\n"),
        ("/p/b.yml", "- import_tasks: a.yml\n"),
    ];
    assert_eq!(errors(&files), [("/p/a.yml imports itself".to_string(), 1, 17)]);
    let files = [("/p/site.yml", "- import_playbook: site.yml\n")];
    assert_eq!(errors(&files), [("/p/site.yml imports itself".to_string(), 1, 20)]);
}

fn with_roles() -> Vec<(&'static str, &'static str)> {
    vec![
        (
            "/p/site.yml",
            "- hosts: all\n  pre_tasks:\n    - debug: {}\n  roles:\n    - web\n    - {role: web}\n    - {role: web, port: 81, tags: t}\n  tasks:\n    - name: own\n      debug: {}\n    - import_role: {name: db, tasks_from: extra}\n  handlers:\n    - name: mine\n      debug: {}\n",
        ),
        ("/p/roles/web/tasks/main.yml", "- name: web\n  debug: {}\n- include_tasks: more.yml\n"),
        ("/p/roles/web/tasks/more.yml", "- name: more\n  copy: {src: x, dest: /y}\n"),
        ("/p/roles/web/handlers/main.yml", "- name: web handler\n  debug: {}\n"),
        ("/p/roles/web/defaults/main.yml", "port: 80\n"),
        ("/p/roles/web/vars/main/a.yml", "one: 1\n"),
        ("/p/roles/web/vars/main/b.yml", "two: 2\n"),
        ("/p/roles/web/meta/main.yml", "dependencies:\n  - role: base\n    kind: small\n"),
        ("/p/roles/base/tasks/main.yml", "- name: base\n  debug: {}\n"),
        (
            "/p/roles/base/meta/argument_specs.yml",
            "argument_specs:\n  main:\n    short_description: the base\n    options:\n      kind: {type: str}\n",
        ),
        ("/etc/ansible/roles/db/tasks/extra.yml", "- name: extra\n  debug: {}\n"),
        ("/etc/ansible/roles/db/handlers/main.yml", "- name: db handler\n  debug: {}\n"),
    ]
}

#[test]
fn roles_are_found_with_all_that_belongs_to_them() {
    let loaded = load(&with_roles());
    let play = &loaded.plays[0];
    let base = "[[Validating arguments against arg spec 'main' - the base base||]||]";
    let expected = format!("{0} {0} {0} own [[extra||]||]", format!("[{base} [web include_tasks||]||]"));
    assert_eq!(outline(&play.tasks), expected);
    // The second `web` is the same as the first; with other parameters it is another. What they depend on is the same.
    let known = |node: &Node| {
        let Node::Block(entry) = node else { panic!() };
        let roles = entry.sections[0].iter().filter_map(|node| match node {
            Node::Block(role) if role.frame.role.is_some() => role.frame.role.clone(),
            Node::Block(dependency) => match &dependency.sections[0][..] {
                [Node::Block(role)] => role.frame.role.clone(),
                _ => panic!(),
            },
            Node::Task(_) => panic!(),
        });
        roles.map(|role| role.identity.clone()).collect::<Vec<_>>()
    };
    let [one, two, other] = [0, 1, 2].map(|index| known(&play.tasks[index]));
    assert_eq!((one.len(), &one), (2, &two));
    assert!(one[0] == other[0] && one[1] != other[1]);
    assert_eq!(outline(&play.handlers), "web handler web handler web handler mine db handler");
    let web = &play.roles[0];
    assert_eq!((web.name.as_str(), web.defaults.get("port"), web.vars.len()), ("web", Some(&80.into()), 2));
    assert_eq!(web.dependencies[0].name, "base");
    let names: Vec<&str> = play.roles.iter().map(|role| role.name.as_str()).collect();
    assert_eq!(names, ["web", "web", "web", "db"]);
}

#[test]
fn a_role_may_be_named_by_its_path() {
    let mut files = with_roles();
    files[0] = ("/p/tests/site.yml", "- hosts: all\n  roles: [../../roles/base/]\n");
    let play = project(&files).playbook(Path::new("/p/tests/site.yml")).unwrap().plays[0].clone();
    assert_eq!(
        (play.roles[0].name.as_str(), play.roles[0].path.as_path()),
        ("../../roles/base/", Path::new("/p/roles/base"))
    );
}

#[test]
fn an_include_brings_its_tasks_at_run_time() {
    let project = project(&with_roles());
    let play = project.playbook(Path::new("/p/site.yml")).unwrap().plays[0].clone();
    let Node::Block(web) = &play.tasks[0] else { panic!() };
    let Node::Block(own) = &web.sections[0][1] else { panic!() };
    let Node::Task(include) = &own.sections[0][1] else { panic!() };
    let parameters: Arc<Map> = Arc::new([("x", 1)].into_iter().collect());
    let included = project.include_tasks("more.yml", include, parameters, Path::new("/p")).unwrap();
    assert_eq!(outline(&included.nodes), "more");
    let Node::Task(task) = &included.nodes[0] else { panic!() };
    assert_eq!(task.frame.role().unwrap().name, "web");
    assert_eq!(task.frame.parameters.as_ref().unwrap().get("x"), Some(&1.into()));
    let files = project.loader.files.as_ref();
    let search = super::search::Search::of(task, &project.loader.sources, files, Path::new("/p"));
    assert_eq!(search.folders(), ["/p/roles/web", "/p/roles/web/tasks", "/p"].map(PathBuf::from));
    let places = search.places(files, "files", "x");
    assert_eq!(places[..2], ["/p/roles/web/files/x", "/p/roles/web/x"].map(PathBuf::from));
}

#[test]
fn an_included_role_is_read_with_its_options() {
    let project = project(&with_roles());
    let task = task("include_role: {name: db}");
    let args: Map = [("name", "db"), ("tasks_from", "extra"), ("public", "true")].into_iter().collect();
    let included = project.include_role(&args, &task, Arc::default(), Path::new("/p")).unwrap();
    assert_eq!(outline(&included.nodes), "[extra||]");
    assert_eq!((outline(&included.handlers), included.public_roles.len()), ("db handler".into(), 1));
    let args: Map = [("name", "db"), ("tasks_from", "nothing")].into_iter().collect();
    let errors = project.include_role(&args, &task, Arc::default(), Path::new("/p")).unwrap_err();
    assert!(errors[0].message.contains("no `tasks/nothing`"), "{errors:?}");
}

#[test]
fn what_is_missing_says_where_it_was_looked_for() {
    let text = "- hosts: all\n  roles: [wep]\n  tasks:\n    - import_tasks: no.yml\n    - import_tasks: \"{{ unknown }}.yml\"\n";
    let mut files = with_roles();
    files[0].1 = text;
    let errors = errors(&files);
    let expected = [
        ("the role 'wep' was not found in /p/roles:/etc/ansible/roles:/p", 2, 11),
        ("there is no file `no.yml` of tasks", 4, 21),
        ("undefined", 5, 21),
    ];
    assert_eq!(errors, expected.map(|(message, line, column)| (message.to_string(), line, column)));
}

#[test]
fn an_imported_playbook_takes_what_the_import_gives() {
    let files = [
        ("/p/site.yml", "- import_playbook: sub/b.yml\n  vars: {x: 1}\n  when: go\n  tags: t\n"),
        ("/p/sub/b.yml", "- hosts: all\n  vars: {x: 2, y: 3}\n  tasks:\n    - debug: {}\n"),
    ];
    let play = load(&files).plays[0].clone();
    let Node::Task(task) = &play.tasks[0] else { panic!() };
    assert_eq!(task.gathered(|keywords| &keywords.when).len(), 1);
    assert_eq!(task.inherited(|keywords| keywords.vars.as_ref()).unwrap().get("x"), Some(&1.into()));
}

#[test]
fn blocks_have_three_sections() {
    let play = play(
        "- hosts: all\n  tasks:\n    - name: b\n      block: [{debug: {}}]\n      rescue: [{fail: {}}]\n      always: [{command: x}]\n      when: y\n",
    );
    assert_eq!(outline(&play.tasks), "[debug|fail|command]");
    let Node::Block(block) = &play.tasks[0] else { panic!() };
    let Block { name, frame, .. } = &**block;
    assert_eq!((name.as_deref(), frame.keywords.when.len()), (Some("b"), 1));
}

/// Playbooks with letters taken out, doubled and swapped: whatever comes of them, nothing panics.
#[test]
fn no_text_panics() {
    let files = with_roles();
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move |limit: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed as usize % limit.max(1)
    };
    for _ in 0..150 {
        let mut files: Vec<(&str, String)> = files.iter().map(|(path, text)| (*path, text.to_string())).collect();
        for _ in 0..3 {
            let at = random(files.len());
            let text = &mut files[at].1;
            let mut letters: Vec<char> = text.chars().collect();
            let place = random(letters.len());
            match random(4) {
                0 => drop(letters.remove(place)),
                1 => letters.insert(place, letters[place]),
                2 => letters.insert(place, ['{', ':', '-', '\n', '[', '\'', '&', '*', ' '][random(9)]),
                _ => letters.truncate(place.max(1)),
            }
            *text = letters.into_iter().collect();
        }
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
        let _ = project(&files).playbook(Path::new("/p/site.yml"));
    }
}

#[test]
fn a_block_among_handlers_is_its_tasks() {
    let text = |inside: &str| {
        format!(
            "- hosts: all\n  handlers:\n    - name: one\n      debug: {{}}\n    - name: block\n      when: x\n      block:\n{inside}"
        )
    };
    let flat = text(
        "        - name: two\n          debug: {}\n        - name: three\n          debug: {}\n      rescue: [{debug: {}}]\n",
    );
    let play = load(&[("/p/site.yml", &flat)]).plays[0].clone();
    assert_eq!(outline(&play.handlers), "one two three");
    let Node::Task(two) = &play.handlers[1] else { panic!() };
    assert_eq!(two.frame.keywords.when.len(), 1);
    let nested = text("        - block: [{debug: {}}]\n");
    let errors = errors(&[("/p/site.yml", &nested)]);
    assert_eq!(errors, [("a block in a block cannot be a handler".to_string(), 8, 11)]);
}

#[test]
fn a_role_of_a_collection_has_its_full_name() {
    let files = [
        ("/p/site.yml", "- hosts: all\n  collections: [my.col]\n  roles: [x]\n"),
        ("/c/ansible_collections/my/col/roles/x/meta/main.yml", "dependencies: [y]\n"),
        ("/c/ansible_collections/my/col/roles/x/tasks/main.yml", "- debug: {}\n"),
        ("/c/ansible_collections/my/col/roles/y/tasks/main.yml", "- debug: {}\n"),
    ];
    let play = load(&files).plays[0].clone();
    let tasks = super::tags::all_tasks(&play.tasks);
    let names: Vec<_> = tasks.iter().map(|task| task.frame.role().unwrap().name.clone()).collect();
    assert_eq!(names, ["my.col.y", "my.col.x"]);
}
