//! Asking the web, as `get_url` and `uri` do: redirects, proxies, logins, TLS where the build has it.
pub mod auth;
pub mod charset;
pub mod form;
mod proxy;
mod spool;
#[cfg(feature = "net")]
mod tls;
mod url;

pub use spool::Spool;
pub use url::{INDEX, Url, local};

use crate::http::{self, Body, Head, Request};
use crate::machine::{Address, Machine, Stream};
use std::io::{self, Read};
use std::path::PathBuf;
use std::time::Duration;

/// One question.
#[derive(Clone, Debug)]
pub struct Ask {
    pub method: String,
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub timeout: Duration,
    pub follow: Follow,
    pub validate_certs: bool,
    pub ca_path: Option<PathBuf>,
    pub client_cert: Option<PathBuf>,
    pub client_key: Option<PathBuf>,
    pub use_proxy: bool,
    pub use_netrc: bool,
    pub username: Option<String>,
    pub password: Option<String>,
    pub force_basic_auth: bool,
    pub unix_socket: Option<PathBuf>,
    /// Headers that do not go along with a redirect.
    pub unredirected: Vec<String>,
    pub decompress: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Follow {
    None,
    /// Only GET and HEAD.
    Safe,
    /// GET and HEAD, and what becomes a GET.
    Urllib,
    All,
}

/// The answer's head, where it came from, and its body to read.
pub struct Answer {
    pub head: Head,
    pub url: String,
    pub redirected: bool,
    pub body: Box<dyn Read>,
}

/// As browsers and Python's urllib have it.
const MOST_REDIRECTS: usize = 10;

impl Ask {
    pub fn get(url: &str) -> Self {
        Self {
            method: "GET".into(),
            url: url.into(),
            headers: Vec::new(),
            body: Vec::new(),
            timeout: Duration::from_secs(10),
            follow: Follow::Urllib,
            validate_certs: true,
            ca_path: None,
            client_cert: None,
            client_key: None,
            use_proxy: true,
            use_netrc: true,
            username: None,
            password: None,
            force_basic_auth: false,
            unix_socket: None,
            unredirected: Vec::new(),
            decompress: true,
        }
    }
}

/// Why nobody answered, in the words of Python's urllib, which playbooks test for.
pub fn failure(error: &io::Error) -> String {
    let text = error.to_string();
    let plain = text.split(" (os error").next().unwrap_or_default();
    let words = match error.raw_os_error() {
        Some(number) => format!("[Errno {number}] {plain}"),
        None if plain.starts_with("Name or service not known") => "[Errno -2] Name or service not known".into(),
        None => plain.to_string(),
    };
    format!("Request failed: <urlopen error {words}>")
}

pub fn ask(machine: &dyn Machine, ask: &Ask) -> io::Result<Answer> {
    let mut ask = ask.clone();
    let mut url = Url::parse(&ask.url)?;
    let first_host = url.host.clone();
    let mut tried_login = false;
    let mut redirects = 0;
    loop {
        let login = if url.host == first_host { auth::login(machine, &ask, &url) } else { None };
        let with_login = ask.force_basic_auth || tried_login;
        let (head, body) = once(machine, &ask, &url, login.as_deref().filter(|_| with_login))?;
        if head.status == 401 && !tried_login && login.is_some() && !ask.force_basic_auth {
            tried_login = true;
            continue;
        }
        let Some(target) = redirect(&ask, &head) else {
            let body = if ask.decompress { decompressed(&head, body)? } else { body };
            return Ok(Answer { url: url.to_string(), redirected: redirects > 0, head, body });
        };
        redirects += 1;
        if redirects > MOST_REDIRECTS {
            return Err(io::Error::other("the server redirects without end"));
        }
        url = url.join(&target)?;
        follow(&mut ask, &head, &url, &first_host);
    }
}

/// Where to go on, if the task wants it.
fn redirect(ask: &Ask, head: &Head) -> Option<String> {
    let target = head.get("location")?;
    let safe = matches!(ask.method.as_str(), "GET" | "HEAD");
    let wanted = match (ask.follow, head.status) {
        (_, status) if !matches!(status, 301 | 302 | 303 | 307 | 308) => false,
        (Follow::None, _) => false,
        (Follow::Safe, _) => safe,
        (Follow::Urllib, 307 | 308) => safe,
        _ => true,
    };
    wanted.then(|| target.to_string())
}

/// What changes on the way: a POST that is sent elsewhere becomes a GET, and secrets stay with their host.
fn follow(ask: &mut Ask, head: &Head, url: &Url, first_host: &str) {
    let keeps = matches!(head.status, 307 | 308) || matches!(ask.method.as_str(), "GET" | "HEAD");
    if !keeps {
        ask.method = "GET".into();
        ask.body.clear();
        ask.headers.retain(|(name, _)| !name.to_ascii_lowercase().starts_with("content-"));
    }
    let other_host = url.host != first_host;
    let unredirected = std::mem::take(&mut ask.unredirected);
    ask.headers.retain(|(name, _)| {
        let secret = ["authorization", "cookie"].contains(&name.to_ascii_lowercase().as_str());
        let left = unredirected.iter().any(|own| own.eq_ignore_ascii_case(name));
        !(left || other_host && secret)
    });
}

fn once(machine: &dyn Machine, ask: &Ask, url: &Url, login: Option<&str>) -> io::Result<(Head, Box<dyn Read>)> {
    let proxy = if ask.use_proxy && ask.unix_socket.is_none() { proxy::of(machine, url) } else { None };
    let address = match (&ask.unix_socket, &proxy) {
        (Some(path), _) => Address::Unix(path.clone()),
        (_, Some(proxy)) => Address::Tcp(proxy.host.clone(), proxy.port),
        _ => Address::Tcp(url.host.clone(), url.port),
    };
    let mut stream = machine.connect(&address, ask.timeout)?;
    let mut headers = vec![("Accept-Encoding".to_string(), "identity".to_string()), ("Host".into(), url.authority())];
    if url.is_tls() {
        if let Some(proxy) = &proxy {
            proxy::tunnel(&mut stream, proxy, url)?;
        }
        stream = secured(machine, stream, url, ask)?;
    } else if let Some(login) = proxy.as_ref().and_then(|proxy| proxy.login()) {
        headers.push(("Proxy-Authorization".into(), login));
    }
    for (name, value) in &ask.headers {
        headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        headers.push((name.clone(), value.clone()));
    }
    if let Some(login) =
        login.filter(|_| !ask.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("authorization")))
    {
        headers.push(("Authorization".into(), login.into()));
    }
    let target = match &proxy {
        Some(_) if !url.is_tls() => url.to_string(),
        _ => url.target.clone(),
    };
    let bodiless = ask.body.is_empty() && !matches!(ask.method.as_str(), "POST" | "PUT" | "PATCH");
    let body = if bodiless { Body::None } else { Body::Bytes(&ask.body) };
    let (head, reader) = http::exchange(stream, Request { method: &ask.method, target: &target, headers, body })?;
    Ok((head, Box::new(reader)))
}

#[cfg(feature = "net")]
fn secured(machine: &dyn Machine, stream: Box<dyn Stream>, url: &Url, ask: &Ask) -> io::Result<Box<dyn Stream>> {
    tls::secured(machine, stream, url, ask)
}

#[cfg(not(feature = "net"))]
fn secured(_: &dyn Machine, _: Box<dyn Stream>, url: &Url, _: &Ask) -> io::Result<Box<dyn Stream>> {
    Err(io::Error::new(io::ErrorKind::Unsupported, format!("this helper was built without TLS, which {url} needs")))
}

#[cfg(feature = "net")]
fn decompressed(head: &Head, mut body: Box<dyn Read>) -> io::Result<Box<dyn Read>> {
    match head.get("content-encoding") {
        Some("gzip" | "x-gzip") => {
            let mut bytes = Vec::new();
            body.read_to_end(&mut bytes)?;
            Ok(Box::new(io::Cursor::new(gunzip(&bytes)?)))
        }
        _ => Ok(body),
    }
}

#[cfg(not(feature = "net"))]
fn decompressed(_: &Head, body: Box<dyn Read>) -> io::Result<Box<dyn Read>> {
    Ok(body)
}

/// The head of a gzip file, with its optional parts, is skipped; its checksum is the transport's affair.
#[cfg(feature = "net")]
fn gunzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let bad = || io::Error::new(io::ErrorKind::InvalidData, "the answer is not the gzip that it says it is");
    if bytes.get(..3) != Some(&[0x1f, 0x8b, 8]) {
        return Err(bad());
    }
    let flags = *bytes.get(3).ok_or_else(bad)?;
    let mut at = 10;
    if flags & 4 != 0 {
        let length = bytes.get(at..at + 2).ok_or_else(bad)?;
        at += 2 + usize::from(u16::from_le_bytes([length[0], length[1]]));
    }
    for flag in [8, 16] {
        if flags & flag != 0 {
            at += bytes.get(at..).and_then(|rest| rest.iter().position(|byte| *byte == 0)).ok_or_else(bad)? + 1;
        }
    }
    at += if flags & 2 != 0 { 2 } else { 0 };
    let packed = bytes.get(at..).ok_or_else(bad)?;
    miniz_oxide::inflate::decompress_to_vec_with_limit(packed, 1 << 30).map_err(|_| bad())
}
