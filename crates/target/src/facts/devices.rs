//! Disks, their partitions, and the names that lead to them.
use super::Reader;
use std::collections::BTreeMap;
use value::{Map, Value};

type Links = BTreeMap<String, Vec<String>>;

pub fn devices(reader: &Reader, facts: &mut Map) {
    let links: BTreeMap<_, _> = [("ids", "by-id"), ("uuids", "by-uuid"), ("labels", "by-label")]
        .into_iter()
        .map(|(kind, folder)| (kind, names(reader, folder)))
        .collect();
    let masters = masters(reader);
    let of = |device: &str| -> Value {
        let kinds = ["ids", "uuids", "labels"]
            .map(|kind| (kind, links.get(kind).and_then(|all| all.get(device)).cloned().unwrap_or_default()));
        let mut map: Map = kinds.into_iter().collect();
        map.insert("masters", masters.get(device).cloned().unwrap_or_default());
        map.into()
    };
    let mut all = Map::new();
    for name in reader.names("/sys/block") {
        // Loops and memory disks without contents are listed too, as Ansible does.
        let disk = disk(reader, &name, &of);
        all.insert(name.replace('!', "/"), disk);
    }
    facts.insert("devices", all);
    let as_value = |all: &Links| Value::map(all.iter().map(|(device, names)| (device.clone(), names.clone())));
    let mut device_links: Map = links.iter().map(|(kind, all)| (*kind, as_value(all))).collect();
    device_links.insert("masters", as_value(&masters));
    facts.insert("device_links", device_links);
    if reader.program("vgs").is_none() {
        facts.insert("lvm", "N/A");
    }
}

fn names(reader: &Reader, folder: &str) -> Links {
    let folder = format!("/dev/disk/{folder}");
    let mut all = Links::new();
    for name in reader.names(&folder) {
        if let Some(device) = reader.link_name(format!("{folder}/{name}")) {
            all.entry(device).or_default().push(name);
        }
    }
    all
}

/// What is built of a device: a mapping, an array.
fn masters(reader: &Reader) -> Links {
    let mut all = Links::new();
    for master in reader.names("/sys/block") {
        for slave in reader.names(format!("/sys/block/{master}/slaves")) {
            all.entry(slave).or_default().push(master.clone());
        }
    }
    all
}

fn disk(reader: &Reader, name: &str, links: &dyn Fn(&str) -> Value) -> Value {
    let at = |file: &str| format!("/sys/block/{name}/{file}");
    let word = |file: &str| reader.word(at(file)).map_or(Value::Null, Value::from);
    let sectors = reader.word(at("size")).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
    let sector_size = reader.word(at("queue/logical_block_size")).unwrap_or_else(|| "512".into());
    let scheduler = reader.word(at("queue/scheduler")).unwrap_or_default();
    let chosen = scheduler.split_once('[').and_then(|(_, rest)| rest.split(']').next()).unwrap_or_default();
    let mut disk = Map::new();
    // Ansible says so of every disk that sysfs has a link for, which is all of them.
    disk.insert("virtual", 1);
    disk.insert("links", links(name));
    for (fact, file) in [
        ("vendor", "device/vendor"),
        ("model", "device/model"),
        ("sas_address", "device/sas_address"),
        ("sas_device_handle", "device/sas_device_handle"),
    ] {
        disk.insert(fact, word(file));
    }
    if let Some(serial) = reader.word(at("device/serial")) {
        disk.insert("serial", serial);
    }
    disk.insert("removable", word("removable"));
    disk.insert("rotational", word("queue/rotational"));
    disk.insert("scheduler_mode", chosen);
    disk.insert("support_discard", word("queue/discard_granularity"));
    disk.insert("sectors", sectors);
    disk.insert("sectorsize", sector_size);
    disk.insert("size", size(sectors * 512));
    disk.insert("host", "");
    disk.insert("holders", reader.names(at("holders")));
    disk.insert("partitions", partitions(reader, name, links));
    disk.into()
}

fn partitions(reader: &Reader, disk: &str, links: &dyn Fn(&str) -> Value) -> Value {
    let mut all = Map::new();
    for name in reader.names(format!("/sys/block/{disk}")) {
        let folder = format!("/sys/block/{disk}/{name}");
        if !name.starts_with(disk) || !reader.exists(format!("{folder}/partition")) {
            continue;
        }
        let number =
            |file: &str| reader.word(format!("{folder}/{file}")).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
        let uuid = links(&name).get("uuids").and_then(|uuids| uuids.as_list()?.first().cloned());
        let fields = [
            ("links", links(&name)),
            ("start", number("start").to_string().into()),
            ("sectors", number("size").to_string().into()),
            ("sectorsize", 512.into()),
            ("size", size(number("size") * 512).into()),
            ("uuid", uuid.unwrap_or_default()),
            ("holders", reader.names(format!("{folder}/holders")).into()),
        ];
        all.insert(name, Value::map(fields));
    }
    all.into()
}

/// As Ansible writes sizes.
fn size(bytes: u64) -> String {
    const UNITS: [(u64, &str); 6] =
        [(1 << 50, "PB"), (1 << 40, "TB"), (1 << 30, "GB"), (1 << 20, "MB"), (1 << 10, "KB"), (1, "Bytes")];
    let (unit, name) = UNITS.into_iter().find(|(unit, _)| bytes >= *unit).unwrap_or((1, "Bytes"));
    format!("{:.2} {name}", bytes as f64 / unit as f64)
}
