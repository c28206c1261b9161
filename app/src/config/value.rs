//! The kinds of value that settings have; `None` means it is not such a value.

use std::fmt;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use axum::http::Uri;
use subtle::ConstantTimeEq;
use tracing::level_filters::LevelFilter;

pub const LEVELS: &[(&str, LevelFilter)] = &[
    ("error", LevelFilter::ERROR),
    ("warn", LevelFilter::WARN),
    ("info", LevelFilter::INFO),
    ("debug", LevelFilter::DEBUG),
];

/// `http://host[:port]` or the same with https, without a trailing slash.
#[derive(Clone, Debug, PartialEq)]
pub struct PublicUrl(String);

impl PublicUrl {
    pub fn parse(text: &str) -> Option<PublicUrl> {
        let uri: Uri = text.parse().ok()?;
        let (scheme, authority) = (uri.scheme_str()?, uri.authority()?);
        let plain = uri.path() == "/" && uri.query().is_none() && !authority.as_str().contains('@');
        let known = scheme == "http" || scheme == "https";
        (known && plain).then(|| PublicUrl(format!("{scheme}://{}", authority.as_str().to_ascii_lowercase())))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }
}

/// A text that is compared without telling by time where it differs, and never shown.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    pub fn parse(text: &str) -> Option<Secret> {
        (text.len() >= 16 && text.bytes().all(|byte| byte.is_ascii_graphic())).then(|| Secret(text.to_string()))
    }

    pub fn is(&self, offered: &[u8]) -> bool {
        self.0.as_bytes().ct_eq(offered).into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

pub fn sqlite_path(text: &str) -> Option<PathBuf> {
    let path = text.strip_prefix("sqlite:")?;
    let path = path.strip_prefix("//").unwrap_or(path);
    let names_a_file = !path.is_empty() && !path.ends_with('/') && !path.contains(['?', '\0']) && path != ":memory:";
    names_a_file.then(|| PathBuf::from(path))
}

pub fn line(text: &str, longest: usize) -> Option<String> {
    let text = text.trim();
    let fits = (1..=longest).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    fits.then(|| text.to_string())
}

pub fn choice<T: Clone>(text: &str, choices: &[(&str, T)]) -> Option<T> {
    choices.iter().find(|(name, _)| *name == text).map(|(_, value)| value.clone())
}

pub fn number<T: FromStr + PartialOrd>(text: &str, range: RangeInclusive<T>) -> Option<T> {
    text.parse().ok().filter(|number| range.contains(number))
}

/// A whole number and a unit: s, m, h or d. The range is in seconds.
pub fn duration(text: &str, seconds: RangeInclusive<u64>) -> Option<Duration> {
    let (digits, factor) = [('s', 1), ('m', 60), ('h', 3600), ('d', 86_400)]
        .into_iter()
        .find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, factor)))?;
    let total = digits.parse::<u64>().ok()?.checked_mul(factor)?;
    seconds.contains(&total).then(|| Duration::from_secs(total))
}

pub fn list<T: FromStr>(text: &str) -> Option<Vec<T>> {
    text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(|item| item.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_unit_and_a_range() {
        assert_eq!(duration("90s", 1..=100), Some(Duration::from_secs(90)));
        assert_eq!(duration("2h", 0..=86_400), Some(Duration::from_secs(7200)));
        for wrong in ["", "s", "15", "-1s", "1.5s", "101s", "99999999999999999999d", "9999999999999999999d"] {
            assert_eq!(duration(wrong, 1..=100), None, "{wrong}");
        }
    }

    #[test]
    fn a_public_url_is_an_origin() {
        assert_eq!(PublicUrl::parse("https://Blog.Example.org/").unwrap().as_str(), "https://blog.example.org");
        assert!(PublicUrl::parse("https://x:8443").unwrap().is_https());
        for wrong in ["blog.example.org", "/x", "ftp://x", "http://u:p@x", "http://x/?q", "http://x/y", ""] {
            assert_eq!(PublicUrl::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_sqlite_url_names_a_file() {
        assert_eq!(sqlite_path("sqlite:/data/b.db"), Some("/data/b.db".into()));
        assert_eq!(sqlite_path("sqlite:///data/b.db"), Some("/data/b.db".into()));
        assert_eq!(sqlite_path("sqlite:b.db"), Some("b.db".into()));
        for wrong in ["b.db", "sqlite::memory:", "sqlite:/data/", "sqlite:b.db?mode=ro", "mysql:b"] {
            assert_eq!(sqlite_path(wrong), None, "{wrong}");
        }
    }
}
