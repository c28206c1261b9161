//! Roles: where they are found, what their directories hold, what they depend on.
use super::keywords::{self, Holder};
use super::model::{Action, ActionKind, ActionTraits, Args, Block, Frame, Keywords, Node, Role, Task};
use super::names;
use super::parser::{Around, Reader};
use crate::world::loader::{role_files, variable_files};
use lang::yaml;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use value::spec::{nearest, to_bool};
use value::{Diagnostic, Map, Span, Str, Value};

/// What names a role, and which of its files are meant.
#[derive(Clone, Debug)]
pub struct RoleRequest {
    pub name: Str,
    pub span: Span,
    pub tasks_from: Option<Str>,
    pub vars_from: Option<Str>,
    pub defaults_from: Option<Str>,
    pub handlers_from: Option<Str>,
    pub public: Option<bool>,
    /// Whether it runs on a host where it ran before; None: its own `meta` says so.
    pub allow_duplicates: Option<bool>,
    /// What was written beside its name that makes it another one than the same role elsewhere.
    fingerprint: String,
    pub validate: bool,
    /// Named by a task, so that the roles around it are its parents.
    pub by_task: bool,
}

/// A role that was read: its own tasks, after those of the roles that it depends on.
pub(super) struct LoadedRole {
    pub role: Arc<Role>,
    pub nodes: Vec<Node>,
    pub handlers: Vec<Node>,
}

const OPTIONS: [&str; 11] = [
    "name",
    "role",
    "tasks_from",
    "vars_from",
    "defaults_from",
    "handlers_from",
    "apply",
    "public",
    "allow_duplicates",
    "rolespec_validate",
    "_raw_params",
];

impl RoleRequest {
    fn new(name: Str, span: Span) -> Self {
        Self {
            name,
            span,
            tasks_from: None,
            vars_from: None,
            defaults_from: None,
            handlers_from: None,
            public: None,
            allow_duplicates: None,
            fingerprint: String::new(),
            validate: true,
            by_task: false,
        }
    }

    /// From the arguments of `include_role` and `import_role`.
    pub fn from_args(args: &Map, span: Span) -> Result<Self, Diagnostic> {
        for key in args.keys() {
            let word = key.value().to_text();
            if !OPTIONS.contains(&word.as_str()) {
                let error = Diagnostic::error("module-arguments", format!("a role has no argument `{word}`"));
                let near = nearest(&word, OPTIONS).map(|near| format!("did you mean `{near}`?"));
                let help = near.unwrap_or_else(|| "variables for the role go under `vars`".into());
                return Err(error.at(key.as_text().and_then(Str::origin).unwrap_or(span)).help(help));
            }
        }
        for (name, value) in OPTIONS[..6].iter().filter_map(|name| Some((name, args.get(name)?))) {
            if matches!(value, Value::List(_) | Value::Map(_)) {
                let message = format!("`{name}` takes a string, and this is a {}", value.type_name());
                let key = args.get_entry(name).and_then(|(key, _)| key.as_text()).and_then(Str::origin);
                return Err(Diagnostic::error("module-arguments", message).at(key.unwrap_or(span)));
            }
        }
        let text = |name: &str| args.get(name).filter(|value| !value.is_null()).map(Value::to_str);
        let truth = |name: &str| args.get(name).and_then(|value| to_bool(value).ok());
        let name = text("name").or_else(|| text("role")).or_else(|| text("_raw_params"));
        let name =
            name.ok_or_else(|| Diagnostic::error("module-arguments", "the role's `name` is missing").at(span))?;
        Ok(Self {
            tasks_from: text("tasks_from"),
            vars_from: text("vars_from"),
            defaults_from: text("defaults_from"),
            handlers_from: text("handlers_from"),
            public: truth("public"),
            allow_duplicates: Some(truth("allow_duplicates").unwrap_or(true)),
            validate: truth("rolespec_validate").unwrap_or(true),
            by_task: true,
            ..Self::new(name, span)
        })
    }

    /// Uses in lists of roles are apart from those by tasks.
    fn identity(&self, path: &Path) -> Arc<str> {
        let from = [&self.tasks_from, &self.vars_from, &self.defaults_from, &self.handlers_from];
        let from = from.map(|from| from.as_deref().unwrap_or_default()).join(",");
        format!("{};{};{from};{}", path.display(), self.by_task, self.fingerprint).into()
    }
}

impl Reader<'_> {
    /// The `roles` of a play, each as a block.
    pub fn roles(&mut self, node: &yaml::Node, around: &Around) -> Vec<Node> {
        if node.is_null() {
            return Vec::new();
        }
        let Some(items) = node.as_sequence() else {
            self.fail("roles", format!("`roles` takes a list, and this is {}", node.type_name()), node.span);
            return Vec::new();
        };
        let mut nodes = Vec::new();
        for item in items {
            if let Some((node, role)) = self.role_entry(item, around) {
                nodes.push(node);
                if self.parser.private_roles != Some(true) {
                    self.public_roles.push(role);
                }
            }
        }
        nodes
    }

    /// A role as a play or another role names it: with keywords, and parameters for everything that is no keyword.
    fn role_entry(&mut self, item: &yaml::Node, around: &Around) -> Option<(Node, Arc<Role>)> {
        let mut keywords = Keywords::default();
        let mut parameters = Map::new();
        let mut name = item.as_str().is_some().then(|| item.to_value(true).to_str());
        for (key, value) in item.as_mapping().unwrap_or_default() {
            match key.as_str() {
                Some("role" | "name") if value.as_str().is_some() => name = Some(value.to_value(true).to_str()),
                // Where a role comes from is `ansible-galaxy`'s business.
                Some("src" | "version" | "scm") => {}
                Some(word) if Holder::Role.has(word) => drop(self.shared(&mut keywords, key, value)),
                Some(word) if !keywords::is_name(word) => self.errors.push(keywords::invalid_name(word, key.span)),
                _ => drop(parameters.insert(value::Key::from(key.to_value(true)), value.to_value(true))),
            }
        }
        let Some(name) = name else {
            self.fail("roles", "a role is named by a word, or by a mapping with `role: ...`", item.span);
            return None;
        };
        let frame = Frame {
            parent: Some(around.frame.clone()),
            keywords,
            role: None,
            parameters: (!parameters.is_empty()).then(|| Arc::new(parameters)),
        };
        let inside = around.within(frame);
        let request = RoleRequest::new(self.evaluate(&name, &inside)?, name.origin().unwrap_or(item.span));
        let request = RoleRequest { fingerprint: fingerprint(&inside.frame), ..request };
        let loaded = self.role(&request, &inside)?;
        self.role_handlers.extend(loaded.handlers);
        let sections = [loaded.nodes, Vec::new(), Vec::new()];
        let block = Block { span: item.span, name: None, frame: inside.frame, sections };
        Some((Node::Block(Arc::new(block)), loaded.role))
    }

    /// Reads a role within a frame.
    pub fn role(&mut self, request: &RoleRequest, around: &Around) -> Option<LoadedRole> {
        let path = self.role_path(request, around)?;
        // A role may use another of its own task files, but not come back to the same.
        let mark = path.join(request.tasks_from.as_deref().unwrap_or_default()).join("..");
        if around.imports.contains(&mark) {
            self.fail("roles", format!("the role `{}` depends on itself", request.name), request.span);
            return None;
        }
        let mut around = around.clone();
        around.imports.push(mark);
        let meta =
            self.role_file(&path, "meta", "main", false).and_then(|file| self.document(&file, Some(request.span)));
        let parent = self.found_role(request, &path, meta.as_ref(), &around);
        let mut nodes = Vec::new();
        let mut handlers = Vec::new();
        let mut dependencies = Vec::new();
        if let Some(list) = meta.as_ref().and_then(|meta| meta.get("dependencies")) {
            let outer = std::mem::take(&mut self.role_handlers);
            // What a role depends on sees the role that it is there for, as far as that is known by then.
            let below = around.within(role_frame(&around.frame, &Arc::new(parent.clone()), None, request));
            for (node, role) in self.dependencies(list, &below) {
                nodes.push(node);
                dependencies.push(role);
            }
            handlers = std::mem::replace(&mut self.role_handlers, outer);
        }
        let entry = entry_point(request);
        let role = Arc::new(Role { dependencies, ..parent });
        let inside = around.within(role_frame(&around.frame, &role, meta.as_ref(), request));
        let mut own = Vec::new();
        if let Some(spec) = role.argument_spec.as_ref().filter(|_| request.validate) {
            own.push(validation(&role, &inside.frame, spec, entry, request.span));
        }
        own.extend(self.role_tasks(&path, "tasks", request.tasks_from.as_ref(), &inside, request.span));
        let sections = [own, Vec::new(), Vec::new()];
        nodes.push(Node::Block(Arc::new(Block {
            span: request.span,
            name: None,
            frame: inside.frame.clone(),
            sections,
        })));
        let in_handlers = Around { handlers: true, ..inside };
        handlers.extend(self.role_tasks(&path, "handlers", request.handlers_from.as_ref(), &in_handlers, request.span));
        Some(LoadedRole { role, nodes, handlers })
    }

    /// The role itself, without its tasks and what it depends on.
    fn found_role(&mut self, request: &RoleRequest, path: &Path, meta: Option<&yaml::Node>, around: &Around) -> Role {
        let allow_duplicates = request.allow_duplicates.unwrap_or_else(|| meta.is_some_and(allow_duplicates));
        let parents = around.frame.chain().filter_map(|frame| frame.role.as_ref()).filter(|_| request.by_task);
        Role {
            name: full_name(&request.name, path),
            path: path.to_path_buf(),
            defaults: Arc::new(self.role_variables(path, "defaults", request.defaults_from.as_ref(), request.span)),
            vars: Arc::new(self.role_variables(path, "vars", request.vars_from.as_ref(), request.span)),
            argument_spec: self.argument_spec(path, meta, entry_point(request)),
            dependencies: Vec::new(),
            parents: parents.map(|role| role.name.clone()).collect(),
            identity: request.identity(path),
            allow_duplicates,
        }
    }

    fn dependencies(&mut self, list: &yaml::Node, around: &Around) -> Vec<(Node, Arc<Role>)> {
        if list.is_null() {
            return Vec::new();
        }
        let Some(items) = list.as_sequence() else {
            self.fail("roles", format!("`dependencies` takes a list, and this is {}", list.type_name()), list.span);
            return Vec::new();
        };
        items.iter().filter_map(|item| self.role_entry(item, around)).collect()
    }

    /// `tasks/main.yml` and its like, or the file that was asked for.
    fn role_tasks(&mut self, role: &Path, folder: &str, from: Option<&Str>, around: &Around, span: Span) -> Vec<Node> {
        let name = from.map_or("main", |name| name.as_str());
        match self.role_file(role, folder, name, from.is_some()) {
            Some(file) => self.task_file_nodes(&file, around, from.and_then(Str::origin).unwrap_or(span)),
            None => {
                self.missing_from(role, folder, from, span);
                Vec::new()
            }
        }
    }

    fn role_variables(&mut self, role: &Path, folder: &str, from: Option<&Str>, span: Span) -> Map {
        let name = from.map_or("main", |name| name.as_str());
        let files = variable_files(self.parser.loader.files.as_ref(), &role.join(folder).join(name), from.is_some());
        if files.is_empty() {
            self.missing_from(role, folder, from, span);
        }
        let mut all = Map::new();
        for file in files {
            match self.parser.loader.variables(&file, Some(span)) {
                Ok(map) => all.extend(map.iter().map(|(key, value)| (key.clone(), value.clone()))),
                Err(errors) => self.errors.extend(errors),
            }
        }
        all
    }

    fn missing_from(&mut self, role: &Path, folder: &str, from: Option<&Str>, span: Span) {
        if let Some(name) = from {
            let message = format!("the role has no `{folder}/{name}`: nothing in {}", role.join(folder).display());
            self.fail("file-missing", message, name.origin().unwrap_or(span));
        }
    }

    fn role_file(&self, role: &Path, folder: &str, name: &str, asked: bool) -> Option<PathBuf> {
        role_files(&role.join(folder).join(name), asked).find(|path| self.parser.loader.files.is_file(path))
    }

    /// The specification of an entry point, from a file of its own or from the role's `meta/main.yml`.
    fn argument_spec(&mut self, role: &Path, meta: Option<&yaml::Node>, entry: &str) -> Option<Value> {
        let own = self.role_file(role, "meta", "argument_specs", false).and_then(|file| self.document(&file, None));
        let specs = own.as_ref().or(meta)?.get("argument_specs")?;
        let spec = specs.get(entry)?;
        (!spec.is_null()).then(|| spec.to_value(true))
    }

    /// Where a role is: in a collection, beside the playbook, where the configuration says, beside the role that names it, or
    /// at the path that its name is. A role outside collections is where links lead: its files, and the roles beside it, are
    /// looked for there.
    pub fn role_path(&mut self, request: &RoleRequest, around: &Around) -> Option<PathBuf> {
        let files = &self.parser.loader.files;
        let name = request.name.as_str();
        let mut searched = Vec::new();
        let collections = super::tasks::collections(&Keywords::default(), &around.frame);
        let full_names: Vec<String> = match name.split('.').count() {
            _ if name.contains('/') => Vec::new(),
            3.. => vec![name.to_string()],
            _ => collections.iter().map(|collection| format!("{collection}.{name}")).collect(),
        };
        for full in &full_names {
            let parts: Vec<&str> = full.splitn(3, '.').collect();
            let [namespace, collection, role] = parts.as_slice() else { continue };
            let below = Path::new("ansible_collections").join(namespace).join(collection).join("roles");
            let role = role.replace('.', "/");
            searched.extend(self.collection_roots().map(|path| path.join(&below).join(&role)));
        }
        let in_collections = searched.len();
        searched.push(files.absolute(&self.playbook_dir.join("roles"), name));
        searched.extend(self.parser.roles_path.iter().map(|path| files.absolute(path, name)));
        if let Some(parent) = around.frame.role().and_then(|role| role.path.parent()) {
            searched.push(files.absolute(parent, name));
        }
        searched.push(files.absolute(&self.playbook_dir, name));
        if let Some(found) = searched.iter().position(|path| files.is_dir(path)) {
            let path = &searched[found];
            return Some(if found < in_collections { path.clone() } else { files.real(path) });
        }
        searched.dedup();
        let message = format!("the role '{name}' was not found in {}", folders(&searched, name).join(":"));
        let error = Diagnostic::error("role-missing", message).at(request.span);
        let help = self.nearest_role(name);
        self.errors.push(Diagnostic { help, ..error });
        None
    }

    /// Folders that hold `ansible_collections`: beside the playbook, then as configured.
    pub fn collection_roots(&self) -> impl Iterator<Item = PathBuf> {
        let beside = self.playbook_dir.join("collections");
        [beside].into_iter().chain(self.parser.collections_path.iter().cloned())
    }

    fn nearest_role(&self, name: &str) -> Option<String> {
        let files = &self.parser.loader.files;
        let folders = [self.playbook_dir.join("roles")].into_iter().chain(self.parser.roles_path.iter().cloned());
        let names: Vec<String> = folders.flat_map(|folder| files.list(&folder).unwrap_or_default()).collect();
        nearest(name, names.iter().map(String::as_str)).map(|near| format!("did you mean `{near}`?"))
    }
}

/// A role that was found in a collection has its name with the collection's, however it was called.
fn full_name(called: &str, path: &Path) -> String {
    let parts: Vec<_> = path.iter().filter_map(|part| part.to_str()).collect();
    let below = parts.iter().rposition(|part| *part == "ansible_collections").map(|at| &parts[at + 1..]);
    match below {
        Some([namespace, collection, "roles", role @ ..]) if !called.contains(['/', '.']) => {
            format!("{namespace}.{collection}.{}", role.join("."))
        }
        _ => called.to_string(),
    }
}

/// The name under which a role's argument specification is kept: that of the file of tasks, as it was asked for. Who asks for
/// `install.yml` asks for no specification of `install`.
fn entry_point(request: &RoleRequest) -> &str {
    request.tasks_from.as_deref().unwrap_or("main")
}

/// The folders in which a role was looked for.
fn folders(searched: &[PathBuf], name: &str) -> Vec<String> {
    let folder = |path: &PathBuf| {
        let shown = path.display().to_string();
        shown.strip_suffix(name).map(|folder| folder.trim_end_matches('/').to_string()).unwrap_or(shown)
    };
    searched.iter().map(folder).collect()
}

/// What makes two uses of a role in lists of roles different: parameters, variables, conditions and tags, as they are written.
fn fingerprint(frame: &Frame) -> String {
    let keywords = &frame.keywords;
    let map = |map: &Option<Arc<Map>>| {
        let entries = map.iter().flat_map(|map| map.iter());
        let mut parts: Vec<String> =
            entries.map(|(key, value)| format!("{}={}", key.value().to_repr(), value.to_repr())).collect();
        parts.sort();
        parts.join(",")
    };
    let list = |list: &[Value]| list.iter().map(Value::to_repr).collect::<Vec<_>>().join(",");
    format!("{};{};{};{}", map(&frame.parameters), map(&keywords.vars), list(&keywords.when), list(&keywords.tags))
}

fn allow_duplicates(meta: &yaml::Node) -> bool {
    meta.get("allow_duplicates").is_some_and(|node| to_bool(&node.to_value(true)).unwrap_or(false))
}

fn role_frame(outer: &Arc<Frame>, role: &Arc<Role>, meta: Option<&yaml::Node>, request: &RoleRequest) -> Frame {
    let listed = meta.and_then(|meta| meta.get("collections")).map(keywords::list).unwrap_or_default();
    let parts: Vec<&str> = request.name.splitn(3, '.').collect();
    let own = match parts.as_slice() {
        [namespace, collection, _] => Some(Value::from(format!("{namespace}.{collection}"))),
        _ => None,
    };
    let collections = own.into_iter().chain(listed).collect();
    let keywords = Keywords { collections, ..Keywords::default() };
    Frame { parent: Some(outer.clone()), keywords, role: Some(role.clone()), parameters: None }
}

/// The task that Ansible puts before a role with an argument specification.
fn validation(role: &Arc<Role>, frame: &Arc<Frame>, spec: &Value, entry: &str, span: Span) -> Node {
    let about = spec.get("short_description").map(|text| format!(" - {}", text.to_text())).unwrap_or_default();
    let name = format!("Validating arguments against arg spec '{entry}'{about}");
    let mut provided = Map::new();
    let mut parameters: Vec<_> = frame.chain().filter_map(|frame| frame.parameters.as_ref()).collect();
    parameters.reverse();
    for map in parameters {
        provided.extend(map.iter().map(|(key, value)| (key.clone(), value.clone())));
    }
    let mut context = Map::new();
    context.insert("type", "role");
    context.insert("name", role.name.as_str());
    context.insert("argument_spec_name", entry);
    context.insert("path", role.path.display().to_string());
    let mut map = Map::new();
    map.insert("argument_spec", spec.get("options").cloned().unwrap_or_else(|| Map::new().into()));
    map.insert("provided_arguments", provided);
    map.insert("validate_args_context", context);
    let written = Str::from(format!("{}.validate_argument_spec", names::BUILTIN)).with_origin(Some(span));
    let action = Action {
        written,
        name: "validate_argument_spec".into(),
        kind: ActionKind::Ours,
        traits: ActionTraits::default(),
    };
    let keywords = Keywords { tags: vec!["always".into()], ..Keywords::default() };
    let task = Task::bare(span, &name, action, Args { map, ..Args::default() }, frame.clone());
    Node::Task(Arc::new(Task { keywords, ..task }))
}
