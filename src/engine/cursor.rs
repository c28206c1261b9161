//! Where one host stands in a play: plain data that can be cloned and kept. Of calls under way it knows the numbers: what one
//! will return, and whether it will notify, are promises, so a copy that is kept stays right.
use super::lists::Lists;
use super::message::{HostVars, Outcome};
use super::place::{ALWAYS, BODY, RESCUE, Source, Step, TaskKey};
use crate::playbook::model::{Block, Node, Role};
use std::collections::BTreeSet;
use std::sync::Arc;
use target::protocol::CallId;

#[derive(Clone, Debug, Default)]
pub struct Cursor {
    /// The task (or handler, which may be a block) that comes next; its steps are the stack of blocks, includes and flushes
    /// around it. None: through with the play.
    pub at: Option<TaskKey>,
    /// The always sections around it at whose end a failure goes on: how many steps lead to their blocks.
    failing: BTreeSet<usize>,
    /// Of the includes around it: how many steps lead there, and the lists that come after the present one.
    lists: Vec<(usize, Vec<[Step; 2]>)>,
    pub vars: HostVars,
    /// Notifications, and which call must turn out changed for them (none: it did). Whom they call is decided by a flush, since
    /// roles that are included in the meantime bring handlers too.
    saved: BTreeSet<(Arc<str>, Option<CallId>)>,
    /// Of the present flush: the handlers to run.
    notified: BTreeSet<(u32, Option<CallId>)>,
    /// Roles of which a task ran, and which call must not turn out skipped for it.
    ran: Arc<BTreeSet<(Arc<str>, Option<CallId>)>>,
    /// Those that it has come to the end of.
    through: Arc<BTreeSet<Arc<str>>>,
    /// A failure that nothing rescued.
    pub failed: bool,
}

/// How many steps lead to a node of a section: play, batch, section, node.
const SECTION: usize = 4;

/// Of what calls under way decide.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Promised {
    No,
    Yes,
    Pending,
}

impl Cursor {
    /// Goes to the start of a batch; what the host has learned stays.
    pub fn open(&mut self, lists: &Lists, play: u32, batch: u32) {
        self.saved.clear();
        self.notified.clear();
        self.ran = Arc::default();
        self.through = Arc::default();
        self.failing.clear();
        self.lists.clear();
        self.seek(lists, vec![Step::Play(play), Step::Batch(batch), Step::Source(Source::Setup), Step::Node(0)]);
    }

    pub fn pass(&mut self, lists: &Lists) {
        if let Some(key) = self.at.take() {
            self.seek(lists, next(key.0));
        }
    }

    /// Goes into the block that stands here: a handler, or a role that may have run.
    pub fn enter_block(&mut self, lists: &Lists) {
        if let Some(mut key) = self.at.take() {
            key.0.extend([Step::Section(BODY), Step::Node(0)]);
            self.seek(lists, key.0);
        }
    }

    /// Runs the handlers, and then passes the task that flushes.
    pub fn flush(&mut self, lists: &Lists) {
        if let Some(mut key) = self.at.take() {
            self.call_notified(lists, &key.0);
            key.0.extend([Step::Source(Source::Handlers), Step::Node(0)]);
            self.seek(lists, key.0);
        }
    }

    /// Goes through what an include brought, list by list, and then passes the include.
    pub fn include(&mut self, lists: &Lists, mut brought: Vec<[Step; 2]>) {
        let Some(key) = self.at.take() else { return };
        brought.reverse();
        let depth = key.0.len();
        self.lists.push((depth, brought));
        let steps = self.next_list(key.0);
        self.seek(lists, steps);
    }

    /// From an include to its next list, or past it.
    fn next_list(&mut self, mut include: Vec<Step>) -> Vec<Step> {
        match self.lists.last_mut() {
            Some((depth, left)) if *depth == include.len() => match left.pop() {
                Some(list) => include.extend(list.into_iter().chain([Step::Node(0)])),
                None => {
                    self.lists.pop();
                    include = next(include);
                }
            },
            _ => include = next(include),
        }
        include
    }

    /// Through with the play; a failure that was on its way stays one.
    pub fn end(&mut self) {
        self.at = None;
        self.failed |= !self.failing.is_empty();
        self.forget_inside(0);
    }

    /// `meta: end_role`: past the role around this place, if there is one.
    pub fn end_role(&mut self, lists: &Lists) {
        let Some(key) = self.at.take() else { return };
        for depth in (1..=key.0.len()).rev() {
            let steps = &key.0[..depth];
            if let Some(Node::Block(block)) = lists.node(steps)
                && let Some(role) = &block.frame.role
            {
                self.come_through(role);
                return self.leave_role(lists, steps, next(steps.to_vec()), &key);
            }
            if lists.is_included_role(steps) {
                return self.leave_role(lists, steps, [steps, &[Step::Node(u32::MAX)]].concat(), &key);
            }
        }
        self.seek(lists, next(key.0));
    }

    /// Ansible breaks off where an always section that a failure came to ends the role; the failure goes on here.
    fn leave_role(&mut self, lists: &Lists, role: &[Step], after: Vec<Step>, at: &TaskKey) {
        let failing = self.failing.iter().any(|block| *block > role.len());
        self.forget_inside(role.len());
        match failing {
            true => self.unwind(lists, role.to_vec(), at),
            false => self.seek(lists, after),
        }
    }

    /// The task failed: goes to the nearest rescue, by way of every always.
    pub fn fail(&mut self, lists: &Lists) {
        if let Some(key) = self.at.take() {
            self.unwind(lists, key.0.clone(), &key);
        }
    }

    /// Another host failed here for all: as Ansible does, twice, so that a rescue or an always of the innermost block is
    /// passed over.
    pub fn fail_for_another(&mut self, lists: &Lists) {
        let Some(key) = self.at.take() else { return };
        let mut steps = key.0.clone();
        steps.pop();
        let innermost = steps.pop();
        match innermost {
            Some(Step::Section(BODY)) if lists.has_rescue(&steps) => steps.push(Step::Section(RESCUE)),
            Some(Step::Section(BODY | RESCUE)) => steps.push(Step::Section(ALWAYS)),
            _ => steps.extend(innermost),
        }
        steps.push(Step::Node(0));
        self.unwind(lists, steps, &key);
    }

    /// `meta: clear_host_errors`
    pub fn clear_errors(&mut self) {
        self.failing.clear();
        self.failed = false;
    }

    /// From a place where a node may stand, goes on to the next task: into blocks, out of lists that have ended.
    fn seek(&mut self, lists: &Lists, steps: Vec<Step>) {
        let mut key = TaskKey(steps);
        loop {
            match lists.node(&key.0) {
                Some(Node::Task(_)) => return self.at = Some(key),
                // A handler's block runs only if it was notified, and a role perhaps only once.
                Some(Node::Block(_)) if key.is_handler() => return self.at = Some(key),
                Some(Node::Block(block)) if self.is_through(block) => return self.at = Some(key),
                Some(Node::Block(_)) => key.0.extend([Step::Section(BODY), Step::Node(0)]),
                None => match self.leave(lists, key.0) {
                    Some(steps) => key = TaskKey(steps),
                    None => return,
                },
            }
        }
    }

    /// Where the end of a list leads.
    fn leave(&mut self, lists: &Lists, mut steps: Vec<Step>) -> Option<Vec<Step>> {
        let end = steps.pop()?;
        match steps.pop()? {
            Step::Section(ALWAYS) if self.failing.remove(&steps.len()) => {
                let key = TaskKey(steps.clone());
                self.unwind(lists, steps, &key);
                // `unwind` has sought on from there.
                return None;
            }
            Step::Section(ALWAYS) => return Some(next(steps)),
            Step::Section(_) => {
                if let Some(Node::Block(block)) = lists.node(&steps)
                    && let Some(role) = &block.frame.role
                {
                    self.come_through(role);
                }
                steps.extend([Step::Section(ALWAYS), Step::Node(0)]);
            }
            Step::Source(Source::Included(_)) => {
                steps.pop();
                return Some(self.next_list(steps));
            }
            // The handlers at the end of a section were the last tasks of a host that failed.
            Step::Source(Source::Handlers) if self.failed && steps.len() == SECTION => return None,
            Step::Source(Source::Handlers) => return Some(next(steps)),
            Step::Source(section) => {
                steps.push(Step::Source(section));
                let flush = Step::Node(lists.length(&steps));
                if section != Source::Setup && end == flush {
                    steps.push(flush);
                    self.call_notified(lists, &steps);
                    steps.extend([Step::Source(Source::Handlers), Step::Node(0)]);
                } else {
                    steps.pop();
                    steps.extend([Step::Source(after(section)?), Step::Node(0)]);
                }
            }
            _ => return None,
        }
        Some(steps)
    }

    /// Goes up from a failure to the next rescue or always; out of the play where there is none.
    fn unwind(&mut self, lists: &Lists, mut steps: Vec<Step>, failed_at: &TaskKey) {
        while let Some(step) = steps.pop() {
            let section = match step {
                Step::Section(BODY) if lists.has_rescue(&steps) => RESCUE,
                Step::Section(BODY | RESCUE) => ALWAYS,
                _ => continue,
            };
            self.forget_inside(steps.len());
            if section == ALWAYS {
                self.failing.insert(steps.len());
            }
            steps.extend([Step::Section(section), Step::Node(0)]);
            return self.seek(lists, steps);
        }
        self.forget_inside(0);
        let was_failed = std::mem::replace(&mut self.failed, true);
        if lists.force_handlers && !was_failed && !(self.saved.is_empty() && self.notified.is_empty()) {
            self.flush_after(lists, failed_at);
        }
    }

    /// `force_handlers`: to the flush at the end of the section in which the host failed, unless it failed there.
    fn flush_after(&mut self, lists: &Lists, failed_at: &TaskKey) {
        let [play, batch, section, node, ..] = failed_at.0[..] else { return };
        let mut steps = vec![play, batch, section];
        let flush = Step::Node(lists.length(&steps));
        if section != Step::Source(Source::Setup) && node != flush {
            steps.push(flush);
            self.call_notified(lists, &steps);
            steps.extend([Step::Source(Source::Handlers), Step::Node(0)]);
            self.seek(lists, steps);
        }
    }

    /// Includes and failing always sections that stand deeper than this.
    fn forget_inside(&mut self, depth: usize) {
        self.failing.retain(|block| *block < depth);
        self.lists.retain(|(include, _)| *include < depth);
    }

    // ---- promises ----

    /// What a handler notifies belongs to the flush under way.
    pub fn notify(&mut self, lists: &Lists, notifications: &[String], call: Option<CallId>) {
        self.saved.extend(notifications.iter().map(|name| (Arc::from(name.as_str()), call)));
        if let Some(at) = self.at.clone().filter(TaskKey::is_in_flush) {
            self.call_notified(lists, &at.0);
        }
    }

    /// From names to handlers.
    fn call_notified(&mut self, lists: &Lists, at: &[Step]) {
        for (name, call) in std::mem::take(&mut self.saved) {
            self.notified.extend(lists.called(&name, at).into_iter().map(|handler| (handler, call)));
        }
    }

    /// Keeps what a call promised to its handlers, and to the role around it.
    pub fn resolve_promises(&mut self, call: CallId, outcome: &Outcome) {
        let kept = outcome.changed && !outcome.failed;
        resolve(&mut self.saved, call, kept);
        resolve(&mut self.notified, call, kept);
        if self.ran.iter().any(|(_, promise)| *promise == Some(call)) {
            resolve(Arc::make_mut(&mut self.ran), call, !outcome.skipped && !outcome.unreachable);
        }
    }

    pub fn is_notified(&self, handler: u32) -> Promised {
        promised(&self.notified, handler)
    }

    pub fn forget_notified(&mut self, handler: u32) {
        self.notified.retain(|(number, _)| *number != handler);
    }

    /// A task of this role runs, or will unless this call turns out skipped.
    pub fn run_in(&mut self, role: &Role, call: Option<CallId>) {
        Arc::make_mut(&mut self.ran).insert((role.identity.clone(), call));
    }

    fn come_through(&mut self, role: &Role) {
        Arc::make_mut(&mut self.through).insert(role.identity.clone());
    }

    /// Whether the block is a role that runs once, and that the host has come to the end of.
    fn is_through(&self, block: &Block) -> bool {
        let once = block.frame.role.as_ref().filter(|role| !role.allow_duplicates);
        once.is_some_and(|role| self.through.contains(&role.identity))
    }

    /// Of a role that it has come to the end of: whether a task of it ran.
    pub fn has_run(&self, block: &Block) -> Promised {
        let role = block.frame.role.as_ref().filter(|_| self.is_through(block));
        role.map_or(Promised::No, |role| promised(&self.ran, role.identity.clone()))
    }

    /// The handler that stands here begins. Not before: it would be lost if it had to wait for its arguments.
    pub fn answer_call(&mut self) {
        if let Some(handler) = self.handler() {
            self.forget_notified(handler);
        }
    }

    /// The handler that stands here.
    pub fn handler(&self) -> Option<u32> {
        match self.at.as_ref().filter(|key| key.is_handler())?.0.last() {
            Some(Step::Node(handler)) => Some(*handler),
            _ => None,
        }
    }
}

fn promised<T: Ord>(promises: &BTreeSet<(T, Option<CallId>)>, of: T) -> Promised {
    let key = (of, None);
    // Certainty sorts before promises.
    match promises.range(&key..).next() {
        Some((known, None)) if *known == key.0 => Promised::Yes,
        Some((known, Some(_))) if *known == key.0 => Promised::Pending,
        _ => Promised::No,
    }
}

fn resolve<T: Ord + Clone>(promises: &mut BTreeSet<(T, Option<CallId>)>, call: CallId, kept: bool) {
    let promised: Vec<T> =
        promises.iter().filter(|(_, promise)| *promise == Some(call)).map(|(whom, _)| whom.clone()).collect();
    for whom in promised {
        promises.remove(&(whom.clone(), Some(call)));
        if kept {
            promises.insert((whom, None));
        }
    }
}

/// The place after a node.
fn next(mut steps: Vec<Step>) -> Vec<Step> {
    if let Some(Step::Node(index)) = steps.last_mut() {
        *index = index.saturating_add(1);
    }
    steps
}

fn after(section: Source) -> Option<Source> {
    match section {
        Source::Setup => Some(Source::PreTasks),
        Source::PreTasks => Some(Source::Tasks),
        Source::Tasks => Some(Source::PostTasks),
        Source::PostTasks | Source::Handlers | Source::Included(_) => None,
    }
}
