//! Counts and plurals.

/// `1 endpoint`, `3 endpoints`.
pub fn count(number: usize, one: &str) -> String {
    format!("{number} {one}{}", plural_s(number))
}

/// `one` for one, else `many`.
pub const fn plural<'a>(number: usize, one: &'a str, many: &'a str) -> &'a str {
    if number == 1 { one } else { many }
}

/// The ending of a regular plural: nothing for one, else `s`.
pub const fn plural_s(number: usize) -> &'static str {
    plural(number, "", "s")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_is_singular() {
        assert_eq!(
            [count(0, "endpoint"), count(1, "record"), count(2, "record")],
            ["0 endpoints", "1 record", "2 records"]
        );
        assert_eq!((plural(1, "try", "tries"), plural(0, "try", "tries")), ("try", "tries"));
    }
}
