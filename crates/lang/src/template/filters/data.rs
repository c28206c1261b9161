//! Values to JSON and YAML and back, and Python's `pprint`.
use super::super::call::Call;
use super::super::error::Stop;
use super::super::registry::Entry;
use super::super::scope::Environment;
use super::{amount, derived, settled};
use crate::python::json;
use crate::yaml::{self, write};
use value::{Diagnostic, SourceId, Str, Value};

pub static TABLE: &[Entry] = &[
    settled("to_json", |call| to_json(call, None, false)),
    settled("to_nice_json", |call| to_json(call, Some(4), true)),
    settled("tojson", tojson),
    settled("from_json", from_json),
    settled("to_yaml", |call| to_yaml(call, write::Layout { indent: 2, ..write::Layout::default() })),
    settled("to_nice_yaml", |call| {
        to_yaml(call, write::Layout { indent: 4, flow: Some(false), ..write::Layout::default() })
    }),
    settled("community.general.to_yaml", |call| to_yaml(call, write::Layout { indent: 2, ..write::Layout::default() })),
    settled("community.general.to_nice_yaml", |call| {
        to_yaml(call, write::Layout { indent: 2, flow: Some(false), ..write::Layout::default() })
    }),
    settled("from_yaml", from_yaml),
    settled("from_yaml_all", from_yaml_all),
    settled("pprint", pprint),
];

fn to_json(call: &mut Call, indent: Option<i64>, sort_keys: bool) -> Result<Value, Stop> {
    let nice = indent.is_some();
    let mut arguments = std::mem::take(&mut call.arguments);
    let mut named = |name: &str| arguments.take_named(name);
    let (given, sort, ascii) = (named("indent"), named("sort_keys"), named("ensure_ascii"));
    let separators = named("separators");
    // What they would allow has no meaning here: values are data, keys are scalars, cycles cannot be.
    for allowed in ["preprocess_unsafe", "vault_to_text", "profile", "skipkeys", "allow_nan", "check_circular"] {
        named(allowed);
    }
    let mut positional = std::mem::take(&mut arguments.positional).into_iter();
    let (given, sort) = if nice { (given.or(positional.next()), sort.or(positional.next())) } else { (given, sort) };
    if let Some((name, _)) = arguments.named.first() {
        return Err(Stop::of_type(format!("{}() got an unexpected keyword argument '{name}'", call.name)));
    }
    if positional.next().is_some() {
        return Err(Stop::of_type(format!("{}() takes no more positional arguments", call.name)));
    }
    let indent = match given {
        Some(Value::Null) => None,
        Some(Value::Str(text)) => Some(text.to_string()),
        given => match given.or(indent.map(Value::Int)) {
            None => None,
            width => Some(" ".repeat(amount(call, width, "indent", 0)?)),
        },
    };
    let mut layout = json::Layout::new(indent);
    layout.sort_keys = call.truth(sort, sort_keys)?;
    layout.ascii = call.truth(ascii, true)?;
    match separators {
        None | Some(Value::Null) => {}
        Some(separators) => match separators.as_list() {
            Some([Value::Str(comma), Value::Str(colon)]) => layout.separators = (comma.to_string(), colon.to_string()),
            _ => return Err(call.wrong_type("separators", "a pair of strings", &separators)),
        },
    }
    write_json(call, &layout)
}

fn write_json(call: &Call, layout: &json::Layout) -> Result<Value, Stop> {
    let text = json::write(&call.input, layout).map_err(|problem| call.fail(problem.0))?;
    Ok(derived(text, &call.input))
}

/// Jinja's own, safe between HTML's tags.
fn tojson(call: &mut Call) -> Result<Value, Stop> {
    let [indent] = call.params(["indent"])?;
    let indent = match indent {
        None | Some(Value::Null) => None,
        indent => Some(" ".repeat(amount(call, indent, "indent", 0)?)),
    };
    let layout = json::Layout { sort_keys: true, ..json::Layout::new(indent) };
    let text = json::write(&call.input, &layout).map_err(|problem| call.fail(problem.0))?;
    let text = text.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026").replace('\'', "\\u0027");
    Ok(derived(text, &call.input))
}

fn from_json(call: &mut Call) -> Result<Value, Stop> {
    let [_profile] = call.params(["profile"])?;
    match &call.input {
        Value::Str(text) => {
            let like = text.clone().with_trust(false);
            json::read(text, &like).map_err(|problem| call.fail(problem.0))
        }
        other => {
            let message = format!("the JSON object must be a string, not {}", other.type_name());
            Err(Stop::of_type(format!("{}: {message}", call.name)))
        }
    }
}

fn to_yaml(call: &mut Call, mut layout: write::Layout) -> Result<Value, Stop> {
    let mut arguments = std::mem::take(&mut call.arguments);
    let nice = layout.flow == Some(false);
    // The filters of ansible-core write what is under a key as it stands; those of the collection decrypt it.
    let mut vaults = if call.name.contains('.') { Vaults::Plain } else { Vaults::Sealed };
    if nice && !arguments.positional.is_empty() {
        let indent = arguments.positional.remove(0);
        layout.indent = small(call, Some(indent), "indent", 4)?;
    } else if !nice && !arguments.positional.is_empty() {
        layout.flow = flow(call, Some(arguments.positional.remove(0)))?;
    }
    for (name, value) in std::mem::take(&mut arguments.named) {
        let value = Some(value);
        match &*name {
            "indent" => layout.indent = small(call, value, "indent", layout.indent)?,
            "width" => layout.width = small(call, value, "width", layout.width)?,
            "sort_keys" => layout.sort_keys = call.truth(value, true)?,
            "default_flow_style" => layout.flow = flow(call, value)?,
            "allow_unicode" if !nice => layout.unicode = call.truth(value, true)?,
            "explicit_start" => layout.explicit_start = call.truth(value, false)?,
            "explicit_end" => layout.explicit_end = call.truth(value, false)?,
            "default_style" => {
                let style = value.filter(|value| !value.is_null());
                layout.style = call.string(style, "default_style", "")?.chars().next();
            }
            "canonical" | "encoding" | "version" | "tags" | "line_break" => {}
            "redact_sensitive_values" if call.truth(value.clone(), false)? => vaults = Vaults::Redacted,
            "dump_vault_tags" if !call.truth(value.clone(), true)? => vaults = Vaults::Plain,
            "redact_sensitive_values" | "dump_vault_tags" => {}
            _ => return Err(Stop::of_type(format!("{}() got an unexpected keyword argument '{name}'", call.name))),
        }
    }
    let written = vaults.of(&call.input, call.environment());
    let written = written.as_ref().unwrap_or(&call.input);
    let text = write::write(written, &layout).map_err(|problem| call.fail(problem.0))?;
    Ok(derived(text, written))
}

/// How texts are written that a vault's key opened.
#[derive(PartialEq)]
enum Vaults {
    /// As they stood under the key.
    Sealed,
    Plain,
    Redacted,
}

impl Vaults {
    /// The value with such texts as they are to be written; none: it has none of them.
    fn of(&self, value: &Value, environment: &dyn Environment) -> Option<Value> {
        match value {
            Value::Str(text) if text.is_secret() && *self != Vaults::Plain => {
                let vaulted = environment.sealed(text)?;
                Some(if *self == Vaults::Sealed { Value::Vaulted(vaulted) } else { "<redacted>".into() })
            }
            Value::List(items) | Value::Tuple(items) => {
                let changed: Vec<_> = items.iter().map(|item| self.of(item, environment)).collect();
                let has_some = changed.iter().any(Option::is_some);
                let items = changed.into_iter().zip(items.iter()).map(|(new, old)| new.unwrap_or_else(|| old.clone()));
                has_some.then(|| Value::list(items))
            }
            Value::Map(map) => {
                let changed = map.iter().filter_map(|(key, item)| Some((key.clone(), self.of(item, environment)?)));
                let changed: Vec<_> = changed.collect();
                if changed.is_empty() {
                    return None;
                }
                let mut map = (**map).clone();
                map.extend(changed);
                Some(map.into())
            }
            _ => None,
        }
    }
}

fn small(call: &Call, value: Option<Value>, name: &str, default: i32) -> Result<i32, Stop> {
    match value {
        Some(Value::Null) | None => Ok(default),
        value => Ok(call.int(value, name, default.into())?.clamp(-1, i64::from(i32::MAX)) as i32),
    }
}

fn flow(call: &Call, value: Option<Value>) -> Result<Option<bool>, Stop> {
    match value {
        None | Some(Value::Null) => Ok(None),
        value => call.truth(value, false).map(Some),
    }
}

/// The documents of the input, if it is a text. No file stands behind it, so strings in them have no origin.
fn documents(call: &Call) -> Result<Option<Vec<Value>>, Stop> {
    let Value::Str(text) = &call.input else { return Ok(None) };
    let mut warnings = Vec::new();
    let nodes = yaml::parse(text, SourceId(u32::MAX), &mut warnings).map_err(|errors| problem(call, text, &errors))?;
    let secret = text.is_secret();
    let plain = |text: &Str| Str::from(text.text().as_ref()).with_secrecy(secret);
    Ok(Some(nodes.iter().map(|node| node.to_value(false).map_strings(&plain)).collect()))
}

fn problem(call: &Call, text: &Str, errors: &[Diagnostic]) -> Stop {
    let Some(error) = errors.first() else { return call.fail("this is no YAML") };
    match error.span {
        Some(span) if !text.is_secret() => {
            call.fail(format!("{} (line {}, column {})", error.message, span.line, span.column))
        }
        _ => call.fail(&error.message),
    }
}

fn from_yaml(call: &mut Call) -> Result<Value, Stop> {
    let [] = call.params([])?;
    match documents(call)? {
        None => Ok(std::mem::take(&mut call.input)),
        Some(documents) if documents.len() > 1 => {
            Err(call.fail("expected a single document in the stream, but found another document"))
        }
        Some(mut documents) => Ok(documents.pop().unwrap_or_default()),
    }
}

fn from_yaml_all(call: &mut Call) -> Result<Value, Stop> {
    let [] = call.params([])?;
    Ok(match documents(call)? {
        None => std::mem::take(&mut call.input),
        Some(documents) => Value::list(documents),
    })
}

/// Python's `pprint` knows nothing of Ansible's own lists and dicts, so that it prints them as any other text of them.
fn pprint(call: &mut Call) -> Result<Value, Stop> {
    let [] = call.params([])?;
    Ok(derived(call.input.to_repr(), &call.input))
}
