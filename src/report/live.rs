//! The live line: while tasks run, what runs, for how long, and on which hosts. Only on a terminal, only on standard error.
use super::screen::Screen;
use crate::engine::message::HostId;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Nothing shorter is worth a line that comes and goes.
const WORTH_A_LINE: Duration = Duration::from_millis(400);
const FRAMES: [char; 10] = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

#[derive(Default)]
pub struct Live {
    busy: BTreeMap<HostId, (Arc<str>, Instant)>,
    turn: usize,
}

impl Live {
    pub fn busy(&mut self, host: HostId, task: Option<Arc<str>>) {
        match task {
            Some(task) => drop(self.busy.insert(host, (task, Instant::now()))),
            None => drop(self.busy.remove(&host)),
        }
    }

    /// Draws the line anew; called a few times a second.
    pub fn tick(&mut self, host_name: &dyn Fn(HostId) -> String, screen: &mut Screen) {
        let Some((task, since)) = self.busy.values().min_by_key(|(_, since)| *since) else {
            return screen.clear_live();
        };
        if since.elapsed() < WORTH_A_LINE {
            return screen.clear_live();
        }
        self.turn = (self.turn + 1) % FRAMES.len();
        let names: Vec<_> = self.busy.keys().take(3).map(|host| host_name(*host)).collect();
        let more = self.busy.len().saturating_sub(names.len());
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let line =
            format!("{} {} · {}{more} · {}", FRAMES[self.turn], task, names.join(", "), seconds(since.elapsed()));
        screen.live(&line);
    }
}

/// `8s`, `2m05s`.
fn seconds(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds < 60 { format!("{seconds}s") } else { format!("{}m{:02}s", seconds / 60, seconds % 60) }
}
