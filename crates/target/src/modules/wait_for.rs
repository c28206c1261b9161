//! `wait_for`: goes on when a port answers, a file is there, a text appears; or when they no longer do.
use crate::host::edit::{argument, bytes_of, bytewise};
use crate::host::pattern::Pattern;
use crate::host::{Host, Look, Stop};
use crate::machine::Address;
#[cfg(any(test, feature = "reference"))]
use crate::module::Example;
use crate::module::{Info, Module, Return, path_value};
use std::io::Read;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use value::Value;

value::args! {
    /// Waits for a condition before the play goes on: a port is open or closed, a file is there or gone, a text stands in a file or
    /// comes over a connection. Without any it waits for `timeout` seconds.
    pub struct Args {
        /// The host to connect to, as this host sees it.
        host: String { default("127.0.0.1") },
        /// The port.
        port: Option<i64>,
        /// A file instead.
        path: Option<PathBuf>,
        /// What to wait for. `present` and `started` are one for ports, and so are `absent` and `stopped`; `drained` waits until no
        /// connection is open.
        state: String { default("started"), choices(&["absent", "drained", "present", "started", "stopped"]) },
        /// A pattern that must be found in the file, or in what the port sends.
        search_regex: Option<String>,
        /// Seconds before the first look.
        delay: i64 { default("0") },
        /// Seconds until it gives up.
        timeout: i64 { default("300") },
        /// Seconds that one connection may take.
        connect_timeout: i64 { default("5") },
        /// Seconds between two looks.
        sleep: i64 { default("1") },
        /// What to say when it gives up.
        msg: Option<String>,
        /// States of connections that count for `drained`.
        active_connection_states: Vec<String> { default("ESTABLISHED,FIN_WAIT1,FIN_WAIT2,SYN_RECV,SYN_SENT,TIME_WAIT") },
        /// Hosts whose connections do not count for `drained`.
        exclude_hosts: Vec<String>,
    }
    rules: [value::spec::Rule::MutuallyExclusive(&["port", "path"])]
}

pub struct Task;
impl Module for Task {
    const INFO: Info = Info::new("wait_for").at_start().repeats();
    #[cfg(any(test, feature = "reference"))]
    const EXAMPLES: &'static [Example] = &[Example {
        title: "Wait until a file is there",
        args: &[("path", "/etc/passwd"), ("search_regex", "^root"), ("timeout", "1")],
        before: Vec::new,
        after: Vec::new,
    }];
    type Args = Args;

    fn run(args: &Args, host: &mut Host) -> Look<Return> {
        if host.supposes() {
            return Err(Stop::Skipped(crate::returns! { "msg" => "remote module (wait_for) does not support check mode" }));
        }
        let port = args.port.map(|port| u16::try_from(port).or_else(|_| Stop::failed(format!("{port} is no port")))).transpose()?;
        if args.state == "drained" && args.path.is_some() {
            return Stop::failed("state=drained should only be used for checking a port in the wait_for module");
        }
        let pattern = args.search_regex.as_deref().map(|regex| Pattern::new(&format!("(?m){}", argument(regex)), "search_regex")).transpose()?;
        let began = host.machine().now();
        let wait = Wait { args, port, pattern, began };
        host.sleep(seconds(args.delay))?;
        let found = if port.is_none() && args.path.is_none() { wait.just_wait(host)? } else { wait.until(host)? };
        Ok(wait.result(host, found))
    }
}

fn seconds(number: i64) -> Duration {
    Duration::from_secs(u64::try_from(number).unwrap_or(0))
}

struct Wait<'a> {
    args: &'a Args,
    port: Option<u16>,
    pattern: Option<Pattern>,
    began: SystemTime,
}

/// What a search found.
#[derive(Default)]
struct Found {
    groups: Vec<Value>,
    named: value::Map,
}

impl Wait<'_> {
    fn elapsed(&self, host: &Host) -> u64 {
        host.machine().now().duration_since(self.began).map_or(0, |time| time.as_secs())
    }

    fn just_wait(&self, host: &Host) -> Look<Found> {
        host.sleep(seconds(self.args.timeout))?;
        Ok(Found::default())
    }

    fn until(&self, host: &Host) -> Look<Found> {
        let limit = u64::try_from(self.args.timeout).unwrap_or(0);
        loop {
            if let Some(found) = self.holds(host)? {
                return Ok(found);
            }
            if self.elapsed(host) >= limit {
                let result = crate::returns! { "elapsed" => self.elapsed(host) };
                return Err(Stop::failure(self.args.msg.clone().unwrap_or_else(|| self.complaint()), result));
            }
            host.sleep(seconds(self.args.sleep.max(1)))?;
        }
    }

    fn holds(&self, host: &Host) -> Look<Option<Found>> {
        let yes = |holds: bool| holds.then(Found::default);
        match (self.args.state.as_str(), &self.args.path, self.port) {
            // Whatever stands in it: a pattern does not matter to what shall be gone.
            ("absent" | "stopped", Some(path), _) => host.exists(path).map(|there| yes(!there)),
            (_, Some(path), _) => self.file(host, path),
            ("absent" | "stopped", None, Some(port)) => Ok(yes(self.connect(host, port).is_none())),
            ("drained", None, Some(port)) => self.drained(host, port).map(yes),
            (_, None, Some(port)) => self.port(host, port),
            (_, None, None) => Ok(Some(Found::default())),
        }
    }

    fn file(&self, host: &Host, path: &Path) -> Look<Option<Found>> {
        if host.stat_target(path)?.is_none() {
            return Ok(None);
        }
        match &self.pattern {
            None => Ok(Some(Found::default())),
            Some(pattern) => Ok(found(pattern, &text(host, path)?)),
        }
    }

    fn connect(&self, host: &Host, port: u16) -> Option<Box<dyn crate::machine::Stream>> {
        let address = Address::Tcp(self.args.host.clone(), port);
        host.machine().connect(&address, seconds(self.args.connect_timeout.max(1))).ok()
    }

    fn port(&self, host: &Host, port: u16) -> Look<Option<Found>> {
        let Some(mut stream) = self.connect(host, port) else { return Ok(None) };
        let Some(pattern) = &self.pattern else { return Ok(Some(Found::default())) };
        const MOST: usize = 1 << 20;
        let (mut heard, mut piece) = (Vec::new(), [0; 4096]);
        while let Ok(count @ 1..) = stream.read(&mut piece) {
            heard.extend_from_slice(&piece[..count]);
            if let Some(found) = found(pattern, &bytewise(&heard)) {
                return Ok(Some(found));
            }
            if heard.len() > MOST {
                break;
            }
        }
        Ok(None)
    }

    /// Whether the kernel knows no open connection to the port.
    fn drained(&self, host: &Host, port: u16) -> Look<bool> {
        let excluded: Vec<IpAddr> = self.args.exclude_hosts.iter().filter_map(|host| host.parse().ok()).collect();
        for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
            if !host.exists(Path::new(table))? {
                continue;
            }
            let text = text(host, Path::new(table))?;
            let open = text.lines().skip(1).filter_map(Connection::parse).any(|connection| {
                connection.port == port
                    && self.args.active_connection_states.iter().any(|state| state == connection.state)
                    && !excluded.contains(&connection.peer)
            });
            if open {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn complaint(&self) -> String {
        let Args { host, state, .. } = self.args;
        match (state.as_str(), &self.args.path, self.port) {
            ("absent" | "stopped", Some(path), _) => format!("Timeout when waiting for {} to be absent.", path.display()),
            (_, Some(path), _) => match &self.args.search_regex {
                Some(regex) => format!("Timeout when waiting for search string {regex} in {}", path.display()),
                None => format!("Timeout when waiting for file {}", path.display()),
            },
            ("absent" | "stopped", _, Some(port)) => format!("Timeout when waiting for {host}:{port} to stop."),
            ("drained", _, Some(port)) => format!("Timeout when waiting for {host}:{port} to drain"),
            (_, _, Some(port)) => match &self.args.search_regex {
                Some(regex) => format!("Timeout when waiting for search string {regex} in {host}:{port}"),
                None => format!("Timeout when waiting for {host}:{port}"),
            },
            _ => "Timeout".into(),
        }
    }

    fn result(&self, host: &Host, found: Found) -> Return {
        crate::returns! {
            "state" => self.args.state.clone(),
            "port" => self.port.map(i64::from),
            "search_regex" => self.args.search_regex.clone(),
            "match_groups" => found.groups,
            "match_groupdict" => found.named,
            "path" => self.args.path.as_ref().map(|path| path_value(path)),
            "elapsed" => self.elapsed(host),
        }
    }
}

fn text(host: &Host, path: &Path) -> Look<String> {
    Ok(bytewise(&host.read(path)?))
}

fn found(pattern: &Pattern, text: &str) -> Option<Found> {
    let captures = pattern.captures(text)?;
    let text = |group: &str| Value::from(String::from_utf8_lossy(&bytes_of(group)).into_owned());
    let groups = captures.iter().skip(1).map(|group| group.map(|group| text(group.as_str())).into()).collect();
    let names = pattern.names().filter_map(|name| Some((name, text(captures.name(name)?.as_str()))));
    Some(Found { groups, named: names.collect() })
}

/// A line of the kernel's table of connections.
struct Connection {
    port: u16,
    peer: IpAddr,
    state: &'static str,
}

impl Connection {
    fn parse(line: &str) -> Option<Self> {
        const STATES: [&str; 12] = [
            "", "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT", "CLOSE", "CLOSE_WAIT", "LAST_ACK", "LISTEN",
            "CLOSING",
        ];
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [_, local, remote, state, ..] = fields.as_slice() else { return None };
        let (_, port) = local.split_once(':')?;
        let (peer, _) = remote.split_once(':')?;
        let state = STATES.get(usize::from_str_radix(state, 16).ok()?)?;
        Some(Self { port: u16::from_str_radix(port, 16).ok()?, peer: address(peer)?, state })
    }
}

/// Addresses stand there as words of the machine's own byte order.
fn address(hex: &str) -> Option<IpAddr> {
    let words = (0..hex.len() / 8).map(|word| u32::from_str_radix(hex.get(word * 8..word * 8 + 8)?, 16).ok());
    let words: Vec<u32> = words.collect::<Option<_>>()?;
    match words.as_slice() {
        [word] => Some(IpAddr::V4(Ipv4Addr::from(word.to_ne_bytes()))),
        [a, b, c, d] => {
            let mut bytes = [0; 16];
            for (at, word) in [a, b, c, d].into_iter().enumerate() {
                bytes[at * 4..at * 4 + 4].copy_from_slice(&word.to_ne_bytes());
            }
            let six = Ipv6Addr::from(bytes);
            Some(six.to_ipv4_mapped().map_or(IpAddr::V6(six), IpAddr::V4))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_table_is_read() {
        let line = "   1: 0100007F:1F90 0200000A:D431 01 00000000:00000000 00:00000000 00000000 0 0 1 1 0 20";
        let connection = Connection::parse(line).unwrap();
        assert_eq!((connection.port, connection.state, connection.peer), (8080, "ESTABLISHED", IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2))));
        assert!(Connection::parse("  sl  local_address rem_address   st").is_none());
    }
}
