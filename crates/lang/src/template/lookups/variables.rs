//! Lookups over the variables themselves: `vars` and `varnames`.
use super::super::call::Call;
use super::super::error::{Error, Kind, Stop};
use super::super::registry::LookupEntry;
use super::settled;
use crate::python::regex::{Anchor, Flags, Pattern};
use value::Value;

pub static TABLE: &[LookupEntry] = &[settled("vars", vars), settled("varnames", varnames)];

fn name_of<'v>(call: &Call, term: &'v Value) -> Result<&'v str, Stop> {
    term.as_str().ok_or_else(|| {
        Stop::of_type(format!("{}: Invalid setting identifier, \"{}\" is not a string", call.name, term.to_text()))
    })
}

fn vars(call: &mut Call) -> Result<Vec<Value>, Stop> {
    let default = call.arguments.take_named("default");
    let terms = std::mem::take(&mut call.arguments.positional);
    let mut values = Vec::new();
    for term in &terms {
        let name = name_of(call, term)?;
        // A variable that is there but comes to nothing is no missing variable: the default is not for it.
        values.push(match call.variable(name)?.or_else(|| default.clone()) {
            Some(value) => value,
            None => {
                let error = Error::new(Kind::Undefined, format!("No variable named '{name}' was found."));
                let names = call.scope().names();
                let near = value::spec::nearest(name, names.iter().map(|name| &**name));
                return Err(match near {
                    Some(near) => error.help(format!("did you mean '{near}'?")),
                    None => error,
                }
                .into());
            }
        });
    }
    Ok(values)
}

fn varnames(call: &mut Call) -> Result<Vec<Value>, Stop> {
    let terms = std::mem::take(&mut call.arguments.positional);
    let known = call.scope().names();
    let mut names = Vec::new();
    for term in &terms {
        let pattern = Pattern::new(name_of(call, term)?, Flags::default(), Anchor::Search);
        let pattern = pattern.map_err(|problem| call.fail(problem.0))?;
        for name in &known {
            if pattern.is_match(name).map_err(|problem| call.fail(problem.0))? {
                names.push(Value::from(&**name));
            }
        }
    }
    Ok(names)
}
