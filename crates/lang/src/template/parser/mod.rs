//! From tokens to statements. After a fault it goes on behind the tag it stood in, so that five typos show five.
mod expression;
mod operand;
mod plugin;
mod statement;

use super::ast::{Block, Expr, Node, Statement};
use super::error::{Error, Kind};
use super::lexer::{self, Lexed, Token};
use super::syntax::Syntax;
use std::sync::Arc;
use value::Value;

/// How deep expressions and statements may be nested, and how high the tree of one expression may grow.
const NESTING: u32 = 60;
const HEIGHT: u16 = 500;

/// A fault with its offset; none where the lexer told it already.
type Fault = Option<(Error, u32)>;
type Parsed<T> = Result<T, Fault>;

pub struct Parser {
    tokens: Vec<(Token, u32)>,
    at: usize,
    faults: Vec<(Error, u32)>,
    nesting: u32,
    /// Above zero below an `if`: what nobody knows is an error only when it is reached.
    branches: u32,
    /// What is open: the tags that are looked for, and the statement they close.
    open: Vec<(&'static [&'static str], &'static str)>,
    blocks: Vec<Arc<Block>>,
    /// The names that macros being parsed have asked for.
    wanted: Vec<[bool; 3]>,
    /// How often `loop` was asked for so far.
    loops: u32,
    /// How many loops are open here, where `break` and `continue` have one to act on.
    open_loops: u32,
}

pub struct Parsing {
    pub body: Vec<Statement>,
    pub blocks: Vec<Arc<Block>>,
    pub faults: Vec<(Error, u32)>,
}

pub fn template(text: &str, syntax: &Syntax) -> Parsing {
    let mut parser = Parser::new(lexer::template(text, syntax));
    let body = parser.body(&[]);
    Parsing { body, blocks: parser.blocks, faults: parser.faults }
}

/// A bare expression.
pub fn expression(text: &str, syntax: &Syntax) -> Result<Expr, Vec<(Error, u32)>> {
    let mut parser = Parser::new(lexer::expression(text, syntax));
    let parsed = parser.tuple(true, &[], false).and_then(|expression| match parser.peek() {
        Token::End => Ok(expression),
        _ => Err(parser.expected("end of expression")),
    });
    match parsed {
        Ok(expression) if parser.faults.is_empty() => Ok(expression),
        Ok(_) => Err(parser.faults),
        Err(fault) => {
            parser.faults.extend(fault);
            Err(parser.faults)
        }
    }
}

impl Parser {
    fn new(lexed: Lexed) -> Self {
        let Lexed { tokens, faults } = lexed;
        let (open, blocks, wanted) = (Vec::new(), Vec::new(), Vec::new());
        Self { tokens, at: 0, faults, nesting: 0, branches: 0, open, blocks, wanted, loops: 0, open_loops: 0 }
    }

    fn peek(&self) -> &Token {
        self.tokens.get(self.at).map_or(&Token::End, |(token, _)| token)
    }
    fn ahead(&self) -> &Token {
        self.tokens.get(self.at + 1).map_or(&Token::End, |(token, _)| token)
    }
    fn place(&self) -> u32 {
        let last = self.tokens.last().map_or(0, |(_, at)| *at);
        self.tokens.get(self.at).map_or(last, |(_, at)| *at)
    }
    fn advance(&mut self) {
        self.at += 1;
    }

    fn is_sign(&self, sign: &str) -> bool {
        matches!(self.peek(), Token::Sign(found) if *found == sign)
    }
    fn is_name(&self, name: &str) -> bool {
        matches!(self.peek(), Token::Name(found) if &**found == name)
    }
    fn skip_sign(&mut self, sign: &str) -> bool {
        let found = self.is_sign(sign);
        self.at += usize::from(found);
        found
    }
    fn skip_name(&mut self, name: &str) -> bool {
        let found = self.is_name(name);
        self.at += usize::from(found);
        found
    }

    fn expect_sign(&mut self, sign: &'static str) -> Parsed<()> {
        if self.skip_sign(sign) { Ok(()) } else { Err(self.expected(sign)) }
    }
    fn expect_name(&mut self, name: &str) -> Parsed<()> {
        if self.skip_name(name) { Ok(()) } else { Err(self.expected(name)) }
    }
    fn name(&mut self) -> Parsed<Arc<str>> {
        match self.peek() {
            Token::Name(name) => {
                let name = name.clone();
                self.advance();
                Ok(name)
            }
            _ => Err(self.expected("name")),
        }
    }

    fn fail(&self, message: impl Into<String>) -> Fault {
        self.fail_at(message, self.place())
    }
    fn fail_at(&self, message: impl Into<String>, at: u32) -> Fault {
        match self.peek() {
            Token::Bad => None,
            _ => Some((Error::new(Kind::Syntax, message), at)),
        }
    }
    fn expected(&self, what: &str) -> Fault {
        self.fail(format!("expected token '{what}', got '{}'", self.found()))
    }
    fn found(&self) -> String {
        match self.peek() {
            Token::Literal(_) => "string".into(),
            Token::Number(Value::Float(_)) => "float".into(),
            Token::Number(_) => "integer".into(),
            other => other.describe(),
        }
    }

    fn told(&mut self, fault: Fault) {
        self.faults.extend(fault);
    }

    fn node(&self, at: u32, below: u16, node: Node) -> Parsed<Expr> {
        if below >= HEIGHT {
            return Err(self.fail_at("the expression is too long", at));
        }
        Ok(Expr { at, height: below + 1, node })
    }

    /// Runs one level deeper.
    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.nesting >= NESTING {
            return Err(self.fail("the template is nested too deeply"));
        }
        self.nesting += 1;
        let parsed = parse(self);
        self.nesting -= 1;
        parsed
    }

    /// Statements up to one of the end tags, which stays to be read (its begin mark is read already).
    fn body(&mut self, ends: &[&str]) -> Vec<Statement> {
        let mut body = Vec::new();
        loop {
            match self.peek().clone() {
                Token::End => return body,
                Token::Text(text) => {
                    self.advance();
                    body.push(Statement::Text(text));
                }
                Token::VariableBegin => {
                    self.advance();
                    let parsed = self.tuple(true, &[], false).and_then(|expression| match self.peek() {
                        Token::VariableEnd => Ok(expression),
                        _ => Err(self.expected("end of print statement")),
                    });
                    self.keep(parsed.map(Statement::Output), &mut body, &Token::VariableEnd);
                }
                Token::BlockBegin => {
                    self.advance();
                    if ends.iter().any(|end| self.is_name(end)) {
                        return body;
                    }
                    let parsed = self.nested(Self::statement).and_then(|statement| match self.peek() {
                        Token::BlockEnd => Ok(statement),
                        _ => Err(self.expected("end of statement block")),
                    });
                    self.keep(parsed, &mut body, &Token::BlockEnd);
                }
                _ => self.advance(),
            }
        }
    }

    /// Takes a statement in and reads the end of its tag; after a fault, everything up to there.
    fn keep(&mut self, parsed: Parsed<Statement>, body: &mut Vec<Statement>, end: &Token) {
        match parsed {
            Ok(statement) => body.push(statement),
            Err(fault) => {
                self.told(fault);
                self.skip_to(end);
            }
        }
        self.advance();
    }

    fn skip_to(&mut self, end: &Token) {
        while self.peek() != end && !matches!(self.peek(), Token::End | Token::VariableBegin | Token::BlockBegin) {
            self.advance();
        }
        if self.peek() != end {
            self.at = self.at.saturating_sub(1);
        }
    }

    /// The rest of an opening tag and the statements up to one of `ends`, whose name is the next token (unless the text ended).
    fn block_body(&mut self, ends: &'static [&'static str], statement: &'static str) -> Parsed<Vec<Statement>> {
        self.skip_sign(":");
        match self.peek() {
            Token::BlockEnd => self.advance(),
            _ => {
                let fault = self.expected("end of statement block");
                self.told(fault);
                self.skip_to(&Token::BlockEnd);
                self.advance();
            }
        }
        self.open.push((ends, statement));
        let body = self.body(ends);
        if matches!(self.peek(), Token::End) {
            let fault = self.fail(format!("Unexpected end of template. {}", self.looking_for()));
            self.open.pop();
            return Err(fault);
        }
        self.open.pop();
        Ok(body)
    }

    fn looking_for(&self) -> String {
        let Some((ends, statement)) = self.open.last() else { return String::new() };
        let ends: Vec<String> = ends.iter().map(|end| format!("'{end}'")).collect();
        format!(
            "Jinja was looking for the following tags: {}. The innermost block that needs to be closed is '{statement}'.",
            ends.join(" or ")
        )
    }
}
