//! Checksums by the name of their algorithm, and dates as HTTP writes them.
use crate::host::looks::hex;
use crate::zone::civil;
use md5::Md5;
use sha1::{Digest as _, Sha1};
use sha2::{Sha224, Sha256, Sha384, Sha512};

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Algorithm {
    Md5,
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

/// A checksum that something must have.
#[derive(Clone, Debug, PartialEq)]
pub struct Sum {
    algorithm: Algorithm,
    pub hex: String,
}

pub enum Digest {
    Md5(Md5),
    Sha1(Sha1),
    Sha224(Sha224),
    Sha256(Sha256),
    Sha384(Sha384),
    Sha512(Sha512),
}

impl Algorithm {
    pub fn named(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "md5" => Algorithm::Md5,
            "sha1" | "sha" => Algorithm::Sha1,
            "sha224" => Algorithm::Sha224,
            "sha256" => Algorithm::Sha256,
            "sha384" => Algorithm::Sha384,
            "sha512" => Algorithm::Sha512,
            _ => return None,
        })
    }

    pub fn digest(self) -> Digest {
        match self {
            Algorithm::Md5 => Digest::Md5(Md5::new()),
            Algorithm::Sha1 => Digest::Sha1(Sha1::new()),
            Algorithm::Sha224 => Digest::Sha224(Sha224::new()),
            Algorithm::Sha256 => Digest::Sha256(Sha256::new()),
            Algorithm::Sha384 => Digest::Sha384(Sha384::new()),
            Algorithm::Sha512 => Digest::Sha512(Sha512::new()),
        }
    }
}

impl Digest {
    pub fn update(&mut self, piece: &[u8]) {
        match self {
            Digest::Md5(digest) => digest.update(piece),
            Digest::Sha1(digest) => digest.update(piece),
            Digest::Sha224(digest) => digest.update(piece),
            Digest::Sha256(digest) => digest.update(piece),
            Digest::Sha384(digest) => digest.update(piece),
            Digest::Sha512(digest) => digest.update(piece),
        }
    }

    pub fn hex(self) -> String {
        match self {
            Digest::Md5(digest) => hex(&digest.finalize()),
            Digest::Sha1(digest) => hex(&digest.finalize()),
            Digest::Sha224(digest) => hex(&digest.finalize()),
            Digest::Sha256(digest) => hex(&digest.finalize()),
            Digest::Sha384(digest) => hex(&digest.finalize()),
            Digest::Sha512(digest) => hex(&digest.finalize()),
        }
    }
}

impl Sum {
    pub fn new(algorithm: &str, hex: &str) -> Result<Self, String> {
        let hex: String = hex.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
        if hex.is_empty() || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err("The checksum format is invalid".into());
        }
        let algorithm =
            Algorithm::named(algorithm).ok_or_else(|| format!("Could not hash with algorithm '{algorithm}'"))?;
        Ok(Self { algorithm, hex })
    }

    pub fn digest(&self) -> Digest {
        self.algorithm.digest()
    }

    pub fn is(&self, hex: &str) -> bool {
        self.hex.eq_ignore_ascii_case(hex)
    }
}

/// The checksum of a file in a list of them: `<hex>  name`, `<hex> *name`, `SHA256 (name) = <hex>`, or one alone.
pub fn find(text: &str, name: &str) -> Option<String> {
    let lines: Vec<_> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    if let [only] = lines.as_slice()
        && !only.contains(char::is_whitespace)
    {
        return Some((*only).to_string());
    }
    lines.iter().find_map(|line| {
        if let Some((head, hex)) = line.split_once(") = ") {
            return head.ends_with(&format!("({name}")).then(|| hex.to_string());
        }
        let (hex, file) = line.split_once(char::is_whitespace)?;
        let file = file.trim().trim_start_matches('*').trim_start_matches("./");
        (file == name || file.ends_with(&format!("/{name}"))).then(|| hex.to_string())
    })
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`.
pub fn http_date(seconds: i64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let time = civil(seconds, 0);
    let day = DAYS[seconds.div_euclid(86_400).rem_euclid(7) as usize];
    let month = MONTHS[usize::from(time.date.month.clamp(1, 12)) - 1];
    let (year, number) = (time.date.year, time.date.day);
    format!("{day}, {number:02} {month} {year} {:02}:{:02}:{:02} GMT", time.hour, time.minute, time.second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_found_in_lists_of_every_kind() {
        let list = "abc123  a.tgz\ndef456 *b.tgz\n";
        assert_eq!(find(list, "b.tgz").as_deref(), Some("def456"));
        assert_eq!(find("SHA256 (a.tgz) = 99aa\nSHA256 (b) = 11", "a.tgz").as_deref(), Some("99aa"));
        assert_eq!(find("0011\n", "x").as_deref(), Some("0011"));
        assert_eq!(find(list, "c.tgz"), None);
        assert_eq!(http_date(784_111_777), "Sun, 06 Nov 1994 08:49:37 GMT");
    }
}
