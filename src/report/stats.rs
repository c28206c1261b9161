//! What tasks counted with `set_stats`: summed up over the run, and shown behind the recap where the settings ask for it.
use crate::engine::message::{Failure, Status};
use std::collections::BTreeMap;
use std::sync::Arc;
use value::{Json, Map, Value, json_text};

/// By host; that of the whole run has none.
#[derive(Default)]
pub struct Stats(BTreeMap<Option<String>, Map>);

impl Stats {
    /// What this result of the host brings; that of each item, in a loop.
    pub fn count(&mut self, host: &str, status: &Status) {
        let Status::Settled { outcome, failure: Failure::None } = status else { return };
        let items = outcome.result.get("results").and_then(Value::as_list).unwrap_or_default();
        let results = items.iter().filter_map(Value::as_map).chain([&*outcome.result]);
        for given in results.filter_map(|result| result.get("ansible_stats")?.as_map()) {
            let truth = |name: &str, usual: bool| given.get(name).map_or(usual, Value::is_true);
            let whose = truth("per_host", false).then(|| host.to_string());
            let known = self.0.entry(whose).or_default();
            for (name, value) in given.get("data").and_then(Value::as_map).into_iter().flat_map(|data| data.iter()) {
                let sum = match known.get_key(name) {
                    Some(before) if truth("aggregate", true) => sum(before, value),
                    _ => Some(value.clone()),
                };
                if let Some(sum) = sum {
                    known.insert(name.clone(), sum);
                }
            }
        }
    }

    /// The lines behind the recap. None: nothing was counted.
    pub fn lines(&self) -> Option<Vec<String>> {
        let layout = Json { indent: Some(1), sort_keys: true, ascii: false, compact: false };
        // Line ends inside of texts are escaped, so these are the layout's own.
        let shown = |map: &Map| json_text(&Value::from(map.clone()), layout).replace('\n', "");
        let of_hosts = self.0.iter().filter_map(|(host, map)| Some(format!("\t{}: {}", host.as_ref()?, shown(map))));
        let of_run = self.0.get(&None).map(|map| [String::new(), format!("\tRUN: {}", shown(map))]);
        let lines: Vec<_> = of_hosts.chain(of_run.into_iter().flatten()).chain([String::new()]).collect();
        (!self.0.is_empty()).then_some(lines)
    }
}

/// Numbers add up, texts and lists go on, maps are merged deeply. None: what is of another type is passed over, as Ansible does.
fn sum(before: &Value, value: &Value) -> Option<Value> {
    Some(match (before, value) {
        (Value::Int(before), Value::Int(value)) => before.checked_add(*value)?.into(),
        (Value::Int(before), Value::Bool(value)) => before.checked_add(i64::from(*value))?.into(),
        (Value::Bool(before), Value::Bool(value)) => (i64::from(*before) + i64::from(*value)).into(),
        (Value::Float(before), Value::Float(value)) => Value::Float(before + value),
        (Value::Str(before), Value::Str(value)) => format!("{before}{value}").into(),
        (Value::List(before), Value::List(value)) => Value::list(before.iter().chain(value.iter()).cloned()),
        (Value::Map(before), Value::Map(value)) => merged(before, value),
        _ => return None,
    })
}

fn merged(before: &Arc<Map>, value: &Arc<Map>) -> Value {
    let mut all = Map::clone(before);
    for (name, value) in value.iter() {
        let value = match (all.get_key(name), value) {
            (Some(Value::Map(before)), Value::Map(value)) => merged(before, value),
            (_, value) => value.clone(),
        };
        all.insert(name.clone(), value);
    }
    all.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::message::Outcome;

    fn settled(data: Value, per_host: bool, aggregate: bool) -> Status {
        let stats = Value::map([("data", data), ("per_host", per_host.into()), ("aggregate", aggregate.into())]);
        let result = [("ansible_stats", stats)].into_iter().collect();
        let outcome = Outcome { result: Arc::new(result), ..Outcome::default() };
        Status::Settled { outcome, failure: Failure::None }
    }

    #[test]
    fn what_is_alike_adds_up_and_what_is_not_is_passed_over() {
        let mut stats = Stats::default();
        assert!(stats.lines().is_none());
        stats.count("b", &settled(Value::map([("n", 1)]), true, true));
        let data = |n: Value, rest: [Value; 3]| {
            let [list, text, map] = rest;
            Value::map([("n", n), ("l", list), ("s", text), ("m", Value::map([("k", map)]))])
        };
        let first = [vec![1].into(), "x".into(), Value::map([("a", 1)])];
        stats.count("a", &settled(data(10.into(), first), false, true));
        let second = [Value::from(1), "y".into(), Value::map([("b", 2)])];
        stats.count("a", &settled(data(Value::Float(1.5), second), false, true));
        stats.count("b", &settled(Value::map([("n", 7)]), true, false));
        let run = r#"RUN: { "l": [  1 ], "m": {  "k": {   "a": 1,   "b": 2  } }, "n": 10, "s": "xy"}"#;
        assert_eq!(stats.lines().unwrap(), ["\tb: { \"n\": 7}", "", &format!("\t{run}"), ""]);
    }
}
