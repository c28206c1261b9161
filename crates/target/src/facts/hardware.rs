//! Memory, processors, the board.
use super::Reader;
use std::collections::{BTreeMap, BTreeSet};
use value::{Map, Value};

pub fn hardware(reader: &Reader, facts: &mut Map) {
    memory(reader, facts);
    processors(reader, facts);
    board(reader, facts);
    let uptime = reader.word("/proc/uptime").and_then(|text| text.split('.').next()?.parse::<i64>().ok());
    if let Some(uptime) = uptime {
        facts.insert("uptime_seconds", uptime);
    }
}

fn memory(reader: &Reader, facts: &mut Map) {
    let text = reader.text("/proc/meminfo").unwrap_or_default();
    let lines = text.lines().filter_map(|line| line.split_once(':'));
    let sizes: BTreeMap<_, i64> = lines
        .filter_map(|(name, rest)| Some((name, rest.split_whitespace().next()?.parse::<i64>().ok()? / 1024)))
        .collect();
    let size = |name: &str| sizes.get(name).copied().unwrap_or(0);
    let (total, free) = (size("MemTotal"), size("MemFree"));
    let cached = free + size("Cached") + size("Buffers");
    facts.insert("memtotal_mb", total);
    facts.insert("memfree_mb", free);
    facts.insert("swaptotal_mb", size("SwapTotal"));
    facts.insert("swapfree_mb", size("SwapFree"));
    let real = [("total", total), ("used", total - free), ("free", free)];
    let nocache = [("free", cached), ("used", total - cached)];
    let swap = [
        ("total", size("SwapTotal")),
        ("free", size("SwapFree")),
        ("used", size("SwapTotal") - size("SwapFree")),
        ("cached", size("SwapCached")),
    ];
    let all = [("real", Value::map(real)), ("nocache", Value::map(nocache)), ("swap", Value::map(swap))];
    facts.insert("memory_mb", Value::map(all));
}

fn processors(reader: &Reader, facts: &mut Map) {
    let text = reader.text("/proc/cpuinfo").unwrap_or_default();
    let mut list: Vec<String> = Vec::new();
    let (mut sockets, mut cores, mut siblings) = (BTreeSet::new(), BTreeMap::new(), BTreeMap::new());
    let (mut socket, mut count) = (String::new(), 0);
    for (key, value) in text.lines().filter_map(|line| line.split_once(':')) {
        let (key, value) = (key.trim(), value.trim().to_string());
        match key {
            "processor" => {
                count += 1;
                list.push(value);
            }
            "vendor_id" | "model name" | "Processor" | "cpu" | "vendor" => list.push(value),
            "physical id" => {
                socket = value.clone();
                sockets.insert(value);
            }
            "cpu cores" => drop(cores.insert(socket.clone(), value.parse::<i64>().unwrap_or(1))),
            "siblings" => drop(siblings.insert(socket.clone(), value.parse::<i64>().unwrap_or(1))),
            "flags" if !facts.contains("flags") => {
                facts.insert("flags", value.split_whitespace().map(String::from).collect::<Vec<_>>());
            }
            _ => {}
        }
    }
    let sockets = if sockets.is_empty() { count } else { sockets.len() as i64 };
    let cores = cores.values().next().copied().unwrap_or(1).max(1);
    let threads = siblings.values().next().map_or(1, |siblings| (siblings / cores).max(1));
    facts.insert("processor", list);
    facts.insert("processor_count", sockets);
    facts.insert("processor_cores", cores);
    facts.insert("processor_threads_per_core", threads);
    facts.insert("processor_vcpus", threads * sockets * cores);
    let usable = rustix::thread::sched_getaffinity(None).map_or(count, |set| i64::from(set.count()));
    facts.insert("processor_nproc", usable);
}

/// What the firmware says of the machine; `NA` where it says nothing or only to root.
fn board(reader: &Reader, facts: &mut Map) {
    const FIELDS: [(&str, &str); 17] = [
        ("bios_date", "bios_date"),
        ("bios_vendor", "bios_vendor"),
        ("bios_version", "bios_version"),
        ("board_asset_tag", "board_asset_tag"),
        ("board_name", "board_name"),
        ("board_serial", "board_serial"),
        ("board_vendor", "board_vendor"),
        ("board_version", "board_version"),
        ("chassis_asset_tag", "chassis_asset_tag"),
        ("chassis_serial", "chassis_serial"),
        ("chassis_vendor", "chassis_vendor"),
        ("chassis_version", "chassis_version"),
        ("product_name", "product_name"),
        ("product_serial", "product_serial"),
        ("product_uuid", "product_uuid"),
        ("product_version", "product_version"),
        ("system_vendor", "sys_vendor"),
    ];
    let value = |file: &str| reader.word(format!("/sys/devices/virtual/dmi/id/{file}")).unwrap_or_else(|| "NA".into());
    for (name, file) in FIELDS {
        facts.insert(name, value(file));
    }
    facts.insert("form_factor", form_factor(&value("chassis_type")));
}

fn form_factor(number: &str) -> String {
    const KINDS: [&str; 37] = [
        "Unknown",
        "Other",
        "Unknown",
        "Desktop",
        "Low Profile Desktop",
        "Pizza Box",
        "Mini Tower",
        "Tower",
        "Portable",
        "Laptop",
        "Notebook",
        "Hand Held",
        "Docking Station",
        "All In One",
        "Sub Notebook",
        "Space-saving",
        "Lunch Box",
        "Main Server Chassis",
        "Expansion Chassis",
        "Sub Chassis",
        "Bus Expansion Chassis",
        "Peripheral Chassis",
        "RAID Chassis",
        "Rack Mount Chassis",
        "Sealed-case PC",
        "Multi-system",
        "CompactPCI",
        "AdvancedTCA",
        "Blade",
        "Blade Enclosure",
        "Tablet",
        "Convertible",
        "Detachable",
        "IoT Gateway",
        "Embedded PC",
        "Mini PC",
        "Stick PC",
    ];
    match number.parse::<usize>() {
        Ok(kind) => KINDS.get(kind).map_or_else(|| number.to_string(), ToString::to_string),
        Err(_) => "NA".into(),
    }
}
