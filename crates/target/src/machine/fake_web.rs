//! The one server that the fake machine can reach: `files.test`, whose files all say hello.
use std::io::{self, Cursor, Read, Write};

const BODY: &str = "hello from files.test\n";

#[derive(Default)]
pub struct Connection {
    request: Vec<u8>,
    reply: Option<Cursor<Vec<u8>>>,
}

impl Read for Connection {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let request = String::from_utf8_lossy(&self.request);
        let reply = self.reply.get_or_insert_with(|| {
            let missing = request.split_whitespace().nth(1).is_none_or(|path| path.starts_with("/no-such"));
            let text = match (missing, request.contains("If-Modified-Since: "), request.starts_with("HEAD")) {
                (true, ..) => "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_string(),
                (_, true, _) => "HTTP/1.1 304 Not Modified\r\n\r\n".to_string(),
                (_, _, true) => format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", BODY.len()),
                _ => format!(
                    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n{BODY}",
                    BODY.len()
                ),
            };
            Cursor::new(text.into_bytes())
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
