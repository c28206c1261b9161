//! `range(...)`: a sequence that is not a list before someone needs its items.
use super::super::call::Arguments;
use super::super::error::{Kind, Stop};
use super::super::object::{Object, ObjectRef};
use super::{Evaluation, access};
use value::Value;

/// No template loops as often; a slip of the pen does.
const LONGEST: usize = 10_000_000;

struct Range {
    start: i64,
    stop: i64,
    step: i64,
}

pub fn range(mut arguments: Arguments, _evaluation: &Evaluation) -> Result<Value, Stop> {
    let given = arguments.positional.len();
    let bounds = arguments.bind("range", ["start", "stop", "step"])?;
    let mut numbers = [None; 3];
    for (number, bound) in numbers.iter_mut().zip(bounds) {
        *number = match bound {
            None => None,
            Some(Value::Int(number)) => Some(number),
            Some(Value::Bool(truth)) => Some(truth.into()),
            Some(other) => {
                let message = format!("'{}' object cannot be interpreted as an integer", other.type_name());
                return Err(Stop::of_type(message));
            }
        };
    }
    let (start, stop) = match (given, numbers) {
        (1, [Some(stop), ..]) => (0, stop),
        (_, [Some(start), Some(stop), _]) => (start, stop),
        _ => return Err(Stop::of_type("range expected at least 1 argument, got 0")),
    };
    match numbers[2].unwrap_or(1) {
        0 => Err(Stop::of_value("range() arg 3 must not be zero")),
        step => Ok(ObjectRef::value(Range { start, stop, step })),
    }
}

impl Range {
    fn len(&self) -> usize {
        let distance = i128::from(self.stop) - i128::from(self.start);
        let step = i128::from(self.step);
        let rounds = if step > 0 { (distance + step - 1) / step } else { (distance + step + 1) / step };
        usize::try_from(rounds.max(0)).unwrap_or(usize::MAX)
    }

    fn at(&self, index: usize) -> Value {
        let index = i64::try_from(index).unwrap_or(i64::MAX);
        Value::Int(self.start.saturating_add(self.step.saturating_mul(index)))
    }
}

impl Object for Range {
    fn kind(&self) -> &'static str {
        "range"
    }
    fn get(&self, key: &Value, _evaluation: &Evaluation) -> Result<Option<Value>, Stop> {
        Ok(match key.as_str() {
            Some("start") => Some(self.start.into()),
            Some("stop") => Some(self.stop.into()),
            Some("step") => Some(self.step.into()),
            _ => access::index(key, self.len()).map(|at| self.at(at)),
        })
    }
    fn items(&self, _evaluation: &Evaluation) -> Result<Option<Vec<Value>>, Stop> {
        let length = self.len();
        if length > LONGEST {
            return Err(Stop::new(Kind::Limit, format!("a range of {length} items is too long")));
        }
        Ok(Some((0..length).map(|index| self.at(index)).collect()))
    }
    fn is_sequence(&self) -> bool {
        true
    }
    fn text(&self, _evaluation: &Evaluation) -> Result<String, Stop> {
        Ok(match self.step {
            1 => format!("range({}, {})", self.start, self.stop),
            step => format!("range({}, {}, {step})", self.start, self.stop),
        })
    }
}
