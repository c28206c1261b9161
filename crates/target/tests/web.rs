//! What `get_url` and `uri` make of what servers say.
mod runs;

use runs::{apply, machine, run, run_with};
use std::path::Path;
use target::host::Mode;
use target::machine::Fake;
use value::{Map, Value};

fn get(path: &str) -> runs::Ran {
    let url = format!("http://files.test{path}");
    apply(&mut Fake::default(), "uri", &[("url", &url), ("return_content", "yes")])
}

#[test]
fn a_long_answer_is_returned_whole() {
    let ran = get("/long.json").fine();
    let content = ran.text("content");
    assert!(content.len() > 5 << 20 && content.ends_with("\"]"), "{}", content.len());
    assert_eq!(ran.result.get("json").and_then(Value::as_list).map(<[Value]>::len), Some(1));
}

#[test]
fn an_answer_is_read_in_its_own_encoding() {
    assert_eq!(get("/latin1").fine().text("content"), "café");
    assert_eq!(get("/bogus").complaint(), "unknown encoding: bogus");
}

#[test]
fn forms_leave_out_what_is_null() {
    let body =
        Value::map([("a", Value::Null), ("b", Value::list([1.into(), Value::Null, "x".into()])), ("d", "".into())]);
    let mut args: Map = [
        ("url", "http://files.test/echo"),
        ("method", "POST"),
        ("body_format", "form-urlencoded"),
        ("return_content", "yes"),
    ]
    .into_iter()
    .collect();
    args.insert("body", body);
    let ran = run_with(&mut Fake::default(), "uri", &args, Mode::Apply).fine();
    assert_eq!(ran.text("content"), "b=1&b=x&d=");
}

#[test]
fn a_file_of_the_host_is_fetched_as_from_a_server() {
    let mut machine = machine(&[("/srv/a b", "one\n"), ("/srv/dir/", "")]);
    let args = [("url", "file:///srv/a%20b"), ("dest", "/srv/two"), ("mode", "0600")];
    assert!(run(&mut machine, "get_url", &args, Mode::Check).fine().changed);
    let ran = apply(&mut machine, "get_url", &args).fine();
    assert_eq!((ran.text("msg").as_str(), ran.result.get("status_code")), ("OK (4 bytes)", Some(&Value::Null)));
    assert_eq!(machine.text("/srv/two").as_deref(), Some("one\n"));
    assert!(!apply(&mut machine, "get_url", &args).fine().changed);
    let ran = apply(&mut machine, "get_url", &[("url", "file:///srv/nope"), ("dest", "/srv/three")]);
    assert!(
        ran.complaint().starts_with("Request failed: <urlopen error [Errno 2] No such file or directory"),
        "{}",
        ran.complaint()
    );
    apply(&mut machine, "get_url", &[("url", "file:///srv/a%20b"), ("dest", "/srv/dir")]).fine();
    assert!(machine.text("/srv/dir/a%20b").is_some());
    let wrong = [("url", "file:///srv/a%20b"), ("dest", "/srv/four"), ("checksum", "sha1:00")];
    assert!(apply(&mut machine, "get_url", &wrong).complaint().contains("did not match"));
}

#[test]
fn a_download_waits_in_the_folder_that_the_task_names() {
    let mut machine = machine(&[("/srv/file", "")]);
    for (tmp, words) in [
        ("/srv/nope", "/srv/nope directory does not exist."),
        ("/srv/file", "/srv/file is a file but should be a directory."),
    ] {
        let args = [("url", "http://files.test/a"), ("dest", "/srv/a"), ("tmp_dest", tmp)];
        assert_eq!(apply(&mut machine, "get_url", &args).complaint(), words);
    }
    let folder = runs::Folder::new("spool");
    let mut spool = target::web::Spool::in_folder(&folder.0);
    spool.fill(&mut vec![7; 5 << 20].as_slice(), |_| {}).unwrap();
    let target::host::Contents::Stored { path, size } = spool.contents() else { panic!("not on disk") };
    assert_eq!((path.parent(), size), (Some(folder.0.as_path()), 5 << 20));
    drop(spool);
    assert!(!Path::new(&path).exists());
}
