//! Other templates: include, import, from.
use super::super::ast::Expr;
use super::super::compile::Template;
use super::super::error::{Error, Kind, Stop};
use super::super::object::{Object, ObjectRef};
use super::Evaluation;
use super::frame::{Frame, Module};
use std::sync::Arc;
use value::{Undefined, Value};

impl Evaluation<'_> {
    /// The template of a name, or the first that is there of several.
    pub fn template_named(&self, names: &Value, frame: &Frame) -> Result<Template, Stop> {
        let names = match names {
            Value::List(_) | Value::Tuple(_) => self.items(names)?,
            Value::Undefined(undefined) => return Err(self.undefined(undefined)),
            one => vec![one.clone()],
        };
        let mut wanted = Vec::new();
        for name in &names {
            let name = self.text(name)?;
            if let Some(source) = self.scope.load(&name)? {
                let compiled = Template::compile(&source.text, source.origin, &frame.program.syntax);
                return compiled.map_err(|mut errors| errors.swap_remove(0).into());
            }
            wanted.push(format!("'{name}'"));
        }
        Err(Error::new(Kind::Load, format!("{} not found in search path", wanted.join(", "))).into())
    }

    pub fn exec_include(
        &self,
        name: &Expr,
        ignore_missing: bool,
        with_context: bool,
        frame: &mut Frame,
        out: &mut Vec<Value>,
    ) -> Result<(), Stop> {
        let names = self.eval(name, frame)?;
        let template = match self.template_named(&names, frame) {
            Err(Stop::Error(error)) if ignore_missing && error.kind() == Kind::Load => return Ok(()),
            found => found.map_err(|stop| stop.at(frame.span(name.at)))?,
        };
        let mut included = Self::other_frame(&template, with_context, frame);
        self.run_body(&mut included, out)
    }

    fn other_frame(template: &Template, with_context: bool, frame: &Frame) -> Frame {
        let mut other = Frame::new(template);
        other.isolated = frame.isolated || !with_context;
        if with_context {
            other.locals = frame.visible();
        }
        other
    }

    pub fn import(&self, name: &Expr, with_context: bool, frame: &mut Frame) -> Result<Value, Stop> {
        let names = self.eval(name, frame)?;
        let template = self.template_named(&names, frame).map_err(|stop| stop.at(frame.span(name.at)))?;
        let mut imported = Self::other_frame(&template, with_context, frame);
        let mut out = Vec::new();
        self.run_body(&mut imported, &mut out)?;
        let output = self.concatenated(out)?;
        Ok(ObjectRef::value(ModuleObject { module: imported.module, output }))
    }

    pub fn exec_from(
        &self,
        name: &Expr,
        names: &[(Arc<str>, Arc<str>)],
        with_context: bool,
        frame: &mut Frame,
    ) -> Result<(), Stop> {
        let module = self.import(name, with_context, frame)?;
        for (exported, alias) in names {
            let value = self.reach(&module, &Value::from(&**exported), true)?;
            let value = value.unwrap_or_else(|| {
                let hint = Some(format!("the imported template does not export the requested name '{exported}'"));
                let undefined = Undefined { name: exported.to_string(), hint, span: None, within: Value::Null };
                Value::Undefined(Arc::new(undefined))
            });
            frame.set(alias, value);
        }
        Ok(())
    }
}

/// What `import` gives: the names that the other template sets at its top.
struct ModuleObject {
    module: Arc<Module>,
    output: Value,
}

impl Object for ModuleObject {
    fn kind(&self) -> &'static str {
        "TemplateModule"
    }
    fn get(&self, key: &Value, _evaluation: &Evaluation) -> Result<Option<Value>, Stop> {
        let name = key.as_str().filter(|name| !name.starts_with('_'));
        Ok(name.and_then(|name| self.module.get(name)))
    }
    fn text(&self, evaluation: &Evaluation) -> Result<String, Stop> {
        Ok(evaluation.printed(&self.output)?.to_string())
    }
}
