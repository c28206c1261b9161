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
