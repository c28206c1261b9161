//! The one server that the fake machine can reach: `files.test`, whose files say hello, but for some.
use std::io::{self, Cursor, Read, Write};

const BODY: &str = "hello from files.test\n";

/// What a file is, and what is in it.
fn file(path: &str, request: &[u8]) -> (&'static str, Vec<u8>) {
    match path {
        "/latin1" => ("text/plain; charset=iso-8859-1", b"caf\xe9".to_vec()),
        "/bogus" => ("text/plain; charset=bogus", b"caf\xe9".to_vec()),
        "/long.json" => ("application/json", format!("[\"{}\"]", "x".repeat(6 << 20)).into_bytes()),
        "/echo" => {
            let at = request.windows(4).position(|end| end == b"\r\n\r\n").map_or(request.len(), |at| at + 4);
            ("text/plain", request[at..].to_vec())
        }
        _ => ("text/plain", BODY.into()),
    }
}

#[derive(Default)]
pub struct Connection {
    request: Vec<u8>,
    reply: Option<Cursor<Vec<u8>>>,
}

impl Read for Connection {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let request = String::from_utf8_lossy(&self.request);
        let reply = self.reply.get_or_insert_with(|| {
            let path = request.split_whitespace().nth(1).unwrap_or("/no-such");
            let (kind, body) = file(path, &self.request);
            let whole = format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n", body.len());
            let reply = match (request.contains("If-Modified-Since: "), request.starts_with("HEAD")) {
                _ if path.starts_with("/no-such") => b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_vec(),
                (true, _) => b"HTTP/1.1 304 Not Modified\r\n\r\n".to_vec(),
                (_, true) => format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len()).into_bytes(),
                _ => [whole.into_bytes(), body].concat(),
            };
            Cursor::new(reply)
        });
        reply.read(buffer)
    }
}

impl Write for Connection {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.request.extend_from_slice(buffer);
        Ok(buffer.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
