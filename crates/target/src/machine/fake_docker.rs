//! The Docker daemon of the fake machine: enough of its API to make, start, stop and remove containers and images. A container
//! whose command is `print STATUS TEXT` ends at once with that status and that text; all others run on.
use super::fake::World;
use crate::json;
use std::collections::BTreeMap;
use std::io::{self, Cursor, Read, Write};
use std::sync::{Arc, Mutex};
use value::value::{Json, json_text};
use value::{Map, Value};

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Daemon {
    pub images: BTreeMap<String, String>,
    pub containers: BTreeMap<String, FakeContainer>,
    /// The status with which containers ended, also those that are gone.
    ended: BTreeMap<String, i64>,
    made: u32,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct FakeContainer {
    id: String,
    config: Map,
    running: bool,
    paused: bool,
}

impl FakeContainer {
    fn command(&self) -> Vec<String> {
        let words = self.config.get("Cmd").and_then(Value::as_list).unwrap_or_default();
        words.iter().map(Value::to_text).collect()
    }
}

pub struct Connection {
    world: Arc<Mutex<World>>,
    request: Vec<u8>,
    reply: Option<Cursor<Vec<u8>>>,
    /// The container whose end the rest of the reply waits for.
    waits: Option<String>,
}

impl Connection {
    pub fn new(world: Arc<Mutex<World>>) -> Self {
        Self { world, request: Vec::new(), reply: None, waits: None }
    }
}

impl Read for Connection {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.reply.is_none() {
            let text = String::from_utf8_lossy(&self.request).into_owned();
            let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
            let mut words = head.split_whitespace();
            let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
            let mut world = self.world.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            let parts: Vec<_> = target.split(['/', '?']).collect();
            if let ["", "containers", name, word @ ("wait" | "logs"), _] = parts.as_slice() {
                let said = if *word == "logs" { world.docker.said(name) } else { Vec::new() };
                self.waits = (*word == "wait").then(|| name.to_string());
                let reply = [b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), said].concat();
                return self.reply.insert(Cursor::new(reply)).read(buffer);
            }
            let (status, body) = world.docker.answer(method, target, &json::parse(body).unwrap_or_default());
            let body = if body.is_null() { String::new() } else { json_text(&body, Json::COMPACT) };
            let reply = format!("HTTP/1.1 {status} Said\r\nContent-Length: {}\r\n\r\n{body}", body.len());
            self.reply = Some(Cursor::new(reply.into_bytes()));
        }
        match self.reply.as_mut().map_or(Ok(0), |reply| reply.read(buffer))? {
            0 => self.end_of_wait(buffer),
            count => Ok(count),
        }
    }
}

impl Connection {
    fn end_of_wait(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(name) = self.waits.take() else { return Ok(0) };
        let world = self.world.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let text = match world.docker.ended.get(&name) {
            Some(status) => format!("{{\"StatusCode\":{status}}}"),
            None => return Err(io::Error::new(io::ErrorKind::TimedOut, "timed out")),
        };
        self.reply.insert(Cursor::new(text.into_bytes())).read(buffer)
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

fn parameter(query: &str, name: &str) -> String {
    let found = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    found.unwrap_or_default().replace("%2F", "/").replace("%3A", ":")
}

fn refused(status: u16, message: &str) -> (u16, Value) {
    (status, Value::map([("message", message)]))
}

impl Daemon {
    fn answer(&mut self, method: &str, target: &str, body: &Value) -> (u16, Value) {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let parts: Vec<_> = path.trim_matches('/').split('/').collect();
        match (method, parts.as_slice()) {
            ("POST", ["containers", "create"]) => self.create(&parameter(query, "name"), body),
            ("GET", ["containers", name, "json"]) => self.show(name),
            ("DELETE", ["containers", name]) => match self.named(name) {
                Some(name) => {
                    self.containers.remove(&name);
                    (204, Value::Null)
                }
                None => refused(404, "No such container"),
            },
            ("POST", ["containers", name, verb]) => self.signal(name, verb, body),
            ("POST", ["images", "create"]) => {
                let name = format!("{}:{}", parameter(query, "fromImage"), parameter(query, "tag"));
                if name.starts_with("no-such") {
                    return (200, Value::map([("error", "pull access denied")]));
                }
                let id = format!("sha256:{name}");
                self.images.insert(name, id);
                (200, Value::map([("status", "Download complete")]))
            }
            ("GET", ["images", name @ .., "json"]) => match self.images.get(&name.join("/")) {
                Some(id) => {
                    (200, Value::map([("Id", Value::from(id.clone())), ("Config", Value::map::<&str, Value>([]))]))
                }
                None => refused(404, "No such image"),
            },
            ("DELETE", ["images", name @ ..]) => match self.images.remove(&name.join("/")) {
                Some(_) => (200, Value::list([])),
                None => refused(404, "No such image"),
            },
            ("POST", ["images", id, "tag"]) => {
                self.images
                    .insert(format!("{}:{}", parameter(query, "repo"), parameter(query, "tag")), (*id).to_string());
                (201, Value::Null)
            }
            _ => refused(404, "page not found"),
        }
    }

    fn start(&mut self, name: &str) -> (u16, Value) {
        let name = self.named(name).unwrap_or_default();
        let Some(container) = self.containers.get_mut(&name) else { return refused(404, "No such container") };
        let words = container.command();
        container.running = words.first().is_none_or(|word| word != "print");
        if let ["print", status, ..] = words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            self.ended.insert(name.clone(), status.parse().unwrap_or(0));
            let removes = container.config.get("HostConfig").and_then(|host| host.get("AutoRemove").cloned());
            if removes.is_some_and(|removes| removes.is_true()) {
                self.containers.remove(&name);
            }
        }
        (204, Value::Null)
    }

    /// As the daemon writes it: each word a piece with a head.
    fn said(&self, name: &str) -> Vec<u8> {
        let words = self.containers.get(name).map_or_else(Vec::new, FakeContainer::command);
        let pieces =
            words.iter().skip(2).map(|word| [&[1, 0, 0, 0, 0, 0, 0, word.len() as u8], word.as_bytes()].concat());
        pieces.collect::<Vec<_>>().concat()
    }

    fn named(&self, name: &str) -> Option<String> {
        let found = self.containers.iter().find(|(known, container)| *known == name || container.id == name);
        found.map(|(name, _)| name.clone())
    }

    fn create(&mut self, name: &str, body: &Value) -> (u16, Value) {
        if self.containers.contains_key(name) {
            return refused(409, "Conflict. The container name is already in use");
        }
        let image = body.get("Image").map_or_else(String::new, Value::to_text);
        if !self.images.contains_key(&image) && !self.images.values().any(|id| *id == image) {
            return refused(404, "No such image");
        }
        self.made += 1;
        let id = format!("{:064x}", self.made);
        let config = body.as_map().cloned().unwrap_or_default();
        self.containers.insert(name.into(), FakeContainer { id: id.clone(), config, running: false, paused: false });
        (201, Value::map([("Id", id)]))
    }

    fn show(&self, name: &str) -> (u16, Value) {
        let Some((name, container)) = self.named(name).and_then(|name| self.containers.get_key_value(&name)) else {
            return refused(404, "No such container");
        };
        let mut config = container.config.clone();
        let host = config.remove("HostConfig").unwrap_or_else(|| Map::new().into());
        let networks = config.remove("NetworkingConfig").and_then(|one| one.get("EndpointsConfig").cloned());
        let image = config.get("Image").map_or_else(String::new, Value::to_text);
        let id = self.images.get(&image).cloned().unwrap_or(image);
        let state = [("Running", container.running), ("Paused", container.paused)];
        let shown = [
            ("Id", Value::from(container.id.clone())),
            ("Name", format!("/{name}").into()),
            ("Image", id.into()),
            ("State", Value::map(state)),
            ("Config", config.into()),
            ("HostConfig", host),
            ("NetworkSettings", Value::map([("Networks", networks.unwrap_or_else(|| Map::new().into()))])),
        ];
        (200, Value::map(shown))
    }

    fn signal(&mut self, name: &str, verb: &str, body: &Value) -> (u16, Value) {
        let Some(container) = self.named(name).and_then(|name| self.containers.get_mut(&name)) else {
            return refused(404, "No such container");
        };
        match verb {
            "start" | "restart" => return self.start(name),
            "stop" | "kill" => container.running = false,
            "pause" => container.paused = true,
            "unpause" => container.paused = false,
            "update" => {
                let mut host = crate::docker::map_of(container.config.get("HostConfig"));
                host.extend(crate::docker::map_of(Some(body)));
                container.config.insert("HostConfig", host);
            }
            _ => return refused(404, "page not found"),
        }
        (204, Value::Null)
    }
}
