//! Precedence, level by level, and the names that Ansible itself gives.
use super::scope::merge;
use super::{HostScope, Outside, PlayVars, RunSettings, Variables, View, extra_vars};
use crate::engine::message::{HostVars, PlayState};
use crate::inventory;
use crate::playbook::Parser;
use crate::playbook::model::{Play, Task};
use crate::playbook::tags::all_tasks;
use crate::world::files::Memory;
use crate::world::loader::Loader;
use lang::template::{Environment, Scope, Still, render_value};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use value::{Map, Str, Value};

struct Nothing;
impl Outside for Nothing {
    fn template_names(&self, _asked: &str, _path: &Path) -> Vec<(String, Value)> {
        Vec::new()
    }
    fn environment(&self) -> &dyn Environment {
        &Still
    }
}

struct World {
    variables: Arc<Variables>,
    play: Arc<PlayVars>,
}

fn world(files: &[(&str, &str)], run: RunSettings) -> World {
    let loader = Arc::new(Loader::new(Arc::new(Memory::new(files.iter().copied())), Arc::default(), Arc::default()));
    let sources = ["/p/hosts".to_string()];
    let mut inventory = inventory::load(&sources, &inventory::Options::default(), &loader, &mut Vec::new()).unwrap();
    inventory.add_playbook_dir(Path::new("/p"));
    let parser = Parser {
        loader: loader.clone(),
        roles_path: Vec::new(),
        collections_path: Vec::new(),
        traits_of: Arc::new(crate::action::traits_of),
        evaluate: Arc::new(|text, _| Ok(Value::Str(text.clone()))),
        private_roles: None,
    };
    let play: Arc<Play> = parser.playbook(Path::new("/p/site.yml")).unwrap().plays[0].clone();
    let variables = Arc::new(Variables::new(inventory, loader, Arc::new(Nothing), run));
    World { variables, play: Arc::new(PlayVars::new(play, "the play".into(), "/p".into(), Map::new())) }
}

impl World {
    fn tasks(&self) -> Vec<Arc<Task>> {
        all_tasks(&self.play.play.tasks)
    }

    fn scope(&self, host: &str, task: Option<&Arc<Task>>, vars: HostVars) -> HostScope {
        let host = self.variables.inventory().id(host).unwrap();
        let all: Arc<Vec<u32>> = Arc::new(self.variables.inventory().hosts().map(|(id, _, _)| id).collect());
        let state =
            PlayState { play: 0, all_hosts: all.clone(), batch: all.clone(), live: all, ..PlayState::default() };
        let view = View {
            task: task.cloned(),
            play: Some(self.play.clone()),
            state: Arc::new(state),
            vars,
            others: Some(Arc::new(BTreeMap::new())),
        };
        HostScope::new(&self.variables, host, view).unwrap_or_else(|errors| panic!("{errors:?}"))
    }
}

fn evaluated(scope: &HostScope, text: &str) -> String {
    let text = Value::Str(Str::trusted(text, None));
    render_value(&text, scope).unwrap_or_else(|stop| panic!("{text:?}: {stop}")).to_text()
}

/// Each level overrides those below it; `x` is defined up to some level, and the last one must win.
#[test]
fn levels_override_each_other() {
    let defaults = ("/p/roles/r/defaults/main.yml", "x: role-defaults\n");
    let inventory_all = ("/p/hosts", "a\n[g]\na\n[all:vars]\nx=inventory-all\n");
    let inventory_group = ("/p/hosts", "a\n[g]\na\n[all:vars]\nx=inventory-all\n[g:vars]\nx=inventory-group\n");
    let all_file = ("/p/group_vars/all.yml", "x: group-vars-all\n");
    let group_file = ("/p/group_vars/g/main.yml", "x: group-vars-g\n");
    let host_line = ("/p/hosts", "a x=inventory-host\n[g]\na\n");
    let host_file = ("/p/host_vars/a", "x: host-vars\n");
    let plain = ("/p/hosts", "a\n[g]\na\n");
    let task = ("/p/roles/r/tasks/main.yml", "- debug: {}\n");
    let play = ("/p/site.yml", "- hosts: all\n  roles: [r]\n");
    let play_vars = ("/p/site.yml", "- hosts: all\n  vars: {x: play-vars}\n  roles: [r]\n");
    let play_files = (
        "/p/site.yml",
        "- hosts: all\n  vars: {x: play-vars, which: f}\n  vars_files: [[no.yml, '{{ which }}.yml']]\n  roles: [r]\n",
    );
    let file = ("/p/vars/f.yml", "x: vars-files\n");
    let role_vars = ("/p/roles/r/vars/main.yml", "x: role-vars\n");
    let task_vars =
        ("/p/roles/r/tasks/main.yml", "- block: [{debug: {}, vars: {x: task-vars}}]\n  vars: {x: block-vars}\n");
    let block_vars = ("/p/roles/r/tasks/main.yml", "- block: [{debug: {}}]\n  vars: {x: block-vars}\n");
    let role_params = ("/p/site.yml", "- hosts: all\n  vars: {x: play-vars}\n  roles: [{role: r, x: role-params}]\n");
    let cases: Vec<Vec<(&str, &str)>> = vec![
        vec![plain, play, task, defaults],
        vec![inventory_all, play, task, defaults],
        vec![inventory_group, play, task, defaults],
        vec![inventory_group, play, task, defaults, all_file],
        vec![inventory_group, play, task, all_file, group_file],
        vec![host_line, play, task, all_file, group_file],
        vec![host_line, play, task, group_file, host_file],
        vec![host_line, play_vars, task, host_file],
        vec![host_line, play_files, task, host_file, file],
        vec![host_line, play_files, task, file, role_vars],
        vec![host_line, play_files, block_vars, file, role_vars],
        vec![host_line, play_files, task_vars, file, role_vars],
        vec![host_line, role_params, task_vars, role_vars],
    ];
    let expected = [
        "role-defaults",
        "inventory-all",
        "inventory-group",
        "group-vars-all",
        "group-vars-g",
        "inventory-host",
        "host-vars",
        "play-vars",
        "vars-files",
        "role-vars",
        "block-vars",
        "task-vars",
        "role-params",
    ];
    for (files, expected) in cases.iter().zip(expected) {
        let world = world(files, RunSettings::default());
        let task = &world.tasks()[0];
        assert_eq!(evaluated(&world.scope("a", Some(task), HostVars::default()), "{{ x }}"), expected);
    }
}

fn small() -> Vec<(&'static str, &'static str)> {
    vec![
        ("/p/hosts", "[web]\na.example.org y=1\nb y=2 z='{{ y }}'\n[db]\nb\n"),
        (
            "/p/site.yml",
            "- hosts: all\n  vars: {x: play, d: {one: 1}}\n  roles: [r]\n  tasks:\n    - debug: {}\n      vars: {x: task}\n",
        ),
        ("/p/roles/r/tasks/main.yml", "- debug: {}\n"),
        ("/p/group_vars/all.yml", "d: {two: 2}\n"),
    ]
}

fn learned(entries: &[(&str, &str)]) -> Arc<Map> {
    Arc::new(entries.iter().map(|(name, value)| (*name, *value)).collect())
}

#[test]
fn what_a_host_learned_lies_over_the_task() {
    let run = RunSettings { extra: learned(&[("w", "extra")]), ..RunSettings::default() };
    let world = world(&small(), run);
    let task = &world.tasks()[1];
    let vars = HostVars {
        registers: learned(&[("x", "set_fact"), ("w", "set_fact")]),
        included: learned(&[("x", "include_vars"), ("v", "include_vars")]),
        facts: learned(&[
            ("ansible_x", "fact"),
            ("ansible_distribution", "Debian"),
            ("ansible_local", "local"),
            ("packages", "p"),
        ]),
        facts_pending: None,
    };
    let scope = world.scope("b", Some(task), vars);
    let text = "{{ x }} {{ v }} {{ w }} {{ ansible_x }} {{ ansible_facts.distribution }} {{ ansible_distribution }} {{ ansible_local }}";
    assert_eq!(evaluated(&scope, text), "set_fact include_vars extra fact Debian Debian local");
    let text = "{{ packages }} {{ ansible_facts.packages }} {{ ansible_packages is defined }} {{ ansible_facts.ansible_local }}";
    assert_eq!(evaluated(&scope, text), "p p False local");
}

#[test]
fn facts_under_way_are_pending_and_connections_are_not() {
    let world = world(&small(), RunSettings::default());
    let task = &world.tasks()[1];
    let vars = HostVars { facts_pending: Some(7), ..HostVars::default() };
    let scope = world.scope("b", Some(task), vars);
    for name in ["ansible_distribution", "ansible_facts"] {
        assert!(matches!(scope.get(name), Ok(Some(Value::Pending(7)))), "{name}");
    }
    for name in ["ansible_become_password", "ansible_ssh_common_args", "ansible_port"] {
        assert!(matches!(scope.get(name), Ok(None)), "{name}");
    }
    assert!(matches!(scope.get("y"), Ok(Some(Value::Int(2)))));
}

#[test]
fn magic_names_are_those_of_ansible() {
    let run = RunSettings { limit: Some("web".into()), forks: 7, ..RunSettings::default() };
    let world = world(&small(), run);
    let in_role = world.tasks()[0].clone();
    let scope = world.scope("a.example.org", Some(&in_role), HostVars::default());
    let cases = [
        ("{{ inventory_hostname }} {{ inventory_hostname_short }}", "a.example.org a"),
        (
            "{{ group_names }} {{ groups }}",
            "['web'] {'all': ['a.example.org', 'b'], 'ungrouped': [], 'web': ['a.example.org', 'b'], 'db': ['b']}",
        ),
        ("{{ inventory_dir }} {{ inventory_file }} {{ playbook_dir }}", "/p /p/hosts /p"),
        ("{{ role_name }} {{ role_path }} {{ ansible_play_role_names }}", "r /p/roles/r ['r']"),
        (
            "{{ ansible_play_name }} {{ ansible_play_hosts }} {{ play_hosts }}",
            "the play ['a.example.org', 'b'] ['a.example.org', 'b']",
        ),
        ("{{ ansible_version.full }} {{ ansible_forks }} {{ ansible_limit }}", "2.19.14 7 web"),
        ("{{ ansible_search_path }}", "['/p/roles/r', '/p/roles/r/tasks', '/p']"),
        ("{{ ansible_host }} {{ ansible_connection }} {{ ansible_run_tags }}", "a.example.org ssh ['all']"),
        ("{{ vars.y }} {{ vars['x'] }}", "1 play"),
    ];
    for (text, expected) in cases {
        assert_eq!(evaluated(&scope, text), expected, "{text}");
    }
    assert!(scope.get("ansible_parent_role_names").unwrap().is_none());
}

#[test]
fn hostvars_show_other_hosts_from_outside_the_play() {
    let world = world(&small(), RunSettings::default());
    let task = world.tasks()[1].clone();
    let scope = world.scope("a.example.org", Some(&task), HostVars::default());
    assert_eq!(
        evaluated(&scope, "{{ hostvars['b'].y }} {{ hostvars.b.z }} {{ hostvars['b'].x | default('none') }}"),
        "2 2 none"
    );
    assert_eq!(evaluated(&scope, "{{ hostvars | list }}"), "['a.example.org', 'b']");
    assert_eq!(evaluated(&scope, "{{ hostvars['localhost'].ansible_connection }}"), "local");
    assert_eq!(evaluated(&scope, "{{ groups['web'] | map('extract', hostvars, 'y') | list }}"), "[1, 2]");
}

#[test]
fn a_delegate_is_seen_by_its_name() {
    let mut files = small();
    files[1].1 = "- hosts: all\n  tasks:\n    - debug: {}\n      delegate_to: \"{{ 'b' }}\"\n    - debug: {}\n      delegate_to: \"{{ item }}\"\n";
    let world = world(&files, RunSettings::default());
    let [known, later] = [0, 1].map(|at| world.scope("a.example.org", Some(&world.tasks()[at]), HostVars::default()));
    assert_eq!(evaluated(&known, "{{ ansible_delegated_vars['b'].y }} {{ y }}"), "2 1");
    assert_eq!(evaluated(&later, "{{ ansible_delegated_vars is defined }}"), "False");
    let whole = "{{ ansible_delegated_vars.b.inventory_hostname }} {{ ansible_delegated_vars.b.group_names }} \
        {{ ansible_delegated_vars.b.ansible_host }} {{ 'd' in ansible_delegated_vars.b }}";
    assert_eq!(evaluated(&known, whole), "a.example.org ['db', 'web'] b True");
    let stranger = Value::map([("ansible_delegated_vars", known.as_delegate("10.0.0.1").unwrap())]);
    let stranger = stranger.as_map().unwrap();
    let address = Value::Str(Str::trusted("{{ ansible_delegated_vars['10.0.0.1'].ansible_host }}", None));
    assert_eq!(render_value(&address, stranger).unwrap().to_text(), "10.0.0.1");
}

#[test]
fn a_file_of_variables_may_name_the_next() {
    let world = world(
        &[
            ("/p/hosts", "a\n"),
            (
                "/p/site.yml",
                "- hosts: all\n  vars_files: [one.yml, '{{ next }}.yml', ['{{ none }}.yml', other.yml], '{{ next }}.yml']\n  tasks: []\n",
            ),
            ("/p/one.yml", "next: two\n"),
            ("/p/two.yml", "next: three\nx: 2\n"),
            ("/p/three.yml", "x: 3\n"),
            ("/p/other.yml", "x: other\n"),
        ],
        RunSettings::default(),
    );
    assert_eq!(evaluated(&world.scope("a", None, HostVars::default()), "{{ x }} {{ next }}"), "3 three");
}

#[test]
fn dicts_are_merged_where_that_is_asked_for() {
    let replacing = world(&small(), RunSettings::default());
    assert_eq!(evaluated(&replacing.scope("b", None, HostVars::default()), "{{ d }}"), "{'one': 1}");
    let merging = world(&small(), RunSettings { merge_hashes: true, ..RunSettings::default() });
    assert_eq!(evaluated(&merging.scope("b", None, HostVars::default()), "{{ d }}"), "{'two': 2, 'one': 1}");
    let deep = merge(&Value::map([("a", Value::map([("b", 1)]))]), &Value::map([("a", Value::map([("c", 2)]))]));
    assert_eq!(deep.to_text(), "{'a': {'b': 1, 'c': 2}}");
}

#[test]
fn layers_are_shared_between_hosts() {
    let world = world(&small(), RunSettings::default());
    let [one, two] = ["a.example.org", "b"].map(|name| {
        let inventory = world.variables.inventory();
        inventory.layers(inventory.id(name).unwrap(), &world.variables.loader).unwrap()
    });
    let shared = one.iter().filter(|layer| two.iter().any(|other| Arc::ptr_eq(layer, other))).count();
    assert!(shared >= 1, "group_vars/all is one map");
}

#[test]
fn extra_variables_come_in_three_forms() {
    let loader = Loader::new(Arc::new(Memory::new([("/v.yml", "a: 1\nb: [x]\n")])), Arc::default(), Arc::default());
    let words = ["@/v.yml", "a=2 c='x y'", "{\"d\": true}"].map(String::from);
    let extra = extra_vars(&words, &loader).unwrap();
    assert_eq!(Value::from(extra).to_text(), "{'a': '2', 'b': ['x'], 'c': 'x y', 'd': True}");
    for wrong in ["just-a-word", "[1]", "@/no.yml", "a='b"] {
        assert!(extra_vars(&[wrong.to_string()], &loader).is_err(), "{wrong}");
    }
}

#[test]
fn a_missing_vars_file_does_no_harm() {
    let mut files = small();
    files[1].1 = "- hosts: all\n  vars_files: [no.yml]\n  tasks: [{debug: {}}]\n";
    let world = world(&files, RunSettings::default());
    let host = world.variables.inventory().id("b").unwrap();
    let view = View { play: Some(world.play.clone()), ..View::default() };
    assert!(HostScope::new(&world.variables, host, view).is_ok());
}

#[test]
fn a_roles_main_is_the_file_before_the_folder() {
    let files = [
        ("/p/hosts", "a\n"),
        ("/p/site.yml", "- hosts: all\n  roles: [r]\n"),
        ("/p/roles/r/tasks/main.yml", "- debug: {}\n"),
        ("/p/roles/r/tasks/main", "- fail: {}\n"),
        ("/p/roles/r/vars/main.yml", "x: file\n"),
        ("/p/roles/r/vars/main/more.yml", "x: folder\ny: 1\n"),
        ("/p/roles/r/defaults/main.json", "{\"z\": \"json\"}"),
        ("/p/roles/r/defaults/main", "z: bare\n"),
    ];
    let world = world(&files, RunSettings::default());
    assert_eq!(world.tasks()[0].action.name, "debug");
    let scope = world.scope("a", Some(&world.tasks()[0]), HostVars::default());
    assert_eq!(evaluated(&scope, "{{ x }} {{ y | default('-') }} {{ z }}"), "file - json");
}

#[test]
fn facts_may_be_kept_out_of_the_variables() {
    let run = RunSettings { inject_facts: false, ..RunSettings::default() };
    let facts: Map =
        [("ansible_system", Value::from("Linux")), ("ansible_local", Value::map([("a", 1)]))].into_iter().collect();
    let registers: Map = [("own", Value::from(1))].into_iter().collect();
    let vars = HostVars { facts: facts.into(), registers: registers.into(), ..HostVars::default() };
    let kept = world(&small(), run).scope("b", None, vars.clone());
    let injected = world(&small(), RunSettings::default()).scope("b", None, vars);
    let asked = "{{ ansible_system is defined }} {{ ansible_facts.system }} {{ ansible_local }} {{ own }} {{ 'ansible_system' in vars }}";
    assert_eq!(evaluated(&kept, asked), "False Linux {'a': 1} 1 False");
    assert_eq!(evaluated(&injected, asked), "True Linux {'a': 1} 1 True");
}
