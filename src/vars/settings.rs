//! The lookup `config`: settings of this run, by name.
use crate::config::Settings;
use lang::template::{Environment, LookupRequest, Stop};
use value::{Diagnostic, Value};

/// What happens about a name that no setting has.
enum Missing {
    Error,
    Warn,
    Skip,
}

pub fn lookup(settings: &Settings, request: &LookupRequest, environment: &dyn Environment) -> Result<Vec<Value>, Stop> {
    let option = |name: &str| {
        let given = request.arguments.named.iter().find(|(known, _)| &**known == name);
        given.map(|(_, value)| value).filter(|value| !value.is_null())
    };
    let missing = missing(option("on_missing"))?;
    if option("plugin_type").or(option("plugin_name")).is_some() {
        return Err(Stop::outside("the options of plugins are not here, only settings by their names"));
    }
    let with_origin = option("show_origin").is_some_and(Value::is_true);
    let mut found = Vec::new();
    for term in &request.arguments.positional {
        let Some(name) = term.as_str() else {
            let (shown, kind) = (term.to_text(), term.type_name());
            return Err(Stop::outside(format!("Invalid setting identifier, {shown} is not a string, it is a {kind}")));
        };
        match (settings.get(name), &missing) {
            (Some(setting), _) if with_origin => {
                found.push(Value::list([setting.value.clone(), setting.origin.as_str().into()]));
            }
            (Some(setting), _) => found.push(setting.value.clone()),
            (None, Missing::Error) => return Err(unknown(name, settings.names())),
            (None, Missing::Warn) => {
                let message = format!("there is no setting of the name {name}, and it is passed over");
                environment.warn(Diagnostic::warning("config", message).at(request.span));
            }
            (None, Missing::Skip) => {}
        }
    }
    Ok(found)
}

fn missing(given: Option<&Value>) -> Result<Missing, Stop> {
    match given.map(Value::to_text).as_deref() {
        None | Some("error") => Ok(Missing::Error),
        Some("warn") => Ok(Missing::Warn),
        Some("skip") => Ok(Missing::Skip),
        Some(other) => {
            Err(Stop::outside(format!("'{other}' says nothing as on_missing: valid values are error, warn, skip")))
        }
    }
}

fn unknown(name: &str, known: impl Iterator<Item = &'static str>) -> Stop {
    let near = value::spec::nearest(name, known).map(|near| format!("; did you mean '{near}'?"));
    Stop::outside(format!("Unable to find setting {name}{}", near.unwrap_or_default()))
}
