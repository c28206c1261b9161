//! All filters, by name: Jinja's, Ansible's, and those of the collections that playbooks use most.
//!
//! A filter reads its arguments by the names of its signature, as Python's callers may, and fails where Python's would. What is
//! computed from a secret is secret.
mod bytes;
mod comment;
mod community;
mod data;
mod define;
mod dict;
mod duration;
mod encode;
mod group;
mod hash;
mod html;
mod keys;
mod list;
pub(super) mod network;
mod number;
mod path;
mod query;
mod random;
mod regex;
mod select;
mod sequence;
mod sets;
mod text;
mod time;
mod uuid;
mod vault;

use super::call::Call;
use super::error::Stop;
use super::registry::{Entry, Filter, Takes};
use value::{Str, Value};

/// Each file has its table.
pub fn all() -> impl Iterator<Item = &'static Entry> {
    let tables: [&'static [Entry]; 26] = [
        bytes::TABLE,
        comment::TABLE,
        community::TABLE,
        data::TABLE,
        define::TABLE,
        dict::TABLE,
        duration::TABLE,
        encode::TABLE,
        group::TABLE,
        hash::TABLE,
        html::TABLE,
        keys::TABLE,
        list::TABLE,
        network::TABLE,
        number::TABLE,
        path::TABLE,
        query::TABLE,
        random::TABLE,
        regex::TABLE,
        select::TABLE,
        sequence::TABLE,
        sets::TABLE,
        text::TABLE,
        time::TABLE,
        uuid::TABLE,
        vault::TABLE,
    ];
    tables.into_iter().flatten()
}

const fn settled(name: &'static str, run: Filter) -> Entry {
    Entry { name, takes: Takes::Settled, run }
}

const fn items(name: &'static str, run: Filter) -> Entry {
    Entry { name, takes: Takes::Items, run }
}

const fn anything(name: &'static str, run: Filter) -> Entry {
    Entry { name, takes: Takes::Anything, run }
}

/// A number of things to make: not below zero, and no more than a machine has room for.
fn amount(call: &Call, value: Option<Value>, name: &str, default: i64) -> Result<usize, Stop> {
    const MOST: i64 = 1_000_000;
    match call.int(value, name, default)? {
        number if number > MOST => Err(call.fail(format!("'{name}' is too large: {number}"))),
        number => Ok(number.max(0) as usize),
    }
}

/// A text that was made from a value: secret where that was.
fn derived(text: impl Into<String>, from: &Value) -> Value {
    Str::from(text.into()).with_secrecy(from.holds_secret()).into()
}

/// A text that was made from another.
fn like(text: impl Into<String>, from: &Str) -> Value {
    Str::from(text.into()).with_secrecy(from.is_secret()).into()
}
