//! Where a template's own names live while it runs.
use super::super::compile::{Program, Template};
use super::inherit::Inheritance;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use value::{Span, Value};

/// One run of a template, a macro, a block or a loop body.
#[derive(Clone)]
pub struct Frame {
    pub program: Arc<Program>,
    pub origin: Option<Span>,
    /// Innermost last.
    pub locals: Vec<(Arc<str>, Value)>,
    /// Where the innermost scope begins in `locals`; none at the top of a template, where names go to the module.
    pub scope_start: Option<usize>,
    pub module: Arc<Module>,
    /// Without context: the variables of the scope are not seen.
    pub isolated: bool,
    pub inheritance: Option<Arc<Inheritance>>,
    /// In a block: its name, and how far up the inheritance it stands.
    pub block: Option<(Arc<str>, usize)>,
    /// The template that this one extends, once `extends` was met.
    pub parent: Option<Template>,
    /// How many recursive loops this one stands in.
    pub loop_depth: usize,
}

/// What a template sets at its top: seen by its macros and blocks, and by who imports it.
#[derive(Default)]
pub struct Module {
    variables: Mutex<Vec<(Arc<str>, Value)>>,
}

impl Module {
    fn lock(&self) -> MutexGuard<'_, Vec<(Arc<str>, Value)>> {
        self.variables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn get(&self, name: &str) -> Option<Value> {
        self.lock().iter().find(|(known, _)| &**known == name).map(|(_, value)| value.clone())
    }

    pub fn set(&self, name: &Arc<str>, value: Value) {
        let mut variables = self.lock();
        match variables.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => *old = value,
            None => variables.push((name.clone(), value)),
        }
    }

    pub fn clear(&self) {
        // What is dropped here may hold this very module: not under the lock.
        let variables = std::mem::take(&mut *self.lock());
        drop(variables);
    }

    pub fn all(&self) -> Vec<(Arc<str>, Value)> {
        self.lock().clone()
    }
}

impl Frame {
    pub fn new(template: &Template) -> Self {
        Self {
            program: template.program.clone(),
            origin: template.origin,
            locals: Vec::new(),
            scope_start: None,
            module: Arc::default(),
            isolated: false,
            inheritance: None,
            block: None,
            parent: None,
            loop_depth: 0,
        }
    }

    pub fn span(&self, at: u32) -> Option<Span> {
        self.program.span(at, self.origin)
    }

    /// A name of the template itself.
    pub fn get(&self, name: &str) -> Option<Value> {
        let local = self.locals.iter().rev().find(|(known, _)| &**known == name);
        local.map(|(_, value)| value.clone()).or_else(|| self.module.get(name))
    }

    pub fn set(&mut self, name: &Arc<str>, value: Value) {
        let Some(start) = self.scope_start else { return self.module.set(name, value) };
        match self.locals[start..].iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => *old = value,
            None => self.locals.push((name.clone(), value)),
        }
    }

    /// Runs in a scope of its own, whose names are gone afterwards.
    pub fn scoped<T>(&mut self, run: impl FnOnce(&mut Self) -> T) -> T {
        let (start, length) = (self.scope_start, self.locals.len());
        self.scope_start = Some(length);
        let result = run(self);
        self.locals.truncate(length);
        self.scope_start = start;
        result
    }

    /// The names that a macro, or an included template, takes with it.
    pub fn visible(&self) -> Vec<(Arc<str>, Value)> {
        let mut names = self.module.all();
        names.extend(self.locals.iter().cloned());
        names
    }
}
