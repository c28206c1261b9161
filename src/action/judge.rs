//! From a call's answers to outcomes: the action's second half, `changed_when`, `failed_when`, `until`, and the sum of a loop.
use super::begin::Asking;
use super::instance::Finish;
use super::names::Names;
use super::{Halt, actions, delegate, keyword, result, round};
use crate::engine::message::{About, Begun, Effect, Evaluated, HostId, Item, Judged, Outcome, Question, Retry, Work};
use crate::engine::outcome::HIDDEN;
use crate::playbook::model::Task;
use crate::vars::connection::is_connection_variable;
use std::sync::Arc;
use target::protocol::{Answer, Cause, Diff};
use value::{Diagnostic, Map, Str, Value};

/// Of the task, or of the one item that was asked about.
pub fn judge(
    asking: &Asking,
    begun: &Begun,
    answers: &[Answer],
    attempt: u32,
    item: Option<usize>,
) -> Result<Judged, Halt> {
    let Work::Call(prepared) = &begun.work else { return Ok(nothing(begun)) };
    if let Some(index) = item {
        let (Some(item), Some(answer)) = (prepared.items.get(index), answers.first()) else {
            return Ok(nothing(begun));
        };
        let stop_conditions = asking.task().looped.as_ref().map(|looped| &looped.control.break_when[..]);
        let judged = one(asking, begun, item, index, answer, attempt)?;
        let stop = !judged.again && stops(asking, &item.vars, stop_conditions.unwrap_or(&[]), &judged.outcome)?;
        let goes_on = !judged.again && !stop && index + 1 == prepared.items.len() && !prepared.later.is_empty();
        let next = goes_on.then(|| round::next(asking, begun, prepared, &judged.outcome)).transpose()?;
        return Ok(Judged { stop, next: next.map(Arc::new), ..judged });
    }
    let mut answers = answers.iter();
    let mut judged = judged_as(Outcome::default(), Vec::new(), false);
    let mut outcomes = Vec::new();
    for (index, item) in prepared.items.iter().enumerate() {
        match &item.known {
            Some(known) => outcomes.push(known.clone()),
            None => {
                let Some(answer) = answers.next() else { continue };
                let one = one(asking, begun, item, index, answer, attempt)?;
                judged.again |= one.again;
                judged.effects.extend(one.effects);
                outcomes.push(one.outcome);
            }
        }
    }
    judged.outcome = match prepared.items.as_slice() {
        [single] if single.label.is_none() => outcomes.pop().unwrap_or_default(),
        items => aggregate(items, outcomes),
    };
    Ok(judged)
}

/// A question about work that has no call: nothing to judge.
fn nothing(begun: &Begun) -> Judged {
    let (outcome, effects) = match &begun.work {
        Work::Known { outcome, effects } => (outcome.clone(), effects.clone()),
        _ => Default::default(),
    };
    judged_as(outcome, effects, false)
}

fn judged_as(outcome: Outcome, effects: Vec<Effect>, again: bool) -> Judged {
    Judged { outcome, effects, again, stop: false, next: None }
}

/// The sum of a loop whose items were judged one by one.
pub fn collect(begun: &Begun, outcomes: &[Outcome]) -> Judged {
    let outcome = match &begun.work {
        Work::Call(prepared) => {
            let done = outcomes.len().min(prepared.items.len());
            aggregate(&prepared.items[..done], outcomes.to_vec())
        }
        _ => Outcome::default(),
    };
    judged_as(outcome, Vec::new(), false)
}

/// What failed while it was judged, or before the task's flags were known. `hides`: the settings say `no_log` of all tasks.
pub fn settled(question: &Question, mut outcome: Outcome, hides: bool) -> Evaluated {
    match &question.about {
        About::Begin => {
            place(&mut outcome, &question.task);
            let work = Work::Known { outcome, effects: Vec::new() };
            let task = &question.task;
            let name = task.name.clone().unwrap_or_else(|| task.action.written.clone()).to_string();
            // What the task says of it cannot be evaluated; only where nothing is said, nothing is hidden.
            let written = keyword::levels(task, |keywords| keywords.no_log.as_ref()).next();
            let no_log = match written.map(Value::as_bool) {
                None => hides,
                Some(Some(said)) => said,
                Some(None) => true,
            };
            Evaluated::Begun(Box::new(Begun { name, work, no_log, ..Begun::default() }))
        }
        About::Judge { .. } | About::Collect { .. } => {
            Evaluated::Judged(Box::new(judged_as(outcome, Vec::new(), false)))
        }
    }
}

fn one(
    asking: &Asking,
    begun: &Begun,
    item: &Item,
    index: usize,
    answer: &Answer,
    attempt: u32,
) -> Result<Judged, Halt> {
    let notes = begun.notes.as_list().and_then(|notes| notes.get(index)).unwrap_or(&Value::Null);
    let action = actions::find(asking.task())?;
    let (outcome, mut effects) = match action.finish(&Finish { asking, notes }, from_answer(answer)) {
        Ok(finished) => finished,
        Err(halt) => (halt.settle()?, Vec::new()),
    };
    effects.extend(facts(&outcome));
    let outcome = with_diff(outcome);
    let (outcome, again) = verdict(asking, &item.vars, outcome, begun.retry, attempt)?;
    let mut outcome = with_item(placed(asking, outcome), &item.vars);
    if let Some(own) = &item.own {
        effects = effects.into_iter().map(|effect| of_delegate(effect, own.delegate_facts)).collect();
        result::edit(&mut outcome, |fields| {
            fields.insert(result::DELEGATE, own.delegate.as_deref());
        });
    }
    outcome.hidden = item.hidden;
    if item.hidden || begun.no_log {
        // Whoever waits for the result would say it.
        outcome.unforeseen = outcome.unforeseen.map(|_| HIDDEN.into());
    }
    Ok(judged_as(outcome, effects, again))
}

/// What one item of a delegated loop teaches is its own delegate's.
pub fn of_delegate(effect: Effect, host: Option<HostId>) -> Effect {
    let facts = matches!(effect, Effect::Facts(_) | Effect::SetFact { .. } | Effect::ClearFacts);
    match host.filter(|_| facts) {
        Some(host) => Effect::Of(host, Box::new(effect)),
        None => effect,
    }
}

/// An outcome of the controller's own, judged as any other.
pub fn known(
    asking: &Asking,
    vars: &Arc<Map>,
    outcome: Outcome,
    effects: Vec<Effect>,
    begun: &Begun,
) -> Result<(Outcome, Vec<Effect>), Halt> {
    if outcome.skipped || outcome.diagnostic.is_some() {
        return Ok((outcome, effects));
    }
    // Nothing that is known changes by waiting, so the attempts are counted and not made.
    let attempt = begun.retry.map_or(1, |retry| retry.retries + 1);
    let (first, again) = verdict(asking, vars, outcome.clone(), begun.retry, 1)?;
    let judged = if again { verdict(asking, vars, outcome, begun.retry, attempt)?.0 } else { first };
    Ok((placed(asking, judged), effects))
}

/// A fault whose place nobody knows more closely is one of its task.
pub fn place(outcome: &mut Outcome, task: &Task) {
    if let Some(diagnostic) = &mut outcome.diagnostic {
        diagnostic.span = diagnostic.span.or(Some(task.span));
    }
}

/// A failure that nobody told more of is shown at its task.
fn placed(asking: &Asking, mut outcome: Outcome) -> Outcome {
    if outcome.failed && outcome.diagnostic.is_none() {
        let text = |name: &str| outcome.result.get(name).map(Value::to_text).filter(|text| !text.trim().is_empty());
        let judged = outcome.result.get("failed_when_result") == Some(&Value::Bool(true));
        let why = match judged {
            true => Some("`failed_when` says that it failed".to_string()),
            false => text("msg").or_else(|| text("stderr")),
        };
        let why = why.unwrap_or_else(|| "the task failed".into());
        let line = why.trim().lines().next().unwrap_or_default().to_string();
        let (code, help) = outcome.cause.and_then(advice).unzip();
        let mut diagnostic = Diagnostic::error(code.unwrap_or("task-failed"), line).at(asking.task().span);
        diagnostic.help = help.map(Into::into);
        outcome.diagnostic = Some(Box::new(diagnostic));
    }
    if outcome.failed {
        never_ran(&mut outcome);
    }
    outcome
}

/// Where the module itself came to no end, Ansible says that the task failed, and nothing of what the module would have told.
fn never_ran(outcome: &mut Outcome) {
    let refused = matches!(outcome.cause, Some(Cause::BecomePasswordMissing | Cause::BecomePasswordWrong));
    let timed_out = outcome.result.contains("timedout");
    if refused || timed_out {
        let result = Arc::make_mut(&mut outcome.result);
        let msg = result.get("msg").map(Value::to_text).unwrap_or_default();
        let kept = ["changed", "msg", "timedout"];
        result.retain(|key, _| !timed_out || key.as_str().is_some_and(|key| kept.contains(&key)));
        result.insert("msg", format!("Task failed: {msg}"));
    }
}

/// What refusals from the host's side of become are called, and what helps against them.
fn advice(cause: Cause) -> Option<(&'static str, &'static str)> {
    match cause {
        Cause::BecomePasswordMissing => Some((
            "become-password-missing",
            "`-K` asks for it, `--become-password-file` reads it, and `ansible_become_password` may come from a vault",
        )),
        Cause::BecomePasswordWrong => {
            Some(("become-password-wrong", "it came from `-K`, `--become-password-file` or `ansible_become_password`"))
        }
        Cause::BecomeNotAllowed => Some((
            "become-not-allowed",
            "the host's sudoers say who may; `become_user` and `become_method` choose another way",
        )),
        Cause::FileMissing | Cause::IsFolder => None,
    }
}

/// The task's own words about a result. The flag says that `until` wants another attempt.
fn verdict(
    asking: &Asking,
    vars: &Arc<Map>,
    mut outcome: Outcome,
    retry: Option<Retry>,
    attempt: u32,
) -> Result<(Outcome, bool), Halt> {
    let task = asking.task();
    if outcome.unforeseen.is_some() {
        return Ok((outcome, false));
    }
    if !outcome.skipped {
        conditions(asking, vars, &mut outcome)?;
    }
    let Some(retry) = retry else { return Ok((outcome, false)) };
    result::edit(&mut outcome, |fields| {
        fields.insert("attempts", attempt);
    });
    let holds = match task.until.as_slice() {
        [] => !outcome.failed,
        until => match seen(asking, vars, &outcome)?.first_false(until) {
            Ok(missed) => missed.is_none(),
            Err(halt) => return Ok((halt.settle()?, false)),
        },
    };
    let last = attempt > retry.retries;
    if last && !holds {
        outcome.failed = true;
        result::edit(&mut outcome, |fields| {
            fields.insert("attempts", retry.retries.max(1));
            fields.insert("failed", true);
        });
    }
    Ok((outcome, !holds && !last))
}

/// `changed_when`, then `failed_when`. A condition that cannot be evaluated fails the task, and its result keeps the words.
fn conditions(asking: &Asking, vars: &Arc<Map>, outcome: &mut Outcome) -> Result<(), Halt> {
    let task = asking.task();
    if !task.changed_when.is_empty() {
        match seen(asking, vars, outcome)?.first_false(&task.changed_when) {
            Ok(missed) => set(outcome, missed.is_none(), None),
            Err(Halt::Failed(failure)) => return unjudged(outcome, "changed_when_result", *failure),
            Err(halt) => return Err(halt),
        }
    }
    if !task.failed_when.is_empty() {
        match seen(asking, vars, outcome)?.first_false(&task.failed_when) {
            Ok(missed) => set(outcome, outcome.changed, Some(missed.is_none())),
            Err(Halt::Failed(failure)) => return unjudged(outcome, "failed_when_result", *failure),
            Err(halt) => return Err(halt),
        }
    }
    Ok(())
}

fn set(outcome: &mut Outcome, changed: bool, failed: Option<bool>) {
    let was_failed = outcome.failed;
    outcome.changed = changed;
    outcome.failed = failed.unwrap_or(was_failed);
    result::edit(outcome, |fields| {
        fields.insert("changed", changed);
        if let Some(failed) = failed {
            fields.insert("failed", failed);
            fields.insert("failed_when_result", failed);
            if was_failed && !failed {
                fields.insert("failed_when_suppressed_exception", "(traceback unavailable)");
            }
        }
    });
}

fn unjudged(outcome: &mut Outcome, key: &str, failure: super::Failure) -> Result<(), Halt> {
    outcome.failed = true;
    result::edit(outcome, |fields| {
        fields.insert("failed", true);
        fields.insert(key, failure.message);
    });
    outcome.diagnostic = Some(Box::new(failure.diagnostic));
    Ok(())
}

/// The names as conditions on a result see them: the item's, what the task registers, the facts that it brought, its delegate's.
fn seen<'a>(asking: &'a Asking, vars: &Arc<Map>, outcome: &Outcome) -> Result<Names<'a>, Halt> {
    let mut top = (**vars).clone();
    if let Some(Value::Map(facts)) = outcome.result.get("ansible_facts") {
        top.extend((**facts).clone().into_iter().filter(|(key, _)| !top_is_ours(key.as_str().unwrap_or(""), vars)));
    }
    if let Some(register) = &asking.task().register {
        top.insert(register.as_str(), Value::Map(outcome.result.clone()));
    }
    let names = asking.names(&Arc::new(top));
    let of_delegate = delegate::judging(asking, &names)?;
    Ok(if of_delegate.is_empty() { names } else { names.with(of_delegate) })
}

fn top_is_ours(name: &str, vars: &Map) -> bool {
    vars.contains(name) || forbidden_fact(name)
}

/// `break_when`: whether the loop ends with this item.
pub fn stops(asking: &Asking, vars: &Arc<Map>, conditions: &[Value], outcome: &Outcome) -> Result<bool, Halt> {
    if conditions.is_empty() {
        return Ok(false);
    }
    Ok(seen(asking, vars, outcome)?.first_false(conditions)?.is_none())
}

// ---- from the host ----

/// An answer as Ansible's actions complete it. What came from a host is never evaluated.
fn from_answer(answer: &Answer) -> Outcome {
    let mut fields: Map = match Value::from(answer.result.clone()).untrusted() {
        Value::Map(map) => Arc::unwrap_or_clone(map),
        _ => Map::new(),
    };
    for name in ["stdout", "stderr"] {
        let lines = format!("{name}_lines");
        if let (Some(Value::Str(text)), false) = (fields.get(name), fields.contains(&lines)) {
            let split = split_lines(text);
            fields.insert(lines, split);
        }
    }
    fields.insert("changed", answer.changed);
    if answer.skipped {
        fields.insert("skipped", true);
    } else {
        fields.insert("failed", answer.failed);
    }
    if !answer.warnings.is_empty() {
        fields.insert("warnings", Value::list(answer.warnings.iter().map(|text| text.as_str().into())));
    }
    Outcome {
        changed: answer.changed,
        failed: answer.failed,
        skipped: answer.skipped,
        result: Arc::new(fields),
        diff: answer.diff.clone(),
        warnings: answer.warnings.clone(),
        unforeseen: answer.unforeseen.clone(),
        cause: answer.cause,
        ..Outcome::default()
    }
}

/// Python's `splitlines`, for what programs print.
fn split_lines(text: &Str) -> Value {
    let line = |line: &str| Value::Str(Str::from(line).with_secrecy(text.is_secret()));
    let whole = text.replace("\r\n", "\n");
    let mut lines: Vec<&str> = whole
        .split(['\n', '\r', '\u{b}', '\u{c}', '\u{1c}', '\u{1d}', '\u{1e}', '\u{85}', '\u{2028}', '\u{2029}'])
        .collect();
    if lines.last().is_some_and(|last| last.is_empty()) {
        lines.pop();
    }
    Value::list(lines.into_iter().map(line))
}

fn with_diff(mut outcome: Outcome) -> Outcome {
    if !outcome.diff.is_empty() && !outcome.result.contains("diff") {
        let diff = Value::list(outcome.diff.iter().map(diff_value));
        result::edit(&mut outcome, |fields| {
            fields.insert("diff", diff);
        });
    }
    outcome
}

fn diff_value(diff: &Diff) -> Value {
    if let Some(prepared) = &diff.prepared {
        return Value::map([("prepared", prepared.as_str())]);
    }
    Value::map([
        ("before_header", diff.before_header.as_str()),
        ("after_header", &diff.after_header),
        ("before", &diff.before),
        ("after", &diff.after),
    ])
}

/// `ansible_facts` of a module's answer; never a name that says how to reach a host.
fn facts(outcome: &Outcome) -> Option<Effect> {
    let facts = outcome.result.get("ansible_facts")?.as_map()?;
    if outcome.failed || facts.is_empty() {
        return None;
    }
    let named = facts.iter().filter_map(|(key, value)| Some((key.as_str()?, value)));
    let kept = named.filter(|(name, _)| !forbidden_fact(name));
    Some(Effect::Facts(kept.map(|(name, value)| (name, value.clone())).collect()))
}

/// Names that a host must not set for itself.
fn forbidden_fact(name: &str) -> bool {
    const OTHERS: [&str; 4] = ["ansible_facts", "ansible_playbook_python", "ansible_rsync_path", "hostvars"];
    OTHERS.contains(&name) || is_connection_variable(name)
}

// ---- loops ----

/// An item's result with the names of its item, as `results` has it.
pub fn with_item(mut outcome: Outcome, vars: &Arc<Map>) -> Outcome {
    if !vars.is_empty() {
        result::edit(&mut outcome, |fields| fields.extend((**vars).clone()));
    }
    outcome
}

/// The sum of a loop, as `register` has it. `outcomes` may be fewer than the items, where the loop ended early.
pub fn aggregate(items: &[Item], outcomes: Vec<Outcome>) -> Outcome {
    let failed = outcomes.iter().any(|outcome| outcome.failed);
    let changed = outcomes.iter().any(|outcome| outcome.changed);
    let skipped = outcomes.iter().all(|outcome| outcome.skipped);
    let said = |of: fn(&Outcome) -> &Vec<String>| {
        let mut all: Vec<String> = Vec::new();
        for text in outcomes.iter().flat_map(of) {
            if !all.contains(text) {
                all.push(text.clone());
            }
        }
        all
    };
    let (warnings, deprecations) = (said(|outcome| &outcome.warnings), said(|outcome| &outcome.deprecations));
    let mut fields = Map::new();
    fields.insert("results", Value::list(outcomes.iter().map(Outcome::registered)));
    fields.insert("changed", changed);
    fields.insert("skipped", skipped);
    if failed {
        fields.insert("failed", true);
    }
    let msg = match (failed, skipped) {
        (true, _) => "One or more items failed",
        (_, true) => "All items skipped",
        _ => "All items completed",
    };
    fields.insert("msg", msg);
    for (name, said) in [("warnings", &warnings), ("deprecations", &deprecations)] {
        if !said.is_empty() {
            fields.insert(name, said.clone());
        }
    }
    Outcome {
        changed,
        failed,
        skipped,
        unreachable: outcomes.iter().any(|outcome| outcome.unreachable),
        hidden: outcomes.iter().any(|outcome| outcome.hidden),
        result: Arc::new(fields),
        warnings,
        deprecations,
        unforeseen: outcomes.iter().find_map(|outcome| outcome.unforeseen.clone()),
        items: items.iter().zip(outcomes).filter_map(|(item, outcome)| Some((item.label.clone()?, outcome))).collect(),
        ..Outcome::default()
    }
}
