//! A helper that is killed while it writes leaves the old file or the new one, and beside it nothing that another name could be
//! taken for.
mod driver;
mod runs;

use driver::{Channel, call, checked};
use runs::Folder;
use std::time::Instant;
use target::protocol::ToHelper;
use value::{Map, Value};

const SIZE: usize = 1 << 20;

/// A call that puts these bytes there.
fn copy(path: &str, bytes: Vec<u8>) -> ToHelper {
    let args: Map = [("content", Value::Bytes(bytes.into())), ("dest", path.into())].into_iter().collect();
    ToHelper::Call(call(1, "copy", vec![checked("copy", args)]))
}

const ROUNDS: u8 = 12;

#[test]
fn a_killed_helper_leaves_the_old_file_or_the_new_one() {
    let folder = Folder::new("killed");
    let path = folder.path("file");
    let mut there = vec![b'0'; SIZE];
    let began = Instant::now();
    let mut channel = Channel::local();
    channel.send(&copy(&path, there.clone()));
    channel.receive();
    let whole = began.elapsed();
    channel.close();
    let mut kept = 0;
    // From its start to well after its end.
    for round in 1..=ROUNDS {
        let bytes = vec![b'0' + round; SIZE];
        let began = Instant::now();
        let mut channel = Channel::local();
        channel.send(&copy(&path, bytes.clone()));
        std::thread::sleep((whole * u32::from(round) / u32::from(ROUNDS - 2)).saturating_sub(began.elapsed()));
        channel.process.kill().unwrap();
        channel.close();
        let now = std::fs::read(&path).unwrap();
        assert!(now == there || now == bytes, "round {round}: {} bytes that are neither", now.len());
        kept += usize::from(now == there);
        there = now;
        for entry in std::fs::read_dir(&folder.0).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            assert!(name == "file" || (name.starts_with(".file.") && name.ends_with(".deploy")), "{name}");
        }
    }
    assert!(kept > 0, "it was never killed before its end");
}
