//! Texts under a vault's key.
use super::super::call::Call;
use super::super::error::Stop;
use super::super::registry::Entry;
use super::settled;
use crate::vault::{self, Keyring, SALT, Secret};
use value::{Str, Value};

pub static TABLE: &[Entry] = &[settled("vault", encrypt), settled("unvault", decrypt)];

/// The password and the id of the key.
fn secret(call: &Call, secret: Option<Value>, id: Option<Value>) -> Result<Secret, Stop> {
    let secret = call.required(secret, "secret")?;
    let password = match &secret {
        Value::Str(text) => text.clone(),
        other => return Err(call.wrong_type("secret", "a string", other)),
    };
    let id = match id {
        Some(Value::Null) => "default".into(),
        id => call.string(id, "vault_id", "filter_default")?,
    };
    Ok(Secret::new(id.as_str(), password.as_bytes()))
}

/// The salt may be given, so that a result can be had again; else it is random.
fn encrypt(call: &mut Call) -> Result<Value, Stop> {
    let [password, salt, id, wrap, _deprecated] =
        call.params(["secret", "salt", "vault_id", "wrap_object", "vaultid"])?;
    let secret = secret(call, password, id)?;
    let Value::Str(plain) = call.input.clone() else {
        return Err(call.wrong_type("data", "a string", &call.input));
    };
    let given = match salt {
        None | Some(Value::Null) => None,
        Some(salt) => Some(call.text(&salt)?).filter(|salt| !salt.is_empty()),
    };
    let text = match given {
        Some(salt) => vault::encrypt(plain.as_bytes(), &secret, salt.as_bytes()),
        None => vault::encrypt(plain.as_bytes(), &secret, &fresh_salt(call)?),
    };
    if call.truth(wrap, false)? {
        let vaulted = value::Vaulted { ciphertext: text.into(), origin: None };
        return Ok(Value::Vaulted(std::sync::Arc::new(vaulted)));
    }
    Ok(text.into())
}

fn fresh_salt(call: &Call) -> Result<[u8; SALT], Stop> {
    call.evaluation().note_impure();
    let mut salt = [0_u8; SALT];
    for byte in &mut salt {
        *byte = call.environment().random(256)? as u8;
    }
    Ok(salt)
}

fn decrypt(call: &mut Call) -> Result<Value, Stop> {
    let [password, id, _deprecated] = call.params(["secret", "vault_id", "vaultid"])?;
    let secret = secret(call, password, id)?;
    let Value::Str(text) = call.input.clone() else {
        return Err(call.wrong_type("vault", "a string", &call.input));
    };
    if !vault::is_vault(text.as_bytes()) {
        return Ok(text.into());
    }
    let plain = Keyring::new(vec![secret]).decrypt(&text).map_err(|problem| call.fail(problem))?;
    let plain = String::from_utf8(plain.to_vec()).map_err(|_| call.fail("what was decrypted is no text"))?;
    Ok(Str::from(plain).with_secrecy(true).into())
}
