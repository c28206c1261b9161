//! `json_query`: JMESPath over values.
use super::super::call::Call;
use super::super::error::Stop;
use super::super::registry::Entry;
use super::settled;
use crate::jmespath;
use value::Value;

pub static TABLE: &[Entry] = &[settled("community.general.json_query", json_query), settled("json_query", json_query)];

fn json_query(call: &mut Call) -> Result<Value, Stop> {
    let [query] = call.params(["expr"])?;
    let query = call.required(query, "expr")?;
    let query = call.string(Some(query), "expr", "")?;
    jmespath::search(&query, &call.input).map_err(|problem| call.fail(problem.0))
}
