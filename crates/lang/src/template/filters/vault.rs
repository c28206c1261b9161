//! Texts under a vault's key.
use super::super::call::Call;
use super::super::error::Stop;
use super::super::registry::Entry;
use super::settled;
use crate::vault::{self, Keyring, SALT, Secret};
use sha2::{Digest, Sha256};
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
        None | Some(Value::Null) => "default".into(),
        id => call.string(id, "vault_id", "default")?,
    };
    let id = if id.as_str() == "filter_default" { "default" } else { id.as_str() };
    Ok(Secret::new(id, password.as_bytes()))
}

/// The salt may be given, so that a result can be had again; else it is random.
fn encrypt(call: &mut Call) -> Result<Value, Stop> {
    let [password, salt, id, wrap, _deprecated] =
        call.params(["secret", "salt", "vault_id", "wrap_object", "vaultid"])?;
    let secret = secret(call, password, id)?;
    let Value::Str(plain) = call.input.clone() else {
        return Err(call.wrong_type("data", "a string", &call.input));
    };
    let mut bytes = [0_u8; SALT];
    match salt {
        None | Some(Value::Null) => {
            call.evaluation().note_impure();
            for byte in &mut bytes {
                *byte = call.environment().random(256)? as u8;
            }
        }
        Some(salt) => {
            let salt = call.text(&salt)?;
            match <[u8; SALT]>::try_from(salt.as_bytes()) {
                Ok(exact) => bytes = exact,
                Err(_) => bytes.copy_from_slice(&Sha256::digest(salt.as_bytes())),
            }
        }
    }
    let text = vault::encrypt(plain.as_bytes(), &secret, &bytes);
    if call.truth(wrap, false)? {
        let vaulted = value::Vaulted { ciphertext: text.into(), origin: None };
        return Ok(Value::Vaulted(std::sync::Arc::new(vaulted)));
    }
    Ok(text.into())
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
