//! `ansible.utils`' filters over IP and hardware addresses (`ansible.netcommon` had them before, and plain `ipaddr` earlier).
mod query;

use super::super::call::Call;
use super::super::error::Stop;
use super::super::registry::Entry;
use super::settled;
use crate::network::{Address, Family, Network, merge, parse_hardware_address};
use std::fmt::Write;
use value::Value;

pub use query::{Given, given};

macro_rules! under_all_names {
    ($($name:literal => $run:expr),* $(,)?) => {
        &[$(
            settled(concat!("ansible.utils.", $name), $run),
            settled(concat!("ansible.netcommon.", $name), $run),
            settled($name, $run),
        )*]
    };
}

pub static TABLE: &[Entry] = under_all_names![
    "ipaddr" => |call| query::ipaddr(call, None),
    "ipv4" => |call| query::ipaddr(call, Some(Family::V4)),
    "ipv6" => |call| query::ipaddr(call, Some(Family::V6)),
    "ipwrap" => query::ipwrap,
    "ipsubnet" => ipsubnet,
    "nthhost" => nthhost,
    "ipmath" => ipmath,
    "next_nth_usable" => |call| nth_usable(call, 1),
    "previous_nth_usable" => |call| nth_usable(call, -1),
    "network_in_network" => |call| in_network(call, false),
    "network_in_usable" => |call| in_network(call, true),
    "reduce_on_network" => reduce_on_network,
    "cidr_merge" => cidr_merge,
    "ip4_hex" => ip4_hex,
    "hwaddr" => hwaddr,
    "macaddr" => hwaddr,
    "slaac" => slaac,
    "ipv6form" => ipv6form,
    "ipcut" => ipcut,
    "usable_range" => usable_range,
];

fn no() -> Value {
    Value::Bool(false)
}

fn number(call: &Call, value: Option<Value>, name: &str) -> Result<i128, Stop> {
    match call.required(value, name)? {
        Value::Str(text) => {
            let number = text.trim().parse();
            number
                .map_err(|_| call.fail(format!("argument '{name}' cannot be converted to an int: '{}'", text.as_str())))
        }
        other => call.int(Some(other), name, 0).map(i128::from),
    }
}

/// The number of subnets of a size, one of them, or which of another network's subnets this is.
fn ipsubnet(call: &mut Call) -> Result<Value, Stop> {
    let [query, index] = call.params(["query", "index"])?;
    let Some(given) = given(&call.input) else { return Ok(no()) };
    let network = given.network.cidr();
    let query = match query {
        None | Some(Value::Null) => String::new(),
        Some(query) => call.text(&query)?.to_string(),
    };
    let index = index.filter(|index| !index.is_null()).map(|index| number(call, Some(index), "index")).transpose()?;
    if query.is_empty() {
        return Ok(network.to_string().into());
    }
    match query.parse::<u32>() {
        Ok(prefix) if network.is_single() => supernet(call, &network, prefix, index),
        Ok(prefix) => subnet(call, &network, prefix, index),
        Err(_) => position(call, &network, &query),
    }
}

fn subnet(call: &Call, network: &Network, prefix: u32, index: Option<i128>) -> Result<Value, Stop> {
    let bits = network.address.family.bits();
    let invalid = prefix > bits || prefix < network.prefix;
    let Some(index) = index else {
        return match invalid {
            true => Err(call.fail(format!("Requested subnet size of {prefix} is invalid"))),
            false => Ok((1_u128 << (prefix - network.prefix).min(127)).to_string().into()),
        };
    };
    if prefix > bits || (invalid && index != 0) {
        return Ok(no());
    }
    let count = prefix.checked_sub(network.prefix).map_or(1, |more| 1_u128 << more.min(127));
    let at = if index < 0 { count.checked_sub(index.unsigned_abs()) } else { Some(index.unsigned_abs()) };
    let Some(at) = at.filter(|at| *at < count) else { return Ok(no()) };
    let offset = at.checked_shl(bits - prefix).unwrap_or(0);
    let first = network.at(network.first().number + offset);
    Ok(Network::new(first, prefix).to_string().into())
}

/// Of one address: the networks around it, from the asked one inwards.
fn supernet(call: &Call, network: &Network, prefix: u32, index: Option<i128>) -> Result<Value, Stop> {
    let bits = network.address.family.bits();
    if prefix > bits {
        return match index {
            None => Err(call.fail(format!("Requested subnet size of {prefix} is invalid"))),
            Some(_) => Ok(no()),
        };
    }
    let count = i128::from(bits - prefix);
    let index = index.unwrap_or(0);
    let at = if index < 0 { index + count } else { index };
    if !(0..count).contains(&at) {
        return Ok(no());
    }
    Ok(Network::new(network.address, prefix + at as u32).cidr().to_string().into())
}

fn position(call: &Call, network: &Network, query: &str) -> Result<Value, Stop> {
    let Some(around) = Network::parse(query).map(|around| around.cidr()) else {
        return Err(call.fail(format!("You must pass a valid subnet or IP address; {query} is invalid")));
    };
    if !around.holds(network) {
        return Err(call.fail(format!("{network} is not in the subnet {around}")));
    }
    let offset = network.first().number - around.first().number;
    let at = offset.checked_shr(network.address.family.bits() - network.prefix).unwrap_or(0);
    Ok((at + 1).to_string().into())
}

fn nthhost(call: &mut Call) -> Result<Value, Stop> {
    let [at] = call.params(["query"])?;
    let Some(given) = given(&call.input) else { return Ok(no()) };
    let at = match at {
        Some(Value::Str(text)) => text.parse::<i128>().ok(),
        Some(other) => other.as_int().map(i128::from),
        None => None,
    };
    let Some(at) = at.filter(|_| !given.network.is_single()) else { return Ok(no()) };
    Ok(query::host(&given.network, at).map_or_else(no, |address| address.to_string().into()))
}

fn ipmath(call: &mut Call) -> Result<Value, Stop> {
    let [amount] = call.params(["amount"])?;
    let amount = number(call, amount, "amount")?;
    let Some(given) = given(&call.input) else {
        return Err(call.fail(format!("You must pass a valid IP address; {} is invalid", call.input.to_text())));
    };
    let moved = given.network.address.step(amount);
    let moved = moved.ok_or_else(|| call.fail("result outside valid IP address boundary!"))?;
    Ok(moved.to_string().into())
}

fn nth_usable(call: &mut Call, direction: i128) -> Result<Value, Stop> {
    let [offset] = call.params(["offset"])?;
    let offset = number(call, offset, "offset")?;
    let Some(Given { network, .. }) = given(&call.input) else { return Ok(no()) };
    let moved = network.address.step(offset * direction).filter(|address| network.is_usable(*address));
    Ok(moved.map(|address| address.to_string()).into())
}

fn in_network(call: &mut Call, usable: bool) -> Result<Value, Stop> {
    let [test] = call.params(["test"])?;
    let test = call.required(test, "test")?;
    let (Some(around), Some(inner)) = (given(&call.input), given(&test)) else { return Ok(no()) };
    let (around, inner) = (around.network, inner.network);
    if !usable {
        return Ok(around.holds(&inner).into());
    }
    let both = around.is_usable(inner.first()) && around.is_usable(inner.last());
    Ok((both && inner.address.family == around.address.family).into())
}

fn reduce_on_network(call: &mut Call) -> Result<Value, Stop> {
    let [network] = call.params(["network"])?;
    let network = call.required(network, "network")?;
    let Some(around) = given(&network) else {
        return Err(call.fail(format!("{} is no network", network.to_text())));
    };
    let kept = call
        .items(&call.input)?
        .into_iter()
        .filter(|item| given(item).is_some_and(|inner| around.network.holds(&inner.network)));
    Ok(Value::list(kept))
}

fn cidr_merge(call: &mut Call) -> Result<Value, Stop> {
    let [action] = call.params(["action"])?;
    let action = call.string(action, "action", "merge")?;
    let items = match &call.input {
        Value::Str(_) => vec![call.input.clone()],
        input => call.items(input)?,
    };
    let mut networks = Vec::new();
    for item in items {
        let text = call.text(&item)?;
        let network = Network::parse(&text);
        networks.push(network.ok_or_else(|| call.fail(format!("'{}' is no IP network", text.as_str())))?);
    }
    match action.as_str() {
        "merge" => Ok(Value::list(merge::merge(&networks).iter().map(|network| network.to_string().into()))),
        "span" if networks.is_empty() => Ok(Value::Null),
        "span" if networks.len() == 1 => Ok(networks[0].to_string().into()),
        "span" => match merge::span(&networks) {
            Some(network) => Ok(network.to_string().into()),
            None => Err(call.fail("the networks are of both versions")),
        },
        other => Err(call.fail(format!("invalid action '{other}'"))),
    }
}

fn ip4_hex(call: &mut Call) -> Result<Value, Stop> {
    let [delimiter] = call.params(["delimiter"])?;
    let delimiter = call.string(delimiter, "delimiter", "")?;
    let address = call.input.as_str().and_then(Address::parse).filter(|address| address.family == Family::V4);
    let Some(address) = address else {
        return Err(call.fail(format!("You must pass a valid IP address; {} is invalid", call.input.to_text())));
    };
    Ok((address.number as u32).to_be_bytes().map(|byte| format!("{byte:02x}")).join(&delimiter).into())
}

fn hwaddr(call: &mut Call) -> Result<Value, Stop> {
    let [query] = call.params(["query"])?;
    let query = call.string(query, "query", "")?;
    let text = call.text(&call.input)?;
    let Some(bytes) = parse_hardware_address(&text) else {
        return match query.as_str() {
            "" | "bool" => Ok(Value::Null),
            _ => Err(call.fail(format!("not a hardware address: {}", text.as_str()))),
        };
    };
    let digits = bytes.iter().fold(String::new(), |mut out, byte| {
        // Writing to a string cannot fail.
        let _ = write!(out, "{byte:02x}");
        out
    });
    let groups = |size: usize, separator: &str| {
        let groups = digits.as_bytes().chunks(size).map(|group| String::from_utf8_lossy(group).into_owned());
        groups.collect::<Vec<_>>().join(separator)
    };
    Ok(match query.as_str() {
        "" => text.with_trust(false).into(),
        "bool" => true.into(),
        "int" => bytes.iter().fold(0_i64, |number, byte| number << 8 | i64::from(*byte)).into(),
        "bare" => digits.to_uppercase().into(),
        "cisco" => groups(4, ".").into(),
        "eui48" | "win" => groups(2, "-").to_uppercase().into(),
        "linux" => groups(2, ":").into(),
        "unix" => bytes.map(|byte| format!("{byte:x}")).join(":").into(),
        "pgsql" | "postgresql" | "psql" => groups(6, ":").into(),
        other => return Err(call.fail(format!("unknown filter type: {other}"))),
    })
}

/// The address that a machine gives itself in a network, from its hardware address.
fn slaac(call: &mut Call) -> Result<Value, Stop> {
    let [hardware] = call.params(["query"])?;
    let Some(given) = given(&call.input).filter(|given| given.network.address.family == Family::V6) else {
        return Ok(no());
    };
    let hardware = hardware.filter(|hardware| !hardware.is_null()).map(|hardware| call.text(&hardware)).transpose()?;
    let Some(bytes) = hardware.as_deref().and_then(parse_hardware_address) else { return Ok(no()) };
    let [a, b, c, d, e, f] = bytes;
    let id = u64::from_be_bytes([a ^ 2, b, c, 0xff, 0xfe, d, e, f]);
    Ok(given.network.first().step(id.into()).map_or_else(no, |address| address.to_string().into()))
}

fn six(call: &Call) -> Result<Address, Stop> {
    let address = call.input.as_str().and_then(Address::parse).filter(|address| address.family == Family::V6);
    address.ok_or_else(|| call.fail(format!("{} is no IPv6 address", call.input.to_text())))
}

fn ipv6form(call: &mut Call) -> Result<Value, Stop> {
    let [format] = call.params(["format"])?;
    let format = call.required(format, "format")?;
    let format = call.string(Some(format), "format", "")?;
    let address = six(call)?;
    let groups = std::net::Ipv6Addr::from(address.number).segments();
    Ok(match format.as_str() {
        "expand" => groups.map(|group| format!("{group:04x}")).join(":"),
        "compress" => address.to_string(),
        "x509" => groups.map(|group| format!("{group:x}")).join(":"),
        other => return Err(call.fail(format!("unknown format '{other}': one of expand, compress, x509"))),
    }
    .into())
}

/// The first bits of an address, or (counted negative) its last, in the address's own notation.
fn ipcut(call: &mut Call) -> Result<Value, Stop> {
    let [amount] = call.params(["amount"])?;
    let amount = number(call, amount, "amount")?;
    let address = call.input.as_str().and_then(Address::parse);
    let Some(address) = address else {
        return Err(call.fail(format!("You must pass a valid IP address; {} is invalid", call.input.to_text())));
    };
    let (size, separator) = if address.family == Family::V4 { (8, ".") } else { (16, ":") };
    let groups: Vec<String> = match address.family {
        Family::V4 => (address.number as u32).to_be_bytes().iter().map(u8::to_string).collect(),
        Family::V6 => {
            std::net::Ipv6Addr::from(address.number).segments().iter().map(|group| format!("{group:x}")).collect()
        }
    };
    let count = usize::try_from(amount.unsigned_abs() / size).unwrap_or(usize::MAX).min(groups.len());
    let kept = if amount < 0 { &groups[groups.len() - count..] } else { &groups[..count] };
    Ok(kept.join(separator).into())
}

fn usable_range(call: &mut Call) -> Result<Value, Stop> {
    let [] = call.params([])?;
    const MOST: u128 = 1 << 20;
    let text = call.text(&call.input)?;
    let Some(network) = Network::parse(&text).filter(|network| network.address == network.first()) else {
        return Err(call.fail(format!("'{}' is no IP network", text.as_str())));
    };
    if network.span() > MOST {
        return Err(call.fail(format!("{network} has too many addresses to list them")));
    }
    let first = network.first().number;
    let addresses: Vec<Value> = (0..=network.span()).map(|at| network.at(first + at).to_string().into()).collect();
    let count = addresses.len();
    Ok(Value::map([("usable_ips", Value::list(addresses)), ("number_of_ips", count.into())]))
}
