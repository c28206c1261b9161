//! `'%s has %05.1f' % (name, number)`
use super::super::error::Stop;
use super::number::{Spec, size};
use num_bigint::BigInt;
use value::{Str, Value};

pub fn format(template: &Str, values: &Value) -> Result<Str, Stop> {
    let mut secret = template.is_secret();
    let mut out = String::with_capacity(template.len() + 16);
    let mut source = Source { values, next: 0, secret: &mut secret };
    let mut rest = template.as_str();
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        rest = conversion(&rest[at + 1..], &mut source, &mut out)?;
    }
    out.push_str(rest);
    source.all_used()?;
    Ok(Str::from(out).with_secrecy(secret))
}

struct Source<'v> {
    values: &'v Value,
    next: usize,
    secret: &'v mut bool,
}

impl Source<'_> {
    fn take(&mut self) -> Result<Value, Stop> {
        let value = match self.values {
            Value::Tuple(items) => items.get(self.next).cloned(),
            single => (self.next == 0).then(|| single.clone()),
        };
        self.next += 1;
        let value = value.ok_or_else(|| Stop::of_type("not enough arguments for format string"))?;
        *self.secret |= value.holds_secret();
        Ok(value)
    }

    fn named(&mut self, name: &str) -> Result<Value, Stop> {
        let Value::Map(map) = self.values else { return Err(Stop::of_type("format requires a mapping")) };
        let value = map.get(name).cloned();
        let value = value.ok_or_else(|| Stop::of_value(Value::from(name).to_repr()))?;
        *self.secret |= value.holds_secret();
        Ok(value)
    }

    fn all_used(&self) -> Result<(), Stop> {
        let left = match self.values {
            Value::Tuple(items) => self.next < items.len(),
            Value::Map(_) | Value::List(_) => false,
            _ => self.next == 0,
        };
        if left { Err(Stop::of_type("not all arguments converted during string formatting")) } else { Ok(()) }
    }
}

/// One conversion, after its percent sign; gives what follows it.
fn conversion<'r>(text: &'r str, source: &mut Source, out: &mut String) -> Result<&'r str, Stop> {
    let mut rest = text;
    let mut named = None;
    if let Some(inner) = rest.strip_prefix('(') {
        let (name, after) = inner.split_once(')').ok_or_else(|| Stop::of_value("incomplete format key"))?;
        named = Some(source.named(name)?);
        rest = after;
    }
    let mut spec = Spec::default();
    while let Some(flag) = rest.chars().next().filter(|c| "-+ #0".contains(*c)) {
        match flag {
            '-' => spec.align = Some('<'),
            '#' => spec.alternate = true,
            '0' => spec.zero = true,
            sign if spec.sign != Some('+') => spec.sign = Some(sign),
            _ => {}
        }
        rest = &rest[1..];
    }
    (spec.width, rest) = amount(rest, source, &mut spec)?;
    if let Some(after) = rest.strip_prefix('.') {
        let (precision, after) = amount(after, source, &mut Spec::default())?;
        (spec.precision, rest) = (Some(precision), after);
    }
    rest = rest.trim_start_matches(['h', 'l', 'L']);
    let kind = rest.chars().next().ok_or_else(|| Stop::of_value("incomplete format"))?;
    if kind == '%' {
        out.push('%');
        return Ok(&rest[1..]);
    }
    let value = match named {
        Some(value) => value,
        None => source.take()?,
    };
    out.push_str(&converted(kind, &value, spec)?);
    Ok(&rest[kind.len_utf8()..])
}

/// A number, or `*`, which takes it from the values.
fn amount<'r>(text: &'r str, source: &mut Source, spec: &mut Spec) -> Result<(usize, &'r str), Stop> {
    if let Some(rest) = text.strip_prefix('*') {
        let Value::Int(width) = source.take()? else { return Err(Stop::of_type("* wants int")) };
        if width < 0 {
            spec.align = Some('<');
        }
        return Ok((size(&width.unsigned_abs().to_string())?, rest));
    }
    let length = text.bytes().take_while(u8::is_ascii_digit).count();
    Ok((size(&text[..length])?, &text[length..]))
}

fn converted(kind: char, value: &Value, mut spec: Spec) -> Result<String, Stop> {
    if spec.align.is_some() {
        spec.zero = false;
    }
    match kind {
        's' | 'r' | 'a' => {
            spec.zero = false;
            spec.align = spec.align.or(Some('>'));
            Ok(spec.text(&if kind == 's' { value.to_text() } else { value.to_repr() }))
        }
        'd' | 'i' | 'u' => {
            spec.kind = Some('d');
            let number = match value {
                Value::Float(number) if number.is_finite() => format!("{:.0}", number.trunc()).parse::<BigInt>().ok(),
                other => other.as_big(),
            };
            let wrong = || format!("%{kind} format: a real number is required, not {}", value.type_name());
            spec.integer(&number.ok_or_else(|| Stop::of_type(wrong()))?)
        }
        'x' | 'X' | 'o' => {
            spec.kind = Some(kind);
            let wrong = || format!("%{kind} format: an integer is required, not {}", value.type_name());
            spec.integer(&value.as_big().ok_or_else(|| Stop::of_type(wrong()))?)
        }
        'e' | 'E' | 'f' | 'F' | 'g' | 'G' => {
            spec.kind = Some(kind);
            let wrong = || format!("must be real number, not {}", value.type_name());
            spec.float(value.as_float().ok_or_else(|| Stop::of_type(wrong()))?)
        }
        'c' => match value {
            Value::Str(text) if text.chars().count() == 1 => Ok(spec.pad(text, '>')),
            Value::Int(_) => {
                spec.kind = Some('c');
                spec.integer(&value.as_big().unwrap_or_default())
            }
            _ => Err(Stop::of_type("%c requires int or char")),
        },
        other => Err(Stop::of_value(format!("unsupported format character '{other}' (0x{:x})", other as u32))),
    }
}
