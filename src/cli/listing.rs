//! `--list-hosts`, `--list-tasks` and `--list-tags`, as `ansible-playbook` prints them.
use crate::playbook::model::{Node, Play, Task};
use crate::project::Playbooks;
use std::collections::BTreeSet;
use std::sync::Arc;
use value::{Diagnostic, Value};

/// What is listed; nothing of it: only the playbook's name.
pub struct Wanted {
    pub hosts: bool,
    pub tasks: bool,
    pub tags: bool,
}

/// `name` is the playbook as it was named.
pub fn text(name: &str, playbooks: &Playbooks, wanted: &Wanted) -> Result<String, Diagnostic> {
    let mut out = format!("\nplaybook: {name}");
    if !(wanted.hosts || wanted.tasks || wanted.tags) {
        return Ok(out);
    }
    for number in 0..playbooks.plays().count() as u32 {
        let listed = playbooks.list(number)?;
        let patterns = listed.patterns.join(",");
        out += &format!("\n\n  play #{} ({patterns}): {}\tTAGS: [{}]", number + 1, listed.name, joined(&listed.tags));
        if wanted.hosts {
            let patterns: Vec<_> = listed.patterns.iter().map(|pattern| Value::from(pattern.as_str())).collect();
            out += &format!("\n    pattern: {}\n    hosts ({}):", Value::list(patterns).to_text(), listed.hosts.len());
            out.extend(listed.hosts.iter().map(|host| format!("\n      {host}")));
        }
        if wanted.tasks {
            out += "\n    tasks:";
        }
        let mut all = listed.tags.clone();
        for task in tasks(&listed.play) {
            let tags = playbooks.tags_of(&task, number);
            if wanted.tasks {
                out += &format!("\n      {}\tTAGS: [{}]", title(&task), joined(&tags));
            }
            all.extend(tags);
        }
        if wanted.tags {
            out += &format!("\n      TASK TAGS: [{}]", joined(&all));
        }
    }
    Ok(out)
}

fn joined(tags: &BTreeSet<String>) -> String {
    tags.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

/// Those that may run when nothing fails: not what rescues, and not what follows in any case.
fn tasks(play: &Play) -> Vec<Arc<Task>> {
    let lists = [&play.pre_tasks, &play.tasks, &play.post_tasks];
    lists.into_iter().flat_map(|nodes| main_way(nodes)).collect()
}

fn main_way(nodes: &[Node]) -> Vec<Arc<Task>> {
    let below = nodes.iter().flat_map(|node| match node {
        Node::Task(task) => vec![task.clone()],
        Node::Block(block) => main_way(&block.sections[0]),
    });
    below.collect()
}

/// As it was written: a name that is a template stays one. Only a name that somebody gave has the role's before it.
fn title(task: &Task) -> String {
    let own = task.name.as_ref().filter(|name| !name.is_empty());
    match (own, task.frame.role()) {
        (Some(name), Some(role)) if !task.action.traits.brings_role => format!("{} : {name}", role.name),
        (Some(name), _) => name.to_string(),
        (None, _) => task.action.written.to_string(),
    }
}
