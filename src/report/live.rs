//! The live line: while tasks run, what runs, for how long, and on which hosts. Only on a terminal, only on standard error.
use super::screen::Screen;
use crate::engine::message::HostId;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Nothing shorter is worth a line that comes and goes.
const WORTH_A_LINE: Duration = Duration::from_millis(400);
const FRAMES: [char; 10] = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

#[derive(Default)]
pub struct Live {
    /// What each host was sent and has not answered, in order: it works on the first.
    busy: BTreeMap<HostId, VecDeque<Arc<str>>>,
    /// Since when it works on that.
    since: BTreeMap<HostId, Instant>,
    /// What it said of that.
    doing: BTreeMap<HostId, Arc<str>>,
    turn: usize,
}

impl Live {
    /// A call goes out, or (none) nothing is under way any more.
    pub fn busy(&mut self, host: HostId, task: Option<Arc<str>>) {
        match task {
            Some(task) => {
                let tasks = self.busy.entry(host).or_default();
                if tasks.is_empty() {
                    self.since.insert(host, Instant::now());
                }
                tasks.push_back(task);
            }
            None => {
                self.busy.remove(&host);
                self.doing.remove(&host);
            }
        }
    }

    /// A host says what it is busy with.
    pub fn doing(&mut self, host: HostId, what: Arc<str>) {
        if self.busy.contains_key(&host) {
            self.doing.insert(host, what);
        }
    }

    /// The first of a host's calls is done.
    pub fn answered(&mut self, host: HostId) {
        self.doing.remove(&host);
        let Some(tasks) = self.busy.get_mut(&host) else { return };
        tasks.pop_front();
        if tasks.is_empty() {
            self.busy.remove(&host);
        }
        self.since.insert(host, Instant::now());
    }

    /// Draws the line anew; called a few times a second.
    pub fn tick(&mut self, host_name: &dyn Fn(HostId) -> String, screen: &mut Screen) {
        let Some((since, task, doing)) = self.oldest() else { return screen.clear_live() };
        if since.elapsed() < WORTH_A_LINE {
            return screen.clear_live();
        }
        self.turn = (self.turn + 1) % FRAMES.len();
        let names: Vec<_> = self.busy.keys().take(3).map(|host| host_name(*host)).collect();
        let more = self.busy.len().saturating_sub(names.len());
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let (frame, names, time) = (FRAMES[self.turn], names.join(", "), seconds(since.elapsed()));
        screen.live(&format!("{frame} {task} · {names}{more} · {time}{doing}"));
    }

    /// The task that has taken longest, since when, and what its host says of it.
    fn oldest(&self) -> Option<(Instant, Arc<str>, String)> {
        let first = |(host, tasks): (&HostId, &VecDeque<Arc<str>>)| {
            let doing = self.doing.get(host).map(|doing| format!(" · {doing}")).unwrap_or_default();
            Some((*self.since.get(host)?, tasks.front()?.clone(), doing))
        };
        self.busy.iter().filter_map(first).min_by_key(|(since, ..)| *since)
    }
}

/// `8s`, `2m05s`.
fn seconds(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds < 60 { format!("{seconds}s") } else { format!("{}m{:02}s", seconds / 60, seconds % 60) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_task_that_a_host_works_on_is_the_first_that_it_was_sent() {
        let mut live = Live::default();
        live.busy(1, Some("one".into()));
        live.busy(1, Some("two".into()));
        let first = |live: &Live| live.busy.get(&1).and_then(|tasks| tasks.front().map(|task| task.to_string()));
        assert_eq!(first(&live).as_deref(), Some("one"));
        live.doing(1, "apt-get".into());
        assert_eq!(live.oldest().unwrap().2, " · apt-get");
        live.answered(1);
        assert_eq!(live.oldest().unwrap().2, "", "that was the first one's");
        assert_eq!(first(&live).as_deref(), Some("two"));
        live.answered(1);
        assert_eq!(first(&live), None);
        live.answered(1);
    }
}
