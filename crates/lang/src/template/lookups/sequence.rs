//! `sequence`: numbers as texts, from options or from the short form `5-8/2:host%02d`.
use super::super::call::Call;
use super::super::error::Stop;
use super::super::format;
use super::super::registry::LookupEntry;
use super::settled;
use value::{Str, Value};

pub static TABLE: &[LookupEntry] = &[settled("sequence", sequence)];

/// More numbers than that are a mistake.
const MOST: i128 = 2_000_000;

#[derive(Clone, Default)]
struct Options {
    start: Option<i64>,
    end: Option<i64>,
    count: Option<i64>,
    stride: Option<i64>,
    format: Option<Str>,
}

fn sequence(call: &mut Call) -> Result<Vec<Value>, Stop> {
    let terms = std::mem::take(&mut call.arguments.positional);
    let mut common = Options::default();
    for (name, value) in std::mem::take(&mut call.arguments.named) {
        common.set(call, &name, &value)?;
    }
    let mut numbers = Vec::new();
    if terms.is_empty() {
        return common.numbers(call);
    }
    for term in &terms {
        let text = call.text(term)?;
        let mut options = common.clone();
        if !options.read_short(&text) {
            for word in text.split_whitespace() {
                let (name, value) = word.split_once('=').ok_or_else(|| {
                    call.fail(format!(
                        "can't parse '{}': it is neither `start-end/stride:format` nor `name=value`",
                        text.as_str()
                    ))
                })?;
                options.set(call, name, &value.into())?;
            }
        }
        numbers.extend(options.numbers(call)?);
    }
    Ok(numbers)
}

impl Options {
    fn set(&mut self, call: &Call, name: &str, value: &Value) -> Result<(), Stop> {
        if name == "format" {
            self.format = Some(call.text(value)?);
            return Ok(());
        }
        let number = match value {
            Value::Str(text) => text.trim().parse().ok(),
            other => other.as_int(),
        };
        let wrong = || call.fail(format!("'{}' is no integer for {name}", value.to_text()));
        let number = Some(number.ok_or_else(wrong)?);
        match name {
            "start" => self.start = number,
            "end" => self.end = number,
            "count" => self.count = number,
            "stride" => self.stride = number,
            _ => return Err(call.fail(format!("unrecognized arguments to with_sequence: {name}"))),
        }
        Ok(())
    }

    /// `[start-]end[/stride][:format]`
    fn read_short(&mut self, text: &str) -> bool {
        let (range, format) = text.split_once(':').map_or((text, None), |(range, format)| (range, Some(format)));
        let (range, stride) = range.split_once('/').map_or((range, None), |(range, stride)| (range, Some(stride)));
        let (start, end) = range.split_once('-').map_or((None, range), |(start, end)| (Some(start), end));
        let number = |text: &str| match text.strip_prefix("0x") {
            Some(hex) => i64::from_str_radix(hex, 16).ok(),
            None if text.bytes().all(|b| b.is_ascii_digit()) => text.parse().ok(),
            None => None,
        };
        let read = |text: Option<&str>| text.map_or(Some(None), |text| number(text).map(Some));
        let (Some(start), Some(end), Some(stride)) = (read(start), number(end), read(stride)) else { return false };
        self.start = start.or(self.start);
        self.end = Some(end);
        self.stride = stride.or(self.stride);
        self.format = format.map(Str::from).or(self.format.take());
        true
    }

    fn numbers(&self, call: &Call) -> Result<Vec<Value>, Stop> {
        let start = i128::from(self.start.unwrap_or(1));
        let mut stride = i128::from(self.stride.unwrap_or(1));
        let end = match (self.count, self.end) {
            (None, None) => return Err(call.fail("must specify count or end in with_sequence")),
            (Some(_), Some(_)) => return Err(call.fail("can't specify both count and end in with_sequence")),
            (Some(0), None) => return Ok(Vec::new()),
            (Some(count), None) => start + i128::from(count) * stride - 1,
            (None, Some(end)) => i128::from(end),
        };
        if self.count.is_some() && stride < 0 {
            stride = -stride;
        }
        if stride > 0 && end < start {
            return Err(call.fail("to count backwards make stride negative"));
        }
        if stride < 0 && end > start {
            return Err(call.fail("to count forward don't make stride negative"));
        }
        if stride == 0 {
            return Ok(Vec::new());
        }
        let count = (end - start) / stride + 1;
        if count > MOST {
            return Err(call.fail(format!("a sequence of {count} numbers is too long")));
        }
        let shown = |number: i128| self.shown(call, number);
        (0..count).map(|at| shown(start + at * stride)).collect()
    }

    fn shown(&self, call: &Call, number: i128) -> Result<Value, Stop> {
        let Some(template) = &self.format else { return Ok(number.to_string().into()) };
        let bad = || call.fail(format!("bad formatting string: {}", template.as_str()));
        let number = i64::try_from(number).map_err(|_| bad())?;
        let values = Value::Tuple(std::sync::Arc::new(vec![number.into()]));
        format::percent::format(template, &values).map(Value::from).map_err(|_| bad())
    }
}
