//! `lookup`, `query` and `q`: pure lookups are answered here, the others by the scope.
use super::super::call::{Arguments, Call};
use super::super::error::{Error, Kind, Stop};
use super::super::registry;
use super::super::scope::LookupRequest;
use super::Evaluation;
use value::{Diagnostic, Value};

/// One item as it is, strings with commas between them, or the list.
pub fn lookup(arguments: Arguments, evaluation: &Evaluation) -> Result<Value, Stop> {
    ask(arguments, evaluation, false)
}

/// Always the list.
pub fn query(arguments: Arguments, evaluation: &Evaluation) -> Result<Value, Stop> {
    ask(arguments, evaluation, true)
}

fn ask(mut arguments: Arguments, evaluation: &Evaluation, as_list: bool) -> Result<Value, Stop> {
    if arguments.positional.is_empty() {
        return Err(Stop::of_type("lookup() missing 1 required positional argument: 'plugin_name'"));
    }
    let name = evaluation.text(&arguments.positional.remove(0))?;
    let as_list = arguments.take_named("wantlist").map_or(as_list, |wanted| wanted.is_true());
    let errors = match arguments.take_named("errors") {
        Some(errors) => evaluation.text(&errors)?.to_string(),
        None => "strict".into(),
    };
    let found = match answers(registry::short(&name), arguments, evaluation) {
        Ok(Answer::Found(found)) => found,
        Ok(Answer::Undefined(undefined)) => return Ok(undefined),
        // A lookup that is not there is a fault of the playbook, and not to be ignored.
        Err(Stop::Error(error))
            if ["ignore", "warn"].contains(&errors.as_str())
                && !matches!(error.kind(), Kind::Unknown | Kind::Undefined) =>
        {
            if errors == "warn" {
                let message = format!("lookup '{name}' failed: {error}");
                let warning = Diagnostic::warning("lookup-failed", message).at(error.span());
                evaluation.scope().environment().warn(warning);
            }
            return Ok(if as_list { Value::list([]) } else { Value::Null });
        }
        Err(stop) => return Err(stop),
    };
    Ok(if as_list { Value::list(found) } else { joined(found) })
}

enum Answer {
    Found(Vec<Value>),
    Undefined(Value),
}

fn answers(name: &str, arguments: Arguments, evaluation: &Evaluation) -> Result<Answer, Stop> {
    if let Some(entry) = registry::lookup(name) {
        return match evaluation.prepare(entry.takes, Value::Null, arguments)? {
            Err(undefined) => Ok(Answer::Undefined(undefined)),
            Ok((input, arguments)) => {
                let found = (entry.run)(&mut Call::new(entry.name, input, arguments, evaluation));
                found.map(Answer::Found).map_err(|stop| failed(stop, entry.name))
            }
        };
    }
    evaluation.note_impure();
    let arguments = match evaluation.prepare(registry::Takes::Settled, Value::Null, arguments)? {
        Err(undefined) => return Ok(Answer::Undefined(undefined)),
        Ok((_, arguments)) => arguments,
    };
    let request = LookupRequest { name, arguments: &arguments, span: None, scope: evaluation.scope() };
    match evaluation.scope().lookup(&request).map_err(|stop| failed(stop, name))? {
        Some(found) => Ok(Answer::Found(found)),
        None => {
            let error = Error::new(Kind::Unknown, format!("The lookup plugin '{name}' was not found."));
            let outside = evaluation.scope().environment().lookup_names();
            let near = value::spec::nearest(name, registry::lookup_names().chain(outside));
            Err(near.map_or(error.clone(), |near| error.help(format!("did you mean '{near}'?"))).into())
        }
    }
}

fn failed(stop: Stop, name: &str) -> Stop {
    stop.map_error(|error| error.of_plugin("lookup", name))
}

fn joined(mut found: Vec<Value>) -> Value {
    if found.len() == 1 {
        return found.swap_remove(0);
    }
    let texts: Option<Vec<&str>> = found.iter().map(Value::as_str).collect();
    match texts {
        Some(texts) if !texts.is_empty() => {
            let secret = found.iter().any(Value::holds_secret);
            value::Str::from(texts.join(",")).with_secrecy(secret).into()
        }
        _ => Value::list(found),
    }
}
