//! What a seed is about: plays in the playbook's own types, task files, hosts. A task's arguments are expressions of a tiny
//! language, kept as values:
//!
//! | written | means |
//! |---|---|
//! | text, bool | itself |
//! | `[name, x]`, `[name, x, field]` | a register or a fact that was set, or a field of it |
//! | `[fact, x]` | what `setup` found |
//! | `[equal, a, b]`, `[join, a, b]` | whether they are equal; their texts, one after the other |
//! | `[peer, host, x]` | what another host has in x, or "none" |
//! | `[alone, a]` | a, which may be evaluated only when nobody is before the task |
//! | `[live]` | how many hosts of the play are left |
use crate::random::Random;
use deploy::action::traits_of;
use deploy::engine::message::{HandlerNames, HostId, Opened, Strategy};
use deploy::playbook::model::{
    Action, ActionKind, Args, Block, Frame, Keywords, Loop, LoopControl, LoopSource, Node, Play, Role, Task,
};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use value::{Map, SourceId, Span, Str, Value};

pub struct Scenario {
    pub hosts: usize,
    pub plays: Vec<Opened>,
    /// Task files and roles, by the names by which includes call them.
    pub files: BTreeMap<String, Vec<Node>>,
    pub linear: bool,
    /// Some play goes in lock-step, because a failure may concern all hosts.
    pub lock_step: bool,
}

/// What a seed may contain; some things cannot be told apart from chance beside others.
#[derive(Clone, Copy, Debug)]
pub struct Features {
    pub linear: bool,
    /// Hosts see each other: in the world, by their variables, as delegates.
    pub shared: bool,
    /// Connections are cut.
    pub cuts: bool,
    /// Whether a lost host may go on.
    pub ignore_unreachable: bool,
}

pub fn span() -> Span {
    Span::new(SourceId(0), 1, 1, 1)
}

pub fn text(text: &str) -> Value {
    Value::Str(Str::from(text))
}

pub fn expr(words: &[Value]) -> Value {
    Value::list(words.iter().cloned())
}

pub fn host_name(host: HostId) -> String {
    format!("host{host}")
}

/// A task before it becomes one of the playbook's.
#[derive(Clone, Default)]
pub struct Draft {
    pub name: String,
    pub module: String,
    pub args: Vec<(&'static str, Value)>,
    pub keywords: Keywords,
    pub items: Option<Vec<Value>>,
    pub control: LoopControl,
    pub register: Option<String>,
    pub changed_when: Vec<Value>,
    pub failed_when: Vec<Value>,
    pub until: Vec<Value>,
    pub notify: Vec<String>,
    pub frame: Arc<Frame>,
}

impl Draft {
    pub fn new(module: &str, argument: Value) -> Self {
        Self { name: module.into(), module: module.into(), args: vec![("argument", argument)], ..Self::default() }
    }

    pub fn named(self, name: &str) -> Self {
        Self { name: name.into(), ..self }
    }

    pub fn on(mut self, key: &str) -> Self {
        self.args.push(("key", text(key)));
        self
    }

    pub fn task(self) -> Arc<Task> {
        let source = |items: Vec<Value>| LoopSource::List(Value::list(items));
        let looped = self.items.map(|items| Loop { span: span(), source: source(items), control: self.control });
        let mut keywords = self.keywords;
        keywords.notify = (!self.notify.is_empty()).then(|| self.notify.iter().map(|name| text(name)).collect());
        let word = self.args.iter().find(|(name, _)| *name == "argument").and_then(|(_, value)| value.as_str());
        let free_form = (self.module == "meta").then(|| Str::from(word.unwrap_or_default()));
        Arc::new(Task {
            span: span(),
            name: Some(Str::from(self.name)),
            action: Action {
                written: Str::from(self.module.as_str()),
                traits: traits_of(&format!("ansible.builtin.{}", self.module)).unwrap_or_default(),
                name: self.module,
                kind: ActionKind::Ours,
            },
            args: Args { map: self.args.into_iter().collect::<Map>(), template: None, free_form },
            keywords,
            frame: self.frame,
            looped,
            register: self.register.map(Str::from),
            changed_when: self.changed_when,
            failed_when: self.failed_when,
            until: self.until,
            retries: None,
            delay: None,
            listen: Vec::new(),
        })
    }

    pub fn node(self) -> Node {
        Node::Task(self.task())
    }
}

pub fn block(sections: [Vec<Node>; 3]) -> Node {
    Node::Block(Arc::new(Block { span: span(), name: None, frame: Arc::default(), sections }))
}

/// Tasks of a role, which stand as a block; equal ones are known by the same words.
pub fn role(nodes: Vec<Node>, identity: &str, allow_duplicates: bool) -> Node {
    let role = Role {
        name: "role".into(),
        path: PathBuf::new(),
        defaults: Arc::default(),
        vars: Arc::default(),
        argument_spec: None,
        dependencies: Vec::new(),
        parents: Vec::new(),
        identity: identity.into(),
        allow_duplicates,
    };
    let frame = Arc::new(Frame { role: Some(Arc::new(role)), ..Frame::default() });
    let nodes = within(nodes, &frame);
    Node::Block(Arc::new(Block { span: span(), name: None, frame, sections: [nodes, vec![], vec![]] }))
}

/// The tasks know what is around them; an inner role knows its own.
fn within(nodes: Vec<Node>, frame: &Arc<Frame>) -> Vec<Node> {
    let inside = |node| match node {
        Node::Task(task) => Node::Task(Arc::new(Task { frame: frame.clone(), ..Arc::unwrap_or_clone(task) })),
        Node::Block(block) if block.frame.role.is_none() => Node::Block(Arc::new(Block {
            sections: block.sections.clone().map(|nodes| within(nodes, frame)),
            ..Block { span: block.span, name: None, frame: block.frame.clone(), sections: Default::default() }
        })),
        role => role,
    };
    nodes.into_iter().map(inside).collect()
}

/// A play of these lists on these hosts, in one batch.
pub fn opened(hosts: Vec<HostId>, sections: [Vec<Node>; 3], handlers: Vec<Node>) -> Opened {
    let [pre_tasks, tasks, post_tasks] = sections;
    let names = handlers.iter().map(|node| match node {
        Node::Task(task) => HandlerNames {
            names: task.name.iter().map(ToString::to_string).collect(),
            topics: task.args.map.get("topic").and_then(Value::as_str).map(String::from).into_iter().collect(),
        },
        Node::Block(_) => HandlerNames { names: vec!["block".into()], topics: vec!["topic".into()] },
    });
    Opened {
        handlers: names.collect(),
        play: Arc::new(play([pre_tasks, tasks, post_tasks], handlers)),
        name: "play".into(),
        batches: vec![hosts],
        strategy: Strategy::Linear,
        forks: 1_000,
        gather_facts: None,
        any_errors_fatal: false,
        max_fail_percentage: None,
        force_handlers: false,
        missing_handler_is_fatal: true,
        public_by_default: false,
    }
}

fn play([pre_tasks, tasks, post_tasks]: [Vec<Node>; 3], handlers: Vec<Node>) -> Play {
    Play {
        span: span(),
        name: None,
        hosts: Value::Null,
        frame: Arc::default(),
        gather_facts: None,
        gather_subset: None,
        gather_timeout: None,
        fact_path: None,
        vars_files: Vec::new(),
        vars_prompt: Vec::new(),
        serial: Vec::new(),
        strategy: None,
        order: None,
        max_fail_percentage: None,
        force_handlers: None,
        pre_tasks,
        tasks,
        post_tasks,
        handlers,
        roles: Vec::new(),
    }
}

// ---- random plays ----

pub struct Generator<'r> {
    pub random: &'r mut Random,
    pub hosts: usize,
    pub features: Features,
    /// Registers and facts that may be set by now.
    names: Vec<String>,
    /// Whether a failure in the play may concern all hosts.
    fatal: bool,
    lock_step: bool,
    /// Whether the play clears errors.
    clears: bool,
    /// Whether the node stands in no block: only there is it certain how many hosts are left.
    top: bool,
}

/// Where a task stands: how many blocks it may still open, and which files it may include.
#[derive(Clone, Copy)]
struct Place {
    depth: usize,
    files: usize,
    /// `meta: clear_host_errors` is told apart only where no host waits in another block.
    clear: bool,
}

const FILES: usize = 3;

impl<'r> Generator<'r> {
    pub fn new(random: &'r mut Random, hosts: usize, features: Features) -> Self {
        Self { random, hosts, features, names: Vec::new(), fatal: false, lock_step: false, clears: false, top: false }
    }

    pub fn scenario(mut self) -> Scenario {
        let plays = (0..1 + self.random.below(3)).map(|_| self.play()).collect();
        self.fatal = false;
        // A file includes only later ones.
        let mut files = BTreeMap::new();
        for file in 0..FILES {
            let nodes = self.nodes(Place { depth: 1, files: file + 1, clear: false }, 4);
            files.insert(format!("file{file}"), nodes);
        }
        Scenario { hosts: self.hosts, plays, files, linear: self.features.linear, lock_step: self.lock_step }
    }

    fn play(&mut self) -> Opened {
        let mut hosts: Vec<HostId> = (0..self.hosts as HostId).filter(|_| self.random.chance(88)).collect();
        if self.random.chance(25) {
            // `order: shuffle`, or a pattern that names them so.
            let salt = self.random.next();
            hosts.sort_by_key(|host| Random(salt ^ u64::from(*host)).next());
        }
        self.fatal = self.features.linear && self.random.chance(15);
        self.lock_step |= self.fatal;
        self.clears = false;
        let place = Place { depth: 2, files: 0, clear: true };
        let pre = if self.random.chance(20) { self.nodes(place, 3) } else { vec![] };
        let tasks = self.nodes(place, 8);
        let post = if self.random.chance(20) { self.nodes(place, 3) } else { vec![] };
        self.top = false;
        let handlers = (0..4).map(|index| self.handler(index)).collect();
        let setup = Draft::new("setup", text("")).task();
        let size = if self.random.chance(25) { 1 + self.random.below(self.hosts) } else { self.hosts };
        let forks = if self.random.chance(25) { 1 + self.random.below(self.hosts) } else { 1_000 };
        Opened {
            batches: hosts.chunks(size).map(<[HostId]>::to_vec).collect(),
            strategy: match () {
                () if self.features.linear => Strategy::Linear,
                () if self.random.chance(50) => Strategy::Free,
                () => Strategy::HostPinned,
            },
            forks,
            gather_facts: self.random.chance(25).then_some(setup),
            any_errors_fatal: self.fatal && self.random.chance(30),
            max_fail_percentage: (self.fatal && self.random.chance(50)).then(|| self.random.below(80) as f64),
            force_handlers: self.random.chance(25) && !self.clears,
            ..opened(Vec::new(), [pre, tasks, post], handlers)
        }
    }

    fn handler(&mut self, index: usize) -> Node {
        let mut draft = match self.random.below(10) {
            0 => Draft::new("include_tasks", text(&self.random.name("file", FILES))),
            1 => {
                let inside = vec![self.module().node(), self.module().node()];
                return block([inside, vec![], vec![]]);
            }
            _ => self.module(),
        };
        (draft.keywords.run_once, draft.keywords.delegate_facts) = (None, None);
        if self.random.chance(30) {
            draft.args.push(("topic", text("topic")));
        }
        draft.named(&format!("handler{index}")).node()
    }

    fn nodes(&mut self, place: Place, most: usize) -> Vec<Node> {
        (0..self.random.below(most + 1)).map(|_| self.node(place)).collect()
    }

    fn node(&mut self, place: Place) -> Node {
        self.top = place.clear;
        let inner = Place { depth: place.depth.saturating_sub(1), clear: false, ..place };
        match self.random.below(40) {
            0..7 if place.depth > 0 => {
                let sections = [4, 3, 3];
                let [body, rescue] = [0, 1].map(|section| self.nodes(inner, sections[section]));
                let mut always = self.nodes(inner, sections[2]);
                if place.clear && self.random.chance(15) && self.features.linear && !self.features.cuts {
                    self.clears = true;
                    always.push(self.meta("clear_host_errors"));
                }
                block([body, rescue, always])
            }
            7 if place.depth > 0 => {
                let mut nodes = self.nodes(inner, 4);
                if self.random.chance(20) {
                    let sections = [self.nodes(inner, 2), Vec::new(), vec![self.meta("end_role")]];
                    nodes.push(block(sections));
                }
                if self.random.chance(50) {
                    nodes.insert(self.random.below(nodes.len() + 1), self.meta("end_role"));
                }
                let identity = ["role0", "role1"][self.random.below(2)];
                role(nodes, identity, self.random.chance(40))
            }
            8..12 if place.files < FILES => self.include(place.files),
            12..15 => self.set_fact(),
            15 | 16 => self.meta("flush_handlers"),
            17 => self.rare_meta(place),
            18 => self.debug(),
            19 if self.features.linear => self.add_host(),
            21 => Draft::new("pause", self.value()).node(),
            20 if place.clear && self.features.shared => self.change_elsewhere(),
            _ => self.module().node(),
        }
    }

    fn meta(&mut self, word: &str) -> Node {
        let mut draft = Draft::new("meta", text(word));
        draft.keywords.when = self.condition(30).into_iter().collect();
        draft.node()
    }

    fn rare_meta(&mut self, place: Place) -> Node {
        let for_all = ["end_play", "end_batch", "clear_facts", "refresh_inventory"];
        match self.random.below(4) {
            0 => self.meta("end_host"),
            1 if self.features.linear && place.depth == 2 => {
                let word = self.random.pick(&for_all);
                self.meta(word)
            }
            2 => self.meta("reset_connection"),
            _ => self.meta("noop"),
        }
    }

    fn include(&mut self, from: usize) -> Node {
        let file = |random: &mut Random| text(&format!("file{}", from + random.below(FILES - from)));
        let target = match self.random.below(10) {
            0 => text("nowhere"),
            1..4 if from == 0 => expr(&[text("name"), text("favourite")]),
            _ => file(self.random),
        };
        let module = if self.random.chance(25) { "include_role" } else { "include_tasks" };
        let mut draft = Draft::new(module, target);
        if self.random.chance(25) {
            let mut items: Vec<Value> = (0..self.random.below(4)).map(|_| file(self.random)).collect();
            if from == 0 && self.random.chance(40) {
                items.push(expr(&[text("name"), text("favourite")]));
            }
            draft = Draft { items: Some(items), ..Draft::new(module, expr(&[text("name"), text("item")])) };
        }
        draft.keywords.when = self.condition(20).into_iter().collect();
        draft.keywords.run_once = self.once(6);
        draft.keywords.ignore_errors = self.maybe(10);
        draft.node()
    }

    fn set_fact(&mut self) -> Node {
        let name = self.random.name("fact", 3);
        let mut draft = Draft::new("set_fact", self.value()).on(&name);
        self.names.push(name);
        draft.keywords.when = self.condition(20).into_iter().collect();
        draft.keywords.ignore_errors = self.maybe(20);
        draft.keywords.run_once = self.once(8);
        draft.node()
    }

    fn debug(&mut self) -> Node {
        let mut draft = Draft::new("debug", self.value());
        draft.changed_when = if self.random.chance(40) { vec![Value::Bool(true)] } else { vec![] };
        draft.notify = self.notify();
        draft.register = self.register();
        draft.node()
    }

    fn add_host(&mut self) -> Node {
        let mut draft = Draft::new("add_host", self.value());
        draft.keywords.run_once = Some(Value::Bool(true));
        draft.node()
    }

    /// For all hosts, on the machine of one that may be ahead already.
    fn change_elsewhere(&mut self) -> Node {
        let mut draft = Draft::new("put", self.value()).on(&self.random.name("key", 4));
        draft.keywords.delegate_to = Some(Value::from(self.random.below(self.hosts)));
        draft.keywords.run_once = Some(Value::Bool(true));
        draft.node()
    }

    fn once(&mut self, percent: usize) -> Option<Value> {
        let written = match self.random.chance(20) {
            false => Value::Bool(true),
            true => expr(&[text("equal"), text("a"), text(self.random.pick(&["a", "b"]))]),
        };
        self.random.chance(percent).then_some(written)
    }

    fn maybe(&mut self, percent: usize) -> Option<Value> {
        self.random.chance(percent).then_some(Value::Bool(true))
    }

    fn notify(&mut self) -> Vec<String> {
        let mut word = || match self.random.below(12) {
            0 => "topic".to_string(),
            1 => "block".to_string(),
            _ => self.random.name("handler", 4),
        };
        let [one, two] = [word(), word()];
        let mut called = match self.random.below(3) {
            0 => vec![],
            1 => vec![one],
            _ => vec![one, two],
        };
        // A handler that is a block, or one that has no topic, may not be there.
        if self.random.chance(95) {
            called.retain(|name| name.starts_with("handler"));
        }
        called
    }

    fn register(&mut self) -> Option<String> {
        let name = self.random.name("result", 4);
        let register = self.random.chance(30).then_some(name);
        self.names.extend(register.clone());
        register
    }

    fn module(&mut self) -> Draft {
        let argument = self.value();
        let mut draft = match self.random.below(24) {
            0..3 => Draft::new("check", argument).on(&self.random.name("key", 4)),
            3..5 if self.features.shared => Draft::new("tell", argument),
            5..7 if self.features.shared => Draft::new("members", argument),
            7 => Draft::new("flaky", argument).on(&self.random.name("try", 3)),
            8 => Draft::new("teach", argument),
            9 => Draft::new("setup", argument),
            10 => Draft::new("raw", argument).on(&self.random.name("key", 4)),
            _ => Draft::new("put", argument).on(&self.random.name("key", 4)),
        };
        draft.register = self.register();
        draft.keywords.when = self.condition(20).into_iter().collect();
        draft.keywords.ignore_errors = self.maybe(20);
        draft.keywords.ignore_unreachable = if self.features.ignore_unreachable { self.maybe(30) } else { None };
        draft.keywords.any_errors_fatal = if self.fatal { self.maybe(20) } else { None };
        draft.keywords.run_once = self.once(8);
        draft.keywords.throttle = self.random.chance(5).then(|| Value::from(1 + self.random.below(3)));
        let looks = matches!(draft.module.as_str(), "check" | "members" | "setup");
        if self.features.shared && looks && self.random.chance(15) {
            draft.keywords.delegate_to = Some(Value::from(self.random.below(self.hosts)));
            // Two hosts that teach a third at once do so in no order, and one that has failed may be ahead in its rescue.
            let teaches = draft.module == "setup" && self.top;
            draft.keywords.delegate_facts = if teaches { self.maybe(50) } else { None };
            let once = draft.keywords.run_once.take();
            draft.keywords.run_once =
                if draft.keywords.delegate_facts.is_some() { Some(Value::Bool(true)) } else { once };
        }
        draft.notify = self.notify();
        draft.failed_when = self.failed_when(draft.register.as_deref());
        if self.random.chance(4) {
            draft.changed_when = vec![Value::Bool(self.random.chance(50))];
        }
        if draft.module == "flaky" && self.random.chance(70) {
            let register = draft.register.get_or_insert_with(|| "result0".into()).clone();
            draft.until = vec![expr(&[text("name"), text(&register), text("changed")])];
            draft.failed_when.clear();
        }
        if self.random.chance(15) && draft.module != "setup" {
            self.looped(&mut draft);
        }
        draft
    }

    fn looped(&mut self, draft: &mut Draft) {
        draft.items = Some((0..self.random.below(4)).map(|_| self.value()).collect());
        if self.random.chance(80) {
            draft.args[0].1 = expr(&[text("name"), text("item")]);
        }
        if self.random.chance(20) {
            draft.control.pause = Some(Value::from(1));
        }
        if self.random.chance(20) {
            draft.control.break_when = vec![expr(&[text("equal"), expr(&[text("name"), text("item")]), self.value()])];
        }
    }

    fn failed_when(&mut self, register: Option<&str>) -> Vec<Value> {
        match self.random.below(20) {
            0 => vec![Value::Bool(false)],
            1 => vec![expr(&[text("name"), text(register.unwrap_or("missing")), text("changed")])],
            2 => self.condition(100).into_iter().collect(),
            _ => vec![],
        }
    }

    fn condition(&mut self, percent: usize) -> Option<Value> {
        let field = self.random.pick(&["changed", "failed", "skipped"]);
        match (self.random.chance(percent), self.known()) {
            (false, _) => None,
            (true, Some(name)) if self.random.chance(50) => Some(expr(&[text("name"), text(&name), text(field)])),
            (true, _) => Some(expr(&[text("equal"), self.value(), self.value()])),
        }
    }

    fn value(&mut self) -> Value {
        match (self.random.below(48), self.known()) {
            (0, _) => text("bad"),
            (1, _) => expr(&[text("name"), text("missing")]),
            (2..5, _) => expr(&[text("name"), text("inventory_hostname")]),
            (5..7, _) => expr(&[text("join"), self.value(), self.value()]),
            (7..10, Some(name)) if name.starts_with("fact") => expr(&[text("name"), text(&name)]),
            (7..10, Some(name)) => expr(&[text("name"), text(&name), text("value")]),
            (10, _) => expr(&[text("fact"), text("kind")]),
            (11, Some(name)) if self.features.shared => {
                expr(&[text("peer"), Value::from(self.random.below(self.hosts)), text(&name)])
            }
            (12, _) => expr(&[text("alone"), self.value()]),
            (13, _) if self.features.shared && self.top => expr(&[text("live")]),
            _ => text(&self.random.name("value", 3)),
        }
    }

    fn known(&mut self) -> Option<String> {
        let count = self.names.len();
        (count > 0).then(|| self.names[self.random.below(count)].clone())
    }
}
