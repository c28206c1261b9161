//! What only system calls know: the kernel's name, the load.
use super::Reader;
use value::Map;

pub fn platform(reader: &Reader, facts: &mut Map) {
    let uname = rustix::system::uname();
    let text = |text: &std::ffi::CStr| text.to_string_lossy().into_owned();
    let (node, machine) = (text(uname.nodename()), text(uname.machine()));
    facts.insert("system", text(uname.sysname()));
    facts.insert("kernel", text(uname.release()));
    facts.insert("kernel_version", text(uname.version()));
    facts.insert("machine", machine.clone());
    let architecture = match machine.as_str() {
        "i486" | "i586" | "i686" => "i386".to_string(),
        other => other.to_string(),
    };
    let bits = if cfg!(target_pointer_width = "64") { "64" } else { "32" };
    facts.insert("architecture", architecture.clone());
    facts.insert("userspace_bits", bits);
    facts.insert("userspace_architecture", if bits == "64" { architecture } else { "i386".into() });
    facts.insert("nodename", node.clone());
    facts.insert("hostname", node.split('.').next().unwrap_or_default());
    let fqdn = fqdn(reader, &node);
    facts.insert("domain", fqdn.split_once('.').map_or("", |(_, domain)| domain));
    facts.insert("fqdn", fqdn);
    let id = reader.word("/var/lib/dbus/machine-id").or_else(|| reader.word("/etc/machine-id"));
    if let Some(id) = id {
        facts.insert("machine_id", id);
    }
}

/// As Python's `getfqdn`: of the names that the host's own address has, the first with a dot, else the first. The address is asked
/// for its names, so a line of the hosts file that names the address earlier (`127.0.0.1 localhost`) is the one that counts.
fn fqdn(reader: &Reader, node: &str) -> String {
    let hosts = reader.text("/etc/hosts").unwrap_or_default();
    let lines: Vec<Vec<&str>> = hosts.lines().map(words).filter(|words| words.len() > 1).collect();
    let own = lines.iter().find(|words| words[1..].contains(&node)).map(|words| words[0].to_string());
    let ask = |words: &[&str]| reader.said(words).and_then(|said| said.lines().next().map(str::to_string));
    let address = own.or_else(|| ask(&["getent", "ahosts", node])?.split_whitespace().next().map(str::to_string));
    let Some(address) = address else { return node.to_string() };
    let listed = lines.iter().find(|words| words[0] == address).map(|words| words.join(" "));
    let line = listed.or_else(|| ask(&["getent", "hosts", &address])).unwrap_or_default();
    let names: Vec<&str> = line.split_whitespace().skip(1).collect();
    names.iter().find(|name| name.contains('.')).or(names.first()).unwrap_or(&node).to_string()
}

fn words(line: &str) -> Vec<&str> {
    line.split('#').next().unwrap_or_default().split_whitespace().collect()
}

pub fn loadavg(_: &Reader, facts: &mut Map) {
    let loads = rustix::system::sysinfo().loads.map(|load| load as f64 / 65536.0);
    facts.insert("loadavg", value::Value::map([("1m", loads[0]), ("5m", loads[1]), ("15m", loads[2])]));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::{Fake, Kind, Meta, Node};

    #[test]
    fn a_host_is_called_what_its_address_is_called_first() {
        for (hosts, expected) in [
            ("127.0.0.1 localhost\n127.0.0.1 web\n", "localhost"),
            ("127.0.0.1 localhost\n127.0.1.1 web.example.org web # web.test\n", "web.example.org"),
            ("127.0.0.1 localhost\n127.0.1.1 web web.example.org\n", "web.example.org"),
            ("127.0.1.1 other\n127.0.1.1 web.example.org web\n", "other"),
            ("", "web"),
        ] {
            let machine = Fake::default();
            let node = Node::new(Kind::File, Meta { mode: 0o644, uid: 0, gid: 0 });
            machine.world().nodes.insert("/etc/hosts".into(), Node { bytes: hosts.as_bytes().into(), ..node });
            let reader = Reader { machine: &machine, fact_path: "/etc/ansible/facts.d".into() };
            assert_eq!(fqdn(&reader, "web"), expected, "{hosts:?}");
        }
    }
}
