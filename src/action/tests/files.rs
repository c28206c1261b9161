//! Files of the controller: where they are found, and how they go to a host.
use super::*;
use crate::engine::message::Effect;

#[test]
fn a_file_that_is_nowhere_is_told_with_every_place() {
    let outcome = Project::new([]).known(task("template", [("src", "nope.j2"), ("dest", "/x")]));
    let expected = "Could not find or access 'nope.j2'\nSearched in:\n\t/p/templates/nope.j2\n\t/p/nope.j2\n\
                    \t/p/templates/nope.j2\n\t/p/nope.j2 on the Ansible Controller.\nIf you are using a module and expect the file \
                    to exist on the remote, see the remote_src option";
    assert_eq!(field(&outcome, "msg"), expected);
}

#[test]
fn include_vars_brings_variables_of_a_file_and_of_a_directory() {
    let project = Project::new([]).with_files([
        ("/p/vars/a.yml", "x: 1"),
        ("/p/more/1.yml", "y: 2"),
        ("/p/more/2.yaml", "y: 3"),
        ("/p/more/sub/3.json", "z: 4"),
    ]);
    let vars = |task: Task| match project.begin(task).work {
        Work::Known { effects, .. } => match effects.into_iter().next() {
            Some(Effect::Included(map)) => Value::from(map).to_text(),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    };
    assert_eq!(vars(task("include_vars", [("file", "a.yml")])), "{'x': '1'}");
    assert_eq!(vars(task("include_vars", [("file", "a.yml"), ("name", "n")])), "{'n': {'x': '1'}}");
    assert_eq!(vars(task("include_vars", [("dir", "more")])), "{'y': '3', 'z': '4'}");
    assert_eq!(vars(task("include_vars", [("dir", "more"), ("depth", "1")])), "{'y': '3'}");
    let missing = project.known(task("include_vars", [("file", "nope.yml")]));
    assert!(field(&missing, "message").starts_with("Could not find or access 'nope.yml'"));
}

#[test]
fn copy_refuses_what_makes_no_sense() {
    let project = Project::new([]);
    let refused = |task: Task| field(&project.known(task), "msg");
    assert_eq!(refused(task("copy", [("dest", "/x")])), "src (or content) is required");
    assert_eq!(refused(task("copy", [("content", "x")])), "dest is required");
    assert_eq!(
        refused(task("copy", [("content", "x"), ("src", "y"), ("dest", "/x")])),
        "src and content are mutually exclusive"
    );
    assert_eq!(refused(task("copy", [("content", "x"), ("dest", "/x/")])), "can not use content with a dir as dest");
}

fn sent(project: &Project, task: Task) -> Map {
    project.call(task).body.items.into_iter().next().unwrap()
}

fn text(args: &Map, name: &str) -> String {
    args.get(name).map(Value::to_text).unwrap_or_default()
}

#[test]
fn a_template_is_evaluated_with_what_it_knows_of_itself() {
    let project = Project::new([("l", Value::list(["a".into()]))])
        .with_files([("/p/templates/t.j2", "x {{ l }} {{ ansible_managed }} {{ template_path }}\n")]);
    let args = sent(&project, task("template", [("src", "t.j2"), ("dest", "/x"), ("mode", "0600")]));
    assert_eq!(text(&args, "content"), "x ['a'] Ansible managed t.j2\n");
    assert_eq!((text(&args, "dest"), text(&args, "mode")), ("/x".into(), "0600".into()));
    assert_eq!(text(&args, "_original_basename"), "t.j2");
}

#[test]
fn a_fault_in_a_template_points_into_its_file() {
    let project = Project::new([]).with_files([("/p/templates/bad.j2", "a\nb {{ nope }}\n")]);
    let outcome = project.known(task("template", [("src", "bad.j2"), ("dest", "/x")]));
    assert_eq!(field(&outcome, "msg"), "Task failed: 'nope' is undefined");
    let span = outcome.diagnostic.unwrap().span.unwrap();
    assert_eq!(project.sources.describe(span), "/p/templates/bad.j2:2:6");
}

#[test]
fn a_template_says_how_it_is_read() {
    let project = Project::new([("x", 1.into())]).with_files([
        ("/p/templates/a.j2", "#jinja2: variable_start_string: '[[', variable_end_string: ']]'\n[[ x ]] {{ x }}\n"),
        ("/p/templates/b.j2", "{% include 'c.j2' %}\n"),
        ("/p/templates/c.j2", "c{{ x }}\n"),
    ]);
    assert_eq!(text(&sent(&project, task("template", [("src", "a.j2"), ("dest", "/x")])), "content"), "1 {{ x }}\n");
    let args = [("src", "b.j2"), ("dest", "/x"), ("newline_sequence", "\\r\\n")];
    assert_eq!(text(&sent(&project, task("template", args)), "content"), "c1\r\n");
}

#[test]
fn copy_sends_files_and_what_is_in_folders() {
    let big = "x".repeat(100_000);
    let project = Project::new([]).with_files([
        ("/p/files/a.txt", "hello\n"),
        ("/p/files/big", &big),
        ("/p/files/dir/one", "1"),
        ("/p/files/dir/sub/two", "$ANSIBLE_VAULT;1.1;AES256\n"),
    ]);
    let args = sent(&project, task("copy", [("src", "a.txt"), ("dest", "/x"), ("mode", "preserve")]));
    assert_eq!((text(&args, "content"), text(&args, "mode")), ("hello\n".into(), "0640".into()));
    let args = sent(&project, task("copy", [("src", "big"), ("dest", "/x")]));
    assert_eq!(args.get("content").and_then(|content| content.get("size")), Some(&100_000.into()));
    let paths = |args: &Map| {
        let entries = args.get("_entries").and_then(Value::as_list).unwrap().to_vec();
        let line = |entry: &Value| {
            format!("{}={}", text(entry.as_map().unwrap(), "path"), text(entry.as_map().unwrap(), "content"))
        };
        entries.iter().map(line).collect::<Vec<_>>().join(" ")
    };
    let whole = sent(&project, task("copy", [("src", "dir"), ("dest", "/x")]));
    assert_eq!(paths(&whole), "dir= dir/one=1 dir/sub= dir/sub/two=decrypted");
    let inside = sent(&project, task("copy", [("src", "dir/"), ("dest", "/x")]));
    assert_eq!(paths(&inside), "one=1 sub= sub/two=decrypted");
    let json = sent(&project, {
        let mut copy = task("copy", [("dest", "/x")]);
        copy.args.map.insert("content", Value::map([("a", 1)]));
        copy
    });
    assert_eq!(text(&json, "content"), "{\"a\": 1}");
}

#[test]
fn files_are_read_alone_where_the_host_is_the_controller() {
    let files = [("/p/files/a.txt", "hello\n")];
    let copy = || task("copy", [("src", "a.txt"), ("dest", "/x")]);
    let elsewhere = Project::new([]).with_files(files);
    assert!(matches!(elsewhere.ask(copy(), false, About::Begin), Evaluated::Begun(_)));
    let here = Project::new([("ansible_connection", "local".into())]).with_files(files);
    assert!(matches!(here.ask(copy(), false, About::Begin), Evaluated::Fence));
    assert_eq!(text(&sent(&here, copy()), "content"), "hello\n");
}
