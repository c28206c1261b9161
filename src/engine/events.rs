//! The one order in which results leave: by (`TaskKey`, host) under `linear`, per host as they come under `free`. The recap
//! counts what has left.
use super::lane::Seat;
use super::message::{Begun, Counts, Event, Failure, HostId, Outcome, Recap, Status, Work};
use super::place::TaskKey;
use crate::playbook::model::Task;
use std::collections::BTreeMap;
use std::sync::Arc;
use target::protocol::Mode;
use value::{Span, Value};

#[derive(Default)]
pub struct Events {
    pub linear: bool,
    /// What waits for earlier ones.
    waiting: BTreeMap<(TaskKey, Seat), Vec<Late>>,
    /// Includes come after what single hosts had to say about the task.
    included: BTreeMap<(TaskKey, u32), Included>,
    /// The task whose banner was the last.
    shown: Option<TaskKey>,
    recap: Recap,
    out: Vec<Event>,
}

/// What `TaskStarted` says.
#[derive(Debug)]
pub struct Banner {
    name: String,
    span: Span,
    handler: bool,
    action: String,
    check_mode: bool,
}

enum Late {
    /// Under its task's banner, which comes once; `meta` tasks have one for each host.
    Event {
        banner: Arc<Banner>,
        event: Box<Event>,
    },
    Banner(Arc<Banner>),
    /// The one that comes once, alone.
    Announced(Arc<Banner>),
}

struct Included {
    banner: Arc<Banner>,
    hosts: Vec<(Seat, HostId)>,
    target: String,
    label: Option<String>,
}

impl Banner {
    pub fn new(key: &TaskKey, task: &Task, begun: &Begun) -> Self {
        let check_mode = match &begun.work {
            Work::Call(prepared) => prepared.body.mode != Mode::Apply,
            _ => matches!(task.inherited(|keywords| keywords.check_mode.as_ref()), Some(Value::Bool(true))),
        };
        Self {
            name: begun.name.clone(),
            span: task.span,
            handler: key.is_in_flush(),
            action: task.action.name.clone(),
            check_mode,
        }
    }

    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Events {
    pub fn add(&mut self, key: &TaskKey, seat: Seat, banner: &Arc<Banner>, event: Event) {
        self.put(key, seat, Late::Event { banner: banner.clone(), event: Box::new(event) });
    }

    /// A banner of this host's own.
    pub fn add_banner(&mut self, key: &TaskKey, seat: Seat, banner: &Arc<Banner>) {
        self.put(key, seat, Late::Banner(banner.clone()));
    }

    /// The task's banner, before anything is known of what comes of it.
    pub fn announce(&mut self, key: &TaskKey, seat: Seat, banner: &Arc<Banner>) {
        self.put(key, seat, Late::Announced(banner.clone()));
    }

    fn put(&mut self, key: &TaskKey, seat: Seat, late: Late) {
        if self.linear {
            self.waiting.entry((key.clone(), seat)).or_default().push(late);
        } else {
            self.show(key, late);
        }
    }

    /// The host goes through this list of an include; hosts with the same are named together.
    pub fn include(
        &mut self,
        (key, list): (&TaskKey, u32),
        host: (Seat, HostId),
        banner: &Arc<Banner>,
        target: String,
        label: Option<String>,
    ) {
        let included = Included { banner: banner.clone(), hosts: Vec::new(), target, label };
        if self.linear {
            self.included.entry((key.clone(), list)).or_insert(included).hosts.push(host);
        } else {
            self.show_included(key, Included { hosts: vec![host], ..included });
        }
    }

    /// Lets out what stands before the first position of any host; everything, if there is none.
    pub fn release(&mut self, first: Option<&(TaskKey, Seat)>) {
        loop {
            let late = self.waiting.keys().next();
            let included = self.included.keys().next();
            let include = match (late, included) {
                (Some((late, _)), Some((included, _))) => included < late,
                (None, Some(_)) => true,
                (Some(_), None) => false,
                (None, None) => return,
            };
            if include {
                let Some(entry) = self.included.first_entry() else { return };
                if first.is_some_and(|(first, _)| *first <= entry.key().0) {
                    return;
                }
                let ((key, _), included) = entry.remove_entry();
                self.show_included(&key, included);
            } else {
                let Some(entry) = self.waiting.first_entry() else { return };
                // What a host says while it is still at the task it may say when it is the first.
                if first.is_some_and(|first| first < entry.key()) {
                    return;
                }
                let ((key, _), late) = entry.remove_entry();
                for late in late {
                    self.show(&key, late);
                }
            }
        }
    }

    /// Drops what stands after this: it will not have happened.
    pub fn forget_after(&mut self, key: &TaskKey, seat: Seat) {
        self.waiting.retain(|(late, other), _| (late, *other) <= (key, seat));
        self.included.retain(|(included, _), _| included < key);
    }

    fn show(&mut self, key: &TaskKey, late: Late) {
        match late {
            Late::Banner(banner) => self.show_banner(key, &banner),
            Late::Announced(banner) => self.show_banner_once(key, &banner),
            Late::Event { banner, event } => {
                self.show_banner_once(key, &banner);
                self.emit(*event);
            }
        }
    }

    fn show_banner_once(&mut self, key: &TaskKey, banner: &Banner) {
        if self.shown.as_ref() != Some(key) {
            self.show_banner(key, banner);
        }
    }

    fn show_banner(&mut self, key: &TaskKey, banner: &Banner) {
        self.shown = Some(key.clone());
        self.emit(Event::TaskStarted {
            key: key.clone(),
            name: banner.name.clone(),
            span: banner.span,
            handler: banner.handler,
            action: banner.action.clone(),
            check_mode: banner.check_mode,
        });
    }

    fn show_included(&mut self, key: &TaskKey, mut included: Included) {
        included.hosts.sort_unstable();
        let Included { banner, hosts, target, label } = included;
        let hosts = hosts.into_iter().map(|(_, host)| host).collect();
        let event = Box::new(Event::Included { key: key.clone(), hosts, target, label });
        self.show(key, Late::Event { banner, event });
    }

    /// Leaves at once: plays, and words beside the tasks.
    pub fn emit(&mut self, event: Event) {
        self.recap.count(&event);
        self.out.push(event);
    }

    pub fn take(&mut self) -> std::vec::Drain<'_, Event> {
        self.out.drain(..)
    }

    pub fn recap(&self) -> &Recap {
        &self.recap
    }
}

// ---- the recap ----

impl Recap {
    /// A fold over the events: nothing else goes into it.
    pub fn count(&mut self, event: &Event) {
        match event {
            // As Ansible: what `meta` does is counted nowhere.
            Event::Task { traits, .. } if traits.steers => {}
            Event::Task { host, status, .. } => self.0.entry(*host).or_default().count(status),
            Event::Included { hosts, .. } => {
                for host in hosts {
                    self.0.entry(*host).or_default().ok += 1;
                }
            }
            _ => {}
        }
    }
}

impl Counts {
    fn count(&mut self, status: &Status) {
        match status {
            Status::Unreachable { ignored: false, .. } => self.unreachable += 1,
            Status::Unreachable { ignored: true, .. } => {
                self.ok += 1;
                self.ignored += 1;
            }
            Status::Settled { outcome, failure } => self.count_settled(outcome, *failure),
        }
    }

    fn count_settled(&mut self, outcome: &Outcome, failure: Failure) {
        match failure {
            Failure::Fatal => return self.failed += 1,
            Failure::Rescued => return self.rescued += 1,
            Failure::None if outcome.skipped => return self.skipped += 1,
            Failure::Ignored => self.ignored += 1,
            Failure::None => {}
        }
        self.ok += 1;
        self.changed += u32::from(outcome.changed);
    }
}
