//! The lists of nodes that a play has: its sections, its handlers, what includes brought. A key leads to a node in them.
use super::message::{HandlerNames, Opened, PlayState};
use super::place::{BODY, RESCUE, Source, Step, TaskKey};
use crate::playbook::model::{Keywords, Node, Play, Role, Task};
use crate::playbook::tags::all_tasks;
use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::Arc;
use value::{Span, Value};

#[derive(Default)]
pub struct Lists {
    play: Option<Arc<Play>>,
    setup: Vec<Node>,
    handlers: Vec<Node>,
    /// By where their tasks stand.
    known: HashMap<Span, usize>,
    /// Of those that includes brought, behind the play's own: by which list first.
    brought_by: Vec<Vec<Step>>,
    pub names: Vec<HandlerNames>,
    /// By the steps that lead to the list.
    included: BTreeMap<Vec<Step>, List>,
    /// By the list that brought them: the roles that it made public, and with them all that lists before it did.
    public: BTreeMap<Vec<Step>, Public>,
    public_by_default: bool,
    pub force_handlers: bool,
    pub missing_handler_is_fatal: bool,
    /// A failure may concern all hosts, so none of them goes ahead of another.
    pub lock_step: bool,
}

struct List {
    nodes: Vec<Node>,
    is_role: bool,
}

struct Public {
    own: Vec<Arc<Role>>,
    all: Arc<[Arc<Role>]>,
}

impl Lists {
    pub fn open(opened: &Opened) -> Self {
        let play = &opened.play;
        let sections = [&play.pre_tasks, &play.tasks, &play.post_tasks, &play.handlers];
        Self {
            play: Some(play.clone()),
            setup: opened.gather_facts.iter().cloned().map(Node::Task).collect(),
            handlers: play.handlers.clone(),
            names: opened.handlers.clone(),
            known: (0..).zip(&play.handlers).flat_map(|(index, node)| spans(node, index)).collect(),
            brought_by: Vec::new(),
            included: BTreeMap::new(),
            public: BTreeMap::new(),
            public_by_default: opened.public_by_default,
            force_handlers: opened.force_handlers,
            missing_handler_is_fatal: opened.missing_handler_is_fatal,
            lock_step: opened.any_errors_fatal
                || opened.max_fail_percentage.is_some()
                || sections.into_iter().any(|nodes| may_be_fatal(nodes)),
        }
    }

    /// Handlers are there once, however often their role is included.
    pub fn bring(&mut self, list: Vec<Step>, nodes: Vec<Node>, handlers: Vec<(Node, HandlerNames)>, is_role: bool) {
        self.lock_step |= may_be_fatal(&nodes);
        // Handlers have the number at which they stand, so a play that has fewer names than handlers is filled up first.
        self.names.resize_with(self.handlers.len(), HandlerNames::default);
        for (node, names) in handlers {
            let tasks = all_tasks(std::slice::from_ref(&node));
            match tasks.iter().map(|task| self.known.get(&task.span)).collect::<Option<Vec<_>>>().as_deref() {
                Some([index, ..]) => {
                    // A list that comes earlier may be loaded later.
                    let by = index.checked_sub(self.own_handlers()).and_then(|index| self.brought_by.get_mut(index));
                    if let Some(by) = by.filter(|by| **by > list) {
                        by.clone_from(&list);
                    }
                }
                _ => {
                    self.known.extend(spans(&node, self.handlers.len()));
                    self.handlers.push(node);
                    self.names.push(names);
                    self.brought_by.push(list.clone());
                }
            }
        }
        self.included.insert(list, List { nodes, is_role });
    }

    fn own_handlers(&self) -> usize {
        self.handlers.len() - self.brought_by.len()
    }

    /// Whether the play has this handler for what comes there.
    pub fn is_there(&self, handler: usize, at: &[Step]) -> bool {
        let by = handler.checked_sub(self.own_handlers()).and_then(|index| self.brought_by.get(index));
        by.is_none_or(|by| **by < *at)
    }

    // ---- roles that includes make public ----

    /// What comes after this list sees its roles.
    pub fn publish(&mut self, list: Vec<Step>, roles: &[Arc<Role>]) {
        if !roles.is_empty() && !self.public.contains_key(&list) {
            self.public.insert(list.clone(), Public { own: roles.to_vec(), all: Arc::default() });
            self.sum_up(&list);
        }
    }

    /// Nobody goes through this list after all.
    pub fn withdraw(&mut self, list: &[Step]) {
        if self.public.remove(list).is_some() {
            self.sum_up(list);
        }
    }

    fn sum_up(&mut self, from: &[Step]) {
        let mut all = self.public_before(from).map_or_else(Vec::new, |roles| roles.to_vec());
        for (_, public) in self.public.range_mut::<[Step], _>((Bound::Included(from), Bound::Unbounded)) {
            for role in &public.own {
                // A role that becomes public again lies over those of the roles before it.
                all.retain(|known: &Arc<Role>| !is_same(known, role));
                all.push(role.clone());
            }
            public.all = all.as_slice().into();
        }
    }

    fn public_before(&self, at: &[Step]) -> Option<&Arc<[Arc<Role>]>> {
        let before = self.public.range::<[Step], _>((Bound::Unbounded, Bound::Excluded(at)));
        before.last().map(|(_, public)| &public.all)
    }

    /// The play as it is for this task.
    pub fn with_public_roles(&self, play: Arc<PlayState>, key: &TaskKey) -> Arc<PlayState> {
        match self.public_before(&key.0) {
            Some(roles) => Arc::new(PlayState { roles: roles.clone(), ..PlayState::clone(&play) }),
            None => play,
        }
    }

    /// Whether the task, where another host does it, may bring what this host sees from there on: a public role, a group.
    pub fn may_tell_others(&self, task: &Task) -> bool {
        let traits = task.action.traits;
        let is_public = || match task.args.map.get("public") {
            None => self.public_by_default,
            public => !is_absent_or_false(public),
        };
        traits.changes_inventory || traits.brings_role && is_public()
    }

    /// Whether two handlers are of one list: the play's own, or those of one role.
    pub fn are_of_one_list(&self, one: usize, two: usize) -> bool {
        let role = |index: usize| {
            let frame = match self.handlers.get(index)? {
                Node::Task(task) => &task.frame,
                Node::Block(block) => &block.frame,
            };
            frame.role().map(Arc::as_ptr)
        };
        role(one) == role(two)
    }

    /// None: the list ends before it.
    pub fn node(&self, steps: &[Step]) -> Option<&Node> {
        match steps.split_last()? {
            (Step::Node(index), list) => self.nodes(list).get(*index as usize),
            _ => None,
        }
    }

    pub fn task(&self, key: &TaskKey) -> Option<&Arc<Task>> {
        match self.node(&key.0)? {
            Node::Task(task) => Some(task),
            Node::Block(_) => None,
        }
    }

    /// The nodes of the list at these steps.
    fn nodes(&self, list: &[Step]) -> &[Node] {
        let Some(start) = list.iter().rposition(|step| matches!(step, Step::Source(_))) else { return &[] };
        let (mut nodes, mut index) = (self.source(&list[..=start]), 0);
        for step in &list[start + 1..] {
            match (step, nodes.get(index)) {
                (Step::Node(next), _) => index = *next as usize,
                (Step::Section(section), Some(Node::Block(block))) => nodes = &block.sections[usize::from(*section)],
                _ => return &[],
            }
        }
        nodes
    }

    fn source(&self, steps: &[Step]) -> &[Node] {
        let (Some(Step::Source(source)), Some(play)) = (steps.last(), &self.play) else { return &[] };
        match source {
            Source::Setup => &self.setup,
            Source::PreTasks => &play.pre_tasks,
            Source::Tasks => &play.tasks,
            Source::PostTasks => &play.post_tasks,
            Source::Handlers => &self.handlers,
            Source::Included(_) => self.included.get(steps).map_or(&[], |list| &list.nodes),
        }
    }

    /// How many nodes a section of the play has; one past them stands its flush.
    pub fn length(&self, section: &[Step]) -> u32 {
        u32::try_from(self.source(section).len()).unwrap_or(u32::MAX)
    }

    pub fn is_included_role(&self, steps: &[Step]) -> bool {
        self.included.get(steps).is_some_and(|list| list.is_role)
    }

    /// Whether the block at these steps has a rescue.
    pub fn has_rescue(&self, block: &[Step]) -> bool {
        match self.node(block) {
            Some(Node::Block(block)) => !block.sections[usize::from(RESCUE)].is_empty(),
            _ => false,
        }
    }

    /// Whether a failure of this task is rescued, in whichever block around it.
    pub fn is_rescuable(&self, key: &TaskKey) -> bool {
        let mut bodies = (0..key.0.len()).filter(|depth| key.0[*depth] == Step::Section(BODY));
        bodies.any(|depth| self.has_rescue(&key.0[..depth]))
    }
}

fn spans(handler: &Node, index: usize) -> impl Iterator<Item = (Span, usize)> {
    all_tasks(std::slice::from_ref(handler)).into_iter().map(move |task| (task.span, index))
}

fn is_same(one: &Role, other: &Role) -> bool {
    one.path == other.path && one.vars == other.vars && one.defaults == other.defaults
}

/// Whether a task has, or inherits, `any_errors_fatal`.
fn may_be_fatal(nodes: &[Node]) -> bool {
    nodes.iter().any(|node| match node {
        Node::Task(task) => !is_absent_or_false(task.inherited(any_errors_fatal)),
        Node::Block(block) => block.sections.iter().any(|nodes| may_be_fatal(nodes)),
    })
}

fn any_errors_fatal(keywords: &Keywords) -> Option<&Value> {
    keywords.any_errors_fatal.as_ref()
}

/// What is written may be a template; only a literal no is certain.
pub fn is_absent_or_false(keyword: Option<&Value>) -> bool {
    matches!(keyword, None | Some(Value::Bool(false)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::playbook::model::{Action, ActionKind, ActionTraits, Args, Frame};
    use value::SourceId;

    fn role(name: &str) -> Arc<Role> {
        Arc::new(Role {
            name: name.into(),
            path: name.into(),
            defaults: Arc::default(),
            vars: Arc::default(),
            argument_spec: None,
            dependencies: Vec::new(),
            parents: Vec::new(),
            identity: name.into(),
            allow_duplicates: true,
        })
    }

    /// The list of an include at this node, and a task after it.
    fn place(node: u32) -> (Vec<Step>, TaskKey) {
        let at = |node| vec![Step::Play(0), Step::Batch(0), Step::Source(Source::Tasks), Step::Node(node)];
        let list = at(node).into_iter().chain([Step::Item(0), Step::Source(Source::Included(0))]);
        (list.collect(), TaskKey(at(node + 1)))
    }

    #[test]
    fn public_roles_are_seen_from_their_include_on_whichever_is_loaded_first() {
        let mut lists = Lists::default();
        let seen = |lists: &Lists, key: &TaskKey| {
            let play = lists.with_public_roles(Arc::default(), key);
            play.roles.iter().map(|role| role.name.as_str()).collect::<Vec<_>>().join(" ")
        };
        let [(first, one), (second, two), (third, three)] = [place(0), place(2), place(4)];
        lists.publish(second.clone(), &[role("b"), role("c")]);
        lists.publish(third.clone(), &[role("a")]);
        lists.publish(first.clone(), &[role("a")]);
        lists.publish(first.clone(), &[role("a")]);
        assert_eq!([&one, &two, &three].map(|key| seen(&lists, key)), ["a", "a b c", "b c a"]);
        lists.withdraw(&second);
        assert_eq!([&one, &two, &three].map(|key| seen(&lists, key)), ["a", "a", "a"]);
        assert_eq!(seen(&lists, &TaskKey(first[..4].to_vec())), "");
    }

    fn handler(line: u32) -> Node {
        let action = Action {
            written: "debug".into(),
            name: "debug".into(),
            kind: ActionKind::Ours,
            traits: ActionTraits::default(),
        };
        let span = Span::new(SourceId(0), line, 1, 1);
        Node::Task(Arc::new(Task::bare(span, "h", action, Args::default(), Arc::new(Frame::default()))))
    }

    #[test]
    fn handlers_are_there_once_and_from_their_first_include_on() {
        let mut lists = Lists::default();
        let names = || HandlerNames { names: vec!["h".into()], topics: Vec::new() };
        let [(first, one), (second, two)] = [place(0), place(2)];
        lists.bring(second, Vec::new(), vec![(handler(1), names())], true);
        assert_eq!([&one, &two].map(|key| lists.called("h", &key.0).len()), [0, 1]);
        lists.bring(first.clone(), Vec::new(), vec![(handler(1), names())], true);
        assert_eq!([&one, &two].map(|key| lists.called("h", &key.0).len()), [1, 1]);
        assert_eq!(lists.called("h", &first[..4]), [0_u32; 0]);
        assert_eq!(lists.names.len(), 1);
    }
}
