//! A result as the default renderer shows it behind `=>`.
use crate::engine::message::Outcome;
use std::sync::Arc;
use value::{Json, Map, Value, json_text};

/// What is kept from view at lower verbosity, or shown elsewhere.
const ELSEWHERE: [&str; 4] = ["diff", "warnings", "deprecations", "exception"];
/// The word before the result says these.
const FLAGS: [&str; 2] = ["failed", "skipped"];

/// `verbosity` as `-v` counts; `expanded` prints one key per line.
pub fn dump(outcome: &Outcome, verbosity: u8, expanded: bool) -> String {
    // The items of a loop were shown already.
    let looped = !outcome.items.is_empty() || outcome.result.contains("skipped_reason");
    let mut shown = shown(&outcome.result, verbosity);
    if looped {
        shown.remove("results");
    }
    let indent = (expanded || verbosity > 2).then_some(4);
    json_text(&Value::from(shown), Json { indent, sort_keys: true, ascii: false, compact: false })
}

/// All in one line, without spaces after commas.
pub fn one_line(outcome: &Outcome, verbosity: u8) -> String {
    let layout = Json { indent: Some(0), sort_keys: true, ascii: false, compact: false };
    // Line ends inside of texts are escaped, so these are the layout's own.
    json_text(&Value::from(shown(&outcome.result, verbosity)), layout).replace('\n', "")
}

fn shown(result: &Map, verbosity: u8) -> Map {
    let hidden = |name: &str| {
        name.starts_with("_ansible_")
            || FLAGS.contains(&name)
            || ELSEWHERE.contains(&name) && verbosity < 3
            || name == "invocation" && verbosity < 3
    };
    let kept = result.iter().filter(|(key, _)| !key.as_str().is_some_and(hidden));
    kept.map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// What `debug` says stands alone, without what every result has.
pub fn debugged(outcome: &Outcome) -> Outcome {
    const COMMON: [&str; 6] =
        ["changed", "invocation", "skip_reason", "ansible_loop_var", "ansible_index_var", "ansible_loop"];
    let alone = outcome.result.contains("msg");
    let kept = |name: &str| {
        let said = ["msg", "exception", "warnings", "deprecations"].contains(&name);
        name.starts_with('_') || if alone { said } else { !COMMON.contains(&name) }
    };
    let fields = outcome.result.iter().filter(|(key, _)| key.as_str().is_none_or(kept));
    let result: Map = fields.map(|(key, value)| (key.clone(), value.clone())).collect();
    let items = outcome.items.iter().map(|(label, item)| (label.clone(), debugged(item))).collect();
    Outcome { result: Arc::new(result), items, ..outcome.clone() }
}

/// Whether it never wants to be seen (`setup`).
pub fn never_shown(outcome: &Outcome) -> bool {
    outcome.result.get("_ansible_verbose_override").is_some_and(Value::is_true)
}

/// Whether the module or action wants its result seen whatever the verbosity (`debug`, `assert`).
pub fn always_shown(outcome: &Outcome) -> bool {
    outcome.result.get("_ansible_verbose_always").is_some_and(Value::is_true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_sorted_and_internal_ones_left_out() {
        let result: Map = [("msg", Value::from("x")), ("_ansible_no_log", false.into()), ("changed", false.into())]
            .into_iter()
            .collect();
        let outcome = Outcome { result: Arc::new(result), ..Outcome::default() };
        assert_eq!(dump(&outcome, 0, false), r#"{"changed": false, "msg": "x"}"#);
        assert_eq!(dump(&outcome, 0, true), "{\n    \"changed\": false,\n    \"msg\": \"x\"\n}");
    }

    #[test]
    fn debug_says_its_words_alone() {
        let result: Map =
            [("msg", Value::from("x")), ("item", 1.into()), ("changed", false.into())].into_iter().collect();
        let outcome = Outcome { result: Arc::new(result), ..Outcome::default() };
        assert_eq!(dump(&debugged(&outcome), 0, false), r#"{"msg": "x"}"#);
        let result: Map = [("x", Value::from(1)), ("item", 1.into()), ("changed", false.into())].into_iter().collect();
        let outcome = Outcome { result: Arc::new(result), ..Outcome::default() };
        assert_eq!(dump(&debugged(&outcome), 0, false), r#"{"item": 1, "x": 1}"#);
    }
}
