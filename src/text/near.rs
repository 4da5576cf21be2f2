//! Names similar to one that was not found: mistyped flags, schemes and services.

/// At most this many are returned.
const GIVEN: usize = 5;

/// Those of `names` that `wanted` may stand for, the closest first: equal except for case and separators, or with a
/// few letters added, missing, changed or swapped, or one a prefix or suffix of the other. At most five.
pub fn near<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let wanted_plain = plain(wanted);
    if wanted_plain.is_empty() {
        return Vec::new();
    }
    let mut found: Vec<(usize, f64, &str)> = names
        .into_iter()
        .filter(|name| *name != wanted)
        .filter_map(|name| {
            let own = plain(name);
            Some((distance(&own, &wanted_plain)?, strsim::jaro_winkler(&own, &wanted_plain), name))
        })
        .collect();
    found.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)).then(a.2.cmp(b.2)));
    found.dedup_by_key(|(_, _, name)| *name);
    found.into_iter().take(GIVEN).map(|(_, _, name)| name).collect()
}

/// Letters and digits in lower case.
fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase()
}

/// The distance of two names; `None` for names that are not similar.
fn distance(one: &str, other: &str) -> Option<usize> {
    let (long, short) = if one.len() >= other.len() { (one, other) } else { (other, one) };
    // A few edits leave a longer name recognisable; they turn a short one into another.
    let allowed = match short.chars().count() {
        0..3 => 0,
        3..6 => 1,
        _ => 2,
    };
    // The cost of comparing is the product of the lengths.
    if long.len() - short.len() <= 8 && long.len() <= 128 {
        let edits = strsim::osa_distance(one, other);
        if edits <= allowed {
            return Some(edits);
        }
    }
    (short.len() >= 3 && (long.starts_with(short) || long.ends_with(short))).then_some(allowed + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_differ_in_case_separators_letters_or_an_affix() {
        let names = ["Pay_Service", "payservice2", "payment", "pay-servise", "orders", "prod-pay-service"];
        let found = near("pay-service", names);
        assert_eq!(found, ["Pay_Service", "payservice2", "pay-servise", "prod-pay-service"]);
        assert_eq!(near("pay", ["PAY", "pay", "pa", "payments"]), ["PAY", "payments"]);
        assert!(near("", ["pay"]).is_empty());
    }

    #[test]
    fn swapped_letters_are_near_and_nothing_far_away_is() {
        assert_eq!(near("idel", ["idle", "tls", "service"]), ["idle"]);
        assert_eq!(near("gd210", ["GD211", "GD201", "GD900"])[0], "GD201");
        assert!(near("zzz", ["idle", "tls"]).is_empty());
    }
}
