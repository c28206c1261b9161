//! Web addresses: taken apart, and joined with what a redirect says.
use super::auth::unescaped;
use std::fmt;
use std::io;
use std::path::PathBuf;

/// A download whose address has no name of a file.
pub const INDEX: &str = "index.html";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    pub scheme: String,
    pub host: String,
    pub port: u16,
    /// `user:password`, still escaped.
    pub user_info: Option<String>,
    /// Path and query.
    pub target: String,
}

impl Url {
    pub fn parse(text: &str) -> io::Result<Self> {
        let bad = |why: &str| io::Error::new(io::ErrorKind::InvalidInput, format!("{why}: {text}"));
        let (scheme, rest) = text.trim().split_once("://").ok_or_else(|| bad("unknown url type"))?;
        let scheme = scheme.to_ascii_lowercase();
        let default = match scheme.as_str() {
            "http" => 80,
            "https" => 443,
            _ => return Err(bad("unknown url type")),
        };
        let rest = rest.split('#').next().unwrap_or_default();
        let at = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, target) = rest.split_at(at);
        let (user_info, place) =
            authority.rsplit_once('@').map_or((None, authority), |(user, place)| (Some(user), place));
        let (host, port) = match place.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
            Some((host, rest)) => (host, rest.strip_prefix(':')),
            None => place.split_once(':').map_or((place, None), |(host, port)| (host, Some(port))),
        };
        let port = match port.filter(|port| !port.is_empty()) {
            Some(port) => port.parse().map_err(|_| bad("the port is no number"))?,
            None => default,
        };
        if host.is_empty() {
            return Err(bad("no host given"));
        }
        let target = if target.starts_with('/') { target.to_string() } else { format!("/{target}") };
        let user_info = user_info.map(String::from);
        Ok(Self { scheme, host: host.to_ascii_lowercase(), port, user_info, target: escaped(&target) })
    }

    pub fn is_tls(&self) -> bool {
        self.scheme == "https"
    }

    /// For the `Host` header.
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        let default = if self.is_tls() { 443 } else { 80 };
        if self.port == default { host } else { format!("{host}:{}", self.port) }
    }

    pub fn join(&self, target: &str) -> io::Result<Self> {
        if target.contains("://") {
            return Self::parse(target);
        }
        let own = format!("{}://{}", self.scheme, self.authority());
        if let Some(rest) = target.strip_prefix("//") {
            return Self::parse(&format!("{}://{rest}", self.scheme));
        }
        let path = self.target.split('?').next().unwrap_or("/");
        match target.chars().next() {
            Some('/') => Self::parse(&(own + target)),
            Some('?') => Self::parse(&(own + path + target)),
            _ => {
                let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
                Self::parse(&format!("{own}{folder}/{target}"))
            }
        }
    }

    /// What a download is called: never a way to another folder.
    pub fn download_name(&self) -> &str {
        Some(self.file_name()).filter(|name| !matches!(*name, "" | "." | "..")).unwrap_or(INDEX)
    }

    /// The last part of the path.
    pub fn file_name(&self) -> &str {
        let path = self.target.split('?').next().unwrap_or_default();
        path.rsplit('/').next().unwrap_or_default()
    }
}

/// The file of this machine that a `file://` address means.
pub fn local(text: &str) -> Option<PathBuf> {
    let rest = text.trim().strip_prefix("file://")?;
    let path = rest.strip_prefix("localhost").unwrap_or(rest);
    path.starts_with('/').then(|| unescaped(path).into())
}

/// Spaces and what is not ASCII cannot stand in a request line.
fn escaped(target: &str) -> String {
    crate::http::percent(target, "/?&=:@+,;!$'()*%[]|^`{}\"<>\\#~")
        .replace('"', "%22")
        .replace('<', "%3C")
        .replace('>', "%3E")
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}://{}{}", self.scheme, self.authority(), self.target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_apart_and_joined() {
        let url = Url::parse("https://u:p@Example.org:8443/a/b?c=d#e").unwrap();
        assert_eq!((url.host.as_str(), url.port, url.target.as_str()), ("example.org", 8443, "/a/b?c=d"));
        assert_eq!(url.join("../x y").unwrap().to_string(), "https://example.org:8443/a/../x%20y");
        assert_eq!(url.join("//other/z").unwrap().to_string(), "https://other/z");
        assert_eq!(url.join("?q").unwrap().target, "/a/b?q");
        assert_eq!(Url::parse("http://[::1]:80").unwrap().authority(), "[::1]");
        assert!(Url::parse("ftp://x").is_err() && Url::parse("http://").is_err() && Url::parse("http://x:y/").is_err());
        assert_eq!(Url::parse("http://x/a/f.tgz?x").unwrap().file_name(), "f.tgz");
    }
}
