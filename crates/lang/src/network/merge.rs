//! Several networks as few: joined where they touch, or spanned by one.
use super::{Address, Network};

/// The least networks that hold the same addresses, in their order.
pub fn merge(networks: &[Network]) -> Vec<Network> {
    let mut ranges: Vec<(Address, Address)> =
        networks.iter().map(|network| (network.first(), network.last())).collect();
    ranges.sort();
    let mut joined: Vec<(Address, Address)> = Vec::new();
    for (first, last) in ranges {
        match joined.last_mut() {
            Some((_, end)) if end.family == first.family && touches(*end, first) => *end = (*end).max(last),
            _ => joined.push((first, last)),
        }
    }
    joined.into_iter().flat_map(|(first, last)| cover(first, last)).collect()
}

fn touches(end: Address, first: Address) -> bool {
    first <= end || end.step(1) == Some(first)
}

/// The least networks from one address to another.
fn cover(first: Address, last: Address) -> Vec<Network> {
    let bits = first.family.bits();
    let mut networks = Vec::new();
    let mut next = Some(first);
    while let Some(start) = next.filter(|start| *start <= last) {
        let aligned = start.number.trailing_zeros().min(bits);
        let fits = |free: u32| Network::new(start, bits - free).last() <= last;
        let free = (0..=aligned).rev().find(|free| fits(*free)).unwrap_or(0);
        let network = Network::new(start, bits - free);
        next = network.last().step(1);
        networks.push(network);
    }
    networks
}

/// The least network that holds all of them; none for addresses of both versions.
pub fn span(networks: &[Network]) -> Option<Network> {
    let family = networks.first()?.address.family;
    if networks.iter().any(|network| network.address.family != family) {
        return None;
    }
    let first = networks.iter().map(Network::first).min()?;
    let last = networks.iter().map(Network::last).max()?;
    let bits = family.bits();
    let different = (first.number ^ last.number) << (128 - bits);
    let prefix = networks.iter().map(|network| network.prefix).min()?.min(different.leading_zeros().min(bits));
    Some(Network::new(first, prefix).cidr())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn networks(texts: &[&str]) -> Vec<Network> {
        texts.iter().map(|text| Network::parse(text).unwrap()).collect()
    }

    #[test]
    fn neighbours_become_one() {
        let merged = merge(&networks(&["10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/23", "10.0.1.7", "::/1", "8000::/1"]));
        assert_eq!(merged, networks(&["10.0.0.0/22", "::/0"]));
        assert_eq!(merge(&networks(&["10.0.0.1", "10.0.0.2"])), networks(&["10.0.0.1/32", "10.0.0.2/32"]));
    }

    #[test]
    fn one_network_spans_all() {
        assert_eq!(span(&networks(&["192.168.0.0/24", "192.168.2.0/24"])), Some(networks(&["192.168.0.0/22"])[0]));
        assert_eq!(span(&networks(&["10.0.0.0/8", "::1"])), None);
    }
}
