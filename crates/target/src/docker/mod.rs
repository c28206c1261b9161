//! Docker by its own API, over its socket: no client program, no large library.
mod compare;
pub mod container;
mod foreground;
pub mod image;
pub mod images;
pub mod lifecycle;
mod ports;
pub mod settings;
mod tar;

use crate::http::{self, Body, Request};
use crate::json;
use crate::machine::{Address, Machine};
use std::io::{self, Read};
use std::time::Duration;
use value::value::{Json, json_text};
use value::{Map, Value};

/// Where the daemon listens, if nobody says otherwise.
pub const SOCKET: &str = "/var/run/docker.sock";

/// Where the daemon listens, and how long it may be silent.
#[derive(Clone, Debug)]
pub struct Daemon {
    address: Address,
    timeout: Duration,
}

/// What the daemon answered: a status and JSON, or a message where it refused.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    pub status: u16,
    pub body: Value,
}

impl Default for Daemon {
    fn default() -> Self {
        Self { address: Address::Unix(SOCKET.into()), timeout: Duration::from_secs(60) }
    }
}

impl Daemon {
    pub fn at(host: &str, timeout: i64) -> Result<Self, String> {
        let timeout = Duration::from_secs(timeout.max(1) as u64);
        let address = match host.split_once("://") {
            Some(("unix", path)) => Address::Unix(path.into()),
            Some(("tcp" | "http", rest)) => {
                let (name, port) = rest.trim_end_matches('/').rsplit_once(':').unwrap_or((rest, "2375"));
                Address::Tcp(name.into(), port.parse().map_err(|_| format!("docker_host: no port in {host}"))?)
            }
            Some((scheme, _)) => return Err(format!("docker_host: {scheme} is not supported: use unix:// or tcp://")),
            None => Address::Unix(host.into()),
        };
        Ok(Self { address, timeout })
    }

    pub fn get(&self, machine: &dyn Machine, target: &str) -> io::Result<Reply> {
        self.exchange(machine, "GET", target, Body::None, Vec::new(), &mut |_| {})
    }

    /// Whatever changes something: only who holds the machine for a change can ask for it.
    pub fn act(
        &self,
        machine: &mut dyn Machine,
        method: &str,
        target: &str,
        body: Option<&Value>,
    ) -> io::Result<Reply> {
        let text = body.map(|body| json_text(body, Json::COMPACT));
        let (body, headers) = match &text {
            Some(text) => (Body::Bytes(text.as_bytes()), vec![("Content-Type".into(), "application/json".into())]),
            None => (Body::None, Vec::new()),
        };
        self.exchange(machine, method, target, body, headers, &mut |_| {})
    }

    /// The same with a body of any kind, and each line of a long answer as it comes.
    pub fn send<'a>(
        &self,
        machine: &mut dyn Machine,
        target: &'a str,
        body: Body<'a>,
        headers: Vec<(String, String)>,
        line: &mut dyn FnMut(&Value),
    ) -> io::Result<Reply> {
        self.exchange(machine, "POST", target, body, headers, line)
    }

    /// A long answer, to be read as it comes.
    pub fn read(
        &self,
        machine: &dyn Machine,
        target: &str,
        take: &mut dyn FnMut(&mut dyn Read) -> io::Result<()>,
    ) -> io::Result<()> {
        let stream = machine.connect(&self.address, self.timeout)?;
        let headers = vec![("Host".into(), "docker".into())];
        let (head, mut body) = http::exchange(stream, Request { method: "GET", target, headers, body: Body::None })?;
        match head.status {
            200..=299 => take(&mut body),
            status => Err(io::Error::other(format!("Error reading from Docker: {status} {}", head.reason))),
        }
    }

    fn exchange<'a>(
        &self,
        machine: &dyn Machine,
        method: &'a str,
        target: &'a str,
        body: Body<'a>,
        mut headers: Vec<(String, String)>,
        line: &mut dyn FnMut(&Value),
    ) -> io::Result<Reply> {
        headers.insert(0, ("Host".into(), "docker".into()));
        let connected = machine.connect(&self.address, self.timeout);
        let stream = connected.map_err(|error| {
            io::Error::new(error.kind(), format!("Error connecting: Error while fetching server API version: {error}"))
        })?;
        let (head, mut reader) = http::exchange(stream, Request { method, target, headers, body })?;
        let mut bytes = Vec::new();
        let mut seen = 0;
        let mut piece = [0; 1 << 14];
        loop {
            let count = reader.read(&mut piece)?;
            bytes.extend_from_slice(&piece[..count]);
            while let Some(end) = bytes[seen..].iter().position(|byte| *byte == b'\n') {
                if let Ok(value) = json::parse(String::from_utf8_lossy(&bytes[seen..seen + end]).trim()) {
                    line(&value);
                }
                seen += end + 1;
            }
            if count == 0 {
                break;
            }
        }
        let text = String::from_utf8_lossy(&bytes);
        let body = json::parse(text.trim()).unwrap_or_else(|_| Value::from(text.into_owned()));
        Ok(Reply { status: head.status, body })
    }
}

impl Reply {
    pub fn ok(self, doing: &str) -> io::Result<Value> {
        match self.status {
            200..=399 => Ok(self.body),
            status => Err(io::Error::other(format!("Error {doing}: {status}: {}", self.message()))),
        }
    }

    /// None: there is no such thing.
    pub fn found(self, doing: &str) -> io::Result<Option<Value>> {
        if self.status == 404 { Ok(None) } else { self.ok(doing).map(Some) }
    }

    pub fn message(&self) -> String {
        self.body.get("message").map_or_else(|| self.body.to_text(), Value::to_text)
    }
}

/// A field inside of fields.
pub fn field<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.').try_fold(value, |value, name| value.get(name)).filter(|value| !value.is_null())
}

pub fn text(value: &Value, path: &str) -> String {
    field(value, path).map_or_else(String::new, Value::to_text)
}

pub fn truth(value: &Value, path: &str) -> bool {
    field(value, path).is_some_and(Value::is_true)
}

pub fn map_of(value: Option<&Value>) -> Map {
    value.and_then(Value::as_map).cloned().unwrap_or_default()
}
