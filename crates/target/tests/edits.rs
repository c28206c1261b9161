//! What `lineinfile` and `blockinfile` make of files, as ansible-core makes it.
mod runs;

use runs::{Ran, apply, machine};
use std::path::Path;
use target::machine::{Fake, Machine, Meta, Source};

/// Arguments, the text before, the text after, the message.
type Case<'c> = (&'c [(&'c str, &'c str)], &'c str, &'c str, &'c str);

fn edit(module: &str, args: &[(&str, &str)], text: &[u8]) -> (Ran, Vec<u8>) {
    let mut machine = Fake::default();
    machine.write(Path::new("/srv/f"), Source::Bytes(text), runs::PLAIN).unwrap();
    let ran = apply(&mut machine, module, &[args, &[("path", "/srv/f")]].concat());
    (ran, machine.read(Path::new("/srv/f")).unwrap())
}

fn hold(module: &str, cases: &[Case]) {
    for (args, before, after, message) in cases {
        let (ran, text) = edit(module, args, before.as_bytes());
        let ran = ran.fine();
        let got = (String::from_utf8(text).unwrap(), ran.text("msg"), ran.changed);
        assert_eq!(got, (after.to_string(), message.to_string(), before != after), "{args:?} {before:?}");
    }
}

#[test]
fn patterns_see_a_lines_end() {
    hold(
        "lineinfile",
        &[
            (&[("regexp", r"^Port\s"), ("line", "Port 22")], "Port\n", "Port 22\n", "line replaced"),
            (&[("regexp", r"^\s+$"), ("state", "absent")], "a\n\n  \nb\n", "a\nb\n", "2 line(s) removed"),
            (&[("regexp", r"^\s*$"), ("state", "absent")], "a\n\nb", "a\nb", "1 line(s) removed"),
            (&[("regexp", "^a$"), ("line", "z")], "a\r\nb\r\n", "a\r\nb\r\nz\n", "line added"),
            (&[("regexp", "^a$"), ("line", "z")], "a\nb\n", "z\nb\n", "line replaced"),
            (&[("regexp", "a\n"), ("line", "z")], "a\nb\n", "z\nb\n", "line replaced"),
            (&[("regexp", r"^(a\s)"), ("line", r"\1 2"), ("backrefs", "yes")], "a\nb\n", "a\n 2\nb\n", "line replaced"),
            (&[("insertafter", "^$"), ("line", "new")], "a\n\nb\n", "a\n\nnew\nb\n", "line added"),
            (&[("regexp", "(?i)^FOO[[]"), ("line", "new")], "foo[x\n", "new\n", "line replaced"),
            (&[("search_string", "foo"), ("line", "new")], "foo bar\nz\n", "new\nz\n", "line replaced"),
        ],
    );
    hold(
        "blockinfile",
        &[(
            &[("insertafter", r"Port\s"), ("block", "x"), ("marker", "#{mark}")],
            "Port\nb\n",
            "Port\n#BEGIN\nx\n#END\nb\n",
            "Block inserted",
        )],
    );
}

#[test]
fn the_line_itself_ends_as_a_line_does() {
    hold(
        "lineinfile",
        &[
            (&[("line", "b")], "a\nb", "a\nb\n", "line replaced"),
            (&[("line", "b")], "a\r\nb\r\n", "a\r\nb\n", "line replaced"),
            (&[("line", "b")], "b\r\nb\n", "b\r\nb\n", ""),
            (&[("line", "b")], "b\nb\r\n", "b\nb\n", "line replaced"),
            (&[("line", "x"), ("regexp", "zz")], "x\r\ny\n", "x\ny\n", "line replaced"),
            (&[("line", r"\1 2"), ("regexp", "^(a).*"), ("backrefs", "yes")], "b\na 2", "b\na 2\n", "line replaced"),
            (&[("line", "q"), ("state", "absent")], "q\r\nz\r\n", "z\r\n", "1 line(s) removed"),
        ],
    );
}

#[test]
fn the_first_place_counts_before_the_line_further_down() {
    let first = ("firstmatch", "yes");
    hold(
        "lineinfile",
        &[
            (&[("line", "l"), ("insertafter", "^x"), first], "x1\ny\nx2\nl\n", "x1\nl\ny\nx2\nl\n", "line added"),
            (&[("line", "l"), ("insertbefore", "^x"), first], "x1\ny\nl\n", "l\nx1\ny\nl\n", "line added"),
            (&[("line", "l"), ("insertafter", "^x"), first], "x1\nl\nx2\n", "x1\nl\nx2\n", ""),
            (&[("line", "l"), ("insertafter", "^x"), first], "x1\nl\r\nz\n", "x1\nl\r\nz\n", ""),
            (&[("line", "l"), ("insertafter", "^x"), first], "l\nx1\nz\n", "l\nx1\nz\n", ""),
            (&[("line", "l"), ("insertbefore", "^x"), first], "l\r\nx1\n", "l\nx1\n", "line replaced"),
            (&[("line", "l"), ("insertafter", "^x")], "x1\ny\nl\n", "x1\ny\nl\n", ""),
            (
                &[("line", "k"), ("regexp", "zz"), ("insertafter", "^x"), first],
                "x\ny\nk\n",
                "x\nk\ny\nk\n",
                "line added",
            ),
            (
                &[("line", "l"), ("regexp", "^l"), ("insertafter", "^x"), first],
                "x1\nq\nl2\n",
                "x1\nq\nl\n",
                "line replaced",
            ),
            (&[("line", "x2"), ("insertafter", "^x"), first], "x1\nx2\n", "x1\nx2\n", ""),
        ],
    );
}

#[test]
fn files_in_other_encodings_keep_their_bytes() {
    let (ran, text) = edit("lineinfile", &[("line", "é")], b"caf\xe9\nb\n");
    assert_eq!((ran.fine().text("msg"), text), ("line added".into(), b"caf\xe9\nb\n\xc3\xa9\n".to_vec()));
    let (ran, text) = edit("blockinfile", &[("block", "é"), ("marker", "#{mark}")], b"caf\xe9\n");
    assert_eq!((ran.fine().changed, text), (true, b"caf\xe9\n#BEGIN\n\xc3\xa9\n#END\n".to_vec()));
    // Patterns are of bytes, as Ansible's are.
    let pattern = |pattern: &'static str| [("regexp", pattern), ("line", "tea")];
    assert_eq!(edit("lineinfile", &pattern("^caf.$"), b"caf\xe9\n").1, b"tea\n");
    assert_eq!(edit("lineinfile", &pattern(r"^caf\w$"), b"caf\xe9\n").1, b"caf\xe9\ntea\n");
    assert_eq!(edit("lineinfile", &pattern("^caf.$"), "café\n".as_bytes()).1, "café\ntea\n".as_bytes());
    assert_eq!(edit("lineinfile", &pattern("^café$"), "café\n".as_bytes()).1, b"tea\n");
}

#[test]
fn a_block_that_is_not_wanted_makes_no_file() {
    let mut machine = Fake::default();
    for mode in ["0600", "0644"] {
        let args = [("path", "/srv/f"), ("block", "x"), ("create", "yes"), ("state", "absent"), ("mode", mode)];
        let ran = apply(&mut machine, "blockinfile", &args).fine();
        assert_eq!((ran.text("msg").as_str(), ran.changed), ("File /srv/f not present", false));
        assert_eq!(machine.text("/srv/f"), None);
    }
    let ran = apply(&mut machine, "blockinfile", &[("path", "/srv/g"), ("create", "yes"), ("block", "")]).fine();
    assert_eq!((ran.text("msg").as_str(), machine.text("/srv/g").as_deref()), ("File created", Some("")));
}

#[test]
fn messages_tell_of_owner_and_mode_that_changed_with_the_text() {
    /// A module, its arguments, the message.
    type Told<'c> = (&'c str, &'c [(&'c str, &'c str)], String);
    const ALSO: &str = "ownership, perms or SE linux context changed";
    let cases: [Told; 7] = [
        ("lineinfile", &[("line", "a"), ("mode", "0600")], ALSO.into()),
        ("lineinfile", &[("line", "b"), ("mode", "0600")], format!("line added and {ALSO}")),
        ("lineinfile", &[("line", "b"), ("mode", "0644")], "line added".into()),
        (
            "lineinfile",
            &[("line", "a"), ("state", "absent"), ("mode", "0600")],
            format!("1 line(s) removed and {ALSO}"),
        ),
        ("blockinfile", &[("block", "x"), ("mode", "0600")], format!("Block inserted and {ALSO}")),
        ("blockinfile", &[("block", "x"), ("owner", "1")], format!("Block inserted and {ALSO}")),
        ("blockinfile", &[("block", "x"), ("owner", "0")], "Block inserted".into()),
    ];
    for (module, args, message) in cases {
        assert_eq!(edit(module, args, b"a\n").0.fine().text("msg"), message, "{module} {args:?}");
    }
    let new = |machine: &mut Fake, module, more: [(&str, &str); 2]| {
        apply(machine, module, &[&more[..], &[("path", "/srv/new"), ("create", "yes")]].concat()).fine().text("msg")
    };
    let mut machine = machine(&[]);
    assert_eq!(new(&mut machine, "lineinfile", [("line", "x"), ("mode", "0600")]), format!("line added and {ALSO}"));
    let stat = machine.stat(Path::new("/srv/new"), false).unwrap().unwrap();
    assert_eq!(stat.meta(), Meta { mode: 0o600, ..runs::PLAIN });
    machine.remove_file(Path::new("/srv/new")).unwrap();
    assert_eq!(new(&mut machine, "blockinfile", [("block", "x"), ("mode", "0644")]), "File created");
}

#[test]
fn a_percent_sign_of_a_validator_is_written_twice() {
    let cases = [
        ("true 100%%a %s", None),
        ("true 100%a %s", Some("% in validate")),
        ("true %s %s", Some("% in validate")),
        ("true %%s", Some("validate must contain %s")),
        ("true", Some("validate must contain %s")),
    ];
    for (program, words) in cases {
        let (ran, _) = edit("lineinfile", &[("line", "b"), ("validate", program)], b"a\n");
        match words {
            None => drop(ran.fine()),
            Some(words) => assert!(ran.complaint().contains(words), "{program}: {}", ran.complaint()),
        }
    }
    let mut machine = Fake::default();
    let program = ("validate", "check 100%%a %s");
    apply(&mut machine, "copy", &[("content", "x"), ("dest", "/srv/x"), program]).fine();
    assert!(machine.world().ran[0].starts_with("check 100%a /tmp/"), "{:?}", machine.world().ran);
}

#[test]
fn only_copies_preserve_a_mode() {
    let mut machine = machine(&[]);
    for state in ["touch", "directory"] {
        let ran = apply(&mut machine, "file", &[("path", "/srv/x"), ("state", state), ("mode", "preserve")]);
        assert_eq!(ran.complaint(), "mode must be in octal or symbolic form");
        assert_eq!(ran.text("details"), "bad symbolic permission for mode: preserve");
    }
}
