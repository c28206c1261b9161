//! Who is asking: the peer's address, or the one that a trusted proxy names.

use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use axum::http::HeaderMap;

/// The other end of the TCP connection.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

/// The client as far as we believe it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Client(pub IpAddr);

impl Client {
    /// Walks `X-Forwarded-For` from the right, as long as the one who wrote it is a trusted proxy.
    pub fn find(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> Client {
        let mut client = peer.to_canonical();
        let hops: Vec<_> = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok()).collect();
        for hop in hops.iter().rev().flat_map(|line| line.rsplit(',')) {
            if !trusted.iter().any(|network| network.contains(client)) {
                break;
            }
            match hop.trim().parse::<IpAddr>() {
                Ok(address) => client = address.to_canonical(),
                Err(_) => break,
            }
        }
        Client(client)
    }

    /// What one subscriber holds: an IPv4 address, or an IPv6 /64.
    pub fn subscriber(self) -> Client {
        match self.0 {
            IpAddr::V4(_) => self,
            IpAddr::V6(address) => Client(IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (!0 << 64)))),
        }
    }
}

/// An address, or a network as `ADDRESS/BITS`.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    fn contains(&self, other: IpAddr) -> bool {
        match (self.address, other) {
            (IpAddr::V4(ours), IpAddr::V4(theirs)) => {
                (ours.to_bits() ^ theirs.to_bits()).leading_zeros() >= u32::from(self.bits)
            }
            (IpAddr::V6(ours), IpAddr::V6(theirs)) => {
                (ours.to_bits() ^ theirs.to_bits()).leading_zeros() >= u32::from(self.bits)
            }
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = ();

    fn from_str(text: &str) -> Result<Network, ()> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse().map_err(|_| ())?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| ())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(most);
        if bits <= most { Ok(Network { address, bits }) } else { Err(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(peer: &str, forwarded: &[&str], trusted: &str) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        let trusted: Vec<Network> = trusted.split_whitespace().map(|text| text.parse().unwrap()).collect();
        Client::find(peer.parse().unwrap(), &headers, &trusted).0.to_string()
    }

    #[test]
    fn a_stranger_cannot_name_another_client() {
        assert_eq!(found("203.0.113.9", &["198.51.100.1"], "10.0.0.0/8"), "203.0.113.9");
    }

    #[test]
    fn only_what_trusted_proxies_added_counts() {
        assert_eq!(found("10.0.0.2", &["6.6.6.6, 203.0.113.9"], "10.0.0.0/8"), "203.0.113.9");
        assert_eq!(found("10.0.0.2", &["6.6.6.6, 203.0.113.9", "10.1.1.1"], "10.0.0.0/8"), "203.0.113.9");
        assert_eq!(found("10.0.0.2", &["203.0.113.9, nonsense"], "10.0.0.0/8"), "10.0.0.2");
        assert_eq!(found("::ffff:10.0.0.2", &["2001:db8::7"], "10.0.0.2"), "2001:db8::7");
    }

    #[test]
    fn networks_end_where_their_bits_say() {
        let network: Network = "192.168.4.0/22".parse().unwrap();
        assert!(network.contains("192.168.7.255".parse().unwrap()));
        assert!(!network.contains("192.168.8.0".parse().unwrap()));
        assert!("0.0.0.0/0".parse::<Network>().unwrap().contains("8.8.8.8".parse().unwrap()));
        assert!("1.2.3.4/33".parse::<Network>().is_err() && "x/8".parse::<Network>().is_err());
    }

    #[test]
    fn an_ipv6_subscriber_is_a_64() {
        let client = |text: &str| Client(text.parse().unwrap()).subscriber();
        assert_eq!(client("2001:db8::1"), client("2001:db8::2"));
        assert_ne!(client("2001:db8::1"), client("2001:db8:0:1::1"));
    }
}
