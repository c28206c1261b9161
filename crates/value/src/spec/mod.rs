//! Tables of arguments, and their one interpreter. A module declares its arguments once (`args!`); the same table coerces
//! loosely typed YAML, refuses what is unknown with a suggestion, documents, completes, and serves roles' argument specs.
mod check;
mod coerce;
mod declare;
mod suggest;

pub use check::{Complaint, ComplaintKind, check};
pub use coerce::{Refusal, coerce, to_bool};
pub use declare::{Args, FromValue, field, parse};
pub use suggest::nearest;

/// Types that an argument can have; the names are Ansible's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Str,
    Int,
    Float,
    Bool,
    /// A path on the machine where the module runs; `~` and variables are expanded there.
    Path,
    List,
    Dict,
    /// As it was written.
    Raw,
    /// A text that may be given as data: what is not a string becomes JSON.
    Json,
    /// `10M` as a number of bytes.
    Bytes,
    Bits,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Kind::Str => "str",
            Kind::Int => "int",
            Kind::Float => "float",
            Kind::Bool => "bool",
            Kind::Path => "path",
            Kind::List => "list",
            Kind::Dict => "dict",
            Kind::Raw => "raw",
            Kind::Json => "json",
            Kind::Bytes => "bytes",
            Kind::Bits => "bits",
        }
    }
}

/// One argument. The lifetime lets a role's spec, read at run time, use the same interpreter as the modules' static tables.
#[derive(Clone, Copy, Debug)]
pub struct Arg<'a> {
    pub name: &'a str,
    pub kind: Kind,
    /// What the items of a list are.
    pub elements: Option<Kind>,
    pub doc: &'a str,
    pub aliases: &'a [&'a str],
    pub choices: &'a [&'a str],
    /// As it would be written in a task.
    pub default: Option<&'a str>,
    pub required: bool,
    /// Never shown.
    pub secret: bool,
    /// Of a dict, or of the dicts in a list.
    pub options: Option<&'a Spec<'a>>,
}

/// All arguments of a module, or of a dict in them.
#[derive(Clone, Copy, Debug)]
pub struct Spec<'a> {
    pub doc: &'a str,
    pub args: &'a [Arg<'a>],
    pub rules: &'a [Rule<'a>],
}

/// What arguments demand of each other.
#[derive(Clone, Copy, Debug)]
pub enum Rule<'a> {
    MutuallyExclusive(&'a [&'a str]),
    RequiredOneOf(&'a [&'a str]),
    RequiredTogether(&'a [&'a str]),
    /// If the argument has this value, then all of these are required (or any of them).
    RequiredIf {
        arg: &'a str,
        is: &'a str,
        needs: &'a [&'a str],
        any: bool,
    },
    /// If the argument is there, then so are these.
    RequiredBy {
        arg: &'a str,
        needs: &'a [&'a str],
    },
}

impl<'a> Arg<'a> {
    pub const fn new(name: &'a str, kind: Kind, elements: Option<Kind>, doc: &'a str) -> Self {
        let (aliases, choices): (&[&str], &[&str]) = (&[], &[]);
        Self {
            name,
            kind,
            elements,
            doc,
            aliases,
            choices,
            default: None,
            required: false,
            secret: false,
            options: None,
        }
    }
    pub const fn required(self) -> Self {
        Self { required: true, ..self }
    }
    pub const fn secret(self) -> Self {
        Self { secret: true, ..self }
    }
    pub const fn default(self, default: &'a str) -> Self {
        Self { default: Some(default), ..self }
    }
    pub const fn aliases(self, aliases: &'a [&'a str]) -> Self {
        Self { aliases, ..self }
    }
    pub const fn choices(self, choices: &'a [&'a str]) -> Self {
        Self { choices, ..self }
    }
    /// For a type that does not tell it by itself.
    pub const fn kind(self, kind: Kind) -> Self {
        Self { kind, ..self }
    }
    pub const fn elements(self, kind: Kind) -> Self {
        Self { kind: Kind::List, elements: Some(kind), ..self }
    }
    pub const fn options(self, options: &'a Spec<'a>) -> Self {
        Self { options: Some(options), ..self }
    }

    pub fn has_name(&self, name: &str) -> bool {
        self.name == name || self.aliases.contains(&name)
    }
}

/// The name of a field without the `r#` that Rust may need.
pub const fn plain_name(field: &'static str) -> &'static str {
    match field.as_bytes() {
        [b'r', b'#', ..] => field.split_at(2).1,
        _ => field,
    }
}

impl<'a> Spec<'a> {
    pub fn arg(&self, name: &str) -> Option<&Arg<'a>> {
        self.args.iter().find(|arg| arg.has_name(name))
    }
}
