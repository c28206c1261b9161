//! Chance: with a seed as Python's generator has it, without one from the environment.
use super::super::call::Call;
use super::super::error::Stop;
use super::super::registry::Entry;
use super::settled;
use crate::python::random::Random;
use num_bigint::{BigInt, BigUint};
use value::Value;

pub static TABLE: &[Entry] =
    &[settled("random", random), settled("shuffle", shuffle), settled("community.general.random_mac", random_mac)];

/// Where numbers come from.
enum Source<'c, 'e> {
    Seeded(Box<Random>),
    Outside(&'c Call<'e>),
}

impl<'c, 'e> Source<'c, 'e> {
    fn new(call: &'c Call<'e>, seed: Option<Value>) -> Result<Self, Stop> {
        Ok(match seed {
            None | Some(Value::Null) => {
                call.evaluation().note_impure();
                Source::Outside(call)
            }
            Some(Value::Str(text)) => Source::Seeded(Box::new(Random::from_text(&text))),
            Some(Value::Float(number)) => Source::Seeded(Box::new(Random::from_float(number))),
            Some(other) => match other.as_big() {
                Some(number) => Source::Seeded(Box::new(Random::from_integer(number.magnitude()))),
                None => return Err(call.wrong_type("seed", "a number or a string", &other)),
            },
        })
    }

    fn below(&mut self, limit: u64) -> Result<u64, Stop> {
        match self {
            Source::Seeded(random) => Ok(random.below(limit)),
            Source::Outside(call) => call.environment().random(limit),
        }
    }
}

fn random(call: &mut Call) -> Result<Value, Stop> {
    let [start, step, seed] = call.params(["start", "step", "seed"])?;
    let mut source = Source::new(call, seed)?;
    if let Value::Int(end) = call.input {
        let (start, step) = (call.int(start, "start", 0)?, call.int(step, "step", 1)?);
        return range(call, &mut source, start, end, step);
    }
    if let (Value::Big(end), None, None) = (&call.input, &start, &step) {
        return large(call, &mut source, end);
    }
    if start.is_some_and(|start| !start.is_null()) || step.is_some_and(|step| !step.is_null()) {
        return Err(call.fail("start and step can only be used with integer values"));
    }
    let items = match &call.input {
        Value::Map(_) | Value::Null | Value::Bool(_) | Value::Float(_) => {
            return Err(call.fail("random can only be used on sequences and integers"));
        }
        input => call.items(input)?,
    };
    if items.is_empty() {
        return Err(call.fail("Cannot choose from an empty sequence"));
    }
    let at = source.below(items.len() as u64)?;
    Ok(items[at as usize].clone())
}

/// Below a limit that no machine word holds.
fn large(call: &Call, source: &mut Source, end: &BigInt) -> Result<Value, Stop> {
    let Some(limit) = end.to_biguint().filter(|limit| limit.bits() <= 100_000) else {
        return Err(call.fail("empty range for randrange()"));
    };
    let number = match source {
        Source::Seeded(random) => random.below_large(&limit),
        Source::Outside(call) => {
            // 64 bits more than are needed leave no trace of the division.
            let words = (0..limit.bits() / 32 + 3).map(|_| call.environment().random(1 << 32).map(|word| word as u32));
            BigUint::new(words.collect::<Result<_, _>>()?) % limit
        }
    };
    Ok(BigInt::from(number).into())
}

/// Python's `randrange`.
fn range(call: &Call, source: &mut Source, start: i64, end: i64, step: i64) -> Result<Value, Stop> {
    let width = i128::from(end) - i128::from(start);
    let count = match step {
        0 => return Err(call.fail("zero step for randrange()")),
        step if step > 0 => (width + i128::from(step) - 1).div_euclid(i128::from(step)),
        step => (width + i128::from(step) + 1) / i128::from(step),
    };
    let count = u64::try_from(count).ok().filter(|count| *count > 0);
    let count = count.ok_or_else(|| call.fail(format!("empty range for randrange() ({start}, {end}, {width})")))?;
    let chosen = i128::from(start) + i128::from(step) * i128::from(source.below(count)?);
    Ok(i64::try_from(chosen).map_or(Value::Null, Value::Int))
}

/// What is no list stays as it is, as Ansible has it.
fn shuffle(call: &mut Call) -> Result<Value, Stop> {
    let [seed] = call.params(["seed"])?;
    let mut source = Source::new(call, seed)?;
    let Ok(mut items) = call.items(&call.input) else { return Ok(call.input.clone()) };
    for at in (1..items.len()).rev() {
        let other = source.below(at as u64 + 1)?;
        items.swap(at, other as usize);
    }
    Ok(Value::list(items))
}

/// A hardware address that begins as the input says.
fn random_mac(call: &mut Call) -> Result<Value, Stop> {
    let [seed] = call.params(["seed"])?;
    let text = call.text(&call.input)?.to_lowercase();
    let parts: Vec<&str> = text.split(':').filter(|part| !part.is_empty()).collect();
    if parts.is_empty() || parts.len() > 5 {
        return Err(call.fail(format!("Invalid value {text} for random_mac: it must begin with 1 to 5 parts")));
    }
    let valid = |part: &&str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    if let Some(part) = parts.iter().find(|part| !valid(part)) {
        return Err(call.fail(format!("Invalid value {text} for random_mac: {part} is not a hexadecimal byte")));
    }
    let mut source = Source::new(call, seed)?;
    let first = 68_719_476_736_u64;
    let number = first + source.below(1_099_511_627_775 - first + 1)?;
    let digits = format!("{number:x}");
    let bytes = (0..digits.len() / 2).map(|at| format!(":{}", &digits[at * 2..at * 2 + 2]));
    let mac = parts.join(":") + &bytes.collect::<String>();
    Ok(mac.chars().take(17).collect::<String>().into())
}
