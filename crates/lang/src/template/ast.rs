//! What the parser makes of a text: statements and expressions, each with its place as an offset into the text.
use super::error::Error;
use super::registry::{Entry, TestEntry};
use std::sync::Arc;
use value::{Str, Value};

#[derive(Debug)]
pub struct Expr {
    pub at: u32,
    /// How deep the tree below is; bounded, so that walking it is safe.
    pub height: u16,
    pub node: Node,
}

#[derive(Debug)]
pub enum Node {
    Constant(Value),
    Name(Arc<str>),
    List(Vec<Expr>),
    Tuple(Vec<Expr>),
    Map(Vec<(Expr, Expr)>),
    Attribute(Box<Expr>, Str),
    Item(Box<Expr>, Box<Expr>),
    Slice(Box<Expr>, Box<[Option<Expr>; 3]>),
    Call(Box<Expr>, Args),
    Filter(Box<Expr>, FilterCall),
    Test(Box<Expr>, TestCall),
    Not(Box<Expr>),
    Negate(Box<Expr>),
    Plus(Box<Expr>),
    And(Box<Expr>, Box<Expr>),
    Or(Box<Expr>, Box<Expr>),
    Binary(Binary, Box<Expr>, Box<Expr>),
    Concat(Vec<Expr>),
    Compare(Box<Expr>, Vec<(Comparison, Expr)>),
    If { test: Box<Expr>, then: Box<Expr>, other: Option<Box<Expr>> },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binary {
    Add,
    Subtract,
    Multiply,
    Divide,
    FloorDivide,
    Modulo,
    Power,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    In,
    NotIn,
}

#[derive(Debug, Default)]
pub struct Args {
    pub positional: Vec<Expr>,
    pub named: Vec<(Arc<str>, Expr)>,
    /// `*args` and `**kwargs`
    pub rest: Option<Box<Expr>>,
    pub named_rest: Option<Box<Expr>>,
}

impl Args {
    pub fn all(&self) -> impl Iterator<Item = &Expr> {
        let named = self.named.iter().map(|(_, value)| value);
        let rest = self.rest.as_deref().into_iter().chain(self.named_rest.as_deref());
        self.positional.iter().chain(named).chain(rest)
    }
}

/// Below an `if` a filter that nobody knows is an error only when it is reached.
pub type Known<T> = Result<&'static T, Box<Error>>;

pub struct FilterCall {
    pub at: u32,
    pub entry: Known<Entry>,
    pub args: Args,
}

pub struct TestCall {
    pub at: u32,
    pub entry: Known<TestEntry>,
    pub args: Args,
}

impl std::fmt::Debug for FilterCall {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(f, "{}{:?}", self.entry.as_ref().map_or("?", |entry| entry.name), self.args)
    }
}
impl std::fmt::Debug for TestCall {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(f, "{}{:?}", self.entry.as_ref().map_or("?", |entry| entry.name), self.args)
    }
}

#[derive(Debug)]
pub enum Target {
    Name(Arc<str>),
    /// `namespace.name`
    Field {
        at: u32,
        object: Arc<str>,
        field: Arc<str>,
    },
    Tuple {
        at: u32,
        targets: Vec<Target>,
    },
}

#[derive(Debug)]
pub enum Statement {
    Text(Str),
    Output(Expr),
    /// The branches in their order; the last is `else`, if there is one.
    If(Vec<(Option<Expr>, Vec<Statement>)>),
    For(Arc<For>),
    Set(Target, Expr),
    SetBlock {
        target: Target,
        filters: Vec<FilterCall>,
        body: Vec<Statement>,
    },
    With {
        targets: Vec<(Target, Expr)>,
        body: Vec<Statement>,
    },
    Macro(Arc<Macro>),
    CallBlock {
        call: Expr,
        caller: Arc<Macro>,
    },
    FilterBlock {
        filters: Vec<FilterCall>,
        body: Vec<Statement>,
    },
    Block(Arc<Block>),
    Extends(Expr),
    Include {
        name: Expr,
        ignore_missing: bool,
        with_context: bool,
    },
    Import {
        name: Expr,
        target: Arc<str>,
        with_context: bool,
    },
    From {
        name: Expr,
        names: Vec<(Arc<str>, Arc<str>)>,
        with_context: bool,
    },
    Do(Expr),
    Group(Vec<Statement>),
    Break,
    Continue,
}

#[derive(Debug)]
pub struct For {
    pub target: Target,
    pub iterable: Expr,
    pub filter: Option<Expr>,
    pub body: Vec<Statement>,
    pub other: Vec<Statement>,
    pub recursive: bool,
    /// Whether anything in the body can ask for `loop`.
    pub uses_loop: bool,
}

#[derive(Debug)]
pub struct Macro {
    pub name: Arc<str>,
    pub parameters: Vec<(Arc<str>, Option<Expr>)>,
    pub body: Vec<Statement>,
    /// Whether the body asks for `varargs`, `kwargs` or `caller`: only then are they taken.
    pub takes_varargs: bool,
    pub takes_kwargs: bool,
    pub takes_caller: bool,
}

#[derive(Debug)]
pub struct Block {
    pub at: u32,
    pub name: Arc<str>,
    pub body: Vec<Statement>,
    pub scoped: bool,
    pub required: bool,
}
