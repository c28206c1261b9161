//! `--tags`, `--skip-tags` and `--start-at-task`: which tasks of a list are meant at all.
use super::model::{Block, Node, Task};
use std::sync::Arc;
use value::Value;

/// What the command line says about tags. Nothing said: all that are not tagged `never`.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    pub only: Vec<String>,
    pub skip: Vec<String>,
}

/// Turns a tag, which may be a template, into words; a list gives several.
pub type TagWords<'e> = &'e dyn Fn(&Value) -> Vec<String>;

impl Selection {
    /// The nodes that are meant; blocks of which nothing is left go with their tasks.
    pub fn of(&self, nodes: &[Node], words: TagWords) -> Vec<Node> {
        filter(nodes, &mut |task| self.means(&tags(task, words)))
    }

    /// Whether a task with these tags runs.
    pub fn means(&self, tags: &[String]) -> bool {
        let tagged = !tags.is_empty();
        let has = |tag: &str| tags.iter().any(|own| own == tag) || tag == "untagged" && !tagged;
        let runs = |tag: &String| match tag.as_str() {
            "all" => !has("never"),
            "tagged" => tagged && !has("never"),
            other => has(other),
        };
        let skips = |tag: &String| match tag.as_str() {
            "all" => !has("always") || self.skip.iter().any(|tag| tag == "always"),
            "tagged" => tagged,
            other => has(other),
        };
        let all = self.only.is_empty() && !has("never");
        (all || has("always") || self.only.iter().any(runs)) && !self.skip.iter().any(skips)
    }
}

/// All tags of a task, those around it included.
pub fn tags(task: &Task, words: TagWords) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for tag in task.gathered(|keywords| &keywords.tags).into_iter().flat_map(words) {
        if !all.contains(&tag) {
            all.push(tag);
        }
    }
    all
}

/// The tasks that `keep` keeps, in order of their standing, with the blocks around them.
pub fn filter(nodes: &[Node], keep: &mut dyn FnMut(&Arc<Task>) -> bool) -> Vec<Node> {
    let mut kept = Vec::new();
    for node in nodes {
        match node {
            Node::Task(task) if keep(task) => kept.push(node.clone()),
            Node::Task(_) => {}
            Node::Block(block) => {
                let sections = [0, 1, 2].map(|section| filter(&block.sections[section], keep));
                // What rescues or follows nothing has nothing to do.
                if sections.iter().any(|nodes| !nodes.is_empty()) {
                    let Block { span, name, frame, .. } = &**block;
                    let block = Block { span: *span, name: name.clone(), frame: frame.clone(), sections };
                    kept.push(Node::Block(Arc::new(block)));
                }
            }
        }
    }
    kept
}

/// Every task below some nodes, in order.
pub fn all_tasks(nodes: &[Node]) -> Vec<Arc<Task>> {
    let below = nodes.iter().flat_map(|node| match node {
        Node::Task(task) => vec![task.clone()],
        Node::Block(block) => block.sections.iter().flat_map(|nodes| all_tasks(nodes)).collect(),
    });
    below.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_choose_as_in_ansible() {
        let words = |text: &str| -> Vec<String> { text.split_whitespace().map(str::to_string).collect() };
        // Only, skipped, the task's own, whether it runs.
        let cases = [
            ("", "", "", true),
            ("", "", "a", true),
            ("", "", "never", false),
            ("", "", "never a", false),
            ("a", "", "never a", true),
            ("a", "", "", false),
            ("a", "", "always", true),
            ("a", "always", "always", false),
            ("a b", "", "b", true),
            ("tagged", "", "", false),
            ("tagged", "", "x", true),
            ("tagged", "", "never", false),
            ("untagged", "", "", true),
            ("untagged", "", "x", false),
            ("all", "", "x", true),
            ("all", "", "never", false),
            ("", "a", "a b", false),
            ("", "a", "b", true),
            ("", "tagged", "b", false),
            ("", "untagged", "", false),
            ("", "all", "b", false),
            ("", "all", "always", true),
        ];
        for (only, skip, own, runs) in cases {
            let selection = Selection { only: words(only), skip: words(skip) };
            assert_eq!(selection.means(&words(own)), runs, "--tags {only} --skip-tags {skip}, tags {own}");
        }
    }
}
