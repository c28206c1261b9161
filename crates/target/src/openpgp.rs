//! As much of OpenPGP as keyrings need: armour taken off, keys told apart and named. Nothing is verified here.
use crate::base64;
use sha1::{Digest, Sha1};

/// A key with what belongs to it, as it stands in a keyring.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    /// Of the key itself and of its subkeys, in upper case.
    pub fingerprints: Vec<String>,
    pub bytes: Vec<u8>,
}

impl Key {
    /// Whether one of its names ends so.
    pub fn is(&self, id: &str) -> bool {
        self.fingerprints.iter().any(|fingerprint| fingerprint.ends_with(id))
    }

    /// The long names: sixteen digits.
    pub fn ids(&self) -> impl Iterator<Item = String> {
        self.fingerprints.iter().map(|fingerprint| fingerprint[fingerprint.len().saturating_sub(16)..].to_string())
    }
}

/// The keys of a keyring or of an armoured text; nothing where it is neither.
pub fn keys(bytes: &[u8]) -> Option<Vec<Key>> {
    let binary = match std::str::from_utf8(bytes).ok().filter(|text| text.contains("-----BEGIN PGP")) {
        Some(text) => unarmoured(text)?,
        None => bytes.to_vec(),
    };
    let mut keys: Vec<Key> = Vec::new();
    let mut rest = binary.as_slice();
    while !rest.is_empty() {
        let packet = packet(rest)?;
        let (whole, after) = rest.split_at(packet.whole);
        match packet.tag {
            6 => keys.push(Key { fingerprints: vec![fingerprint(packet.body)?], bytes: whole.to_vec() }),
            tag => {
                let key = keys.last_mut()?;
                if tag == 14 {
                    key.fingerprints.push(fingerprint(packet.body)?);
                }
                key.bytes.extend_from_slice(whole);
            }
        }
        rest = after;
    }
    (!keys.is_empty()).then_some(keys)
}

/// All blocks of the text, one after the other.
fn unarmoured(text: &str) -> Option<Vec<u8>> {
    let mut all = Vec::new();
    for block in text.split("-----BEGIN PGP PUBLIC KEY BLOCK-----").skip(1) {
        let body = block.split("-----END PGP").next()?;
        let mut digits = String::new();
        let mut lines = body.lines().map(str::trim);
        // Headers end with an empty line.
        lines.by_ref().find(|line| line.is_empty())?;
        for line in lines.take_while(|line| !line.starts_with('=')) {
            digits.push_str(line);
        }
        all.extend(base64::decode(&digits)?);
    }
    (!all.is_empty()).then_some(all)
}

struct Packet<'p> {
    tag: u8,
    body: &'p [u8],
    /// Its length with its head.
    whole: usize,
}

fn packet(bytes: &[u8]) -> Option<Packet<'_>> {
    let first = *bytes.first()?;
    if first & 0x80 == 0 {
        return None;
    }
    let number = |from: usize, count: usize| {
        Some(bytes.get(from..from + count)?.iter().fold(0_usize, |number, byte| number << 8 | usize::from(*byte)))
    };
    let (tag, head, length): (u8, usize, usize) = if first & 0x40 != 0 {
        let tag = first & 0x3f;
        match *bytes.get(1)? {
            length @ 0..=191 => (tag, 2, usize::from(length)),
            length @ 192..=223 => (tag, 3, (usize::from(length) - 192) * 256 + number(2, 1)? + 192),
            255 => (tag, 6, number(2, 4)?),
            // Keys have no parts of unknown length.
            _ => return None,
        }
    } else {
        let tag = first >> 2 & 0xf;
        match first & 3 {
            0 => (tag, 2, number(1, 1)?),
            1 => (tag, 3, number(1, 2)?),
            2 => (tag, 5, number(1, 4)?),
            _ => return None,
        }
    };
    let whole = head.checked_add(length)?;
    Some(Packet { tag, body: bytes.get(head..whole)?, whole })
}

/// Of a key of version 4; others are not what apt takes.
fn fingerprint(body: &[u8]) -> Option<String> {
    if body.first() != Some(&4) {
        return None;
    }
    let length = u16::try_from(body.len()).ok()?;
    let mut sha1 = Sha1::new();
    sha1.update([0x99]);
    sha1.update(length.to_be_bytes());
    sha1.update(body);
    Some(crate::host::looks::hex(&sha1.finalize()).to_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmDMEawF7QxYJKwYBBAHaRw8BAQdAC6xW7B11OaNK3YG4QeT74b21sFNC1pxDlh46\nBYW00+C0GFRlc3QgS2V5IDx0QGV4YW1wbGUub3JnPoiQBBMWCAA4FiEENr+oTtIg\n+/u/ba/V1ME0IyCMFUsFAmsBe0MCGwMFCwkIBwIGFQoJCAsCBBYCAwECHgECF4AA\nCgkQ1ME0IyCMFUv9FwEAhkWqQ+dlb7fvFrVUiH5+Y8A87p488JXO7uOYYSyCcB0B\nAMqW40MeMkVIVBUAPPkTE6RZnHY1KUhdNNQxT7NHz1QB\n=iFxo\n-----END PGP PUBLIC KEY BLOCK-----\n";

    #[test]
    fn a_key_is_named_by_its_fingerprint() {
        let keys = keys(KEY.as_bytes()).unwrap();
        assert_eq!(keys.len(), 1);
        assert_eq!(keys[0].fingerprints, ["36BFA84ED220FBFBBF6DAFD5D4C13423208C154B"]);
        assert!(keys[0].is("D4C13423208C154B"));
        assert_eq!(super::keys(&keys[0].bytes).unwrap(), keys);
    }

    #[test]
    fn what_is_no_key_is_nothing() {
        for bad in [&b"garbage"[..], b"", &[0xff; 40], b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n!!\n-----END PGP"] {
            assert_eq!(keys(bad), None);
        }
    }
}
