//! What a check says of hosts on which an earlier task would have made something: what ansible-core's `-C` says.
mod runs;

use runs::{Ran, apply, machine, run};
use target::host::Mode;
use target::machine::Fake;

fn checked(module: &str, args: &[(&str, &str)]) -> Ran {
    let mut machine = machine(&[("/srv/f", "x\n"), ("/srv/src", "hi\n")]);
    let before = machine.world().clone();
    let ran = run(&mut machine, module, args, Mode::Check);
    assert!(*machine.world() == before, "{module} {args:?} touched the machine");
    ran
}

/// A module and its arguments.
type Task<'c> = (&'c str, &'c [(&'c str, &'c str)]);
/// The same, and words of its complaint.
type Case<'c> = (&'c str, &'c [(&'c str, &'c str)], &'c str);

const NOWHERE: &str = "/srv/new/dir/x";

#[test]
fn a_folder_that_is_not_there_yet_is_supposed_to_come() {
    let go_on: [Task; 6] = [
        ("copy", &[("content", "x"), ("dest", NOWHERE)]),
        ("copy", &[("content", "x"), ("dest", NOWHERE), ("mode", "0600"), ("owner", "nosuch")]),
        ("file", &[("path", NOWHERE), ("state", "touch"), ("mode", "0600")]),
        ("file", &[("path", NOWHERE), ("state", "link"), ("src", "/etc/passwd")]),
        ("lineinfile", &[("path", NOWHERE), ("line", "a"), ("create", "yes")]),
        ("blockinfile", &[("path", NOWHERE), ("block", "a"), ("create", "yes")]),
    ];
    for (module, args) in go_on {
        assert!(checked(module, args).fine().changed, "{module} {args:?}");
    }
    let fail: [Case; 5] = [
        (
            "copy",
            &[("src", "/srv/src"), ("dest", NOWHERE), ("remote_src", "yes")],
            "Destination directory /srv/new/dir does not exist",
        ),
        ("get_url", &[("url", "http://files.test/a"), ("dest", NOWHERE)], "Destination /srv/new/dir does not exist"),
        ("command", &[("cmd", "true"), ("chdir", "/srv/new/dir")], "Unable to change directory before execution"),
        ("copy", &[("content", "x"), ("dest", "/srv/f/x")], "/srv/f"),
        ("file", &[("path", "/srv/f/x"), ("state", "touch")], "could not touch target"),
    ];
    for (module, args, words) in fail {
        let ran = checked(module, args);
        assert!(ran.complaint().contains(words), "{module} {args:?}: {}", ran.complaint());
    }
    let mut machine = Fake::default();
    let ran = apply(&mut machine, "copy", &[("content", "x"), ("dest", NOWHERE)]);
    assert!(ran.failed.is_some(), "a run is no check");
}

#[test]
fn an_owner_who_is_not_there_yet_is_supposed_to_come_where_something_is_made() {
    let made: [Task; 6] = [
        ("file", &[("path", "/srv/d"), ("state", "directory"), ("owner", "nosuch"), ("group", "nosuch")]),
        ("file", &[("path", "/srv/t"), ("state", "touch"), ("owner", "nosuch")]),
        ("copy", &[("content", "new"), ("dest", "/srv/f"), ("owner", "nosuch")]),
        ("get_url", &[("url", "http://files.test/a"), ("dest", "/srv/a"), ("owner", "nosuch")]),
        ("user", &[("name", "nosuch"), ("group", "nosuch")]),
        ("user", &[("name", "nosuch"), ("groups", "nosuch")]),
    ];
    for (module, args) in made {
        assert!(checked(module, args).fine().changed, "{module} {args:?}");
    }
    let there: [Case; 4] = [
        ("file", &[("path", "/srv/f"), ("owner", "nosuch")], "chown failed: failed to look up user nosuch"),
        (
            "copy",
            &[("content", "x\n"), ("dest", "/srv/f"), ("owner", "nosuch")],
            "chown failed: failed to look up user nosuch",
        ),
        (
            "lineinfile",
            &[("path", "/srv/f"), ("line", "y"), ("group", "nosuch")],
            "chgrp failed: failed to look up group nosuch",
        ),
        ("user", &[("name", "root"), ("groups", "nosuch")], "Group nosuch does not exist"),
    ];
    for (module, args, words) in there {
        assert_eq!(checked(module, args).complaint(), words, "{module} {args:?}");
    }
    let ran = checked("file", &[("path", "/srv/d"), ("state", "directory"), ("owner", "nosuch")]);
    assert_eq!(ran.traces.warnings, ["failed to look up user nosuch. Create user up to this point in real play"]);
}

#[test]
fn a_check_does_not_wait() {
    let ran = checked("wait_for", &[("port", "1"), ("timeout", "1")]);
    assert_eq!(ran.skipped.as_deref(), Some("remote module (wait_for) does not support check mode"));
}

#[test]
fn appending_no_groups_is_only_worth_a_warning() {
    let ran = apply(&mut Fake::default(), "user", &[("name", "root"), ("append", "yes")]).fine();
    assert!(!ran.changed && ran.traces.warnings[0].starts_with("'append' is set, but no 'groups' are specified"));
}

#[test]
fn waiting_for_a_path_tells_whose_it_is() {
    let mut machine = machine(&[("/srv/f", "x\n")]);
    let ran = apply(&mut machine, "wait_for", &[("path", "/srv/f")]).fine();
    assert_eq!(
        ["state", "owner", "mode", "size", "path"].map(|name| ran.text(name)),
        ["file", "root", "0644", "2", "/srv/f"]
    );
    let ran = apply(&mut machine, "wait_for", &[("path", "/srv/no"), ("state", "absent")]).fine();
    assert_eq!((ran.text("state").as_str(), ran.result.contains("uid")), ("absent", false));
}

#[test]
fn a_path_that_shall_be_gone_is_not_searched() {
    let mut machine = machine(&[("/srv/f", "x\n")]);
    let args = [("path", "/srv/f"), ("state", "absent"), ("search_regex", "zzz"), ("timeout", "0")];
    assert_eq!(apply(&mut machine, "wait_for", &args).complaint(), "Timeout when waiting for /srv/f to be absent.");
}

#[test]
fn a_failed_change_of_owner_tells_of_the_path() {
    for (module, more) in [("file", [("state", "file")]), ("lineinfile", [("line", "y")])] {
        let mut machine = machine(&[("/srv/f", "x\n")]);
        let ran = apply(&mut machine, module, &[&more[..], &[("path", "/srv/f"), ("owner", "nosuch")]].concat());
        assert_eq!(["path", "mode", "owner"].map(|name| ran.text(name)), ["/srv/f", "0644", "root"], "{module}");
    }
}
