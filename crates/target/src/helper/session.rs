//! One channel from its first word to its end: reads frames and hands them to lanes, one thread each, so that Commit, Cancel and
//! the end of the input are seen while modules run.
use super::blobs::Blobs;
use super::lane::Lane;
use super::outbox::Outbox;
use super::relay::Children;
use super::{Program, lane};
use crate::machine::Machine;
use crate::protocol::{FromHelper, Lane as LaneId, ToHelper, read_frame};
use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::thread::JoinHandle;

/// What all lanes share.
#[derive(Clone)]
pub struct Shared {
    pub outbox: Outbox,
    pub blobs: Blobs,
    pub children: Children,
}

/// Serves calls until the input ends. What runs then is ended, but for what must finish; nothing is left running.
pub fn serve(
    reader: impl Read,
    writer: impl Write + Send + 'static,
    machine: &dyn Machine,
    program: &Program,
) -> io::Result<()> {
    let mut reader = io::BufReader::with_capacity(1 << 16, reader);
    let outbox = Outbox::new(writer);
    outbox.send(&FromHelper::Hello(program.hello(machine)))?;
    let blobs = Blobs::new(outbox.clone());
    let children = Children::new(program.clone(), outbox.clone(), blobs.clone());
    let mut session = Session { shared: Shared { outbox, blobs, children }, lanes: HashMap::new(), machine };
    let ended = loop {
        match read_frame(&mut reader) {
            Ok(Some(message)) => session.take(message),
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    session.end();
    ended
}

struct Session<'m> {
    shared: Shared,
    lanes: HashMap<LaneId, (Arc<Lane>, JoinHandle<()>)>,
    machine: &'m dyn Machine,
}

impl Session<'_> {
    fn take(&mut self, message: ToHelper) {
        match message {
            ToHelper::Call(call) => self.lane(call.lane).push(lane::Task::Call(Box::new(call))),
            ToHelper::Undo { lane, id } => self.lane(lane).push(lane::Task::Undo(id)),
            ToHelper::Commit { lane, id } => self.lane(lane).commit(id),
            ToHelper::Cancel { lane, id } => self.lane(lane).cancel(id),
            ToHelper::Blob { hash, stream, bytes } => self.shared.blobs.take(&hash, stream, &bytes),
            ToHelper::NoBlob { hash, stream, why } => self.shared.blobs.fail(&hash, stream, why),
            ToHelper::Credit { lane, id, bytes } => self.lane(lane).credit(id, bytes),
        }
    }

    fn lane(&mut self, id: LaneId) -> &Lane {
        let (shared, machine) = (&self.shared, self.machine);
        let (lane, _) = self.lanes.entry(id).or_insert_with(|| {
            let machine = machine.another();
            let lane = Arc::new(Lane::new(id, machine.interrupt()));
            let (own, shared) = (lane.clone(), shared.clone());
            (lane, std::thread::spawn(move || lane::work(&own, machine, &shared)))
        });
        lane
    }

    fn end(self) {
        self.shared.blobs.end();
        self.lanes.values().for_each(|(lane, _)| lane.end());
        self.shared.children.end();
        for (_, thread) in self.lanes.into_values() {
            // A lane's panic was told where it happened.
            let _ = thread.join();
        }
    }
}
