//! Inventories as ansible-inventory understands them.
use super::*;
use crate::world::files::Memory;
use crate::world::loader::Loader;
use value::{Json, SourceMap, json_text};

const HOSTS: &str = "solo ansible_host=10.0.0.9
[web]
web[1:2] port=80 x=\"a b\" # a comment
[db]
db1:2222 l=[1,2]
[prod:children]
web
db
[prod:vars]
env=prod
[empty]
";

fn loader(files: &[(&str, &str)]) -> Loader {
    Loader::new(Arc::new(Memory::new(files.iter().copied())), Arc::new(SourceMap::default()), Arc::default())
}

fn read(files: &[(&str, &str)]) -> (Inventory, Loader) {
    let loader = loader(files);
    let inventory = load(&[files[0].0.to_string()], &Options::default(), &loader, &mut Vec::new()).unwrap();
    (inventory, loader)
}

fn show<'s>(inventory: &'s Inventory, loader: &'s Loader) -> Show<'s> {
    Show { inventory, loader, export: false, playbook_vars: false, extra: Arc::default() }
}

#[test]
fn exported_variables_stay_where_they_were_set() {
    let files = [
        ("/p/inv/hosts", "[web]\na own=1\n[web:vars]\ng=1\n"),
        ("/p/inv/group_vars/web.yml", "f: 2\n"),
        ("/p/group_vars/web.yml", "p: 3\n"),
    ];
    let (mut inventory, loader) = read(&files);
    inventory.add_playbook_dir(Path::new("/p"));
    let exported = |playbook_vars| {
        let list = Show { export: true, playbook_vars, ..show(&inventory, &loader) }.list(None).unwrap();
        json_text(&list, Json::LINE)
    };
    assert!(exported(false).contains(r#""hostvars": {"a": {"own": 1}}"#), "{}", exported(false));
    assert!(exported(false).contains(r#""vars": {"g": 1, "f": 2}"#), "{}", exported(false));
    assert!(exported(true).contains(r#""vars": {"g": 1, "f": 2, "p": 3}"#), "{}", exported(true));
    let nested = json_text(&show(&inventory, &loader).nested(None).unwrap(), Json::LINE);
    assert!(nested.starts_with(r#"{"all": {"children": {"web": {"hosts": {"a": {"#), "{nested}");
}

fn names(inventory: &Inventory, pattern: &str) -> String {
    let matched = inventory.matching(&[pattern.to_string()], None).unwrap();
    matched.hosts.iter().map(|id| inventory.host_name(*id)).collect::<Vec<_>>().join(" ")
}

#[test]
fn the_list_is_that_of_ansible_inventory() {
    let (inventory, loader) = read(&[("/p/hosts", HOSTS)]);
    let list = show(&inventory, &loader).list(None).unwrap();
    let groups = |name: &str| json_text(list.get(name).unwrap(), Json::LINE);
    assert_eq!(groups("all"), r#"{"children": ["ungrouped", "prod", "empty"]}"#);
    assert_eq!(groups("prod"), r#"{"children": ["web", "db"]}"#);
    assert_eq!(groups("web"), r#"{"hosts": ["web1", "web2"]}"#);
    assert!(list.get("empty").is_none());
    let vars = list.get("_meta").unwrap().get("hostvars").unwrap();
    assert_eq!(json_text(vars.get("web1").unwrap(), Json::LINE), r#"{"env": "prod", "port": 80, "x": "a b"}"#);
    assert_eq!(
        json_text(vars.get("db1").unwrap(), Json::LINE),
        r#"{"env": "prod", "ansible_port": 2222, "l": [1, 2]}"#
    );
}

#[test]
fn the_graph_is_that_of_ansible_inventory() {
    let (inventory, loader) = read(&[("/p/hosts", HOSTS)]);
    let graph = show(&inventory, &loader).graph("prod", true).unwrap();
    let expected =
        "@prod:\n  |--@web:\n  |  |--web1\n  |  |  |--{env = prod}\n  |  |  |--{port = 80}\n  |  |  |--{x = a b}";
    assert!(graph.starts_with(expected) && graph.ends_with("\n  |--{env = prod}"), "{graph}");
}

#[test]
fn patterns_mean_the_hosts_that_ansible_takes() {
    let (inventory, _) = read(&[("/p/hosts", HOSTS)]);
    let cases = [
        ("all", "solo web1 web2 db1"),
        ("web:db", "web1 web2 db1"),
        ("prod:!web2", "web1 db1"),
        ("prod:&db", "db1"),
        ("web*", "web1 web2"),
        ("~(web|db)1", "web1 db1"),
        ("web[0]", "web1"),
        ("web[-1],solo", "web2 solo"),
        ("prod[1:2]", "web2 db1"),
        ("!prod", "solo"),
        ("localhost", "localhost"),
        ("ungrouped", "solo"),
    ];
    for (pattern, hosts) in cases {
        assert_eq!(names(&inventory, pattern), hosts, "{pattern}");
    }
    assert_eq!(inventory.matching(&["nobody".into()], None).unwrap().unmatched, ["nobody"]);
}

#[test]
fn group_vars_stand_in_ansibles_order() {
    let files = [
        ("/p/inv/hosts", "[web]\na own=host\n[web:vars]\ng=inventory\nonly=here\n"),
        ("/p/inv/group_vars/all.yml", "g: all\nall: 1\n"),
        ("/p/inv/group_vars/web/one.yml", "g: group\n"),
        ("/p/inv/group_vars/web/.hidden.yml", "g: hidden\n"),
        ("/p/inv/host_vars/a", "own: file\n"),
        ("/p/group_vars/web.yml", "p: playbook\n"),
    ];
    let (mut inventory, loader) = read(&files);
    inventory.add_playbook_dir(Path::new("/p"));
    let vars = show(&inventory, &loader).host(0).unwrap();
    let get = |name: &str| vars.get(name).map(Value::to_text).unwrap_or_default();
    assert_eq!([get("g"), get("all"), get("own"), get("only"), get("p")], ["group", "1", "file", "here", "playbook"]);
}

#[test]
fn yaml_inventories_and_scripts_say_the_same() {
    let yaml = "all:\n  hosts:\n    solo:\n  children:\n    web:\n      hosts:\n        web[1:2]: {port: 80}\n      vars: {env: prod}\n";
    let (inventory, _) = read(&[("/p/hosts.yml", yaml)]);
    assert_eq!(names(&inventory, "all"), "solo web1 web2");
    let script = Memory::new([("/p/inv", "#!/bin/sh\n")]).with_program(
        "/p/inv",
        "--list",
        r#"{"web": {"hosts": ["w"], "vars": {"env": "prod"}}, "_meta": {"hostvars": {"w": {"port": 80}}}}"#,
    );
    let loader = Loader::new(Arc::new(script), Arc::default(), Arc::default());
    let inventory = load(&["/p/inv".into()], &Options::default(), &loader, &mut Vec::new()).unwrap();
    let vars = Value::from(show(&inventory, &loader).host(0).unwrap());
    assert_eq!(vars.to_text(), "{'env': 'prod', 'port': 80}");
}

#[test]
fn faults_name_their_place() {
    let loader =
        loader(&[("/p/hosts", "[web\na\n"), ("/p/b", "[web]\na b\n"), ("/p/c", "[x:vars]\na=1\n[y:children]\nz\n")]);
    for (path, line) in [("/p/hosts", 1), ("/p/b", 2), ("/p/c", 1)] {
        let errors = load(&[path.to_string()], &Options::default(), &loader, &mut Vec::new()).err().unwrap();
        assert_eq!(errors[0].span.unwrap().line.get(), line, "{path}");
    }
}

#[test]
fn hosts_and_groups_of_the_run_stand_where_ansible_puts_them() {
    let (mut inventory, _) = read(&[("/p/hosts", "h0\nh1\n[web]\nw1\n[web:children]\nsub\n[sub]\ns1\n")]);
    let words = |words: &[&str]| words.iter().map(ToString::to_string).collect::<Vec<_>>();
    inventory.add_host("n1", &[], &Map::new());
    inventory.add_host("n2", &words(&["new", "web"]), &Map::new());
    inventory.add_host("h0", &words(&["new"]), &Map::new());
    let h1 = inventory.id("h1").unwrap();
    assert_eq!(inventory.group_by(h1, "by", &words(&["web", "parent"])), Ok(true));
    let groups: [(&str, &str); 7] = [
        ("all", "n1 n2 w1 h0 s1 h1"),
        ("all:!h1", "n1 n2 w1 h0 s1"),
        ("ungrouped", "n1"),
        ("web", "w1 n2 s1 h1"),
        ("new", "n2 h0"),
        ("by", "h1"),
        ("parent", "h1"),
    ];
    for (pattern, hosts) in groups {
        let found = match inventory.group(pattern) {
            Some(_) => inventory.hosts_of(pattern).into_iter().collect::<Vec<_>>().join(" "),
            None => names(&inventory, pattern),
        };
        assert_eq!(found, hosts, "{pattern}");
    }
    let (_, host) = inventory.host(h1).unwrap();
    assert_eq!(inventory.groups_of(host), ["all", "parent", "web", "by"]);
    let (_, host) = inventory.host(inventory.id("n1").unwrap()).unwrap();
    assert_eq!(inventory.groups_of(host), ["all", "ungrouped"]);
}

#[test]
fn no_group_is_below_itself() {
    let files: [(&str, &str, &str); 5] = [
        ("/p/hosts", "[a:children]\nb\n[b:children]\na\n", "Adding group 'a' as child to 'b'"),
        ("/p/hosts", "[a:children]\na\n[a]\nx\n", "group 'a' cannot be a child of itself"),
        ("/p/hosts", "[a:children]\nall\n", "Adding group 'all' as child to 'a'"),
        (
            "/p/hosts.yml",
            "all: {children: {a: {children: {b: {children: {c: {children: {a: }}}}}}}}",
            "Adding group 'a'",
        ),
        ("/p/hosts.yml", "a: {children: {b: }}\nb: {children: {a: }}\n", "Adding group 'a' as child to 'b'"),
    ];
    for (path, text, expected) in files {
        let loader = loader(&[(path, text)]);
        let errors = load(&[path.to_string()], &Options::default(), &loader, &mut Vec::new()).err().unwrap();
        assert!(errors[0].message.contains(expected) && errors[0].span.is_some(), "{errors:?}");
    }
    let (mut inventory, _) = read(&[("/p/hosts", "h1\n")]);
    assert_eq!(inventory.group_by(0, "a", &["b".into()]), Ok(true));
    let refused = inventory.group_by(0, "b", &["a".into()]).unwrap_err();
    assert_eq!(refused, "Adding group 'b' as child to 'a' creates a recursive dependency loop.");
    assert!(inventory.group_by(0, "c", &["c".into()]).is_err());
    let (_, host) = inventory.host(0).unwrap();
    assert_eq!(inventory.groups_of(host), ["all", "b", "c", "a"]);
}

#[test]
fn a_folder_is_read_without_what_is_no_inventory() {
    let mut files = vec![
        ("/p/inv/a.ini", "a\n"),
        ("/p/inv/hosts", "b\n"),
        ("/p/inv/sub/c", "c\n"),
        ("/p/inv/group_vars/all.yml", "top: 1\n"),
        ("/p/inv/sub/group_vars/all.yml", "below: 1\n"),
    ];
    files.extend(
        ["/p/inv/x.md", "/p/inv/x.txt", "/p/inv/x.rst", "/p/inv/x.cfg", "/p/inv/x.retry", "/p/inv/x~"]
            .map(|path| (path, "x\n")),
    );
    let loader = loader(&files);
    let hosts = |options: &Options| {
        let inventory = load(&["/p/inv".into()], options, &loader, &mut Vec::new()).unwrap();
        let names: Vec<String> = inventory.hosts().map(|(_, name, _)| name.to_string()).collect();
        (names.join(" "), json_text(&show(&inventory, &loader).host(0).unwrap().into(), Json::LINE))
    };
    let usual = [".md", ".txt", ".rst", ".cfg", ".retry", "~"].map(String::from).to_vec();
    let usual = Options { ignore_extensions: usual, ..Options::default() };
    assert_eq!(hosts(&usual), ("a b c".into(), r#"{"top": 1}"#.into()));
    let own = Options {
        ignore_extensions: vec![".ini".into()],
        ignore_patterns: vec!["^sub$".into(), "^x".into()],
        ..Options::default()
    };
    assert_eq!(hosts(&own).0, "b");
    let wrong = Options { ignore_patterns: vec!["(".into()], ..Options::default() };
    assert!(load(&["/p/inv".into()], &wrong, &loader, &mut Vec::new()).is_err());
}

#[test]
fn a_refresh_keeps_numbers_and_what_the_run_added() {
    let (mut inventory, _) = read(&[("/i/hosts", "[web]\none\ntwo\n")]);
    let two = inventory.id("two").unwrap();
    inventory.add_host("added", &["dyn".to_string()], &Map::new());
    inventory.group_by(two, "even", &[]).unwrap();
    inventory.group_by(inventory.id("one").unwrap(), "odd", &[]).unwrap();
    let (fresh, _) = read(&[("/i/hosts", "[web]\ntwo\nthree\n")]);
    inventory.refresh(fresh).unwrap();
    assert_eq!(inventory.id("two"), Some(two));
    assert_eq!(names(&inventory, "all"), "added two three");
    assert_eq!((names(&inventory, "even"), names(&inventory, "dyn")), ("two".into(), "added".into()));
    assert_eq!(names(&inventory, "odd"), "");
    assert_eq!(inventory.host_name(0), "one");
}
