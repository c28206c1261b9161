//! Whatever comes steadily and without end is ended by the task's time, by a cancel and by a cut.
mod driver;

use driver::{Channel, args, call};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use target::protocol::{Answer, Call, FromHelper, ToHelper};
use value::Value;

/// A server that sends a little, again and again.
fn dripping() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    std::thread::spawn(move || listener.incoming().flatten().for_each(|stream| drip(stream).unwrap_or_default()));
    url
}

fn drip(mut stream: TcpStream) -> std::io::Result<()> {
    let _ = stream.read(&mut [0; 4096])?;
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")?;
    loop {
        stream.write_all(b"drip ")?;
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn asking(id: u64) -> Call {
    call(id, "uri", vec![args("uri", &[("url", &dripping()), ("return_content", "yes")])])
}

fn message(answer: &Answer) -> &str {
    answer.result.get("msg").and_then(Value::as_str).unwrap_or_default()
}

/// A file that takes long to read, and no place.
struct Endless(PathBuf);

impl Endless {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("deploy-test-{name}-{}", std::process::id()));
        std::fs::File::create(&path).unwrap().set_len(1 << 40).unwrap();
        Self(path)
    }

    fn reading(&self, id: u64) -> Call {
        call(id, "stat", vec![args("stat", &[("path", &self.0.to_string_lossy()), ("get_checksum", "yes")])])
    }
}

impl Drop for Endless {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn a_timeout_ends_it_and_each_item_has_its_own() {
    let file = Endless::new("timeout");
    for mut call in [asking(1), file.reading(1)] {
        let begun = Instant::now();
        call.body.timeout = Some(1);
        if call.body.module == "stat" {
            call.body.items.push(args("stat", &[("path", "/")]));
        }
        let answers = Channel::local().answers(call);
        assert_eq!(message(&answers[0]), "Timed out after 1 second(s).");
        assert!(answers[0].failed && answers.iter().skip(1).all(|answer| !answer.failed), "{answers:?}");
        assert!(begun.elapsed() < Duration::from_secs(5));
    }
}

#[test]
fn a_cancel_ends_it() {
    let file = Endless::new("cancel");
    for call in [asking(7), file.reading(7)] {
        let mut channel = Channel::local();
        channel.send(&ToHelper::Call(call));
        std::thread::sleep(Duration::from_millis(500));
        let begun = Instant::now();
        channel.send(&ToHelper::Cancel { lane: 0, id: 7 });
        assert!(matches!(channel.receive(), Some(FromHelper::Done { id: 7, items, .. }) if items[0].failed));
        assert!(begun.elapsed() < Duration::from_secs(3));
        assert!(!channel.answers(driver::call(8, "ping", vec![args("ping", &[])]))[0].failed, "the lane goes on");
    }
}

#[test]
fn a_cut_ends_it() {
    let file = Endless::new("cut");
    for call in [asking(1), file.reading(1)] {
        let mut channel = Channel::local();
        channel.send(&ToHelper::Call(call));
        std::thread::sleep(Duration::from_millis(500));
        let begun = Instant::now();
        channel.close();
        assert!(begun.elapsed() < Duration::from_secs(3));
    }
}
