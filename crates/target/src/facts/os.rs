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

/// The first of the host's names that has a dot, as its own hosts file or, failing that, its name service knows it.
fn fqdn(reader: &Reader, node: &str) -> String {
    let hosts = reader.text("/etc/hosts").unwrap_or_default();
    let names_of = |line: &str| -> Vec<String> {
        line.split('#').next().unwrap_or_default().split_whitespace().skip(1).map(String::from).collect()
    };
    let line = hosts.lines().map(names_of).find(|names| names.iter().any(|name| name == node));
    let names = line.or_else(|| {
        let said = reader.said(&["getent", "hosts", node])?;
        said.lines().next().map(names_of).filter(|names| !names.is_empty())
    });
    let names = names.unwrap_or_else(|| vec![node.to_string()]);
    names.iter().find(|name| name.contains('.')).or(names.first()).cloned().unwrap_or_default()
}

pub fn loadavg(_: &Reader, facts: &mut Map) {
    let loads = rustix::system::sysinfo().loads.map(|load| load as f64 / 65536.0);
    facts.insert("loadavg", value::Value::map([("1m", loads[0]), ("5m", loads[1]), ("15m", loads[2])]));
}
