//! A link between an engine and helpers that the test plays itself.
use super::*;
use crate::connect::Order;
use crate::engine::message::Patience;
use crate::engine::place::TaskKey;
use std::sync::Mutex;
use target::protocol::{Body, Decoder, Mode, encode};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf};
use tokio::sync::mpsc::unbounded_channel;

/// A way on which the first attempts fail.
struct Fake {
    failing: u32,
    helpers: UnboundedSender<Peer>,
    given_up: Arc<Mutex<u32>>,
}

impl Way for Fake {
    async fn helper(&mut self, _: Option<u32>) -> Result<Helper, Failure> {
        if self.failing > 0 {
            self.failing -= 1;
            return Err(Failure::Ssh { words: "Connection refused".into(), destination: self.name() });
        }
        let (near, far) = tokio::io::duplex(1 << 20);
        let ((reader, writer), (far_reader, far_writer)) = (tokio::io::split(near), tokio::io::split(far));
        let _ = self.helpers.send(Peer { reader: far_reader, writer: far_writer, decoder: Decoder::default() });
        Ok(Helper::new(Box::new(reader), Box::new(writer), Arc::default(), None, None))
    }

    async fn session(&mut self) -> Result<Option<Arc<openssh::Session>>, Failure> {
        Ok(None)
    }

    fn give_up(&mut self) {
        *self.given_up.lock().unwrap() += 1;
    }

    fn name(&self) -> String {
        "the host".into()
    }

    fn user(&self) -> Option<String> {
        None
    }
}

/// The helper's end.
struct Peer {
    reader: ReadHalf<DuplexStream>,
    writer: WriteHalf<DuplexStream>,
    decoder: Decoder,
}

impl Peer {
    async fn hears(&mut self) -> Option<ToHelper> {
        loop {
            if let Some(message) = self.decoder.next().unwrap() {
                return Some(message);
            }
            let mut buffer = vec![0; 1 << 16];
            match self.reader.read(&mut buffer).await {
                Ok(0) | Err(_) => return None,
                Ok(count) => self.decoder.push(&buffer[..count]),
            }
        }
    }

    async fn says(&mut self, message: FromHelper) {
        self.writer.write_all(&encode(&message).unwrap()).await.unwrap();
    }

    async fn hears_call(&mut self) -> (Lane, CallId) {
        match self.hears().await {
            Some(ToHelper::Call(call)) => (call.lane, call.id),
            other => panic!("instead of a call: {other:?}"),
        }
    }

    async fn answers(&mut self, (lane, id): (Lane, CallId)) {
        self.says(FromHelper::Done { lane, id, items: vec![Answer::default()] }).await;
    }
}

/// The engine's end.
struct Engine {
    orders: UnboundedSender<Order>,
    inputs: UnboundedReceiver<Input>,
    helpers: UnboundedReceiver<Peer>,
    given_up: Arc<Mutex<u32>>,
    blobs: Arc<Blobs>,
}

fn start(failing: u32) -> Engine {
    let ((orders, receiver), (sender, inputs), (peers, helpers)) =
        (unbounded_channel(), unbounded_channel(), unbounded_channel());
    let (given_up, blobs) = (Arc::<Mutex<u32>>::default(), Arc::<Blobs>::default());
    let way = Fake { failing, helpers: peers, given_up: given_up.clone() };
    tokio::spawn(Link::new(way, ConnectionKey("key".into()), sender, blobs.clone()).run(receiver));
    Engine { orders, inputs, helpers, given_up, blobs }
}

impl Engine {
    fn order(&self, order: Order) {
        assert!(self.orders.send(order).is_ok(), "the link is gone");
    }

    fn calls(&self, lane: Lane, id: CallId, hold: Hold) {
        self.order(Order::Call(call(lane, id, hold, 0.0)));
    }

    async fn input(&mut self) -> String {
        match self.inputs.recv().await {
            Some(Input::Answered { lane, id, items }) => match items.iter().find(|item| item.failed) {
                Some(item) => format!("{lane}/{id} failed: {}", item.result.get("msg").unwrap().to_text()),
                None => format!("{lane}/{id} answered"),
            },
            Some(Input::Dropped { lane, id }) => format!("{lane}/{id} dropped"),
            Some(Input::Lost { why, .. }) => format!("lost: {}", why.result.get("msg").unwrap().to_text()),
            other => panic!("{other:?}"),
        }
    }

    async fn helper(&mut self) -> Peer {
        self.helpers.recv().await.unwrap()
    }
}

fn call(lane: Lane, id: CallId, hold: Hold, timeout: f64) -> Box<Outgoing> {
    Box::new(Outgoing {
        lane,
        id,
        key: TaskKey::default(),
        epoch: 0,
        identity: None,
        hold,
        stop_on_fail: false,
        plain: false,
        patience: Patience { timeout, attempt: 5.0, pause: 1.0 },
        body: Body {
            module: "ping".into(),
            items: vec![Map::new()],
            mode: Mode::Apply,
            diff: false,
            environment: Vec::new(),
            timeout: None,
            no_log: false,
        },
    })
}

#[tokio::test(start_paused = true)]
async fn a_reset_waits_for_what_others_have_under_way() {
    let mut engine = start(0);
    engine.calls(1, 1, Hold::No);
    let mut old = engine.helper().await;
    assert_eq!(old.hears_call().await, (1, 1));
    engine.order(Order::Reset);
    engine.calls(0, 2, Hold::No);
    sleep(Duration::from_secs(60)).await;
    assert_eq!(*engine.given_up.lock().unwrap(), 0, "another host's call was cut");
    old.answers((1, 1)).await;
    assert_eq!(engine.input().await, "1/1 answered");
    assert!(old.hears().await.is_none(), "the helper's input ends");
    let mut new = engine.helper().await;
    assert_eq!(*engine.given_up.lock().unwrap(), 1);
    assert_eq!(new.hears_call().await, (0, 2));
}

#[tokio::test(start_paused = true)]
async fn a_reset_gives_calls_back_that_hold_for_the_host_that_resets() {
    let mut engine = start(0);
    for id in [1, 2] {
        engine.calls(1, id, Hold::AtChange);
    }
    let mut old = engine.helper().await;
    for id in [1, 2] {
        assert_eq!(old.hears_call().await, (1, id));
    }
    engine.order(Order::Reset);
    engine.order(Order::Commit { lane: 1, id: 1 });
    engine.calls(0, 3, Hold::No);
    for id in [2, 1] {
        assert_eq!(old.hears().await, Some(ToHelper::Cancel { lane: 1, id }));
    }
    // One of them was interrupted while it looked.
    old.answers((1, 1)).await;
    old.says(FromHelper::Dropped { lane: 1, id: 2 }).await;
    assert_eq!([engine.input().await, engine.input().await], ["1/1 dropped", "1/2 dropped"]);
    assert!(old.hears().await.is_none(), "no commit for what went back");
    assert_eq!(engine.helper().await.hears_call().await, (0, 3));
}

#[tokio::test(start_paused = true)]
async fn a_host_that_answers_for_another_or_for_nothing_is_cut() {
    let wrong = |lane, id, items| FromHelper::Done { lane, id, items: vec![Answer::default(); items] };
    let wrongs =
        [wrong(2, 1, 1), wrong(1, 2, 1), wrong(1, 1, 2), wrong(1, 1, 0), FromHelper::Dropped { lane: 2, id: 1 }];
    for message in wrongs {
        let mut engine = start(0);
        engine.calls(1, 1, Hold::No);
        let mut helper = engine.helper().await;
        helper.hears_call().await;
        helper.says(message.clone()).await;
        let input = engine.input().await;
        assert!(input.starts_with("lost: ") && input.contains("was not asked"), "{message:?}: {input}");
        assert_eq!(*engine.given_up.lock().unwrap(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_counts_once() {
    let mut engine = start(0);
    engine.calls(1, 1, Hold::No);
    let mut helper = engine.helper().await;
    let call = helper.hears_call().await;
    helper.answers(call).await;
    assert_eq!(engine.input().await, "1/1 answered");
    helper.answers(call).await;
    assert!(engine.input().await.starts_with("lost: "));
}

#[tokio::test]
async fn a_blob_that_failed_is_sent_again() {
    let mut engine = start(0);
    let hash = engine.blobs.add_bytes(b"contents".as_slice().into());
    engine.calls(1, 1, Hold::No);
    let mut helper = engine.helper().await;
    helper.hears_call().await;
    for stream in [1, 2] {
        helper.says(FromHelper::Need { hash, stream }).await;
        let whole = ToHelper::Blob { hash, stream, bytes: b"contents".into() };
        assert_eq!(helper.hears().await, Some(whole));
        assert_eq!(helper.hears().await, Some(ToHelper::Blob { hash, stream, bytes: Vec::new() }));
    }
    helper.says(FromHelper::Need { hash: [0; 32], stream: 3 }).await;
    assert!(matches!(helper.hears().await, Some(ToHelper::NoBlob { stream: 3, .. })));
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_host_tries_again_when_the_connection_is_cut() {
    let mut engine = start(0);
    engine.order(Order::Call(call(1, 1, Hold::No, 60.0)));
    let mut dead = engine.helper().await;
    dead.hears_call().await;
    drop(dead);
    // This one is cut without anybody noticing.
    let mut silent = engine.helper().await;
    assert_eq!(silent.hears_call().await, (1, 1));
    let mut alive = engine.helper().await;
    let call = alive.hears_call().await;
    alive.answers(call).await;
    assert_eq!(engine.input().await, "1/1 answered");
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_host_gives_up_in_time() {
    let mut engine = start(u32::MAX);
    let begun = Instant::now();
    engine.order(Order::Call(call(1, 1, Hold::No, 10.0)));
    let input = engine.input().await;
    assert!(input.starts_with("1/1 failed: timed out waiting for ping module test: "), "{input}");
    assert!(begun.elapsed() >= Duration::from_secs(9) && begun.elapsed() <= Duration::from_secs(10));
}

#[tokio::test(start_paused = true)]
async fn a_wait_is_called_off_and_ends_with_the_run() {
    let mut engine = start(u32::MAX);
    engine.order(Order::Call(call(1, 1, Hold::No, 600.0)));
    sleep(Duration::from_secs(20)).await;
    engine.order(Order::Cancel { lane: 1, id: 1 });
    assert_eq!(engine.input().await, "1/1 dropped");
    engine.order(Order::Call(call(1, 2, Hold::No, 600.0)));
    drop(engine.orders);
    assert!(engine.inputs.recv().await.is_none(), "the link has ended");
}

#[tokio::test(start_paused = true)]
async fn what_others_have_under_way_is_lost_with_the_connection() {
    let mut engine = start(0);
    engine.calls(2, 1, Hold::No);
    engine.order(Order::Call(call(1, 2, Hold::No, 60.0)));
    let mut helper = engine.helper().await;
    helper.hears_call().await;
    helper.hears_call().await;
    drop(helper);
    assert!(engine.input().await.starts_with("lost: "));
}

/// A piece of a file for the first call of lane 1.
fn piece(token: Token, bytes: &[u8]) -> FromHelper {
    FromHelper::Stream { lane: 1, id: 1, token, bytes: bytes.into() }
}

#[tokio::test]
async fn a_file_comes_in_pieces_and_each_makes_room_for_more() {
    let (mut engine, dir) = (start(0), tempfile::tempdir().unwrap());
    let dest = dir.path().join("host/file");
    let token = engine.blobs.sinks.expect(&dest).unwrap();
    engine.calls(1, 1, Hold::No);
    let mut peer = engine.helper().await;
    let call = peer.hears_call().await;
    for bytes in [&b"one "[..], b"two", b""] {
        peer.says(piece(token, bytes)).await;
        let credit = ToHelper::Credit { lane: 1, id: 1, bytes: bytes.len().max(1) as u32 };
        assert_eq!(peer.hears().await, Some(credit));
    }
    peer.answers(call).await;
    assert_eq!(engine.input().await, "1/1 answered");
    engine.blobs.sinks.take(&token).unwrap().unwrap();
    assert_eq!(std::fs::read(&dest).unwrap(), b"one two");
}

#[tokio::test]
async fn a_file_that_cannot_be_written_is_refused() {
    let (mut engine, dir) = (start(0), tempfile::tempdir().unwrap());
    std::fs::write(dir.path().join("host"), "in the way").unwrap();
    let token = engine.blobs.sinks.expect(&dir.path().join("host/file")).unwrap();
    engine.calls(1, 1, Hold::No);
    let mut peer = engine.helper().await;
    peer.hears_call().await;
    peer.says(piece(token, b"one")).await;
    assert_eq!(peer.hears().await, Some(ToHelper::Credit { lane: 1, id: 1, bytes: 0 }));
    assert!(engine.blobs.sinks.take(&token).unwrap().is_err());
}

#[tokio::test]
async fn a_host_that_sends_what_nobody_asked_for_or_too_much_is_cut() {
    let dir = tempfile::tempdir().unwrap();
    let of_another = |token| FromHelper::Stream { lane: 2, id: 1, token, bytes: b"x".into() };
    let wrongs: [&dyn Fn(Token) -> FromHelper; 3] = [&|_| piece([0; 16], b"x"), &of_another, &|token| {
        piece(token, &vec![0; target::protocol::WINDOW as usize + 1])
    }];
    for wrong in wrongs {
        let mut engine = start(0);
        let token = engine.blobs.sinks.expect(&dir.path().join("file")).unwrap();
        engine.calls(1, 1, Hold::No);
        let mut peer = engine.helper().await;
        peer.hears_call().await;
        peer.says(wrong(token)).await;
        assert!(engine.input().await.starts_with("lost: "));
        assert_eq!(
            std::fs::read_dir(dir.path())
                .unwrap()
                .filter(|entry| entry.as_ref().unwrap().file_name() == "file")
                .count(),
            0
        );
    }
}
