//! A small HTTP/1.1 client over any stream: what the Docker socket and plain servers need.
use std::io::{self, BufRead, BufReader, Read, Write};

/// An answer's head; names in lower case, in the order in which they came.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Head {
    pub status: u16,
    pub reason: String,
    pub headers: Vec<(String, String)>,
}

impl Head {
    pub fn get(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

pub struct Request<'r> {
    pub method: &'r str,
    /// Path and query.
    pub target: &'r str,
    pub headers: Vec<(String, String)>,
    pub body: Body<'r>,
}

pub enum Body<'r> {
    None,
    Bytes(&'r [u8]),
    /// Of this length.
    Reader(&'r mut dyn Read, u64),
}

/// A head longer than this is none.
const LONGEST_HEAD: u64 = 1 << 18;

fn bad(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("not an HTTP answer: {what}"))
}

/// Sends the request; the answer's body is read from what is returned.
pub fn exchange<S: Read + Write>(mut stream: S, request: Request) -> io::Result<(Head, BodyReader<S>)> {
    let length = match &request.body {
        Body::None => None,
        Body::Bytes(bytes) => Some(bytes.len() as u64),
        Body::Reader(_, length) => Some(*length),
    };
    let mut head = format!("{} {} HTTP/1.1\r\n", request.method, request.target);
    for (name, value) in &request.headers {
        if [name, value].iter().any(|text| text.contains(['\r', '\n'])) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("a line break in the header {name}")));
        }
        head += &format!("{name}: {value}\r\n");
    }
    if let Some(length) = length {
        head += &format!("Content-Length: {length}\r\n");
    }
    head += "Connection: close\r\n\r\n";
    stream.write_all(head.as_bytes())?;
    match request.body {
        Body::None => {}
        Body::Bytes(bytes) => stream.write_all(bytes)?,
        Body::Reader(reader, length) => drop(io::copy(&mut reader.take(length), &mut stream)?),
    }
    stream.flush()?;
    let mut reader = BufReader::new(stream);
    let head = loop {
        let head = read_head(&mut reader)?;
        // `100 Continue` and its like come before the answer.
        if !(100..200).contains(&head.status) || head.status == 101 {
            break head;
        }
    };
    let empty = request.method == "HEAD" || matches!(head.status, 204 | 304);
    let left = match (empty, head.get("transfer-encoding"), head.get("content-length")) {
        (true, ..) => Left::Bytes(0),
        (_, Some(coding), _) if coding.to_ascii_lowercase().contains("chunked") => Left::Chunks,
        (_, _, Some(length)) => Left::Bytes(length.trim().parse().map_err(|_| bad("a length that is no number"))?),
        _ => Left::Everything,
    };
    Ok((head, BodyReader { reader, left, chunk: 0 }))
}

fn line(reader: &mut impl BufRead) -> io::Result<String> {
    let mut bytes = Vec::new();
    reader.take(LONGEST_HEAD).read_until(b'\n', &mut bytes)?;
    match bytes.last() {
        Some(b'\n') => Ok(String::from_utf8_lossy(&bytes).trim_end_matches(['\r', '\n']).to_string()),
        Some(_) => Err(bad("a line too long")),
        None => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "Remote end closed connection without response")),
    }
}

fn read_head(reader: &mut impl BufRead) -> io::Result<Head> {
    let first = line(reader)?;
    let mut words = first.splitn(3, ' ');
    if !words.next().is_some_and(|version| version.starts_with("HTTP/")) {
        return Err(bad("no status line"));
    }
    let status = words.next().and_then(|status| status.parse().ok()).ok_or_else(|| bad("no status"))?;
    let mut head = Head { status, reason: words.next().unwrap_or_default().into(), headers: Vec::new() };
    for _ in 0..1000 {
        let line = line(reader)?;
        if line.is_empty() {
            return Ok(head);
        }
        if let Some((name, value)) = line.split_once(':') {
            head.headers.push((name.trim().to_ascii_lowercase(), value.trim().to_string()));
        }
    }
    Err(bad("too many headers"))
}

enum Left {
    Bytes(u64),
    Chunks,
    Everything,
}

pub struct BodyReader<S> {
    reader: BufReader<S>,
    left: Left,
    /// What of the current chunk is still to come.
    chunk: u64,
}

impl<S: Read> Read for BodyReader<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.left {
            Left::Everything => self.reader.read(buffer),
            Left::Bytes(left) => {
                let count = (&mut self.reader).take(*left).read(buffer)?;
                if count == 0 && *left > 0 && !buffer.is_empty() {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                *left -= count as u64;
                Ok(count)
            }
            Left::Chunks => self.read_chunk(buffer),
        }
    }
}

impl<S: Read> BodyReader<S> {
    fn read_chunk(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.chunk == 0 {
            let size = line(&mut self.reader)?;
            let digits = size.split(';').next().unwrap_or_default().trim();
            self.chunk = u64::from_str_radix(digits, 16).map_err(|_| bad("a chunk without a size"))?;
            if self.chunk == 0 {
                while !line(&mut self.reader)?.is_empty() {}
                self.left = Left::Bytes(0);
                return Ok(0);
            }
        }
        let count = (&mut self.reader).take(self.chunk).read(buffer)?;
        if count == 0 && !buffer.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.chunk -= count as u64;
        if self.chunk == 0 {
            line(&mut self.reader)?;
        }
        Ok(count)
    }
}

/// Letters and digits stay; everything else becomes `%XX`.
pub fn percent(text: &str, keep: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            byte if keep.as_bytes().contains(&byte) => out.push(char::from(byte)),
            byte => out += &format!("%{byte:02X}"),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keeps what is written, gives what it was made with.
    struct Wire(io::Cursor<Vec<u8>>, Vec<u8>);
    impl Read for Wire {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0.read(buffer)
        }
    }
    impl Write for Wire {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.1.extend(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn get(answer: &str) -> io::Result<(Head, String)> {
        let wire = Wire(io::Cursor::new(answer.as_bytes().to_vec()), Vec::new());
        let request = Request { method: "GET", target: "/", headers: vec![], body: Body::None };
        let (head, mut body) = exchange(wire, request)?;
        let mut text = String::new();
        body.read_to_string(&mut text)?;
        Ok((head, text))
    }

    #[test]
    fn bodies_end_where_the_head_says() {
        let (head, body) =
            get("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nX-A: b\r\nContent-Length: 2\r\n\r\nabc").unwrap();
        assert_eq!((head.status, head.get("x-a"), body.as_str()), (200, Some("b"), "ab"));
        let chunked =
            "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n";
        assert_eq!(get(chunked).unwrap().1, "abcde");
        assert_eq!(get("HTTP/1.0 200 OK\r\n\r\nrest").unwrap().1, "rest");
    }

    #[test]
    fn broken_answers_are_errors() {
        for bad in [
            "",
            "SSH-2.0\r\n",
            "HTTP/1.1 x\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        ] {
            assert!(get(bad).is_err(), "{bad:?}");
        }
    }
}
