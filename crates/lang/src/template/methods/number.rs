//! Methods and attributes of numbers.
use super::super::call::Arguments;
use super::super::error::Stop;
use super::none;
use num_bigint::BigInt;
use std::sync::Arc;
use value::Value;

pub const INTEGER: [&str; 5] = ["bit_length", "bit_count", "conjugate", "as_integer_ratio", "to_bytes"];
pub const FLOAT: [&str; 4] = ["is_integer", "conjugate", "as_integer_ratio", "hex"];

pub fn attribute(value: &Value, name: &str) -> Option<Value> {
    let plain = |value: &Value| value.as_big().map_or_else(|| value.clone(), Value::from);
    match (name, value) {
        ("real", value) => Some(plain(value)),
        ("imag", Value::Float(_)) => Some(Value::Float(0.0)),
        ("imag", _) => Some(Value::Int(0)),
        ("numerator", Value::Int(_) | Value::Big(_) | Value::Bool(_)) => Some(plain(value)),
        ("denominator", Value::Int(_) | Value::Big(_) | Value::Bool(_)) => Some(Value::Int(1)),
        _ => None,
    }
}

pub fn call(number: &Value, name: &str, mut arguments: Arguments) -> Result<Value, Stop> {
    if name == "to_bytes" {
        return to_bytes(number, &mut arguments);
    }
    none(name, &arguments)?;
    match (number, name) {
        (Value::Float(number), "is_integer") => Ok((number.is_finite() && number.fract() == 0.0).into()),
        (Value::Float(number), "as_integer_ratio") => ratio(*number),
        (Value::Float(number), "hex") => Ok(hex(*number).into()),
        (number, "conjugate") => Ok(number.as_big().map_or_else(|| number.clone(), Value::from)),
        (number, name) => {
            let whole = number.as_big().unwrap_or_default();
            match name {
                "bit_length" => Ok(whole.bits().into()),
                "bit_count" => Ok(whole.magnitude().count_ones().into()),
                "as_integer_ratio" => Ok(Value::Tuple(Arc::new(vec![whole.into(), Value::Int(1)]))),
                other => Err(Stop::of_type(format!("'int' object has no method '{other}'"))),
            }
        }
    }
}

fn to_bytes(number: &Value, arguments: &mut Arguments) -> Result<Value, Stop> {
    let [length, order, signed] = arguments.bind("to_bytes", ["length", "byteorder", "signed"])?;
    let length = length.as_ref().map_or(Some(1), Value::as_int).and_then(|length| usize::try_from(length).ok());
    let length = length.filter(|length| *length <= 1_000_000);
    let length = length.ok_or_else(|| Stop::of_value("length argument must be a non-negative integer"))?;
    let signed = signed.is_some_and(|signed| signed.is_true());
    let whole = number.as_big().unwrap_or_default();
    let negative = whole < BigInt::from(0);
    if negative && !signed {
        return Err(Stop::of_value("can't convert negative int to unsigned"));
    }
    let mut bytes = if signed { whole.to_signed_bytes_le() } else { whole.magnitude().to_bytes_le() };
    if whole == BigInt::from(0) {
        bytes.clear();
    }
    if bytes.len() > length {
        return Err(Stop::of_value("int too big to convert"));
    }
    bytes.resize(length, if negative { 0xff } else { 0 });
    match order.as_ref().map_or(Some("big"), Value::as_str) {
        Some("big") => bytes.reverse(),
        Some("little") => {}
        _ => return Err(Stop::of_value("byteorder must be either 'little' or 'big'")),
    }
    Ok(Value::Bytes(bytes.into()))
}

/// Mantissa and exponent, so that the number is `mantissa * 2 ** exponent`.
fn parts(number: f64) -> (u64, i32) {
    let bits = number.to_bits();
    let exponent = ((bits >> 52) & 0x7ff) as i32;
    let fraction = bits & ((1 << 52) - 1);
    if exponent == 0 { (fraction, -1074) } else { (fraction | (1 << 52), exponent - 1075) }
}

fn ratio(number: f64) -> Result<Value, Stop> {
    if !number.is_finite() {
        return Err(Stop::of_value("cannot convert NaN or Infinity to integer ratio"));
    }
    let (mut mantissa, mut exponent) = parts(number);
    while mantissa != 0 && mantissa % 2 == 0 && exponent < 0 {
        mantissa /= 2;
        exponent += 1;
    }
    let power = |exponent: i32| BigInt::from(2).pow(exponent.unsigned_abs());
    let (above, below) = match exponent {
        _ if mantissa == 0 => (BigInt::default(), BigInt::from(1)),
        exponent if exponent < 0 => (BigInt::from(mantissa), power(exponent)),
        exponent => (BigInt::from(mantissa) * power(exponent), BigInt::from(1)),
    };
    let above = if number < 0.0 { -above } else { above };
    Ok(Value::Tuple(Arc::new(vec![above.into(), below.into()])))
}

fn hex(number: f64) -> String {
    if !number.is_finite() {
        return Value::Float(number).to_text();
    }
    let sign = if number.is_sign_negative() { "-" } else { "" };
    if number == 0.0 {
        return format!("{sign}0x0.0p+0");
    }
    let (mantissa, exponent) = parts(number);
    let (lead, fraction) = (mantissa >> 52, mantissa & ((1 << 52) - 1));
    format!("{sign}0x{lead}.{fraction:013x}p{:+}", exponent + 52)
}
