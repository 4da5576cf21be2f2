//! Names that are like one that was not found.

/// At most so many are given.
const GIVEN: usize = 5;

/// Those of `names` that somebody may have meant by `wanted`: the same but for case and separators, or one that begins or ends
/// with the other; the closest first.
pub(super) fn near<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let plain = |name: &str| name.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
    let wanted_plain = plain(wanted);
    if wanted_plain.is_empty() {
        return Vec::new();
    }
    let mut found: Vec<(usize, &str)> = names
        .into_iter()
        .filter(|name| *name != wanted)
        .filter_map(|name| {
            let own = plain(name);
            let rank = if own == wanted_plain {
                0
            } else if is_within_one_edit(&own, &wanted_plain) {
                1
            } else if own.len() >= 3 && wanted_plain.len() >= 3 && is_part(&own, &wanted_plain) {
                2
            } else {
                return None;
            };
            Some((rank, name))
        })
        .collect();
    found.sort_unstable();
    found.dedup();
    found.into_iter().take(GIVEN).map(|(_, name)| name.to_string()).collect()
}

/// Does one begin or end with the other?
fn is_part(one: &str, other: &str) -> bool {
    let (long, short) = if one.len() >= other.len() { (one, other) } else { (other, one) };
    long.starts_with(short) || long.ends_with(short)
}

/// One letter more, less or other, in names of at least three.
fn is_within_one_edit(one: &str, other: &str) -> bool {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let (long, short) = if one.len() >= other.len() { (one, other) } else { (other, one) };
    if short.len() < 3 || long.len() - short.len() > 1 {
        return false;
    }
    let same = long.iter().zip(&short).take_while(|(a, b)| a == b).count();
    let rest = if long.len() == short.len() { &short[(same + 1).min(short.len())..] } else { &short[same..] };
    long[(same + 1).min(long.len())..] == *rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_differ_in_case_separators_one_letter_or_an_affix() {
        let names = ["Pay_Service", "payservice2", "payment", "pay-servise", "orders", "prod-pay-service"];
        let found = near("pay-service", names);
        assert_eq!(found, ["Pay_Service", "pay-servise", "payservice2", "prod-pay-service"]);
        assert_eq!(near("pay", ["PAY", "pay", "pa", "payments"]), ["PAY", "payments"]);
        assert!(near("", ["pay"]).is_empty());
    }
}
