//! The order in which pick_first tries addresses (gRFC A61, A62; RFC 8305 section 4).

use std::collections::{BTreeSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

use super::Address;

/// `list` without repeats; the first occurrence counts.
pub(super) fn deduplicated(list: &[Address]) -> Vec<Address> {
    let mut seen = BTreeSet::new();
    list.iter().filter(|address| seen.insert(*address)).cloned().collect()
}

/// `list` shuffled by `seed`. Each address has a fixed position relative to the others, so the order does not change
/// when the resolver repeats the list in another order, or when other addresses are added or removed.
pub(super) fn shuffled(mut list: Vec<Address>, seed: u64) -> Vec<Address> {
    list.sort_by_cached_key(|address| {
        let mut hasher = DefaultHasher::new();
        (seed, address).hash(&mut hasher);
        hasher.finish()
    });
    list
}

/// `list` with alternating address families, the family of the first address first. What is neither IPv4 nor IPv6
/// (names, Unix sockets) is a third family. Within a family the order is kept.
pub(super) fn interleaved(list: Vec<Address>) -> Vec<Address> {
    let mut families: Vec<(Family, VecDeque<Address>)> = Vec::new();
    for address in list {
        let family = Family::of(&address);
        match families.iter_mut().find(|(known, _)| *known == family) {
            Some((_, members)) => members.push_back(address),
            None => families.push((family, VecDeque::from([address]))),
        }
    }
    let mut order = Vec::new();
    while families.iter().any(|(_, members)| !members.is_empty()) {
        order.extend(families.iter_mut().filter_map(|(_, members)| members.pop_front()));
    }
    order
}

/// `the resolver lists 3 addresses`.
pub(super) fn resolver_lists(addresses: usize) -> String {
    match addresses {
        1 => "the resolver lists 1 address".to_string(),
        many => format!("the resolver lists {many} addresses"),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    V4,
    V6,
    Other,
}

impl Family {
    /// IPv4 written as IPv6 (`::ffff:10.0.0.1`) is sent as IPv4.
    fn of(address: &Address) -> Family {
        match address {
            Address::Ip(socket) if socket.ip().to_canonical().is_ipv4() => Family::V4,
            Address::Ip(_) => Family::V6,
            Address::Name { .. } | Address::Unix(_) | Address::UnixAbstract(_) => Family::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(texts: &[&str]) -> Vec<Address> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn order(texts: &[&str]) -> Vec<String> {
        interleaved(deduplicated(&list(texts))).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn p22_families_take_turns_from_the_first_address_on() {
        let four_and_two = ["1.0.0.1:1", "1.0.0.2:1", "1.0.0.3:1", "1.0.0.4:1", "[::1]:1", "[::2]:1"];
        let expected = ["1.0.0.1:1", "[::1]:1", "1.0.0.2:1", "[::2]:1", "1.0.0.3:1", "1.0.0.4:1"];
        assert_eq!(order(&four_and_two), expected);
        assert_eq!(order(&["[::1]:1", "[::2]:1", "1.0.0.1:1"]), ["[::1]:1", "1.0.0.1:1", "[::2]:1"]);
        let unknown_first = ["unix:/a", "unix:/b", "1.0.0.1:1", "1.0.0.2:1", "[::1]:1"];
        assert_eq!(order(&unknown_first), ["unix:/a", "1.0.0.1:1", "[::1]:1", "unix:/b", "1.0.0.2:1"]);
    }

    #[test]
    fn p22_second_family_may_have_more() {
        let one_and_three = ["1.0.0.1:1", "[::1]:1", "[::2]:1", "[::3]:1"];
        assert_eq!(order(&one_and_three), one_and_three);
    }

    #[test]
    fn p22_mapped_addresses_are_ipv4() {
        assert_eq!(
            order(&["[::ffff:1.0.0.1]:1", "1.0.0.2:1", "[::1]:1"]),
            ["[::ffff:1.0.0.1]:1", "[::1]:1", "1.0.0.2:1"]
        );
    }

    #[test]
    fn p37_shuffle_depends_on_the_seed_alone() {
        let all = list(&["1.0.0.1:1", "1.0.0.2:1", "1.0.0.3:1", "1.0.0.4:1", "1.0.0.5:1"]);
        let mut backwards = all.clone();
        backwards.reverse();
        let first = shuffled(all.clone(), 3);
        assert_eq!(first, shuffled(backwards, 3), "another order of the same list is the same shuffle");
        let orders: BTreeSet<_> = (0..50).map(|seed| shuffled(all.clone(), seed)).collect();
        assert!(orders.len() > 20, "seeds matter: {}", orders.len());
        let fewer = shuffled(all[..4].to_vec(), 3);
        assert_eq!(fewer, first.into_iter().filter(|a| *a != all[4]).collect::<Vec<_>>());
    }
}
