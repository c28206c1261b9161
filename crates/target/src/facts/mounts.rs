//! What is mounted where, and how full it is.
use super::Reader;
use value::{Map, Value};

pub fn mounts(reader: &Reader, facts: &mut Map) {
    let table = reader.text("/etc/mtab").or_else(|| reader.text("/proc/mounts")).unwrap_or_default();
    let bound = bound(reader);
    let mut all = Vec::new();
    for line in table.lines() {
        let fields: Vec<String> = line.split_whitespace().map(unescaped).collect();
        let [device, mount, kind, options, dump, pass] = fields.as_slice() else { continue };
        if !device.starts_with(['/', '\\']) && !device.contains(":/") || kind == "none" {
            continue;
        }
        let bind = bound.contains(mount) && !options.split(',').any(|option| option == "bind");
        let options = if bind { format!("{options},bind") } else { options.clone() };
        let number = |text: &str| text.parse::<i64>().unwrap_or(0);
        let mut one: Map = [("mount", mount), ("device", device), ("fstype", kind)]
            .into_iter()
            .map(|(name, text)| (name, text.clone()))
            .collect();
        one.insert("options", options);
        one.insert("dump", number(dump));
        one.insert("passno", number(pass));
        sizes(mount, &mut one);
        one.insert("uuid", uuid(reader, device));
        all.push(Value::from(one));
    }
    facts.insert("mounts", Value::list(all));
}

fn sizes(mount: &str, one: &mut Map) {
    let Ok(stat) = rustix::fs::statvfs(mount) else { return };
    let fields = [
        ("size_total", stat.f_frsize * stat.f_blocks),
        ("size_available", stat.f_frsize * stat.f_bavail),
        ("block_size", stat.f_bsize),
        ("block_total", stat.f_blocks),
        ("block_available", stat.f_bavail),
        ("block_used", stat.f_blocks.saturating_sub(stat.f_bavail)),
        ("inode_total", stat.f_files),
        ("inode_available", stat.f_favail),
        ("inode_used", stat.f_files.saturating_sub(stat.f_favail)),
    ];
    one.extend(fields);
}

/// Mounts that show a folder of a file system and not its root.
fn bound(reader: &Reader) -> Vec<String> {
    let text = reader.text("/proc/self/mountinfo").unwrap_or_default();
    let lines = text.lines().filter_map(|line| {
        let mut words = line.split(' ').skip(3);
        let (root, mount) = (words.next()?, words.next()?);
        (root != "/").then(|| unescaped(mount))
    });
    lines.collect()
}

/// Spaces are written as `\040`.
fn unescaped(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        match rest.get(at + 1..at + 4).and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(byte) => {
                out.push(char::from(byte));
                rest = &rest[at + 4..];
            }
            None => {
                out.push('\\');
                rest = &rest[at + 1..];
            }
        }
    }
    out + rest
}

fn uuid(reader: &Reader, device: &str) -> String {
    let folder = "/dev/disk/by-uuid";
    let real = reader.machine.canonical(device.as_ref()).ok();
    let own = reader
        .names(folder)
        .into_iter()
        .find(|name| reader.machine.canonical(format!("{folder}/{name}").as_ref()).ok() == real);
    own.unwrap_or_else(|| "N/A".into())
}
