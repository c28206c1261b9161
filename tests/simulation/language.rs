//! What stands in for the product's evaluation: from a question of the engine to its answer, in the tiny language of `plays`.
use crate::plays::{host_name, text};
use deploy::engine::message::{
    About, Begun, Connection, ConnectionKey, Effect, Evaluated, HostId, Include, IncludeTarget, InventoryChange, Item,
    Judged, Meta, Outcome, Prepared, Question, Retry, Transport, Until, Work,
};
use deploy::playbook::model::Task;
use std::sync::Arc;
use target::protocol::{Answer, Body, CallId, Hold, Mode};
use value::{Map, Value};

/// Why an evaluation has no value; `?` carries it.
enum Stop {
    Pending(CallId),
    Fence,
    Wait,
    Error(String),
}

type Result<T = Value> = std::result::Result<T, Stop>;

/// How many attempts `until` has after the first, and how long it waits between them.
pub const RETRY: Retry = Retry { retries: 2, delay: 1.0 };

/// As hosts differ from the start.
pub fn inventory(host: HostId, name: &str) -> Option<Value> {
    match name {
        "inventory_hostname" => Some(text(&host_name(host))),
        "favourite" => Some(text(["file0", "file1", "nowhere", "file0"][host as usize % 4])),
        _ => None,
    }
}

pub fn evaluate(question: &Question) -> Evaluated {
    let names = Names { question, item: None, own: None };
    let answer = match &question.about {
        About::Begin => names.begin().map(|begun| Evaluated::Begun(Box::new(begun))),
        About::Judge { begun, answers, attempt, item } => {
            names.judge(begun, answers, *attempt, *item).map(|judged| Evaluated::Judged(Box::new(judged)))
        }
        About::Collect { outcomes, .. } => Ok(verdict(fold(outcomes.clone()), Vec::new(), false, false)),
    };
    match answer {
        Ok(evaluated) => evaluated,
        Err(Stop::Pending(call)) => Evaluated::Pending(call),
        Err(Stop::Fence) => Evaluated::Fence,
        Err(Stop::Wait) => {
            let work = Work::Wait(match question.waited.len() {
                0 => Until::Seconds(2.0),
                _ => Until::Answer { question: "go on?".into(), echo: true },
            });
            Evaluated::Begun(Box::new(Begun { name: name_of(&question.task), work, ..Begun::default() }))
        }
        Err(Stop::Error(why)) => {
            verdict(outcome(false, true, false, text(&why)), taught(&question.about), false, false)
        }
    }
}

fn name_of(task: &Task) -> String {
    task.name.as_ref().map(ToString::to_string).unwrap_or_default()
}

/// The facts among the answers.
fn taught(about: &About) -> Vec<Effect> {
    let About::Judge { answers, .. } = about else { return Vec::new() };
    let facts = answers.iter().filter_map(|answer| answer.result.get("ansible_facts")?.as_map());
    facts.map(|facts| Effect::Facts(facts.clone())).collect()
}

fn verdict(outcome: Outcome, effects: Vec<Effect>, again: bool, stop: bool) -> Evaluated {
    Evaluated::Judged(Box::new(Judged { outcome, effects, again, stop, next: None }))
}

pub fn connection(machine: usize) -> Arc<Connection> {
    let name = host_name(machine as HostId);
    // Not local: fake machines are as far away as real ones.
    let transport = Transport::Ssh(Default::default());
    Arc::new(Connection {
        key: ConnectionKey(name.as_str().into()),
        transport,
        name,
        timeout: 10,
        remote_tmp: None,
        larger: false,
    })
}

struct Names<'q> {
    question: &'q Question,
    item: Option<Value>,
    /// The task's own result, under its register.
    own: Option<Value>,
}

impl<'q> Names<'q> {
    fn begin(&self) -> Result<Begun> {
        let task = &self.question.task;
        let flag = |value: Option<&Value>| value.map_or(Ok(false), |value| self.holds(value));
        let mut begun = Begun {
            name: name_of(task),
            notify: task.keywords.notify.iter().flatten().filter_map(Value::as_str).map(String::from).collect(),
            register: task.register.as_ref().map(ToString::to_string),
            ignore_errors: flag(task.keywords.ignore_errors.as_ref())?,
            ignore_unreachable: flag(task.keywords.ignore_unreachable.as_ref())?,
            any_errors_fatal: flag(task.inherited(|keywords| keywords.any_errors_fatal.as_ref()))?,
            run_once: flag(task.keywords.run_once.as_ref())?,
            judged_late: task.failed_when.iter().chain(&task.changed_when).any(|when| !matches!(when, Value::Bool(_)))
                || !task.until.is_empty(),
            retry: (!task.until.is_empty()).then_some(RETRY),
            throttle: task.keywords.throttle.as_ref().and_then(Value::as_int).map(|limit| limit as usize),
            ..Begun::default()
        };
        match self.work(&mut begun) {
            Ok(work) => begun.work = work,
            Err(Stop::Error(why)) => begun.work = known(outcome(false, true, false, text(&why)), vec![]),
            Err(stop) => return Err(stop),
        }
        Ok(begun)
    }

    /// The items whose `when` holds, with the task's argument for each; None where it does not hold.
    fn items(&self) -> Result<Vec<(Option<Value>, Option<String>)>> {
        let task = &self.question.task;
        let list = match &task.looped {
            Some(looped) => match &looped.source {
                deploy::playbook::model::LoopSource::List(list) => list
                    .as_list()
                    .unwrap_or(&[])
                    .iter()
                    .map(|item| self.value(item).map(Some))
                    .collect::<Result<Vec<_>>>()?,
                _ => Vec::new(),
            },
            None => vec![None],
        };
        let argument = task.args.map.get("argument").cloned().unwrap_or_default();
        let mut items = Vec::new();
        for item in list {
            let names = Names { question: self.question, item: item.clone(), own: None };
            let mut holds = true;
            for when in &task.keywords.when {
                holds = holds && names.holds(when)?;
            }
            let argument = if holds { Some(print(&names.value(&argument)?)) } else { None };
            items.push((item, argument));
        }
        Ok(items)
    }

    fn work(&self, begun: &mut Begun) -> Result<Work> {
        let task = &self.question.task;
        let items = self.items()?;
        if items.iter().all(|(_, argument)| argument.is_none()) {
            return Ok(known(outcome(false, false, true, text("")), vec![]));
        }
        let first = items.iter().find_map(|(_, argument)| argument.clone()).unwrap_or_default();
        let key = task.args.map.get("key").and_then(Value::as_str).unwrap_or_default();
        match task.action.name.as_str() {
            "set_fact" => {
                let value = self.value(task.args.map.get("argument").unwrap_or(&Value::Null))?;
                let effect = Effect::SetFact { name: key.into(), value: value.clone(), cacheable: false };
                Ok(known(outcome(false, false, false, value), vec![effect]))
            }
            "pause" if self.question.waited.len() < 2 => Err(Stop::Wait),
            "debug" | "pause" => {
                let changed = task.changed_when.contains(&Value::Bool(true));
                Ok(known(outcome(changed, false, false, text(&first)), vec![]))
            }
            "add_host" => {
                let change = InventoryChange::AddHost { name: first.clone(), groups: vec![], vars: Map::new() };
                Ok(known(outcome(true, false, false, text(&first)), vec![Effect::Inventory(change)]))
            }
            "include_tasks" | "include_role" => {
                Ok(Work::Include { includes: self.includes(items), outcome: Outcome::default() })
            }
            "meta" => Ok(Work::Meta(meta(&first))),
            module => self.prepare(module, key, items, begun),
        }
    }

    fn includes(&self, items: Vec<(Option<Value>, Option<String>)>) -> Vec<Include> {
        let is_role = self.question.task.action.name == "include_role";
        let include = |(item, path): (Option<Value>, Option<String>)| {
            let path = path?;
            let target = match is_role {
                false => IncludeTarget::Tasks { path },
                true => IncludeTarget::Role {
                    name: path,
                    tasks_from: "main".into(),
                    vars_from: None,
                    defaults_from: None,
                    handlers_from: None,
                    public: None,
                    allow_duplicates: true,
                },
            };
            let vars = item.iter().map(|item| ("item", item.clone())).collect::<Map>();
            Some(Include { target, vars: Arc::new(vars), label: item.map(|item| print(&item)) })
        };
        items.into_iter().filter_map(include).collect()
    }

    fn prepare(
        &self,
        module: &str,
        key: &str,
        items: Vec<(Option<Value>, Option<String>)>,
        begun: &mut Begun,
    ) -> Result<Work> {
        let task = &self.question.task;
        let control = task.looped.as_ref().map(|looped| &looped.control);
        let pause = control.is_some_and(|control| control.pause.is_some());
        let breaks = control.is_some_and(|control| !control.break_when.is_empty());
        let mut machine = self.question.host as usize;
        if let Some(other) = task.keywords.delegate_to.as_ref().and_then(Value::as_int) {
            if !self.question.alone {
                return Err(Stop::Fence);
            }
            machine = other as usize;
            begun.delegate = Some(host_name(other as HostId));
            begun.delegate_facts = task.keywords.delegate_facts.is_some().then_some(other as HostId);
        }
        let known = |argument: &Option<String>| argument.is_none().then(|| outcome(false, false, true, text("")));
        let body = items
            .iter()
            .filter_map(|(_, argument)| argument.clone())
            .map(|argument| [("key", text(key)), ("argument", text(&argument))].into_iter().collect::<Map>());
        Ok(Work::Call(Box::new(Prepared {
            connection: connection(machine),
            identity: None,
            plain: module == "raw",
            hold: if matches!(module, "members" | "flaky") { Hold::AtStart } else { Hold::AtChange },
            body: Body {
                module: module.into(),
                items: body.collect(),
                mode: Mode::Apply,
                diff: false,
                environment: vec![],
                timeout: None,
                no_log: false,
            },
            one_by_one: task.looped.is_some() && (pause || breaks || begun.retry.is_some()),
            pause: if pause { 1.0 } else { 0.0 },
            brings_facts: module == "setup" && begun.delegate_facts.is_none(),
            fence: module == "teach",
            patience: Default::default(),
            later: Vec::new(),
            items: items
                .iter()
                .map(|(item, argument)| Item {
                    label: item.as_ref().map(print),
                    vars: Arc::new(item.iter().map(|item| ("item", item.clone())).collect()),
                    known: known(argument),
                    hidden: false,
                    own: None,
                })
                .collect(),
        })))
    }

    // ---- what came of it ----

    fn judge(&self, begun: &Begun, answers: &[Answer], attempt: u32, item: Option<usize>) -> Result<Judged> {
        let Work::Call(prepared) = &begun.work else { return Err(Stop::Error("nothing to judge".into())) };
        let mut effects = Vec::new();
        let mut again = false;
        let mut one = |item: &Item, answer: &Answer| -> Result<Outcome> {
            if let Some(facts) = answer.result.get("ansible_facts").and_then(Value::as_map) {
                effects.push(Effect::Facts(facts.clone()));
            }
            let (outcome, more) = self.one(item, answer, attempt)?;
            again |= more;
            Ok(outcome)
        };
        let outcome = match item {
            Some(index) => one(&prepared.items[index], &answers[0])?,
            None => {
                let mut answers = answers.iter();
                let mut outcomes = Vec::new();
                for item in &prepared.items {
                    outcomes.push(match (&item.known, answers.len()) {
                        (Some(known), _) => known.clone(),
                        (None, 0) => return Err(Stop::Error("answers are missing".into())),
                        (None, _) => one(item, answers.next().unwrap_or(&Answer::default()))?,
                    });
                }
                match &prepared.items[..] {
                    [single] if single.label.is_none() => outcomes.remove(0),
                    _ => fold(outcomes),
                }
            }
        };
        let mut stop = false;
        if let (Some(index), Some(looped)) = (item, &self.question.task.looped) {
            let item = prepared.items[index].vars.get("item").cloned();
            let own = Some(Value::Map(outcome.result.clone()));
            let names = Names { question: self.question, item, own };
            for when in &looped.control.break_when {
                stop = stop || (!again && names.holds(when)?);
            }
        }
        Ok(Judged { outcome, effects, again, stop, next: None })
    }

    fn one(&self, item: &Item, answer: &Answer, attempt: u32) -> Result<(Outcome, bool)> {
        let task = &self.question.task;
        let value = answer.result.get("value").cloned().unwrap_or_default();
        let mut found = outcome(answer.changed, answer.failed, false, value);
        for (conditions, is_changed) in [(&task.changed_when, true), (&task.failed_when, false)] {
            let own = Some(Value::Map(found.result.clone()));
            let names = Names { question: self.question, item: item.vars.get("item").cloned(), own };
            let mut holds = !conditions.is_empty();
            for condition in conditions {
                holds = match names.holds(condition) {
                    Ok(more) => holds && more,
                    Err(Stop::Error(why)) => return Ok((outcome(found.changed, true, false, text(&why)), false)),
                    Err(stop) => return Err(stop),
                };
            }
            if !conditions.is_empty() {
                let (changed, failed) = if is_changed { (holds, found.failed) } else { (found.changed, holds) };
                found = outcome(changed, failed, false, found.result.get("value").cloned().unwrap_or_default());
            }
        }
        let mut holds = true;
        for until in &task.until {
            let own = Some(Value::Map(found.result.clone()));
            holds = holds && Names { question: self.question, item: None, own }.holds(until)?;
        }
        if !holds && attempt > RETRY.retries {
            found = outcome(found.changed, true, false, found.result.get("value").cloned().unwrap_or_default());
        }
        Ok((found, !holds && attempt <= RETRY.retries))
    }

    // ---- expressions ----

    fn value(&self, expr: &Value) -> Result {
        let Value::List(words) = expr else { return Ok(expr.clone()) };
        let word = |index: usize| words.get(index).and_then(Value::as_str).unwrap_or_default();
        match word(0) {
            "name" => {
                let value = self.look_up(word(1))?;
                match words.get(2) {
                    None => Ok(value),
                    Some(_) => field(&value, word(2)),
                }
            }
            "fact" => match (
                self.answered(word(1)).or(self.question.vars.facts.get(word(1))),
                self.question.vars.facts_pending,
            ) {
                (Some(fact), None) => Ok(fact.clone()),
                (_, Some(call)) => Err(Stop::Pending(call)),
                (None, None) => Err(Stop::Error(format!("no fact {}", word(1)))),
            },
            "equal" => Ok(Value::Bool(self.value(&words[1])? == self.value(&words[2])?)),
            "join" => Ok(text(&(print(&self.value(&words[1])?) + &print(&self.value(&words[2])?)))),
            "peer" => {
                let others = self.question.others.as_ref().ok_or(Stop::Fence)?;
                let host = words[1].as_int().unwrap_or_default() as HostId;
                let value = others.get(&host).and_then(|vars| vars.registers.get(word(2)));
                match value {
                    Some(Value::Pending(call)) => Err(Stop::Error(format!("saw pending call {call} of another"))),
                    value => Ok(value.cloned().unwrap_or_else(|| text("none"))),
                }
            }
            "alone" if !self.question.alone => Err(Stop::Fence),
            "alone" => self.value(&words[1]),
            "live" if !self.question.alone => Err(Stop::Fence),
            "live" => Ok(text(&self.question.play.live.len().to_string())),
            other => Err(Stop::Error(format!("no such expression: {other}"))),
        }
    }

    /// A fact among the answers that are being judged.
    fn answered(&self, name: &str) -> Option<&Value> {
        let About::Judge { answers, begun, .. } = &self.question.about else { return None };
        let mut facts = answers.iter().rev().filter_map(|answer| answer.result.get("ansible_facts")?.get(name));
        facts.next().filter(|_| begun.delegate_facts.is_none())
    }

    fn look_up(&self, name: &str) -> Result {
        if let (Some(own), Some(register)) = (&self.own, &self.question.task.register)
            && register.as_str() == name
        {
            return Ok(own.clone());
        }
        if let (Some(item), "item") = (&self.item, name) {
            return Ok(item.clone());
        }
        match self.question.vars.registers.get(name) {
            Some(Value::Pending(call)) => Err(Stop::Pending(*call)),
            Some(value) => Ok(value.clone()),
            None => inventory(self.question.host, name).ok_or_else(|| Stop::Error(format!("`{name}` is undefined"))),
        }
    }

    fn holds(&self, condition: &Value) -> Result<bool> {
        match self.value(condition)? {
            Value::Bool(holds) => Ok(holds),
            _ => Err(Stop::Error("a condition must be true or false".into())),
        }
    }
}

fn field(value: &Value, name: &str) -> Result {
    value.get(name).cloned().ok_or_else(|| Stop::Error(format!("there is no `{name}` in it")))
}

fn print(value: &Value) -> String {
    match value {
        Value::Str(text) => text.to_string(),
        other => format!("{other:?}"),
    }
}

fn known(outcome: Outcome, effects: Vec<Effect>) -> Work {
    Work::Known { outcome, effects }
}

pub fn meta(word: &str) -> Meta {
    match word {
        "flush_handlers" => Meta::FlushHandlers,
        "end_play" => Meta::EndPlay,
        "end_host" => Meta::EndHost,
        "end_batch" => Meta::EndBatch,
        "end_role" => Meta::EndRole,
        "clear_facts" => Meta::ClearFacts,
        "clear_host_errors" => Meta::ClearHostErrors,
        "refresh_inventory" => Meta::RefreshInventory,
        "reset_connection" => Meta::ResetConnection,
        _ => Meta::Noop,
    }
}

fn outcome(changed: bool, failed: bool, skipped: bool, value: Value) -> Outcome {
    let flags = [("changed", changed), ("failed", failed), ("skipped", skipped)];
    let mut result: Map = flags.into_iter().collect();
    result.insert("value", value);
    Outcome { changed, failed, skipped, result: Arc::new(result), ..Outcome::default() }
}

fn fold(outcomes: Vec<Outcome>) -> Outcome {
    let any = |flag: fn(&Outcome) -> bool| outcomes.iter().any(flag);
    let (changed, failed) = (any(|outcome| outcome.changed), any(|outcome| outcome.failed));
    let skipped = outcomes.iter().all(|outcome| outcome.skipped);
    outcome(changed, failed, skipped, Value::list(outcomes.iter().map(|outcome| Value::Map(outcome.result.clone()))))
}
