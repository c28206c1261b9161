//! A query as a tree, by binding powers.
use super::Problem;
use super::lexer::{Token, tokens};
use value::Value;

#[derive(Clone, Debug)]
pub enum Expression {
    Current,
    Literal(Value),
    Field(String),
    Index(i64),
    Slice(Option<i64>, Option<i64>, Option<i64>),
    Sub(Box<Expression>, Box<Expression>),
    Pipe(Box<Expression>, Box<Expression>),
    Projection(Box<Expression>, Box<Expression>),
    ValueProjection(Box<Expression>, Box<Expression>),
    /// What is filtered, what follows, the condition.
    FilterProjection(Box<Expression>, Box<Expression>, Box<Expression>),
    Flatten(Box<Expression>),
    List(Vec<Expression>),
    Hash(Vec<(String, Expression)>),
    Or(Box<Expression>, Box<Expression>),
    And(Box<Expression>, Box<Expression>),
    Not(Box<Expression>),
    Compare(Comparison, Box<Expression>, Box<Expression>),
    Call(String, Vec<Expression>),
    /// `&age`: an expression that a function evaluates.
    Reference(Box<Expression>),
}

#[derive(Clone, Copy, Debug)]
pub enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// Deeper queries are refused, so that none can exhaust the stack.
const DEPTH: usize = 200;
/// What binds less than this ends a projection.
const PROJECTION: u8 = 10;

fn power(token: &Token) -> u8 {
    match token {
        Token::Sign("|") => 1,
        Token::Sign("||") => 2,
        Token::Sign("&&") => 3,
        Token::Sign("==" | "!=" | "<" | "<=" | ">" | ">=") => 5,
        Token::Sign("[]") => 9,
        Token::Sign("*") => 20,
        Token::Sign("[?") => 21,
        Token::Sign(".") => 40,
        Token::Sign("!") => 45,
        Token::Sign("{") => 50,
        Token::Sign("[") => 55,
        Token::Sign("(") => 60,
        _ => 0,
    }
}

pub fn parse(text: &str) -> Result<Expression, Problem> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0, depth: 0 };
    if parser.tokens.len() == 1 {
        return Err(Problem("Invalid JMESPath expression: the query is empty".into()));
    }
    let expression = parser.expression(0)?;
    match parser.peek() {
        Token::End => Ok(expression),
        _ => Err(parser.unexpected()),
    }
}

struct Parser {
    tokens: Vec<(Token, usize)>,
    at: usize,
    depth: usize,
}

fn boxed(expression: Expression) -> Box<Expression> {
    Box::new(expression)
}

impl Parser {
    fn peek(&self) -> &Token {
        &self.tokens[self.at.min(self.tokens.len() - 1)].0
    }

    fn ahead(&self, count: usize) -> &Token {
        &self.tokens[(self.at + count).min(self.tokens.len() - 1)].0
    }

    fn next(&mut self) -> Token {
        let token = self.peek().clone();
        self.at += 1;
        token
    }

    fn unexpected(&self) -> Problem {
        let at = self.tokens[self.at.min(self.tokens.len() - 1)].1;
        match self.peek() {
            Token::End => Problem(format!("Invalid JMESPath expression: unexpected end at column {at}")),
            token => Problem(format!("Invalid JMESPath expression: unexpected {} at column {at}", describe(token))),
        }
    }

    fn expect(&mut self, sign: &'static str) -> Result<(), Problem> {
        match self.peek() {
            Token::Sign(found) if *found == sign => {
                self.at += 1;
                Ok(())
            }
            _ => Err(self.unexpected()),
        }
    }

    fn is(&self, sign: &str) -> bool {
        matches!(self.peek(), Token::Sign(found) if *found == sign)
    }

    fn expression(&mut self, binding: u8) -> Result<Expression, Problem> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(Problem("Invalid JMESPath expression: it is nested too deeply".into()));
        }
        let mut left = self.prefix()?;
        while binding < power(self.peek()) {
            left = self.infix(left)?;
        }
        self.depth -= 1;
        Ok(left)
    }

    fn prefix(&mut self) -> Result<Expression, Problem> {
        let start = self.at;
        let token = self.next();
        Ok(match token {
            Token::Literal(value) => Expression::Literal(value),
            Token::Name(name) => Expression::Field(name),
            Token::Quoted(name) => match self.peek() {
                Token::Sign("(") => return Err(Problem("Quoted identifiers cannot be used as function names".into())),
                _ => Expression::Field(name),
            },
            Token::Sign("@") => Expression::Current,
            Token::Sign("*") => {
                let right = if self.is("]") { Expression::Current } else { self.projected(20)? };
                Expression::ValueProjection(boxed(Expression::Current), boxed(right))
            }
            Token::Sign("[?") => self.filter(Expression::Current)?,
            Token::Sign("{") => self.hash()?,
            Token::Sign("(") => {
                let inner = self.expression(0)?;
                self.expect(")")?;
                inner
            }
            Token::Sign("[]") => {
                let left = Expression::Flatten(boxed(Expression::Current));
                Expression::Projection(boxed(left), boxed(self.projected(9)?))
            }
            Token::Sign("!") => Expression::Not(boxed(self.expression(45)?)),
            Token::Sign("&") => Expression::Reference(boxed(self.expression(0)?)),
            Token::Sign("[") => match (self.peek(), self.ahead(1)) {
                (Token::Number(_) | Token::Sign(":"), _) => self.index(Expression::Current)?,
                (Token::Sign("*"), Token::Sign("]")) => {
                    self.at += 2;
                    Expression::Projection(boxed(Expression::Current), boxed(self.projected(20)?))
                }
                _ => self.list()?,
            },
            _ => {
                self.at = start;
                return Err(self.unexpected());
            }
        })
    }

    fn infix(&mut self, left: Expression) -> Result<Expression, Problem> {
        let token = self.next();
        let Token::Sign(sign) = token else {
            self.at -= 1;
            return Err(self.unexpected());
        };
        Ok(match sign {
            "." if self.is("*") => {
                self.at += 1;
                Expression::ValueProjection(boxed(left), boxed(self.projected(20)?))
            }
            "." => Expression::Sub(boxed(left), boxed(self.after_dot(40)?)),
            "|" => Expression::Pipe(boxed(left), boxed(self.expression(1)?)),
            "||" => Expression::Or(boxed(left), boxed(self.expression(2)?)),
            "&&" => Expression::And(boxed(left), boxed(self.expression(3)?)),
            "==" => self.compare(Comparison::Equal, left)?,
            "!=" => self.compare(Comparison::NotEqual, left)?,
            "<" => self.compare(Comparison::Less, left)?,
            "<=" => self.compare(Comparison::LessOrEqual, left)?,
            ">" => self.compare(Comparison::Greater, left)?,
            ">=" => self.compare(Comparison::GreaterOrEqual, left)?,
            "[?" => self.filter(left)?,
            "[]" => {
                let left = Expression::Flatten(boxed(left));
                Expression::Projection(boxed(left), boxed(self.projected(9)?))
            }
            "(" => self.call(left)?,
            "[" if matches!(self.peek(), Token::Number(_) | Token::Sign(":")) => self.index(left)?,
            "[" => {
                self.expect("*")?;
                self.expect("]")?;
                Expression::Projection(boxed(left), boxed(self.projected(20)?))
            }
            _ => {
                self.at -= 1;
                return Err(self.unexpected());
            }
        })
    }

    fn compare(&mut self, sign: Comparison, left: Expression) -> Result<Expression, Problem> {
        Ok(Expression::Compare(sign, boxed(left), boxed(self.expression(5)?)))
    }

    /// What a projection does to each item.
    fn projected(&mut self, binding: u8) -> Result<Expression, Problem> {
        match self.peek() {
            token if power(token) < PROJECTION => Ok(Expression::Current),
            Token::Sign("[" | "[?") => self.expression(binding),
            Token::Sign(".") => {
                self.at += 1;
                self.after_dot(binding)
            }
            _ => Err(self.unexpected()),
        }
    }

    fn after_dot(&mut self, binding: u8) -> Result<Expression, Problem> {
        match self.peek() {
            Token::Name(_) | Token::Quoted(_) | Token::Sign("*") => self.expression(binding),
            Token::Sign("[") => {
                self.at += 1;
                self.list()
            }
            Token::Sign("{") => {
                self.at += 1;
                self.hash()
            }
            _ => Err(self.unexpected()),
        }
    }

    fn filter(&mut self, left: Expression) -> Result<Expression, Problem> {
        let condition = self.expression(0)?;
        self.expect("]")?;
        let right = if self.is("[]") { Expression::Current } else { self.projected(21)? };
        Ok(Expression::FilterProjection(boxed(left), boxed(right), boxed(condition)))
    }

    /// Behind `[`: an index, or a slice, which is a projection.
    fn index(&mut self, left: Expression) -> Result<Expression, Problem> {
        if let (Token::Number(index), Token::Sign("]")) = (self.peek().clone(), self.ahead(1)) {
            self.at += 2;
            return Ok(Expression::Sub(boxed(left), boxed(Expression::Index(index))));
        }
        let mut parts = [None; 3];
        let mut part = 0;
        loop {
            match self.peek().clone() {
                Token::Sign("]") => break,
                Token::Sign(":") if part < 2 => part += 1,
                Token::Number(number) if parts[part].is_none() => parts[part] = Some(number),
                _ => return Err(self.unexpected()),
            }
            self.at += 1;
        }
        self.expect("]")?;
        let slice = Expression::Sub(boxed(left), boxed(Expression::Slice(parts[0], parts[1], parts[2])));
        Ok(Expression::Projection(boxed(slice), boxed(self.projected(20)?)))
    }

    fn list(&mut self) -> Result<Expression, Problem> {
        let mut items = vec![self.expression(0)?];
        while self.is(",") {
            self.at += 1;
            items.push(self.expression(0)?);
        }
        self.expect("]")?;
        Ok(Expression::List(items))
    }

    fn hash(&mut self) -> Result<Expression, Problem> {
        let mut entries = Vec::new();
        loop {
            let (Token::Name(name) | Token::Quoted(name)) = self.peek().clone() else {
                return Err(self.unexpected());
            };
            self.at += 1;
            self.expect(":")?;
            entries.push((name, self.expression(0)?));
            if self.is("}") {
                self.at += 1;
                return Ok(Expression::Hash(entries));
            }
            self.expect(",")?;
        }
    }

    fn call(&mut self, function: Expression) -> Result<Expression, Problem> {
        let Expression::Field(name) = function else {
            self.at -= 1;
            return Err(self.unexpected());
        };
        let mut arguments = Vec::new();
        while !self.is(")") {
            arguments.push(self.expression(0)?);
            if self.is(",") {
                self.at += 1;
            } else if !self.is(")") {
                return Err(self.unexpected());
            }
        }
        self.at += 1;
        Ok(Expression::Call(name, arguments))
    }
}

fn describe(token: &Token) -> String {
    match token {
        Token::Name(name) | Token::Quoted(name) => format!("'{name}'"),
        Token::Literal(value) => format!("literal {}", value.to_repr()),
        Token::Number(number) => format!("number {number}"),
        Token::Sign(sign) => format!("'{sign}'"),
        Token::End => "end".into(),
    }
}
