//! `ipaddr('…')`: what is asked of an address or a network.
use super::super::super::call::Call;
use super::super::super::error::Stop;
use crate::network::{Address, Family, Network};
use num_bigint::BigInt;
use value::Value;

/// An input that is an address or a network.
pub struct Given {
    pub network: Network,
    /// Whether it named a prefix; without one it is an address alone.
    pub prefixed: bool,
}

/// Texts, and numbers that are addresses.
pub fn given(value: &Value) -> Option<Given> {
    let by_number = |number: u128, prefix: Option<&str>| {
        let address = Address::from_number(number);
        match prefix {
            None => Some(Given { network: Network::new(address, address.family.bits()), prefixed: false }),
            Some(prefix) => {
                Network::parse(&format!("{address}/{prefix}")).map(|network| Given { network, prefixed: true })
            }
        }
    };
    match value {
        Value::Int(_) | Value::Big(_) => by_number(value.to_text().parse().ok()?, None),
        Value::Str(text) => {
            let (address, prefix) = text.split_once('/').map_or((text.as_str(), None), |(one, two)| (one, Some(two)));
            if !address.is_empty() && address.bytes().all(|byte| byte.is_ascii_digit()) {
                return by_number(address.parse().ok()?, prefix);
            }
            Some(Given { network: Network::parse(text)?, prefixed: prefix.is_some() })
        }
        _ => None,
    }
}

impl Given {
    /// As it was given.
    fn text(&self) -> String {
        if self.prefixed { self.network.to_string() } else { self.network.address.to_string() }
    }

    /// An address that names its network's prefix but is not its first address; or a tiny network's.
    fn is_host(&self) -> bool {
        self.network.address != self.network.first() || self.network.is_tiny()
    }
}

pub fn ipaddr(call: &mut Call, family: Option<Family>) -> Result<Value, Stop> {
    let [query, version, alias] = call.params(["query", "version", "alias"])?;
    drop(alias);
    let family = match version {
        Some(Value::Int(4)) => Some(Family::V4),
        Some(Value::Int(6)) => Some(Family::V6),
        _ => family,
    };
    let query = match query {
        None | Some(Value::Null) => String::new(),
        Some(query) => call.text(&query)?.to_string(),
    };
    match call.input.clone() {
        Value::List(items) | Value::Tuple(items) => {
            let mut found = Vec::new();
            for item in items.iter() {
                if let Some(answer) = ask(call, item, &query, family)?.filter(Value::is_true) {
                    found.push(answer);
                }
            }
            Ok(Value::list(found))
        }
        input @ (Value::Str(_) | Value::Int(_) | Value::Big(_) | Value::Bool(_)) => {
            Ok(ask(call, &input, &query, family)?.unwrap_or(Value::Bool(false)))
        }
        other => Err(call.fail(format!("Unrecognized type <{}> for ipaddr filter <value>", other.type_name()))),
    }
}

/// None: it is no address, or of the other version.
fn ask(call: &Call, value: &Value, query: &str, family: Option<Family>) -> Result<Option<Value>, Stop> {
    let Some(given) = given(value) else { return Ok(None) };
    if family.is_some_and(|family| family != given.network.address.family) {
        return Ok(None);
    }
    let network = given.network;
    let text = |text: String| Some(Value::from(text));
    let maybe = |address: Option<Address>| Some(address.map(|address| address.to_string()).into());
    let if_so = |truth: bool| Some(truth.then(|| given.text()).into());
    Ok(match query {
        "" | "unicast" if query.is_empty() || !network.address.is_multicast() => text(given.text()),
        "unicast" => Some(Value::Null),
        "bool" => Some(true.into()),
        "type" => text(if given.is_network() { "network" } else { "address" }.into()),
        "version" => Some(network.address.family.number().into()),
        "int" => Some(as_number(&given)),
        "prefix" => Some(network.prefix.into()),
        "size" => Some(Value::from(BigInt::from(network.span()) + 1)),
        "size_usable" => Some(match network.first_usable().zip(network.last_usable()) {
            Some((first, last)) => Value::from(BigInt::from(last.number - first.number) + 1),
            None => 0.into(),
        }),
        "address" | "ip" => Some(match network.address {
            address if !given.is_host() && address.family == Family::V4 => Value::Null,
            address => address.to_string().into(),
        }),
        "host" => Some(given.is_host().then(|| network.to_string()).into()),
        "net" => Some((given.is_network() && !network.is_single()).then(|| network.to_string()).into()),
        "ip/prefix" => Some((given.is_host() && !network.is_single()).then(|| network.to_string()).into()),
        "address/prefix" | "gateway" | "gw" | "host/prefix" | "hostnet" | "router" => {
            let usable = network.is_tiny() || (given.is_host() && network.broadcast() != Some(network.address));
            Some(if usable { network.to_string().into() } else { Value::Bool(false) })
        }
        "cidr" => text(network.to_string()),
        "network" | "network_id" => text(network.first().to_string()),
        "subnet" | "network/prefix" => text(network.cidr().to_string()),
        "netmask" => text(network.netmask().to_string()),
        "hostmask" | "wildcard" => text(network.at(network.host_mask()).to_string()),
        "network_netmask" => text(format!("{} {}", network.first(), network.netmask())),
        "network_wildcard" => text(format!("{} {}", network.first(), network.at(network.host_mask()))),
        "ip_netmask" => Some(
            (given.is_host() && !network.is_single())
                .then(|| format!("{} {}", network.address, network.netmask()))
                .into(),
        ),
        "broadcast" => maybe(network.broadcast()),
        "revdns" => text(network.address.reverse_name()),
        "multicast" => if_so(network.address.is_multicast()),
        "loopback" | "lo" => if_so(network.address.is_loopback()),
        "link-local" => if_so(network.address.is_link_local()),
        "private" => if_so(network.address.is_private()),
        "public" => if_so(!network.address.is_private() && !network.address.is_multicast()),
        "ipv4" => Some(to_four(&given).map_or(Value::Bool(false), Value::from)),
        "ipv6" => text(to_six(&given)),
        "6to4" => Some(six_to_four(&given).map_or(Value::Bool(false), Value::from)),
        "wrap" => text(wrapped(&given)),
        "first_usable" | "last_usable" | "next_usable" | "previous_usable" | "range_usable" | "peer" => {
            usable(call, &given, query)?
        }
        other => return by_network_or_index(call, &given, other),
    })
}

impl Given {
    fn is_network(&self) -> bool {
        self.prefixed && !self.network.is_single() && self.network.address == self.network.first()
    }
}

fn as_number(given: &Given) -> Value {
    let number = given.network.address.number;
    match given.prefixed {
        true => format!("{number}/{}", given.network.prefix).into(),
        false => BigInt::from(number).into(),
    }
}

fn usable(call: &Call, given: &Given, query: &str) -> Result<Option<Value>, Stop> {
    if !given.prefixed {
        return Err(call.fail("Not a network address"));
    }
    let network = given.network;
    let within = |address: Option<Address>| address.filter(|address| network.is_usable(*address));
    let answer = match query {
        "first_usable" => network.first_usable().map(|address| address.to_string()),
        "last_usable" => network.last_usable().map(|address| address.to_string()),
        "next_usable" => within(network.address.step(1)).map(|address| address.to_string()),
        "previous_usable" => within(network.address.step(-1)).map(|address| address.to_string()),
        "range_usable" => {
            network.first_usable().zip(network.last_usable()).map(|(first, last)| format!("{first}-{last}"))
        }
        _ => return peer(call, &network).map(|address| Some(address.to_string().into())),
    };
    Ok(Some(answer.into()))
}

/// The other end of a line between two.
fn peer(call: &Call, network: &Network) -> Result<Address, Stop> {
    let free = network.address.family.bits() - network.prefix;
    let number = network.address.number;
    match (free, number & 3) {
        (1, _) => Ok(network.at(number ^ 1)),
        (2, 0) => Err(call.fail(format!("Network address of /{} has no peer", network.prefix))),
        (2, 3) => Err(call.fail(format!("Broadcast address of /{} has no peer", network.prefix))),
        (2, _) => Ok(network.at(number ^ 3)),
        _ => Err(call.fail("Not a point-to-point network")),
    }
}

fn to_four(given: &Given) -> Option<String> {
    let Network { address, prefix } = given.network;
    if address.family == Family::V4 {
        return Some(given.text());
    }
    let number = match address.number {
        number if number >> 32 == 0 => number,
        number if number >> 32 == 0xffff => number & u128::from(u32::MAX),
        _ => return None,
    };
    let address = Address { family: Family::V4, number };
    Some(Network::new(address, prefix.checked_sub(96)?).to_string())
}

fn to_six(given: &Given) -> String {
    let Network { address, prefix } = given.network;
    if address.family == Family::V6 {
        return given.text();
    }
    let address = Address { family: Family::V6, number: 0xffff_0000_0000 | address.number };
    Network::new(address, prefix + 96).to_string()
}

/// The network that every public address of version 4 has under 2002::/16.
fn six_to_four(given: &Given) -> Option<String> {
    let Network { address, .. } = given.network;
    if address.family == Family::V6 {
        return (address.number >> 112 == 0x2002).then(|| given.text());
    }
    if !given.is_host() || (given.prefixed && given.network.prefix == 31 && address == given.network.first()) {
        return None;
    }
    let [a, b, c, d] = (address.number as u32).to_be_bytes();
    Some(format!("2002:{a:02x}{b:02x}:{c:02x}{d:02x}::1/48"))
}

fn wrapped(given: &Given) -> String {
    let Network { address, prefix } = given.network;
    match (address.family, given.prefixed) {
        (Family::V4, _) => given.text(),
        (Family::V6, true) => format!("[{address}]/{prefix}"),
        (Family::V6, false) => format!("[{address}]"),
    }
}

/// The address at a place in the network, counted from its end when negative.
pub fn host(network: &Network, at: i128) -> Option<Address> {
    let address = if at < 0 { network.last().step(at + 1) } else { network.first().step(at) };
    address.filter(|address| network.contains(*address))
}

fn by_network_or_index(call: &Call, given: &Given, query: &str) -> Result<Option<Value>, Stop> {
    if let Ok(at) = query.parse::<i128>() {
        let network = given.network;
        if network.is_single() {
            return Ok(Some(given.text().into()));
        }
        let found = host(&network, at).map(|address| Network::new(address, network.prefix).to_string());
        return Ok(found.map(Value::from));
    }
    let Some(around) = Network::parse(query) else {
        let shown: String = query.chars().take(60).collect();
        return Err(call.fail(format!("unknown filter type: {shown}")));
    };
    Ok(Some(around.holds(&given.network).then(|| given.text()).into()))
}

/// Addresses of version 6 in brackets; what is no address stays as it is.
pub fn ipwrap(call: &mut Call) -> Result<Value, Stop> {
    let [_query] = call.params(["query"])?;
    let wrap = |value: &Value| match (value, given(value)) {
        (Value::Str(_), Some(given)) => wrapped(&given).into(),
        _ => value.clone(),
    };
    Ok(match &call.input {
        Value::List(items) | Value::Tuple(items) => Value::list(items.iter().map(wrap)),
        input => wrap(input),
    })
}
