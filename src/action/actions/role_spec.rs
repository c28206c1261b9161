//! `validate_argument_spec`: a role's variables against the table in its `meta/argument_specs.yml`.
use super::super::instance::{Action, Instance, Step};
use super::super::{Halt, result};
use std::sync::Arc;
use value::spec::{Arg, Complaint, ComplaintKind, Kind, Spec, check};
use value::{Map, Value};

pub struct RoleSpec;

impl Action for RoleSpec {
    fn modules(&self) -> &'static [&'static str] {
        &["validate_argument_spec"]
    }

    fn prepare(&self, instance: &Instance) -> Result<Step, Halt> {
        let raw = instance.raw;
        let Some(written) = raw.get("argument_spec") else {
            return Err(Halt::refused("\"argument_spec\" arg is required in args: {}"));
        };
        let Value::Map(options) = instance.names.value(written)? else {
            return Err(Halt::refused("Incorrect type for argument_spec, expected dict"));
        };
        let given = given(instance, &options)?;
        let errors = errors(&options, &given);
        let mut fields = Map::new();
        fields.extend(raw.get("validate_args_context").map(|context| ("validate_args_context", context.clone())));
        if errors.is_empty() {
            fields.insert("msg", "The arg spec validation passed");
            return Ok(Step::Known(result::ok(fields), Vec::new()));
        }
        fields.insert("msg", format!("Validation of arguments failed:\n{}", errors.join("\n")));
        fields.insert("argument_errors", errors);
        fields.insert("argument_spec_data", Value::Map(options));
        Ok(Step::Known(result::failed(fields), Vec::new()))
    }
}

/// What the host has under the names of the table, and what was given to the role.
fn given(instance: &Instance, options: &Map) -> Result<Map, Halt> {
    let provided = match instance.raw.get("provided_arguments") {
        Some(Value::Map(map)) => map.clone(),
        Some(written) => match instance.names.value(written)? {
            Value::Map(map) => map,
            _ => Arc::default(),
        },
        None => Arc::default(),
    };
    let mut all = Map::new();
    for (key, option) in options.iter() {
        let Some(name) = key.as_str() else { continue };
        let aliases = option.get("aliases").and_then(Value::as_list).unwrap_or_default();
        for name in [name].into_iter().chain(aliases.iter().filter_map(Value::as_str)) {
            let value = match provided.get(name) {
                Some(written) => Some(instance.names.value(written)?),
                None => instance.names.get(name)?,
            };
            all.extend(value.filter(|value| !matches!(value, Value::Omit)).map(|value| (name, value)));
        }
    }
    Ok(all)
}

fn errors(options: &Map, given: &Map) -> Vec<String> {
    let options = Options::read(options);
    let mut errors = Vec::new();
    let mut find = |spec: &Spec| {
        if let Err(complaints) = check(spec, "validate_argument_spec", given) {
            // There is no module to speak of.
            let words = |complaint: Complaint| match complaint.kind {
                ComplaintKind::Unknown { named } => named,
                ComplaintKind::Refused => complaint.message,
            };
            errors = complaints.into_iter().map(words).collect();
        }
    };
    build(&options.0, Vec::new(), &mut find);
    errors
}

/// Options as the file has them, with what a table borrows.
struct Options<'v>(Vec<Named<'v>>);

struct Named<'v> {
    name: &'v str,
    kind: Kind,
    elements: Option<Kind>,
    required: bool,
    secret: bool,
    aliases: Vec<&'v str>,
    choices: Vec<String>,
    below: Option<Options<'v>>,
}

impl<'v> Options<'v> {
    fn read(options: &'v Map) -> Self {
        let named = options.iter().filter_map(|(key, option)| Some(Named::read(key.as_str()?, option)));
        Self(named.collect())
    }
}

impl<'v> Named<'v> {
    fn read(name: &'v str, option: &'v Value) -> Self {
        let truth = |name: &str| option.get(name) == Some(&Value::Bool(true));
        let list = |name: &str| option.get(name).and_then(Value::as_list).unwrap_or_default();
        Self {
            name,
            kind: kind(option.get("type")).unwrap_or(Kind::Str),
            elements: kind(option.get("elements")),
            required: truth("required"),
            secret: truth("no_log"),
            aliases: list("aliases").iter().filter_map(Value::as_str).collect(),
            choices: list("choices").iter().map(Value::to_text).collect(),
            below: option.get("options").and_then(Value::as_map).map(Options::read),
        }
    }
}

fn kind(name: Option<&Value>) -> Option<Kind> {
    Some(match name?.as_str()? {
        "str" => Kind::Str,
        "int" => Kind::Int,
        "float" => Kind::Float,
        "bool" => Kind::Bool,
        "path" => Kind::Path,
        "list" => Kind::List,
        "dict" => Kind::Dict,
        "json" | "jsonarg" => Kind::Json,
        "bytes" => Kind::Bytes,
        "bits" => Kind::Bits,
        _ => Kind::Raw,
    })
}

/// The table borrows from the options and from the tables below it, so it is there only while it is used.
fn build(rest: &[Named], args: Vec<Arg>, then: &mut dyn FnMut(&Spec)) {
    let Some((first, rest)) = rest.split_first() else { return then(&Spec { doc: "", args: &args, rules: &[] }) };
    let choices: Vec<&str> = first.choices.iter().map(String::as_str).collect();
    let arg = Arg {
        aliases: &first.aliases,
        choices: &choices,
        required: first.required,
        secret: first.secret,
        ..Arg::new(first.name, first.kind, first.elements, "")
    };
    match &first.below {
        None => {
            let args = args.into_iter().chain([arg]).collect();
            build(rest, args, then);
        }
        Some(below) => build(&below.0, Vec::new(), &mut |table| {
            let args = args.iter().copied().chain([Arg { options: Some(table), ..arg }]).collect();
            build(rest, args, then);
        }),
    }
}
