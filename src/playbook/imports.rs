//! Imports, which are known at load and become blocks where they stand, and includes, which a host reaches at run time.
use super::keywords::{self, Holder};
use super::model::{Action, Block, Frame, Keywords, Node, Task};
use super::parser::{Around, Included, Reader};
use super::roles::RoleRequest;
use super::search;
use super::tasks::{Draft, argument};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use value::spec::nearest;
use value::{Diagnostic, Map, Span, Str, Value};

const INCLUDE_TASKS: [&str; 3] = ["file", "apply", "_raw_params"];
const IMPORT_TASKS: [&str; 2] = ["file", "_raw_params"];

impl Reader<'_> {
    /// The file's tasks, as a block with the import's keywords.
    pub fn import_tasks(&mut self, span: Span, draft: Draft, around: &Around) -> Option<Node> {
        if let Some(looped) = &draft.looped {
            let error = Diagnostic::error("import", "an import cannot be repeated in a loop").at(looped.span);
            self.errors.push(error.help("use `include_tasks`"));
            return None;
        }
        self.check_options("import_tasks", &draft.args.map, &IMPORT_TASKS, span);
        let Some(written) = file_name(&draft) else {
            self.fail("import", "`import_tasks` does not say which file", span);
            return None;
        };
        let frame = Frame { parent: Some(around.frame.clone()), keywords: draft.keywords, ..Frame::default() };
        let inside = around.within(frame);
        let file = self.evaluate(&written, &inside)?;
        let place = written.origin().unwrap_or(span);
        let path = self.task_file(&file, &inside, place)?;
        let tasks = self.task_file_nodes(&path, &inside, place);
        Some(Node::Block(Arc::new(Block {
            span,
            name: None,
            frame: inside.frame,
            sections: [tasks, Vec::new(), Vec::new()],
        })))
    }

    pub fn import_role(&mut self, span: Span, draft: Draft, around: &Around) -> Option<Node> {
        if let Some(looped) = &draft.looped {
            let error = Diagnostic::error("import", "an import cannot be repeated in a loop").at(looped.span);
            self.errors.push(error.help("use `include_role`"));
            return None;
        }
        let frame = Frame { parent: Some(around.frame.clone()), keywords: draft.keywords, ..Frame::default() };
        let inside = around.within(frame);
        let mut request = match RoleRequest::from_args(&draft.args.map, span) {
            Ok(request) => request,
            Err(error) => {
                self.errors.push(error);
                return None;
            }
        };
        request.name = self.evaluate(&request.name, &inside)?;
        for from in
            [&mut request.tasks_from, &mut request.vars_from, &mut request.defaults_from, &mut request.handlers_from]
        {
            if let Some(name) = from.as_ref() {
                *from = Some(self.evaluate(name, &inside)?);
            }
        }
        let loaded = self.role(&request, &inside)?;
        if request.public.unwrap_or(self.parser.private_roles != Some(true)) {
            self.public_roles.push(loaded.role);
        }
        self.role_handlers.extend(loaded.handlers);
        let sections = [loaded.nodes, Vec::new(), Vec::new()];
        Some(Node::Block(Arc::new(Block { span, name: None, frame: inside.frame, sections })))
    }

    /// A file of tasks, beside the one that names it or where its role keeps them.
    pub fn task_file(&mut self, file: &str, around: &Around, span: Span) -> Option<PathBuf> {
        let files = &self.parser.loader.files;
        let folder = if around.handlers { "handlers" } else { "tasks" };
        let own = around.file.parent().unwrap_or(Path::new("/"));
        let role = around.frame.role();
        let tried = search::places_of_import(own, role, &self.playbook_dir, folder, files.as_ref(), file);
        if let Some(found) = tried.iter().find(|path| files.is_file(path)) {
            return Some(found.clone());
        }
        let error = Diagnostic::error("file-missing", format!("there is no file `{file}` of tasks")).at(span);
        let tried: Vec<String> = tried.iter().map(|path| path.display().to_string()).collect();
        self.errors.push(error.note(format!("looked for {}", tried.join(", ")), None));
        None
    }

    /// The tasks of a file, within a frame; a file that imports itself is an error.
    pub fn task_file_nodes(&mut self, path: &Path, around: &Around, span: Span) -> Vec<Node> {
        if around.imports.iter().any(|import| import == path) {
            self.fail("import", format!("{} imports itself", path.display()), span);
            return Vec::new();
        }
        let mut inside = Around { file: path.to_path_buf(), ..around.clone() };
        inside.imports.push(path.to_path_buf());
        self.document(path, Some(span)).map(|document| self.tasks(&document, &inside)).unwrap_or_default()
    }

    /// What a task can already be blamed for when it includes something at run time.
    pub fn check_include(&mut self, draft: &Draft, action: &Action, span: Span) {
        match action.name.as_str() {
            "include_tasks" => self.check_options("include_tasks", &draft.args.map, &INCLUDE_TASKS, span),
            "include_role" => {
                if let Err(error) = RoleRequest::from_args(&draft.args.map, span)
                    && draft.args.free_form.is_none()
                    && draft.args.template.is_none()
                {
                    self.errors.push(error);
                }
            }
            _ => return,
        }
        // It counts when a host comes there; what nobody knows is told now.
        if let Some(Value::Map(apply)) = draft.args.map.get("apply") {
            self.apply(apply);
        }
    }

    fn check_options(&mut self, action: &str, args: &Map, known: &[&str], span: Span) {
        for key in args.keys().filter(|key| !key.as_str().is_some_and(|name| known.contains(&name))) {
            let name = key.value().to_text();
            let error = Diagnostic::error("module-arguments", format!("`{action}` has no argument `{name}`"));
            let near = nearest(&name, known.iter().copied().filter(|name| *name != "_raw_params"));
            let help = near
                .map_or("variables for the file go under `vars`".to_string(), |near| format!("did you mean `{near}`?"));
            self.errors.push(error.at(key.as_text().and_then(Str::origin).unwrap_or(span)).help(help));
        }
    }

    /// The tasks of an include that a host has reached.
    pub fn include_tasks(&mut self, file: &str, task: &Task, parameters: Arc<Map>) -> Option<Included> {
        let around = self.around_include(task, parameters, &task.args.map);
        let path = self.task_file(file, &around, task.span)?;
        let nodes = self.task_file_nodes(&path, &around, task.span);
        Some(Included { nodes, ..Included::default() })
    }

    pub fn include_role(
        &mut self,
        request: &RoleRequest,
        args: &Map,
        task: &Task,
        parameters: Arc<Map>,
    ) -> Option<Included> {
        let around = self.around_include(task, parameters, args);
        let loaded = self.role(request, &around)?;
        if request.public.unwrap_or(self.parser.private_roles == Some(false)) {
            self.public_roles.push(loaded.role.clone());
        }
        self.role_handlers.extend(loaded.handlers);
        Some(Included { nodes: loaded.nodes, ..Included::default() })
    }

    /// The frame of what an include brings. Its own keywords are about the include alone, but for its variables; `apply` says
    /// what the tasks shall have.
    fn around_include(&mut self, task: &Task, parameters: Arc<Map>, args: &Map) -> Around {
        let keywords = match args.get("apply") {
            Some(Value::Map(apply)) => self.apply(apply),
            _ => Keywords::default(),
        };
        let parameters = (!parameters.is_empty()).then_some(parameters);
        let frame = Frame { parent: Some(task.frame.clone()), keywords, role: None, parameters };
        let source = self.parser.loader.sources.get(task.span.source);
        let file =
            source.map(|source| PathBuf::from(&source.name)).unwrap_or_else(|| self.playbook_dir.join("playbook"));
        Around { frame: Arc::new(frame), file, handlers: false, imports: Vec::new() }
    }

    /// The keywords that `apply` names: those of a block.
    fn apply(&mut self, apply: &Map) -> Keywords {
        let mut keywords = Keywords::default();
        for (key, value) in apply.iter() {
            let (word, place) = (key.value().to_text(), key.as_text().and_then(Str::origin));
            let before = self.errors.len();
            keywords::check_supported(&word, place, value, &mut self.errors);
            let known = word == "name" || keywords::read(&mut keywords, &word, value, &mut self.errors);
            if !known {
                self.errors.push(keywords::unknown_word(&word, place, Holder::Block));
            }
            // A value need not know where it was written.
            self.errors[before..].iter_mut().for_each(|error| error.span = error.span.or(place));
        }
        keywords
    }
}

fn file_name(draft: &Draft) -> Option<Str> {
    let named = argument(&draft.args.map, &["file", "_raw_params"]).map(Value::to_str);
    named.or_else(|| draft.args.free_form.clone())
}
