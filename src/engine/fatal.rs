//! Failures that concern all hosts: `any_errors_fatal` and `max_fail_percentage`. Plays that have them go in lock-step, so all
//! hosts stand behind the task at which it is decided.
use super::message::{Event, HostId};
use super::place::TaskKey;
use super::plays::Failed;
use super::step::{Engine, Phase};

impl Engine {
    /// A host failed or was lost at this task, and nobody ignores it.
    pub(super) fn note_failure(&mut self, host: HostId, key: &TaskKey, for_all: bool) {
        if !self.lists.lock_step {
            return;
        }
        let known = self.run.failed_at.as_ref().is_some_and(|(at, _)| at == key);
        if !known {
            self.run.failed_at = Some((key.clone(), Failed::default()));
        }
        if let Some((_, failed)) = &mut self.run.failed_at {
            failed.hosts.insert(host);
            failed.for_all |= for_all;
        }
    }

    /// Decides, once all hosts are through with the task. Whether anything moved.
    pub(super) fn check_fatal(&mut self) -> bool {
        if self.phase != Phase::Running {
            return false;
        }
        let through = |key: &TaskKey| self.order.first().is_none_or(|(first, _)| first > key);
        let Some((key, failed)) = self.run.failed_at.take_if(|(key, _)| through(key)) else { return false };
        if failed.for_all {
            self.fail_all(&key, &failed);
        }
        if self.is_over_the_percentage() {
            // Ansible says it twice.
            self.events.release(self.order.first());
            self.events.emit(Event::NoHostsLeft);
            self.events.emit(Event::NoHostsLeft);
            self.run.stop = true;
            self.end_all();
        }
        !self.dirty.is_empty()
    }

    fn fail_all(&mut self, key: &TaskKey, failed: &Failed) {
        for host in self.run.batch_hosts().iter().filter(|host| !failed.hosts.contains(host)) {
            let lane = &mut self.lanes[*host];
            if lane.position.is_none() && lane.last.as_ref().is_none_or(|last| last.at.as_ref() != Some(key)) {
                continue;
            }
            if lane.gone {
                continue;
            }
            if let Some(last) = lane.last.take_if(|last| last.at.as_ref() == Some(key)) {
                lane.cursor = last;
            }
            self.forget(*host, 0);
            self.lanes[*host].cursor.fail(&self.lists);
            self.refresh(*host);
            self.dirty.insert(*host);
        }
    }

    fn is_over_the_percentage(&self) -> bool {
        let limit = self.run.opened.as_ref().and_then(|opened| opened.max_fail_percentage);
        let hosts = self.run.batch_hosts().len().max(1);
        limit.is_some_and(|limit| self.run.failed_at_once.len() as f64 / hosts as f64 * 100.0 > limit)
    }

    /// All hosts are through with the batch.
    pub(super) fn end_all(&mut self) {
        for host in self.run.batch_hosts().iter() {
            self.cancel_from(*host, 0);
            self.forget(*host, 0);
            self.lanes[*host].cursor.end();
            self.refresh(*host);
            self.dirty.insert(*host);
        }
    }
}
