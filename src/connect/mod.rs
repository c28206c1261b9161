//! Hosts within reach: a byte stream to a helper on each, getting the helper there, and what is said over it. One link per
//! connection key, made when its first call is ready; calls wait in the link until it stands.
mod askpass;
mod bootstrap;
mod failure;
mod helper;
mod link;
mod local;
mod plain;
mod program;
mod quote;
mod receiving;
mod ssh;
mod way;

pub use askpass::{SOCKET as ASKPASS_SOCKET, answer as answer_askpass};
pub use failure::Failure;
pub use program::{AS_HELPER, Program};
pub use quote::quote;

use crate::engine::message::{Connection, ConnectionKey, HostId, Input, Outgoing};
use crate::world::blobs::Blobs;
use link::Waiting;
use ssh::Masters;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use target::protocol::CallId;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use way::Real;

/// What all links need of the run.
pub struct Settings {
    /// Where ssh's control sockets live, private to the user.
    pub control_dir: PathBuf,
    pub blobs: Arc<Blobs>,
    pub program: Program,
    /// How much of ssh's own talk is kept: its number of `-v`.
    pub verbosity: u8,
}

impl Settings {
    /// For a run that connects nowhere.
    pub fn none() -> Self {
        Self { control_dir: PathBuf::new(), blobs: Arc::default(), program: Program::default(), verbosity: 0 }
    }
}

/// All links of a run, by their keys.
pub struct Connections {
    links: HashMap<ConnectionKey, Link>,
    inputs: UnboundedSender<Input>,
    settings: Arc<Settings>,
    masters: Arc<Masters>,
}

struct Link {
    orders: UnboundedSender<Order>,
    task: JoinHandle<()>,
}

/// What a link is asked to do.
enum Order {
    Call(Box<Outgoing>),
    Commit {
        lane: HostId,
        id: CallId,
    },
    Cancel {
        lane: HostId,
        id: CallId,
    },
    /// Ends the connection as soon as nothing is under way on it, so that the next call makes a new one.
    Reset,
    /// The link's own: a call that waits for its host is sent once more.
    Again(Box<Waiting>),
}

impl Order {
    fn is_call(&self, lane: HostId, id: CallId) -> bool {
        match self {
            Order::Call(call) => (call.lane, call.id) == (lane, id),
            Order::Again(waiting) => waiting.is(lane, id),
            Order::Commit { .. } | Order::Cancel { .. } | Order::Reset => false,
        }
    }
}

impl Connections {
    /// What comes back arrives at the receiver, as the engine's inputs.
    pub fn new(settings: Settings) -> (Self, UnboundedReceiver<Input>) {
        let (inputs, receiver) = unbounded_channel();
        let settings = Arc::new(settings);
        (Self { links: HashMap::new(), inputs, settings, masters: Arc::default() }, receiver)
    }

    pub fn send(&mut self, connection: &Arc<Connection>, call: Box<Outgoing>) {
        let Err(refused) = self.link(connection).orders.send(Order::Call(call)) else { return };
        // The link ended between two calls: a new one takes the call.
        self.links.remove(&connection.key);
        if self.link(connection).orders.send(refused.0).is_err() {
            tracing::error!(connection = %connection.key.0, "a link ended before its first call");
        }
    }

    pub fn commit(&self, connection: &ConnectionKey, lane: HostId, id: CallId) {
        self.order(connection, Order::Commit { lane, id });
    }

    pub fn cancel(&self, connection: &ConnectionKey, lane: HostId, id: CallId) {
        self.order(connection, Order::Cancel { lane, id });
    }

    pub fn reset(&self, connection: &ConnectionKey) {
        self.order(connection, Order::Reset);
    }

    /// Lets every helper go, and waits until none of them runs any more.
    pub async fn close(self) {
        let tasks: Vec<_> = self.links.into_values().map(|link| link.task).collect();
        for task in tasks {
            if let Err(error) = task.await {
                tracing::debug!(%error, "a link ended badly");
            }
        }
        self.masters.close().await;
    }

    fn link(&mut self, connection: &Arc<Connection>) -> &Link {
        self.links.entry(connection.key.clone()).or_insert_with(|| {
            let (orders, receiver) = unbounded_channel();
            let way = Real::new(connection.clone(), self.settings.clone(), self.masters.clone());
            let link = link::Link::new(way, connection.key.clone(), self.inputs.clone(), self.settings.blobs.clone());
            let task = tokio::spawn(link.run(receiver));
            Link { orders, task }
        })
    }

    /// A link that is gone has told the engine so; what was meant for it is void.
    fn order(&self, connection: &ConnectionKey, order: Order) {
        if let Some(link) = self.links.get(connection) {
            let _ = link.orders.send(order);
        }
    }
}
