//! The names that a task sees, and templates over them: a host's variables with the task's own (its item, its result) on top.
//! What may only be asked alone is noticed here, so that the engine can ask again.
use super::Context;
use super::Halt;
use super::actions::first_letter;
use crate::world::lookups::{self, Reads};
use crate::world::paths;
use lang::template::{
    Environment, Error, Expression, FileTest, Kind, LookupRequest, Scope, Source, Stop, Syntax, Template, condition,
    is_template, render_value,
};
use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use value::{DateTime, Diagnostic, Map, Str, Value, Vaulted};

pub struct Names<'n> {
    scope: Layered<'n>,
}

/// What may be asked while other things are under way.
#[derive(Clone, Copy, Debug)]
pub struct May {
    /// Nothing is under way: lookups with effects, the clock and other hosts may be asked.
    pub all: bool,
    /// The controller's files do not change: the host is another machine.
    pub files: bool,
    /// No other host can fail now.
    pub see_others: bool,
}

/// A template file and how it is to be read.
pub struct TemplateFile<'t> {
    pub path: &'t Path,
    pub text: &'t str,
    pub syntax: Syntax,
    /// Where `include` and `import` look, in this order.
    pub folders: Vec<PathBuf>,
}

impl<'n> Names<'n> {
    /// `top` lies over all other names.
    pub fn new(inner: &'n dyn Scope, top: Arc<Map>, may: May) -> Self {
        Self { scope: Layered { inner, top, may, fence: Cell::new(false), loader: None } }
    }

    /// The same with more on top.
    pub fn with(&self, more: impl IntoIterator<Item = (String, Value)>) -> Names<'n> {
        let mut top = (*self.scope.top).clone();
        top.extend(more);
        Self::new(self.scope.inner, Arc::new(top), self.scope.may)
    }

    pub fn top(&self) -> &Arc<Map> {
        &self.scope.top
    }

    pub fn scope(&self) -> &dyn Scope {
        &self.scope
    }

    /// A name's value, evaluated; None: nobody defined it.
    pub fn get(&self, name: &str) -> Result<Option<Value>, Halt> {
        let Some(value) = self.guard(self.scope.get(name))? else { return Ok(None) };
        self.value(&value).map(Some)
    }

    /// A value with every template in it evaluated, and what is omitted left out of lists and maps.
    pub fn value(&self, value: &Value) -> Result<Value, Halt> {
        self.guard(render_value(value, &self.scope))
    }

    /// One string, evaluated, as text.
    pub fn text(&self, value: &Value) -> Result<String, Halt> {
        self.value(value).map(|value| value.to_text())
    }

    /// A condition: an expression without marks, or a boolean.
    pub fn condition(&self, written: &Value) -> Result<bool, Halt> {
        self.guard(condition(written, &self.scope)).map_err(|halt| match halt {
            // The others say themselves what was being done.
            Halt::Failed(failure) if failure.diagnostic.code != "undefined" => {
                Halt::Failed(failure).at(written.origin())
            }
            halt => halt.within("Error while evaluating conditional").at(written.origin()),
        })
    }

    /// What an expression without marks gives.
    pub fn expression(&self, text: &Str) -> Result<Value, Halt> {
        let compiled = Expression::compile(text, text.origin()).map_err(|errors| first(errors, text));
        self.guard(compiled.and_then(|expression| expression.evaluate(&self.scope)))
    }

    /// The text of a template file. Its own place is what errors in it point to.
    pub fn template(&self, file: &TemplateFile, world: &Context) -> Result<Str, Halt> {
        let loader = Loader { world, folders: &file.folders };
        let scope =
            Layered { top: self.scope.top.clone(), loader: Some(&loader), fence: Cell::new(false), ..self.scope };
        let source = world.cache.source(world.sources, file.path, file.text);
        let rendered = file.syntax.with_header(file.text).map_err(Stop::from).and_then(|(syntax, text, header)| {
            if !header && !syntax.is_in(text) {
                return Ok(text.into());
            }
            let origin = first_letter(source, header);
            let template = Template::compile(text, Some(origin), &syntax).map_err(|errors| first(errors, text))?;
            template.render_text(&scope)
        });
        self.scope.fence.set(scope.fence.get());
        self.guard(rendered)
    }

    /// The first condition of a list that does not hold, with its value as `false_condition` shows it.
    pub fn first_false<'c>(&self, conditions: impl IntoIterator<Item = &'c Value>) -> Result<Option<&'c Value>, Halt> {
        for condition in conditions {
            if !self.condition(condition)? {
                return Ok(Some(condition));
            }
        }
        Ok(None)
    }

    /// A name for a banner. What cannot be evaluated stands there as Ansible shows it, and stops nothing.
    pub fn banner(&self, name: &Str) -> Result<String, Halt> {
        if !is_template(name) {
            return Ok(name.to_string());
        }
        match self.value(&Value::Str(name.clone())) {
            Ok(value) => Ok(value.to_text()),
            Err(Halt::Failed(_) | Halt::Unforeseen(_)) => self.pieces(name),
            Err(halt) => Err(halt),
        }
    }

    fn pieces(&self, name: &Str) -> Result<String, Halt> {
        let mut out = String::new();
        let mut rest = name.as_str();
        let mut errors = 0;
        while let Some((before, after)) = rest.split_once("{{") {
            out.push_str(before);
            let Some((expression, tail)) = after.split_once("}}") else { break };
            let piece = Str::trusted(format!("{{{{{expression}}}}}"), name.origin());
            match self.value(&Value::Str(piece)) {
                Ok(value) => out.push_str(&value.to_text()),
                Err(Halt::Failed(failure)) => {
                    errors += 1;
                    out.push_str(&format!("<< error {errors} - {} >>", failure.diagnostic.message));
                }
                Err(Halt::Unforeseen(because)) => out.push_str(&format!("<< known after {because} >>")),
                Err(halt) => return Err(halt),
            }
            rest = tail;
        }
        out.push_str(rest);
        Ok(out)
    }

    pub fn guard<T>(&self, result: Result<T, Stop>) -> Result<T, Halt> {
        if self.scope.fence.replace(false) {
            return Err(Halt::Fence);
        }
        result.map_err(|stop| match stop {
            Stop::Pending(call) => Halt::Pending(call),
            Stop::Unforeseen(because) => Halt::Unforeseen(because),
            Stop::Error(error) => Halt::evaluating(error.to_diagnostic()),
        })
    }
}

/// A text may have several faults; the first stops it, the others are told with it.
fn first(errors: Vec<Error>, text: &str) -> Stop {
    let mut errors = errors.into_iter();
    let Some(first) = errors.next() else { return Stop::new(Kind::Syntax, format!("'{text}' is no template")) };
    Stop::Error(errors.fold(first, |first, other| first.note(other.message().to_string(), other.span())))
}

/// Finds what a template file includes.
struct Loader<'l> {
    world: &'l Context<'l>,
    folders: &'l [PathBuf],
}

impl Loader<'_> {
    fn load(&self, name: &str) -> Result<Option<Source>, Stop> {
        let files = self.world.files;
        let Some(path) = self.folders.iter().map(|folder| folder.join(name)).find(|path| files.is_file(path)) else {
            return Ok(None);
        };
        let bytes = files.read(&path).map_err(|error| Stop::outside(format!("'{}': {error}", path.display())))?;
        let text = String::from_utf8(bytes).map_err(|_| Stop::outside(format!("'{}' is not UTF-8", path.display())))?;
        let source = self.world.cache.source(self.world.sources, &path, &text);
        Ok(Some(Source { text: text.into(), origin: Some(first_letter(source, false)) }))
    }
}

#[derive(Clone)]
struct Layered<'n> {
    inner: &'n dyn Scope,
    top: Arc<Map>,
    may: May,
    /// Something was asked that may only be asked alone.
    fence: Cell<bool>,
    /// Inside a template file.
    loader: Option<&'n Loader<'n>>,
}

/// Names of the hosts that have not failed.
const LIVE: [&str; 3] = ["ansible_play_hosts", "ansible_play_batch", "play_hosts"];
impl Layered<'_> {
    fn refuse(&self) -> Stop {
        self.fence.set(true);
        Stop::outside("it must be asked alone")
    }

    /// Whether what reads this may answer now. The controller's files stand still unless the host is the controller itself.
    fn may_read(&self, what: Reads) -> bool {
        match what {
            Reads::Nothing => true,
            Reads::Controller => self.may.files,
            Reads::World => self.may.all,
        }
    }
}

impl Scope for Layered<'_> {
    fn get(&self, name: &str) -> Result<Option<Value>, Stop> {
        match self.top.get(name) {
            Some(value) => Ok(Some(value.clone())),
            None if name == "hostvars" && !self.may.all => Err(self.refuse()),
            None if LIVE.contains(&name) && !self.may.see_others => Err(self.refuse()),
            None => self.inner.get(name),
        }
    }

    fn names(&self) -> Vec<Arc<str>> {
        let top = self.top.keys().filter_map(|key| key.as_str().map(Arc::from));
        top.chain(self.inner.names()).collect()
    }

    fn lookup(&self, request: &LookupRequest) -> Result<Option<Vec<Value>>, Stop> {
        match self.may_read(lookups::reads(request.name)) {
            true => self.inner.lookup(request),
            false => Err(self.refuse()),
        }
    }

    fn load(&self, name: &str) -> Result<Option<Source>, Stop> {
        match self.loader {
            _ if !self.may_read(Reads::Controller) => Err(self.refuse()),
            Some(loader) => loader.load(name),
            None => self.inner.load(name),
        }
    }

    fn environment(&self) -> &dyn Environment {
        self
    }
}

impl Environment for Layered<'_> {
    fn now(&self, utc: bool) -> Result<DateTime, Stop> {
        match self.may.all {
            true => self.inner.environment().now(utc),
            false => Err(self.refuse()),
        }
    }
    fn random(&self, limit: u64) -> Result<u64, Stop> {
        match self.may.all {
            true => self.inner.environment().random(limit),
            false => Err(self.refuse()),
        }
    }
    fn local_offset(&self, moment: i64) -> Result<i32, Stop> {
        self.inner.environment().local_offset(moment)
    }
    fn decrypt(&self, vaulted: &Vaulted) -> Result<Str, Stop> {
        self.inner.environment().decrypt(vaulted)
    }
    fn sealed(&self, text: &Str) -> Option<Arc<Vaulted>> {
        self.inner.environment().sealed(text)
    }
    fn file_test(&self, test: FileTest, path: &str, other: Option<&str>) -> Result<bool, Stop> {
        match self.may_read(Reads::Controller) {
            true => self.inner.environment().file_test(test, path, other),
            false => Err(self.refuse()),
        }
    }
    fn path_filter(&self, name: &str, path: &str, arguments: &lang::template::Arguments) -> Result<Value, Stop> {
        match self.may_read(paths::reads(name)) {
            true => self.inner.environment().path_filter(name, path, arguments),
            false => Err(self.refuse()),
        }
    }
    fn lookup_names(&self) -> Vec<&'static str> {
        self.inner.environment().lookup_names()
    }
    fn keep_secrets(&self, value: &Value) {
        self.inner.environment().keep_secrets(value);
    }
    fn warn(&self, warning: Diagnostic) {
        self.inner.environment().warn(warning);
    }
    fn allow_broken_conditionals(&self) -> bool {
        self.inner.environment().allow_broken_conditionals()
    }
}
