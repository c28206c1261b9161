//! The interpreter of argument tables: names, types, defaults, choices and what arguments demand of each other. It collects all
//! complaints, since five typos should show five.
use super::{Arg, Kind, Rule, Spec, coerce, nearest};
use crate::place::Span;
use crate::value::{Key, Map, Value};

/// What is wrong with the arguments. `span` is where the argument stands, where its key or value knows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Complaint {
    pub message: String,
    pub span: Option<Span>,
    pub help: Option<String>,
    pub kind: ComplaintKind,
}

/// What sort of complaint it is, for those who act on it.
#[derive(Clone, Debug, PartialEq)]
pub enum ComplaintKind {
    /// The table has no such arguments. Their names and the known ones are the message without the module.
    Unknown { named: String },
    /// A known argument is missing, or is not what it should be.
    Refused,
}

/// The arguments under their own names, coerced, with defaults; omitted and null ones are left out. `module` is for the message.
pub fn check(spec: &Spec, module: &str, given: &Map) -> Result<Map, Vec<Complaint>> {
    let mut checker = Checker { module, path: String::new(), complaints: Vec::new() };
    let checked = checker.map(spec, given);
    if checker.complaints.is_empty() { Ok(checked) } else { Err(checker.complaints) }
}

struct Checker<'m> {
    module: &'m str,
    /// The names of the dicts around, for messages: `ports.published`.
    path: String,
    complaints: Vec<Complaint>,
}

impl Checker<'_> {
    fn map(&mut self, spec: &Spec, given: &Map) -> Map {
        let mut checked = Map::new();
        let mut unknown = Vec::new();
        for (key, value) in given.iter().filter(|(_, value)| !matches!(value, Value::Omit)) {
            let name = key.value().to_text();
            match spec.arg(&name) {
                Some(arg) => {
                    if !value.is_null() {
                        let value = self.value(arg, value, place_of(key, value));
                        checked.extend(value.map(|value| (arg.name, value)));
                    }
                }
                None => unknown.push((key, name)),
            }
        }
        self.unknown(spec, &unknown);
        // Before defaults are there: only what was given excludes anything.
        for rule in spec.rules.iter().filter(|rule| matches!(rule, Rule::MutuallyExclusive(_))) {
            self.rule(rule, &checked);
        }
        self.defaults(spec, &mut checked);
        self.required(spec, &checked, given);
        for rule in spec.rules.iter().filter(|rule| !matches!(rule, Rule::MutuallyExclusive(_))) {
            self.rule(rule, &checked);
        }
        checked
    }

    fn value(&mut self, arg: &Arg, value: &Value, span: Option<Span>) -> Option<Value> {
        let coerced = match coerce(value, arg.kind) {
            Ok(coerced) => coerced,
            Err(refusal) => {
                self.complain(
                    format!(
                        "argument '{}' is of type {} and we were unable to convert to {}: {}",
                        self.full(arg.name),
                        value.type_name(),
                        arg.kind.name(),
                        refusal.0
                    ),
                    span,
                    None,
                );
                return None;
            }
        };
        let coerced = if arg.secret { coerced.secret() } else { coerced };
        match (arg.kind, arg.elements, arg.options) {
            (Kind::List, _, Some(options)) => {
                Some(self.list(arg, &coerced, |checker, item| checker.dict(arg, options, item, span)))
            }
            (Kind::List, Some(kind), _) => {
                Some(self.list(arg, &coerced, |checker, item| checker.element(arg, kind, item, span)))
            }
            (Kind::Dict, _, Some(options)) => self.dict(arg, options, &coerced, span),
            _ => self.chosen(arg, coerced, span),
        }
    }

    fn list(&mut self, arg: &Arg, list: &Value, mut each: impl FnMut(&mut Self, &Value) -> Option<Value>) -> Value {
        debug_assert!(arg.kind == Kind::List);
        let items = list.as_list().unwrap_or_default();
        Value::list(items.iter().filter_map(|item| each(self, item)).collect::<Vec<_>>())
    }

    fn element(&mut self, arg: &Arg, kind: Kind, item: &Value, span: Option<Span>) -> Option<Value> {
        match coerce(item, kind) {
            Ok(item) => self.chosen(arg, item, span),
            Err(refusal) => {
                self.complain(
                    format!(
                        "Elements value for option '{}' is of type {} and we were unable to convert to {}: {}",
                        self.full(arg.name),
                        item.type_name(),
                        kind.name(),
                        refusal.0
                    ),
                    span,
                    None,
                );
                None
            }
        }
    }

    fn dict(&mut self, arg: &Arg, options: &Spec, item: &Value, span: Option<Span>) -> Option<Value> {
        let Ok(Value::Map(map)) = coerce(item, Kind::Dict) else {
            self.complain(
                format!("value of '{}' must be of type dict or list of dicts", self.full(arg.name)),
                span,
                None,
            );
            return None;
        };
        let inner = self.full(arg.name) + ".";
        let outer = std::mem::replace(&mut self.path, inner);
        let checked = self.map(options, &map);
        self.path = outer;
        Some(checked.into())
    }

    fn chosen(&mut self, arg: &Arg, value: Value, span: Option<Span>) -> Option<Value> {
        if arg.choices.is_empty() || matches!(value, Value::List(_)) && arg.elements.is_none() {
            return Some(value);
        }
        let text = value.to_text();
        if arg.choices.contains(&text.as_str()) {
            return Some(value);
        }
        // YAML reads `state: no` as a boolean; Ansible takes it back to the one choice that means the same.
        let truth = match text.as_str() {
            "True" => Some(true),
            "False" => Some(false),
            _ => None,
        };
        let word =
            arg.choices.iter().find(|choice| truth.is_some() && coerce::to_bool(&Value::from(**choice)).ok() == truth);
        if let Some(word) = word {
            return Some((*word).into());
        }
        let near = nearest(&text, arg.choices.iter().copied()).map(|near| format!("did you mean `{near}`?"));
        self.complain(
            format!("value of {} must be one of: {}, got: {text}", self.full(arg.name), arg.choices.join(", ")),
            span,
            near,
        );
        None
    }

    fn defaults(&mut self, spec: &Spec, checked: &mut Map) {
        for arg in spec.args {
            if !checked.contains(arg.name)
                && let Some(default) = arg.default
                && let Ok(default) = coerce(&default.into(), arg.kind)
            {
                let default = match (&default, arg.elements) {
                    (Value::List(items), Some(kind)) => {
                        Value::list(items.iter().filter_map(|item| coerce(item, kind).ok()))
                    }
                    _ => default,
                };
                checked.insert(arg.name, default);
            }
        }
    }

    fn required(&mut self, spec: &Spec, checked: &Map, given: &Map) {
        // An argument that was there and refused is not missing too.
        let refused = |arg: &Arg| {
            given
                .iter()
                .any(|(key, value)| !matches!(value, Value::Omit | Value::Null) && arg.has_name(&key.value().to_text()))
        };
        let missing = spec.args.iter().filter(|arg| arg.required && !checked.contains(arg.name) && !refused(arg));
        let names: Vec<_> = missing.map(|arg| arg.name).collect();
        if !names.is_empty() {
            self.complain(format!("missing required arguments: {}{}", names.join(", "), self.place()), None, None);
        }
    }

    fn rule(&mut self, rule: &Rule, args: &Map) {
        let missing = |names: &[&str]| {
            names.iter().filter(|name| !args.contains(name)).map(ToString::to_string).collect::<Vec<_>>()
        };
        let complaint = match rule {
            Rule::MutuallyExclusive(names) if names.len() > missing(names).len() + 1 => {
                format!("parameters are mutually exclusive: {}", names.join("|"))
            }
            Rule::RequiredOneOf(names) if missing(names).len() == names.len() => {
                format!("one of the following is required: {}", names.join(", "))
            }
            Rule::RequiredTogether(names) if !missing(names).is_empty() && missing(names).len() < names.len() => {
                format!("parameters are required together: {}", names.join(", "))
            }
            Rule::RequiredIf { arg, is, needs, any } if args.get(arg).is_some_and(|value| is_value(value, is)) => {
                match (missing(needs), any) {
                    (missing, false) if !missing.is_empty() => {
                        format!("{arg} is {is} but all of the following are missing: {}", missing.join(", "))
                    }
                    (missing, true) if missing.len() == needs.len() => {
                        format!("{arg} is {is} but any of the following are missing: {}", missing.join(", "))
                    }
                    _ => return,
                }
            }
            Rule::RequiredBy { arg, needs } if args.contains(arg) && !missing(needs).is_empty() => {
                format!("missing parameter(s) required by '{arg}': {}", missing(needs).join(", "))
            }
            _ => return,
        };
        let complaint = complaint + &self.place();
        self.complain(complaint, None, None);
    }

    /// One message names them all, as Ansible's does; each has its own place and its own suggestion.
    fn unknown(&mut self, spec: &Spec, unknown: &[(&Key, String)]) {
        let names: Vec<_> = unknown.iter().map(|(_, name)| self.full(name)).collect();
        for (index, (key, name)) in unknown.iter().enumerate() {
            let known = spec.args.iter().flat_map(|arg| [arg.name].into_iter().chain(arg.aliases.iter().copied()));
            let near = nearest(name, known).map(|near| format!("did you mean `{near}`?"));
            let named = match index {
                0 => format!("{}. Supported parameters include: {}.", names.join(", "), supported(spec)),
                _ => self.full(name),
            };
            let message = match index {
                0 => format!("Unsupported parameters for ({}) module: {named}", self.module),
                _ => format!("Unsupported parameter: {named}"),
            };
            let span = key.as_text().and_then(|text| text.origin());
            self.complaints.push(Complaint { message, span, help: near, kind: ComplaintKind::Unknown { named } });
        }
    }

    fn complain(&mut self, message: String, span: Option<Span>, help: Option<String>) {
        self.complaints.push(Complaint { message, span, help, kind: ComplaintKind::Refused });
    }

    fn full(&self, name: &str) -> String {
        format!("{}{name}", self.path)
    }

    fn place(&self) -> String {
        if self.path.is_empty() {
            String::new()
        } else {
            format!(" found in {}", self.path.trim_end_matches('.').replace('.', " -> "))
        }
    }
}

/// The names in order, then the other names that some of them have. What has a shape of its own and begins with `_` is ours alone.
fn supported(spec: &Spec) -> String {
    let sorted = |mut names: Vec<&str>| {
        names.sort_unstable();
        names.join(", ")
    };
    let is_ours = |arg: &&Arg| arg.name.starts_with('_') && arg.options.is_some();
    let names = sorted(spec.args.iter().filter(|arg| !is_ours(arg)).map(|arg| arg.name).collect());
    match sorted(spec.args.iter().flat_map(|arg| arg.aliases.iter().copied()).collect()) {
        aliases if aliases.is_empty() => names,
        aliases => format!("{names} ({aliases})"),
    }
}

fn is_value(value: &Value, word: &str) -> bool {
    match value {
        Value::Bool(truth) => coerce::to_bool(&word.into()) == Ok(*truth),
        other => other.to_text() == word,
    }
}

fn place_of(key: &Key, value: &Value) -> Option<Span> {
    let of_value = if let Value::Str(text) = value { text.origin() } else { None };
    of_value.or_else(|| key.as_text().and_then(|text| text.origin()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PORT: Spec = Spec { doc: "", args: &[Arg::new("published", Kind::Int, None, "").required()], rules: &[] };
    const SPEC: Spec = Spec {
        doc: "",
        args: &[
            Arg::new("dest", Kind::Path, None, "").required().aliases(&["name"]),
            Arg::new("state", Kind::Str, None, "").default("present").choices(&["present", "absent", "no"]),
            Arg::new("force", Kind::Bool, None, "").default("no"),
            Arg::new("content", Kind::Str, None, ""),
            Arg::new("src", Kind::Path, None, ""),
            Arg::new("ports", Kind::List, Some(Kind::Dict), "").options(&PORT),
        ],
        rules: &[
            Rule::MutuallyExclusive(&["content", "src"]),
            Rule::MutuallyExclusive(&["force", "ports"]),
            Rule::RequiredIf { arg: "state", is: "absent", needs: &["src"], any: false },
        ],
    };

    fn refused(args: &[(&str, Value)]) -> String {
        let given: Map = args.iter().map(|(name, value)| (*name, value.clone())).collect();
        let complaints = check(&SPEC, "copy", &given).unwrap_err();
        complaints.into_iter().map(|complaint| complaint.message).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn aliases_and_defaults_come_under_the_own_name() {
        let given: Map =
            [("name", Value::from("/a")), ("state", false.into()), ("content", Value::Omit)].into_iter().collect();
        let checked = check(&SPEC, "copy", &given).unwrap();
        let expected = Value::map([("dest", Value::from("/a")), ("state", "no".into()), ("force", false.into())]);
        assert_eq!(Value::from(checked), expected);
    }

    #[test]
    fn what_is_wrong_is_said() {
        assert!(
            refused(&[("dest", "/a".into()), ("contents", "x".into())])
                .contains("Unsupported parameters for (copy) module: contents")
        );
        let two = refused(&[("dest", "/a".into()), ("sate", "x".into()), ("forc", "x".into())]);
        assert_eq!(
            two,
            "Unsupported parameters for (copy) module: sate, forc. Supported parameters include: content, dest, force, ports, src, \
             state (name).; Unsupported parameter: forc"
        );
        assert_eq!(refused(&[]), "missing required arguments: dest");
        assert!(
            refused(&[("dest", "/a".into()), ("content", "".into()), ("src", "b".into())])
                .contains("mutually exclusive: content|src")
        );
        // A default excludes nothing.
        let port = Value::list([Value::map([("published", 80)])]);
        let given: Map = [("dest", Value::from("/a")), ("ports", port)].into_iter().collect();
        assert!(check(&SPEC, "copy", &given).is_ok());
        assert!(
            refused(&[("dest", "/a".into()), ("state", "absent".into())])
                .contains("all of the following are missing: src")
        );
        let port = Value::list([Value::map([("published", "many")])]);
        assert!(refused(&[("dest", "/a".into()), ("ports", port)]).contains("'ports.published' is of type str"));
    }
}
