//! A query as words.
use super::Problem;
use value::{Str, Value};

#[derive(Clone, Debug, PartialEq)]
pub enum Token {
    Name(String),
    /// A name in double quotes: never a function.
    Quoted(String),
    Literal(Value),
    Number(i64),
    /// `.`, `[`, `[]`, `[?`, `||`, `==` ...
    Sign(&'static str),
    End,
}

const SIGNS: [&str; 25] = [
    "[?", "[]", "||", "&&", "==", "!=", "<=", ">=", ".", "*", ",", ":", "@", "(", ")", "{", "}", "]", "[", "|", "&",
    "<", ">", "!", "=",
];

/// Each word and where it begins, in bytes.
pub fn tokens(text: &str) -> Result<Vec<(Token, usize)>, Problem> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let (token, length) = match c {
            ' ' | '\t' | '\n' | '\r' => {
                at += 1;
                continue;
            }
            'a'..='z' | 'A'..='Z' | '_' => {
                let length = rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
                (Token::Name(rest[..length].into()), length)
            }
            '-' | '0'..='9' => number(rest, at)?,
            '"' => {
                let length = quoted(rest, '"', at)?;
                (Token::Quoted(json(&rest[..length], at)?.to_text()), length)
            }
            '\'' => {
                let length = quoted(rest, '\'', at)?;
                (Token::Literal(rest[1..length - 1].replace("\\'", "'").into()), length)
            }
            '`' => {
                let length = quoted(rest, '`', at)?;
                (Token::Literal(literal(&rest[1..length - 1])), length)
            }
            _ => match SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
                Some(&"=") => return Err(Problem(format!("Unknown token '=' at column {at}: a comparison is `==`"))),
                Some(sign) => (Token::Sign(sign), sign.len()),
                None => return Err(Problem(format!("Unknown token '{c}' at column {at}"))),
            },
        };
        tokens.push((token, at));
        at += length;
    }
    tokens.push((Token::End, text.len()));
    Ok(tokens)
}

fn number(rest: &str, at: usize) -> Result<(Token, usize), Problem> {
    let digits = rest[1..].bytes().take_while(u8::is_ascii_digit).count();
    match rest[..1 + digits].parse() {
        Ok(number) => Ok((Token::Number(number), 1 + digits)),
        Err(_) => Err(Problem(format!("Unknown token '{}' at column {at}", &rest[..1 + digits]))),
    }
}

/// How long the quoted text is, with its quotes.
fn quoted(rest: &str, quote: char, at: usize) -> Result<usize, Problem> {
    let mut escaped = false;
    for (end, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return Ok(end + 1),
            _ => {}
        }
    }
    Err(Problem(format!("Unclosed {quote} delimiter at column {at}")))
}

fn json(text: &str, at: usize) -> Result<Value, Problem> {
    let problem = |problem: crate::python::json::Problem| Problem(format!("{} at column {at}", problem.0));
    crate::python::json::read(text, &Str::from("")).map_err(problem)
}

/// What is no JSON is a text without its quotes, as old queries write it.
fn literal(text: &str) -> Value {
    let text = text.replace("\\`", "`");
    json(text.trim_start(), 0).unwrap_or_else(|_| text.trim_start().into())
}
