//! What a browser does, as far as a blog without scripts needs it: requests, cookies, forms.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub struct Browser {
    address: SocketAddr,
    pub cookies: BTreeMap<String, String>,
    /// Sent with every request.
    pub headers: Vec<(&'static str, String)>,
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Browser {
    pub fn new(address: SocketAddr) -> Browser {
        Browser { address, cookies: BTreeMap::new(), headers: Vec::new() }
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, None).await
    }

    /// Opens the page that holds the form, fills it in and sends it to `action`.
    pub async fn submit(&mut self, page: &str, action: &str, fields: &[(&str, &str)]) -> Answer {
        let mark = self.get(page).await.mark();
        let fields: Vec<_> = [("mark", mark.as_str())].into_iter().chain(fields.iter().copied()).collect();
        self.post(action, &fields).await
    }

    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let pairs: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={}", percent(value))).collect();
        self.send("POST", path, Some(pairs.join("&"))).await
    }

    pub async fn register(&mut self, name: &str, password: &str) -> Answer {
        self.submit("/auth/register", "/auth/register", &[("username", name), ("password", password)]).await
    }

    pub async fn log_in(&mut self, name: &str, password: &str) -> Answer {
        self.submit("/auth/login", "/auth/login", &[("username", name), ("password", password)]).await
    }

    /// Writes a post and returns its path.
    pub async fn write(&mut self, title: &str, body: &str) -> String {
        let answer = self.submit("/create", "/create", &[("title", title), ("body", body)]).await;
        assert_eq!(answer.status, 303, "{answer:?}");
        answer.header("location").unwrap().to_string()
    }

    async fn send(&mut self, method: &str, path: &str, form: Option<String>) -> Answer {
        let mut request = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", self.address);
        for (name, value) in &self.headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        if !self.cookies.is_empty() {
            let pairs: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request.push_str(&format!("Cookie: {}\r\n", pairs.join("; ")));
        }
        if let Some(form) = &form {
            let length = form.len();
            request
                .push_str(&format!("Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n"));
        }
        request.push_str("\r\n");
        request.push_str(&form.unwrap_or_default());
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        // A server that refuses a large body may hang up before it has all of it.
        let _ = stream.write_all(request.as_bytes()).await;
        let answer = Answer::read(stream).await;
        self.keep_cookies(&answer);
        answer
    }

    fn keep_cookies(&mut self, answer: &Answer) {
        for line in answer.all("set-cookie") {
            let (name, value) = line.split(';').next().and_then(|pair| pair.split_once('=')).unwrap();
            if line.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_string(), value.to_string());
            }
        }
    }
}

impl Answer {
    /// Reads until the server closes, which every request here asks for.
    pub async fn read(mut stream: TcpStream) -> Answer {
        let mut bytes = Vec::new();
        let read = stream.read_to_end(&mut bytes).await;
        assert!(read.is_ok() || !bytes.is_empty(), "no answer: {read:?}");
        Answer::parse(&String::from_utf8(bytes).unwrap())
    }

    pub fn parse(text: &str) -> Answer {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("not an answer: {text:?}"));
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines.filter_map(|line| line.split_once(": "));
        let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_string())).collect();
        Answer { status, headers, body: body.to_string() }
    }

    pub fn header<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.all(name).next()
    }

    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// The mark of the page's form.
    pub fn mark(&self) -> String {
        let (_, rest) = self.body.split_once("name=\"mark\" value=\"").unwrap_or_else(|| panic!("no form in {self:?}"));
        rest.split('"').next().unwrap().to_string()
    }

    pub fn expect_moved(&self, to: &str) {
        assert_eq!((self.status, self.header("location")), (303, Some(to)), "{self:?}");
    }
}

fn percent(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
