//! The controller's end of a channel, as small as can be: starts a helper, sends calls, takes answers.
use std::collections::HashMap;
use std::io::{BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use target::modules;
use target::protocol::{
    Answer, BlobHash, Body, Call, FromHelper, Hello, Hold, Identity, Mode, StreamId, ToHelper, read_frame, write_frame,
};
use value::spec::check;
use value::{Map, Value};

#[allow(dead_code)] // Each test binary uses its part of the driver.
pub struct Channel {
    pub process: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    pub hello: Hello,
    pub blobs: HashMap<BlobHash, Vec<u8>>,
    next: u64,
}

/// A call with the settings that most have.
pub fn call(id: u64, module: &str, items: Vec<Map>) -> Call {
    Call {
        id,
        lane: 0,
        key: id.to_string(),
        epoch: 0,
        identity: None,
        hold: Hold::No,
        stop_on_fail: false,
        body: Body {
            module: module.into(),
            items,
            mode: Mode::Apply,
            diff: true,
            environment: Vec::new(),
            timeout: None,
            no_log: false,
        },
    }
}

/// Arguments as a controller has checked them.
pub fn checked(module: &str, args: Map) -> Map {
    let spec = modules::find(module).unwrap_or_else(|| panic!("no module {module}")).spec();
    check(spec, module, &args).unwrap_or_else(|complaints| panic!("{module}: {complaints:?}"))
}

pub fn args(module: &str, words: &[(&str, &str)]) -> Map {
    checked(module, words.iter().map(|(name, value)| (*name, Value::from(*value))).collect())
}

#[allow(dead_code)] // Each test binary uses its part of the driver.
impl Channel {
    pub fn open(mut command: Command) -> Self {
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the helper starts");
        let stdin = process.stdin.take();
        let mut stdout = BufReader::new(process.stdout.take().expect("a pipe"));
        let Some(FromHelper::Hello(hello)) = read_frame(&mut stdout).expect("a frame") else { panic!("no hello") };
        Self { process, stdin, stdout, hello, blobs: HashMap::new(), next: 0 }
    }

    pub fn local() -> Self {
        // Cargo says where it is, but not to examples, which have no use for it.
        let program = option_env!("CARGO_BIN_EXE_deploy-helper");
        Self::open(Command::new(program.unwrap_or("deploy-helper")))
    }

    pub fn send(&mut self, message: &ToHelper) {
        write_frame(self.stdin.as_mut().expect("open"), message).expect("sent");
    }

    /// The next message, but for blobs that are asked for, which are sent, and progress.
    pub fn receive(&mut self) -> Option<FromHelper> {
        loop {
            match read_frame(&mut self.stdout).expect("a frame") {
                Some(FromHelper::Need { hash, stream }) => self.send_blob(hash, stream),
                Some(FromHelper::Progress { .. }) => {}
                other => return other,
            }
        }
    }

    /// The next message, whatever it is.
    pub fn receive_any(&mut self) -> Option<FromHelper> {
        read_frame(&mut self.stdout).expect("a frame")
    }

    fn send_blob(&mut self, hash: BlobHash, stream: StreamId) {
        match self.blobs.get(&hash).cloned() {
            Some(bytes) => {
                for piece in bytes.chunks(100_000) {
                    self.send(&ToHelper::Blob { hash, stream, bytes: piece.to_vec() });
                }
                self.send(&ToHelper::Blob { hash, stream, bytes: Vec::new() });
            }
            None => self.send(&ToHelper::NoBlob { hash, stream, why: "the file is gone".into() }),
        }
    }

    pub fn answers(&mut self, call: Call) -> Vec<Answer> {
        let wanted = call.id;
        self.send(&ToHelper::Call(call));
        match self.receive() {
            Some(FromHelper::Done { id, items, .. }) if id == wanted => items,
            other => panic!("instead of an answer: {other:?}"),
        }
    }

    pub fn id(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// One task of one item.
    pub fn task(&mut self, module: &str, words: &[(&str, &str)], mode: Mode) -> Answer {
        let id = self.id();
        let mut call = call(id, module, vec![args(module, words)]);
        call.body.mode = mode;
        self.answers(call).remove(0)
    }

    pub fn task_as(&mut self, identity: Option<Identity>, module: &str, args: Map, mode: Mode) -> Answer {
        let id = self.id();
        let mut call = call(id, module, vec![args]);
        call.identity = identity;
        call.body.mode = mode;
        self.answers(call).remove(0)
    }

    pub fn undo(&mut self) -> Answer {
        let id = self.id();
        self.send(&ToHelper::Undo { lane: 0, id });
        match self.receive() {
            Some(FromHelper::Done { items, .. }) => items.into_iter().next().expect("one answer"),
            other => panic!("instead of an answer: {other:?}"),
        }
    }

    /// Cuts the connection, and kills a helper that does not end by itself in this time: the test has failed.
    pub fn end_within(mut self, time: std::time::Duration) {
        drop(self.stdin.take());
        let end = std::time::Instant::now() + time;
        while self.process.try_wait().expect("it can be asked").is_none() {
            if std::time::Instant::now() > end {
                let _ = self.process.kill();
                panic!("the helper runs on");
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }

    /// Cuts the connection, and waits for the helper's end.
    pub fn close(mut self) -> std::process::ExitStatus {
        if let Some(mut stdin) = self.stdin.take() {
            stdin.flush().expect("flushed");
        }
        drop(self.stdout);
        self.process.wait().expect("it ended")
    }
}
