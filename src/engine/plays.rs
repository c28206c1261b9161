//! Opening plays and their batches, one after another, and what remains of their hosts.
use super::lane::Seat;
use super::lists::Lists;
use super::message::{Event, HostId, Opened, Output, PlayState, Strategy};
use super::place::{Step, TaskKey};
use super::slots::Slots;
use super::step::{Engine, Phase};
use std::collections::BTreeSet;
use std::sync::Arc;
use value::Diagnostic;

/// The play under way.
#[derive(Default)]
pub struct Run {
    pub play: u32,
    pub opened: Option<Opened>,
    batch: u32,
    pub state: Arc<PlayState>,
    /// Hosts that failed at once, with no rescue or always to go to: those are what `max_fail_percentage` counts.
    pub failed_at_once: BTreeSet<HostId>,
    /// A task at which somebody failed, and who: what follows is decided when all are through with it.
    pub failed_at: Option<(TaskKey, Failed)>,
    /// `meta: end_play`
    pub end_play: bool,
    pub warned_of_once: bool,
    pub warned_of_fatal: bool,
    /// No further batch, no further play.
    pub stop: bool,
}

#[derive(Default)]
pub struct Failed {
    pub hosts: BTreeSet<HostId>,
    /// `any_errors_fatal`
    pub for_all: bool,
}

impl Run {
    pub fn strategy(&self) -> Strategy {
        self.opened.as_ref().map_or(Strategy::Linear, |opened| opened.strategy)
    }

    /// All of the batch, those too that have left the run.
    pub fn batch_hosts(&self) -> Arc<Vec<HostId>> {
        self.state.batch.clone()
    }
}

impl Engine {
    pub(super) fn open(&mut self, play: u32) {
        let playbook = self.playbook_from(play);
        let playbook_ends = play > 0 && (playbook.is_some() || play >= self.plays);
        let recap = self.events.recap();
        let someone_failed = recap.0.values().any(|counts| counts.failed > 0 || counts.unreachable > 0);
        if play >= self.plays || playbook_ends && someone_failed {
            return self.finish();
        }
        if playbook_ends {
            let recap = recap.clone();
            self.events.emit(Event::Recap(recap));
            self.emit();
        }
        if let Some((path, plays)) = playbook {
            self.events.emit(Event::PlaybookStarted { path, plays });
        }
        self.phase = Phase::Opening;
        self.run = Run { play, ..Run::default() };
        self.outputs.push(Output::Open { play });
    }

    /// The playbook that begins with this play.
    fn playbook_from(&self, play: u32) -> Option<(String, u32)> {
        let mut first = 0;
        self.playbooks.iter().find_map(|(path, plays)| {
            let begins = first == play;
            first += plays;
            (begins && *plays > 0).then(|| (path.clone(), *plays))
        })
    }

    pub(super) fn opened(&mut self, play: u32, result: Result<Opened, Diagnostic>) {
        if self.phase != Phase::Opening || play != self.run.play {
            return;
        }
        let opened = match result {
            Ok(opened) => opened,
            Err(why) => {
                let code = why.code;
                self.events.emit(Event::Said(why));
                return self.refuse(code);
            }
        };
        if opened.batches.iter().all(Vec::is_empty) {
            self.events.emit(Event::PlayStarted { play, name: opened.name, hosts: Vec::new() });
            self.events.emit(Event::NoHostsMatched);
            self.emit();
            return self.open(play + 1);
        }
        let linear = opened.strategy == Strategy::Linear;
        self.lists = Lists::open(&opened);
        self.lists.lock_step &= linear;
        self.events.linear = linear;
        self.order.linear = linear;
        self.slots = Slots::new(opened.forks);
        self.not_once.clear();
        self.run.opened = Some(opened);
        self.phase = Phase::Running;
        self.start_batch(0);
    }

    fn start_batch(&mut self, batch: u32) {
        let Some(opened) = &self.run.opened else { return };
        let hosts = opened.batches.get(batch as usize).cloned().unwrap_or_default();
        let all: Vec<HostId> = opened.batches.iter().flatten().copied().collect();
        self.events.emit(Event::PlayStarted { play: self.run.play, name: opened.name.clone(), hosts: hosts.clone() });
        self.run.batch = batch;
        self.run.failed_at_once.clear();
        self.run.failed_at = None;
        self.order.clear();
        self.includes.clear();
        self.forget_seen();
        for (seat, host) in hosts.iter().enumerate() {
            let lane = self.lanes.open(*host);
            lane.seat = Seat::try_from(seat).unwrap_or(Seat::MAX);
            lane.last = None;
            lane.position = None;
            lane.cursor.at = None;
            if lane.is_in_the_run() {
                lane.lost_at = None;
                lane.cursor.open(&self.lists, self.run.play, batch);
                lane.history = [(TaskKey::default(), lane.cursor.vars.clone())].into();
                self.dirty.insert(*host);
            }
        }
        let is_live = |host: &HostId| self.lanes.get(*host).is_none_or(|lane| lane.is_in_the_run());
        let live = all.iter().copied().filter(is_live).collect();
        self.run.state = Arc::new(PlayState {
            play: self.run.play,
            all_hosts: Arc::new(all),
            batch: Arc::new(hosts.clone()),
            live: Arc::new(live),
            roles: Arc::default(),
        });
        for host in hosts {
            self.refresh(host);
        }
    }

    pub(super) fn end_batch(&mut self) {
        self.events.release(None);
        let hosts = self.run.batch_hosts();
        let here = [Step::Play(self.run.play), Step::Batch(self.run.batch)];
        let is_lost = |host: &&HostId| self.lanes[**host].lost_at.as_ref().is_some_and(|key| key.0.starts_with(&here));
        let lost = hosts.iter().filter(is_lost).count();
        let batches = self.run.opened.as_ref().map_or(0, |opened| opened.batches.len());
        if self.is_stopping() || self.run.stop || lost == hosts.len() {
            self.finish();
        } else if self.run.end_play || self.run.batch as usize + 1 >= batches {
            self.emit();
            self.open(self.run.play + 1);
        } else {
            self.start_batch(self.run.batch + 1);
        }
    }

    /// Once nothing of it can be taken back: whether a failure or a loss has taken the host out of the play, and where.
    pub(super) fn note_loss(&mut self, host: HostId) {
        let lane = &mut self.lanes[host];
        if !lane.is_in_the_run() && lane.window.is_empty() && lane.lost_at.is_none() {
            lane.lost_at = lane.history.back().map(|(key, _)| key.clone());
            self.forget_seen();
        }
    }
}
