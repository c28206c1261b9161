//! Files of the controller on their way to a host: small ones ride in the call, big ones wait until they are asked for.
use super::super::instance::{Finish, Instance};
use super::super::{Content, Halt};
use crate::engine::message::Outcome;
use std::path::Path;
use value::{Map, Value};

/// Up to here a file rides in its call.
const SMALL: u64 = 64 * 1024;

/// What stands in the argument `content`: the text or bytes themselves, or `{blob, size}`.
pub fn text(instance: &Instance, content: Value) -> Result<Value, Halt> {
    let length = match &content {
        Value::Str(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        _ => 0,
    };
    if length as u64 <= SMALL {
        return Ok(content);
    }
    let bytes = match content {
        Value::Bytes(bytes) => bytes,
        other => other.to_text().into_bytes().into(),
    };
    blob(instance, Content::Bytes(bytes), Path::new("<content>"))
}

/// A file as it is on the controller, decrypted where a vault holds it.
pub fn file(instance: &Instance, path: &Path, decrypt: bool) -> Result<Value, Halt> {
    let world = instance.world();
    let state = world.surroundings.file_state(path);
    if state.as_ref().is_some_and(|state| state.size > SMALL) && !(decrypt && is_vaulted(instance, path)?) {
        return blob(instance, Content::File(path), path);
    }
    let bytes = read(instance, path, decrypt)?;
    let content = match String::from_utf8(bytes) {
        Ok(text) => Value::from(text),
        Err(bytes) => Value::Bytes(bytes.into_bytes().into()),
    };
    text(instance, content)
}

pub fn read(instance: &Instance, path: &Path, decrypt: bool) -> Result<Vec<u8>, Halt> {
    let world = instance.world();
    let bytes = world.files.read(path).map_err(|error| unreadable(path, &error))?;
    match decrypt && is_vault(&bytes) {
        true => world.world.decrypt(path, bytes),
        false => Ok(bytes),
    }
}

const VAULT: &[u8] = b"$ANSIBLE_VAULT;";

pub fn is_vault(bytes: &[u8]) -> bool {
    bytes.starts_with(VAULT)
}

fn is_vaulted(instance: &Instance, path: &Path) -> Result<bool, Halt> {
    let head = instance.world().surroundings.head(path, VAULT.len()).map_err(|error| unreadable(path, &error))?;
    Ok(head == VAULT)
}

fn blob(instance: &Instance, content: Content, path: &Path) -> Result<Value, Halt> {
    let (hash, size) = instance.world().surroundings.add_blob(content).map_err(|error| unreadable(path, &error))?;
    let mut source = Map::new();
    source.insert("blob", Value::Bytes(hash.as_slice().into()));
    source.insert("size", size);
    Ok(source.into())
}

/// A diff names the controller's file as what comes after.
pub fn from_here(finish: &Finish, mut outcome: Outcome) -> Outcome {
    if let Value::Str(source) = finish.notes {
        for diff in outcome.diff.iter_mut().filter(|diff| !diff.after_header.is_empty()) {
            diff.after_header = source.to_string();
        }
    }
    outcome
}

pub fn unreadable(path: &Path, error: &std::io::Error) -> Halt {
    Halt::refused(format!("could not read '{}': {error}", path.display()))
}
