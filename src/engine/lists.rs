//! The lists of nodes that a play has: its sections, its handlers, what includes brought. A key leads to a node in them.
use super::message::{Brought, HandlerNames, Opened};
use super::place::{BODY, RESCUE, Source, Step, TaskKey};
use crate::playbook::model::{Keywords, Node, Play, Task};
use std::collections::BTreeMap;
use std::sync::Arc;
use value::Value;

#[derive(Default)]
pub struct Lists {
    play: Option<Arc<Play>>,
    setup: Vec<Node>,
    handlers: Vec<Node>,
    pub names: Vec<HandlerNames>,
    /// By the steps that lead to the list.
    included: BTreeMap<Vec<Step>, List>,
    pub force_handlers: bool,
    pub missing_handler_is_fatal: bool,
    /// A failure may concern all hosts, so none of them goes ahead of another.
    pub lock_step: bool,
}

struct List {
    nodes: Vec<Node>,
    is_role: bool,
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
            included: BTreeMap::new(),
            force_handlers: opened.force_handlers,
            missing_handler_is_fatal: opened.missing_handler_is_fatal,
            lock_step: opened.any_errors_fatal
                || opened.max_fail_percentage.is_some()
                || sections.into_iter().any(|nodes| may_be_fatal(nodes)),
        }
    }

    pub fn bring(&mut self, list: Vec<Step>, brought: Brought, is_role: bool) {
        self.lock_step |= may_be_fatal(&brought.nodes);
        self.included.insert(list, List { nodes: brought.nodes, is_role });
        // Handlers have the number at which they stand, so a play that has fewer names than handlers is filled up first.
        self.names.resize_with(self.handlers.len(), HandlerNames::default);
        for (node, names) in brought.handlers {
            self.handlers.push(node);
            self.names.push(names);
        }
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
