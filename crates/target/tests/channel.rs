//! The helper as a process, over pipes: order, epochs, holding, cancelling, cutting.
mod driver;

use driver::{Channel, args, call};
use std::time::{Duration, Instant};
use target::protocol::{Answer, FromHelper, Hold, Identity, Mode, ToHelper, WINDOW};
use value::Value;

fn text<'a>(answer: &'a Answer, name: &str) -> &'a str {
    answer.result.get(name).and_then(Value::as_str).unwrap_or_else(|| panic!("no `{name}` in {answer:?}"))
}

#[test]
fn calls_are_answered_in_order_and_the_helper_ends_with_its_input() {
    let mut channel = Channel::local();
    assert_eq!(text(&channel.task("ping", &[], Mode::Apply), "ping"), "pong");
    let answer = channel.task("command", &[("cmd", "printf 'a\nb'")], Mode::Apply);
    assert!(answer.changed && !answer.failed);
    assert_eq!(answer.result.get("stdout_lines"), Some(&Value::from(vec!["a", "b"])));
    let failed = channel.task("command", &[("cmd", "sh -c 'echo no >&2; exit 3'")], Mode::Apply);
    assert_eq!((failed.failed, failed.changed, failed.result.get("rc")), (true, true, Some(&Value::Int(3))));
    assert_eq!((text(&failed, "msg"), text(&failed, "stderr")), ("non-zero return code", "no"));
    assert!(channel.close().success());
}

#[test]
fn a_check_skips_what_nobody_can_foretell() {
    let mut channel = Channel::local();
    let answer = channel.task("command", &[("cmd", "touch /nonexistent/x")], Mode::Check);
    assert!(answer.skipped && !answer.failed);
    assert_eq!(text(&answer, "msg"), "Command would have run if not in check mode");
    let planned = channel.task("command", &[("cmd", "touch /nonexistent/x")], Mode::Plan);
    assert_eq!(planned.unforeseen.as_deref(), Some("touch /nonexistent/x"));
}

#[test]
fn a_failure_drops_the_rest_of_its_epoch_and_no_more() {
    let mut channel = Channel::local();
    for (id, epoch, line) in [(1, 0, "false"), (2, 0, "true"), (3, 1, "true")] {
        let mut call = call(id, "command", vec![args("command", &[("cmd", line)])]);
        (call.epoch, call.stop_on_fail) = (epoch, true);
        channel.send(&ToHelper::Call(call));
    }
    assert!(matches!(channel.receive(), Some(FromHelper::Done { id: 1, items, .. }) if items[0].failed));
    assert_eq!(channel.receive(), Some(FromHelper::Dropped { lane: 0, id: 2 }));
    assert!(matches!(channel.receive(), Some(FromHelper::Done { id: 3, items, .. }) if !items[0].failed));
}

#[test]
fn a_call_that_holds_waits_for_its_commit() {
    let mut channel = Channel::local();
    for (id, hold) in [(1, Hold::AtStart), (2, Hold::AtChange)] {
        let mut call = call(id, "command", vec![args("command", &[("cmd", "true")])]);
        call.hold = hold;
        channel.send(&ToHelper::Call(call));
    }
    std::thread::sleep(Duration::from_millis(300));
    channel.send(&ToHelper::Commit { lane: 0, id: 1 });
    assert!(matches!(channel.receive(), Some(FromHelper::Done { id: 1, .. })));
    channel.send(&ToHelper::Cancel { lane: 0, id: 2 });
    assert_eq!(channel.receive(), Some(FromHelper::Dropped { lane: 0, id: 2 }));
    // What changes nothing needs no commit.
    let mut converged = call(3, "command", vec![args("command", &[("cmd", "true"), ("creates", "/etc")])]);
    converged.hold = Hold::AtChange;
    assert!(!channel.answers(converged)[0].changed);
}

#[test]
fn a_running_call_is_cancelled_and_its_whole_group_with_it() {
    let mut channel = Channel::local();
    let begun = Instant::now();
    channel.send(&ToHelper::Call(call(
        100,
        "command",
        vec![args("command", &[("cmd", "sh -c 'sleep 60 & sleep 60'")])],
    )));
    std::thread::sleep(Duration::from_millis(300));
    channel.send(&ToHelper::Cancel { lane: 0, id: 100 });
    assert!(matches!(channel.receive(), Some(FromHelper::Done { id: 100, items, .. }) if items[0].failed));
    assert!(begun.elapsed() < Duration::from_secs(10));
    // The lane goes on.
    assert!(!channel.task("ping", &[], Mode::Apply).failed);
}

#[test]
fn a_timeout_ends_a_command() {
    let mut channel = Channel::local();
    let mut slow = call(1, "command", vec![args("command", &[("cmd", "sleep 60")])]);
    slow.body.timeout = Some(1);
    let answer = channel.answers(slow).remove(0);
    assert!(answer.failed);
    assert_eq!(text(&answer, "msg"), "Timed out after 1 second(s).");
}

#[test]
fn each_item_of_a_loop_has_the_whole_time() {
    let mut channel = Channel::local();
    let items = ["sleep 0.7", "sleep 0.7", "sleep 60", "true"].map(|line| args("command", &[("cmd", line)]));
    let mut slow = call(1, "command", items.into());
    slow.body.timeout = Some(1);
    let answers = channel.answers(slow);
    assert_eq!(answers.iter().map(|answer| answer.failed).collect::<Vec<_>>(), [false, false, true, false]);
    assert_eq!(text(&answers[2], "msg"), "Timed out after 1 second(s).");
}

/// A tool that lets anybody become anybody, in half a second, and notes each time that it did.
fn tool(folder: &std::path::Path) -> Identity {
    let path = folder.join("tool");
    let noted = folder.join("noted").to_string_lossy().into_owned();
    let script = format!(
        "#!/bin/sh\necho $$ >>{noted}\nsleep 0.5\nwhile [ \"$1\" != -- ]; do shift; done; shift\nexec \"$@\"\n"
    );
    std::fs::write(&path, script).unwrap();
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let exe = Some(path.to_string_lossy().into_owned());
    Identity { method: "sudo".into(), user: "nobody".into(), exe, flags: Vec::new(), password: None }
}

#[test]
fn lanes_that_become_the_same_user_at_once_share_one_helper_which_ends_with_the_channel() {
    let folder = folder("lanes");
    let identity = tool(&folder);
    let mut channel = Channel::local();
    for lane in 0..6 {
        let mut call = call(lane.into(), "ping", vec![args("ping", &[])]);
        (call.lane, call.identity) = (lane, Some(identity.clone()));
        channel.send(&ToHelper::Call(call));
    }
    for _ in 0..6 {
        let answer = channel.receive();
        assert!(matches!(&answer, Some(FromHelper::Done { items, .. }) if !items[0].failed), "{answer:?}");
    }
    let begun = Instant::now();
    channel.end_within(Duration::from_secs(10));
    assert!(begun.elapsed() < Duration::from_secs(5), "a helper was left over");
    assert_eq!(std::fs::read_to_string(folder.join("noted")).unwrap().lines().count(), 1);
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_helper_that_is_still_starting_ends_with_the_channel() {
    let folder = folder("starting");
    let identity = tool(&folder);
    std::fs::write(folder.join("tool"), "#!/bin/sh\nexec cat\n").unwrap();
    let mut channel = Channel::local();
    let mut call = call(1, "ping", vec![args("ping", &[])]);
    call.identity = Some(identity);
    channel.send(&ToHelper::Call(call));
    std::thread::sleep(Duration::from_millis(300));
    channel.end_within(Duration::from_secs(5));
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_helper_of_another_user_is_out_of_reach_of_the_terminals_signals() {
    let folder = folder("group");
    let mut channel = Channel::local();
    let answer = channel.task_as(Some(tool(&folder)), "ping", args("ping", &[]), Mode::Apply);
    assert!(!answer.failed, "{answer:?}");
    let child: i32 = std::fs::read_to_string(folder.join("noted")).unwrap().trim().parse().unwrap();
    let group = |process: i32| {
        let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
        stat.rsplit(')').next().unwrap().split_whitespace().nth(2).unwrap().parse::<i32>().unwrap()
    };
    assert_ne!(group(child), group(channel.process.id() as i32));
    channel.end_within(Duration::from_secs(5));
    assert!(!std::path::Path::new(&format!("/proc/{child}")).exists());
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn what_a_login_has_to_say_is_passed_over() {
    let folder = folder("profile");
    let identity = tool(&folder);
    let script = std::fs::read_to_string(folder.join("tool")).unwrap();
    std::fs::write(folder.join("tool"), script.replace("sleep 0.5", "printf 'Welcome!\nYou have new mail. '")).unwrap();
    let mut channel = Channel::local();
    let answer = channel.task_as(Some(identity), "ping", args("ping", &[]), Mode::Apply);
    assert!(!answer.failed, "{answer:?}");
    channel.end_within(Duration::from_secs(5));
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn to_become_who_one_is_needs_no_tool() {
    let mut channel = Channel::local();
    let own = channel.hello.user.clone();
    let identity = Identity {
        method: "sudo".into(),
        user: own,
        exe: Some("/nonexistent/sudo".into()),
        flags: vec!["-i".into()],
        password: None,
    };
    let answer = channel.task_as(Some(identity), "ping", args("ping", &[]), Mode::Apply);
    assert!(!answer.failed, "{answer:?}");
}

#[test]
fn a_cut_connection_kills_the_running_task_and_leaves_nothing() {
    let mark = format!("60.{}", std::process::id());
    let mut channel = Channel::local();
    channel.send(&ToHelper::Call(call(1, "command", vec![args("command", &[("cmd", &format!("sleep {mark}"))])])));
    std::thread::sleep(Duration::from_millis(300));
    assert!(is_running(&mark), "the test's own premise");
    let begun = Instant::now();
    channel.close();
    assert!(begun.elapsed() < Duration::from_secs(10));
    assert!(!is_running(&mark));
}

fn is_running(mark: &str) -> bool {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let mut lines = processes.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
    lines.any(|line| String::from_utf8_lossy(&line).contains(mark) && line.starts_with(b"sleep"))
}

#[test]
fn rubbish_ends_the_helper_with_an_error_and_not_a_panic() {
    use std::io::{Read, Write};
    use std::process::{Command, Stdio};
    let mut process = Command::new(env!("CARGO_BIN_EXE_deploy-helper"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    process.stdin.take().unwrap().write_all(&[0xff; 64]).unwrap();
    let mut said = String::new();
    process.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(!process.wait().unwrap().success());
    assert!(said.contains("longer than any message") && !said.contains("panicked"), "{said}");
}

/// The arguments of a copy whose contents the controller keeps.
fn copy_of(bytes: &[u8], dest: &std::path::Path) -> (value::Map, [u8; 32]) {
    let hash = *blake3::hash(bytes).as_bytes();
    let content = Value::map([("blob", Value::Bytes(hash.as_slice().into())), ("size", bytes.len().into())]);
    let dest = dest.to_string_lossy().into_owned();
    (driver::checked("copy", [("content", content), ("dest", dest.into())].into_iter().collect()), hash)
}

fn folder(name: &str) -> std::path::PathBuf {
    let folder = std::env::temp_dir().join(format!("deploy-test-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn a_big_file_is_sent_once_and_only_where_it_is_not_there() {
    let folder = folder("blob");
    let bytes: Vec<u8> = (0..700_000_u32).map(|number| (number % 251) as u8).collect();
    let (one, hash) = copy_of(&bytes, &folder.join("one"));
    let (two, _) = copy_of(&bytes, &folder.join("two"));
    let mut channel = Channel::local();
    channel.blobs.insert(hash, bytes.clone());
    let answers = channel.answers(call(1, "copy", vec![one.clone(), two]));
    assert!(answers.iter().all(|answer| answer.changed && !answer.failed), "{answers:?}");
    assert_eq!(std::fs::read(folder.join("two")).unwrap(), bytes);
    drop(channel);
    // What is there already needs nobody to send it.
    let mut channel = Channel::local();
    let answer = channel.answers(call(1, "copy", vec![one])).remove(0);
    assert!(!answer.changed && !answer.failed, "{answer:?}");
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_file_that_comes_with_other_contents_or_not_at_all_fails_its_call() {
    let folder = folder("noblob");
    let (args, hash) = copy_of(b"promised", &folder.join("file"));
    let mut channel = Channel::local();
    let answer = channel.answers(call(1, "copy", vec![args.clone()])).remove(0);
    assert_eq!((answer.failed, text(&answer, "msg")), (true, "the file is gone"));
    channel.blobs.insert(hash, b"forged!!".to_vec());
    let answer = channel.answers(call(2, "copy", vec![args])).remove(0);
    assert!(answer.failed && text(&answer, "msg").contains("other contents"), "{answer:?}");
    assert!(!folder.join("file").exists());
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn what_is_left_of_a_stream_that_failed_does_not_go_into_the_next() {
    let folder = folder("streams");
    let (args, hash) = copy_of(b"promised", &folder.join("file"));
    let mut channel = Channel::local();
    let piece = |stream, bytes: &[u8]| ToHelper::Blob { hash, stream, bytes: bytes.into() };
    channel.send(&ToHelper::Call(call(1, "copy", vec![args.clone()])));
    let Some(FromHelper::Need { stream: first, .. }) = channel.receive_any() else { panic!("it is not asked for") };
    channel.send(&piece(first, b"forged"));
    channel.send(&piece(first, b""));
    assert!(matches!(channel.receive(), Some(FromHelper::Done { items, .. }) if items[0].failed));
    channel.send(&ToHelper::Call(call(2, "copy", vec![args])));
    let Some(FromHelper::Need { stream: second, .. }) = channel.receive_any() else { panic!("it is not asked for") };
    channel.send(&piece(second, b"prom"));
    channel.send(&piece(first, b"leftover"));
    channel.send(&ToHelper::NoBlob { hash, stream: first, why: "late".into() });
    channel.send(&piece(second, b"ised"));
    channel.send(&piece(second, b""));
    let answer = channel.receive();
    assert!(matches!(&answer, Some(FromHelper::Done { items, .. }) if !items[0].failed), "{answer:?}");
    assert_eq!(std::fs::read(folder.join("file")).unwrap(), b"promised");
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn undo_takes_back_what_a_channel_did() {
    let folder = folder("undo");
    let file = folder.join("motd");
    std::fs::write(&file, "before\n").unwrap();
    let path = file.to_string_lossy().into_owned();
    let mut channel = Channel::local();
    channel.task("copy", &[("content", "after\n"), ("dest", &path), ("mode", "0600")], Mode::Apply);
    channel.task("command", &[("cmd", "true")], Mode::Apply);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "after\n");
    let undone = channel.undo();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "before\n");
    let left = undone.result.get("left").and_then(Value::as_list).unwrap();
    assert_eq!(left[0].get("what"), Some(&Value::from("true")), "a command cannot be undone, and is named");
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_secret_argument_is_marked_in_whatever_comes_back() {
    let mut channel = Channel::local();
    let secret = Value::Str(value::Str::from("hunter2").with_secrecy(true));
    let mut args = args("command", &[("argv", "echo,x")]);
    args.insert("argv", Value::list(["echo".into(), secret]));
    let answer = channel.answers(call(1, "command", vec![args])).remove(0);
    assert!(answer.result.get("stdout").is_some_and(Value::holds_secret), "{answer:?}");
    assert!(!format!("{answer:?}").contains("hunter2"));
}

/// As root: the program's own file is often in a folder that only root can read.
#[test]
fn from_root_a_helper_becomes_another_user_who_cannot_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder("private");
    let program = folder.join("helper");
    std::fs::copy(env!("CARGO_BIN_EXE_deploy-helper"), &program).unwrap();
    std::fs::set_permissions(&program, PermissionsExt::from_mode(0o700)).unwrap();
    let mut channel = Channel::open(std::process::Command::new(&program));
    if channel.hello.uid == 0 {
        let identity =
            Identity { method: "sudo".into(), user: "nobody".into(), exe: None, flags: Vec::new(), password: None };
        let answer = channel.task_as(Some(identity), "command", args("command", &[("cmd", "id -un")]), Mode::Apply);
        assert_eq!(text(&answer, "stdout"), "nobody", "{answer:?}");
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_file_is_sent_in_pieces_and_only_as_fast_as_they_are_taken() {
    let folder = folder("sent");
    let (path, token) = (folder.join("file"), [7; 16]);
    let bytes: Vec<u8> = (0..5_000_000_u32).map(|number| (number % 251) as u8).collect();
    std::fs::write(&path, &bytes).unwrap();
    let args = |have: &[u8]| {
        let have = Value::map([("hash", Value::Bytes(have.into())), ("size", bytes.len().into())]);
        let args = [("src", Value::from(path.to_str().unwrap())), ("_into", Value::Bytes((&token[..]).into()))];
        driver::checked("slurp", args.into_iter().chain([("_have", have)]).collect())
    };
    let mut channel = Channel::local();
    channel.send(&ToHelper::Call(call(1, "slurp", vec![args(&[0; 32])])));
    let (mut came, mut under_way) = (Vec::new(), 0);
    loop {
        let Some(FromHelper::Stream { lane: 0, id: 1, token: own, bytes }) = channel.receive_any() else {
            panic!("no file")
        };
        assert_eq!(own, token);
        under_way += bytes.len().max(1) as u64;
        assert!(under_way <= WINDOW, "{under_way} bytes were sent, and none of them was taken yet");
        came.extend_from_slice(&bytes);
        if bytes.is_empty() || under_way > WINDOW / 2 {
            channel.send(&ToHelper::Credit { lane: 0, id: 1, bytes: under_way as u32 });
            under_way = 0;
        }
        if bytes.is_empty() {
            break;
        }
    }
    assert!(came == bytes);
    let Some(FromHelper::Done { items, .. }) = channel.receive() else { panic!("no answer") };
    assert!(!items[0].failed && items[0].result.get("content").is_none(), "{items:?}");
    // What the controller has is not sent again.
    let answer = channel.answers(call(2, "slurp", vec![args(blake3::hash(&bytes).as_bytes())])).remove(0);
    assert_eq!(answer.result.get("same"), Some(&Value::Bool(true)));
    // What the controller does not take is no answer's end.
    channel.send(&ToHelper::Call(call(3, "slurp", vec![args(&[0; 32])])));
    channel.receive_any();
    channel.send(&ToHelper::Credit { lane: 0, id: 3, bytes: 0 });
    let refused = loop {
        match channel.receive_any() {
            Some(FromHelper::Stream { .. }) => {}
            Some(FromHelper::Done { items, .. }) => break items,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(text(&refused[0], "msg"), "the controller does not take the file");
    std::fs::remove_dir_all(&folder).unwrap();
}
