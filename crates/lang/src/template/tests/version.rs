//! `version`: two versions compared.
use super::super::call::Call;
use super::super::error::Stop;
use super::super::registry::TestEntry;
use super::settled;
use crate::version::{Rules, compare};
use value::Value;

pub static TABLE: &[TestEntry] = &[settled("version", version), settled("version_compare", version)];

fn version(call: &mut Call) -> Result<bool, Stop> {
    let [other, operator, strict, rules] = call.params(["version", "operator", "strict", "version_type"])?;
    let other = call.required(other, "version")?;
    let operator = call.string(operator, "operator", "eq")?;
    let rules = rules.filter(|rules| !rules.is_null());
    let strict = strict.filter(|strict| !strict.is_null());
    if call.input == "".into() || call.input.is_null() {
        return Err(call.fail("Input version value cannot be empty"));
    }
    if other == "".into() || other.is_null() {
        return Err(call.fail("Version parameter to compare against cannot be empty"));
    }
    let rules = match (strict, rules) {
        (Some(_), Some(_)) => return Err(call.fail("Cannot specify both 'strict' and 'version_type'")),
        (strict, None) => match call.truth(strict, false)? {
            true => Rules::Strict,
            false => Rules::Loose,
        },
        (None, rules) => named_rules(call, rules)?,
    };
    let wanted: fn(std::cmp::Ordering) -> bool = match operator.as_str() {
        "==" | "=" | "eq" => std::cmp::Ordering::is_eq,
        "!=" | "<>" | "ne" => std::cmp::Ordering::is_ne,
        "<" | "lt" => std::cmp::Ordering::is_lt,
        "<=" | "le" => std::cmp::Ordering::is_le,
        ">" | "gt" => std::cmp::Ordering::is_gt,
        ">=" | "ge" => std::cmp::Ordering::is_ge,
        other => {
            let known = "==, =, eq, !=, <>, ne, <, lt, <=, le, >, gt, >=, ge";
            return Err(call.fail(format!("Invalid operator type ({other}). Must be one of {known}")));
        }
    };
    let (one, two) = (call.text(&call.input)?, call.text(&other)?);
    let order = compare(&one, &two, rules);
    order.map(wanted).map_err(|problem| call.fail(format!("Version comparison failed: {}", problem.0)))
}

fn named_rules(call: &Call, name: Option<Value>) -> Result<Rules, Stop> {
    let name = call.string(name, "version_type", "loose")?;
    Ok(match name.as_str() {
        "loose" => Rules::Loose,
        "strict" => Rules::Strict,
        "semver" | "semantic" => Rules::Semantic,
        "pep440" => Rules::Pep440,
        other => {
            let known = "loose, strict, semver, semantic, pep440";
            return Err(call.fail(format!("Invalid version type ({other}). Must be one of {known}")));
        }
    })
}
