//! One evaluation: the variables it asks for, what it changed, how much it may still do.
mod access;
mod expression;
mod frame;
pub(super) mod globals;
mod heap;
mod include;
mod inherit;
mod lookup;
mod loops;
mod macros;
pub mod operators;
mod output;
mod range;
mod settle;
mod statement;

use super::call::{Arguments, Call};
use super::error::{Error, Kind, Stop};
use super::object::ObjectRef;
use super::registry::{self, Takes};
use super::scope::Scope;
use frame::Module;
use heap::Heap;
use std::cell::{Cell, RefCell};
use std::sync::Arc;
use value::{Undefined, Value};

/// No template of a person takes as many steps; a loop without end does.
const STEPS: u64 = 10_000_000;
/// How much of the stack an evaluation may use, nested templates included.
const STACK: usize = 900 << 10;

pub struct Evaluation<'e> {
    scope: &'e dyn Scope,
    steps: Cell<u64>,
    heap: RefCell<Heap>,
    /// The variables that are being evaluated, outermost first.
    chain: RefCell<Vec<Arc<str>>>,
    /// Templates that variables hold, evaluated once.
    known: RefCell<Vec<(Arc<str>, Value)>>,
    /// Counts what may answer differently when asked again (random, now, lookups): such variables are not kept.
    impure: Cell<u64>,
    /// Whether a literal that is a template is evaluated, as in conditions and in the arguments of lookups (where 2.19 still
    /// allows it).
    embedded: Cell<bool>,
    /// Whether a secret was met since this was last asked.
    secret: Cell<bool>,
    /// Those that hold macros, which hold them: taken apart at the end.
    modules: RefCell<Vec<Arc<Module>>>,
    stack: usize,
    /// Whether this is the outermost evaluation of its thread.
    outermost: bool,
}

fn stack_position() -> usize {
    let here = 0_u8;
    (&raw const here).addr()
}

thread_local! {
    /// Where the outermost evaluation of this thread began: one evaluation may start another through its scope.
    static OUTERMOST: Cell<Option<usize>> = const { Cell::new(None) };
}

impl<'e> Evaluation<'e> {
    pub fn new(scope: &'e dyn Scope) -> Self {
        let above = OUTERMOST.get();
        let stack = above.unwrap_or_else(stack_position);
        OUTERMOST.set(Some(stack));
        Self {
            scope,
            steps: Cell::new(0),
            heap: RefCell::default(),
            chain: RefCell::default(),
            known: RefCell::default(),
            impure: Cell::new(0),
            embedded: Cell::new(false),
            secret: Cell::new(false),
            modules: RefCell::default(),
            stack,
            outermost: above.is_none(),
        }
    }

    pub fn scope(&self) -> &'e dyn Scope {
        self.scope
    }

    /// Says that what comes next may answer differently when asked again.
    pub fn note_impure(&self) {
        self.impure.set(self.impure.get() + 1);
    }

    /// Runs with literals that are templates evaluated, or not.
    fn with_embedded<T>(&self, embedded: bool, run: impl FnOnce() -> T) -> T {
        let before = self.embedded.replace(embedded);
        let result = run();
        self.embedded.set(before);
        result
    }

    fn note_secret(&self) {
        self.secret.set(true);
    }

    fn remember(&self, module: &Arc<Module>) {
        let mut modules = self.modules.borrow_mut();
        if !modules.iter().any(|known| Arc::ptr_eq(known, module)) {
            modules.push(module.clone());
        }
    }

    /// The fault of using something undefined, with the nearest name that is known.
    pub fn undefined(&self, undefined: &Arc<Undefined>) -> Stop {
        Error::undefined(undefined, || self.scope.names()).into()
    }

    /// To be called once per node: bounds time and depth.
    fn step(&self) -> Result<(), Stop> {
        self.charge(1)
    }

    /// To be called before what takes many steps at once.
    fn charge(&self, count: usize) -> Result<(), Stop> {
        let steps = self.steps.get().saturating_add(count as u64);
        self.steps.set(steps);
        if steps > STEPS {
            return Err(Stop::new(Kind::Limit, format!("the template takes more than {STEPS} steps")));
        }
        if self.stack.abs_diff(stack_position()) > STACK {
            let chain = self.chain.borrow();
            let error = Error::new(Kind::Limit, "the template is nested too deeply");
            return Err(match chain.last() {
                Some(_) => error.help(format!("variables being evaluated: {}", chain.join(" -> "))).into(),
                None => error.into(),
            });
        }
        Ok(())
    }

    pub fn filter(&self, name: &str, input: Value, arguments: Arguments) -> Result<Value, Stop> {
        self.run_filter(registry::filter(name)?, input, arguments)
    }

    pub fn test(&self, name: &str, input: Value, arguments: Arguments) -> Result<bool, Stop> {
        match self.run_test(registry::test(name)?, input, arguments)? {
            Value::Undefined(undefined) => Err(self.undefined(&undefined)),
            answer => Ok(answer.is_true()),
        }
    }

    /// The result is what stands before it, unseen, when that is undefined and the filter does not ask for such.
    fn run_filter(&self, entry: &registry::Entry, input: Value, arguments: Arguments) -> Result<Value, Stop> {
        let before = self.secret.replace(false);
        match self.prepare(entry.takes, input, arguments)? {
            Err(undefined) => Ok(undefined),
            Ok((input, arguments)) => {
                let whole = is_secret(&input) || arguments.positional.iter().any(is_secret);
                let result = (entry.run)(&mut Call::new(entry.name, input, arguments, self));
                let result = result.map_err(|stop| stop.map_error(|error| error.of_plugin("filter", entry.name)))?;
                let result = self.resolve(result)?;
                let met = self.secret.get();
                self.secret.set(before || met);
                Ok(marked(result, whole, met))
            }
        }
    }

    /// A bool, or the undefined input.
    fn run_test(&self, entry: &registry::TestEntry, input: Value, arguments: Arguments) -> Result<Value, Stop> {
        match self.prepare(entry.takes, input, arguments)? {
            Err(undefined) => Ok(undefined),
            Ok((input, arguments)) => {
                let answer = (entry.run)(&mut Call::new(entry.name, input, arguments, self));
                let answer = answer.map_err(|stop| stop.map_error(|error| error.of_plugin("test", entry.name)))?;
                Ok(answer.into())
            }
        }
    }

    /// Makes the input and the arguments what the plugin wants to see; the inner error is what is undefined among them.
    fn prepare(
        &self,
        takes: Takes,
        input: Value,
        mut arguments: Arguments,
    ) -> Result<Result<(Value, Arguments), Value>, Stop> {
        let mut undefined = None;
        let mut one = |value: Value| -> Result<Value, Stop> {
            let prepared = match takes {
                Takes::Settled => self.settled_softly(value)?,
                Takes::Items => self.outside(value)?,
                // What is passed on stays the same list, so that changes to it are seen.
                Takes::Anything => self.resolve(value)?,
            };
            if takes != Takes::Anything && prepared.is_undefined() {
                undefined.get_or_insert_with(|| prepared.clone());
            }
            Ok(prepared)
        };
        let input = one(input)?;
        for value in &mut arguments.positional {
            *value = one(std::mem::take(value))?;
        }
        for (_, value) in &mut arguments.named {
            *value = one(std::mem::take(value))?;
        }
        Ok(undefined.map_or(Ok((input, arguments)), Err))
    }

    /// Calls a macro, a global function or another callable.
    pub fn invoke(&self, callable: &Value, arguments: Arguments) -> Result<Value, Stop> {
        if callable.is_undefined() {
            return Ok(callable.clone());
        }
        match ObjectRef::of(callable) {
            Some(object) => object.call(arguments, self),
            None => Err(Stop::of_type(format!("'{}' object is not callable", callable.type_name()))),
        }
    }
}

impl Drop for Evaluation<'_> {
    fn drop(&mut self) {
        for module in self.modules.take() {
            module.clear();
        }
        if self.outermost {
            OUTERMOST.set(None);
        }
    }
}

fn is_secret(value: &Value) -> bool {
    matches!(value, Value::Str(text) if text.is_secret())
}

/// What is made of a secret is secret, wholly; a text made of something that holds a secret is secret too. Items that only pass
/// through keep their own marks.
fn marked(result: Value, whole: bool, met: bool) -> Value {
    match result {
        result if whole => result.secret(),
        Value::Str(text) if met => Value::Str(text.with_secrecy(true)),
        result => result,
    }
}
