//! Python's `urllib.parse`: quoting, and a URL taken apart.

/// `quote`: everything but letters, digits, `_.-~` and what `safe` names becomes `%XX`.
pub fn quote(text: &str, safe: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"_.-~".contains(&byte) || safe.as_bytes().contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// `unquote_plus`; what is no code stays as it is.
pub fn unquote_plus(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = text.get(at + 1..at + 3).filter(|code| code.bytes().all(|b| b.is_ascii_hexdigit()));
        match (bytes[at], code.and_then(|code| u8::from_str_radix(code, 16).ok())) {
            (b'%', Some(byte)) => {
                out.push(byte);
                at += 2;
            }
            (b'+', _) => out.push(b' '),
            (byte, _) => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The parts of a URL, each as it stood there; missing ones are empty.
#[derive(Debug, Default, PartialEq)]
pub struct Url<'u> {
    pub scheme: String,
    pub netloc: &'u str,
    pub path: &'u str,
    pub query: &'u str,
    pub fragment: &'u str,
}

impl<'u> Url<'u> {
    /// `urlsplit`. (Line breaks and tabs, which it drops, must be gone already.)
    pub fn new(url: &'u str) -> Result<Self, &'static str> {
        let mut parts = Self::default();
        let mut rest = url;
        if let Some((scheme, after)) = url.split_once(':') {
            let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
                && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
            if is_scheme {
                parts.scheme = scheme.to_ascii_lowercase();
                rest = after;
            }
        }
        if let Some(after) = rest.strip_prefix("//") {
            let end = after.find(['/', '?', '#']).unwrap_or(after.len());
            (parts.netloc, rest) = after.split_at(end);
            if parts.netloc.contains('[') != parts.netloc.contains(']') {
                return Err("Invalid IPv6 URL");
            }
        }
        if let Some((before, fragment)) = rest.split_once('#') {
            (rest, parts.fragment) = (before, fragment);
        }
        if let Some((before, query)) = rest.split_once('?') {
            (rest, parts.query) = (before, query);
        }
        parts.path = rest;
        Ok(parts)
    }

    fn user_and_host(&self) -> (Option<&'u str>, &'u str) {
        self.netloc.rsplit_once('@').map_or((None, self.netloc), |(user, host)| (Some(user), host))
    }

    pub fn username(&self) -> Option<&'u str> {
        self.user_and_host().0.map(|user| user.split_once(':').map_or(user, |(name, _)| name))
    }

    pub fn password(&self) -> Option<&'u str> {
        self.user_and_host().0?.split_once(':').map(|(_, password)| password)
    }

    fn host_and_port(&self) -> (&'u str, Option<&'u str>) {
        let (_, host) = self.user_and_host();
        match host.split_once('[') {
            Some((_, bracketed)) => {
                let (host, after) = bracketed.split_once(']').unwrap_or((bracketed, ""));
                (host, after.split_once(':').map(|(_, port)| port))
            }
            None => host.split_once(':').map_or((host, None), |(host, port)| (host, Some(port))),
        }
    }

    pub fn hostname(&self) -> Option<String> {
        let host = self.host_and_port().0;
        let (name, zone) = host.split_once('%').map_or((host, None), |(name, zone)| (name, Some(zone)));
        let lower = name.to_lowercase() + &zone.map(|zone| format!("%{zone}")).unwrap_or_default();
        (!lower.is_empty()).then_some(lower)
    }

    pub fn port(&self) -> Result<Option<i64>, String> {
        let Some(port) = self.host_and_port().1.filter(|port| !port.is_empty()) else { return Ok(None) };
        match port.parse::<i64>() {
            Ok(number) if (0..=65535).contains(&number) && port.bytes().all(|b| b.is_ascii_digit()) => Ok(Some(number)),
            Ok(_) => Err("Port out of range 0-65535".into()),
            Err(_) => Err(format!("Port could not be cast to integer value as '{port}'")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_taken_apart_as_in_python() {
        let url = Url::new("HTTP://user:p@w@Example.com:8080/a?b#c").unwrap();
        assert_eq!((url.scheme.as_str(), url.path, url.query, url.fragment), ("http", "/a", "b", "c"));
        assert_eq!((url.username(), url.password()), (Some("user"), Some("p@w")));
        assert_eq!((url.hostname().as_deref(), url.port()), (Some("example.com"), Ok(Some(8080))));
        assert_eq!(Url::new("https://[::1]:80/").unwrap().hostname().as_deref(), Some("::1"));
        assert_eq!(Url::new("a/b:c").unwrap(), Url { path: "a/b:c", ..Url::default() });
    }
}
