//! Interfaces, their addresses, and the way out.
use super::Reader;
use nix::ifaddrs::getifaddrs;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};
use value::{Map, Value};

#[derive(Clone, Debug)]
struct V4 {
    label: String,
    address: Ipv4Addr,
    netmask: Ipv4Addr,
    broadcast: Option<Ipv4Addr>,
}

#[derive(Default)]
struct Addresses {
    v4: BTreeMap<String, Vec<V4>>,
    v6: BTreeMap<String, Vec<(Ipv6Addr, u32)>>,
    /// The interfaces in the kernel's own order.
    order: Vec<String>,
}

pub fn network(reader: &Reader, facts: &mut Map) {
    let mut addresses = if reader.machine.is_real() { addresses() } else { Addresses::default() };
    let root = "/sys/class/net";
    let mut names: Vec<_> =
        reader.names(root).into_iter().filter(|name| reader.is_dir(format!("{root}/{name}"))).collect();
    // The kernel's own order.
    names.sort_by_key(|name| reader.word(format!("{root}/{name}/ifindex")).and_then(|index| index.parse::<u32>().ok()));
    addresses.order.clone_from(&names);
    let mut interfaces = Map::new();
    for name in &names {
        interfaces.insert(name.clone(), interface(reader, name, &addresses));
    }
    let v4: Vec<_> =
        all_v4(&addresses).filter(|address| !address.is_loopback()).map(|address| address.to_string()).collect();
    let v6: Vec<_> =
        all_v6(&addresses).filter(|address| !address.is_loopback()).map(|address| address.to_string()).collect();
    facts.insert("default_ipv4", default_v4(reader, &interfaces, &addresses));
    facts.insert("default_ipv6", default_v6(reader, &interfaces));
    facts.insert("all_ipv4_addresses", v4);
    facts.insert("all_ipv6_addresses", v6);
    facts.insert("locally_reachable_ips", reachable(&addresses));
    facts.insert("interfaces", names);
    for (name, interface) in interfaces {
        let name = name.value().to_text().replace(['-', ':'], "_");
        facts.insert(name, interface);
    }
}

fn all_v4(addresses: &Addresses) -> impl Iterator<Item = Ipv4Addr> {
    addresses.order.iter().filter_map(|name| addresses.v4.get(name)).flatten().map(|one| one.address)
}

fn all_v6(addresses: &Addresses) -> impl Iterator<Item = Ipv6Addr> {
    addresses.order.iter().filter_map(|name| addresses.v6.get(name)).flatten().map(|(address, _)| *address)
}

fn addresses() -> Addresses {
    let mut all = Addresses::default();
    let Ok(list) = getifaddrs() else { return all };
    for one in list {
        let device = one.interface_name.split(':').next().unwrap_or_default().to_string();
        let Some(address) = one.address else { continue };
        let v4 = |storage: Option<nix::sys::socket::SockaddrStorage>| {
            storage.as_ref().and_then(|own| own.as_sockaddr_in().map(nix::sys::socket::SockaddrIn::ip))
        };
        if let Some(own) = address.as_sockaddr_in() {
            let own = V4 {
                label: one.interface_name.clone(),
                address: own.ip(),
                netmask: v4(one.netmask).unwrap_or(Ipv4Addr::BROADCAST),
                broadcast: v4(one.broadcast).filter(|address| !address.is_unspecified()),
            };
            all.v4.entry(device).or_default().push(own);
        } else if let Some(own) = address.as_sockaddr_in6() {
            let mask = one.netmask.as_ref().and_then(|own| own.as_sockaddr_in6().map(|mask| u128::from(mask.ip())));
            let prefix = mask.map_or(128, u128::count_ones);
            all.v6.entry(device).or_default().push((own.ip(), prefix));
        }
    }
    all
}

fn v4_facts(own: &V4) -> Map {
    let prefix = u32::from(own.netmask).count_ones();
    let network = Ipv4Addr::from(u32::from(own.address) & u32::from(own.netmask));
    let loopback = own.address.is_loopback();
    let broadcast = own.broadcast.filter(|_| !loopback).map_or_else(String::new, |address| address.to_string());
    [
        ("address", own.address.to_string()),
        ("broadcast", broadcast),
        ("netmask", own.netmask.to_string()),
        ("network", network.to_string()),
        ("prefix", prefix.to_string()),
    ]
    .into_iter()
    .collect()
}

fn scope(address: &Ipv6Addr) -> &'static str {
    match address.segments()[0] {
        _ if address.is_loopback() => "host",
        first if first & 0xffc0 == 0xfe80 => "link",
        first if first & 0xffc0 == 0xfec0 => "site",
        _ => "global",
    }
}

fn interface(reader: &Reader, name: &str, addresses: &Addresses) -> Value {
    let at = |file: &str| format!("/sys/class/net/{name}/{file}");
    let mut out = Map::new();
    out.insert("device", name);
    let mac = reader.word(at("address")).filter(|mac| mac != "00:00:00:00:00:00");
    if let Some(mac) = mac {
        out.insert("macaddress", mac);
    }
    if let Some(mtu) = reader.word(at("mtu")).and_then(|mtu| mtu.parse::<i64>().ok()) {
        out.insert("mtu", mtu);
    }
    out.insert("active", reader.word(at("operstate")).is_some_and(|state| state != "down"));
    if let Some(module) = reader.link_name(at("device/driver/module")) {
        out.insert("module", module);
    }
    let kind = match reader.word(at("type")).as_deref() {
        Some("1") => "ether",
        Some("32") => "infiniband",
        Some("512") => "ppp",
        Some("772") => "loopback",
        Some("65534") => "tunnel",
        _ => "unknown",
    };
    out.insert("type", kind);
    bridge(reader, name, &mut out);
    bond(reader, name, &mut out);
    if let Some(device) = reader.link_name(at("device")) {
        out.insert("pciid", device);
    }
    if let Some(speed) = reader.word(at("speed")).and_then(|speed| speed.parse::<i64>().ok()) {
        out.insert("speed", speed);
    }
    let flags = reader
        .word(at("flags"))
        .and_then(|flags| u32::from_str_radix(flags.trim_start_matches("0x"), 16).ok())
        .unwrap_or(0);
    out.insert("promisc", flags & 0x100 != 0);
    let own = addresses.v4.get(name).map(Vec::as_slice).unwrap_or_default();
    if let Some((first, rest)) = own.split_first() {
        out.insert("ipv4", v4_facts(first));
        if !rest.is_empty() {
            out.insert("ipv4_secondaries", rest.iter().map(|own| Value::from(v4_facts(own))).collect::<Vec<_>>());
        }
    }
    if let Some(own) = addresses.v6.get(name) {
        let list = own.iter().map(|(address, prefix)| {
            Value::map([
                ("address", address.to_string()),
                ("prefix", prefix.to_string()),
                ("scope", scope(address).to_string()),
            ])
        });
        out.insert("ipv6", Value::list(list));
    }
    out.into()
}

fn bridge(reader: &Reader, name: &str, out: &mut Map) {
    let at = |file: &str| format!("/sys/class/net/{name}/{file}");
    if !reader.is_dir(at("bridge")) {
        return;
    }
    out.insert("type", "bridge");
    out.insert("interfaces", reader.names(at("brif")));
    if let Some(id) = reader.word(at("bridge/bridge_id")) {
        out.insert("id", id);
    }
    if let Some(stp) = reader.word(at("bridge/stp_state")) {
        out.insert("stp", stp == "1");
    }
}

fn bond(reader: &Reader, name: &str, out: &mut Map) {
    let at = |file: &str| format!("/sys/class/net/{name}/bonding/{file}");
    let Some(slaves) = reader.text(at("slaves")) else { return };
    out.insert("type", "bonding");
    out.insert("slaves", slaves.split_whitespace().map(String::from).collect::<Vec<_>>());
    let first = |file: &str| reader.word(at(file)).and_then(|text| text.split_whitespace().next().map(String::from));
    for (fact, file) in [("mode", "mode"), ("miimon", "miimon"), ("lacp_rate", "lacp_rate"), ("primary", "primary")] {
        if let Some(value) = first(file) {
            out.insert(fact, value);
        }
    }
    if let Some(all) = first("all_slaves_active") {
        out.insert("all_slaves_active", all == "1");
    }
}

fn hex_v4(text: &str) -> Option<Ipv4Addr> {
    u32::from_str_radix(text, 16).ok().map(|number| Ipv4Addr::from(number.to_be()))
}

/// The route to everywhere with the least metric, and the interface that it takes.
fn default_v4(reader: &Reader, interfaces: &Map, addresses: &Addresses) -> Value {
    let table = reader.text("/proc/net/route").unwrap_or_default();
    let routes = table.lines().skip(1).filter_map(|line| {
        let fields: Vec<_> = line.split_whitespace().collect();
        let [name, "00000000", gateway, flags, _, _, metric, "00000000", ..] = fields.as_slice() else { return None };
        let up = u32::from_str_radix(flags, 16).ok()? & 1 != 0;
        up.then_some((metric.parse::<u32>().ok()?, (*name).to_string(), hex_v4(gateway)?))
    });
    let Some((_, name, gateway)) = routes.min_by_key(|(metric, ..)| *metric) else { return Map::new().into() };
    let mut out = Map::new();
    if !gateway.is_unspecified() {
        out.insert("gateway", gateway.to_string());
    }
    out.insert("interface", name.clone());
    // The address in the gateway's own network is the one that is used.
    let own = addresses.v4.get(&name).map(Vec::as_slice).unwrap_or_default();
    let near = |one: &&V4| (u32::from(one.address) ^ u32::from(gateway)) & u32::from(one.netmask) == 0;
    if let Some(own) = own.iter().find(near).or_else(|| own.first()) {
        out.extend(v4_facts(own));
        out.insert("alias", own.label.clone());
    }
    take(interfaces, &name, &mut out);
    out.into()
}

fn take(interfaces: &Map, name: &str, out: &mut Map) {
    for field in ["macaddress", "mtu", "type"] {
        if let Some(value) = interfaces.get(name).and_then(|interface| interface.get(field)) {
            out.insert(field, value.clone());
        }
    }
}

fn default_v6(reader: &Reader, interfaces: &Map) -> Value {
    let table = reader.text("/proc/net/ipv6_route").unwrap_or_default();
    let zero = "0".repeat(32);
    let routes = table.lines().filter_map(|line| {
        let fields: Vec<_> = line.split_whitespace().collect();
        let [target, "00", _, _, gateway, metric, _, _, _, name] = fields.as_slice() else { return None };
        let gateway = u128::from_str_radix(gateway, 16).ok()?;
        (*target == zero && *name != "lo" && gateway != 0).then_some((
            u32::from_str_radix(metric, 16).ok()?,
            Ipv6Addr::from(gateway),
            (*name).to_string(),
        ))
    });
    let Some((_, gateway, name)) = routes.min_by_key(|(metric, ..)| *metric) else { return Map::new().into() };
    let own =
        interfaces.get(&name).and_then(|interface| interface.get("ipv6")).and_then(Value::as_list).unwrap_or_default();
    let global = own.iter().find(|one| one.get("scope").and_then(Value::as_str) == Some("global"));
    let Some(own) = global.and_then(Value::as_map) else { return Map::new().into() };
    let mut out = own.clone();
    out.insert("gateway", gateway.to_string());
    out.insert("interface", name.clone());
    take(interfaces, &name, &mut out);
    out.into()
}

fn reachable(addresses: &Addresses) -> Value {
    let mut v4: Vec<_> = all_v4(addresses).map(|address| address.to_string()).collect();
    if all_v4(addresses).any(|address| address.is_loopback()) {
        v4.push("127.0.0.0/8".into());
    }
    v4.sort();
    let mut v6: Vec<_> = all_v6(addresses).map(|address| address.to_string()).collect();
    v6.sort();
    Value::map([("ipv4", v4), ("ipv6", v6)])
}
