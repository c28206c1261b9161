//! Playbook files: plays, their sections, and playbooks that import others.
use super::keywords::{self, Holder};
use super::model::{Frame, Keywords, Node, Play};
use super::parser::{Around, Reader};
use lang::yaml;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use value::spec::nearest;
use value::{Diagnostic, Map, Span, Value};

const VARS_PROMPT: [&str; 9] =
    ["name", "prompt", "default", "private", "confirm", "encrypt", "salt_size", "salt", "unsafe"];

impl Reader<'_> {
    /// All plays of a file. `outer` is what an `import_playbook` gives to them.
    pub fn playbook(
        &mut self,
        path: &Path,
        outer: Option<(Arc<Frame>, Span)>,
        imports: &mut Vec<PathBuf>,
    ) -> Vec<Arc<Play>> {
        let mentioned = outer.as_ref().map(|(_, span)| *span);
        let errors = self.errors.len();
        let Some(document) = self.document(path, mentioned) else {
            if self.errors.len() == errors {
                let error = Diagnostic::error(
                    "playbook",
                    format!("the playbook {} holds no play", self.parser.loader.shown(path)),
                );
                self.errors.push(error.at(mentioned));
            }
            return Vec::new();
        };
        let Some(items) = document.as_sequence() else {
            let message = format!("a playbook is a list of plays, and this is {}", document.type_name());
            let error = Diagnostic::error("playbook", message).at(document.span);
            self.errors.push(error.help("begin each play with `- hosts: ...`"));
            return Vec::new();
        };
        imports.push(path.to_path_buf());
        // Roles and files are looked for beside the playbook that names them.
        let own_dir = path.parent().unwrap_or(Path::new("/")).to_path_buf();
        let outer_dir = std::mem::replace(&mut self.playbook_dir, own_dir);
        let mut plays = Vec::new();
        for item in items {
            match item.as_mapping() {
                Some(entries) => match imported(entries) {
                    Some(import) => plays.extend(self.import_playbook(path, entries, import, outer.as_ref(), imports)),
                    None => plays.push(self.play(path, item.span, entries, outer.as_ref())),
                },
                None => {
                    self.fail("play", format!("a play is a mapping, and this is {}", item.type_name()), item.span);
                }
            }
        }
        imports.pop();
        self.playbook_dir = outer_dir;
        plays
    }

    fn import_playbook(
        &mut self,
        path: &Path,
        entries: &[(yaml::Node, yaml::Node)],
        target: &yaml::Node,
        outer: Option<&(Arc<Frame>, Span)>,
        imports: &mut Vec<PathBuf>,
    ) -> Vec<Arc<Play>> {
        let mut keywords = Keywords::default();
        for (key, value) in entries {
            match key.as_str().unwrap_or_default() {
                "import_playbook" | "ansible.builtin.import_playbook" | "name" => {}
                word if Holder::ImportPlaybook.has(word) => drop(self.shared(&mut keywords, key, value)),
                _ => self.errors.push(keywords::unknown(key, Holder::ImportPlaybook)),
            }
        }
        let frame = Frame { parent: outer.map(|(frame, _)| frame.clone()), keywords, ..Frame::default() };
        let around = Around { frame: Arc::new(frame), file: path.to_path_buf(), handlers: false, imports: Vec::new() };
        let Value::Str(text) = target.to_value(true) else {
            let message = format!("`import_playbook` takes a file's name, and this is {}", target.type_name());
            self.fail("import", message, target.span);
            return Vec::new();
        };
        let Some(name) = self.evaluate(&text, &around) else { return Vec::new() };
        let found = self.playbook_path(&name, path);
        if imports.contains(&found) {
            self.fail("import", format!("{} imports itself", found.display()), target.span);
            return Vec::new();
        }
        self.playbook(&found, Some((around.frame, target.span)), imports)
    }

    /// Beside the playbook that imports it, or in a collection (`ns.collection.name`).
    fn playbook_path(&self, name: &str, importing: &Path) -> PathBuf {
        let files = &self.parser.loader.files;
        let beside = files.absolute(importing.parent().unwrap_or(Path::new("/")), name);
        let parts: Vec<&str> = name.split('.').collect();
        let [namespace, collection, playbook] = parts.as_slice() else { return beside };
        if files.is_file(&beside) {
            return beside;
        }
        let folders = self.parser.collections_path.iter();
        let candidates = folders.flat_map(|folder| {
            let folder = folder.join("ansible_collections").join(namespace).join(collection).join("playbooks");
            [".yml", ".yaml"].map(|ending| folder.join(format!("{playbook}{ending}")))
        });
        candidates.into_iter().find(|path| files.is_file(path)).unwrap_or(beside)
    }

    fn play(
        &mut self,
        path: &Path,
        span: Span,
        entries: &[(yaml::Node, yaml::Node)],
        outer: Option<&(Arc<Frame>, Span)>,
    ) -> Arc<Play> {
        let mut keywords = Keywords::default();
        let mut play = empty(span);
        for (key, value) in entries {
            let word = key.as_str().unwrap_or_default();
            if !Holder::Play.has(word) {
                self.errors.push(keywords::unknown(key, Holder::Play));
            } else if word == "user" {
                // The old name of `remote_user`.
                keywords.remote_user = keywords::scalar(word, value, &mut self.errors);
            } else if !self.play_keyword(&mut play, word, value) {
                self.shared(&mut keywords, key, value);
            }
        }
        let user = |word: &str| entries.iter().find(|(key, _)| key.as_str() == Some(word)).map(|(key, _)| key.span);
        if let (Some(old), Some(_)) = (user("user"), user("remote_user")) {
            self.fail("play", "both `user` and `remote_user` are set; the first is the old name of the second", old);
        }
        self.check_hosts(&play, entries, span);
        let outer = outer.map(|(frame, _)| frame.clone());
        // What an import says about variables overrides the play.
        if let Some(imported) = outer.as_ref().and_then(|frame| frame.keywords.vars.as_ref()) {
            let mut vars = keywords.vars.as_deref().cloned().unwrap_or_else(Map::new);
            vars.extend(imported.iter().map(|(key, value)| (key.clone(), value.clone())));
            keywords.vars = Some(Arc::new(vars));
        }
        play.frame = Arc::new(Frame { parent: outer, keywords, ..Frame::default() });
        self.sections(&mut play, path, entries);
        Arc::new(play)
    }

    /// A keyword that only plays have and that is no list of tasks; false: another one.
    fn play_keyword(&mut self, play: &mut Play, word: &str, value: &yaml::Node) -> bool {
        let errors = &mut self.errors;
        match word {
            "hosts" => play.hosts = value.to_value(true),
            "name" => {
                play.name = (!value.is_null()).then(|| value.to_value(true).to_str().with_origin(Some(value.span)))
            }
            "gather_facts" => play.gather_facts = keywords::boolean(word, value, errors),
            "gather_subset" => play.gather_subset = Some(value.to_value(true)),
            "gather_timeout" => play.gather_timeout = keywords::number(word, value, errors),
            "fact_path" => play.fact_path = keywords::scalar(word, value, errors),
            "vars_files" => play.vars_files = keywords::list(value),
            "vars_prompt" => play.vars_prompt = self.prompts(value),
            "serial" => play.serial = keywords::list(value),
            "strategy" => play.strategy = keywords::scalar(word, value, errors),
            "order" => play.order = keywords::scalar(word, value, errors),
            "max_fail_percentage" => play.max_fail_percentage = Some(value.to_value(true)),
            "force_handlers" => play.force_handlers = keywords::boolean(word, value, errors),
            "pre_tasks" | "tasks" | "post_tasks" | "handlers" | "roles" => {}
            _ => return false,
        }
        true
    }

    fn prompts(&mut self, node: &yaml::Node) -> Vec<Value> {
        let items = node.as_sequence().unwrap_or(std::slice::from_ref(node));
        for item in items.iter().filter(|item| !item.is_null()) {
            let entries = item.as_mapping().unwrap_or_default();
            if item.get("name").is_none() {
                self.fail("vars-prompt", "a prompt needs the `name` of its variable", item.span);
            }
            for (key, _) in entries {
                let word = key.word().unwrap_or_default();
                if !VARS_PROMPT.contains(&word) {
                    let error =
                        Diagnostic::error("unknown-keyword", format!("`{word}` is not a keyword of `vars_prompt`"));
                    let help = nearest(word, VARS_PROMPT).map(|near| format!("did you mean `{near}`?"));
                    self.errors.push(Diagnostic { help, ..error.at(key.span) });
                }
            }
        }
        keywords::list(node)
    }

    fn check_hosts(&mut self, play: &Play, entries: &[(yaml::Node, yaml::Node)], span: Span) {
        let node = entries.iter().find(|(key, _)| key.as_str() == Some("hosts")).map(|(_, value)| value);
        let Some(node) = node else {
            let error = Diagnostic::error("play", "a play must say its `hosts`").at(span);
            self.errors.push(error.help("begin it with `- hosts: ...`"));
            return;
        };
        let fits = |value: &Value| value.as_str().is_some_and(|text| !text.trim().is_empty());
        let fine = match &play.hosts {
            Value::List(items) => !items.is_empty() && items.iter().all(fits),
            other => fits(other),
        };
        if !fine {
            let message = format!("`hosts` takes a pattern or a list of patterns, and this is {}", node.type_name());
            self.fail("play", message, node.span);
        }
    }

    /// Roles, tasks and handlers, once the frame around them is known.
    fn sections(&mut self, play: &mut Play, path: &Path, entries: &[(yaml::Node, yaml::Node)]) {
        self.role_handlers.clear();
        self.public_roles.clear();
        let section = |name: &str| entries.iter().find(|(key, _)| key.as_str() == Some(name)).map(|(_, value)| value);
        let around =
            Around { frame: play.frame.clone(), file: path.to_path_buf(), handlers: false, imports: Vec::new() };
        play.tasks = section("roles").map(|node| self.roles(node, &around)).unwrap_or_default();
        let before_imports = self.role_handlers.len();
        play.pre_tasks = section("pre_tasks").map(|node| self.tasks(node, &around)).unwrap_or_default();
        let own = section("tasks").map(|node| self.tasks(node, &around)).unwrap_or_default();
        play.tasks.extend(own);
        play.post_tasks = section("post_tasks").map(|node| self.tasks(node, &around)).unwrap_or_default();
        let in_handlers = Around { handlers: true, ..around };
        let own = section("handlers").map(|node| self.tasks(node, &in_handlers)).unwrap_or_default();
        // Handlers of the play's roles come first, those of roles that its tasks import come last.
        let imported = self.role_handlers.split_off(before_imports);
        play.handlers = std::mem::take(&mut self.role_handlers);
        play.handlers.extend(own);
        play.handlers.extend(imported);
        play.handlers = flat(std::mem::take(&mut play.handlers));
        play.roles = std::mem::take(&mut self.public_roles);
    }
}

/// Handlers are called one by one, so those that an import or a plain block holds stand for themselves.
pub(super) fn flat(handlers: Vec<Node>) -> Vec<Node> {
    let each = handlers.into_iter().flat_map(|node| match &node {
        Node::Block(block) if block.sections[1].is_empty() && block.sections[2].is_empty() => {
            flat(block.sections[0].clone())
        }
        _ => vec![node],
    });
    each.collect()
}

fn imported(entries: &[(yaml::Node, yaml::Node)]) -> Option<&yaml::Node> {
    let is_import = |word: &str| matches!(word, "import_playbook" | "ansible.builtin.import_playbook");
    entries.iter().find(|(key, _)| key.as_str().is_some_and(is_import)).map(|(_, value)| value)
}

/// A play without anything in it.
pub(super) fn empty(span: Span) -> Play {
    Play {
        span,
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
        pre_tasks: Vec::new(),
        tasks: Vec::new(),
        post_tasks: Vec::new(),
        handlers: Vec::new(),
        roles: Vec::new(),
    }
}
