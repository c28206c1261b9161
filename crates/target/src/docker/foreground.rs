//! `detach: no`: a container's end is waited for, and what it said is told.
use super::{Daemon, container, field, text, truth};
use crate::http::{self, Body, BodyReader, Request, percent};
use crate::json;
use crate::machine::{Machine, Stream};
use crate::protocol::MAX_FRAME;
use std::io::{self, Read};
use std::time::Duration;
use value::Value;

/// A question for a container's end, asked before it begins: one that removes itself could not be asked afterwards.
pub struct Waiting(BodyReader<Box<dyn Stream>>);

/// Containers take as long as they take; the task's own time and a cancel end the waiting.
const PATIENCE: Duration = Duration::from_secs(60 * 60 * 24 * 365);

/// `condition`: `next-exit` for a container that is to start, `not-running` for one that has.
pub fn wait(machine: &dyn Machine, daemon: &Daemon, name: &str, condition: &str) -> io::Result<Waiting> {
    let target = format!("/containers/{}/wait?condition={condition}", percent(name, ""));
    let stream = machine.connect(&daemon.address, PATIENCE)?;
    let headers = vec![("Host".into(), "docker".into())];
    let request = Request { method: "POST", target: &target, headers, body: Body::Bytes(b"") };
    let (head, mut body) = http::exchange(stream, request)?;
    if !(200..300).contains(&head.status) {
        let mut said = String::new();
        (&mut body).take(1 << 16).read_to_string(&mut said)?;
        return Err(io::Error::other(format!("Error waiting for container {name}: {}: {}", head.status, said.trim())));
    }
    Ok(Waiting(body))
}

/// What is known of it in the end.
pub struct Ended {
    pub status: i64,
    pub output: String,
    /// None: it has removed itself.
    pub now: Option<Value>,
}

/// `was`: the container as it was before it began.
pub fn follow(
    machine: &dyn Machine,
    daemon: &Daemon,
    name: &str,
    waiting: Option<Waiting>,
    was: Option<&Value>,
) -> io::Result<Ended> {
    let waiting = match waiting {
        Some(waiting) => waiting,
        None => wait(machine, daemon, name, "not-running")?,
    };
    let started = container::inspect(machine, daemon, name)?;
    let was = started.as_ref().or(was).cloned().unwrap_or_default();
    let status = waiting.status()?;
    let now = container::inspect(machine, daemon, name)?;
    let output = output(machine, daemon, name, now.as_ref().unwrap_or(&was))?;
    Ok(Ended { status, output, now })
}

impl Waiting {
    /// The status with which it ended.
    fn status(self) -> io::Result<i64> {
        let mut said = String::new();
        self.0.take(1 << 16).read_to_string(&mut said)?;
        let answer = json::parse(said.trim()).map_err(io::Error::other)?;
        match (field(&answer, "StatusCode").and_then(Value::as_int), text(&answer, "Error.Message")) {
            (_, why) if !why.is_empty() => Err(io::Error::other(why)),
            (Some(status), _) => Ok(status),
            (None, _) => Err(io::Error::other(format!("the daemon names no exit status: {said}"))),
        }
    }
}

/// What it has written, as far as the daemon keeps that.
fn output(machine: &dyn Machine, daemon: &Daemon, name: &str, container: &Value) -> io::Result<String> {
    if truth(container, "HostConfig.AutoRemove") {
        return Ok("Cannot retrieve result as auto_remove is enabled".into());
    }
    match text(container, "HostConfig.LogConfig.Type").as_str() {
        "" | "json-file" | "journald" | "local" => {
            let bytes = logs(machine, daemon, name)?;
            let bytes = if truth(container, "Config.Tty") { bytes } else { joined(&bytes) };
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        }
        driver => Ok(format!("Result logged using `{driver}` driver")),
    }
}

fn logs(machine: &dyn Machine, daemon: &Daemon, name: &str) -> io::Result<Vec<u8>> {
    let target = format!("/containers/{}/logs?stdout=true&stderr=true", percent(name, ""));
    let mut bytes = Vec::new();
    daemon.read(machine, &target, &mut |reader| reader.take(MAX_FRAME as u64).read_to_end(&mut bytes).map(drop))?;
    Ok(bytes)
}

/// Without a terminal each piece has a head of eight bytes: from which stream it is, and how long.
fn joined(bytes: &[u8]) -> Vec<u8> {
    let (mut out, mut rest) = (Vec::with_capacity(bytes.len()), bytes);
    while let [0..=2, 0, 0, 0, a, b, c, d, after @ ..] = rest {
        let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
        let (piece, more) = after.split_at(length.min(after.len()));
        out.extend_from_slice(piece);
        rest = more;
    }
    out.extend_from_slice(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_two_streams_are_one_text_whatever_their_bytes() {
        let piece = |stream: u8, text: &[u8]| [&[stream, 0, 0, 0, 0, 0, 0, text.len() as u8], text].concat();
        // A letter that is cut in two, a byte that is no text, a length that looks like text.
        let all = [piece(1, b"caf\xc3"), piece(1, b"\xa9\n"), piece(2, b"\xff"), piece(1, &[b'x'; 200])].concat();
        assert_eq!(joined(&all), [b"caf\xc3\xa9\n\xff".as_slice(), &[b'x'; 200]].concat());
        assert_eq!(joined(b"plain"), b"plain");
        assert_eq!(joined(&piece(1, b"cut off")[..10]), b"cu");
        assert_eq!(joined(&[1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, b'x']), b"x");
    }
}
