//! Tests over URIs.
use super::super::call::Call;
use super::super::error::Stop;
use super::super::registry::TestEntry;
use super::settled;
use crate::python::url::Url;
use value::Value;

pub static TABLE: &[TestEntry] = &[settled("uri", uri), settled("url", url), settled("urn", urn)];

/// A text that can be taken apart, and whose scheme is one of these, where some are given.
fn taken_apart(call: &mut Call, fits: fn(&Url) -> bool) -> Result<bool, Stop> {
    let [schemes] = call.params(["schemes"])?;
    let Value::Str(text) = call.input.clone() else {
        return Err(call.wrong_type("value", "a string", &call.input));
    };
    let Ok(url) = Url::new(&text) else { return Ok(false) };
    let allowed = match schemes {
        None | Some(Value::Null) => true,
        Some(schemes) => {
            let schemes = call.items(&schemes)?;
            schemes.is_empty() || schemes.iter().any(|scheme| scheme.as_str() == Some(&url.scheme))
        }
    };
    Ok(allowed && fits(&url))
}

fn uri(call: &mut Call) -> Result<bool, Stop> {
    taken_apart(call, |_| true)
}

fn url(call: &mut Call) -> Result<bool, Stop> {
    taken_apart(call, |url| !url.scheme.is_empty() && !url.netloc.is_empty())
}

fn urn(call: &mut Call) -> Result<bool, Stop> {
    let [] = call.params([])?;
    let Value::Str(text) = &call.input else {
        return Err(call.wrong_type("value", "a string", &call.input));
    };
    Ok(Url::new(text).is_ok_and(|url| url.scheme == "urn"))
}
