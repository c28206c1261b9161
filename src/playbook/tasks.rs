//! Tasks and handlers, and the many ways to write a module and its arguments.
use super::arguments;
use super::keywords::{self, Holder};
use super::model::{
    Action, ActionKind, ActionTraits, Args, Frame, Keywords, Loop, LoopControl, LoopSource, Node, Task,
};
use super::names;
use super::parser::{Around, Reader};
use lang::yaml;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use value::spec::nearest;
use value::{Diagnostic, Key, Map, Span, Str, Value};

/// What the reader itself does, and what nobody here does as yet, with arguments that may be a text.
const FREE_FORM: [&str; 6] = ["import_tasks", "import_role", "import_playbook", "expect", "win_command", "win_shell"];
/// Of these, those whose text is a command line.
const COMMANDS: [&str; 2] = ["win_command", "win_shell"];

const LOOP_CONTROL: [&str; 7] =
    ["loop_var", "index_var", "label", "pause", "extended", "extended_allitems", "break_when"];

/// A task on its way: what was read so far.
#[derive(Default)]
pub(super) struct Draft {
    pub name: Option<Str>,
    pub keywords: Keywords,
    pub args: Args,
    pub looped: Option<Loop>,
    control: LoopControl,
    register: Option<Str>,
    changed_when: Vec<Value>,
    failed_when: Vec<Value>,
    until: Vec<Value>,
    retries: Option<Value>,
    delay: Option<Value>,
    listen: Vec<Value>,
    /// `action` or `local_action`, with its value.
    action: Option<(yaml::Node, yaml::Node)>,
}

impl Reader<'_> {
    /// A keyword that all kinds share; also says when we do not have it.
    pub fn shared(&mut self, keywords: &mut Keywords, key: &yaml::Node, value: &yaml::Node) -> bool {
        let word = key.as_str().unwrap_or_default();
        keywords::check_supported(word, key.span, value, &mut self.errors);
        keywords::read(keywords, word, value, &mut self.errors)
    }

    /// A task that is nothing but a module with its arguments.
    pub fn single(&mut self, span: Span, entries: &[(yaml::Node, yaml::Node)], around: &Around) -> Option<Node> {
        self.task(span, entries, around)
    }

    pub(super) fn task(&mut self, span: Span, entries: &[(yaml::Node, yaml::Node)], around: &Around) -> Option<Node> {
        let holder = if around.handlers { Holder::Handler } else { Holder::Task };
        let mut draft = Draft::default();
        let mut candidates = Vec::new();
        for (key, value) in entries {
            match key.as_str() {
                None => self.fail("task", "a key of a task must be a word", key.span),
                Some(word) if word.starts_with("with_") => self.with(&mut draft, key, value),
                Some(word) if holder.has(word) => self.keyword(&mut draft, word, key, value),
                Some(_) => candidates.push((key, value)),
            }
        }
        if let Some(looped) = &mut draft.looped {
            looped.control = std::mem::take(&mut draft.control);
        }
        let collections = collections(&draft.keywords, &around.frame);
        let action = match draft.action.take() {
            Some((key, value)) => {
                for (other, _) in candidates {
                    self.errors.push(keywords::unknown(other, holder));
                }
                self.action_keyword(&mut draft, &key, &value, &collections, around)?
            }
            None => {
                let (key, value) = self.choose(span, &candidates, holder, &collections, around)?;
                let action = self.resolve(key.word().unwrap_or_default(), key.span, &collections, around)?;
                self.arguments(&mut draft.args, &action, value);
                action
            }
        };
        self.finish_task(span, draft, action, around)
    }

    /// Of the keys that are no keywords, the one that is the module.
    fn choose<'n>(
        &mut self,
        span: Span,
        candidates: &[(&'n yaml::Node, &'n yaml::Node)],
        holder: Holder,
        collections: &[String],
        around: &Around,
    ) -> Option<(&'n yaml::Node, &'n yaml::Node)> {
        let is_module =
            |key: &yaml::Node| self.full_name(key.word().unwrap_or_default(), collections, around).is_some();
        let modules: Vec<_> = candidates.iter().filter(|(key, _)| is_module(key)).copied().collect();
        match (modules.as_slice(), candidates) {
            ([], []) => {
                self.fail("task", format!("{} without a module", holder.name()), span);
                None
            }
            ([], [only]) => Some(*only),
            ([], _) => {
                for (key, _) in candidates {
                    self.unknown_module(key.word().unwrap_or_default(), key.span, holder);
                }
                None
            }
            ([module], _) => {
                for (key, _) in candidates.iter().filter(|(key, _)| key.span != module.0.span) {
                    self.errors.push(keywords::unknown(key, holder));
                }
                Some(*module)
            }
            ([one, two, ..], _) => {
                let words = [one, two].map(|(key, _)| key.word().unwrap_or_default());
                let error =
                    Diagnostic::error("task", format!("two modules in one task: {} and {}", words[0], words[1]));
                self.errors.push(error.at(two.0.span).note("the first one", Some(one.0.span)));
                None
            }
        }
    }

    fn keyword(&mut self, draft: &mut Draft, word: &str, key: &yaml::Node, value: &yaml::Node) {
        let plain = value.to_value(true);
        let errors = &mut self.errors;
        match word {
            "name" => {
                draft.name = (!plain.is_null()).then(|| plain.to_str().with_origin(Some(value.span)).with_trust(true))
            }
            "action" | "local_action" => draft.action = Some((key.clone(), value.clone())),
            "args" => self.extra_arguments(draft, value),
            "loop" => self.looped(draft, key, LoopSource::List(plain)),
            "loop_control" => self.loop_control(draft, value),
            "register" => draft.register = self.register(value),
            "changed_when" => draft.changed_when = keywords::conditions(word, value, errors),
            "failed_when" => draft.failed_when = keywords::conditions(word, value, errors),
            "until" => draft.until = keywords::conditions(word, value, errors),
            "retries" => draft.retries = keywords::number(word, value, errors),
            "delay" => draft.delay = keywords::number(word, value, errors),
            // Nothing but `async: 0` is there yet, which asks for nothing.
            "async" | "poll" => {
                keywords::check_supported(word, key.span, value, errors);
                keywords::number(word, value, errors);
            }
            "listen" => draft.listen = keywords::words(word, value, errors),
            _ => drop(self.shared(&mut draft.keywords, key, value)),
        }
    }

    fn register(&mut self, value: &yaml::Node) -> Option<Str> {
        let name = value.to_value(true);
        match &name {
            Value::Str(text) if keywords::is_name(text) => Some(text.clone()),
            _ => {
                self.errors.push(keywords::invalid_name(value.word().unwrap_or_default(), value.span));
                None
            }
        }
    }

    fn with(&mut self, draft: &mut Draft, key: &yaml::Node, value: &yaml::Node) {
        let lookup = key.as_str().unwrap_or_default().trim_start_matches("with_").to_string();
        if !names::is_lookup(&lookup) {
            self.errors.push(keywords::unknown(key, Holder::Task));
        }
        self.looped(draft, key, LoopSource::With { lookup, terms: value.to_value(true) });
    }

    fn looped(&mut self, draft: &mut Draft, key: &yaml::Node, source: LoopSource) {
        if let Some(before) = &draft.looped {
            let error = Diagnostic::error("loop", "two loops in one task").at(key.span);
            self.errors.push(error.note("the first one", Some(before.span)));
        }
        draft.looped = Some(Loop { span: key.span, source, control: LoopControl::default() });
    }

    fn loop_control(&mut self, draft: &mut Draft, node: &yaml::Node) {
        let Some(entries) = node.as_mapping() else {
            self.fail(
                "keyword-value",
                format!("`loop_control` takes a mapping, and this is {}", node.type_name()),
                node.span,
            );
            return;
        };
        for (key, value) in entries {
            let word = key.word().unwrap_or_default();
            let given = (!value.is_null()).then(|| value.to_value(true));
            match word {
                "loop_var" => draft.control.loop_var = given,
                "index_var" => draft.control.index_var = given,
                "label" => draft.control.label = given,
                "pause" => draft.control.pause = keywords::number(word, value, &mut self.errors),
                "extended" => draft.control.extended = keywords::boolean(word, value, &mut self.errors),
                "extended_allitems" => {
                    draft.control.extended_allitems = keywords::boolean(word, value, &mut self.errors)
                }
                "break_when" => draft.control.break_when = keywords::conditions(word, value, &mut self.errors),
                _ => {
                    let error =
                        Diagnostic::error("unknown-keyword", format!("`{word}` is not a keyword of `loop_control`"));
                    let near = nearest(word, LOOP_CONTROL).map(|near| format!("did you mean `{near}`?"));
                    self.errors.push(Diagnostic { help: near, ..error.at(key.span) });
                }
            }
        }
    }

    /// `args:`, which lies under what the module itself is given.
    fn extra_arguments(&mut self, draft: &mut Draft, node: &yaml::Node) {
        match node.to_value(true) {
            Value::Null => {}
            Value::Map(map) => draft.args.map = Arc::unwrap_or_clone(map),
            Value::Str(text) if keywords::is_template(&text) => draft.args.template = Some(Value::Str(text)),
            _ => self.fail(
                "keyword-value",
                format!("`args` takes a mapping, and this is {}", node.type_name()),
                node.span,
            ),
        }
    }

    /// `action: copy src=a dest=b`, `action: {module: copy, ...}`; `local_action` is the same on the controller.
    fn action_keyword(
        &mut self,
        draft: &mut Draft,
        key: &yaml::Node,
        value: &yaml::Node,
        collections: &[String],
        around: &Around,
    ) -> Option<Action> {
        if key.as_str() == Some("local_action") {
            draft.keywords.delegate_to = Some(Value::Str(Str::from("localhost").with_origin(Some(key.span))));
        }
        if let Some(entries) = value.as_mapping() {
            let (module, rest): (Vec<_>, Vec<_>) = entries.iter().partition(|(key, _)| key.as_str() == Some("module"));
            let Some((_, module)) = module.first() else {
                self.fail("task", "`action` does not say which module: `module` is missing", value.span);
                return None;
            };
            let (word, line) = split_module(module.as_str().unwrap_or_default());
            let action = self.resolve(word, module.span, collections, around)?;
            self.line(&mut draft.args, &action, &Str::trusted(line, Some(module.span)), value.span);
            for (key, value) in rest {
                draft.args.map.insert(Key::from(key.to_value(true)), value.to_value(true));
            }
            return Some(action);
        }
        let Value::Str(text) = value.to_value(true) else {
            self.fail("task", format!("a module is expected here, and this is {}", value.type_name()), value.span);
            return None;
        };
        let (module, line) = split_module(text.trim());
        let action = self.resolve(module, value.span, collections, around)?;
        let line = Str::from(line).with_origin(text.origin()).with_trust(text.is_trusted());
        self.line(&mut draft.args, &action, &line, value.span);
        Some(action)
    }

    /// What stands after the module's name.
    fn arguments(&mut self, args: &mut Args, action: &Action, value: &yaml::Node) {
        match value.to_value(true) {
            Value::Null => {}
            Value::Map(map) => args.map.extend(Arc::unwrap_or_clone(map)),
            Value::Str(line) => self.line(args, action, &line, value.span),
            other if action.traits.free_form && other.as_list().is_none() => {
                args.free_form = Some(other.to_str().with_origin(Some(value.span)));
            }
            _ => {
                let message =
                    format!("`{}` takes a mapping or a string, and this is {}", action.written, value.type_name());
                self.fail("module-arguments", message, value.span);
            }
        }
    }

    fn line(&mut self, args: &mut Args, action: &Action, line: &Str, span: Span) {
        let name = action.name.as_str();
        let (map, rest) = match arguments::split(line, action.traits.command) {
            Ok(parts) => parts,
            Err(unbalanced) => {
                let message = format!("`{}` is opened here and never closed", unbalanced.what);
                let error = Diagnostic::error("module-arguments", message).at(span);
                self.errors
                    .push(error.help(format!("write the arguments as a mapping: `{name}:` and below it `cmd: ...`")));
                return;
            }
        };
        args.map.extend(map);
        match rest {
            None => {}
            Some(rest) if action.traits.free_form => args.free_form = Some(rest),
            Some(rest) if keywords::is_template(&rest) => args.template = Some(Value::Str(rest)),
            Some(rest) => {
                let error =
                    Diagnostic::error("module-arguments", format!("`{name}` takes `key=value`, and this is `{rest}`"));
                self.errors.push(error.at(span));
            }
        }
    }

    /// The full name of a module; also of one that the project brings itself, which Python would run.
    fn full_name(&self, written: &str, collections: &[String], around: &Around) -> Option<String> {
        names::module(written, collections).or_else(|| self.brings_module(written, around).then(|| written.to_string()))
    }

    /// Whether the project itself has a module of this name, in a `library/` or in a collection of its own.
    fn brings_module(&self, written: &str, around: &Around) -> bool {
        let files = &self.parser.loader.files;
        let role = around.frame.role().map(|role| role.path.clone());
        let beside = around.file.parent().map(Path::to_path_buf);
        let directories = || role.iter().chain(&beside).chain([&self.playbook_dir]);
        let has = |folder: PathBuf, name: &str| {
            let stem = |file: &String| file.split('.').next() == Some(name);
            files.list(&folder).is_ok_and(|found| found.iter().any(stem))
        };
        let name = written.strip_prefix("ansible.legacy.").unwrap_or(written);
        match name.splitn(3, '.').collect::<Vec<_>>().as_slice() {
            [namespace, collection, name] => self.collection_roots().any(|root| {
                let plugins = root.join("ansible_collections").join(namespace).join(collection).join("plugins");
                let (folder, name) = name.rsplit_once('.').unwrap_or(("", name));
                ["modules", "action"].iter().any(|kind| has(plugins.join(kind).join(folder.replace('.', "/")), name))
            }),
            _ => {
                directories().any(|dir| ["library", "action_plugins"].iter().any(|folder| has(dir.join(folder), name)))
            }
        }
    }

    /// The module that a name means. A template must be known now, or is one that we do not have.
    fn resolve(&mut self, written: &str, span: Span, collections: &[String], around: &Around) -> Option<Action> {
        if keywords::is_template(written) {
            let text = Str::trusted(written, Some(span));
            return match self.known(&text, around) {
                Some(name) => self.resolve(&name, span, collections, around),
                None => Some(missing(text, written)),
            };
        }
        let Some(full) = self.full_name(written, collections, around) else {
            let holder = if around.handlers { Holder::Handler } else { Holder::Task };
            self.unknown_module(written, span, holder);
            return None;
        };
        let name = full.rsplit('.').next().unwrap_or(&full);
        let written = Str::from(written).with_origin(Some(span));
        Some(match (self.parser.traits_of)(&full) {
            Some(traits) => Action { written, name: name.to_string(), kind: ActionKind::Ours, traits },
            None => missing(written, name),
        })
    }

    fn unknown_module(&mut self, written: &str, span: Span, holder: Holder) {
        let what = if written.contains('.') { "module" } else { "module or keyword" };
        let error = Diagnostic::error("unknown-module", format!("no {what} is called `{written}`")).at(span);
        let keyword = nearest(written, holder.keywords()).map(str::to_string);
        let near = match (keyword, names::nearest_module(written)) {
            (Some(keyword), _) if !written.contains('.') => Some(keyword),
            (_, near) => near,
        };
        let help = match near {
            _ if written == "include" => Some("write `include_tasks` or `import_tasks`".to_string()),
            Some(near) => Some(format!("did you mean `{near}`?")),
            None => None,
        };
        self.errors.push(Diagnostic { help, ..error });
    }

    fn finish_task(&mut self, span: Span, draft: Draft, action: Action, around: &Around) -> Option<Node> {
        match action.name.as_str() {
            "import_tasks" => return self.import_tasks(span, draft, around),
            "import_role" => return self.import_role(span, draft, around),
            "import_playbook" => {
                self.fail("task", "`import_playbook` stands beside plays, not among tasks", span);
                return None;
            }
            _ => {}
        }
        if around.handlers && action.traits.brings_role {
            self.fail("task", format!("`{}` cannot be a handler", action.name), span);
        }
        self.check_include(&draft, &action, span);
        Some(Node::Task(Arc::new(draft.into_task(span, action, around.frame.clone()))))
    }
}

impl Draft {
    fn into_task(self, span: Span, action: Action, frame: Arc<Frame>) -> Task {
        Task {
            span,
            name: self.name,
            action,
            args: self.args,
            keywords: self.keywords,
            frame,
            looped: self.looped,
            register: self.register,
            changed_when: self.changed_when,
            failed_when: self.failed_when,
            until: self.until,
            retries: self.retries,
            delay: self.delay,
            listen: self.listen,
        }
    }
}

impl Task {
    /// A task that nobody wrote, with nothing but its arguments.
    pub fn bare(span: Span, name: &str, action: Action, args: Args, frame: Arc<Frame>) -> Self {
        let name = Some(Str::from(name).with_origin(Some(span)));
        Draft { name, args, ..Draft::default() }.into_task(span, action, frame)
    }
}

fn missing(written: Str, name: &str) -> Action {
    let traits = ActionTraits {
        free_form: FREE_FORM.contains(&name),
        command: COMMANDS.contains(&name),
        ..ActionTraits::default()
    };
    Action { written, name: name.to_string(), kind: ActionKind::Missing, traits }
}

/// Collections that are searched for a module's short name.
pub(super) fn collections(keywords: &Keywords, frame: &Arc<Frame>) -> Vec<String> {
    let own = [&keywords.collections];
    let around = frame.chain().map(|frame| &frame.keywords.collections);
    let found = own.into_iter().chain(around).find(|collections| !collections.is_empty());
    found.map(|collections| collections.iter().map(Value::to_text).collect()).unwrap_or_default()
}

/// A module's name, which may be a template, and what stands after it.
fn split_module(text: &str) -> (&str, &str) {
    let mut depth = 0;
    let end = text.char_indices().find(|(at, c)| {
        depth += i32::from(text[*at..].starts_with("{{")) - i32::from(text[*at..].starts_with("}}"));
        c.is_whitespace() && depth == 0
    });
    let (module, line) = text.split_at(end.map_or(text.len(), |(at, _)| at));
    (module, line.trim_start())
}

/// An argument by name.
pub(super) fn argument<'m>(map: &'m Map, names: &[&str]) -> Option<&'m Value> {
    names.iter().find_map(|name| map.get(name))
}
