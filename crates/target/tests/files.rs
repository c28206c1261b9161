//! What the modules that make files, folders and links mean: what they leave alone, and what they say when they do.
mod runs;

use runs::{apply, machine, run, run_with};
use std::path::Path;
use target::host::Mode;
use target::machine::{Fake, Kind, Machine};
use value::{Map, Value};

/// A module, its arguments, words of its complaint.
type Case<'c> = (&'c str, &'c [(&'c str, &'c str)], &'c str);

const KEPT: [(&str, &str); 3] = [("/srv/data/", ""), ("/srv/data/www/", ""), ("/srv/data/www/keep", "keep")];

fn with_source(more: &[(&str, &str)]) -> Fake {
    machine(&[&KEPT, more].concat())
}

#[test]
fn a_folder_is_never_turned_into_a_file() {
    let cases: [Case; 4] = [
        (
            "copy",
            &[("src", "/srv/www"), ("dest", "/srv/data/"), ("remote_src", "yes")],
            "Could not replace '/srv/data/www'",
        ),
        ("copy", &[("content", "x"), ("dest", "/srv/data/www")], "can not use content with a dir as dest"),
        (
            "get_url",
            &[("url", "http://files.test/www"), ("dest", "/srv/data")],
            "attempted to take checksum of directory: /srv/data/www",
        ),
        (
            "uri",
            &[("url", "http://files.test/www"), ("dest", "/srv/data")],
            "attempted to take checksum of directory: /srv/data/www",
        ),
    ];
    for (module, args, words) in cases {
        let mut machine = with_source(&[("/srv/www", "hi")]);
        let before = machine.world().nodes.clone();
        let ran = apply(&mut machine, module, args);
        assert!(ran.complaint().contains(words), "{module}: {}", ran.complaint());
        assert_eq!(machine.world().nodes, before, "{module}");
        if module != "uri" {
            assert!(run(&mut machine, module, args, Mode::Check).failed.is_some(), "{module}: a check foretells it");
        }
    }
}

/// As the controller sends a file, or a folder.
fn sent(dest: &str, more: [(&str, Value); 2]) -> Map {
    [("dest", Value::from(dest))].into_iter().chain(more).collect()
}

#[test]
fn a_sent_file_goes_into_the_folder_of_its_name() {
    let mut machine = with_source(&[]);
    let args = sent("/srv/data/", [("content", "hi".into()), ("_original_basename", "www".into())]);
    run_with(&mut machine, "copy", &args, Mode::Apply).fine();
    assert_eq!(machine.text("/srv/data/www/www").as_deref(), Some("hi"));
    assert_eq!(machine.text("/srv/data/www/keep").as_deref(), Some("keep"));
}

#[test]
fn folders_and_files_of_a_tree_take_no_others_place() {
    let file = Value::map([("path", Value::from("www")), ("content", "hi".into())]);
    let link = Value::map([("path", Value::from("www")), ("link", "/etc".into())]);
    let folder = Value::map([("path", Value::from("file")), ("directory", true.into())]);
    let mut machine = with_source(&[("/srv/data/file", "mine")]);
    let mut copy = |entry: Value| {
        let args = sent("/srv/data", [("_entries", Value::list([entry])), ("src", "/x".into())]);
        run_with(&mut machine, "copy", &args, Mode::Apply)
    };
    copy(file).fine();
    assert!(copy(link).complaint().contains("/srv/data/www is not empty, refusing to convert it"));
    assert!(copy(folder).complaint().contains("Not a directory: /srv/data/file"));
    assert_eq!(machine.text("/srv/data/www/www").as_deref(), Some("hi"));
    assert_eq!(machine.text("/srv/data/file").as_deref(), Some("mine"));
}

#[test]
fn an_empty_folder_gives_way_to_a_link_that_is_forced() {
    let mut machine = machine(&[("/srv/a/", ""), ("/srv/b/", ""), ("/srv/b/c", "")]);
    let args = |path| [("path", path), ("src", "/etc"), ("state", "link"), ("force", "yes")];
    assert!(apply(&mut machine, "file", &args("/srv/a")).fine().changed);
    assert_eq!(machine.read_link(Path::new("/srv/a")).unwrap(), Path::new("/etc"));
    assert!(apply(&mut machine, "file", &args("/srv/b")).complaint().contains("is not empty"));
}

#[test]
fn the_name_of_a_download_is_never_a_way_up() {
    for url in ["http://files.test/a/..", "http://files.test/.", "http://files.test/a/..?x=/.."] {
        let mut machine = with_source(&[]);
        for module in ["get_url", "uri"] {
            apply(&mut machine, module, &[("url", url), ("dest", "/srv/data")]).fine();
            assert!(machine.text("/srv/data/index.html").is_some(), "{module} {url}");
        }
    }
}

fn tree() -> Fake {
    let mut machine =
        machine(&[("/srv/tree/", ""), ("/srv/tree/sub/", ""), ("/srv/tree/sub/f", "a"), ("/srv/out/", "")]);
    machine.symlink(Path::new("sub"), Path::new("/srv/tree/ln")).unwrap();
    machine.symlink(Path::new("sub/f"), Path::new("/srv/tree/lf")).unwrap();
    machine
}

const TREE: [(&str, &str); 3] = [("src", "/srv/tree"), ("dest", "/srv/out/"), ("remote_src", "yes")];

#[test]
fn links_in_a_tree_of_the_host_stay_links() {
    let mut machine = tree();
    machine.symlink(Path::new("/nonexist"), Path::new("/srv/tree/dang")).unwrap();
    apply(&mut machine, "copy", &TREE).fine();
    for (name, target) in [("ln", "sub"), ("lf", "sub/f"), ("dang", "/nonexist")] {
        let link = machine.read_link(&Path::new("/srv/out/tree").join(name)).expect(name);
        assert_eq!(link, Path::new(target));
    }
    assert!(!apply(&mut machine, "copy", &TREE).fine().changed);
}

#[test]
fn links_in_a_tree_of_the_host_are_followed_where_the_task_says_so() {
    let mut machine = tree();
    let args = [&TREE[..], &[("local_follow", "yes")]].concat();
    apply(&mut machine, "copy", &args).fine();
    assert_eq!(machine.text("/srv/out/tree/ln/f").as_deref(), Some("a"));
    machine.symlink(Path::new("/nonexist"), Path::new("/srv/tree/dang")).unwrap();
    assert!(apply(&mut machine, "copy", &args).complaint().contains("/srv/tree/dang"));
}

#[test]
fn what_is_no_file_is_not_copied_in_silence() {
    let mut machine = tree();
    let fifo = target::machine::Node::new(Kind::Fifo, runs::PLAIN);
    machine.world().nodes.insert("/srv/tree/ff".into(), fifo);
    assert_eq!(apply(&mut machine, "copy", &TREE).complaint(), "`/srv/tree/ff` is a named pipe");
    let one = [("src", "/srv/tree/ff"), ("dest", "/srv/out/ff"), ("remote_src", "yes")];
    assert_eq!(apply(&mut machine, "copy", &one).complaint(), "Cannot copy invalid source '/srv/tree/ff': not a file");
}

#[test]
fn owners_of_a_tree_are_those_of_its_links_and_of_what_they_lead_to() {
    let tree = || {
        let mut machine =
            machine(&[("/srv/t/", ""), ("/srv/t/in", ""), ("/srv/f", ""), ("/srv/rec/", ""), ("/srv/rec/f", "")]);
        for (name, target) in [("ld", "../t"), ("lf", "../f"), ("dang", "nope"), ("round", "..")] {
            machine.symlink(Path::new(target), &Path::new("/srv/rec").join(name)).unwrap();
        }
        machine
    };
    let args =
        [("path", "/srv/rec"), ("recurse", "yes"), ("state", "directory"), ("owner", "5"), ("mode", "u=rwX,g=rX,o=")];
    let own = |machine: &Fake, path: &str| machine.world().nodes[Path::new(path)].meta;
    let mut machine = tree();
    apply(&mut machine, "file", &args).fine();
    for (path, mode) in
        [("/srv/rec", 0o750), ("/srv/rec/f", 0o640), ("/srv/t", 0o750), ("/srv/t/in", 0o640), ("/srv/f", 0o640)]
    {
        assert_eq!((own(&machine, path).uid, own(&machine, path).mode), (5, mode), "{path}");
    }
    for link in ["ld", "lf", "dang", "round"] {
        assert_eq!(own(&machine, &format!("/srv/rec/{link}")).uid, 5, "{link}");
    }
    assert!(!apply(&mut machine, "file", &args).fine().changed);
    let mut machine = tree();
    let args = [&args[..], &[("follow", "no")]].concat();
    apply(&mut machine, "file", &args).fine();
    assert_eq!(
        ["/srv/rec/ld", "/srv/rec/f", "/srv/t", "/srv/t/in", "/srv/f"].map(|path| own(&machine, path).uid),
        [5, 5, 0, 0, 0]
    );
}

#[test]
fn a_tree_of_the_host_has_its_place_and_its_name() {
    for (dest, told, file) in [
        ("/srv/new", "/srv/new", "/srv/new/tree/sub/f"),
        ("/srv/new/", "/srv/new/tree", "/srv/new/tree/sub/f"),
        ("/srv/out", "/srv/out/tree", "/srv/out/tree/sub/f"),
    ] {
        let mut machine = tree();
        let ran = apply(&mut machine, "copy", &[("src", "/srv/tree"), ("dest", dest), ("remote_src", "yes")]).fine();
        assert_eq!((ran.text("dest").as_str(), machine.text(file).as_deref()), (told, Some("a")));
    }
    let nowhere = [("src", "/srv/tree"), ("dest", "/srv/new/sub"), ("remote_src", "yes")];
    assert_eq!(apply(&mut tree(), "copy", &nowhere).complaint(), "Destination directory /srv/new does not exist");
}

#[test]
fn a_link_that_is_followed_is_told_by_what_it_leads_to() {
    let mut machine = machine(&[("/srv/f", "x"), ("/srv/d/", "")]);
    for (link, target) in [("/srv/lf", "f"), ("/srv/ld", "d")] {
        machine.symlink(Path::new(target), Path::new(link)).unwrap();
    }
    for (path, state, target) in [("/srv/lf", "file", "/srv/f"), ("/srv/ld", "directory", "/srv/d")] {
        let args = [("path", path), ("state", state), ("mode", "0700")];
        let ran = apply(&mut machine, "file", &args).fine();
        assert_eq!(["path", "state", "mode"].map(|name| ran.text(name)), [target, state, "0700"]);
        let ran = apply(&mut machine, "file", &[&args[..], &[("follow", "no")]].concat());
        assert!(ran.complaint().contains("link"), "{}", ran.complaint());
    }
}
