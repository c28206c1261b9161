//! Filters and tests behind an operand.
use super::super::ast::{Args, Expr, FilterCall, Node, TestCall};
use super::super::error::Error;
use super::super::lexer::Token;
use super::super::registry;
use super::expression::below;
use super::{Parsed, Parser};
use std::sync::Arc;

impl Parser {
    pub(super) fn filters_and_tests(&mut self, mut inner: Expr) -> Parsed<Expr> {
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
