//! Numbers compared as Python compares them: by value, whatever their type; true is one.
use super::Value;
use num_bigint::BigInt;
use std::cmp::Ordering;

impl Value {
    /// None: one of them is not a number (or not a comparable one).
    pub fn compare_numbers(&self, other: &Value) -> Option<Ordering> {
        match (self, other) {
            (Value::Float(one), Value::Float(two)) => one.partial_cmp(two),
            (Value::Float(one), _) => compare_float(*one, &other.as_big()?),
            (_, Value::Float(two)) => compare_float(*two, &self.as_big()?).map(Ordering::reverse),
            _ => match (self.small(), other.small()) {
                (Some(one), Some(two)) => Some(one.cmp(&two)),
                _ => Some(self.as_big()?.cmp(&other.as_big()?)),
            },
        }
    }

    fn small(&self) -> Option<i64> {
        match self {
            Value::Int(number) => Some(*number),
            Value::Bool(truth) => Some(i64::from(*truth)),
            _ => None,
        }
    }

    /// An integer or a boolean as an integer of any size.
    pub fn as_big(&self) -> Option<BigInt> {
        match self {
            Value::Big(number) => Some((**number).clone()),
            _ => self.small().map(BigInt::from),
        }
    }

    /// Any number as a float; integers too large for one become infinite.
    pub fn as_float(&self) -> Option<f64> {
        match self {
            Value::Float(number) => Some(*number),
            Value::Big(number) => number.to_string().parse().ok(),
            _ => self.small().map(|number| number as f64),
        }
    }
}

/// Exact where the float is whole; a float has no digits beyond those of its integer part that could mislead otherwise.
fn compare_float(float: f64, number: &BigInt) -> Option<Ordering> {
    if float.is_nan() {
        return None;
    }
    if float.is_infinite() {
        return Some(if float > 0.0 { Ordering::Greater } else { Ordering::Less });
    }
    let whole: BigInt = format!("{:.0}", float.trunc()).parse().ok()?;
    let fraction = float.fract().partial_cmp(&0.0)?;
    Some(whole.cmp(number).then(fraction))
}
