//! Nothing that a person or a host can write may panic: random texts and random expressions, from fixed seeds.
use lang::template::{Expression, Syntax, Template, render_value};
use value::{Map, Str, Value};

/// A small generator (xorshift), so that a failing seed says everything.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }
    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
}

const PIECES: [&str; 96] = [
    "{{",
    "}}",
    "{%",
    "%}",
    "{#",
    "#}",
    "{{-",
    "-}}",
    "{%-",
    "-%}",
    "{%+",
    "+%}",
    " ",
    " ",
    " ",
    "\n",
    "\n",
    "\r\n",
    "\t",
    "if",
    "elif",
    "else",
    "endif",
    "for",
    "in",
    "endfor",
    "recursive",
    "loop",
    "set",
    "endset",
    "macro",
    "endmacro",
    "call",
    "endcall",
    "caller",
    "block",
    "endblock",
    "extends",
    "include",
    "import",
    "from",
    "as",
    "with",
    "without",
    "context",
    "endwith",
    "raw",
    "endraw",
    "do",
    "break",
    "continue",
    "filter",
    "endfilter",
    "is",
    "not",
    "and",
    "or",
    "a",
    "b.c",
    "x",
    "_",
    "é",
    "😀",
    "'",
    "\"",
    "'s'",
    "\"t\"",
    "\\",
    "1",
    "0",
    "2.5",
    "1e9",
    "0x",
    "99999999999999999999",
    "+",
    "-",
    "*",
    "**",
    "/",
    "//",
    "%",
    "~",
    "|",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    ".",
    "=",
    "==",
    "<",
    "!",
];

const SYNTAXES: [Syntax; 2] = [Syntax::PLAYBOOK, Syntax::FILE];

#[test]
fn arbitrary_texts_are_compiled_or_refused() {
    let odd = Syntax {
        line_statement: Some("%%".into()),
        line_comment: Some("##".into()),
        lstrip_blocks: true,
        ..Syntax::FILE
    };
    for seed in 1..20_000_u64 {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let text: String = (0..random.below(30)).map(|_| random.one(&PIECES)).collect();
        for syntax in SYNTAXES.iter().chain([&odd]) {
            if let Ok(template) = Template::compile(&text, None, syntax) {
                let _ = template.render(&Map::new());
            }
        }
        let _ = Expression::compile(&text, None).map(|expression| expression.evaluate(&Map::new()));
    }
}

const NAMES: [&str; 14] = ["i", "neg", "big", "f", "nan", "s", "e", "l", "m", "t", "nope", "b", "none", "range"];
const METHODS: [&str; 40] = [
    "split",
    "rsplit",
    "join",
    "format",
    "replace",
    "strip",
    "startswith",
    "find",
    "rindex",
    "count",
    "center",
    "zfill",
    "partition",
    "expandtabs",
    "encode",
    "translate",
    "maketrans",
    "title",
    "splitlines",
    "upper",
    "get",
    "items",
    "keys",
    "update",
    "setdefault",
    "pop",
    "popitem",
    "copy",
    "clear",
    "append",
    "extend",
    "insert",
    "remove",
    "index",
    "sort",
    "reverse",
    "bit_length",
    "as_integer_ratio",
    "hex",
    "nothing",
];
const SIGNS: [&str; 20] = [
    "+", "-", "*", "/", "//", "%", "**", "~", "==", "!=", "<", "<=", ">", ">=", "in", "not in", "and", "or", "if", "+",
];

fn expression(random: &mut Random, depth: usize) -> String {
    if depth == 0 {
        return match random.below(4) {
            0 => random
                .one(&[
                    "0",
                    "1",
                    "-1",
                    "2",
                    "9223372036854775807",
                    "1.5",
                    "''",
                    "'%s'",
                    "'{}'",
                    "'{0:>5}'",
                    "'é😀'",
                    "[]",
                    "{}",
                ])
                .into(),
            _ => random.one(&NAMES).into(),
        };
    }
    let inner = |random: &mut Random| expression(random, depth - 1);
    match random.below(10) {
        0..=3 => {
            let (one, sign, two) = (inner(random), random.one(&SIGNS), inner(random));
            format!("({one} {sign} {two})")
        }
        4 => format!("[{}, {}]", inner(random), inner(random)),
        5 => format!("{{'k': {}, {}: 1}}", inner(random), inner(random)),
        6 => format!("{}[{}]", inner(random), inner(random)),
        7 => format!("{}[{}:{}:{}]", inner(random), inner(random), inner(random), inner(random)),
        8 => {
            let (of, method) = (inner(random), random.one(&METHODS));
            let count = random.below(4);
            let arguments: Vec<String> = (0..count).map(|_| inner(random)).collect();
            format!("{of}.{method}({})", arguments.join(", "))
        }
        _ => format!("({}{})", random.one(&["not ", "-", "+"]), inner(random)),
    }
}

#[test]
fn random_expressions_are_evaluated_or_refused() {
    let big = Value::from(num_bigint::BigInt::from(7).pow(60));
    let scope: Map = [
        ("i", Value::Int(7)),
        ("neg", Value::Int(i64::MIN)),
        ("big", big),
        ("f", Value::Float(2.5)),
        ("nan", Value::Float(f64::NAN)),
        ("s", "héllo %d wörld {x}".into()),
        ("e", "".into()),
        ("l", Value::list([3.into(), 1.into(), "x".into()])),
        ("m", Value::map([("a", 1), ("b", 2)])),
        ("t", Value::Tuple(std::sync::Arc::new(vec![1.into(), Value::Null]))),
        ("b", Value::Bool(true)),
    ]
    .into_iter()
    .collect();
    for seed in 1..30_000_u64 {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let depth = 1 + random.below(3);
        let text = format!("{{{{ {} }}}}", expression(&mut random, depth));
        let _ = render_value(&Value::Str(Str::trusted(text, None)), &scope);
    }
}
