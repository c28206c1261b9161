//! The YAML form: groups with `hosts`, `vars` and `children`, each a mapping.
use super::range::expand;
use super::source::{Draft, LOOP_HELP};
use lang::yaml::Node;
use value::{Diagnostic, Value};

pub fn read(node: &Node, draft: &mut Draft) -> Vec<Diagnostic> {
    let mut reader = Reader { draft, errors: Vec::new() };
    match node.as_mapping() {
        Some(groups) => groups.iter().for_each(|(name, group)| reader.group(name, group, None)),
        None => reader.refuse(
            "an inventory is a mapping of groups",
            node,
            "expected `all:` with `hosts:` and `children:` below",
        ),
    }
    reader.errors
}

struct Reader<'r> {
    draft: &'r mut Draft,
    errors: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn group(&mut self, key: &Node, node: &Node, parent: Option<&str>) {
        let name = key.word().unwrap_or_default().to_string();
        self.draft.group(&name);
        if let Some(parent) = parent
            && let Err(why) = self.draft.child(parent, &name)
        {
            return self.refuse(why, key, LOOP_HELP);
        }
        if node.is_null() {
            return;
        }
        let Some(entries) = node.as_mapping() else {
            return self.refuse(
                format!("group `{name}` should be a mapping, and is {}", node.type_name()),
                node,
                "expected `hosts:`, `vars:` or `children:`",
            );
        };
        for (key, value) in entries.iter().filter(|(_, value)| !value.is_null()) {
            match (key.word().unwrap_or_default(), value.as_mapping()) {
                ("children", Some(children)) => {
                    children.iter().for_each(|(key, node)| self.group(key, node, Some(&name)))
                }
                ("hosts", Some(hosts)) => hosts.iter().for_each(|(key, node)| self.host(key, node, &name)),
                ("hosts", None) if value.as_str().is_some() => self.host(value, value, &name),
                ("vars", Some(vars)) => {
                    for (key, value) in vars {
                        self.draft.group_var(&name, key.word().unwrap_or_default(), value.to_value(true), key.span);
                    }
                }
                (word @ ("children" | "hosts" | "vars"), None) => {
                    self.refuse(
                        format!("`{word}` should be a mapping, and is {}", value.type_name()),
                        value,
                        "write `name:` instead of `- name`",
                    );
                }
                (word, _) => {
                    let near = value::spec::nearest(word, ["children", "hosts", "vars"]);
                    let help = near.map_or("a group has `hosts`, `vars` and `children`".to_string(), |near| {
                        format!("did you mean `{near}`?")
                    });
                    let message = format!("`{word}` is nothing that group `{name}` can have");
                    self.errors.push(Diagnostic::warning("inventory", message).at(key.span).help(help));
                }
            }
        }
    }

    fn host(&mut self, key: &Node, node: &Node, group: &str) {
        let word = key.word().unwrap_or_default();
        let hosts = match expand(word) {
            Ok(hosts) => hosts,
            Err(why) => return self.refuse(why, key, "expected `[first:last]`"),
        };
        for host in hosts {
            self.draft.host(&host, group, key.span);
            for (key, value) in node.as_mapping().unwrap_or_default() {
                let value: Value = value.to_value(true);
                self.draft.host_var(&host, key.word().unwrap_or_default(), value, key.span);
            }
        }
    }

    fn refuse(&mut self, message: impl Into<String>, node: &Node, help: &str) {
        self.errors.push(Diagnostic::error("inventory", message).at(node.span).help(help));
    }
}
