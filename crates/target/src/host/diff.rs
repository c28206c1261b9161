//! A change as two texts to compare: once per kind of resource.
use super::{Contents, Resource, State};
use crate::protocol::Diff;
use value::value::{Json, json_text};
use value::{Map, Value};

/// Larger texts are not shown, as in Ansible.
const LARGEST: u64 = 104_448;

pub fn of(
    what: &Resource,
    before: &State,
    after: &State,
    bytes: impl Fn(&Contents) -> Option<Vec<u8>>,
) -> Option<Diff> {
    match (what, before, after) {
        (Resource::Path(path), State::Absent | State::File { .. }, State::File { contents, .. })
            if contents_of(before) != Some(contents) =>
        {
            let path = path.to_string_lossy();
            let (old, new) = (contents_of(before), Some(contents));
            let is_large = |contents: Option<&Contents>| contents.is_some_and(|contents| contents.size() > LARGEST);
            let larger = [("destination", is_large(old)), ("source", is_large(new))];
            let larger = larger.into_iter().filter(|(_, is_large)| *is_large);
            let larger: String = larger
                .map(|(which, _)| format!("diff skipped: {which} file size is greater than {LARGEST}\n"))
                .collect();
            if !larger.is_empty() {
                return Some(said(larger));
            }
            let (old, new) = (text(old, &bytes), text(new, &bytes));
            match (old, new) {
                (Some(old), Some(new)) => Some(Diff {
                    // What was not there has no name.
                    before_header: if *before == State::Absent { String::new() } else { path.to_string() },
                    after_header: format!("{path}"),
                    before: old,
                    after: new,
                    prepared: None,
                }),
                (old, new) => Some(said(binary(old.is_none(), new.is_none()))),
            }
        }
        (Resource::Opaque(_), ..) => None,
        _ => Some(dicts(what, before, after)),
    }
}

fn binary(old: bool, new: bool) -> String {
    let which = [("destination", old), ("source", new)].into_iter().filter(|(_, is_binary)| *is_binary);
    which.map(|(which, _)| format!("diff skipped: {which} file appears to be binary\n")).collect()
}

fn said(text: String) -> Diff {
    Diff { prepared: Some(text), ..Diff::default() }
}

fn contents_of(state: &State) -> Option<&Contents> {
    match state {
        State::File { contents, .. } => Some(contents),
        _ => None,
    }
}

fn text(contents: Option<&Contents>, bytes: impl Fn(&Contents) -> Option<Vec<u8>>) -> Option<String> {
    let Some(contents) = contents else { return Some(String::new()) };
    let bytes = bytes(contents)?;
    if bytes.contains(&0) { None } else { Some(String::from_utf8_lossy(&bytes).into_owned()) }
}

/// The two states' fields that differ, as Ansible prints two dicts.
fn dicts(what: &Resource, before: &State, after: &State) -> Diff {
    // Of what comes or goes, that is all there is to say.
    let whole = [before, after].contains(&&State::Absent) && matches!(what, Resource::Path(_));
    let (before, after) = (before.summary(), after.summary());
    let side = |own: &Value, other: &Value| {
        let own = own.as_map().cloned().unwrap_or_default();
        let mut shown: Map = own
            .into_iter()
            .filter(|(key, value)| other.as_map().and_then(|map| map.get_key(key)) != Some(value))
            .filter(|(key, _)| !whole || key.as_str() == Some("state"))
            .collect();
        if let Resource::Path(path) = what {
            shown.insert("path", path.to_string_lossy().into_owned());
        }
        json_text(&shown.into(), Json::NICE) + "\n"
    };
    // A path stands among the fields.
    let header = if matches!(what, Resource::Path(_)) { String::new() } else { what.describe() };
    Diff {
        before: side(&before, &after),
        after: side(&after, &before),
        before_header: header.clone(),
        after_header: header,
        prepared: None,
    }
}
