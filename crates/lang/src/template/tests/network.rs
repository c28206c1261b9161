//! `ansible.utils`' tests over IP and hardware addresses.
use super::super::call::Call;
use super::super::error::Stop;
use super::super::filters::network::given;
use super::super::registry::TestEntry;
use super::settled;
use crate::network::{Address, Family, Network, parse_hardware_address};
use value::Value;

pub static TABLE: &[TestEntry] = &[
    settled("ansible.utils.ip", |call| network(call, |_| true)),
    settled("ansible.utils.ip_address", |call| address(call, |_| true)),
    settled("ansible.utils.ipv4", |call| network(call, |found| found.address.family == Family::V4)),
    settled("ansible.utils.ipv6", |call| network(call, |found| found.address.family == Family::V6)),
    settled("ansible.utils.ipv4_address", |call| address(call, |found| found.family == Family::V4)),
    settled("ansible.utils.ipv6_address", |call| address(call, |found| found.family == Family::V6)),
    settled("ansible.utils.ipv4_netmask", |call| mask(call, false)),
    settled("ansible.utils.ipv4_hostmask", |call| mask(call, true)),
    settled("ansible.utils.ipv6_ipv4_mapped", |call| six(call, |number| number >> 32 == 0xffff)),
    settled("ansible.utils.ipv6_sixtofour", |call| six(call, |number| number >> 112 == 0x2002)),
    settled("ansible.utils.ipv6_teredo", |call| six(call, |number| number >> 96 == 0x2001_0000)),
    settled("ansible.utils.loopback", |call| address(call, Address::is_loopback)),
    settled("ansible.utils.multicast", |call| address(call, Address::is_multicast)),
    settled("ansible.utils.private", |call| address(call, Address::is_private)),
    settled("ansible.utils.public", |call| address(call, |found| !found.is_private())),
    settled("ansible.utils.reserved", |call| address(call, Address::is_reserved)),
    settled("ansible.utils.unspecified", |call| address(call, |found| found.number == 0)),
    settled("ansible.utils.mac", mac),
    settled("ansible.utils.in_network", |call| inside(call, false)),
    settled("ansible.utils.subnet_of", |call| inside(call, false)),
    settled("ansible.utils.supernet_of", |call| inside(call, true)),
    settled("ansible.utils.in_any_network", |call| counted(call, |count| count > 0)),
    settled("ansible.utils.in_one_network", |call| counted(call, |count| count == 1)),
];

/// A network without bits of a host in it, or an address.
fn strict(value: &Value) -> Option<Network> {
    let found = given(value)?.network;
    (found.address == found.first()).then_some(found)
}

fn network(call: &mut Call, fits: fn(Network) -> bool) -> Result<bool, Stop> {
    let [] = call.params([])?;
    Ok(strict(&call.input).is_some_and(fits))
}

fn one_address(value: &Value) -> Option<Address> {
    let found = given(value)?;
    (!found.prefixed).then_some(found.network.address)
}

fn address(call: &mut Call, fits: fn(Address) -> bool) -> Result<bool, Stop> {
    let [] = call.params([])?;
    Ok(one_address(&call.input).is_some_and(fits))
}

fn six(call: &mut Call, fits: fn(u128) -> bool) -> Result<bool, Stop> {
    let [] = call.params([])?;
    let found = one_address(&call.input).filter(|found| found.family == Family::V6);
    Ok(found.is_some_and(|found| fits(found.number)))
}

fn mask(call: &mut Call, host: bool) -> Result<bool, Stop> {
    let [] = call.params([])?;
    let found = one_address(&call.input).filter(|found| found.family == Family::V4);
    Ok(found.is_some_and(|found| {
        let bits = if host { !(found.number as u32) } else { found.number as u32 };
        bits.leading_ones() + bits.trailing_zeros() >= 32
    }))
}

fn mac(call: &mut Call) -> Result<bool, Stop> {
    let [] = call.params([])?;
    Ok(call.input.as_str().and_then(parse_hardware_address).is_some())
}

fn inside(call: &mut Call, reverse: bool) -> Result<bool, Stop> {
    let [other] = call.params(["network_a"])?;
    let other = call.required(other, "network_a")?;
    let (Some(inner), Some(outer)) = (strict(&call.input), strict(&other)) else { return Ok(false) };
    Ok(if reverse { inner.holds(&outer) } else { outer.holds(&inner) })
}

fn counted(call: &mut Call, fits: fn(usize) -> bool) -> Result<bool, Stop> {
    let [networks] = call.params(["networks"])?;
    let networks = call.required(networks, "networks")?;
    let Some(inner) = strict(&call.input) else { return Ok(false) };
    let networks = call.items(&networks)?;
    let count = networks.iter().filter_map(strict).filter(|outer| outer.holds(&inner)).count();
    Ok(fits(count))
}
