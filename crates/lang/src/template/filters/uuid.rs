//! Names as UUIDs (version 5).
use super::super::call::Call;
use super::super::error::Stop;
use super::super::registry::Entry;
use super::{like, settled};
use sha1::{Digest, Sha1};
use value::Value;

pub static TABLE: &[Entry] = &[settled("to_uuid", to_uuid)];

/// Ansible's own namespace.
const ANSIBLE: &str = "361e6d51-faec-444a-9079-341386da8e2e";

fn to_uuid(call: &mut Call) -> Result<Value, Stop> {
    let [namespace] = call.params(["namespace"])?;
    let namespace = call.string(namespace, "namespace", ANSIBLE)?;
    let Some(bytes) = parse(&namespace) else {
        let shown = namespace.as_str();
        return Err(call.fail(format!("Invalid value '{shown}' for 'namespace': badly formed hexadecimal UUID string")));
    };
    let text = call.text(&call.input)?;
    let digest = Sha1::new().chain_update(bytes).chain_update(text.as_bytes()).finalize();
    let mut uuid = [0_u8; 16];
    uuid.copy_from_slice(&digest[..16]);
    uuid[6] = (uuid[6] & 0x0f) | 0x50;
    uuid[8] = (uuid[8] & 0x3f) | 0x80;
    let digits: String = uuid.iter().map(|byte| format!("{byte:02x}")).collect();
    let parts = [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]];
    Ok(like(parts.join("-"), &text))
}

/// Python's `UUID(text)`: 32 digits, wherever hyphens and braces stand.
fn parse(text: &str) -> Option<[u8; 16]> {
    let digits = text.replace("urn:", "").replace("uuid:", "");
    let digits = digits.trim_matches(['{', '}']).replace('-', "");
    if digits.len() != 32 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    u128::from_str_radix(&digits, 16).ok().map(u128::to_be_bytes)
}
