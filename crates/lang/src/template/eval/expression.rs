//! Expressions.
use super::super::ast::{Args, Binary, Comparison, Expr, FilterCall, Node, TestCall};
use super::super::call::Arguments;
use super::super::error::Stop;
use super::super::methods;
use super::super::render::is_template;
use super::frame::Frame;
use super::output::placed;
use super::{Evaluation, globals, operators};
use std::cmp::Ordering;
use std::sync::Arc;
use value::{Key, Map, Str, Undefined, Value};

impl Evaluation<'_> {
    /// The value of an expression; undefined is a value. Faults get the place of the innermost expression.
    pub fn eval(&self, expression: &Expr, frame: &mut Frame) -> Result<Value, Stop> {
        let result = self.step().and_then(|()| self.eval_node(expression, frame));
        result.map_err(|stop| match stop {
            Stop::Error(error) if error.span().is_none() => error.at(frame.span(expression.at)).into(),
            other => other,
        })
    }

    /// The value of something that is used: undefined is an error, at its place.
    fn operand(&self, expression: &Expr, frame: &mut Frame) -> Result<Value, Stop> {
        match self.eval(expression, frame)? {
            Value::Undefined(undefined) => {
                Err(self.undefined(&undefined).map_error(|error| error.at(frame.span(expression.at))))
            }
            value => Ok(value),
        }
    }

    fn eval_node(&self, expression: &Expr, frame: &mut Frame) -> Result<Value, Stop> {
        match &expression.node {
            Node::Constant(Value::Str(text)) if self.embedded.get() && is_template(text) => {
                self.evaluate_text(&text.clone().with_origin(frame.span(expression.at)))
            }
            Node::Constant(value) => Ok(value.clone()),
            Node::Name(name) => self.eval_name(name, frame),
            Node::List(items) => Ok(Value::List(Arc::new(self.eval_all(items, frame)?))),
            Node::Tuple(items) => Ok(Value::Tuple(Arc::new(self.eval_all(items, frame)?))),
            Node::Map(entries) => self.eval_map(entries, frame),
            Node::Attribute(of, name) => {
                let value = met(self.eval(of, frame)?, of, frame);
                let found = self.reach(&value, &Value::Str(name.clone()), true)?;
                Ok(found.unwrap_or_else(|| self.missing(&value, name.as_str().into(), expression)))
            }
            Node::Item(of, key) => {
                let value = met(self.eval(of, frame)?, of, frame);
                let key = self.operand(key, frame)?;
                let found = self.reach(&value, &key, false)?;
                Ok(found.unwrap_or_else(|| self.missing(&value, key, expression)))
            }
            Node::Slice(of, bounds) => self.eval_slice(of, bounds, frame),
            Node::Call(callee, args) => self.eval_call(callee, args, frame),
            Node::Filter(input, filter) => {
                let value = self.eval(input, frame)?;
                let was_undefined = value.is_undefined();
                let result = self.eval_filter(filter, value, frame)?;
                Ok(if was_undefined { met(result, input, frame) } else { result })
            }
            Node::Test(input, test) => self.eval_test(input, test, frame),
            Node::Not(inner) => {
                let value = self.eval(inner, frame)?;
                Ok(Value::Bool(!self.truth(&value)?))
            }
            Node::Negate(inner) => operators::negate(&self.operand(inner, frame)?),
            Node::Plus(inner) => operators::plus(&self.operand(inner, frame)?),
            Node::And(one, two) => match self.eval(one, frame)? {
                value if self.truth(&value)? => self.eval(two, frame),
                value => Ok(value),
            },
            Node::Or(one, two) => match self.eval(one, frame)? {
                value if self.truth(&value)? => Ok(value),
                _ => self.eval(two, frame),
            },
            Node::Binary(operator, one, two) => self.eval_binary(*operator, one, two, frame),
            Node::Concat(parts) => self.eval_concat(parts, frame),
            Node::Compare(first, rest) => self.eval_compare(first, rest, frame),
            Node::If { test, then, other } => {
                let test = self.eval(test, frame)?;
                match (self.truth(&test)?, other) {
                    (true, _) => self.eval(then, frame),
                    (false, Some(other)) => self.eval(other, frame),
                    (false, None) => Ok(no_else()),
                }
            }
        }
    }

    fn eval_all(&self, items: &[Expr], frame: &mut Frame) -> Result<Vec<Value>, Stop> {
        items.iter().map(|item| Ok(met(self.eval(item, frame)?, item, frame))).collect()
    }

    fn eval_map(&self, entries: &[(Expr, Expr)], frame: &mut Frame) -> Result<Value, Stop> {
        let mut map = Map::new();
        for (key, value) in entries {
            let key = self.operand(key, frame)?;
            let key = Key::new(key).map_err(|key| Stop::of_type(format!("unhashable type: '{}'", key.type_name())))?;
            map.insert(key, self.eval(value, frame)?);
        }
        Ok(map.into())
    }

    /// The template's own names, then the variables, then what every template has.
    fn eval_name(&self, name: &Arc<str>, frame: &mut Frame) -> Result<Value, Stop> {
        if let Some(value) = frame.get(name) {
            return self.resolve(value);
        }
        if !frame.isolated
            && let Some(value) = self.variable(name)?
        {
            return Ok(value);
        }
        if let Some(value) = self.inherited_name(name, frame) {
            return Ok(value);
        }
        Ok(globals::value(name).unwrap_or_else(|| Value::undefined(&**name)))
    }

    /// What stands for a field that is not there; its name is the whole path.
    fn missing(&self, value: &Value, key: Value, expression: &Expr) -> Value {
        let hint = match &key {
            Value::Str(name) if name.starts_with("__") => {
                format!("access to attribute {} of '{}' object is unsafe.", key.to_repr(), value.type_name())
            }
            _ => format!("object of type '{}' has no attribute {}", value.type_name(), key.to_repr()),
        };
        let within = if matches!(value, Value::Map(_)) { value.clone() } else { Value::Null };
        Value::Undefined(Arc::new(Undefined { name: path_of(expression), hint: Some(hint), span: None, within }))
    }

    fn eval_slice(&self, of: &Expr, bounds: &[Option<Expr>; 3], frame: &mut Frame) -> Result<Value, Stop> {
        let value = self.operand(of, frame)?;
        let mut numbers = [None; 3];
        for (number, bound) in numbers.iter_mut().zip(bounds) {
            let Some(bound) = bound else { continue };
            *number = match self.operand(bound, frame)? {
                Value::Int(index) => Some(index),
                Value::Bool(truth) => Some(truth.into()),
                Value::Null => None,
                other => {
                    let message = "slice indices must be integers or None or have an __index__ method";
                    return Err(Stop::of_type(format!("{message}, not {}", other.type_name())));
                }
            };
        }
        self.slice(&value, numbers)
    }

    fn eval_binary(&self, operator: Binary, one: &Expr, two: &Expr, frame: &mut Frame) -> Result<Value, Stop> {
        let one = self.operand(one, frame)?;
        let two = self.operand(two, frame)?;
        let (one, two) = (self.outside(one)?, self.outside(two)?);
        match operator {
            Binary::Add => operators::add(&one, &two),
            Binary::Subtract => operators::subtract(&one, &two),
            Binary::Multiply => operators::multiply(&one, &two),
            Binary::Divide => operators::divide(&one, &two),
            Binary::FloorDivide => operators::floor_divide(&one, &two),
            Binary::Modulo if matches!(one, Value::Str(_)) => operators::modulo(&one, &self.settled(&two)?),
            Binary::Modulo => operators::modulo(&one, &two),
            Binary::Power => operators::power(&one, &two),
        }
    }

    fn eval_concat(&self, parts: &[Expr], frame: &mut Frame) -> Result<Value, Stop> {
        let (mut text, mut secret) = (String::new(), false);
        for part in parts {
            let value = self.eval(part, frame)?;
            let part = match &value {
                Value::Undefined(undefined) if undefined.name.is_empty() => continue,
                Value::Undefined(undefined) => {
                    return Err(self.undefined(undefined).map_error(|error| error.at(frame.span(part.at))));
                }
                value => self.text(value)?,
            };
            secret |= part.is_secret();
            text.push_str(&part);
        }
        Ok(Str::from(text).with_secrecy(secret).into())
    }

    fn eval_compare(&self, first: &Expr, rest: &[(Comparison, Expr)], frame: &mut Frame) -> Result<Value, Stop> {
        let is_in = matches!(rest.first(), Some((Comparison::In | Comparison::NotIn, _)));
        let mut left = if is_in { self.eval(first, frame)? } else { self.operand(first, frame)? };
        for (comparison, right) in rest {
            let right = self.operand(right, frame)?;
            // With nothing in a list there is nothing that an undefined value would be compared with.
            if let Value::Undefined(undefined) = &left
                && !self.outside(right.clone())?.as_list().is_some_and(<[Value]>::is_empty)
            {
                return Err(self.undefined(undefined).map_error(|error| error.at(frame.span(first.at))));
            }
            if !self.compared(*comparison, &left, &right)? {
                return Ok(false.into());
            }
            left = right;
        }
        Ok(true.into())
    }

    fn compared(&self, comparison: Comparison, one: &Value, two: &Value) -> Result<bool, Stop> {
        match comparison {
            Comparison::Equal => self.equal(one, two),
            Comparison::NotEqual => self.equal(one, two).map(|equal| !equal),
            Comparison::In => self.contains(two, one),
            Comparison::NotIn => self.contains(two, one).map(|found| !found),
            Comparison::Less => self.ordered(one, two, "<").map(|order| order == Ordering::Less),
            Comparison::LessEqual => self.ordered(one, two, "<=").map(|order| order != Ordering::Greater),
            Comparison::Greater => self.ordered(two, one, ">").map(|order| order == Ordering::Less),
            Comparison::GreaterEqual => self.ordered(two, one, ">=").map(|order| order != Ordering::Greater),
        }
    }

    /// Scalars are what they are; only of two containers everything inside has to be known.
    pub fn equal(&self, one: &Value, two: &Value) -> Result<bool, Stop> {
        if is_container(one) && is_container(two) {
            return Ok(self.settled(one)? == self.settled(two)?);
        }
        Ok(one == two)
    }

    fn ordered(&self, one: &Value, two: &Value, sign: &str) -> Result<Ordering, Stop> {
        if is_container(one) && is_container(two) {
            return operators::compare(&self.settled(one)?, &self.settled(two)?, sign);
        }
        match (one, two, sign) {
            (_, _, "<" | "<=") => operators::compare(one, two, sign),
            // Asked the other way round, so that a NaN is never less; the message names them as they stood.
            _ => operators::compare(one, two, sign).map_err(|stop| match operators::compare(two, one, sign) {
                Err(stated) => stated,
                Ok(_) => stop,
            }),
        }
    }

    pub fn contains(&self, two: &Value, one: &Value) -> Result<bool, Stop> {
        match two {
            Value::Str(_) => operators::contains(two, one),
            // Only the keys are asked for.
            Value::Map(_) => operators::contains(&self.outside(two.clone())?, one),
            Value::Live(_) => Ok(self.items(two)?.iter().any(|item| item == one)),
            Value::List(_) | Value::Tuple(_) => {
                let one = if is_container(one) { self.settled(one)? } else { one.clone() };
                operators::contains(&self.settled(two)?, &one)
            }
            other => operators::contains(other, one),
        }
    }

    pub fn eval_filter(&self, filter: &FilterCall, input: Value, frame: &mut Frame) -> Result<Value, Stop> {
        let entry = filter.entry.as_ref().map_err(|error| Stop::Error((**error).clone()))?;
        let arguments = self.eval_args(&filter.args, frame)?;
        let result = self.run_filter(entry, input, arguments);
        result.map_err(|stop| stop.map_error(|error| error.at(frame.span(filter.at))))
    }

    fn eval_test(&self, input: &Expr, test: &TestCall, frame: &mut Frame) -> Result<Value, Stop> {
        let value = self.eval(input, frame)?;
        let was_undefined = value.is_undefined();
        let entry = test.entry.as_ref().map_err(|error| Stop::Error((**error).clone()))?;
        let arguments = self.eval_args(&test.args, frame)?;
        let result = self.run_test(entry, value, arguments);
        let result = result.map_err(|stop| stop.map_error(|error| error.at(frame.span(test.at))))?;
        Ok(if was_undefined { met(result, input, frame) } else { result })
    }

    pub fn eval_args(&self, args: &Args, frame: &mut Frame) -> Result<Arguments, Stop> {
        let mut arguments = Arguments { positional: self.eval_all(&args.positional, frame)?, named: Vec::new() };
        for (name, value) in &args.named {
            arguments.named.push((name.clone(), met(self.eval(value, frame)?, value, frame)));
        }
        if let Some(rest) = &args.rest {
            let rest = self.operand(rest, frame)?;
            arguments.positional.extend(self.items(&rest)?);
        }
        if let Some(rest) = &args.named_rest {
            match self.outside(self.operand(rest, frame)?)? {
                Value::Map(map) => {
                    arguments
                        .named
                        .extend(map.iter().map(|(key, value)| (key.value().to_text().into(), value.clone())));
                }
                other => {
                    let message = format!("argument after ** must be a mapping, not {}", other.type_name());
                    return Err(Stop::of_type(message));
                }
            }
        }
        Ok(arguments)
    }

    /// A method is called on its value directly; everything else is looked up and called.
    fn eval_call(&self, callee: &Expr, args: &Args, frame: &mut Frame) -> Result<Value, Stop> {
        if let Node::Attribute(of, name) = &callee.node {
            let value = self.eval(of, frame)?;
            if methods::has(&value, name) {
                let arguments = self.eval_args(args, frame)?;
                return methods::call(&value, name, arguments, self);
            }
            let found = self.reach(&value, &Value::Str(name.clone()), true)?;
            let function = found.unwrap_or_else(|| self.missing(&value, name.as_str().into(), callee));
            let arguments = self.eval_args(args, frame)?;
            return self.invoke(&function, arguments);
        }
        let function = self.eval(callee, frame)?;
        let is_lookup = matches!(&callee.node, Node::Name(name) if matches!(&**name, "lookup" | "query" | "q"));
        let arguments = match is_lookup {
            true => self.with_embedded(true, || self.eval_args(args, frame))?,
            false => self.eval_args(args, frame)?,
        };
        self.invoke(&function, arguments)
    }
}

/// What is undefined, with the place of the expression that gave it: what it is handed on to may stand far behind.
fn met(value: Value, expression: &Expr, frame: &Frame) -> Value {
    match value {
        Value::Undefined(undefined) => placed(&undefined, frame.span(expression.at)),
        value => value,
    }
}

fn is_container(value: &Value) -> bool {
    matches!(value, Value::List(_) | Value::Tuple(_) | Value::Map(_) | Value::Live(_))
}

/// `x if y` without `else`: prints as nothing, and is an error where a value is needed.
fn no_else() -> Value {
    let hint = "the inline if-expression evaluated to false and no else section was defined.";
    let undefined = Undefined { name: String::new(), hint: Some(hint.into()), span: None, within: Value::Null };
    Value::Undefined(Arc::new(undefined))
}

/// The words of a path such as `db.users[2].state`.
fn path_of(expression: &Expr) -> String {
    match &expression.node {
        Node::Name(name) => name.to_string(),
        Node::Attribute(of, name) => format!("{}.{name}", path_of(of)),
        Node::Item(of, key) => match &key.node {
            Node::Constant(key) => format!("{}[{}]", path_of(of), key.to_repr()),
            Node::Name(key) => format!("{}[{key}]", path_of(of)),
            _ => format!("{}[...]", path_of(of)),
        },
        Node::Call(of, _) => format!("{}()", path_of(of)),
        Node::Filter(of, _) => path_of(of),
        _ => "(...)".into(),
    }
}
