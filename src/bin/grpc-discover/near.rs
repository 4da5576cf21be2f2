//! "Did you mean": words that resemble a mistyped one.

/// Up to three of `known` that resemble `word`, best first, without regard to case.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let word = word.to_lowercase();
    let mut near: Vec<(f64, &str)> = known
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(&word, &candidate.to_lowercase()), candidate))
        .filter(|(likeness, _)| *likeness > 0.75)
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0));
    near.into_iter().take(3).map(|(_, candidate)| candidate).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant_and_nothing_far_away() {
        assert_eq!(nearest("idel", ["idle", "tls", "service"]), ["idle"]);
        assert_eq!(nearest("gd210", ["GD201", "GD900"])[0], "GD201");
        assert!(nearest("zzz", ["idle", "tls"]).is_empty());
    }
}
