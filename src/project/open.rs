//! Makes a play ready to run: which hosts, in which batches, how; its prompts, its handlers' names, its tasks by their tags.
use super::{Planned, Playbooks};
use crate::engine::message::{HandlerNames, HostId, Opened, Strategy};
use crate::inventory::Matched;
use crate::playbook::model::{Action, ActionKind, ActionTraits, Args, Keywords, Node, Play, Task};
use crate::playbook::{names, tags};
use crate::vars::{HostScope, PlayVars};
use lang::template::{is_template, render_value};
use std::sync::{Arc, PoisonError};
use value::spec::{nearest, to_bool};
use value::{Diagnostic, Map, Str, Value};

const STRATEGIES: [&str; 4] = ["linear", "free", "host_pinned", "debug"];
const ORDERS: [&str; 5] = ["inventory", "sorted", "reverse_sorted", "reverse_inventory", "shuffle"];

impl Playbooks {
    pub(super) fn open_play(&self, number: u32) -> Result<Opened, Diagnostic> {
        let missing = || Diagnostic::error("play", format!("there is no play number {number}"));
        let planned = self.plays.get(number as usize).ok_or_else(missing)?;
        self.variables.change_inventory(|inventory| inventory.set_playbook_dir(&planned.playbook_dir));
        let (play_vars, scope) = self.play_vars(planned)?;
        let play = &play_vars.play;
        let keywords = &play.frame.keywords;
        let opening = Opening { scope: &scope };
        let hosts = self.hosts(play, &opening)?;
        self.read_variables(&hosts)?;
        let batches = batches(&hosts, &opening.serial(play)?);
        let fatal = opening.truth(keywords.any_errors_fatal.as_ref())?.unwrap_or(self.settings.any_errors_fatal);
        let forced = opening.truth(play.force_handlers.as_ref())?.unwrap_or(self.settings.force_handlers);
        Ok(Opened {
            name: play_vars.name.clone(),
            strategy: opening.strategy(play, &self.settings.strategy)?,
            forks: self.settings.forks,
            gather_facts: self.gather_facts(play, &opening)?,
            any_errors_fatal: fatal,
            max_fail_percentage: opening.number(play.max_fail_percentage.as_ref())?,
            force_handlers: forced,
            public_by_default: self.parser.private_roles == Some(false),
            missing_handler_is_fatal: self.settings.missing_handler_is_fatal,
            handlers: play.handlers.iter().map(|node| handler_names(node, &scope)).collect(),
            batches,
            play: play.clone(),
        })
    }

    /// A fault in a file of variables ends the run before anything has happened.
    fn read_variables(&self, hosts: &[HostId]) -> Result<(), Diagnostic> {
        let inventory = self.variables.inventory();
        hosts.iter().try_for_each(|host| inventory.layers(*host, &self.variables.loader).map(drop)).map_err(one)
    }

    /// The play with what is asked of it: prompts are answered, and tasks that are not meant are left out.
    pub(super) fn play_vars(&self, planned: &Planned) -> Result<(Arc<PlayVars>, HostScope), Diagnostic> {
        let written = &planned.play;
        let prompted = self.prompts(written)?;
        let before = PlayVars::new(written.clone(), String::new(), planned.playbook_dir.clone(), prompted.clone());
        let scope = self.scope(before)?;
        let opening = Opening { scope: &scope };
        let name = opening.name(written)?;
        let selected = Arc::new(self.selected(written, &scope));
        let vars = Arc::new(PlayVars::new(selected, name, planned.playbook_dir.clone(), prompted));
        let vars = planned.opened.get_or_init(|| vars).clone();
        let scope = self.scope_of_play(&vars, None).map_err(one)?;
        Ok((vars, scope))
    }

    fn scope(&self, vars: PlayVars) -> Result<HostScope, Diagnostic> {
        self.scope_of_play(&Arc::new(vars), None).map_err(one)
    }

    fn selected(&self, play: &Play, scope: &HostScope) -> Play {
        let select = |nodes: &[Node]| {
            let nodes = self.settings.tags.of(nodes, &|tag| words(tag, scope));
            self.since_start(&nodes)
        };
        Play {
            pre_tasks: select(&play.pre_tasks),
            tasks: select(&play.tasks),
            post_tasks: select(&play.post_tasks),
            ..play.clone()
        }
    }

    /// `--start-at-task`: what stands before the task is left out.
    fn since_start(&self, nodes: &[Node]) -> Vec<Node> {
        let mut start = self.start_at.lock().unwrap_or_else(PoisonError::into_inner);
        tags::filter(nodes, &mut |task| {
            let Some(wanted) = start.as_deref() else { return true };
            let pattern = fancy_regex::Regex::new(&crate::world::paths::glob_expression(wanted));
            let matches =
                |name: &str| name == wanted || pattern.as_ref().is_ok_and(|glob| glob.is_match(name).unwrap_or(false));
            let own = task.name.as_deref().unwrap_or(&task.action.written);
            let full = task.frame.role().map(|role| format!("{} : {own}", role.name));
            let found = matches(own) || full.is_some_and(|name| matches(&name));
            if found {
                *start = None;
            }
            found
        })
    }

    fn prompts(&self, play: &Play) -> Result<Map, Diagnostic> {
        let mut answers = Map::new();
        for prompt in &play.vars_prompt {
            let text = |name: &str| prompt.get(name).filter(|value| !value.is_null()).map(Value::to_text);
            let Some(name) = text("name") else { continue };
            if self.variables.run.extra.contains(&name) {
                continue;
            }
            if prompt.get("encrypt").is_some_and(|value| !value.is_null()) {
                let error = Diagnostic::error("keyword-not-yet", "`encrypt` of a prompt is not supported yet");
                return Err(error.at(prompt.get("encrypt").and_then(Value::origin)));
            }
            let private = prompt.get("private").and_then(|value| to_bool(value).ok()).unwrap_or(true);
            answers.insert(name.as_str(), self.answer(prompt, &name, private)?);
        }
        Ok(answers)
    }

    fn answer(&self, prompt: &Value, name: &str, private: bool) -> Result<Value, Diagnostic> {
        let text = |key: &str| prompt.get(key).filter(|value| !value.is_null()).map(Value::to_text);
        let question = text("prompt").unwrap_or_else(|| name.to_string());
        let default = text("default");
        let shown = match &default {
            Some(default) if !private => format!("{question} [{default}]: "),
            _ => format!("{question}: "),
        };
        let confirm = prompt.get("confirm").and_then(|value| to_bool(value).ok()).unwrap_or(false);
        let is_unsafe = prompt.get("unsafe").and_then(|value| to_bool(value).ok()).unwrap_or(false);
        let ask = |shown: &str| (self.prompt)(shown, !private);
        let mut answer = ask(&shown);
        while confirm && answer.is_some() && ask(&format!("confirm {shown}")) != answer {
            answer = ask(&shown);
        }
        let Some(answer) = answer else {
            self.warn(Diagnostic::warning("prompt", "Not prompting as we are not in interactive mode"));
            // As Ansible without a terminal: the variable is there, and says that it is nothing.
            let secret = private && default.is_some();
            let said = default.unwrap_or_else(|| "None".into());
            return Ok(Value::Str(Str::from(said).with_trust(!is_unsafe).with_secrecy(secret)));
        };
        let answer = default.filter(|_| answer.is_empty()).unwrap_or(answer);
        Ok(Value::Str(Str::from(answer).with_trust(!is_unsafe).with_secrecy(private)))
    }

    /// The hosts of the play's pattern, cut down by `--limit`, in the order that it wants.
    pub(super) fn hosts(&self, play: &Play, opening: &Opening) -> Result<Vec<HostId>, Diagnostic> {
        let patterns = opening.patterns(play)?;
        let span = play.hosts.origin().or(Some(play.span));
        let inventory = self.variables.inventory();
        let Matched { mut hosts, unmatched } = inventory.matching_within(&patterns, &self.settings.limit, span)?;
        for pattern in unmatched {
            let message = format!("Could not match supplied host pattern, ignoring: {pattern}");
            match self.settings.pattern_mismatch.as_str() {
                "ignore" => {}
                "error" => return Err(Diagnostic::error("pattern", message).at(span)),
                _ => self.warn(Diagnostic::warning("pattern", message)),
            }
        }
        let order = opening.text(play.order.as_ref())?.unwrap_or_default();
        match order.as_str() {
            "" | "inventory" => {}
            "reverse_inventory" => hosts.reverse(),
            "sorted" => hosts.sort_by_key(|host| inventory.host_name(*host).to_string()),
            "reverse_sorted" => hosts.sort_by_key(|host| std::cmp::Reverse(inventory.host_name(*host).to_string())),
            "shuffle" => shuffle(&mut hosts, &scope_random(opening.scope))?,
            other => return Err(unknown("order", other, &ORDERS, play.order.as_ref())),
        }
        Ok(hosts)
    }

    /// The task that gathers facts, unless nobody wants them.
    fn gather_facts(&self, play: &Arc<Play>, opening: &Opening) -> Result<Option<Arc<Task>>, Diagnostic> {
        let wanted = opening.truth(play.gather_facts.as_ref())?.unwrap_or(self.settings.gathering != "explicit");
        if !wanted || !self.settings.tags.means(&["always".to_string()]) {
            return Ok(None);
        }
        if self.start_at.lock().unwrap_or_else(PoisonError::into_inner).is_some() {
            return Ok(None);
        }
        let mut map = Map::new();
        let subset = play.gather_subset.clone().or_else(|| {
            let subset = &self.settings.gather_subset;
            (!subset.is_empty()).then(|| Value::list(subset.iter().map(|word| word.as_str().into())))
        });
        let written = [
            ("gather_subset", subset),
            ("gather_timeout", play.gather_timeout.clone()),
            ("fact_path", play.fact_path.clone()),
        ];
        map.extend(written.into_iter().filter_map(|(name, value)| value.map(|value| (name, value))));
        let full = format!("{}.gather_facts", names::BUILTIN);
        let action = Action {
            written: Str::from(full),
            name: "gather_facts".into(),
            kind: ActionKind::Ours,
            traits: ActionTraits::default(),
        };
        let keywords = Keywords { tags: vec!["always".into()], ..Keywords::default() };
        let task =
            Task::bare(play.span, "Gathering Facts", action, Args { map, ..Args::default() }, play.frame.clone());
        Ok(Some(Arc::new(Task { keywords, ..task })))
    }
}

/// Evaluates a play's keywords, with the names that are known before any host.
pub(super) struct Opening<'s> {
    pub scope: &'s HostScope,
}

impl Opening<'_> {
    fn value(&self, written: Option<&Value>) -> Result<Option<Value>, Diagnostic> {
        let Some(written) = written.filter(|value| !value.is_null()) else { return Ok(None) };
        let value = render_value(written, self.scope).map_err(|stop| match stop.error() {
            Some(error) => error.to_diagnostic().at(error.span().or(written.origin())),
            None => Diagnostic::error("undefined", stop.to_string()),
        })?;
        Ok(Some(value).filter(|value| !matches!(value, Value::Null | Value::Omit)))
    }

    fn text(&self, written: Option<&Value>) -> Result<Option<String>, Diagnostic> {
        Ok(self.value(written)?.map(|value| value.to_text()))
    }

    fn truth(&self, written: Option<&Value>) -> Result<Option<bool>, Diagnostic> {
        let Some(value) = self.value(written)? else { return Ok(None) };
        let span = written.and_then(Value::origin);
        to_bool(&value).map(Some).map_err(|refusal| Diagnostic::error("keyword-value", refusal.0).at(span))
    }

    fn number(&self, written: Option<&Value>) -> Result<Option<f64>, Diagnostic> {
        let Some(value) = self.value(written)? else { return Ok(None) };
        let text = value.to_text();
        let number = text.trim().trim_end_matches('%').parse();
        let span = written.and_then(Value::origin);
        number.map(Some).map_err(|_| Diagnostic::error("keyword-value", format!("`{text}` is no number")).at(span))
    }

    pub(super) fn patterns(&self, play: &Play) -> Result<Vec<String>, Diagnostic> {
        let hosts = self.value(Some(&play.hosts))?.unwrap_or_default();
        Ok(match &hosts {
            Value::List(items) => items.iter().map(Value::to_text).collect(),
            other => vec![other.to_text()],
        })
    }

    /// As it was named; otherwise after its hosts.
    fn name(&self, play: &Play) -> Result<String, Diagnostic> {
        match &play.name {
            Some(name) => Ok(self.text(Some(&Value::Str(name.clone())))?.unwrap_or_default()),
            None => Ok(self.patterns(play)?.join(",")),
        }
    }

    fn serial(&self, play: &Play) -> Result<Vec<Size>, Diagnostic> {
        let mut sizes = Vec::new();
        for written in &play.serial {
            let Some(value) = self.value(Some(written))? else { continue };
            let span = written.origin().or(Some(play.span));
            for size in value.as_list().map_or_else(|| vec![value.clone()], <[Value]>::to_vec) {
                let text = size.to_text();
                let wrong = || Diagnostic::error("keyword-value", format!("`{text}` is no size of a batch")).at(span);
                sizes.push(match text.trim().strip_suffix('%') {
                    Some(percent) => Size::Percent(percent.trim().parse().map_err(|_| wrong())?),
                    None => Size::Hosts(text.trim().parse().map_err(|_| wrong())?),
                });
            }
        }
        Ok(sizes)
    }

    fn strategy(&self, play: &Play, default: &str) -> Result<Strategy, Diagnostic> {
        let said = self.text(play.strategy.as_ref())?.unwrap_or_else(|| default.to_string());
        match said.strip_prefix("ansible.builtin.").unwrap_or(&said) {
            "linear" => Ok(Strategy::Linear),
            "free" => Ok(Strategy::Free),
            "host_pinned" => Ok(Strategy::HostPinned),
            other => Err(unknown("strategy", other, &STRATEGIES[..3], play.strategy.as_ref())),
        }
    }
}

enum Size {
    Hosts(i64),
    Percent(f64),
}

/// Hosts in their batches; the last size holds for all that follow.
fn batches(hosts: &[HostId], sizes: &[Size]) -> Vec<Vec<HostId>> {
    if hosts.is_empty() {
        return Vec::new();
    }
    let count = |size: &Size| match size {
        Size::Hosts(number) if *number <= 0 => hosts.len(),
        Size::Hosts(number) => *number as usize,
        Size::Percent(percent) => ((percent / 100.0 * hosts.len() as f64) as usize).max(1),
    };
    let mut rest = hosts;
    let mut batches = Vec::new();
    let mut sizes = sizes.iter();
    let mut size = hosts.len();
    while !rest.is_empty() {
        size = sizes.next().map_or(size, count);
        let (batch, after) = rest.split_at(size.min(rest.len()));
        batches.push(batch.to_vec());
        rest = after;
    }
    batches
}

fn unknown(keyword: &str, word: &str, known: &[&str], written: Option<&Value>) -> Diagnostic {
    let error = Diagnostic::error("keyword-value", format!("no {keyword} is called `{word}`"));
    let near = nearest(word, known.iter().copied());
    let help = near.map_or_else(|| format!("there are {}", known.join(", ")), |near| format!("did you mean `{near}`?"));
    error.at(written.and_then(Value::origin)).help(help)
}

fn scope_random(scope: &HostScope) -> impl Fn(u64) -> Result<u64, Diagnostic> {
    move |limit| {
        let random = lang::template::Scope::environment(scope).random(limit);
        random.map_err(|stop| Diagnostic::error("order", stop.to_string()))
    }
}

fn shuffle(hosts: &mut [HostId], random: &dyn Fn(u64) -> Result<u64, Diagnostic>) -> Result<(), Diagnostic> {
    for end in (1..hosts.len()).rev() {
        let other = random(end as u64 + 1)? as usize;
        hosts.swap(end, other.min(end));
    }
    Ok(())
}

/// By which names and topics a handler can be called. A name that cannot be evaluated calls nobody.
pub(super) fn handler_names(node: &Node, scope: &HostScope) -> HandlerNames {
    let mut found = HandlerNames::default();
    for task in tags::all_tasks(std::slice::from_ref(node)) {
        let scope = scope.at(&task);
        let name = task.name.as_ref().filter(|name| !name.is_empty());
        let name = name.and_then(|name| match is_template(name) {
            true => render_value(&Value::Str(name.clone()), &scope).ok().map(|value| value.to_text()),
            false => Some(name.to_string()),
        });
        if let Some(name) = name {
            if let Some(role) = task.frame.role() {
                found.names.push(format!("{} : {name}", role.name));
                found.names.extend(role.name.rsplit_once('.').map(|(_, short)| format!("{short} : {name}")));
            }
            found.names.insert(0, name);
        }
        found.topics.extend(task.listen.iter().map(Value::to_text));
    }
    found
}

/// A tag as words; what cannot be evaluated is a tag of no one.
pub(super) fn words(tag: &Value, scope: &HostScope) -> Vec<String> {
    let value = match tag {
        Value::Str(text) if !is_template(text) => tag.clone(),
        other => render_value(other, scope).unwrap_or_default(),
    };
    let items = value.as_list().map_or_else(|| vec![value.clone()], <[Value]>::to_vec);
    let parts = items.iter().filter(|item| !item.is_null()).map(Value::to_text);
    parts.flat_map(|text| text.split(',').map(|part| part.trim().to_string()).collect::<Vec<_>>()).collect()
}

fn one(errors: Vec<Diagnostic>) -> Diagnostic {
    errors.into_iter().next().unwrap_or_else(|| Diagnostic::error("play", "it could not be read"))
}
