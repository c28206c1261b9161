//! Where playbooks and roles come from, and the reader that turns their files into the model. Several errors are told at once.
use super::model::{ActionTraits, Frame, Node, Playbook, Role, Task};
use super::roles::RoleRequest;
use crate::world::loader::Loader;
use lang::yaml;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use value::{Diagnostic, Map, Span, Str, Value};

/// Evaluates a template that must be known at load, such as the file of an `import_tasks`; the maps are the variables around it,
/// weakest first.
pub type Evaluate = dyn Fn(&Str, &[Arc<Map>]) -> Result<Value, Diagnostic> + Send + Sync;

/// What to know of a module, by its full name (`ansible.builtin.copy`). None: we do not have it.
pub type TraitsOf = dyn Fn(&str) -> Option<ActionTraits> + Send + Sync;

/// What loading needs to know of the run. It lives as long as the run, for what is included on the way.
#[derive(Clone)]
pub struct Parser {
    pub loader: Arc<Loader>,
    pub roles_path: Vec<PathBuf>,
    pub collections_path: Vec<PathBuf>,
    pub traits_of: Arc<TraitsOf>,
    pub evaluate: Arc<Evaluate>,
    /// `private_role_vars`, where it is set: whether the play sees the variables of a role that does not say it itself.
    pub private_roles: Option<bool>,
}

/// What was loaded, or all that is wrong with it. What should be said beside it, the loader keeps.
pub type Load<T> = Result<T, Vec<Diagnostic>>;

/// What a dynamic include brings.
#[derive(Debug, Default)]
pub struct Included {
    pub nodes: Vec<Node>,
    /// Handlers of the roles among it.
    pub handlers: Vec<Node>,
    /// Roles whose defaults and vars the whole play sees from now on.
    pub public_roles: Vec<Arc<Role>>,
}

impl Parser {
    pub fn playbook(&self, path: &Path) -> Load<Playbook> {
        let files = &self.loader.files;
        let path = files.absolute(Path::new(""), &path.to_string_lossy());
        let playbook_dir = path.parent().unwrap_or(Path::new("/")).to_path_buf();
        let mut reader = Reader::new(self, playbook_dir);
        let plays = reader.playbook(&path, None, &mut Vec::new());
        reader.finish(Playbook { path, plays })
    }

    /// The tasks of an `include_tasks` that a host has reached: `file` is evaluated, `parameters` are the include's variables
    /// (and its loop's item).
    pub fn include_tasks(&self, file: &str, task: &Task, parameters: Arc<Map>, playbook_dir: &Path) -> Load<Included> {
        let mut reader = Reader::new(self, playbook_dir.to_path_buf());
        let included = reader.include_tasks(file, task, parameters);
        reader.finish_included(included)
    }

    /// The role of an `include_role` that a host has reached; `args` are evaluated.
    pub fn include_role(&self, args: &Map, task: &Task, parameters: Arc<Map>, playbook_dir: &Path) -> Load<Included> {
        let mut reader = Reader::new(self, playbook_dir.to_path_buf());
        let request = RoleRequest::from_args(args, task.span);
        let included = match request {
            Ok(request) => reader.include_role(&request, args, task, parameters),
            Err(error) => {
                reader.errors.push(error);
                None
            }
        };
        reader.finish_included(included)
    }
}

/// Reads files into the model. What is wrong is collected; whatever was read beside it is thrown away in the end.
pub(super) struct Reader<'p> {
    pub parser: &'p Parser,
    pub playbook_dir: PathBuf,
    pub errors: Vec<Diagnostic>,
    /// Handlers of roles that were met in this play.
    pub role_handlers: Vec<Node>,
    /// Roles of this play whose defaults and vars all its tasks see.
    pub public_roles: Vec<Arc<Role>>,
    documents: HashMap<PathBuf, Option<yaml::Node>>,
}

/// Where something is read: the frame and file around it.
#[derive(Clone)]
pub(super) struct Around {
    pub frame: Arc<Frame>,
    pub file: PathBuf,
    pub handlers: bool,
    /// Files and roles that are being imported, to notice a circle.
    pub imports: Vec<PathBuf>,
}

impl Around {
    pub fn within(&self, frame: Frame) -> Self {
        Self { frame: Arc::new(frame), ..self.clone() }
    }
}

impl<'p> Reader<'p> {
    pub fn new(parser: &'p Parser, playbook_dir: PathBuf) -> Self {
        Self {
            parser,
            playbook_dir,
            errors: Vec::new(),
            role_handlers: Vec::new(),
            public_roles: Vec::new(),
            documents: HashMap::new(),
        }
    }

    pub fn finish<T>(self, value: T) -> Load<T> {
        if self.errors.is_empty() { Ok(value) } else { Err(self.errors) }
    }

    fn finish_included(mut self, included: Option<Included>) -> Load<Included> {
        let handlers = super::plays::flat(std::mem::take(&mut self.role_handlers));
        let public_roles = std::mem::take(&mut self.public_roles);
        match included {
            Some(included) => self.finish(Included { handlers, public_roles, ..included }),
            None => Err(self.errors),
        }
    }

    pub fn fail(&mut self, code: &'static str, message: impl Into<String>, span: Span) {
        self.errors.push(Diagnostic::error(code, message).at(span));
    }

    /// A YAML file, read once. `mentioned` is where its name stands, if somebody named it. None: it holds nothing, or an error
    /// was noted.
    pub fn document(&mut self, path: &Path, mentioned: Option<Span>) -> Option<yaml::Node> {
        if let Some(document) = self.documents.get(path) {
            return document.clone();
        }
        let document = self.parser.loader.yaml(path, mentioned).unwrap_or_else(|errors| {
            self.errors.extend(errors);
            None
        });
        self.documents.insert(path.to_path_buf(), document.clone());
        document
    }

    /// A text that must be known now, with the variables of the frames around it.
    pub fn evaluate(&mut self, text: &Str, around: &Around) -> Option<Str> {
        if !super::keywords::is_template(text) {
            return Some(text.clone());
        }
        match (self.parser.evaluate)(text, &self.variables(around)) {
            Ok(value) => Some(value.to_str().with_origin(text.origin())),
            Err(error) => {
                let help =
                    "what is imported must be known before the first task; `include_tasks` and `include_role` are not";
                let error = if error.span.is_none() { error.at(text.origin()) } else { error };
                self.errors.push(if error.help.is_none() { error.help(help) } else { error });
                None
            }
        }
    }

    /// The same, for what may as well be known later.
    pub fn known(&self, text: &Str, around: &Around) -> Option<String> {
        let value = (self.parser.evaluate)(text, &self.variables(around)).ok()?;
        value.as_str().filter(|name| !super::keywords::is_template(name)).map(str::to_string)
    }

    /// Variables that are known at load, weakest first.
    fn variables(&self, around: &Around) -> Vec<Arc<Map>> {
        let mut magic = Map::new();
        magic.insert("playbook_dir", self.playbook_dir.display().to_string());
        let mut frames: Vec<_> = around.frame.chain().collect();
        frames.reverse();
        let roles = || frames.iter().filter_map(|frame| frame.role.as_ref());
        if let Some(role) = around.frame.role() {
            magic.insert("role_path", role.path.display().to_string());
            magic.insert("role_name", role.name.rsplit('.').next().unwrap_or(&role.name));
        }
        let mut layers: Vec<Arc<Map>> = roles().map(|role| role.defaults.clone()).collect();
        let of_play = frames.first().and_then(|frame| frame.keywords.vars.clone());
        layers.extend(of_play);
        layers.extend(roles().map(|role| role.vars.clone()));
        layers.extend(frames.iter().skip(1).filter_map(|frame| frame.keywords.vars.clone()));
        layers.extend(frames.iter().filter_map(|frame| frame.parameters.clone()));
        layers.push(Arc::new(magic));
        layers
    }
}
