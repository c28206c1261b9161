//! Numbers and texts in a given shape: the mini-language after the colon of `'{:>8.2f}'`, which `%` shares.
use super::super::error::Stop;
use num_bigint::{BigInt, Sign};
use value::Value;

/// How much a template may pad.
const WIDEST: usize = 1 << 20;

#[derive(Clone, Debug, Default)]
pub struct Spec {
    pub fill: Option<char>,
    pub align: Option<char>,
    pub sign: Option<char>,
    pub alternate: bool,
    pub zero: bool,
    pub width: usize,
    pub grouping: Option<char>,
    pub precision: Option<usize>,
    pub kind: Option<char>,
}

impl Spec {
    pub fn parse(text: &str) -> Result<Self, Stop> {
        let mut spec = Self::default();
        let characters: Vec<char> = text.chars().collect();
        let is_align = |at: usize| characters.get(at).is_some_and(|c| "<>=^".contains(*c));
        let mut at = 0;
        if is_align(1) {
            (spec.fill, spec.align) = (characters.first().copied(), characters.get(1).copied());
            at = 2;
        } else if is_align(0) {
            spec.align = characters.first().copied();
            at = 1;
        }
        let mut take = |allowed: &str| {
            let found = characters.get(at).copied().filter(|c| allowed.contains(*c));
            at += usize::from(found.is_some());
            found
        };
        spec.sign = take("+- ");
        spec.alternate = take("#").is_some();
        spec.zero = take("0").is_some();
        let mut width = String::new();
        while let Some(digit) = take("0123456789") {
            width.push(digit);
        }
        spec.width = size(&width)?;
        spec.grouping = take(",_");
        if take(".").is_some() {
            let mut precision = String::new();
            while let Some(digit) = take("0123456789") {
                precision.push(digit);
            }
            if precision.is_empty() {
                return Err(Stop::of_value("Format specifier missing precision"));
            }
            spec.precision = Some(size(&precision)?);
        }
        spec.kind = take("bcdeEfFgGnosxX%");
        if at < characters.len() {
            return Err(Stop::of_value(format!("Invalid format specifier '{text}'")));
        }
        Ok(spec)
    }

    /// `format(value, spec)`
    pub fn format(&self, value: &Value) -> Result<String, Stop> {
        match (value, self.kind) {
            (Value::Bool(truth), None) => Ok(self.pad(&value_text(*truth), '<')),
            (Value::Int(_) | Value::Big(_) | Value::Bool(_), Some('e' | 'E' | 'f' | 'F' | 'g' | 'G' | '%')) => {
                self.float(value.as_float().unwrap_or(f64::INFINITY))
            }
            (Value::Int(_) | Value::Big(_) | Value::Bool(_), _) => self.integer(&value.as_big().unwrap_or_default()),
            (Value::Float(number), kind) if kind.is_none_or(|kind| "eEfFgGn%".contains(kind)) => self.float(*number),
            (Value::Str(text), None | Some('s')) => Ok(self.text(text)),
            (other, Some(kind)) => {
                Err(Stop::of_value(format!("Unknown format code '{kind}' for object of type '{}'", other.type_name())))
            }
            (other, None) => Ok(self.text(&other.to_text())),
        }
    }

    pub fn text(&self, text: &str) -> String {
        let cut: String = text.chars().take(self.precision.unwrap_or(usize::MAX)).collect();
        self.pad(&cut, '<')
    }

    pub fn integer(&self, number: &BigInt) -> Result<String, Stop> {
        let (radix, prefix) = match self.kind {
            Some('b') => (2, "0b"),
            Some('o') => (8, "0o"),
            Some('x') => (16, "0x"),
            Some('X') => (16, "0X"),
            Some('c') => {
                let code = u32::try_from(number).ok().and_then(char::from_u32);
                let code = code.ok_or_else(|| Stop::of_value("%c arg not in range(0x110000)"))?;
                return Ok(self.pad(&code.to_string(), '<'));
            }
            _ => (10, ""),
        };
        let mut digits = number.magnitude().to_str_radix(radix);
        if self.kind == Some('X') {
            digits.make_ascii_uppercase();
        }
        if let Some(precision) = self.precision {
            digits = format!("{digits:0>precision$}");
        }
        let every = if radix == 10 { 3 } else { 4 };
        let prefix = if self.alternate { prefix } else { "" };
        Ok(self.assemble(number.sign() == Sign::Minus, prefix, &digits, "", every))
    }

    pub fn float(&self, number: f64) -> Result<String, Stop> {
        let negative = number.is_sign_negative() && !number.is_nan();
        let size = number.abs();
        let kind = self.kind.unwrap_or('r');
        let upper = kind.is_ascii_uppercase();
        let mut text = match kind.to_ascii_lowercase() {
            _ if size.is_nan() => "nan".to_string(),
            _ if size.is_infinite() => "inf".to_string(),
            'f' => format!("{size:.*}", self.precision.unwrap_or(6)),
            '%' => format!("{:.*}%", self.precision.unwrap_or(6), size * 100.0),
            'e' => exponent(size, self.precision.unwrap_or(6)),
            'g' | 'n' => general(size, self.precision.unwrap_or(6), self.alternate),
            _ => match self.precision {
                Some(precision) => with_point(general(size, precision, false)),
                None => Value::Float(size).to_text(),
            },
        };
        if upper {
            text.make_ascii_uppercase();
        }
        let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (digits, rest) = text.split_at(split);
        Ok(self.assemble(negative, "", digits, rest, 3))
    }

    fn assemble(&self, negative: bool, prefix: &str, digits: &str, rest: &str, every: usize) -> String {
        let sign = match (negative, self.sign) {
            (true, _) => "-",
            (false, Some('+')) => "+",
            (false, Some(' ')) => " ",
            _ => "",
        };
        let zeros = self.zero && self.align.is_none();
        let digits = if zeros || self.align == Some('=') && self.fill == Some('0') {
            let room = self.width.saturating_sub(sign.len() + prefix.len() + rest.chars().count());
            grouped(digits, self.grouping, every, room)
        } else {
            grouped(digits, self.grouping, every, 0)
        };
        let body = format!("{digits}{rest}");
        if self.align == Some('=') {
            let room = self.width.saturating_sub(sign.len() + prefix.len() + body.chars().count());
            let fill: String = std::iter::repeat_n(self.fill.unwrap_or(' '), room).collect();
            return format!("{sign}{prefix}{fill}{body}");
        }
        self.pad(&format!("{sign}{prefix}{body}"), '>')
    }

    pub fn pad(&self, text: &str, default: char) -> String {
        let room = self.width.saturating_sub(text.chars().count());
        let fill = self.fill.unwrap_or(if self.zero { '0' } else { ' ' });
        let (left, right) = match self.align.unwrap_or(default) {
            '<' => (0, room),
            '^' => (room / 2, room - room / 2),
            _ => (room, 0),
        };
        let side = |count| std::iter::repeat_n(fill, count);
        side(left).chain(text.chars()).chain(side(right)).collect()
    }
}

fn value_text(truth: bool) -> String {
    Value::Bool(truth).to_text()
}

pub fn size(digits: &str) -> Result<usize, Stop> {
    match digits.parse() {
        Ok(size) if size <= WIDEST => Ok(size),
        Err(_) if digits.is_empty() => Ok(0),
        _ => Err(Stop::of_value("Too many decimal digits in format string")),
    }
}

/// Digits with a separator between groups, filled with zeros up to `room`.
fn grouped(digits: &str, separator: Option<char>, every: usize, room: usize) -> String {
    let Some(separator) = separator else { return format!("{digits:0>room$}") };
    let mut reversed = String::new();
    let mut count = 0;
    let mut push = |digit: char, reversed: &mut String| {
        if count > 0 && count % every == 0 {
            reversed.push(separator);
        }
        count += 1;
        reversed.push(digit);
    };
    digits.chars().rev().for_each(|digit| push(digit, &mut reversed));
    while reversed.len() < room {
        push('0', &mut reversed);
    }
    reversed.chars().rev().collect()
}

/// `1.5e+00`
fn exponent(size: f64, precision: usize) -> String {
    let text = format!("{size:.precision$e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |exponent| ('-', exponent));
    format!("{digits}e{sign}{exponent:0>2}")
}

/// As many digits as asked for, without zeros at the end, with an exponent only where that is shorter.
fn general(size: f64, precision: usize, keep_zeros: bool) -> String {
    let precision = precision.max(1);
    let scientific = exponent(size, precision - 1);
    let (digits, power) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let power: i64 = power.parse().unwrap_or(0);
    let strip = |digits: &str| match digits.contains('.') && !keep_zeros {
        true => digits.trim_end_matches('0').trim_end_matches('.').to_string(),
        false => digits.to_string(),
    };
    if power < -4 || power >= precision as i64 {
        let sign = if power < 0 { '-' } else { '+' };
        return format!("{}e{sign}{:02}", strip(digits), power.abs());
    }
    let decimals = usize::try_from(precision as i64 - 1 - power).unwrap_or(0);
    strip(&format!("{size:.decimals$}"))
}

fn with_point(text: String) -> String {
    if text.contains(['.', 'e']) { text } else { text + ".0" }
}
