//! One connection's life: it is made when the first call is there, carries frames until nobody needs it, and says so when it breaks.
use super::failure::Failure;
use super::helper::Helper;
use super::way::Way;
use super::{Order, plain};
use crate::engine::message::{ConnectionKey, Input, Outgoing};
use crate::world::blobs::Blobs;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use target::protocol::{Answer, Call, CallId, FromHelper, Hold, Lane, ToHelper, Token};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::task::{AbortHandle, JoinError, JoinSet};
use tokio::time::{Instant, sleep, sleep_until};
use value::Map;

pub(super) struct Link<W> {
    way: W,
    key: ConnectionKey,
    inputs: UnboundedSender<Input>,
    blobs: Arc<Blobs>,
    helper: Option<Helper>,
    /// What was sent and is not answered. A host that answers anything else is not to be trusted.
    sent: BTreeMap<(Lane, CallId), Sent>,
    /// Commands without a helper.
    plains: JoinSet<PlainEnded>,
    /// Orders for the next connection, or for when this one stands.
    waiting: VecDeque<Order>,
    /// The connection is to be made anew as soon as nothing is under way on it.
    resetting: bool,
}

type PlainEnded = (Lane, CallId, Result<Vec<Answer>, Failure>);

/// A call under way.
struct Sent {
    at: Instant,
    items: usize,
    /// It may not touch anything yet.
    held: bool,
    /// It was held, and goes back to the engine, which sends it again.
    returned: bool,
    /// Of one that waits for its host: what to send again.
    again: Option<Box<Waiting>>,
    plain: Option<AbortHandle>,
}

/// A call that waits for its host.
pub(super) struct Waiting {
    call: Box<Outgoing>,
    begun: Instant,
    /// When it is time for an attempt.
    next: Instant,
}

impl Waiting {
    fn new(call: Box<Outgoing>) -> Box<Self> {
        let begun = Instant::now();
        Box::new(Self { call, begun, next: begun })
    }

    pub fn is(&self, lane: Lane, id: CallId) -> bool {
        (self.call.lane, self.call.id) == (lane, id)
    }

    fn until(&self) -> Instant {
        self.begun + seconds(self.call.patience.timeout)
    }
}

/// How a wait for the host has ended.
enum Reached {
    There,
    Never(Failure),
    /// Nobody wants it any more.
    CalledOff,
    RunIsOver,
}

impl<W: Way> Link<W> {
    pub fn new(way: W, key: ConnectionKey, inputs: UnboundedSender<Input>, blobs: Arc<Blobs>) -> Self {
        Self {
            way,
            key,
            inputs,
            blobs,
            helper: None,
            sent: BTreeMap::new(),
            plains: JoinSet::new(),
            waiting: VecDeque::new(),
            resetting: false,
        }
    }

    pub async fn run(mut self, orders: UnboundedReceiver<Order>) {
        // From here on orders are refused, so that the next call makes a new link.
        let ended = self.serve(orders).await;
        match ended {
            Ok(()) => {
                if let Some(helper) = self.helper.take() {
                    helper.end().await;
                }
            }
            Err(failure) => {
                tracing::info!(host = %self.way.name(), %failure, "the connection is lost");
                self.discard();
                let was_cut = matches!(failure, Failure::Cut { .. });
                self.tell(Input::Lost { connection: self.key.clone(), why: failure.outcome(), was_cut });
            }
        }
    }

    async fn serve(&mut self, mut orders: UnboundedReceiver<Order>) -> Result<(), Failure> {
        loop {
            if self.resetting && self.sent.is_empty() {
                self.renew().await;
            }
            if let Some(order) = if self.resetting { None } else { self.waiting.pop_front() } {
                if let Reached::RunIsOver = self.obey(order, &mut orders).await? {
                    return Ok(());
                }
                continue;
            }
            let late = self.patience_ends();
            let message = async {
                match &mut self.helper {
                    Some(helper) => helper.hear().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                order = orders.recv() => match order {
                    None => return Ok(()),
                    Some(order) => self.take(order),
                },
                message = message => match message {
                    Some(Ok(message)) => self.hear(message)?,
                    Some(Err(why)) => self.broken(&why)?,
                    None => self.broken("")?,
                },
                Some(ended) = self.plains.join_next(), if !self.plains.is_empty() => self.end_plain(ended)?,
                () = sleep_until(late.unwrap_or_else(Instant::now)), if late.is_some() => {
                    self.broken("the host does not answer in time")?;
                }
            }
        }
    }

    /// What concerns the calls under way is said at once; the rest has its turn.
    fn take(&mut self, order: Order) {
        match order {
            Order::Reset => self.begin_reset(),
            Order::Commit { lane, id } if self.sent.contains_key(&(lane, id)) => self.commit(lane, id),
            Order::Cancel { lane, id } if self.sent.contains_key(&(lane, id)) => self.cancel(lane, id),
            Order::Cancel { lane, id } if self.waiting.iter().any(|order| order.is_call(lane, id)) => {
                self.waiting.retain(|order| !order.is_call(lane, id));
                self.tell(Input::Dropped { lane, id });
            }
            order => self.waiting.push_back(order),
        }
    }

    async fn obey(&mut self, order: Order, orders: &mut UnboundedReceiver<Order>) -> Result<Reached, Failure> {
        match order {
            Order::Call(call) if call.plain => self.run_plain(call).await?,
            Order::Call(call) if call.patience.timeout > 0.0 => {
                return self.wait_for_host(Waiting::new(call), orders).await;
            }
            Order::Again(waiting) => return self.wait_for_host(waiting, orders).await,
            Order::Call(call) => {
                if self.helper.is_none() {
                    self.helper = Some(self.way.helper(None).await?);
                }
                self.send(*call, None);
            }
            Order::Commit { lane, id } => self.commit(lane, id),
            Order::Cancel { lane, id } => self.cancel(lane, id),
            Order::Reset => self.begin_reset(),
        }
        Ok(Reached::There)
    }

    // ---- calls ----

    /// Its arguments are nobody's business: a log is read by others.
    fn send(&mut self, call: Outgoing, again: Option<Box<Waiting>>) {
        let (host, module, items) = (self.way.name(), &call.body.module, call.body.items.len());
        tracing::debug!(%host, id = call.id, %module, items, key = %call.key, hold = ?call.hold, "a call goes out");
        let held = call.hold != Hold::No;
        let sent = Sent { at: Instant::now(), items, held, returned: false, again, plain: None };
        self.sent.insert((call.lane, call.id), sent);
        self.say(&ToHelper::Call(on_the_wire(call)));
    }

    fn say(&self, message: &ToHelper) {
        if let Some(helper) = &self.helper {
            helper.say(message);
        }
    }

    /// A word for one call is a word for all before it in its lane.
    fn commit(&mut self, lane: Lane, id: CallId) {
        let mut freed = self.sent.range_mut((lane, 0)..=(lane, id)).map(|(_, sent)| sent);
        if freed.all(|sent| !sent.returned) {
            self.sent.range_mut((lane, 0)..=(lane, id)).for_each(|(_, sent)| sent.held = false);
            self.say(&ToHelper::Commit { lane, id });
        }
    }

    fn cancel(&mut self, lane: Lane, id: CallId) {
        match self.sent.get(&(lane, id)).and_then(|sent| sent.plain.clone()) {
            Some(plain) => plain.abort(),
            None => self.say(&ToHelper::Cancel { lane, id }),
        }
    }

    fn hear(&mut self, message: FromHelper) -> Result<(), Failure> {
        match message {
            FromHelper::Hello(hello) => tracing::info!(host = %self.way.name(), user = %hello.user, "the helper runs"),
            FromHelper::Done { id, lane, items } => {
                let sent = self.answered(lane, id, Some(items.len()))?;
                // It could not touch anything, and what it saw may be another matter after the reset.
                let input = match sent.returned {
                    true => Input::Dropped { lane, id },
                    false => Input::Answered { lane, id, items },
                };
                self.tell(input);
            }
            FromHelper::Dropped { id, lane } => {
                self.answered(lane, id, None)?;
                self.tell(Input::Dropped { lane, id });
            }
            FromHelper::Need { hash, stream } => {
                if let Some(helper) = &mut self.helper {
                    helper.send_blob(&self.blobs, hash, stream);
                }
            }
            FromHelper::Stream { lane, id, token, bytes } => self.take_piece((lane, id), token, bytes)?,
            // Cut, it might show a part of a secret.
            FromHelper::Progress { lane, id, text } if self.sent.contains_key(&(lane, id)) && text.len() < 1000 => {
                self.tell(Input::Progress { lane, text: text.into() });
            }
            FromHelper::Progress { .. } => {}
        }
        Ok(())
    }

    /// A piece of a file. It may come only for a call that is under way.
    fn take_piece(&mut self, call: (Lane, CallId), token: Token, bytes: Vec<u8>) -> Result<(), Failure> {
        let (known, blobs) = (self.sent.contains_key(&call), self.blobs.clone());
        let taken = match &mut self.helper {
            Some(helper) if known => helper.receiving.take(&blobs, call, token, bytes),
            _ => Err("the helper sends a file of a call that it does not have"),
        };
        taken.map_err(|why| self.cut(why))
    }

    /// The call that this answers. A host speaks for no other host, and answers what it was asked.
    fn answered(&mut self, lane: Lane, id: CallId, answers: Option<usize>) -> Result<Sent, Failure> {
        let of_helper = self.sent.get(&(lane, id)).is_some_and(|sent| {
            sent.plain.is_none() && answers.is_none_or(|count| count == sent.items || sent.items == 0 && count == 1)
        });
        match self.sent.remove(&(lane, id)).filter(|_| of_helper) {
            Some(sent) => {
                self.helper.iter_mut().for_each(|helper| helper.receiving.give_up((lane, id)));
                tracing::debug!(host = %self.way.name(), id, took = ?sent.at.elapsed(), "a call is answered");
                Ok(sent)
            }
            None => Err(self.cut("the helper answered what it was not asked")),
        }
    }

    /// The engine's end closes only when the run is over.
    fn tell(&self, input: Input) {
        let _ = self.inputs.send(input);
    }

    // ---- commands without a helper ----

    async fn run_plain(&mut self, call: Box<Outgoing>) -> Result<(), Failure> {
        let (lane, id, items) = (call.lane, call.id, call.body.items.len());
        let (session, user) = (self.way.session().await?, self.way.user());
        let plain = self.plains.spawn(async move { (lane, id, plain::run(session, &call, user.as_deref()).await) });
        let sent =
            Sent { at: Instant::now(), items, held: false, returned: false, again: None, plain: Some(plain.clone()) };
        self.sent.insert((lane, id), sent);
        Ok(())
    }

    fn end_plain(&mut self, ended: Result<PlainEnded, JoinError>) -> Result<(), Failure> {
        let (lane, id, answers) = match ended {
            Ok(ended) => ended,
            Err(error) if error.is_cancelled() => {
                let called_off = |sent: &Sent| sent.plain.as_ref().is_some_and(AbortHandle::is_finished);
                let gone: Vec<_> = self.sent.extract_if(.., |_, sent| called_off(sent)).map(|(call, _)| call).collect();
                gone.into_iter().for_each(|(lane, id)| self.tell(Input::Dropped { lane, id }));
                return Ok(());
            }
            Err(error) => return Err(self.cut(&error.to_string())),
        };
        self.sent.remove(&(lane, id));
        self.tell(Input::Answered { lane, id, items: answers? });
        Ok(())
    }

    // ---- a new connection ----

    /// Calls that hold go back: they wait for others, which may be waiting for the reset. The rest is waited for.
    fn begin_reset(&mut self) {
        self.resetting = true;
        let held = self.sent.iter_mut().filter(|(_, sent)| sent.held && !sent.returned);
        let mut back: Vec<_> = held.map(|(call, sent)| (*call, sent.returned = true)).map(|(call, ())| call).collect();
        // The last first, so that none begins because one before it went.
        back.reverse();
        for (lane, id) in back {
            self.say(&ToHelper::Cancel { lane, id });
        }
    }

    async fn renew(&mut self) {
        self.resetting = false;
        if let Some(helper) = self.helper.take() {
            helper.end().await;
        }
        self.way.give_up();
    }

    fn discard(&mut self) {
        if let Some(helper) = self.helper.take() {
            helper.drop_at_once();
        }
        self.way.give_up();
    }

    fn cut(&self, why: &str) -> Failure {
        let words = self.helper.as_ref().map_or_else(|| why.to_string(), |helper| helper.last_words(why));
        let words = if words.is_empty() { "the helper ended, or the connection was cut".into() } else { words };
        Failure::Cut { words, destination: self.way.name() }
    }

    // ---- hosts that are waited for ----

    /// Connects, again and again while the patience lasts, and sends the call.
    async fn wait_for_host(
        &mut self,
        waiting: Box<Waiting>,
        orders: &mut UnboundedReceiver<Order>,
    ) -> Result<Reached, Failure> {
        let (lane, id) = (waiting.call.lane, waiting.call.id);
        match self.reach(&waiting, orders).await {
            Reached::There => self.send(Outgoing::clone(&waiting.call), Some(waiting)),
            Reached::Never(failure) => self.tell(Input::Answered { lane, id, items: vec![too_late(&failure)] }),
            Reached::CalledOff => self.tell(Input::Dropped { lane, id }),
            Reached::RunIsOver => return Ok(Reached::RunIsOver),
        }
        Ok(Reached::There)
    }

    async fn reach(&mut self, waiting: &Waiting, orders: &mut UnboundedReceiver<Order>) -> Reached {
        let (patience, call) = (waiting.call.patience, (waiting.call.lane, waiting.call.id));
        let until = waiting.until();
        let attempt = (patience.attempt >= 1.0).then_some(patience.attempt as u32);
        let mut kept = VecDeque::new();
        let tries = async {
            sleep_until(waiting.next).await;
            while self.helper.is_none() {
                // An attempt that began in time may come to its end, if that does not take for ever.
                let end = until.max(Instant::now() + seconds(patience.attempt));
                let failure = match tokio::time::timeout_at(end, self.way.helper(attempt)).await {
                    Ok(Ok(helper)) => {
                        self.helper = Some(helper);
                        break;
                    }
                    Ok(Err(failure)) => failure,
                    Err(_) => Failure::Cut { words: "the time was over".into(), destination: self.way.name() },
                };
                tracing::debug!(host = %self.way.name(), %failure, "not there yet");
                self.way.give_up();
                if Instant::now() + seconds(patience.pause) >= until {
                    return Reached::Never(failure);
                }
                sleep(seconds(patience.pause)).await;
            }
            Reached::There
        };
        let reached = tokio::select! {
            reached = tries => reached,
            called_off = keep_orders(orders, &mut kept, call) => called_off,
        };
        self.waiting.extend(kept);
        reached
    }

    /// When the host has been silent for too long; only where nobody but those who wait for it would lose anything.
    fn patience_ends(&self) -> Option<Instant> {
        let mut ends = self.sent.values().map(|sent| {
            let attempt = sent.again.as_ref()?.call.patience.attempt;
            (attempt > 0.0).then(|| sent.at + seconds(attempt))
        });
        let first = ends.next()??;
        ends.try_fold(first, |first, end| Some(first.min(end?)))
    }

    /// The connection is gone. Whoever waits for the host goes on waiting; other calls are lost.
    fn broken(&mut self, why: &str) -> Result<(), Failure> {
        let failure = self.cut(why);
        if self.sent.is_empty() || self.sent.values().any(|sent| sent.again.is_none()) {
            return Err(failure);
        }
        tracing::debug!(host = %self.way.name(), %failure, "not there yet");
        self.discard();
        for (_, sent) in std::mem::take(&mut self.sent).into_iter().rev() {
            let Some(mut waiting) = sent.again else { continue };
            waiting.next = Instant::now() + seconds(waiting.call.patience.pause);
            match waiting.next < waiting.until() {
                true => self.waiting.push_front(Order::Again(waiting)),
                false => {
                    let (lane, id) = (waiting.call.lane, waiting.call.id);
                    self.tell(Input::Answered { lane, id, items: vec![too_late(&failure)] });
                }
            }
        }
        Ok(())
    }
}

/// Keeps orders until this call is called off, or the run is over.
async fn keep_orders(
    orders: &mut UnboundedReceiver<Order>,
    kept: &mut VecDeque<Order>,
    call: (Lane, CallId),
) -> Reached {
    loop {
        match orders.recv().await {
            None => return Reached::RunIsOver,
            Some(Order::Cancel { lane, id }) if (lane, id) == call => return Reached::CalledOff,
            Some(order) => kept.push_back(order),
        }
    }
}

/// In Ansible's words.
fn too_late(failure: &Failure) -> Answer {
    let message = format!("timed out waiting for ping module test: {failure}");
    let result: Map = [("msg", message.as_str())].into_iter().collect();
    Answer { failed: true, result, ..Answer::default() }
}

fn seconds(number: f64) -> Duration {
    Duration::from_secs_f64(number.clamp(0.0, 1e7))
}

fn on_the_wire(call: Outgoing) -> Call {
    Call {
        id: call.id,
        lane: call.lane,
        key: call.key.to_string(),
        epoch: call.epoch,
        identity: call.identity,
        hold: call.hold,
        stop_on_fail: call.stop_on_fail,
        body: call.body,
    }
}

#[cfg(test)]
mod tests;
