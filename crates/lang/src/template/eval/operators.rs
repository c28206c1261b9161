//! Python's operators over values: order, equality, membership, arithmetic. Their faults have Python's words.
use super::super::error::Stop;
use super::super::format::percent;
use num_bigint::BigInt;
use std::cmp::Ordering;
use std::sync::Arc;
use value::{Str, Value};

/// The order of two values; a TypeError between types that have none. `sign` is the operator, for the message.
/// A NaN is neither less nor greater: it comes as `Greater`, so that `<` and `<=` are false.
pub fn compare(one: &Value, two: &Value, sign: &str) -> Result<Ordering, Stop> {
    match (one, two) {
        (Value::Str(one), Value::Str(two)) => Ok(one.as_str().cmp(two.as_str())),
        (Value::Int(one), Value::Int(two)) => Ok(one.cmp(two)),
        (Value::Bytes(one), Value::Bytes(two)) => Ok(one.cmp(two)),
        (Value::List(one), Value::List(two)) | (Value::Tuple(one), Value::Tuple(two)) => {
            for (one, two) in one.iter().zip(two.iter()) {
                if one != two {
                    return compare(one, two, sign);
                }
            }
            Ok(one.len().cmp(&two.len()))
        }
        (Value::Date(one), Value::Date(two)) => Ok(one.cmp(two)),
        (Value::DateTime(one), Value::DateTime(two)) if one.offset.is_some() == two.offset.is_some() => {
            Ok(one.moment().cmp(&two.moment()))
        }
        (Value::DateTime(_), Value::DateTime(_)) => {
            Err(Stop::of_type("can't compare offset-naive and offset-aware datetimes"))
        }
        _ if is_number(one) && is_number(two) => Ok(one.compare_numbers(two).unwrap_or(Ordering::Greater)),
        _ => Err(Stop::of_type(format!(
            "'{sign}' not supported between instances of '{}' and '{}'",
            one.type_name(),
            two.type_name()
        ))),
    }
}

pub fn is_number(value: &Value) -> bool {
    matches!(value, Value::Int(_) | Value::Bool(_) | Value::Big(_) | Value::Float(_))
}

fn is_float(one: &Value, two: &Value) -> bool {
    matches!(one, Value::Float(_)) || matches!(two, Value::Float(_))
}

/// Both as integers that fit, the usual case.
fn small(one: &Value, two: &Value) -> Option<(i64, i64)> {
    let number = |value: &Value| match value {
        Value::Int(number) => Some(*number),
        Value::Bool(truth) => Some(i64::from(*truth)),
        _ => None,
    };
    Some((number(one)?, number(two)?))
}

fn big(value: &Value) -> BigInt {
    value.as_big().unwrap_or_default()
}

fn float(value: &Value) -> Result<f64, Stop> {
    match value.as_float() {
        Some(number) if number.is_infinite() && !matches!(value, Value::Float(_)) => {
            Err(Stop::of_value("int too large to convert to float"))
        }
        Some(number) => Ok(number),
        None => Err(Stop::of_type(format!("must be real number, not {}", value.type_name()))),
    }
}

fn unsupported(sign: &str, one: &Value, two: &Value) -> Stop {
    Stop::of_type(format!("unsupported operand type(s) for {sign}: '{}' and '{}'", one.type_name(), two.type_name()))
}

/// Larger results than this are a fault: no template means them.
pub const LARGEST: usize = 64 << 20;

/// Integers of more bits than this are a fault too; printing them alone would take long.
const LARGEST_BITS: u64 = 1 << 16;

fn too_large() -> Stop {
    Stop::new(super::super::error::Kind::Limit, "the result is too large")
}

pub fn add(one: &Value, two: &Value) -> Result<Value, Stop> {
    match (one, two) {
        (Value::Str(one), Value::Str(two)) => Ok(join_text(one, two).into()),
        (Value::List(one), Value::List(two)) => {
            Ok(Value::List(Arc::new(one.iter().chain(two.iter()).cloned().collect())))
        }
        (Value::Tuple(one), Value::Tuple(two)) => {
            Ok(Value::Tuple(Arc::new(one.iter().chain(two.iter()).cloned().collect())))
        }
        (Value::Bytes(one), Value::Bytes(two)) => Ok(Value::Bytes([&**one, &**two].concat().into())),
        (Value::Str(_) | Value::List(_) | Value::Tuple(_), _) => Err(Stop::of_type(format!(
            "can only concatenate {kind} (not \"{}\") to {kind}",
            two.type_name(),
            kind = one.type_name()
        ))),
        (Value::DateTime(_) | Value::Live(_), _) | (_, Value::Live(_)) => super::super::methods::time::add(one, two),
        _ => arithmetic("+", one, two, i64::checked_add, |one, two| one + two, |one, two| one + two),
    }
}

pub fn join_text(one: &Str, two: &Str) -> Str {
    Str::from([one.as_str(), two.as_str()].concat()).with_secrecy(one.is_secret() || two.is_secret())
}

pub fn subtract(one: &Value, two: &Value) -> Result<Value, Stop> {
    match (one, two) {
        (Value::DateTime(_) | Value::Date(_) | Value::Live(_), _) => super::super::methods::time::subtract(one, two),
        _ => arithmetic("-", one, two, i64::checked_sub, |one, two| one - two, |one, two| one - two),
    }
}

pub fn multiply(one: &Value, two: &Value) -> Result<Value, Stop> {
    match (one, two) {
        (Value::Str(_) | Value::List(_) | Value::Tuple(_) | Value::Bytes(_), Value::Int(_) | Value::Bool(_)) => {
            repeat(one, two)
        }
        (Value::Int(_) | Value::Bool(_), Value::Str(_) | Value::List(_) | Value::Tuple(_) | Value::Bytes(_)) => {
            repeat(two, one)
        }
        (Value::Str(_) | Value::List(_) | Value::Tuple(_), _) => {
            Err(Stop::of_type(format!("can't multiply sequence by non-int of type '{}'", two.type_name())))
        }
        _ => arithmetic("*", one, two, i64::checked_mul, |one, two| one * two, |one, two| one * two),
    }
}

fn repeat(sequence: &Value, times: &Value) -> Result<Value, Stop> {
    let times = small(times, times).map_or(0, |(times, _)| times.max(0)) as usize;
    let fits = |length: usize| length.checked_mul(times).filter(|total| *total <= LARGEST).ok_or_else(too_large);
    let items = |items: &[Value]| -> Result<Arc<Vec<Value>>, Stop> {
        fits(size_of_val(items))?;
        let times = if items.is_empty() { 0 } else { times };
        Ok(Arc::new(std::iter::repeat_n(items, times).flatten().cloned().collect()))
    };
    match sequence {
        Value::Str(text) => {
            fits(text.len())?;
            Ok(Str::from(text.repeat(times)).with_secrecy(text.is_secret()).into())
        }
        Value::Bytes(bytes) => {
            fits(bytes.len())?;
            Ok(Value::Bytes(bytes.repeat(times).into()))
        }
        Value::List(list) => items(list).map(Value::List),
        Value::Tuple(list) => items(list).map(Value::Tuple),
        other => Err(unsupported("*", other, &Value::Int(0))),
    }
}

fn arithmetic(
    sign: &str,
    one: &Value,
    two: &Value,
    on_small: fn(i64, i64) -> Option<i64>,
    on_big: fn(BigInt, BigInt) -> BigInt,
    on_float: fn(f64, f64) -> f64,
) -> Result<Value, Stop> {
    if !is_number(one) || !is_number(two) {
        return Err(unsupported(sign, one, two));
    }
    if is_float(one, two) {
        return Ok(Value::Float(on_float(float(one)?, float(two)?)));
    }
    match small(one, two).and_then(|(one, two)| on_small(one, two)) {
        Some(number) => Ok(Value::Int(number)),
        None => limited(on_big(big(one), big(two))),
    }
}

fn limited(number: BigInt) -> Result<Value, Stop> {
    if number.bits() > LARGEST_BITS { Err(too_large()) } else { Ok(number.into()) }
}

pub fn divide(one: &Value, two: &Value) -> Result<Value, Stop> {
    if !is_number(one) || !is_number(two) {
        return Err(unsupported("/", one, two));
    }
    let divisor = float(two)?;
    if divisor == 0.0 {
        let message = if is_float(one, two) { "float division by zero" } else { "division by zero" };
        return Err(Stop::of_value(message));
    }
    Ok(Value::Float(float(one)? / divisor))
}

/// Towards negative infinity, as Python does.
pub fn floor_divide(one: &Value, two: &Value) -> Result<Value, Stop> {
    if !is_number(one) || !is_number(two) {
        return Err(unsupported("//", one, two));
    }
    if is_float(one, two) {
        let (one, two) = (float(one)?, float(two)?);
        return match two {
            0.0 => Err(Stop::of_value("float floor division by zero")),
            _ => Ok(Value::Float(((one - float_modulo(one, two)) / two).round())),
        };
    }
    if !two.is_true() {
        return Err(Stop::of_value("integer division or modulo by zero"));
    }
    if let Some((one, two)) = small(one, two)
        && let (Some(quotient), Some(rest)) = (one.checked_div(two), one.checked_rem(two))
    {
        return Ok(Value::Int(if rest != 0 && (rest < 0) != (two < 0) { quotient - 1 } else { quotient }));
    }
    let (one, two) = (big(one), big(two));
    let rest = big_modulo(&one, &two);
    Ok(((one - rest) / two).into())
}

fn big_modulo(one: &BigInt, two: &BigInt) -> BigInt {
    let rest = one % two;
    let zero = BigInt::default();
    if rest != zero && (rest < zero) != (*two < zero) { rest + two } else { rest }
}

fn float_modulo(one: f64, two: f64) -> f64 {
    let rest = one % two;
    if rest != 0.0 && (rest < 0.0) != (two < 0.0) { rest + two } else { rest }
}

/// Of numbers, or `'%s' % value`.
pub fn modulo(one: &Value, two: &Value) -> Result<Value, Stop> {
    if let Value::Str(template) = one {
        return percent::format(template, two).map(Value::Str);
    }
    if !is_number(one) || !is_number(two) {
        return Err(unsupported("%", one, two));
    }
    if is_float(one, two) {
        let two = float(two)?;
        return match two {
            0.0 => Err(Stop::of_value("float modulo")),
            _ => Ok(Value::Float(float_modulo(float(one)?, two))),
        };
    }
    if !two.is_true() {
        return Err(Stop::of_value("integer modulo by zero"));
    }
    if let Some((one, two)) = small(one, two)
        && let Some(rest) = one.checked_rem(two)
    {
        return Ok(Value::Int(if rest != 0 && (rest < 0) != (two < 0) { rest + two } else { rest }));
    }
    Ok(big_modulo(&big(one), &big(two)).into())
}

pub fn power(one: &Value, two: &Value) -> Result<Value, Stop> {
    if !is_number(one) || !is_number(two) {
        return Err(unsupported("** or pow()", one, two));
    }
    let negative = two.compare_numbers(&Value::Int(0)) == Some(Ordering::Less);
    if is_float(one, two) || negative {
        let (base, exponent) = (float(one)?, float(two)?);
        if base == 0.0 && negative {
            return Err(Stop::of_value("0.0 cannot be raised to a negative power"));
        }
        let result = base.powf(exponent);
        if result.is_nan() && !base.is_nan() && !exponent.is_nan() {
            return Err(Stop::of_value("a complex number is no value here"));
        }
        return Ok(Value::Float(result));
    }
    let base = big(one);
    let exponent = u32::try_from(big(two)).map_err(|_| too_large());
    match exponent {
        Ok(exponent) if base.bits().saturating_mul(exponent.into()) <= LARGEST_BITS || base.bits() <= 1 => {
            Ok(base.pow(exponent).into())
        }
        _ if base.bits() == 0 || base == BigInt::from(1) => Ok(base.into()),
        _ if base.bits() == 1 => Ok(Value::Int(if big(two).bit(0) { -1 } else { 1 })),
        _ => Err(too_large()),
    }
}

pub fn negate(value: &Value) -> Result<Value, Stop> {
    match value {
        Value::Float(number) => Ok(Value::Float(-number)),
        Value::Int(number) if *number != i64::MIN => Ok(Value::Int(-number)),
        Value::Int(_) | Value::Bool(_) | Value::Big(_) => Ok((-big(value)).into()),
        other => Err(Stop::of_type(format!("bad operand type for unary -: '{}'", other.type_name()))),
    }
}

pub fn plus(value: &Value) -> Result<Value, Stop> {
    match value {
        Value::Bool(truth) => Ok(Value::Int((*truth).into())),
        number if is_number(number) => Ok(number.clone()),
        other => Err(Stop::of_type(format!("bad operand type for unary +: '{}'", other.type_name()))),
    }
}

/// `one in two`, of data.
pub fn contains(two: &Value, one: &Value) -> Result<bool, Stop> {
    match two {
        Value::Str(text) => match one {
            Value::Str(part) => Ok(text.contains(part.as_str())),
            other => {
                Err(Stop::of_type(format!("'in <string>' requires string as left operand, not {}", other.type_name())))
            }
        },
        Value::List(items) | Value::Tuple(items) => Ok(items.contains(one)),
        Value::Map(map) => match (one, value::Key::new(one.clone())) {
            (Value::Str(name), _) => Ok(map.contains(name)),
            (_, Ok(key)) => Ok(map.contains_key(&key)),
            (_, Err(other)) => Err(Stop::of_type(format!("unhashable type: '{}'", other.type_name()))),
        },
        Value::Bytes(bytes) => match one {
            Value::Int(number) => Ok(bytes.iter().any(|byte| i64::from(*byte) == *number)),
            Value::Bytes(part) => Ok(part.is_empty() || bytes.windows(part.len()).any(|window| window == &**part)),
            other => Err(Stop::of_type(format!("a bytes-like object is required, not '{}'", other.type_name()))),
        },
        other => Err(Stop::of_type(format!("argument of type '{}' is not iterable", other.type_name()))),
    }
}
