//! The keywords of plays, blocks, tasks and roles: which there are, and what each may hold.
use lang::yaml::Node;
use std::sync::Arc;
use value::spec::{nearest, to_bool};
use value::{Diagnostic, Map, Span, Str, Value};

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

use Holder::{Block, Handler, ImportPlaybook, Play, Role, Task};

impl Holder {
    pub fn name(self) -> &'static str {
        match self {
            Play => "a play",
            ImportPlaybook => "`import_playbook`",
            Block => "a block",
            Task => "a task",
            Handler => "a handler",
            Role => "a role",
        }
    }

    pub fn keywords(self) -> impl Iterator<Item = &'static str> {
        let shared = SHARED.iter().filter(move |(_, on)| on.contains(&self)).map(|(name, _)| *name);
        let own = OWN.iter().filter(move |(on, _)| on.contains(&self)).flat_map(|(_, names)| names.iter().copied());
        own.chain(shared)
    }

    pub fn has(self, keyword: &str) -> bool {
        self.keywords().any(|known| known == keyword)
    }
}

macro_rules! shared {
    ($($(#[$about:meta])* $name:literal $field:ident: $kind:ty = $read:ident, $on:expr;)*) => {
        /// Keywords that plays, blocks, tasks and roles share. None: not written here.
        #[derive(Clone, Debug, Default)]
        pub struct Keywords {
            $($(#[$about])* pub $field: $kind,)*
        }

        /// Their names, and on what each stands.
        const SHARED: &[(&str, &[Holder])] = &[$(($name, $on)),*];

        /// Puts a shared keyword where it belongs; false: it is not one of these.
        pub fn read<W: Written>(keywords: &mut Keywords, name: &str, value: &W, errors: &mut Vec<Diagnostic>) -> bool {
            match name {
                $($name => keywords.$field = $read(name, value, errors),)*
                _ => return false,
            }
            true
        }
    };
}

const EVERYWHERE: &[Holder] = &[Play, ImportPlaybook, Block, Task, Handler, Role];
const INNER: &[Holder] = &[Block, Task, Handler, Role];
const TASKS: &[Holder] = &[Task, Handler];

// Name, field, what it holds, who reads it, where it may stand.
shared! {
    "vars" vars: Option<Arc<Map>> = own_variables, EVERYWHERE;
    "when" when: Vec<Value> = conditions, &[ImportPlaybook, Block, Task, Handler, Role];
    "tags" tags: Vec<Value> = words, EVERYWHERE;
    "environment" environment: Vec<Value> = items, EVERYWHERE;
    "become" r#become: Option<Value> = boolean, EVERYWHERE;
    "become_user" become_user: Option<Value> = scalar, EVERYWHERE;
    "become_method" become_method: Option<Value> = scalar, EVERYWHERE;
    "become_flags" become_flags: Option<Value> = scalar, EVERYWHERE;
    "become_exe" become_exe: Option<Value> = scalar, EVERYWHERE;
    "remote_user" remote_user: Option<Value> = scalar, EVERYWHERE;
    "connection" connection: Option<Value> = scalar, EVERYWHERE;
    "port" port: Option<Value> = number, EVERYWHERE;
    "delegate_to" delegate_to: Option<Value> = scalar, INNER;
    "delegate_facts" delegate_facts: Option<Value> = boolean, INNER;
    "run_once" run_once: Option<Value> = boolean, EVERYWHERE;
    "no_log" no_log: Option<Value> = boolean, EVERYWHERE;
    "check_mode" check_mode: Option<Value> = boolean, EVERYWHERE;
    "diff" diff: Option<Value> = boolean, EVERYWHERE;
    "ignore_errors" ignore_errors: Option<Value> = boolean, EVERYWHERE;
    "ignore_unreachable" ignore_unreachable: Option<Value> = boolean, EVERYWHERE;
    "any_errors_fatal" any_errors_fatal: Option<Value> = boolean, EVERYWHERE;
    /// The nearest counts.
    "notify" notify: Option<Vec<Value>> = notified, &[Block, Task, Handler];
    "throttle" throttle: Option<Value> = number, EVERYWHERE;
    "timeout" timeout: Option<Value> = number, EVERYWHERE;
    "debugger" debugger: Option<Value> = anything, EVERYWHERE;
    "module_defaults" module_defaults: Vec<Value> = items, EVERYWHERE;
    "collections" collections: Vec<Value> = words, EVERYWHERE;
}

/// Those that only one kind of holder has, which reads them itself.
const OWN: &[(&[Holder], &[&str])] = &[
    (EVERYWHERE, &["name"]),
    (&[Play], &["hosts", "gather_facts", "gather_subset", "gather_timeout", "fact_path", "user", "roles"]),
    (&[Play], &["pre_tasks", "tasks", "post_tasks", "handlers", "vars_files", "vars_prompt"]),
    (&[Play], &["serial", "strategy", "order", "max_fail_percentage", "force_handlers"]),
    (&[Play, ImportPlaybook], &["import_playbook"]),
    (&[ImportPlaybook], &["ansible.builtin.import_playbook"]),
    (&[Block], &["block", "rescue", "always"]),
    (TASKS, &["action", "local_action", "args", "register", "changed_when", "failed_when", "loop", "loop_control"]),
    (TASKS, &["until", "retries", "delay", "async", "poll"]),
    (&[Handler], &["listen"]),
    (&[Role], &["role"]),
];

/// Keywords that Ansible has and we do not, as yet; with the words that ask for nothing, which are allowed.
const NOT_YET: [(&str, &[&str]); 2] = [("async", &["0"]), ("debugger", &["never"])];

/// Says that a keyword is not there yet, if that is so and something is asked of it.
pub fn check_supported<W: Written>(
    word: &str,
    place: impl Into<Option<Span>>,
    value: &W,
    errors: &mut Vec<Diagnostic>,
) {
    let value = value.value();
    let harmless = |words: &&[&str]| value.is_null() || words.contains(&value.to_text().as_str());
    if let Some((_, words)) = NOT_YET.iter().find(|(keyword, _)| *keyword == word)
        && !harmless(words)
    {
        errors.push(Diagnostic::error("keyword-not-yet", format!("`{word}` is not supported yet")).at(place));
    }
}

/// An unknown keyword, with the nearest known one.
pub fn unknown(key: &Node, holder: Holder) -> Diagnostic {
    unknown_word(key.word().unwrap_or_default(), key.span, holder)
}

pub fn unknown_word(word: &str, place: impl Into<Option<Span>>, holder: Holder) -> Diagnostic {
    let error = Diagnostic::error("unknown-keyword", format!("`{word}` is not a keyword of {}", holder.name()));
    let error = error.at(place);
    match nearest(word, holder.keywords()).filter(|near| *near != word) {
        Some(near) => error.help(format!("did you mean `{near}`?")),
        None => error,
    }
}

/// Where a keyword's value stands: in the text of a file, or in a map that was evaluated.
pub trait Written: Sized {
    fn value(&self) -> Value;
    /// What it is, for messages.
    fn described(&self) -> String;
    fn place(&self) -> Option<Span>;
    /// What is in the list; or the thing itself, where it is none.
    fn items(&self) -> &[Self];
}

impl Written for Node {
    fn value(&self) -> Value {
        self.to_value(true)
    }
    fn described(&self) -> String {
        self.type_name().to_string()
    }
    fn place(&self) -> Option<Span> {
        Some(self.span)
    }
    fn items(&self) -> &[Self] {
        self.as_sequence().unwrap_or(std::slice::from_ref(self))
    }
}

impl Written for Value {
    fn value(&self) -> Value {
        self.clone()
    }
    fn described(&self) -> String {
        format!("of the type {}", self.type_name())
    }
    fn place(&self) -> Option<Span> {
        self.origin()
    }
    fn items(&self) -> &[Self] {
        self.as_list().unwrap_or(std::slice::from_ref(self))
    }
}

fn wrong<W: Written>(keyword: &str, value: &W, wanted: &str) -> Diagnostic {
    let message = format!("`{keyword}` takes {wanted}, and this is {}", value.described());
    Diagnostic::error("keyword-value", message).at(value.place())
}

fn is_compound(value: &Value) -> bool {
    matches!(value, Value::List(_) | Value::Map(_))
}

/// Whether a text may only be known once it is evaluated.
pub fn is_template(text: &str) -> bool {
    text.contains("{{") || text.contains("{%")
}

pub fn boolean<W: Written>(keyword: &str, value: &W, errors: &mut Vec<Diagnostic>) -> Option<Value> {
    let given = value.value();
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

pub fn number<W: Written>(keyword: &str, value: &W, errors: &mut Vec<Diagnostic>) -> Option<Value> {
    let given = value.value();
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

pub fn scalar<W: Written>(keyword: &str, value: &W, errors: &mut Vec<Diagnostic>) -> Option<Value> {
    let given = value.value();
    if is_compound(&given) {
        errors.push(wrong(keyword, value, "a string"));
    }
    (!given.is_null()).then_some(given)
}

/// A list as it is, anything else as a list of one, nothing as none.
pub fn list<W: Written>(value: &W) -> Vec<Value> {
    match value.value() {
        Value::Null => Vec::new(),
        Value::List(items) => items.to_vec(),
        other => vec![other],
    }
}

fn items<W: Written>(_: &str, value: &W, _: &mut Vec<Diagnostic>) -> Vec<Value> {
    list(value)
}

/// Nothing written is another thing than an empty list.
fn notified<W: Written>(_: &str, value: &W, _: &mut Vec<Diagnostic>) -> Option<Vec<Value>> {
    (!value.value().is_null()).then(|| list(value))
}

fn anything<W: Written>(_: &str, value: &W, _: &mut Vec<Diagnostic>) -> Option<Value> {
    Some(value.value())
}

/// Conditions: strings and booleans, one or several.
pub fn conditions<W: Written>(_: &str, value: &W, errors: &mut Vec<Diagnostic>) -> Vec<Value> {
    for item in value.items().iter().filter(|item| is_compound(&item.value())) {
        let message = format!("a condition must be a string, and this is {}", item.described());
        errors.push(Diagnostic::error("keyword-value", message).at(item.place()));
    }
    list(value)
}

/// Words in a list, or in a string with commas.
pub fn words<W: Written>(keyword: &str, value: &W, errors: &mut Vec<Diagnostic>) -> Vec<Value> {
    let mut words = Vec::new();
    for item in value.items() {
        match item.value() {
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
fn own_variables<W: Written>(keyword: &str, value: &W, errors: &mut Vec<Diagnostic>) -> Option<Arc<Map>> {
    let map = match value.value() {
        Value::Null => return None,
        Value::Map(map) => map,
        _ => {
            errors.push(wrong(keyword, value, "a mapping of variables"));
            return None;
        }
    };
    for key in map.keys().filter(|key| !key.as_str().is_some_and(is_name)) {
        let place = key.as_text().and_then(Str::origin).or(value.place());
        errors.push(invalid_name(&key.value().to_text(), place));
    }
    Some(map)
}

pub fn invalid_name(name: &str, span: impl Into<Option<Span>>) -> Diagnostic {
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
