//! `'{0} has {count:>5}'.format(name, count=3)`
use super::super::call::Arguments;
use super::super::error::Stop;
use super::super::eval::Evaluation;
use super::super::methods::time;
use super::number::Spec;
use value::{Str, Value};

/// How deep a specification may hold fields of its own.
const NESTING: usize = 2;

pub fn format(template: &Str, arguments: &Arguments, evaluation: &Evaluation) -> Result<Str, Stop> {
    let mut formatting = Formatting { arguments, evaluation, next: 0, secret: template.is_secret() };
    let text = formatting.run(template, NESTING)?;
    Ok(Str::from(text).with_secrecy(formatting.secret))
}

struct Formatting<'f> {
    arguments: &'f Arguments,
    evaluation: &'f Evaluation<'f>,
    next: usize,
    secret: bool,
}

impl Formatting<'_> {
    fn run(&mut self, template: &str, nesting: usize) -> Result<String, Stop> {
        if nesting == 0 {
            return Err(Stop::of_value("Max string recursion exceeded"));
        }
        let mut out = String::new();
        let mut rest = template;
        while let Some(at) = rest.find(['{', '}']) {
            out.push_str(&rest[..at]);
            let mark = &rest[at..=at];
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix(mark) {
                out.push_str(mark);
                rest = after;
            } else if mark == "}" {
                return Err(Stop::of_value("Single '}' encountered in format string"));
            } else {
                let end = field_end(rest)?;
                out.push_str(&self.field(&rest[..end], nesting)?);
                rest = &rest[end + 1..];
            }
        }
        out.push_str(rest);
        Ok(out)
    }

    /// `name.attribute[key]!r:spec`
    fn field(&mut self, field: &str, nesting: usize) -> Result<String, Stop> {
        let split = field.find(['!', ':']).unwrap_or(field.len());
        let (path, rest) = field.split_at(split);
        let mut value = self.value(path)?;
        let mut spec = rest;
        if let Some(conversion) = rest.strip_prefix('!') {
            let kind = conversion.chars().next().ok_or_else(|| Stop::of_value("unmatched '{' in format spec"))?;
            spec = &conversion[kind.len_utf8()..];
            value = match kind {
                's' => self.evaluation.text(&value)?.into(),
                'r' | 'a' => self.evaluation.settled(&value)?.to_repr().into(),
                other => {
                    let message = format!("Unknown conversion specifier '{other}'");
                    return Err(Stop::of_value(message));
                }
            };
        }
        let spec = self.run(spec.strip_prefix(':').unwrap_or(spec), nesting - 1 + usize::from(!spec.contains('{')))?;
        self.secret |= value.holds_secret();
        match &value {
            Value::DateTime(moment) if !spec.is_empty() => Ok(time::strftime(moment, &spec)),
            value if spec.is_empty() => Ok(self.evaluation.text(value)?.to_string()),
            value => Spec::parse(&spec)?.format(value),
        }
    }

    fn value(&mut self, path: &str) -> Result<Value, Stop> {
        let end = path.find(['.', '[']).unwrap_or(path.len());
        let (first, mut rest) = path.split_at(end);
        let mut value = self.first(first)?;
        while !rest.is_empty() {
            if let Some(field) = rest.strip_prefix('.') {
                let end = field.find(['.', '[']).unwrap_or(field.len());
                value = self.evaluation.attribute(&value, &field[..end].into())?;
                rest = &field[end..];
            } else {
                let inner = rest.strip_prefix('[').unwrap_or(rest);
                let (key, after) =
                    inner.split_once(']').ok_or_else(|| Stop::of_value("Missing ']' in format string"))?;
                let key = key.parse::<i64>().map_or_else(|_| key.into(), Value::Int);
                value = self.evaluation.item(&value, &key)?;
                rest = after;
            }
        }
        self.evaluation.settled(&value)
    }

    fn first(&mut self, name: &str) -> Result<Value, Stop> {
        let index = if name.is_empty() {
            self.next += 1;
            Some(self.next - 1)
        } else {
            name.parse().ok()
        };
        match index {
            Some(index) => self.arguments.positional.get(index).cloned().ok_or_else(|| {
                Stop::of_value(format!("Replacement index {index} out of range for positional args tuple"))
            }),
            None => {
                let found = self.arguments.named.iter().find(|(known, _)| &**known == name);
                let found = found.map(|(_, value)| value.clone());
                found.ok_or_else(|| Stop::of_value(Value::from(name).to_repr()))
            }
        }
    }
}

/// Where the field ends that begins here: its specification may hold others.
fn field_end(rest: &str) -> Result<usize, Stop> {
    let mut depth = 0;
    for (at, c) in rest.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => return Ok(at),
            '}' => depth -= 1,
            _ => {}
        }
    }
    Err(Stop::of_value("expected '}' before end of string"))
}
