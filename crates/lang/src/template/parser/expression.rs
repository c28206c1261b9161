//! Expressions, with Jinja's precedences.
use super::super::ast::{Args, Binary, Comparison, Expr, FilterCall, Node, TestCall};
use super::super::error::Error;
use super::super::lexer::Token;
use super::super::registry;
use super::{Parsed, Parser};
use std::sync::Arc;
use value::{Str, Value};

/// Levels of binary operators, loosest first.
const LEVELS: [&[(&str, Option<Binary>)]; 4] = [
    &[("+", Some(Binary::Add)), ("-", Some(Binary::Subtract))],
    &[("~", None)],
    &[
        ("*", Some(Binary::Multiply)),
        ("/", Some(Binary::Divide)),
        ("//", Some(Binary::FloorDivide)),
        ("%", Some(Binary::Modulo)),
    ],
    &[("**", Some(Binary::Power))],
];

fn below<'e>(parts: impl IntoIterator<Item = &'e Expr>) -> u16 {
    parts.into_iter().map(|part| part.height).max().unwrap_or(0)
}

impl Parser {
    /// One expression, or several with commas between them: a tuple.
    pub(super) fn tuple(&mut self, conditional: bool, ends: &[&str], in_parentheses: bool) -> Parsed<Expr> {
        let at = self.place();
        let (mut parts, mut is_tuple) = (Vec::new(), false);
        loop {
            if !parts.is_empty() {
                self.expect_sign(",")?;
            }
            if self.is_tuple_end(ends) {
                break;
            }
            parts.push(if conditional { self.expression()? } else { self.nested(Self::either)? });
            if !self.is_sign(",") {
                break;
            }
            is_tuple = true;
        }
        if is_tuple {
            return self.node(at, below(&parts), Node::Tuple(parts));
        }
        match parts.pop() {
            Some(only) => Ok(only),
            None if in_parentheses => self.node(at, 0, Node::Tuple(parts)),
            None => Err(self.fail(format!("Expected an expression, got '{}'", self.found()))),
        }
    }

    fn is_tuple_end(&self, ends: &[&str]) -> bool {
        let ended = matches!(self.peek(), Token::VariableEnd | Token::BlockEnd | Token::End) || self.is_sign(")");
        ended || ends.iter().any(|end| self.is_name(end))
    }

    pub(super) fn expression(&mut self) -> Parsed<Expr> {
        self.nested(Self::conditional)
    }

    fn conditional(&mut self) -> Parsed<Expr> {
        let at = self.place();
        let (start, told) = (self.at, self.faults.len());
        let mut then = self.either()?;
        if self.is_name("if") && self.branches == 0 {
            // Now known to stand below an `if`: read it again, so that what nobody knows may stand in it.
            self.at = start;
            self.faults.truncate(told);
            self.branches += 1;
            let again = self.either();
            self.branches -= 1;
            then = again?;
        }
        while self.skip_name("if") {
            self.branches += 1;
            let rest = self.condition_and_other();
            self.branches -= 1;
            let (test, other) = rest?;
            let height = below([&then, &test].into_iter().chain(other.as_ref()));
            let node = Node::If { test: Box::new(test), then: Box::new(then), other: other.map(Box::new) };
            then = self.node(at, height, node)?;
        }
        Ok(then)
    }

    fn condition_and_other(&mut self) -> Parsed<(Expr, Option<Expr>)> {
        let test = self.either()?;
        let other = if self.skip_name("else") { Some(self.nested(Self::conditional)?) } else { None };
        Ok((test, other))
    }

    /// `or`
    fn either(&mut self) -> Parsed<Expr> {
        let mut left = self.both()?;
        while self.is_name("or") {
            let at = self.place();
            self.advance();
            let right = self.both()?;
            left = self.node(at, below([&left, &right]), Node::Or(Box::new(left), Box::new(right)))?;
        }
        Ok(left)
    }

    /// `and`
    fn both(&mut self) -> Parsed<Expr> {
        let mut left = self.negation()?;
        while self.is_name("and") {
            let at = self.place();
            self.advance();
            let right = self.negation()?;
            left = self.node(at, below([&left, &right]), Node::And(Box::new(left), Box::new(right)))?;
        }
        Ok(left)
    }

    fn negation(&mut self) -> Parsed<Expr> {
        let at = self.place();
        if self.skip_name("not") {
            let inner = self.nested(Self::negation)?;
            return self.node(at, inner.height, Node::Not(Box::new(inner)));
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Parsed<Expr> {
        let first = self.binary(0)?;
        let at = self.place();
        let mut rest = Vec::new();
        while let Some(sign) = self.comparison_sign() {
            rest.push((sign, self.binary(0)?));
        }
        if rest.is_empty() {
            return Ok(first);
        }
        let height = below(rest.iter().map(|(_, part)| part)).max(first.height);
        self.node(at, height, Node::Compare(Box::new(first), rest))
    }

    fn comparison_sign(&mut self) -> Option<Comparison> {
        let sign = match self.peek() {
            Token::Sign("==") => Comparison::Equal,
            Token::Sign("!=") => Comparison::NotEqual,
            Token::Sign("<") => Comparison::Less,
            Token::Sign("<=") => Comparison::LessEqual,
            Token::Sign(">") => Comparison::Greater,
            Token::Sign(">=") => Comparison::GreaterEqual,
            Token::Name(name) if &**name == "in" => Comparison::In,
            Token::Name(name) if &**name == "not" => match self.ahead() {
                Token::Name(next) if &**next == "in" => {
                    self.advance();
                    Comparison::NotIn
                }
                _ => return None,
            },
            _ => return None,
        };
        self.advance();
        Some(sign)
    }

    fn binary(&mut self, level: usize) -> Parsed<Expr> {
        let Some(signs) = LEVELS.get(level) else { return self.unary(true) };
        let mut left = self.binary(level + 1)?;
        let mut joined = Vec::new();
        loop {
            let at = self.place();
            let found = match self.peek() {
                Token::Sign(sign) => signs.iter().find(|(known, _)| known == sign),
                _ => None,
            };
            let Some((_, operator)) = found else { break };
            self.advance();
            let right = self.binary(level + 1)?;
            match operator {
                Some(operator) => {
                    let height = below([&left, &right]);
                    left = self.node(at, height, Node::Binary(*operator, Box::new(left), Box::new(right)))?;
                }
                None => joined.push(right),
            }
        }
        if joined.is_empty() {
            return Ok(left);
        }
        joined.insert(0, left);
        self.node(joined[0].at, below(&joined), Node::Concat(joined))
    }

    fn unary(&mut self, with_filter: bool) -> Parsed<Expr> {
        let at = self.place();
        let inner = if self.is_sign("-") || self.is_sign("+") {
            let negative = self.is_sign("-");
            self.advance();
            let inner = self.nested(|parser| parser.unary(false))?;
            let height = inner.height;
            let inner = Box::new(inner);
            self.node(at, height, if negative { Node::Negate(inner) } else { Node::Plus(inner) })?
        } else {
            self.primary()?
        };
        let inner = self.postfix(inner)?;
        if with_filter { self.filters_and_tests(inner) } else { Ok(inner) }
    }

    fn primary(&mut self) -> Parsed<Expr> {
        let at = self.place();
        let node = match self.peek().clone() {
            Token::Name(name) => {
                self.advance();
                self.note_wanted(&name);
                match &*name {
                    "true" | "True" => Node::Constant(true.into()),
                    "false" | "False" => Node::Constant(false.into()),
                    "none" | "None" => Node::Constant(Value::Null),
                    _ => Node::Name(name),
                }
            }
            Token::Number(number) => {
                self.advance();
                Node::Constant(number)
            }
            Token::Literal(text) => {
                self.advance();
                let mut text = text;
                while let Token::Literal(more) = self.peek() {
                    text.push_str(more);
                    self.advance();
                }
                Node::Constant(text.into())
            }
            Token::Sign("(") => {
                self.advance();
                let inner = self.nested(|parser| parser.tuple(true, &[], true))?;
                self.expect_sign(")")?;
                return Ok(inner);
            }
            Token::Sign("[") => return self.nested(Self::list),
            Token::Sign("{") => return self.nested(Self::map),
            _ => return Err(self.fail(format!("unexpected '{}'", self.found()))),
        };
        self.node(at, 0, node)
    }

    /// A macro takes `varargs`, `kwargs` and `caller` only when its body names them.
    fn note_wanted(&mut self, name: &str) {
        self.loops += u32::from(name == "loop");
        if let Some(at) = ["varargs", "kwargs", "caller"].iter().position(|known| *known == name)
            && let Some(wanted) = self.wanted.last_mut()
        {
            wanted[at] = true;
        }
    }

    fn list(&mut self) -> Parsed<Expr> {
        let at = self.place();
        self.expect_sign("[")?;
        let mut items = Vec::new();
        while !self.is_sign("]") {
            if !items.is_empty() {
                self.expect_sign(",")?;
            }
            if self.is_sign("]") {
                break;
            }
            items.push(self.expression()?);
        }
        self.expect_sign("]")?;
        self.node(at, below(&items), Node::List(items))
    }

    fn map(&mut self) -> Parsed<Expr> {
        let at = self.place();
        self.expect_sign("{")?;
        let mut entries = Vec::new();
        while !self.is_sign("}") {
            if !entries.is_empty() {
                self.expect_sign(",")?;
            }
            if self.is_sign("}") {
                break;
            }
            let key = self.expression()?;
            self.expect_sign(":")?;
            entries.push((key, self.expression()?));
        }
        self.expect_sign("}")?;
        let height = below(entries.iter().flat_map(|(key, value)| [key, value]));
        self.node(at, height, Node::Map(entries))
    }

    fn postfix(&mut self, mut inner: Expr) -> Parsed<Expr> {
        loop {
            inner = match self.peek() {
                Token::Sign(".") => self.field(inner)?,
                Token::Sign("[") => self.nested(|parser| parser.subscript(inner))?,
                Token::Sign("(") => self.nested(|parser| parser.call(inner))?,
                _ => return Ok(inner),
            };
        }
    }

    fn field(&mut self, inner: Expr) -> Parsed<Expr> {
        self.advance();
        let at = self.place();
        let height = inner.height;
        match self.peek().clone() {
            Token::Name(name) => {
                self.advance();
                self.node(at, height, Node::Attribute(Box::new(inner), Str::from(&*name)))
            }
            Token::Number(number @ (Value::Int(_) | Value::Big(_))) => {
                self.advance();
                let key = self.node(at, 0, Node::Constant(number))?;
                self.node(at, height, Node::Item(Box::new(inner), Box::new(key)))
            }
            _ => Err(self.fail("expected name or number")),
        }
    }

    fn subscript(&mut self, inner: Expr) -> Parsed<Expr> {
        let at = self.place();
        self.expect_sign("[")?;
        if self.is_sign("]") {
            self.advance();
            let key = self.node(at, 0, Node::Tuple(Vec::new()))?;
            return self.node(at, inner.height, Node::Item(Box::new(inner), Box::new(key)));
        }
        let first = if self.is_sign(":") { None } else { Some(self.expression()?) };
        if self.is_sign(":") {
            return self.slice(at, inner, first);
        }
        let Some(mut key) = first else { return Err(self.expected("]")) };
        if self.is_sign(",") {
            let mut parts = vec![key];
            while self.skip_sign(",") && !self.is_sign("]") {
                parts.push(self.expression()?);
            }
            key = self.node(at, below(&parts), Node::Tuple(parts))?;
        }
        self.expect_sign("]")?;
        let height = below([&inner, &key]);
        self.node(at, height, Node::Item(Box::new(inner), Box::new(key)))
    }

    fn slice(&mut self, at: u32, inner: Expr, start: Option<Expr>) -> Parsed<Expr> {
        let mut bounds = [start, None, None];
        for bound in &mut bounds[1..] {
            if !self.skip_sign(":") {
                break;
            }
            if !self.is_sign(":") && !self.is_sign("]") {
                *bound = Some(self.expression()?);
            }
        }
        self.expect_sign("]")?;
        let height = below(bounds.iter().flatten()).max(inner.height);
        self.node(at, height, Node::Slice(Box::new(inner), Box::new(bounds)))
    }

    fn call(&mut self, inner: Expr) -> Parsed<Expr> {
        let at = inner.at;
        let args = self.arguments()?;
        let height = below(args.all()).max(inner.height);
        self.node(at, height, Node::Call(Box::new(inner), args))
    }

    pub(super) fn arguments(&mut self) -> Parsed<Args> {
        self.expect_sign("(")?;
        let mut args = Args::default();
        let mut first = true;
        while !self.is_sign(")") {
            if !first {
                self.expect_sign(",")?;
                if self.is_sign(")") {
                    break;
                }
            }
            first = false;
            self.argument(&mut args)?;
        }
        self.expect_sign(")")?;
        Ok(args)
    }

    fn argument(&mut self, args: &mut Args) -> Parsed<()> {
        let wrong = self.fail("invalid syntax for function call expression");
        if self.skip_sign("*") {
            let allowed = args.rest.is_none() && args.named_rest.is_none();
            args.rest = Some(Box::new(self.expression()?));
            return if allowed { Ok(()) } else { Err(wrong) };
        }
        if self.skip_sign("**") {
            let allowed = args.named_rest.is_none();
            args.named_rest = Some(Box::new(self.expression()?));
            return if allowed { Ok(()) } else { Err(wrong) };
        }
        if let (Token::Name(name), Token::Sign("=")) = (self.peek().clone(), self.ahead()) {
            self.advance();
            self.advance();
            let value = self.expression()?;
            args.named.push((name, value));
            return if args.named_rest.is_none() { Ok(()) } else { Err(wrong) };
        }
        if !args.named.is_empty() || args.rest.is_some() || args.named_rest.is_some() {
            return Err(wrong);
        }
        args.positional.push(self.expression()?);
        Ok(())
    }

    fn filters_and_tests(&mut self, mut inner: Expr) -> Parsed<Expr> {
        loop {
            inner = if self.is_sign("|") {
                self.advance();
                let at = self.place();
                let filter = self.filter()?;
                let height = below(filter.args.all()).max(inner.height);
                self.node(at, height, Node::Filter(Box::new(inner), filter))?
            } else if self.is_name("is") {
                self.test(inner)?
            } else if self.is_sign("(") {
                self.nested(|parser| parser.call(inner))?
            } else {
                return Ok(inner);
            };
        }
    }

    fn dotted_name(&mut self) -> Parsed<String> {
        let mut name = self.name()?.to_string();
        while self.skip_sign(".") {
            name.push('.');
            name.push_str(&self.name()?);
        }
        Ok(name)
    }

    /// A filter's name and arguments, after the `|`.
    pub(super) fn filter(&mut self) -> Parsed<FilterCall> {
        let at = self.place();
        let name = self.dotted_name()?;
        let entry = self.known(registry::filter(&name), at)?;
        let args = if self.is_sign("(") { self.nested(Self::arguments)? } else { Args::default() };
        Ok(FilterCall { at, entry, args })
    }

    /// Several filters, as `{% filter a | b %}` has them.
    pub(super) fn filter_chain(&mut self) -> Parsed<Vec<FilterCall>> {
        let mut filters = vec![self.filter()?];
        while self.skip_sign("|") {
            filters.push(self.filter()?);
        }
        Ok(filters)
    }

    /// What nobody knows is told at once, but the parser goes on: it may not be reached, or there may be more to tell.
    fn known<T>(&mut self, entry: Result<&'static T, Error>, at: u32) -> Parsed<Result<&'static T, Box<Error>>> {
        entry.map(Ok).or_else(|error| {
            if self.branches == 0 {
                self.faults.push((error.clone(), at));
            }
            Ok(Err(Box::new(error)))
        })
    }

    fn test(&mut self, inner: Expr) -> Parsed<Expr> {
        self.advance();
        let negated = self.skip_name("not");
        let at = self.place();
        let name = self.dotted_name()?;
        let entry = self.known(registry::test(&name), at)?;
        let args = if self.is_sign("(") {
            self.nested(Self::arguments)?
        } else if self.is_argument()? {
            let argument = self.nested(|parser| {
                let primary = parser.primary()?;
                parser.postfix(primary)
            })?;
            Args { positional: vec![argument], ..Args::default() }
        } else {
            Args::default()
        };
        let height = below(args.all()).max(inner.height);
        let test = self.node(at, height, Node::Test(Box::new(inner), TestCall { at, entry, args }))?;
        if negated { self.node(at, test.height, Node::Not(Box::new(test))) } else { Ok(test) }
    }

    /// Whether a test's argument stands here without parentheses.
    fn is_argument(&self) -> Parsed<bool> {
        match self.peek() {
            Token::Name(name) if &**name == "is" => Err(self.fail("You cannot chain multiple tests with is")),
            Token::Name(name) => Ok(!["else", "or", "and", "if", "in", "not", "recursive"].contains(&&**name)),
            Token::Literal(_) | Token::Number(_) | Token::Sign("(" | "[" | "{") => Ok(true),
            _ => Ok(false),
        }
    }

    pub(super) fn constant_name(name: &Arc<str>) -> Option<&'static str> {
        match &**name {
            "true" | "True" | "false" | "False" => Some("const"),
            "none" | "None" => Some("const"),
            _ => None,
        }
    }
}
