//! What operators stand between: names, literals, and the fields, items and calls that follow them.
use super::super::ast::{Args, Expr, Node};
use super::super::lexer::Token;
use super::expression::below;
use super::{Parsed, Parser};
use value::{Str, Value};

impl Parser {
    pub(super) fn primary(&mut self) -> Parsed<Expr> {
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

    pub(super) fn postfix(&mut self, mut inner: Expr) -> Parsed<Expr> {
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

    pub(super) fn call(&mut self, inner: Expr) -> Parsed<Expr> {
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
}
