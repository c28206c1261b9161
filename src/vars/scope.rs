//! One host's view: its layers, strongest first, at a task of a play or outside of any.
use super::connection::is_connection_variable;
use super::files;
use super::hostvars::{AllNames, HostVarsOf};
use super::{PlayVars, Variables, magic, settings, template_file};
use crate::engine::message::{HostId, HostVars, PlayState};
use crate::inventory::Layers;
use crate::playbook::model::{Frame, Role, Task};
use crate::playbook::search::{self, Search};
use crate::world::lookups::{self, By, Places, Run};
use lang::template::{Environment, LookupRequest, ObjectRef, Scope, Source, Stop, Template, render_text};
use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::sync::{Arc, OnceLock};
use value::{Diagnostic, Key, Map, Value};

/// From where a host's variables are looked at.
#[derive(Clone, Default)]
pub struct View {
    pub task: Option<Arc<Task>>,
    pub play: Option<Arc<PlayVars>>,
    pub state: Arc<PlayState>,
    /// What the host has learned.
    pub vars: HostVars,
    /// What every host has learned, for `hostvars`.
    pub others: Option<Arc<BTreeMap<HostId, HostVars>>>,
}

#[derive(Clone)]
pub struct HostScope {
    pub(super) variables: Arc<Variables>,
    pub(super) view: View,
    /// None: a host that no inventory names.
    pub(super) host: Option<HostId>,
    pub(super) name: Arc<str>,
    layers: Arc<Vec<Layer>>,
    /// `ansible_facts`, once somebody asked for it.
    facts: Arc<OnceLock<Value>>,
}

#[derive(Clone, Debug)]
enum Layer {
    Map(Arc<Map>),
    /// The host's facts.
    Facts,
}

/// Names that a task or its loop has, though they begin as facts do.
const OF_TASKS: [&str; 6] =
    ["ansible_async_dir", "ansible_facts", "ansible_index_var", "ansible_loop", "ansible_loop_var", "ansible_managed"];

fn may_be_a_fact(name: &str) -> bool {
    name.starts_with("ansible_") && !OF_TASKS.contains(&name) && !is_connection_variable(name)
}

impl HostScope {
    /// The view of a host that the inventory knows.
    pub fn new(variables: &Arc<Variables>, host: HostId, view: View) -> Result<Self, Vec<Diagnostic>> {
        let (name, inventory) = {
            let inventory = variables.inventory();
            let layers = inventory.layers(host, &variables.loader)?;
            (Arc::from(inventory.host_name(host)), layers)
        };
        Self::build(variables, Some(host), name, inventory, view)
    }

    /// The view of a name that stands in no inventory, as the target of `delegate_to` may be.
    pub fn unknown_host(variables: &Arc<Variables>, name: &str, view: View) -> Result<Self, Vec<Diagnostic>> {
        Self::build(variables, None, name.into(), Layers::from([]), view)
    }

    fn build(
        variables: &Arc<Variables>,
        host: Option<HostId>,
        name: Arc<str>,
        inventory: Layers,
        view: View,
    ) -> Result<Self, Vec<Diagnostic>> {
        let layers = Arc::new(Vec::new());
        let mut scope = Self { variables: variables.clone(), view, host, name, layers, facts: Arc::default() };
        let mut below = scope.below_play(&inventory);
        let mut above = scope.above_play();
        if let Some(play) = scope.view.play.clone() {
            let own = play.play.frame.keywords.vars.clone();
            below.splice(0..0, [Some(play.prompted.clone()), own].into_iter().flatten().map(Layer::Map));
            // Names of files may be templates over everything that is known without them, and over the files before.
            let mut files = Vec::new();
            for item in &play.play.vars_files {
                if files::hangs_on_variables(item) {
                    scope.layers = Arc::new(above.iter().chain(files.iter().rev()).chain(&below).cloned().collect());
                }
                files.extend(files::of_item(&scope, &play, item)?.map(Layer::Map));
            }
            above.extend(files.into_iter().rev());
        }
        above.extend(below);
        above.retain(|layer| !matches!(layer, Layer::Map(map) if map.is_empty()));
        scope.layers = Arc::new(above);
        Ok(scope)
    }

    /// Roles that the whole play sees, in their order: its own, and those of includes before this task.
    pub(super) fn public_roles(&self) -> impl DoubleEndedIterator<Item = &Arc<Role>> {
        let own = self.view.play.iter().flat_map(|play| play.play.roles.iter());
        own.chain(self.view.play.iter().flat_map(|_| self.view.state.roles.iter()))
    }

    /// What is stronger than the play's own variables, the strongest first.
    fn above_play(&self) -> Vec<Layer> {
        let mut layers = vec![self.variables.run.extra.clone()];
        let task = self.view.task.as_deref();
        let frames: Vec<&Arc<Frame>> = task.map(|task| task.frame.chain().collect()).unwrap_or_default();
        layers.extend(frames.iter().filter_map(|frame| frame.parameters.clone()));
        layers.extend([self.view.vars.registers.clone(), self.view.vars.included.clone()]);
        layers.extend(task.and_then(|task| task.keywords.vars.clone()));
        let of_play = self.view.play.as_ref().map(|play| &play.play.frame);
        let inner = frames.iter().take_while(|frame| !of_play.is_some_and(|play| Arc::ptr_eq(play, frame)));
        layers.extend(inner.filter_map(|frame| frame.keywords.vars.clone()));
        for role in frames.iter().filter_map(|frame| frame.role.as_ref()) {
            push_role(role, &|role| &role.vars, &mut layers);
        }
        for role in self.public_roles().rev() {
            push_role(role, &|role| &role.vars, &mut layers);
        }
        layers.into_iter().map(Layer::Map).collect()
    }

    /// What is weaker than the play's own variables: facts, the inventory, defaults of roles.
    fn below_play(&self, inventory: &Layers) -> Vec<Layer> {
        let mut layers = vec![Layer::Facts];
        layers.extend(inventory.iter().rev().cloned().map(Layer::Map));
        let mut defaults = Vec::new();
        if let Some(task) = &self.view.task {
            for role in task.frame.chain().filter_map(|frame| frame.role.as_ref()) {
                push_role(role, &|role| &role.defaults, &mut defaults);
            }
        }
        for role in self.public_roles().rev() {
            push_role(role, &|role| &role.defaults, &mut defaults);
        }
        layers.extend(defaults.into_iter().map(Layer::Map));
        layers
    }

    /// A name as it stands in its layers.
    pub fn find(&self, name: &str) -> Option<Value> {
        let mut merged: Option<Value> = None;
        let mut pending = None;
        for layer in self.layers.iter() {
            let value = match layer {
                Layer::Map(map) => map.get(name).cloned(),
                Layer::Facts => {
                    let fact = self.fact(name);
                    if fact.is_none() && may_be_a_fact(name) && self.is_injected(name) {
                        pending = self.view.vars.facts_pending.map(Value::Pending);
                    }
                    fact
                }
            };
            let Some(value) = value else { continue };
            let is_map = matches!(value, Value::Map(_));
            merged = match merged {
                Some(stronger) if is_map => Some(merge(&value, &stronger)),
                Some(stronger) => return Some(stronger),
                None => Some(value),
            };
            if !self.variables.run.merge_hashes || !is_map {
                return merged;
            }
        }
        merged.or(pending)
    }

    /// A name as the play, its tasks, its roles or the command line give it.
    fn above_facts(&self, name: &str) -> Option<Value> {
        let mut above = self.layers.iter().map_while(|layer| match layer {
            Layer::Map(map) => Some(map),
            Layer::Facts => None,
        });
        above.find_map(|map| map.get(name)).cloned()
    }

    fn fact(&self, name: &str) -> Option<Value> {
        self.view.vars.facts.get(name).filter(|_| self.is_injected(name)).cloned()
    }

    /// Whether such a fact is a variable of its own. Local facts always are.
    fn is_injected(&self, name: &str) -> bool {
        self.variables.run.inject_facts || name == "ansible_local"
    }

    /// `ansible_facts`: the same facts without their prefix.
    pub(super) fn facts(&self) -> Value {
        if let Some(call) = self.view.vars.facts_pending {
            return Value::Pending(call);
        }
        let bare = |name: &Key| match name.as_str().and_then(|name| name.strip_prefix("ansible_")) {
            Some("local") | None => name.clone(),
            Some(bare) => bare.into(),
        };
        let facts = || Value::map(self.view.vars.facts.iter().map(|(name, value)| (bare(name), value.clone())));
        self.facts.get_or_init(facts).clone()
    }

    /// All names but the magic ones. As in Ansible, weaker layers come first, and what is said again stays in its place.
    pub(super) fn layer_names(&self) -> Vec<Arc<str>> {
        let (mut names, mut known) = (Vec::new(), HashSet::new());
        let mut add = |name: Arc<str>| {
            if known.insert(name.clone()) {
                names.push(name);
            }
        };
        for layer in self.layers.iter().rev() {
            match layer {
                Layer::Map(map) => {
                    map.keys().filter_map(|key| key.as_text()).for_each(|name| add(name.text().clone()));
                }
                Layer::Facts => {
                    let facts = self.view.vars.facts.keys().filter_map(|key| key.as_str());
                    facts.filter(|name| self.is_injected(name)).for_each(|name| add(name.into()));
                }
            }
        }
        names
    }

    /// Where the files of this view's task are looked for.
    pub fn search(&self) -> Search {
        let playbook_dir = self.view.play.as_ref().map(|play| play.playbook_dir.clone());
        let playbook_dir = playbook_dir.unwrap_or_else(|| self.variables.run.playbook_dir.clone());
        match &self.view.task {
            Some(task) => {
                let loader = &self.variables.loader;
                Search::of(task, &loader.sources, &*loader.files, &playbook_dir)
            }
            None => Search::beside(&playbook_dir),
        }
    }

    /// The same view at a task; where that fails, as it was.
    pub fn at(&self, task: &Arc<Task>) -> Self {
        let view = View { task: Some(task.clone()), ..self.view.clone() };
        let there = match self.host {
            Some(host) => Self::new(&self.variables, host, view),
            None => Self::unknown_host(&self.variables, &self.name, view),
        };
        there.unwrap_or_else(|_| self.clone())
    }

    /// The same host from outside of any play, as `hostvars` shows it.
    pub(super) fn other(&self, host: HostId) -> Result<Self, Vec<Diagnostic>> {
        let learned = self.view.others.as_ref().and_then(|others| others.get(&host).cloned());
        let own = || if self.host == Some(host) { self.view.vars.clone() } else { HostVars::default() };
        let view = View { vars: learned.unwrap_or_else(own), others: self.view.others.clone(), ..View::default() };
        let mut scope = Self::new(&self.variables, host, view)?;
        // Its magic names still tell where the playbook lies.
        scope.view.state = self.view.state.clone();
        Ok(scope)
    }
}

/// A role's map, then those of the roles that it depends on, the last one first.
fn push_role(role: &Role, which: &dyn Fn(&Role) -> &Arc<Map>, layers: &mut Vec<Arc<Map>>) {
    layers.push(which(role).clone());
    for dependency in role.dependencies.iter().rev() {
        push_role(dependency, which, layers);
    }
}

/// Dicts together, deeply; the stronger one's entries hold.
pub(super) fn merge(weaker: &Value, stronger: &Value) -> Value {
    let (Value::Map(weaker), Value::Map(stronger)) = (weaker, stronger) else { return stronger.clone() };
    let mut merged = (**weaker).clone();
    for (key, value) in stronger.iter() {
        let value = merged.get_key(key).map_or_else(|| value.clone(), |below| merge(below, value));
        merged.insert(key.clone(), value);
    }
    merged.into()
}

/// Several faults at once, of which an evaluation can carry one.
pub(super) fn stop(errors: &[Diagnostic]) -> Stop {
    let first = errors.first();
    let stop = Stop::outside(first.map_or_else(String::new, |error| error.message.clone()));
    stop.at(first.and_then(|error| error.span))
}

impl Scope for HostScope {
    fn get(&self, name: &str) -> Result<Option<Value>, Stop> {
        match name {
            "hostvars" => return Ok(Some(ObjectRef::value(AllNames::hostvars(self.clone())))),
            "vars" => return Ok(Some(ObjectRef::value(HostVarsOf::own(self.clone())))),
            "ansible_facts" => return Ok(Some(self.facts())),
            "ansible_delegated_vars" => return self.delegated(),
            name if magic::OF_INVENTORY.contains(&name) => {
                return Ok(self.above_facts(name).or_else(|| self.magic(name)));
            }
            _ => {}
        }
        Ok(self.magic(name).or_else(|| self.find(name)).or_else(|| self.fallback(name)))
    }

    fn names(&self) -> Vec<Arc<str>> {
        let magic = self.magic_names().into_iter().map(Arc::from);
        self.layer_names().into_iter().chain(magic).collect()
    }

    fn lookup(&self, request: &LookupRequest) -> Result<Option<Vec<Value>>, Stop> {
        let Some(entry) = lookups::find(request.name) else { return Ok(None) };
        let found = match entry.by {
            By::Run(run) => self.lookup_outside(request, run),
            By::Inventory => self.inventory_hostnames(request),
            By::Settings => settings::lookup(&self.variables.run.settings, request, self.environment()),
        };
        found.map(Some)
    }

    fn load(&self, name: &str) -> Result<Option<Source>, Stop> {
        let files = &*self.variables.loader.files;
        let places = self.search().places(files, "templates", name);
        search::first(places, files).ok().map(|path| self.source(&path)).transpose()
    }

    fn environment(&self) -> &dyn Environment {
        self.variables.outside.environment()
    }
}

impl HostScope {
    /// A file that a template includes.
    fn source(&self, path: &Path) -> Result<Source, Stop> {
        let loader = &self.variables.loader;
        let text = loader.text(path, None).map_err(|errors| stop(&errors))?;
        let source = loader.sources.add(path.display().to_string(), text.as_str());
        Ok(Source { text: text.into(), origin: Some(value::Span::new(source, 1, 1, 1)) })
    }

    /// `ansible_delegated_vars`: the variables of the host that the task is delegated to, by its name.
    fn delegated(&self) -> Result<Option<Value>, Stop> {
        let keyword =
            self.view.task.as_deref().and_then(|task| task.inherited(|keywords| keywords.delegate_to.as_ref()));
        let Some(written) = keyword.filter(|written| !written.to_text().contains("ansible_delegated_vars")) else {
            return Ok(None);
        };
        // A name that hangs on a loop's item is not known here.
        let name = match render_text(written, self) {
            Ok(name) => name,
            Err(Stop::Error(_)) => return Ok(None),
            Err(stop) => return Err(stop),
        };
        self.as_delegate(&name).map(Some)
    }

    /// `ansible_delegated_vars` for this task when that host works in its place.
    pub fn as_delegate(&self, name: &str) -> Result<Value, Stop> {
        let host = self.variables.inventory().id(name);
        let learned = || host.and_then(|host| self.view.others.as_ref()?.get(&host).cloned()).unwrap_or_default();
        let vars = if host == self.host { self.view.vars.clone() } else { learned() };
        let view = View { vars, ..self.view.clone() };
        let scope = match host {
            Some(host) => Self::new(&self.variables, host, view),
            None => Self::unknown_host(&self.variables, name, view),
        };
        let scope = scope.map_err(|errors| stop(&errors))?;
        Ok(Value::map([(name, ObjectRef::value(HostVarsOf::delegate(scope, self.name.clone())))]))
    }

    fn lookup_outside(&self, request: &LookupRequest, run: Run) -> Result<Vec<Value>, Stop> {
        let loader = &self.variables.loader;
        let search = self.search();
        let read = |path: &Path| {
            let bytes =
                loader.files.read(path).map_err(|error| Stop::outside(format!("{}: {error}", path.display())))?;
            loader.plain(bytes).map_err(|error| Stop::outside(format!("{}: {error}", path.display())))
        };
        let render = |asked: &str, path: &Path| self.render_template(asked, path, request);
        let places = Places {
            within: &|kind, name| search.places_of_lookup(&*loader.files, kind, name),
            read: &read,
            render: &render,
        };
        run(request.arguments, &places)
    }

    /// The lookup `template`: a file rendered with the asking scope, what the file knows of itself, and the variables of `template_vars`.
    fn render_template(&self, asked: &str, path: &Path, request: &LookupRequest) -> Result<Value, Stop> {
        let argument = |name: &str| {
            let named = &request.arguments.named;
            named.iter().find(|(known, _)| &**known == name).map(|(_, value)| value)
        };
        let text = self.variables.loader.text(path, request.span).map_err(|errors| stop(&errors))?;
        let source = self.variables.loader.sources.add(path.display().to_string(), text.as_str());
        let (syntax, text, header) = template_file::syntax(&argument).with_header(&text).map_err(Stop::from)?;
        if !header && !syntax.is_in(text) {
            return Ok(text.into());
        }
        let origin = value::Span::new(source, if header { 2 } else { 1 }, 1, 1);
        let template =
            Template::compile(text, Some(origin), &syntax).map_err(|mut errors| match errors.is_empty() {
                true => Stop::outside("the template cannot be read"),
                false => Stop::Error(errors.remove(0)),
            })?;
        let mut vars: Map = self.variables.outside.template_names(asked, path).into_iter().collect();
        if request.scope.get("ansible_managed")?.is_none() {
            vars.insert("ansible_managed", self.variables.run.ansible_managed.as_str());
        }
        if let Some(Value::Map(more)) = argument("template_vars") {
            vars.extend(more.iter().map(|(key, value)| (key.clone(), value.clone())));
        }
        template.render(&InFile { inner: request.scope, vars: &vars, folder: path.parent(), host: self })
    }

    /// The lookup that gives the hosts of patterns.
    fn inventory_hostnames(&self, request: &LookupRequest) -> Result<Vec<Value>, Stop> {
        let patterns: Vec<String> = request.arguments.positional.iter().map(Value::to_text).collect();
        let inventory = self.variables.inventory();
        let matched = inventory.matching(&patterns, request.span).map_err(|error| stop(&[error]))?;
        Ok(matched.hosts.iter().map(|host| Value::from(inventory.host_name(*host))).collect())
    }
}

/// The scope of a template file: more variables over another, and files of its own folder before those of the task.
struct InFile<'s> {
    inner: &'s dyn Scope,
    vars: &'s Map,
    folder: Option<&'s Path>,
    host: &'s HostScope,
}

impl Scope for InFile<'_> {
    fn get(&self, name: &str) -> Result<Option<Value>, Stop> {
        match self.vars.get(name) {
            Some(value) => Ok(Some(value.clone())),
            None => self.inner.get(name),
        }
    }
    fn names(&self) -> Vec<Arc<str>> {
        let own = self.vars.keys().filter_map(|key| key.as_str()).map(Arc::from);
        own.chain(self.inner.names()).collect()
    }
    fn lookup(&self, request: &LookupRequest) -> Result<Option<Vec<Value>>, Stop> {
        self.inner.lookup(request)
    }
    fn load(&self, name: &str) -> Result<Option<Source>, Stop> {
        let beside = self.folder.map(|folder| folder.join(name));
        match beside.filter(|path| self.host.variables.loader.files.is_file(path)) {
            Some(path) => self.host.source(&path).map(Some),
            None => self.inner.load(name),
        }
    }
    fn environment(&self) -> &dyn Environment {
        self.inner.environment()
    }
}
