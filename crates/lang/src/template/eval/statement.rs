//! Statements: what a template does besides putting out text.
use super::super::ast::{Expr, Macro, Node, Statement, Target};
use super::super::error::Stop;
use super::super::object::ObjectRef;
use super::Evaluation;
use super::frame::Frame;
use super::macros::MacroObject;
use super::output::placed;
use std::sync::Arc;
use value::Value;

/// How a body ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    Normal,
    Break,
    Continue,
}

impl Evaluation<'_> {
    /// The body of a template, and of those that it extends.
    pub fn run_body(&self, frame: &mut Frame, out: &mut Vec<Value>) -> Result<(), Stop> {
        self.step()?;
        let program = frame.program.clone();
        self.exec_all(&program.body, frame, out)?;
        let Some(parent) = frame.parent.take() else { return Ok(()) };
        let mut above = Frame { program: parent.program.clone(), origin: parent.origin, ..frame.clone() };
        self.run_body(&mut above, out)
    }

    pub fn exec_all(&self, body: &[Statement], frame: &mut Frame, out: &mut Vec<Value>) -> Result<Flow, Stop> {
        for statement in body {
            let flow = self.exec(statement, frame, out)?;
            if flow != Flow::Normal {
                return Ok(flow);
            }
        }
        Ok(Flow::Normal)
    }

    fn exec(&self, statement: &Statement, frame: &mut Frame, out: &mut Vec<Value>) -> Result<Flow, Stop> {
        match statement {
            // What stands beside the blocks of a template that extends another is not put out.
            Statement::Text(text) if frame.parent.is_none() => out.push(Value::Str(text.clone())),
            Statement::Output(expression) if frame.parent.is_none() => {
                out.push(match self.eval(expression, frame)? {
                    Value::Undefined(undefined) => placed(&undefined, frame.span(expression.at)),
                    value => value,
                });
            }
            Statement::Text(_) | Statement::Output(_) => {}
            Statement::If(branches) => {
                for (test, body) in branches {
                    let taken = match test {
                        Some(test) => self.holds(test, frame)?,
                        None => true,
                    };
                    if taken {
                        return self.exec_all(body, frame, out);
                    }
                }
            }
            Statement::For(for_loop) => self.exec_for(for_loop, frame, out)?,
            Statement::Set(target, expression) => {
                let value = self.eval(expression, frame)?;
                self.assign(target, value, frame)?;
            }
            Statement::SetBlock { target, filters, body } => {
                let mut value = self.captured(body, frame)?;
                for filter in filters {
                    value = self.eval_filter(filter, value, frame)?;
                }
                self.assign(target, value, frame)?;
            }
            Statement::With { targets, body } => return self.exec_with(targets, body, frame, out),
            Statement::Macro(definition) => {
                self.remember(&frame.module);
                let value = MacroObject::value(definition.clone(), frame);
                frame.set(&definition.name, value);
            }
            Statement::CallBlock { call, caller } => {
                let value = self.call_block(call, caller, frame)?;
                out.push(value);
            }
            Statement::FilterBlock { filters, body } => {
                let mut value = self.captured(body, frame)?;
                for filter in filters {
                    value = self.eval_filter(filter, value, frame)?;
                }
                out.push(value);
            }
            Statement::Group(body) => return self.exec_all(body, frame, out),
            Statement::Do(expression) => {
                self.eval(expression, frame)?;
            }
            Statement::Break => return Ok(Flow::Break),
            Statement::Continue => return Ok(Flow::Continue),
            Statement::Block(block) => self.exec_block(block, frame, out)?,
            Statement::Extends(name) => self.exec_extends(name, frame)?,
            Statement::Include { name, ignore_missing, with_context } => {
                self.exec_include(name, *ignore_missing, *with_context, frame, out)?;
            }
            Statement::Import { name, target, with_context } => {
                let module = self.import(name, *with_context, frame)?;
                frame.set(target, module);
            }
            Statement::From { name, names, with_context } => self.exec_from(name, names, *with_context, frame)?,
        }
        Ok(Flow::Normal)
    }

    fn holds(&self, test: &Expr, frame: &mut Frame) -> Result<bool, Stop> {
        let value = self.eval(test, frame)?;
        self.truth(&value).map_err(|stop| stop.map_error(|error| error.at(frame.span(test.at))))
    }

    /// What a body puts out, as a value.
    pub fn captured(&self, body: &[Statement], frame: &mut Frame) -> Result<Value, Stop> {
        let mut out = Vec::new();
        frame.scoped(|frame| self.exec_all(body, frame, &mut out))?;
        self.concatenated(out)
    }

    pub fn assign(&self, target: &Target, value: Value, frame: &mut Frame) -> Result<(), Stop> {
        match target {
            Target::Name(name) => {
                frame.set(name, value);
                Ok(())
            }
            Target::Field { at, object, field } => {
                let holder = frame.get(object).unwrap_or_default();
                let set = match ObjectRef::of(&holder) {
                    Some(holder) => holder.set(field, value),
                    None => Err(Stop::of_type("cannot assign attribute on non-namespace object")),
                };
                set.map_err(|stop| stop.map_error(|error| error.at(frame.span(*at))))
            }
            Target::Tuple { at, targets } => {
                let items = self.items(&value).map_err(|stop| stop.map_error(|error| error.at(frame.span(*at))))?;
                if items.len() != targets.len() {
                    let (wanted, given) = (targets.len(), items.len());
                    let message = match given < wanted {
                        true => format!("not enough values to unpack (expected {wanted}, got {given})"),
                        false => format!("too many values to unpack (expected {wanted})"),
                    };
                    return Err(Stop::of_value(message).at(frame.span(*at)));
                }
                targets.iter().zip(items).try_for_each(|(target, item)| self.assign(target, item, frame))
            }
        }
    }

    /// All values are computed before any name is set.
    fn exec_with(
        &self,
        targets: &[(Target, Expr)],
        body: &[Statement],
        frame: &mut Frame,
        out: &mut Vec<Value>,
    ) -> Result<Flow, Stop> {
        let mut values = Vec::with_capacity(targets.len());
        for (_, expression) in targets {
            values.push(self.eval(expression, frame)?);
        }
        frame.scoped(|frame| {
            for ((target, _), value) in targets.iter().zip(values) {
                self.assign(target, value, frame)?;
            }
            self.exec_all(body, frame, out)
        })
    }

    fn call_block(&self, call: &Expr, caller: &Arc<Macro>, frame: &mut Frame) -> Result<Value, Stop> {
        let Node::Call(callee, args) = &call.node else {
            return Err(Stop::of_type("a call block needs a call").at(frame.span(call.at)));
        };
        let function = self.eval(callee, frame)?;
        if let Value::Undefined(undefined) = &function {
            return Err(self.undefined(undefined).at(frame.span(callee.at)));
        }
        let mut arguments = self.eval_args(args, frame)?;
        arguments.named.push(("caller".into(), MacroObject::value(caller.clone(), frame)));
        self.invoke(&function, arguments).map_err(|stop| stop.at(frame.span(call.at)))
    }
}
