//! How one thread ends what another one is doing: the helper's reader sees a cancelled call or the end of its input while a
//! module runs.
use rustix::process::{Pid, Signal, kill_process_group};
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

#[derive(Clone, Default)]
pub struct Interrupt(Arc<(Mutex<State>, Condvar)>);

#[derive(Default)]
struct State {
    stopped: bool,
    /// The process group that runs now; one that is to finish is not killed.
    running: Option<(Pid, bool)>,
}

impl Interrupt {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// From now on nothing new begins; what runs is asked to end, unless it is to finish.
    pub fn stop(&self) {
        let mut state = self.state();
        state.stopped = true;
        if let Some((group, false)) = state.running {
            signal(group, Signal::TERM);
        }
        self.0.1.notify_all();
    }

    /// For the next call.
    pub fn reset(&self) {
        self.state().stopped = false;
    }

    pub fn is_stopped(&self) -> bool {
        self.state().stopped
    }

    pub fn check(&self) -> io::Result<()> {
        if self.is_stopped() { Err(stopped()) } else { Ok(()) }
    }

    /// Waits that long, or until it is stopped.
    pub fn sleep(&self, time: Duration) -> io::Result<()> {
        let end = Instant::now() + time;
        let mut state = self.state();
        while !state.stopped {
            let rest = end.saturating_duration_since(Instant::now());
            if rest.is_zero() {
                return Ok(());
            }
            state = self.0.1.wait_timeout(state, rest).unwrap_or_else(|poisoned| poisoned.into_inner()).0;
        }
        Err(stopped())
    }

    /// A process group has been started; a stop that came just before ends it too.
    pub(super) fn begin(&self, group: Pid, finish: bool) {
        let mut state = self.state();
        state.running = Some((group, finish));
        if state.stopped && !finish {
            signal(group, Signal::TERM);
        }
    }

    pub(super) fn end(&self) {
        self.state().running = None;
    }
}

pub(super) fn stopped() -> io::Error {
    // Not of the kind `Interrupted`: whoever reads tries again after that.
    io::Error::other("ended: the call was cancelled or the connection was cut")
}

pub(super) fn signal(group: Pid, signal: Signal) {
    // A group that is gone already needs no signal.
    let _ = kill_process_group(group, signal);
}
