//! From a task as it was written to what it asks for on one host.
use super::instance::{Call, Instance, Step};
use super::loops::{self, Looped};
use super::names::{May, Names};
use super::prepare::{Ready, prepared};
use super::round::Round;
use super::{Context, Failure, Halt, actions, arguments, connection, delegate, identity, judge, keyword, result};
use crate::engine::message::{Begun, Effect, Include, Item, Meta, Outcome, Passed, Question, Retry, Until, Work};
use crate::playbook::model::Task;
use lang::template::Scope;
use std::cell::Cell;
use std::sync::Arc;
use target::protocol::Mode;
use value::{Map, Value};

/// One question with the names of its host.
pub struct Asking<'q> {
    pub question: &'q Question,
    pub world: &'q Context<'q>,
    pub scope: Box<dyn Scope + 'q>,
    pub may: May,
    /// Waits that this evaluation has come to.
    waited: Cell<usize>,
}

impl<'q> Asking<'q> {
    pub fn new(question: &'q Question, world: &'q Context<'q>) -> Result<Self, Halt> {
        let all = question.alone;
        let mut asking = Self {
            question,
            world,
            scope: world.world.scope(question, None)?,
            may: May { all, files: true, see_others: all || question.play.batch.len() <= 1 },
            waited: Cell::new(0),
        };
        // Where host and controller are one machine, a task under way may write what this one reads.
        asking.may.files = all || !connection::is_local(&asking)?;
        Ok(asking)
    }

    /// Ends the evaluation until this is over; asked again, it goes on with what came of it.
    pub fn wait(&self, until: Until) -> Result<&'q Passed, Halt> {
        let waited = self.waited.get();
        self.waited.set(waited + 1);
        self.question.waited.get(waited).ok_or(Halt::Wait(until))
    }

    /// Ends the evaluation where the controller's files may still change.
    pub fn may_read(&self) -> Result<(), Halt> {
        if self.may.files { Ok(()) } else { Err(Halt::Fence) }
    }

    pub fn names(&self, top: &Arc<Map>) -> Names<'_> {
        Names::new(&*self.scope, top.clone(), self.may)
    }

    pub fn task(&self) -> &'q Task {
        &self.question.task
    }
}

pub fn begin(question: &Question, world: &Context) -> Result<Begun, Halt> {
    let asking = Asking::new(question, world)?;
    let names = asking.names(&Arc::default());
    let mut begun = Begun { name: name(&asking, &names)?, ..Begun::default() };
    let work = header(&asking, &names, &mut begun).and_then(|()| work(&asking, &names, &mut begun));
    begun.work = match work {
        Ok(work) => work,
        Err(Halt::Wait(until)) => Work::Wait(until),
        Err(halt) => Work::Known { outcome: stopped(halt, &asking, &names, &mut begun)?, effects: Vec::new() },
    };
    Ok(begun)
}

/// A task that failed before its flags were looked at may still say that its failure is ignored.
fn stopped(halt: Halt, asking: &Asking, names: &Names, begun: &mut Begun) -> Result<Outcome, Halt> {
    let mut outcome = halt.settle()?;
    judge::place(&mut outcome, asking.task());
    let ignore = keyword::levels(asking.task(), |keywords| keywords.ignore_errors.as_ref());
    match keyword::truth(names, "ignore_errors", ignore) {
        Ok(ignore) => begun.ignore_errors = ignore.unwrap_or(false),
        Err(halt @ (Halt::Pending(_) | Halt::Fence)) => return Err(halt),
        Err(_) => {}
    }
    Ok(outcome)
}

/// As the banner shows it: the role's name before the task's. `include_role` speaks of the role that it brings.
fn name(asking: &Asking, names: &Names) -> Result<String, Halt> {
    let task = asking.task();
    let includes_role = task.action.traits.brings_role;
    let own = match (&task.name, task.args.map.get("name").or_else(|| task.args.map.get("role"))) {
        (Some(name), _) => names.banner(name)?,
        (None, Some(Value::Str(role))) if includes_role => format!("{} : {}", task.action.written, names.banner(role)?),
        _ => task.action.written.to_string(),
    };
    Ok(match task.frame.role().filter(|_| !includes_role) {
        Some(role) => format!("{} : {own}", role.name),
        None => own,
    })
}

/// What holds for the task whatever its condition says.
fn header(asking: &Asking, names: &Names, begun: &mut Begun) -> Result<(), Halt> {
    let task = asking.task();
    begun.register = task.register.as_ref().map(ToString::to_string);
    begun.judged_late = task.failed_when.iter().any(|condition| *condition != Value::Bool(false))
        || !task.until.is_empty()
        || task.retries.is_some()
        || !task.changed_when.iter().all(keyword::is_literal);
    // Of a loop each item says it for itself.
    begun.no_log = no_log(asking, names)?.0;
    begun.run_once = keyword::truth(names, "run_once", keyword::levels(task, |keywords| keywords.run_once.as_ref()))?
        .unwrap_or(false);
    let throttle = keyword::integer(names, "throttle", keyword::levels(task, |keywords| keywords.throttle.as_ref()))?;
    begun.throttle = throttle.and_then(|limit| usize::try_from(limit).ok()).filter(|limit| *limit > 0);
    begun.any_errors_fatal = keyword::truth(
        names,
        "any_errors_fatal",
        keyword::levels(task, |keywords| keywords.any_errors_fatal.as_ref()),
    )?
    .unwrap_or(false);
    Ok(())
}

/// Whether the results are hidden. Words that cannot be read must not show what they were meant to hide.
fn no_log(asking: &Asking, names: &Names) -> Result<(bool, Option<Box<Failure>>), Halt> {
    let written = keyword::levels(asking.task(), |keywords| keywords.no_log.as_ref());
    match keyword::truth(names, "no_log", written) {
        Ok(hidden) => Ok((hidden.unwrap_or(asking.world.settings.no_log), None)),
        Err(Halt::Failed(failure)) => Ok((true, Some(failure))),
        Err(halt) => Err(halt),
    }
}

fn work(asking: &Asking, names: &Names, begun: &mut Begun) -> Result<Work, Halt> {
    let conditions = asking.task().gathered(|keywords| &keywords.when);
    match loops::items(asking.task(), &conditions, names)? {
        Looped::Skipped(outcome) => Ok(Work::Known { outcome, effects: Vec::new() }),
        Looped::Single => {
            let (each, hidden) = Turn { asking, conditions: &conditions, names: names.with([]) }.run(begun)?;
            begun.no_log = hidden;
            single(asking, each, begun)
        }
        Looped::Items(turns, control) => {
            let mut round = Round::new(asking, &conditions, &control);
            let later = round.run(names, turns, begun)?;
            let paused = round.paused(control.pause);
            if paused > 0.0 {
                asking.wait(Until::Seconds(paused))?;
            }
            round.finish(later, begun)
        }
    }
}

/// What one item came to.
pub enum Each {
    Known(Outcome, Vec<Effect>),
    Call(Box<Ready>),
    Include(Include, Map),
    Meta(Meta),
}

/// One item, or the task without a loop.
pub struct Turn<'t> {
    pub asking: &'t Asking<'t>,
    pub conditions: &'t [&'t Value],
    pub names: Names<'t>,
}

impl Turn<'_> {
    /// A failure of the item is an outcome. Also says whether the item is hidden.
    pub fn run(&self, begun: &mut Begun) -> Result<(Each, bool), Halt> {
        let (hidden, wrong) = no_log(self.asking, &self.names)?;
        let warning = wrong
            .as_ref()
            .map(|wrong| format!("Invalid no_log value for task, output will be masked: {}", wrong.message));
        let mut each = match self.try_run(begun, wrong) {
            Ok(each) => each,
            Err(halt) => Each::Known(stopped(halt, self.asking, &self.names, begun)?, Vec::new()),
        };
        if let Each::Known(outcome, _) = &mut each {
            outcome.warnings.extend(warning);
        }
        Ok((each, hidden))
    }

    fn try_run(&self, begun: &mut Begun, wrong: Option<Box<Failure>>) -> Result<Each, Halt> {
        if let Some(condition) = self.names.first_false(self.conditions.iter().copied())? {
            return Ok(Each::Known(result::skipped(condition.clone()), Vec::new()));
        }
        if let Some(wrong) = wrong {
            return Err(Halt::Failed(wrong));
        }
        flags(self.asking.task(), &self.names, begun)?;
        let delegate = delegate::delegate(self.asking, &self.names, begun)?;
        let names = match &delegate {
            Some(delegate) => self.names.with(delegate.vars.iter().cloned()),
            None => self.names.with([]),
        };
        let (check, diff) = modes(self.asking, &names)?;
        let written = arguments::written(self.asking.task(), &names)?;
        let instance = Instance::new(self.asking, &names, &written, check);
        let delegate = delegate.and_then(|delegate| delegate.host);
        match actions::find(self.asking.task())?.prepare(&instance)? {
            Step::Known(outcome, effects) => Ok(Each::Known(outcome, effects)),
            Step::Meta(meta) => Ok(Each::Meta(meta)),
            Step::Include(target, registered) => {
                let include = Include { target, vars: self.names.top().clone(), label: None };
                Ok(Each::Include(include, registered))
            }
            Step::Call(call) => {
                let ready = self.ready(call, check, diff, delegate.as_deref())?;
                let (delegate, delegate_facts) = (begun.delegate.clone(), begun.delegate_facts);
                Ok(Each::Call(Ready { delegate, delegate_facts, ..ready }.into()))
            }
        }
    }

    fn ready(&self, call: Call, check: bool, diff: bool, delegate: Option<&str>) -> Result<Ready, Halt> {
        let (asking, task) = (self.asking, self.asking.task());
        if !call.plain && target::modules::find(&call.module).is_none() {
            return Err(actions::missing(task));
        }
        let delegated = delegate.map(|host| asking.world.world.scope(asking.question, Some(host))).transpose()?;
        let names = match &delegated {
            Some(scope) => Names::new(&**scope, self.names.top().clone(), asking.may),
            None => self.names.with([]),
        };
        let timeout =
            keyword::integer(&self.names, "timeout", keyword::levels(task, |keywords| keywords.timeout.as_ref()))?;
        // What the host is told must not be shown elsewhere, where it is marked so.
        call.args.values().for_each(|value| keep_secrets(asking, value));
        let host = match delegate {
            Some(host) => Arc::from(host),
            None => asking.world.world.host_name(asking.question.host),
        };
        let larger = target::modules::find(&call.module).is_some_and(|module| module.info().net);
        Ok(Ready {
            call,
            delegate: None,
            delegate_facts: None,
            connection: connection::connection(asking, &names, &host, larger)?,
            identity: identity::identity(asking, &names)?,
            environment: environment(task, &self.names)?,
            mode: match (asking.world.settings.plan, check) {
                (true, _) => Mode::Plan,
                (_, true) => Mode::Check,
                _ => Mode::Apply,
            },
            diff,
            timeout: timeout.and_then(|seconds| u32::try_from(seconds).ok()).filter(|seconds| *seconds > 0),
        })
    }
}

fn keep_secrets(asking: &Asking, value: &Value) {
    if value.holds_secret() {
        asking.world.surroundings.keep_secret(value);
    }
}

/// What is only looked at where the task runs.
fn flags(task: &Task, names: &Names, begun: &mut Begun) -> Result<(), Halt> {
    let ignore = keyword::levels(task, |keywords| keywords.ignore_errors.as_ref());
    begun.ignore_errors = keyword::truth(names, "ignore_errors", ignore)?.unwrap_or(false);
    let ignore = keyword::levels(task, |keywords| keywords.ignore_unreachable.as_ref());
    begun.ignore_unreachable = keyword::truth(names, "ignore_unreachable", ignore)?.unwrap_or(false);
    notify(task, names, begun)?;
    if !task.until.is_empty() || task.retries.is_some() {
        let retries = keyword::integer(names, "retries", task.retries.as_ref())?.unwrap_or(3).max(0);
        let delay = keyword::number(names, "delay", task.delay.as_ref())?.unwrap_or(5.0).max(0.0);
        // Without a further attempt nobody asks `until`.
        begun.retry = (retries > 0).then(|| Retry { retries: u32::try_from(retries).unwrap_or(u32::MAX), delay });
    }
    Ok(())
}

/// Any change of a loop notifies for all of its items.
fn notify(task: &Task, names: &Names, begun: &mut Begun) -> Result<(), Halt> {
    for written in task.inherited(|keywords| keywords.notify.as_ref()).into_iter().flatten() {
        let notified = match keyword::value(names, "notify", Some(written))? {
            Some(Value::List(several)) => several.iter().map(Value::to_text).collect(),
            Some(one) => vec![one.to_text()],
            None => Vec::new(),
        };
        for name in notified {
            if !begun.notify.contains(&name) {
                begun.notify.push(name);
            }
        }
    }
    Ok(())
}

/// Whether it only looks, and whether it shows differences.
fn modes(asking: &Asking, names: &Names) -> Result<(bool, bool), Halt> {
    let (task, settings) = (asking.task(), asking.world.settings);
    let check = keyword::truth(names, "check_mode", keyword::levels(task, |keywords| keywords.check_mode.as_ref()))?;
    let diff = keyword::truth(names, "diff", keyword::levels(task, |keywords| keywords.diff.as_ref()))?;
    Ok((check.unwrap_or(settings.check), diff.unwrap_or(settings.diff)))
}

/// From the outside in; the nearest wins.
fn environment(task: &Task, names: &Names) -> Result<Vec<(String, String)>, Halt> {
    let mut all = Map::new();
    for written in task.gathered(|keywords| &keywords.environment) {
        let value = keyword::value(names, "environment", Some(written))?;
        let levels = match &value {
            Some(Value::List(levels)) => levels.to_vec(),
            Some(other) => vec![other.clone()],
            None => Vec::new(),
        };
        for level in levels {
            match level {
                Value::Map(map) => all.extend(Arc::unwrap_or_clone(map)),
                Value::Null | Value::Omit => {}
                other => {
                    let message = format!("environment must be a dictionary, received {}", other.type_name());
                    return Err(Halt::refused(message).at(written.origin()));
                }
            }
        }
    }
    Ok(all.iter().map(|(name, value)| (name.value().to_text(), value.to_text())).collect())
}

// ---- one ----

fn single(asking: &Asking, each: Each, begun: &mut Begun) -> Result<Work, Halt> {
    Ok(match each {
        Each::Meta(meta) => Work::Meta(meta),
        Each::Include(include, registered) => {
            let outcome = Outcome { result: Arc::new(registered), ..Outcome::default() };
            Work::Include { includes: vec![include], outcome }
        }
        Each::Known(outcome, effects) => {
            let (outcome, effects) = judge::known(asking, &Arc::default(), outcome, effects, begun)?;
            Work::Known { outcome, effects }
        }
        Each::Call(ready) => {
            let item = Item { label: None, vars: Arc::default(), known: None, hidden: begun.no_log, own: None };
            prepared(vec![(item, Some(*ready))], Vec::new(), 0.0, false, begun)
        }
    })
}
