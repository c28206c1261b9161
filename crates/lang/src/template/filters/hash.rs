//! Digests of text, and passwords as `/etc/shadow` holds them.
use super::super::call::Call;
use super::super::error::Stop;
use super::super::registry::Entry;
use super::{amount, like, settled};
use crate::crypt;
use sha2::Digest;
use std::fmt::Write;
use value::{Str, Value};

pub static TABLE: &[Entry] = &[
    settled("hash", hash),
    settled("md5", |call| fixed(call, "md5")),
    settled("sha1", |call| fixed(call, "sha1")),
    settled("checksum", |call| fixed(call, "sha1")),
    settled("community.general.crc32", crc32),
    settled("password_hash", password_hash),
];

/// A digest of this name; none: it is unknown.
pub fn digest(name: &str, bytes: &[u8]) -> Option<String> {
    fn hex(bytes: impl AsRef<[u8]>) -> String {
        bytes.as_ref().iter().fold(String::new(), |mut out, byte| {
            // Writing to a string cannot fail.
            let _ = write!(out, "{byte:02x}");
            out
        })
    }
    Some(match name {
        "md5" => hex(md5::Md5::digest(bytes)),
        "sha1" => hex(sha1::Sha1::digest(bytes)),
        "sha224" => hex(sha2::Sha224::digest(bytes)),
        "sha256" => hex(sha2::Sha256::digest(bytes)),
        "sha384" => hex(sha2::Sha384::digest(bytes)),
        "sha512" => hex(sha2::Sha512::digest(bytes)),
        "sha3_224" => hex(sha3::Sha3_224::digest(bytes)),
        "sha3_256" => hex(sha3::Sha3_256::digest(bytes)),
        "sha3_384" => hex(sha3::Sha3_384::digest(bytes)),
        "sha3_512" => hex(sha3::Sha3_512::digest(bytes)),
        "blake2b" => hex(blake2::Blake2b512::digest(bytes)),
        "blake2s" => hex(blake2::Blake2s256::digest(bytes)),
        _ => return None,
    })
}

fn digest_input(call: &Call, name: &str) -> Result<Value, Stop> {
    let text = call.text(&call.input)?;
    match digest(name, text.as_bytes()) {
        Some(digest) => Ok(like(digest, &text)),
        None => Err(call.fail(format!("unsupported hash type {name}"))),
    }
}

fn hash(call: &mut Call) -> Result<Value, Stop> {
    let [name] = call.params(["hashtype"])?;
    let name = call.string(name, "hashtype", "sha1")?;
    digest_input(call, &name)
}

fn fixed(call: &mut Call, name: &str) -> Result<Value, Stop> {
    let [] = call.params([])?;
    digest_input(call, name)
}

fn crc32(call: &mut Call) -> Result<Value, Stop> {
    let [] = call.params([])?;
    let text = call.text(&call.input)?;
    let crc = text.bytes().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 })
    });
    Ok(like(format!("{:x}", !crc), &text))
}

/// A method of hashing, with passlib's limits and defaults, which Ansible's are.
struct Method {
    salt: std::ops::RangeInclusive<usize>,
    new_salt: usize,
    rounds: Option<(std::ops::RangeInclusive<u32>, u32)>,
}

fn method(name: &str) -> Option<(&'static str, Method)> {
    Some(match name {
        "sha512" | "sha512_crypt" => {
            ("sha512", Method { salt: 0..=16, new_salt: 16, rounds: Some((1000..=999_999_999, 656_000)) })
        }
        "sha256" | "sha256_crypt" => {
            ("sha256", Method { salt: 0..=16, new_salt: 16, rounds: Some((1000..=999_999_999, 535_000)) })
        }
        "md5" | "md5_crypt" => ("md5", Method { salt: 0..=8, new_salt: 8, rounds: None }),
        "blowfish" | "bcrypt" => ("bcrypt", Method { salt: 22..=22, new_salt: 22, rounds: Some((4..=31, 12)) }),
        _ => return None,
    })
}

fn password_hash(call: &mut Call) -> Result<Value, Stop> {
    let [name, salt, size, rounds, ident] = call.params(["hashtype", "salt", "salt_size", "rounds", "ident"])?;
    let name = call.string(name, "hashtype", "sha512")?;
    let Value::Str(password) = call.input.clone() else {
        return Err(call.wrong_type("password", "a string", &call.input));
    };
    let Some((name, method)) = method(&name) else {
        let known = "md5, blowfish, sha256, sha512";
        return Err(call.fail(format!("{} is not in the list of supported password hashes: {known}", name.as_str())));
    };
    let size = match size {
        None | Some(Value::Null) => method.new_salt,
        size => amount(call, size, "salt_size", 0)?,
    };
    if !method.salt.contains(&size) {
        return Err(call.fail(format!("salt_size must be from {} to {}", method.salt.start(), method.salt.end())));
    }
    let salt = match salt {
        None | Some(Value::Null) => random_salt(call, name, size)?,
        Some(salt) => call.text(&salt)?.to_string(),
    };
    if !method.salt.contains(&salt.chars().count()) {
        let (least, most) = (method.salt.start(), method.salt.end());
        let wanted = if least == most { format!("exactly {most}") } else { format!("{least} to {most}") };
        return Err(call.fail(format!("the salt must have {wanted} characters, not {}", salt.chars().count())));
    }
    if !crypt::is_salt(&salt) {
        return Err(call.fail("invalid characters in the salt: letters, digits, '.' and '/' are allowed"));
    }
    let rounds = rounds_of(call, &method, rounds)?;
    if password.contains('\0') {
        return Err(call.fail("a password cannot hold a NUL character"));
    }
    let ident = call.string(ident.filter(|ident| !ident.is_null()), "ident", "2b")?;
    let hashed = match name {
        "sha512" => crypt::sha512(&password, &salt, rounds.filter(|rounds| *rounds != 5000)),
        "sha256" => crypt::sha256(&password, &salt, rounds.filter(|rounds| *rounds != 5000)),
        "md5" => crypt::md5(&password, &salt),
        _ if !["2", "2a", "2y", "2b"].contains(&ident.as_str()) => {
            return Err(call.fail(format!("invalid ident '{}': one of 2, 2a, 2y, 2b", ident.as_str())));
        }
        _ => {
            let hashed = crypt::bcrypt(&password, &salt, rounds.unwrap_or(12), &ident);
            hashed.ok_or_else(|| call.fail("the salt is not one of bcrypt's"))?
        }
    };
    Ok(Str::from(hashed).with_secrecy(password.is_secret()).into())
}

fn rounds_of(call: &Call, method: &Method, given: Option<Value>) -> Result<Option<u32>, Stop> {
    let Some((range, default)) = &method.rounds else { return Ok(None) };
    let rounds = match given {
        None | Some(Value::Null) => return Ok(Some(*default)),
        given => call.int(given, "rounds", 0)?,
    };
    match u32::try_from(rounds).ok().filter(|rounds| range.contains(rounds)) {
        Some(rounds) => Ok(Some(rounds)),
        None => Err(call.fail(format!("rounds must be from {} to {}, not {rounds}", range.start(), range.end()))),
    }
}

fn random_salt(call: &Call, name: &str, size: usize) -> Result<String, Stop> {
    call.evaluation().note_impure();
    let mut salt = String::new();
    for at in 0..size {
        let number = call.environment().random(64)?;
        salt.push(match name {
            // 22 letters hold four bits more than 16 bytes do.
            "bcrypt" if at == 21 => crypt::bcrypt_letter(number & 0x30),
            "bcrypt" => crypt::bcrypt_letter(number),
            _ => crypt::salt_letter(number),
        });
    }
    Ok(salt)
}
