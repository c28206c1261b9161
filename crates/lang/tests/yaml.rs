//! Snippets of YAML against what ansible-core made of them; `yaml/record.py` records that anew.
use lang::yaml;
use value::{SourceId, Value};

/// A tag directly before a comma is beyond the YAML parser; it says so.
const REFUSED: [&str; 1] = ["{a: !unsafe, b: 1}"];

const RECORDED: &str = include_str!("yaml/recorded.jsonl");

#[test]
fn snippets_mean_what_they_mean_to_ansible() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for line in RECORDED.lines() {
        let case = yaml::parse_json(line, SourceId(0)).expect("a recorded line is JSON").to_value(true);
        let [text, expected] = case.as_list().unwrap() else { panic!("a pair") };
        let text = text.as_str().unwrap();
        count += 1;
        let found = match yaml::parse_one(text, SourceId(0), &mut Vec::new()) {
            Ok(node) => node.map_or(Value::Null, |node| encode(&node.to_value(true))),
            Err(errors) => Value::map([("error", errors[0].message.clone())]),
        };
        let both_fail = found.get("error").is_some() && expected.get("error").is_some();
        if !both_fail && found != *expected && !REFUSED.contains(&text) {
            wrong.push(format!("{text:?}\n  Ansible: {expected:?}\n  here:    {found:?}"));
        }
    }
    assert!(count > 500, "only {count} cases were recorded");
    assert!(wrong.is_empty(), "{} of {count} differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// As `record.py` encodes values: what JSON cannot tell apart gets its type's name.
fn encode(value: &Value) -> Value {
    let typed = |name: &str, text: String| Value::map([(name, text)]);
    match value {
        Value::Str(text) if text.is_trusted() => value.clone(),
        Value::Str(text) => typed("unsafe", text.to_string()),
        Value::Int(_) | Value::Big(_) => typed("int", value.to_text()),
        Value::Float(_) => typed("float", value.to_text()),
        Value::Bytes(bytes) => typed("bytes", bytes.iter().map(|byte| format!("{byte:02x}")).collect()),
        Value::Date(date) => typed("date", date.to_string()),
        Value::DateTime(time) => typed("datetime", time.to_string()),
        Value::Vaulted(vaulted) => typed("vault", vaulted.ciphertext.to_string()),
        Value::List(items) => Value::list(items.iter().map(encode)),
        Value::Map(map) => {
            let entries = map.iter().map(|(key, value)| Value::list([encode_key(key), encode(value)]));
            Value::map([("map", Value::list(entries))])
        }
        other => other.clone(),
    }
}

/// Whether a key is trusted depends on the loader, and matters to nobody.
fn encode_key(key: &value::Key) -> Value {
    key.as_str().map_or_else(|| encode(key.value()), Value::from)
}
