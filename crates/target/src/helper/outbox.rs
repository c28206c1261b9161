//! The way back to the controller, shared by all lanes. When it breaks, what runs is ended as when the input ends.
use crate::protocol::{CallId, FromHelper, Lane, encode};
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

#[derive(Clone)]
pub struct Outbox(Arc<Mutex<Box<dyn Write + Send>>>);

impl Outbox {
    pub fn new(writer: impl Write + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(Box::new(writer))))
    }

    pub fn send(&self, message: &FromHelper) -> io::Result<()> {
        let frame = match (encode(message), message) {
            (Ok(frame), _) => frame,
            // An answer that no frame can hold is said to be that, so that its call ends.
            (Err(error), FromHelper::Done { lane, id, items }) => {
                encode(&too_long(*lane, *id, items.len(), &error.to_string()))?
            }
            (Err(error), _) => return Err(error.into()),
        };
        let mut writer = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        writer.write_all(&frame)?;
        writer.flush()
    }
}

fn too_long(lane: Lane, id: CallId, items: usize, why: &str) -> FromHelper {
    let answer = super::answer::failed(&format!("the answer is too large: {why}"), value::Map::new());
    FromHelper::Done { lane, id, items: vec![answer; items] }
}
