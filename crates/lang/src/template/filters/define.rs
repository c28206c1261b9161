//! Filters about whether there is a value and what it is: `default`, `mandatory`, `ternary`, `type_debug`.
use super::super::call::Call;
use super::super::error::{Error, Kind, Stop};
use super::super::registry::Entry;
use super::{anything, items};
use value::Value;

pub static TABLE: &[Entry] = &[
    anything("default", default),
    anything("d", default),
    anything("mandatory", mandatory),
    anything("ternary", ternary),
    anything("type_debug", type_debug),
    items("attr", attr),
];

fn default(call: &mut Call) -> Result<Value, Stop> {
    let [default, boolean] = call.params(["default_value", "boolean"])?;
    let wanted = match &call.input {
        Value::Undefined(_) => true,
        input => call.truth(boolean, false)? && !call.truth(Some(input.clone()), false)?,
    };
    Ok(if wanted { default.unwrap_or_else(|| "".into()) } else { std::mem::take(&mut call.input) })
}

fn mandatory(call: &mut Call) -> Result<Value, Stop> {
    let [message] = call.params(["msg"])?;
    let Value::Undefined(undefined) = &call.input else { return Ok(std::mem::take(&mut call.input)) };
    let message = match message {
        Some(message) if !message.is_null() => call.text(&message)?.to_string(),
        _ => format!("Mandatory variable '{}' not defined.", undefined.name),
    };
    Err(Error::new(Kind::Undefined, message).at(undefined.span).into())
}

fn ternary(call: &mut Call) -> Result<Value, Stop> {
    let [yes, no, none] = call.params(["true_val", "false_val", "none_val"])?;
    let (yes, no) = (call.required(yes, "true_val")?, call.required(no, "false_val")?);
    if let (Value::Null, Some(none)) = (&call.input, none.filter(|none| !none.is_null())) {
        return Ok(none);
    }
    let truth = call.truth(Some(call.input.clone()), false)?;
    Ok(if truth { yes } else { no })
}

fn type_debug(call: &mut Call) -> Result<Value, Stop> {
    let [] = call.params([])?;
    Ok(match &call.input {
        Value::Undefined(_) => "UndefinedMarker",
        Value::Omit => "_OmitType",
        input => input.type_name(),
    }
    .into())
}

/// `value.name` as an attribute alone, never an item.
fn attr(call: &mut Call) -> Result<Value, Stop> {
    let [name] = call.params(["name"])?;
    let name = call.required(name, "name")?;
    let name = call.text(&name)?;
    match &call.input {
        Value::Map(_) => {
            let empty = Value::Map(std::sync::Arc::default());
            call.evaluation().attribute(&empty, &name)
        }
        input => call.evaluation().attribute(input, &name),
    }
}
