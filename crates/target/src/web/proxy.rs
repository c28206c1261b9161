//! Proxies, as the environment names them.
use super::{Url, auth};
use crate::machine::{Machine, Stream};
use std::io::{self, Read, Write};

pub struct Proxy {
    pub host: String,
    pub port: u16,
    user_info: Option<String>,
}

impl Proxy {
    pub fn login(&self) -> Option<String> {
        let info = self.user_info.as_ref()?;
        let (user, password) = info.split_once(':').unwrap_or((info, ""));
        Some(auth::basic(user, password))
    }
}

pub fn of(machine: &dyn Machine, url: &Url) -> Option<Proxy> {
    let variable = |name: &str| {
        machine.variable(name).or_else(|| machine.variable(&name.to_uppercase())).filter(|text| !text.is_empty())
    };
    if variable("no_proxy").is_some_and(|list| is_exempt(&list, &url.host)) {
        return None;
    }
    let text = variable(&format!("{}_proxy", url.scheme)).or_else(|| variable("all_proxy"))?;
    let text = if text.contains("://") { text } else { format!("http://{text}") };
    let proxy = Url::parse(&text).ok()?;
    Some(Proxy { host: proxy.host, port: proxy.port, user_info: proxy.user_info })
}

fn is_exempt(list: &str, host: &str) -> bool {
    list.split(',').map(str::trim).filter(|name| !name.is_empty()).any(|name| {
        let name = name.trim_start_matches('.').to_ascii_lowercase();
        name == "*" || host == name || host.strip_suffix(&name).is_some_and(|rest| rest.ends_with('.'))
    })
}

/// Has the proxy connect to the server, for TLS.
pub fn tunnel(stream: &mut Box<dyn Stream>, proxy: &Proxy, url: &Url) -> io::Result<()> {
    let place = format!("{}:{}", url.host, url.port);
    let login = proxy.login().map_or_else(String::new, |login| format!("Proxy-Authorization: {login}\r\n"));
    stream.write_all(format!("CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n{login}\r\n").as_bytes())?;
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() > 1 << 16 || stream.read(&mut byte)? == 0 {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the proxy gave no answer"));
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head);
    match head.split_whitespace().nth(1) {
        Some(status) if status.starts_with('2') => Ok(()),
        _ => Err(io::Error::other(format!("Tunnel connection failed: {}", head.lines().next().unwrap_or_default()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_can_be_exempt() {
        assert!(is_exempt("localhost, .example.org", "a.example.org") && is_exempt("*", "x") && is_exempt("x", "x"));
        assert!(!is_exempt("example.org", "badexample.org") && !is_exempt("", "x"));
    }
}
