//! Tests with regular expressions.
use super::super::call::Call;
use super::super::error::Stop;
use super::super::registry::TestEntry;
use super::settled;
use crate::python::regex::{Anchor, Flags, Pattern};
use value::Value;

pub static TABLE: &[TestEntry] = &[
    settled("match", |call| {
        let [pattern, ignore_case, multiline] = call.params(["pattern", "ignorecase", "multiline"])?;
        matches(call, pattern, ignore_case, multiline, Anchor::Match)
    }),
    settled("search", |call| {
        let [pattern, ignore_case, multiline] = call.params(["pattern", "ignorecase", "multiline"])?;
        matches(call, pattern, ignore_case, multiline, Anchor::Search)
    }),
    settled("regex", regex),
];

fn matches(
    call: &Call,
    pattern: Option<Value>,
    ignore_case: Option<Value>,
    multiline: Option<Value>,
    anchor: Anchor,
) -> Result<bool, Stop> {
    let flags = Flags { ignore_case: call.truth(ignore_case, false)?, multiline: call.truth(multiline, false)? };
    let pattern = call.string(pattern, "pattern", "")?;
    let text = call.text(&call.input)?;
    let pattern = Pattern::new(&pattern, flags, anchor).map_err(|problem| call.fail(problem.0))?;
    pattern.is_match(&text).map_err(|problem| call.fail(problem.0))
}

fn regex(call: &mut Call) -> Result<bool, Stop> {
    let [pattern, ignore_case, multiline, kind] = call.params(["pattern", "ignorecase", "multiline", "match_type"])?;
    let kind = call.string(kind, "match_type", "search")?;
    let anchor = match kind.as_str() {
        "search" => Anchor::Search,
        "match" => Anchor::Match,
        "fullmatch" => Anchor::Full,
        other => return Err(call.fail(format!("match_type must be search, match or fullmatch, not {other}"))),
    };
    matches(call, pattern, ignore_case, multiline, anchor)
}
