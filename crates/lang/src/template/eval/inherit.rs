//! Template inheritance: extends, blocks, `super()` and `self`.
use super::super::ast::{Block, Expr};
use super::super::call::Arguments;
use super::super::compile::Template;
use super::super::error::{Error, Kind, Stop};
use super::super::object::{Object, ObjectRef};
use super::Evaluation;
use super::frame::Frame;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use value::Value;

/// Each block with those that it overrides, the youngest first.
#[derive(Default)]
pub struct Inheritance {
    blocks: Mutex<HashMap<Arc<str>, Vec<Placed>>>,
}

#[derive(Clone)]
struct Placed {
    block: Arc<Block>,
    template: Template,
}

impl Inheritance {
    fn add(&self, template: &Template) {
        let mut blocks = self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        for block in &template.program.blocks {
            let placed = Placed { block: block.clone(), template: template.clone() };
            blocks.entry(block.name.clone()).or_default().push(placed);
        }
    }

    fn get(&self, name: &str, level: usize) -> Option<Placed> {
        let blocks = self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        blocks.get(name)?.get(level).cloned()
    }
}

impl Evaluation<'_> {
    /// The blocks known so far; those of the running template come first.
    fn inheritance(&self, frame: &mut Frame) -> Arc<Inheritance> {
        if let Some(inheritance) = &frame.inheritance {
            return inheritance.clone();
        }
        let inheritance = Arc::new(Inheritance::default());
        inheritance.add(&Template { program: frame.program.clone(), origin: frame.origin });
        frame.inheritance = Some(inheritance.clone());
        inheritance
    }

    pub fn exec_extends(&self, name: &Expr, frame: &mut Frame) -> Result<(), Stop> {
        if frame.parent.is_some() {
            return Err(Stop::of_value("extended multiple times").at(frame.span(name.at)));
        }
        let inheritance = self.inheritance(frame);
        let parent = self.eval(name, frame)?;
        let parent = self.template_named(&parent, frame).map_err(|stop| stop.at(frame.span(name.at)))?;
        inheritance.add(&parent);
        frame.parent = Some(parent);
        Ok(())
    }

    pub fn exec_block(&self, block: &Arc<Block>, frame: &mut Frame, out: &mut Vec<Value>) -> Result<(), Stop> {
        if frame.parent.is_some() {
            return Ok(());
        }
        let inheritance = self.inheritance(frame);
        let locals = if block.scoped { frame.locals.clone() } else { Vec::new() };
        let placed = inheritance.get(&block.name, 0);
        let placed = placed.filter(|placed| !placed.block.required || !Arc::ptr_eq(&placed.block, block));
        let Some(placed) = placed else {
            return Err(Stop::from(Error::new(Kind::Value, format!("Required block '{}' not found", block.name)))
                .at(frame.span(block.at)));
        };
        let base = Frame { locals, inheritance: Some(inheritance), ..frame.clone() };
        self.run_block(&placed, 0, &base, out)
    }

    fn run_block(&self, placed: &Placed, level: usize, base: &Frame, out: &mut Vec<Value>) -> Result<(), Stop> {
        self.step()?;
        let template = &placed.template;
        let mut frame = Frame { program: template.program.clone(), origin: template.origin, ..base.clone() };
        frame.parent = None;
        frame.block = Some((placed.block.name.clone(), level));
        frame.scoped(|frame| self.exec_all(&placed.block.body, frame, out)).map(|_| ())
    }

    /// `super` in a block, `self` anywhere.
    pub fn inherited_name(&self, name: &str, frame: &mut Frame) -> Option<Value> {
        match name {
            "super" => {
                let (block, level) = frame.block.clone()?;
                let base = Frame { locals: Vec::new(), ..frame.clone() };
                frame.inheritance.as_ref()?.get(&block, level + 1)?;
                Some(ObjectRef::value(BlockReference { name: block, level: level + 1, base }))
            }
            "self" => {
                self.inheritance(frame);
                let base = Frame { locals: Vec::new(), ..frame.clone() };
                Some(ObjectRef::value(TemplateReference { base }))
            }
            _ => None,
        }
    }
}

struct TemplateReference {
    base: Frame,
}

impl Object for TemplateReference {
    fn kind(&self) -> &'static str {
        "TemplateReference"
    }
    fn get(&self, key: &Value, _evaluation: &Evaluation) -> Result<Option<Value>, Stop> {
        let (Some(name), Some(inheritance)) = (key.as_str(), &self.base.inheritance) else { return Ok(None) };
        let found = inheritance.get(name, 0);
        Ok(found.map(|placed| {
            ObjectRef::value(BlockReference { name: placed.block.name.clone(), level: 0, base: self.base.clone() })
        }))
    }
}

struct BlockReference {
    name: Arc<str>,
    level: usize,
    base: Frame,
}

impl Object for BlockReference {
    fn kind(&self) -> &'static str {
        "BlockReference"
    }
    /// `super.super`
    fn get(&self, key: &Value, _evaluation: &Evaluation) -> Result<Option<Value>, Stop> {
        let above = self.base.inheritance.as_ref().and_then(|all| all.get(&self.name, self.level + 1));
        Ok(above.filter(|_| key.as_str() == Some("super")).map(|_| {
            ObjectRef::value(BlockReference { name: self.name.clone(), level: self.level + 1, base: self.base.clone() })
        }))
    }
    fn is_callable(&self) -> bool {
        true
    }
    fn call(&self, _arguments: Arguments, evaluation: &Evaluation) -> Result<Value, Stop> {
        let placed = self.base.inheritance.as_ref().and_then(|all| all.get(&self.name, self.level));
        let Some(placed) = placed else { return Ok(Value::Null) };
        let mut out = Vec::new();
        evaluation.run_block(&placed, self.level, &self.base, &mut out)?;
        evaluation.concatenated(out)
    }
}
