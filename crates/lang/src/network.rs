//! IP addresses and networks as numbers: what the filters of `ansible.utils` compute with.
pub mod merge;

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

/// Version 4 or 6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    V4,
    V6,
}

impl Family {
    pub fn bits(self) -> u32 {
        match self {
            Family::V4 => 32,
            Family::V6 => 128,
        }
    }

    pub fn number(self) -> i64 {
        match self {
            Family::V4 => 4,
            Family::V6 => 6,
        }
    }

    /// The highest address.
    pub fn last(self) -> u128 {
        u128::MAX >> (128 - self.bits())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    pub family: Family,
    pub number: u128,
}

impl Address {
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(address) = text.parse::<Ipv4Addr>() {
            return Some(Self { family: Family::V4, number: u32::from(address).into() });
        }
        let address = text.parse::<Ipv6Addr>().ok()?;
        Some(Self { family: Family::V6, number: address.into() })
    }

    /// The version that can hold the number: 4 where it is small enough.
    pub fn from_number(number: u128) -> Self {
        let family = if number <= Family::V4.last() { Family::V4 } else { Family::V6 };
        Self { family, number }
    }

    /// An address that is so many steps away, if there is one.
    pub fn step(self, by: i128) -> Option<Self> {
        let number = self.number.checked_add_signed(by).filter(|number| *number <= self.family.last())?;
        Some(Self { number, ..self })
    }

    /// `1.0.0.127.in-addr.arpa.`
    pub fn reverse_name(self) -> String {
        match self.family {
            Family::V4 => {
                let parts = (self.number as u32).to_le_bytes().map(|byte| byte.to_string());
                parts.join(".") + ".in-addr.arpa."
            }
            Family::V6 => {
                let digits = format!("{:032x}", self.number);
                digits.chars().rev().map(|digit| format!("{digit}.")).collect::<String>() + "ip6.arpa."
            }
        }
    }

    /// Set aside by IANA: not to be met on the internet.
    pub fn is_private(self) -> bool {
        const V4: [(&str, u32); 14] = [
            ("0.0.0.0", 8),
            ("10.0.0.0", 8),
            ("100.64.0.0", 10),
            ("127.0.0.0", 8),
            ("169.254.0.0", 16),
            ("172.16.0.0", 12),
            ("192.0.0.0", 24),
            ("192.0.2.0", 24),
            ("192.168.0.0", 16),
            ("198.18.0.0", 15),
            ("198.51.100.0", 24),
            ("203.0.113.0", 24),
            ("240.0.0.0", 4),
            ("192.88.99.0", 24),
        ];
        const V6: [(&str, u32); 9] = [
            ("::", 127),
            ("::ffff:0:0", 96),
            ("64:ff9b:1::", 48),
            ("100::", 64),
            ("2001::", 23),
            ("2001:db8::", 32),
            ("2002::", 16),
            ("fc00::", 7),
            ("fe80::", 10),
        ];
        self.is_in_one_of(&V4) || self.is_in_one_of(&V6)
    }

    fn is_in_one_of(self, networks: &[(&str, u32)]) -> bool {
        let known = networks.iter().filter_map(|(first, prefix)| Some(Network::new(Self::parse(first)?, *prefix)));
        known.into_iter().any(|network| network.contains(self))
    }

    pub fn is_multicast(self) -> bool {
        self.is_in_one_of(&[("224.0.0.0", 4), ("ff00::", 8)])
    }
    pub fn is_loopback(self) -> bool {
        self.is_in_one_of(&[("127.0.0.0", 8), ("::1", 128)])
    }
    pub fn is_link_local(self) -> bool {
        self.is_in_one_of(&[("169.254.0.0", 16), ("fe80::", 10)])
    }
    pub fn is_reserved(self) -> bool {
        self.is_in_one_of(&[("240.0.0.0", 4)])
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self.family {
            Family::V4 => Ipv4Addr::from(self.number as u32).fmt(f),
            Family::V6 => Ipv6Addr::from(self.number).fmt(f),
        }
    }
}

/// An address and how many of its bits name its network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Network {
    pub address: Address,
    pub prefix: u32,
}

impl Network {
    pub fn new(address: Address, prefix: u32) -> Self {
        Self { address, prefix }
    }

    /// `10.0.0.1`, `10.0.0.0/8`, `10.0.0.0/255.0.0.0`, `::1/64`.
    pub fn parse(text: &str) -> Option<Self> {
        let Some((address, prefix)) = text.split_once('/') else {
            let address = Address::parse(text)?;
            return Some(Self::new(address, address.family.bits()));
        };
        let address = Address::parse(address)?;
        Some(Self::new(address, parse_prefix(prefix, address.family)?))
    }

    /// The bits that the network leaves to its hosts.
    fn free(&self) -> u32 {
        self.address.family.bits() - self.prefix
    }

    pub fn host_mask(&self) -> u128 {
        if self.free() == 0 { 0 } else { u128::MAX >> (128 - self.free()) }
    }

    pub fn at(&self, number: u128) -> Address {
        Address { number, ..self.address }
    }

    pub fn first(&self) -> Address {
        self.at(self.address.number & !self.host_mask())
    }
    pub fn last(&self) -> Address {
        self.at(self.address.number | self.host_mask())
    }
    pub fn netmask(&self) -> Address {
        self.at(self.address.family.last() & !self.host_mask())
    }

    /// How many addresses beyond the first: the size of `::/0` does not fit a number of ours.
    pub fn span(&self) -> u128 {
        self.host_mask()
    }
    /// One or two addresses have neither network address nor broadcast.
    pub fn is_tiny(&self) -> bool {
        self.free() <= 1
    }
    pub fn is_single(&self) -> bool {
        self.free() == 0
    }

    pub fn broadcast(&self) -> Option<Address> {
        (!self.is_tiny()).then(|| self.last())
    }
    pub fn first_usable(&self) -> Option<Address> {
        match self.free() {
            0 => None,
            1 => Some(self.first()),
            _ => self.first().step(1),
        }
    }
    pub fn last_usable(&self) -> Option<Address> {
        match self.free() {
            0 => None,
            1 => Some(self.last()),
            _ => self.last().step(-1),
        }
    }

    pub fn is_usable(&self, address: Address) -> bool {
        let range = self.first_usable().zip(self.last_usable());
        range.is_some_and(|(first, last)| (first..=last).contains(&address))
    }

    /// The same without the host's bits.
    pub fn cidr(&self) -> Self {
        Self { address: self.first(), ..*self }
    }

    pub fn contains(&self, address: Address) -> bool {
        address.family == self.address.family && (self.first()..=self.last()).contains(&address)
    }
    pub fn holds(&self, other: &Network) -> bool {
        self.contains(other.first()) && self.contains(other.last())
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

/// A number of bits, a netmask, or a host mask.
fn parse_prefix(text: &str, family: Family) -> Option<u32> {
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        return text.parse().ok().filter(|bits| *bits <= family.bits());
    }
    let mask = Address::parse(text).filter(|mask| mask.family == family)?.number;
    let shifted = mask << (128 - family.bits());
    if shifted.leading_ones() + shifted.trailing_zeros() >= 128 {
        return Some(shifted.leading_ones().min(family.bits()));
    }
    let inverse = !mask & family.last();
    let shifted = inverse << (128 - family.bits());
    (shifted.leading_ones() + shifted.trailing_zeros() >= 128).then(|| shifted.leading_ones().min(family.bits()))
}

/// The bytes of a hardware address in one of its usual forms.
pub fn parse_hardware_address(text: &str) -> Option<[u8; 6]> {
    let groups: Vec<&str> = text.split([':', '-', '.']).collect();
    let width = match groups.len() {
        6 => 2,
        3 => 4,
        2 => 6,
        1 if text.len() == 12 => 12,
        1 if text.len() == 11 => 12,
        _ => return None,
    };
    let mut digits = String::new();
    for group in &groups {
        if group.is_empty() || group.len() > width || !group.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        digits.push_str(&"0".repeat(width - group.len()));
        digits.push_str(group);
    }
    let number = u64::from_str_radix(&digits, 16).ok()?;
    let mut bytes = [0; 6];
    bytes.copy_from_slice(&number.to_be_bytes()[2..]);
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_know_their_ends() {
        let network = Network::parse("192.168.1.10/255.255.255.0").unwrap();
        assert_eq!(network.to_string(), "192.168.1.10/24");
        assert_eq!(
            (network.first().to_string(), network.last().to_string()),
            ("192.168.1.0".into(), "192.168.1.255".into())
        );
        assert_eq!(Network::parse("10.0.0.1/0.0.0.255").unwrap().prefix, 24);
        assert_eq!(Network::parse("0.0.0.0/0").unwrap().last().to_string(), "255.255.255.255");
        assert_eq!(Network::parse("::/0").unwrap().last().number, u128::MAX);
        assert!(Network::parse("10.0.0.0/33").is_none() && Network::parse("10.0.0.0/255.0.255.0").is_none());
        assert_eq!(Network::parse("10.0.0.1").unwrap().first_usable(), None);
    }

    #[test]
    fn hardware_addresses_have_many_forms() {
        for text in ["1a:2b:3c:4d:5e:6f", "1A-2B-3C-4D-5E-6F", "1a2b.3c4d.5e6f", "1a2b3c4d5e6f", "1a2b3c:4d5e6f"] {
            assert_eq!(parse_hardware_address(text), Some([0x1a, 0x2b, 0x3c, 0x4d, 0x5e, 0x6f]), "{text}");
        }
        assert_eq!(parse_hardware_address("bad"), None);
    }
}
