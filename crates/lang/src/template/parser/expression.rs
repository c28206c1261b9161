//! Expressions, with Jinja's precedences.
use super::super::ast::{Binary, Comparison, Expr, Node};
use super::super::lexer::Token;
use super::{Parsed, Parser};

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

pub(super) fn below<'e>(parts: impl IntoIterator<Item = &'e Expr>) -> u16 {
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
}
