//! Lists of tasks, and the blocks in them.
use super::keywords::{self, Holder};
use super::model::{Block, Frame, Keywords, Node};
use super::parser::{Around, Reader};
use lang::yaml;
use std::sync::Arc;
use value::{Diagnostic, Span, Str};

impl Reader<'_> {
    pub fn tasks(&mut self, node: &yaml::Node, around: &Around) -> Vec<Node> {
        if node.is_null() {
            return Vec::new();
        }
        let Some(items) = node.as_sequence() else {
            let message = format!("a list of tasks is expected here, and this is {}", node.type_name());
            self.fail("task-list", message, node.span);
            return Vec::new();
        };
        items.iter().flat_map(|item| self.item(item, around)).collect()
    }

    fn item(&mut self, node: &yaml::Node, around: &Around) -> Vec<Node> {
        let Some(entries) = node.as_mapping() else {
            let message = format!("a task is a mapping, and this is {}", node.type_name());
            self.fail("task", message, node.span);
            return Vec::new();
        };
        match section(entries) {
            Some((first, _)) if node.get("block").is_none() => {
                let message =
                    format!("`{}` stands beside a `block`, and there is none", first.word().unwrap_or_default());
                self.fail("block", message, first.span);
                Vec::new()
            }
            Some(_) if around.handlers => self.block_of_handlers(entries, around),
            Some(_) => vec![self.block(node.span, entries, around)],
            None => self.task(node.span, entries, around).into_iter().collect(),
        }
    }

    fn block(&mut self, span: Span, entries: &[(yaml::Node, yaml::Node)], around: &Around) -> Node {
        let (name, frame, sections) = self.block_head(entries, around);
        let inside = around.within(frame);
        let sections = sections.map(|section| section.map(|node| self.tasks(node, &inside)).unwrap_or_default());
        Node::Block(Arc::new(Block { span, name, frame: inside.frame, sections }))
    }

    /// What is in the block are handlers, with its keywords around them. As in Ansible, nobody can call the block itself, and it
    /// rescues nothing.
    fn block_of_handlers(&mut self, entries: &[(yaml::Node, yaml::Node)], around: &Around) -> Vec<Node> {
        let (_, frame, [body, others @ ..]) = self.block_head(entries, around);
        for unused in others.into_iter().flatten() {
            let warning = "`rescue` and `always` of a block among handlers never run";
            self.parser.loader.warn(Diagnostic::warning("block", warning).at(unused.span));
        }
        let inside = around.within(frame);
        let items = body.and_then(yaml::Node::as_sequence).unwrap_or_default();
        if let Some((first, _)) = items.iter().find_map(|item| section(item.as_mapping()?)) {
            self.fail("block", "a block in a block cannot be a handler", first.span);
            return Vec::new();
        }
        body.map(|body| self.tasks(body, &inside)).unwrap_or_default()
    }

    /// A block's name, its keywords, and what stands in its sections.
    fn block_head<'n>(
        &mut self,
        entries: &'n [(yaml::Node, yaml::Node)],
        around: &Around,
    ) -> (Option<Str>, Frame, [Option<&'n yaml::Node>; 3]) {
        let mut keywords = Keywords::default();
        let mut name = None;
        let mut sections: [Option<&yaml::Node>; 3] = [None; 3];
        for (key, value) in entries {
            match key.as_str().unwrap_or_default() {
                "block" => sections[0] = Some(value),
                "rescue" => sections[1] = Some(value),
                "always" => sections[2] = Some(value),
                "name" => name = Some(value.to_value(true).to_str()),
                word if Holder::Block.has(word) => {
                    self.shared(&mut keywords, key, value);
                }
                _ => self.errors.push(keywords::unknown(key, Holder::Block)),
            }
        }
        (name, Frame { parent: Some(around.frame.clone()), keywords, ..Frame::default() }, sections)
    }
}

/// The first key of a block.
fn section(entries: &[(yaml::Node, yaml::Node)]) -> Option<&(yaml::Node, yaml::Node)> {
    entries.iter().find(|(key, _)| matches!(key.as_str(), Some("block" | "rescue" | "always")))
}
