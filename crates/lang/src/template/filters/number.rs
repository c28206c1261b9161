//! Filters over numbers, and texts that are numbers.
use super::super::call::Call;
use super::super::error::Stop;
use super::super::registry::Entry;
use super::settled;
use num_bigint::BigInt;
use value::Value;

pub static TABLE: &[Entry] = &[
    settled("abs", abs),
    settled("bool", to_bool),
    settled("int", int),
    settled("float", float),
    settled("round", round),
    settled("log", log),
    settled("pow", pow),
    settled("root", root),
];

fn abs(call: &mut Call) -> Result<Value, Stop> {
    let [] = call.params([])?;
    match &call.input {
        Value::Float(number) => Ok(number.abs().into()),
        input => match input.as_big() {
            Some(number) => Ok(BigInt::from(number.magnitude().clone()).into()),
            None => Err(call.fail(format!("bad operand type for abs(): '{}'", input.type_name()))),
        },
    }
}

/// What is neither known as true nor as false is false, as Ansible has it.
fn to_bool(call: &mut Call) -> Result<Value, Stop> {
    let [] = call.params([])?;
    Ok(match &call.input {
        Value::Bool(truth) => *truth,
        Value::Str(text) => ["yes", "on", "1", "true"].contains(&text.to_lowercase().as_str()),
        Value::Int(number) => *number == 1,
        Value::Float(number) => *number == 1.0,
        _ => false,
    }
    .into())
}

fn int(call: &mut Call) -> Result<Value, Stop> {
    let [default, base] = call.params(["default", "base"])?;
    let base = call.int(base, "base", 10)?;
    let whole = |number: f64| -> Option<Value> {
        number.is_finite().then(|| format!("{:.0}", number.trunc()).parse::<BigInt>().ok().map(Value::from)).flatten()
    };
    let found = match &call.input {
        Value::Float(number) => whole(*number),
        Value::Str(text) => parse_int(text, base).or_else(|| whole(parse_float(text)?)),
        input => input.as_big().map(Value::from),
    };
    Ok(found.unwrap_or_else(|| default.unwrap_or(Value::Int(0))))
}

/// Python's `int(text, base)`.
pub fn parse_int(text: &str, base: i64) -> Option<Value> {
    let text = text.trim();
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let lower = digits.to_ascii_lowercase();
    let prefixed = |prefix: &str| lower.strip_prefix(prefix).map(String::from);
    let (radix, digits) = match base {
        16 => (16, prefixed("0x").unwrap_or(lower)),
        8 => (8, prefixed("0o").unwrap_or(lower)),
        2 => (2, prefixed("0b").unwrap_or(lower)),
        0 => match (prefixed("0x"), prefixed("0o"), prefixed("0b")) {
            (Some(digits), ..) => (16, digits),
            (_, Some(digits), _) => (8, digits),
            (.., Some(digits)) => (2, digits),
            _ if lower.starts_with('0') && lower.bytes().any(|b| b != b'0' && b != b'_') => return None,
            _ => (10, lower),
        },
        3..=36 => (base as u32, lower),
        _ => return None,
    };
    let clean = without_underscores(&digits)?;
    let number = BigInt::parse_bytes(clean.as_bytes(), radix)?;
    Some(Value::from(if negative { -number } else { number }))
}

/// Single underscores may stand between digits.
fn without_underscores(digits: &str) -> Option<String> {
    let valid = !digits.is_empty() && digits.split('_').all(|part| !part.is_empty() && !part.starts_with(['+', '-']));
    valid.then(|| digits.replace('_', ""))
}

/// Python's `float(text)`.
pub fn parse_float(text: &str) -> Option<f64> {
    let text = text.trim().to_ascii_lowercase();
    let digits = text.strip_prefix(['+', '-']).unwrap_or(&text);
    let sign = if text.starts_with('-') { -1.0 } else { 1.0 };
    match digits {
        "inf" | "infinity" => return Some(sign * f64::INFINITY),
        "nan" => return Some(f64::NAN),
        _ if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') => return None,
        _ => {}
    }
    without_underscores(digits)?.parse::<f64>().ok().map(|number| sign * number)
}

fn float(call: &mut Call) -> Result<Value, Stop> {
    let [default] = call.params(["default"])?;
    let found = match &call.input {
        Value::Str(text) => parse_float(text),
        input => input.as_float(),
    };
    Ok(found.map_or_else(|| default.unwrap_or(Value::Float(0.0)), Value::Float))
}

fn round(call: &mut Call) -> Result<Value, Stop> {
    let [precision, method] = call.params(["precision", "method"])?;
    let precision = call.int(precision, "precision", 0)?;
    let method = call.string(method, "method", "common")?;
    let precision = i32::try_from(precision).unwrap_or(0).clamp(-330, 330);
    let number = match (&call.input, method.as_str()) {
        (Value::Float(number), _) => *number,
        (input, "common") => match input.as_big() {
            Some(number) => return Ok(round_integer(number, precision)),
            None => return Err(call.fail(format!("type {} doesn't define __round__ method", input.type_name()))),
        },
        (input, _) => input.as_float().ok_or_else(|| call.wrong_type("value", "a number", input))?,
    };
    let power = 10_f64.powi(precision);
    match method.as_str() {
        "common" => Ok(round_float(number, precision).into()),
        "ceil" => Ok(((number * power).ceil() / power).into()),
        "floor" => Ok(((number * power).floor() / power).into()),
        _ => Err(call.fail("method must be common, ceil or floor")),
    }
}

/// To the even digit where it lies in the middle; Rust's formatting knows the exact digits.
fn round_float(number: f64, precision: i32) -> f64 {
    if !number.is_finite() {
        return number;
    }
    match usize::try_from(precision) {
        Ok(digits) => format!("{number:.digits$}").parse().unwrap_or(number),
        Err(_) => {
            let power = 10_f64.powi(-precision);
            (number / power).round_ties_even() * power
        }
    }
}

fn round_integer(number: BigInt, precision: i32) -> Value {
    let Ok(zeros) = u32::try_from(-precision) else { return number.into() };
    let power = BigInt::from(10).pow(zeros);
    let half = &power / 2;
    let floor = {
        let rest = ((&number % &power) + &power) % &power;
        (&number - &rest, rest)
    };
    let (down, rest) = floor;
    let odd = (&down / &power) % 2 != BigInt::from(0);
    let up = rest > half || (rest == half && odd && zeros > 0);
    if up { (down + power).into() } else { down.into() }
}

fn number(call: &Call, value: &Value, what: &str) -> Result<f64, Stop> {
    value.as_float().ok_or_else(|| {
        Stop::of_type(format!(
            "{what}() can only be used on numbers: must be real number, not {}",
            call.input.type_name()
        ))
    })
}

fn log(call: &mut Call) -> Result<Value, Stop> {
    let [base] = call.params(["base"])?;
    let input = number(call, &call.input, "log")?;
    let base = base.map(|base| number(call, &base, "log")).transpose()?;
    if input <= 0.0 || base.is_some_and(|base| base <= 0.0) {
        return Err(call.fail("math domain error"));
    }
    match base {
        None => Ok(input.ln().into()),
        Some(10.0) => Ok(input.log10().into()),
        Some(1.0) => Err(call.fail("float division by zero")),
        Some(base) => Ok((input.ln() / base.ln()).into()),
    }
}

fn pow(call: &mut Call) -> Result<Value, Stop> {
    let [power] = call.params(["y"])?;
    let power = call.required(power, "y")?;
    let (base, power) = (number(call, &call.input, "pow")?, number(call, &power, "pow")?);
    let result = base.powf(power);
    let domain = (base < 0.0 && power.fract() != 0.0) || (base == 0.0 && power < 0.0);
    match result {
        _ if domain => Err(call.fail("pow() can only be used on numbers: math domain error")),
        result if result.is_infinite() && base.is_finite() && power.is_finite() => {
            Err(call.fail("pow() can only be used on numbers: math range error"))
        }
        result => Ok(result.into()),
    }
}

fn root(call: &mut Call) -> Result<Value, Stop> {
    let [base] = call.params(["base"])?;
    let input = number(call, &call.input, "root")?;
    let base = base.map(|base| number(call, &base, "root")).transpose()?.unwrap_or(2.0);
    if input < 0.0 {
        return Err(call.fail("root() can only be used on numbers: math domain error"));
    }
    if base == 0.0 {
        return Err(call.fail("root() can only be used on numbers: float division by zero"));
    }
    Ok(if base == 2.0 { input.sqrt() } else { input.powf(1.0 / base) }.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_rounded_as_python_rounds_them() {
        assert_eq!(round_float(2.5, 0), 2.0);
        assert_eq!(round_float(2.675, 2), 2.67);
        assert_eq!(round_integer(25.into(), -1), Value::Int(20));
        assert_eq!(round_integer(35.into(), -1), Value::Int(40));
        assert_eq!(round_integer((-25).into(), -1), Value::Int(-20));
        assert_eq!(round_integer(7.into(), 2), Value::Int(7));
    }

    #[test]
    fn texts_are_numbers_where_python_says_so() {
        assert_eq!(parse_int(" -1_000 ", 10), Some(Value::Int(-1000)));
        assert_eq!((parse_int("0x1f", 16), parse_int("0x1f", 10)), (Some(Value::Int(31)), None));
        assert_eq!((parse_int("1__0", 10), parse_int("+-1", 10), parse_int("010", 0)), (None, None, None));
        assert_eq!((parse_float("-1e3"), parse_float("+-1"), parse_float(".5")), (Some(-1000.0), None, Some(0.5)));
    }
}
