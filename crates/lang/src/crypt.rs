//! Password hashes as `/etc/shadow` holds them: SHA-crypt, md5-crypt and bcrypt.
use md5::Md5;
use sha2::{Digest, Sha256, Sha512};

/// The letters of crypt's own base 64, and its order of bits: the lowest come first.
const LETTERS: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The letters that a salt may have.
pub fn is_salt(text: &str) -> bool {
    text.bytes().all(|byte| LETTERS.contains(&byte))
}

pub fn salt_letter(number: u64) -> char {
    char::from(LETTERS[(number % 64) as usize])
}

fn encode(out: &mut String, bytes: &[u8], order: &[usize], letters: usize) {
    let mut bits = order.iter().fold(0_u32, |bits, at| bits << 8 | u32::from(bytes[*at]));
    for _ in 0..letters {
        out.push(char::from(LETTERS[(bits & 63) as usize]));
        bits >>= 6;
    }
}

/// `$6$`, with its rounds: 5000 are not written where they were not asked for.
pub fn sha512(password: &str, salt: &str, rounds: Option<u32>) -> String {
    let bytes = sha::<Sha512>(password.as_bytes(), salt.as_bytes(), rounds.unwrap_or(5000));
    let mut out = prefix("6", salt, rounds);
    for at in 0..21 {
        let order = match at % 3 {
            0 => [at, at + 21, at + 42],
            1 => [at + 21, at + 42, at],
            _ => [at + 42, at, at + 21],
        };
        encode(&mut out, &bytes, &order, 4);
    }
    encode(&mut out, &bytes, &[63], 2);
    out
}

/// `$5$`
pub fn sha256(password: &str, salt: &str, rounds: Option<u32>) -> String {
    let bytes = sha::<Sha256>(password.as_bytes(), salt.as_bytes(), rounds.unwrap_or(5000));
    let mut out = prefix("5", salt, rounds);
    for at in 0..10 {
        let order = match at % 3 {
            0 => [at, at + 10, at + 20],
            1 => [at + 20, at, at + 10],
            _ => [at + 10, at + 20, at],
        };
        encode(&mut out, &bytes, &order, 4);
    }
    encode(&mut out, &bytes, &[31, 30], 3);
    out
}

fn prefix(name: &str, salt: &str, rounds: Option<u32>) -> String {
    match rounds {
        Some(rounds) => format!("${name}$rounds={rounds}${salt}$"),
        None => format!("${name}${salt}$"),
    }
}

/// U. Drepper's "Unix crypt using SHA-256 and SHA-512".
fn sha<D: Digest>(password: &[u8], salt: &[u8], rounds: u32) -> Vec<u8> {
    let digest = |parts: &[&[u8]]| {
        let mut hasher = D::new();
        parts.iter().for_each(|part| hasher.update(part));
        hasher.finalize().to_vec()
    };
    let alternate = digest(&[password, salt, password]);
    let size = alternate.len();
    let stretch = |bytes: &[u8], length: usize| -> Vec<u8> { bytes.iter().copied().cycle().take(length).collect() };
    let mut first = D::new();
    first.update(password);
    first.update(salt);
    first.update(stretch(&alternate, password.len()));
    let mut bits = password.len();
    while bits > 0 {
        if bits & 1 == 1 {
            first.update(&alternate)
        } else {
            first.update(password)
        }
        bits >>= 1;
    }
    let mut state = first.finalize().to_vec();
    let passwords = stretch(&digest(&vec![password; password.len()]), password.len());
    let salts = stretch(&digest(&vec![salt; 16 + usize::from(state[0])]), salt.len());
    debug_assert_eq!(state.len(), size);
    for round in 0..rounds {
        let mut hasher = D::new();
        if round & 1 == 1 {
            hasher.update(&passwords)
        } else {
            hasher.update(&state)
        }
        if round % 3 != 0 {
            hasher.update(&salts);
        }
        if round % 7 != 0 {
            hasher.update(&passwords);
        }
        if round & 1 == 1 {
            hasher.update(&state)
        } else {
            hasher.update(&passwords)
        }
        state = hasher.finalize().to_vec();
    }
    state
}

/// `$1$`, P.-H. Kamp's.
pub fn md5(password: &str, salt: &str) -> String {
    let (password, salt) = (password.as_bytes(), salt.as_bytes());
    let alternate = Md5::new().chain_update(password).chain_update(salt).chain_update(password).finalize();
    let mut first = Md5::new().chain_update(password).chain_update(b"$1$").chain_update(salt);
    first.update(alternate.iter().copied().cycle().take(password.len()).collect::<Vec<u8>>());
    let mut bits = password.len();
    while bits > 0 {
        first.update(if bits & 1 == 1 { &[0][..] } else { &password[..1] });
        bits >>= 1;
    }
    let mut state = first.finalize();
    for round in 0..1000 {
        let mut hasher = Md5::new();
        if round & 1 == 1 {
            hasher.update(password)
        } else {
            hasher.update(state)
        }
        if round % 3 != 0 {
            hasher.update(salt);
        }
        if round % 7 != 0 {
            hasher.update(password);
        }
        if round & 1 == 1 {
            hasher.update(state)
        } else {
            hasher.update(password)
        }
        state = hasher.finalize();
    }
    let mut out = format!("$1${}$", String::from_utf8_lossy(salt));
    for order in [[0, 6, 12], [1, 7, 13], [2, 8, 14], [3, 9, 15], [4, 10, 5]] {
        encode(&mut out, &state, &order, 4);
    }
    encode(&mut out, &state, &[11], 2);
    out
}

/// The letters of bcrypt's base 64, in its own order.
const BCRYPT: &[u8; 64] = b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

pub fn bcrypt_letter(number: u64) -> char {
    char::from(BCRYPT[(number % 64) as usize])
}

/// `$2b$`; the salt is 22 letters of bcrypt's own. Bits of its last letter that no byte holds are dropped, as passlib does.
pub fn bcrypt(password: &str, salt: &str, cost: u32, version: &str) -> Option<String> {
    let mut bytes = [0_u8; 16];
    let mut bits = 0_u32;
    let mut held = 0;
    let mut at = 0;
    for letter in salt.bytes() {
        let number = BCRYPT.iter().position(|known| *known == letter)? as u32;
        bits = bits << 6 | number;
        held += 6;
        if held >= 8 && at < 16 {
            held -= 8;
            bytes[at] = (bits >> held) as u8;
            at += 1;
        }
    }
    let mut secret = password.as_bytes().to_vec();
    secret.push(0);
    secret.truncate(72);
    let hash = bcrypt::bcrypt(cost, bytes, &secret);
    let mut out = format!("${version}${cost:02}$");
    encode_bcrypt(&bytes, &mut out);
    encode_bcrypt(&hash[..23], &mut out);
    Some(out)
}

/// The highest bits come first.
fn encode_bcrypt(bytes: &[u8], out: &mut String) {
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for at in 0..=chunk.len() {
            out.push(char::from(BCRYPT[(bits >> (18 - 6 * at) & 63) as usize]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_the_specification() {
        assert_eq!(
            sha512("Hello world!", "saltstring", None),
            "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1"
        );
        assert_eq!(
            sha256("Hello world!", "saltstring", None),
            "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5"
        );
        assert_eq!(
            sha512("Hello world!", "saltstringsaltst", Some(10_000)),
            "$6$rounds=10000$saltstringsaltst$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/UrjmM0Dp8vOuZeHBy/YTBmSK6H9qs/y3RnOaw5v."
        );
    }
}
