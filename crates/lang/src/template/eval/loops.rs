//! `for`, and the `loop` that its body sees.
use super::super::ast::For;
use super::super::call::Arguments;
use super::super::error::Stop;
use super::super::object::{Object, ObjectRef};
use super::Evaluation;
use super::frame::Frame;
use super::statement::Flow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use value::{Undefined, Value};

impl Evaluation<'_> {
    pub fn exec_for(&self, for_loop: &Arc<For>, frame: &mut Frame, out: &mut Vec<Value>) -> Result<(), Stop> {
        let value = self.eval(&for_loop.iterable, frame)?;
        let items = self.items(&value).map_err(|stop| stop.at(frame.span(for_loop.iterable.at)))?;
        self.run_for(for_loop, items, frame, out)
    }

    fn run_for(
        &self,
        for_loop: &Arc<For>,
        items: Vec<Value>,
        frame: &mut Frame,
        out: &mut Vec<Value>,
    ) -> Result<(), Stop> {
        self.charge(items.len())?;
        let items = self.filtered(for_loop, items, frame)?;
        if items.is_empty() {
            return frame.scoped(|frame| self.exec_all(&for_loop.other, frame, out)).map(|_| ());
        }
        let items = Arc::new(items);
        let current = for_loop.uses_loop.then(|| Arc::new(Loop::new(for_loop, items.clone(), frame)));
        let shown = current.as_ref().map(|current| ObjectRef::value(LoopRef(current.clone())));
        let name: Arc<str> = "loop".into();
        for (index, item) in items.iter().enumerate() {
            if let Some(current) = &current {
                current.index.store(index, Ordering::Relaxed);
            }
            let flow = frame.scoped(|frame| {
                if let Some(shown) = &shown {
                    frame.set(&name, shown.clone());
                }
                self.assign(&for_loop.target, item.clone(), frame)?;
                self.exec_all(&for_loop.body, frame, out)
            })?;
            if flow == Flow::Break {
                break;
            }
            self.step()?;
        }
        Ok(())
    }

    /// `for x in y if test`: the loop counts only what passes.
    fn filtered(&self, for_loop: &For, items: Vec<Value>, frame: &mut Frame) -> Result<Vec<Value>, Stop> {
        let Some(filter) = &for_loop.filter else { return Ok(items) };
        let mut kept = Vec::with_capacity(items.len());
        for item in items {
            let passes = frame.scoped(|frame| {
                self.assign(&for_loop.target, item.clone(), frame)?;
                let value = self.eval(filter, frame)?;
                self.truth(&value).map_err(|stop| stop.at(frame.span(filter.at)))
            })?;
            if passes {
                kept.push(item);
            }
        }
        Ok(kept)
    }
}

/// What `loop` is; one for all rounds.
struct Loop {
    definition: Arc<For>,
    items: Arc<Vec<Value>>,
    index: AtomicUsize,
    /// What `loop.changed` was asked about last.
    last: Mutex<Option<Vec<Value>>>,
    /// Where a recursive call of the loop runs.
    frame: Option<Frame>,
    depth: usize,
}

struct LoopRef(Arc<Loop>);

impl Loop {
    fn new(definition: &Arc<For>, items: Arc<Vec<Value>>, frame: &Frame) -> Self {
        Self {
            definition: definition.clone(),
            items,
            index: AtomicUsize::new(0),
            last: Mutex::new(None),
            frame: definition.recursive.then(|| frame.clone()),
            depth: if definition.recursive { frame.loop_depth } else { 0 },
        }
    }

    fn neighbour(&self, index: Option<usize>, hint: &str) -> Value {
        let undefined = || {
            let hint = Some(hint.to_string());
            Value::Undefined(Arc::new(Undefined { name: "loop".into(), hint, span: None, within: Value::Null }))
        };
        index.and_then(|index| self.items.get(index)).cloned().unwrap_or_else(undefined)
    }
}

impl Object for LoopRef {
    fn kind(&self) -> &'static str {
        "LoopContext"
    }
    fn get(&self, key: &Value, _evaluation: &Evaluation) -> Result<Option<Value>, Stop> {
        let (length, index) = (self.0.items.len(), self.0.index.load(Ordering::Relaxed));
        let found = match key.as_str() {
            Some("index") => (index + 1).into(),
            Some("index0") => index.into(),
            Some("revindex") => (length - index).into(),
            Some("revindex0") => (length - index - 1).into(),
            Some("first") => (index == 0).into(),
            Some("last") => (index + 1 == length).into(),
            Some("length") => length.into(),
            Some("depth") => (self.0.depth + 1).into(),
            Some("depth0") => self.0.depth.into(),
            Some("previtem") => self.0.neighbour(index.checked_sub(1), "there is no previous item"),
            Some("nextitem") => self.0.neighbour(Some(index + 1), "there is no next item"),
            Some("cycle") => ObjectRef::value(Cycle(self.0.clone())),
            Some("changed") => ObjectRef::value(Changed(self.0.clone())),
            _ => return Ok(None),
        };
        Ok(Some(found))
    }
    fn is_callable(&self) -> bool {
        true
    }
    /// `loop(children)` in a recursive loop: the same body over other items.
    fn call(&self, mut arguments: Arguments, evaluation: &Evaluation) -> Result<Value, Stop> {
        let Some(frame) = &self.0.frame else {
            return Err(Stop::of_type("The loop must have the 'recursive' marker to be called recursively."));
        };
        let [items] = arguments.bind("loop", ["iterable"])?;
        let items = evaluation.items(&items.unwrap_or_default())?;
        let mut frame = frame.clone();
        frame.loop_depth = self.0.depth + 1;
        let mut out = Vec::new();
        evaluation.run_for(&self.0.definition, items, &mut frame, &mut out)?;
        evaluation.concatenated(out)
    }
    fn text(&self, _evaluation: &Evaluation) -> Result<String, Stop> {
        Ok(format!("<LoopContext {}/{}>", self.0.index.load(Ordering::Relaxed) + 1, self.0.items.len()))
    }
}

struct Cycle(Arc<Loop>);

impl Object for Cycle {
    fn kind(&self) -> &'static str {
        "method"
    }
    fn is_callable(&self) -> bool {
        true
    }
    fn call(&self, mut arguments: Arguments, _evaluation: &Evaluation) -> Result<Value, Stop> {
        if arguments.positional.is_empty() {
            return Err(Stop::of_type("no items for cycling given"));
        }
        let at = self.0.index.load(Ordering::Relaxed) % arguments.positional.len();
        Ok(arguments.positional.swap_remove(at))
    }
}

struct Changed(Arc<Loop>);

impl Object for Changed {
    fn kind(&self) -> &'static str {
        "method"
    }
    fn is_callable(&self) -> bool {
        true
    }
    fn call(&self, arguments: Arguments, evaluation: &Evaluation) -> Result<Value, Stop> {
        let mut now = Vec::with_capacity(arguments.positional.len());
        for value in &arguments.positional {
            now.push(evaluation.settled(value)?);
        }
        let mut last = self.0.last.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = last.as_ref() != Some(&now);
        *last = Some(now);
        Ok(changed.into())
    }
}
