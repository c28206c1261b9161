//! One evaluation: the variables it asks for, what it changed, how much it may still do.
mod access;
mod heap;
pub mod operators;
mod settle;

use super::call::{Arguments, Call};
use super::error::{Error, Kind, Stop};
use super::object::ObjectRef;
use super::registry::{self, Takes};
use super::scope::Scope;
use heap::Heap;
use std::cell::{Cell, RefCell};
use std::sync::Arc;
use value::Value;

/// No template of a person takes as many steps; a loop without end does.
const STEPS: u64 = 50_000_000;
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
    stack: usize,
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
        let here = stack_position();
        let stack = match OUTERMOST.get() {
            Some(position) if position >= here => position,
            _ => {
                OUTERMOST.set(Some(here));
                here
            }
        };
        Self {
            scope,
            steps: Cell::new(0),
            heap: RefCell::default(),
            chain: RefCell::default(),
            known: RefCell::default(),
            impure: Cell::new(0),
            stack,
        }
    }

    pub fn scope(&self) -> &'e dyn Scope {
        self.scope
    }

    /// Says that what comes next may answer differently when asked again.
    pub fn note_impure(&self) {
        self.impure.set(self.impure.get() + 1);
    }

    /// To be called once per node: bounds time and depth.
    fn step(&self) -> Result<(), Stop> {
        let steps = self.steps.get() + 1;
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
            Value::Undefined(undefined) => Err(Error::undefined(&undefined).into()),
            answer => Ok(answer.is_true()),
        }
    }

    /// The result is what stands before it, unseen, when that is undefined and the filter does not ask for such.
    fn run_filter(&self, entry: &registry::Entry, input: Value, arguments: Arguments) -> Result<Value, Stop> {
        match self.prepare(entry.takes, input, arguments)? {
            Err(undefined) => Ok(undefined),
            Ok((input, arguments)) => {
                let result = (entry.run)(&mut Call::new(entry.name, input, arguments, self))?;
                self.resolve(result)
            }
        }
    }

    /// A bool, or the undefined input.
    fn run_test(&self, entry: &registry::TestEntry, input: Value, arguments: Arguments) -> Result<Value, Stop> {
        match self.prepare(entry.takes, input, arguments)? {
            Err(undefined) => Ok(undefined),
            Ok((input, arguments)) => (entry.run)(&mut Call::new(entry.name, input, arguments, self)).map(Value::Bool),
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
                Takes::Items | Takes::Anything => self.outside(value)?,
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

impl Evaluation<'_> {
    /// A template that a variable or a structure holds; undefined where evaluating it meets something undefined.
    pub fn evaluate_text(&self, text: &value::Str) -> Result<Value, Stop> {
        let template = super::Template::compile(text, text.origin(), &super::Syntax::PLAYBOOK);
        template.map_err(|mut errors| errors.swap_remove(0))?.render(self.scope)
    }
}
