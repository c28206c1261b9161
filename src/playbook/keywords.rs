//! The keywords of plays, blocks, tasks and roles: which there are, and what each may hold.
use super::model::Keywords;
use lang::yaml::{Kind, Node};
use std::sync::Arc;
use value::spec::{nearest, to_bool};
use value::{Diagnostic, Key, Map, Span, Str, Value};

/// On plays, blocks, tasks and roles alike.
const SHARED: [&str; 22] = [
    "name",
    "any_errors_fatal",
    "become",
    "become_exe",
    "become_flags",
    "become_method",
    "become_user",
    "check_mode",
    "collections",
    "connection",
    "debugger",
    "diff",
    "environment",
    "ignore_errors",
    "ignore_unreachable",
    "module_defaults",
    "no_log",
    "port",
    "remote_user",
    "run_once",
    "tags",
    "vars",
];
const TIMES: [&str; 2] = ["throttle", "timeout"];
const PLAY: [&str; 19] = [
    "hosts",
    "fact_path",
    "force_handlers",
    "gather_facts",
    "gather_subset",
    "gather_timeout",
    "handlers",
    "max_fail_percentage",
    "order",
    "post_tasks",
    "pre_tasks",
    "roles",
    "serial",
    "strategy",
    "tasks",
    "user",
    "vars_files",
    "vars_prompt",
    "import_playbook",
];
const INNER: [&str; 3] = ["when", "delegate_to", "delegate_facts"];
const BLOCK: [&str; 4] = ["block", "rescue", "always", "notify"];
const TASK: [&str; 15] = [
    "action",
    "local_action",
    "args",
    "async",
    "changed_when",
    "delay",
    "failed_when",
    "loop",
    "loop_control",
    "notify",
    "poll",
    "register",
    "retries",
    "until",
    "listen",
];

/// Keywords that Ansible has and we do not, as yet; with the words that ask for nothing, which are allowed.
const NOT_YET: [(&str, &[&str]); 2] = [("async", &["0"]), ("debugger", &["never"])];

/// Says that a keyword is not there yet, if that is so and something is asked of it.
pub fn check_supported(key: &Node, value: &Node, errors: &mut Vec<Diagnostic>) {
    let word = key.as_str().unwrap_or_default();
    let harmless = |words: &&[&str]| value.is_null() || value.word().is_some_and(|word| words.contains(&word));
    if let Some((_, words)) = NOT_YET.iter().find(|(keyword, _)| *keyword == word)
        && !harmless(words)
    {
        errors.push(Diagnostic::error("keyword-not-yet", format!("`{word}` is not supported yet")).at(key.span));
    }
}

/// On what a keyword stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    Play,
    ImportPlaybook,
    Block,
    Task,
    Handler,
    Role,
}

impl Holder {
    pub fn name(self) -> &'static str {
        match self {
            Holder::Play => "a play",
            Holder::ImportPlaybook => "`import_playbook`",
            Holder::Block => "a block",
            Holder::Task => "a task",
            Holder::Handler => "a handler",
            Holder::Role => "a role",
        }
    }

    pub fn keywords(self) -> Vec<&'static str> {
        let own: &[&[&str]] = match self {
            Holder::Play => &[&PLAY],
            Holder::ImportPlaybook => &[&["import_playbook", "ansible.builtin.import_playbook", "when"]],
            Holder::Block => &[&INNER, &BLOCK],
            Holder::Task => &[&INNER, &TASK[..14]],
            Holder::Handler => &[&INNER, &TASK],
            Holder::Role => &[&INNER, &["role"]],
        };
        own.iter().copied().chain([&SHARED[..], &TIMES]).flatten().copied().collect()
    }

    pub fn has(self, keyword: &str) -> bool {
        self.keywords().contains(&keyword)
    }
}

/// An unknown keyword, with the nearest known one.
pub fn unknown(key: &Node, holder: Holder) -> Diagnostic {
    let word = key.word().unwrap_or_default();
    let error = Diagnostic::error("unknown-keyword", format!("`{word}` is not a keyword of {}", holder.name()));
    let error = error.at(key.span);
    match nearest(word, holder.keywords()) {
        Some(near) => error.help(format!("did you mean `{near}`?")),
        None => error,
    }
}

/// Puts a shared keyword where it belongs; false: it is not one of these.
pub fn read(keywords: &mut Keywords, name: &str, value: &Node, errors: &mut Vec<Diagnostic>) -> bool {
    let plain = || Some(value.to_value(true));
    match name {
        "vars" => keywords.vars = variables(value, errors).map(Arc::new),
        "when" => keywords.when = conditions(value, errors),
        "tags" => keywords.tags = words(value, "tags", errors),
        "environment" => keywords.environment = list(value),
        "module_defaults" => keywords.module_defaults = list(value),
        "collections" => keywords.collections = words(value, "collections", errors),
        "become" => keywords.r#become = boolean(name, value, errors),
        "become_user" => keywords.become_user = scalar(name, value, errors),
        "become_method" => keywords.become_method = scalar(name, value, errors),
        "become_flags" => keywords.become_flags = scalar(name, value, errors),
        "become_exe" => keywords.become_exe = scalar(name, value, errors),
        "remote_user" | "user" => keywords.remote_user = scalar(name, value, errors),
        "connection" => keywords.connection = scalar(name, value, errors),
        "port" => keywords.port = number(name, value, errors),
        "delegate_to" => keywords.delegate_to = scalar(name, value, errors),
        "delegate_facts" => keywords.delegate_facts = boolean(name, value, errors),
        "run_once" => keywords.run_once = boolean(name, value, errors),
        "no_log" => keywords.no_log = boolean(name, value, errors),
        "check_mode" => keywords.check_mode = boolean(name, value, errors),
        "diff" => keywords.diff = boolean(name, value, errors),
        "ignore_errors" => keywords.ignore_errors = boolean(name, value, errors),
        "ignore_unreachable" => keywords.ignore_unreachable = boolean(name, value, errors),
        "any_errors_fatal" => keywords.any_errors_fatal = boolean(name, value, errors),
        "throttle" => keywords.throttle = number(name, value, errors),
        "timeout" => keywords.timeout = number(name, value, errors),
        "notify" => keywords.notify = (!value.is_null()).then(|| list(value)),
        "debugger" => keywords.debugger = plain(),
        _ => return false,
    }
    true
}

fn wrong(keyword: &str, value: &Node, wanted: &str) -> Diagnostic {
    let message = format!("`{keyword}` takes {wanted}, and this is {}", value.type_name());
    Diagnostic::error("keyword-value", message).at(value.span)
}

/// Whether a text may only be known once it is evaluated.
pub fn is_template(text: &str) -> bool {
    text.contains("{{") || text.contains("{%")
}

pub fn boolean(keyword: &str, value: &Node, errors: &mut Vec<Diagnostic>) -> Option<Value> {
    let given = value.to_value(true);
    let fits = match &given {
        Value::Str(text) => is_template(text) || to_bool(&given).is_ok(),
        Value::Null | Value::Bool(_) => true,
        other => to_bool(other).is_ok(),
    };
    if !fits {
        let error = wrong(keyword, value, "true or false");
        errors.push(error.help("the booleans are yes, no, true, false, on, off, 1 and 0; or a template in quotes"));
    }
    (!given.is_null()).then_some(given)
}

pub fn number(keyword: &str, value: &Node, errors: &mut Vec<Diagnostic>) -> Option<Value> {
    let given = value.to_value(true);
    let fits = match &given {
        Value::Str(text) => is_template(text) || text.trim().parse::<f64>().is_ok(),
        Value::Null | Value::Int(_) | Value::Float(_) => true,
        _ => false,
    };
    if !fits {
        errors.push(wrong(keyword, value, "a number"));
    }
    (!given.is_null()).then_some(given)
}

pub fn scalar(keyword: &str, value: &Node, errors: &mut Vec<Diagnostic>) -> Option<Value> {
    let given = value.to_value(true);
    if matches!(value.kind, Kind::Sequence(_) | Kind::Mapping(_)) {
        errors.push(wrong(keyword, value, "a string"));
    }
    (!given.is_null()).then_some(given)
}

/// A list as it is, anything else as a list of one, nothing as none.
pub fn list(value: &Node) -> Vec<Value> {
    match value.to_value(true) {
        Value::Null => Vec::new(),
        Value::List(items) => items.to_vec(),
        other => vec![other],
    }
}

/// Conditions: strings and booleans, one or several.
pub fn conditions(value: &Node, errors: &mut Vec<Diagnostic>) -> Vec<Value> {
    let items = value.as_sequence().unwrap_or(std::slice::from_ref(value));
    for item in items.iter().filter(|item| !matches!(item.kind, Kind::Scalar { .. })) {
        let error = Diagnostic::error(
            "keyword-value",
            format!("a condition must be a string, and this is {}", item.type_name()),
        );
        errors.push(error.at(item.span));
    }
    list(value)
}

/// Words in a list, or in a string with commas.
pub fn words(value: &Node, keyword: &str, errors: &mut Vec<Diagnostic>) -> Vec<Value> {
    let items = value.as_sequence().unwrap_or(std::slice::from_ref(value));
    let mut words = Vec::new();
    for item in items {
        match item.to_value(true) {
            Value::Null => {}
            Value::Str(text) if !is_template(&text) => words.extend(parts(&text)),
            scalar @ (Value::Str(_) | Value::Int(_) | Value::Float(_) | Value::Bool(_)) => words.push(scalar),
            _ => errors.push(wrong(keyword, item, "strings")),
        }
    }
    words
}

fn parts(text: &Str) -> impl Iterator<Item = Value> {
    let like = |part: &str| Str::from(part).with_origin(text.origin()).with_trust(text.is_trusted());
    text.split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(|part| Value::Str(like(part)))
        .collect::<Vec<_>>()
        .into_iter()
}

/// A mapping of variables, whose names must be names.
pub fn variables(value: &Node, errors: &mut Vec<Diagnostic>) -> Option<Map> {
    if value.is_null() {
        return None;
    }
    let Some(entries) = value.as_mapping() else {
        errors.push(wrong("vars", value, "a mapping of variables"));
        return None;
    };
    let mut map = Map::new();
    for (key, value) in entries {
        match key.as_str() {
            Some(name) if is_name(name) => {}
            _ => errors.push(invalid_name(key.word().unwrap_or_default(), key.span)),
        }
        map.insert(Key::from(key.to_value(true)), value.to_value(true));
    }
    Some(map)
}

pub fn invalid_name(name: &str, span: Span) -> Diagnostic {
    let error = Diagnostic::error("variable-name", format!("`{name}` is not a valid variable name")).at(span);
    error.help("a name has letters, digits and underscores, does not begin with a digit, and is no word of Python's")
}

/// Python's words, which no variable can be called by.
const RESERVED: [&str; 35] = [
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del",
    "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal",
    "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
];

/// Whether a variable can be called so.
pub fn is_name(name: &str) -> bool {
    let first = name.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    first && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !RESERVED.contains(&name)
}
