//! Lists in sentences.

use std::fmt::{Display, Write as _};

/// The first `limit` of `items`, joined by `between`, and the number of the others: `a, b and 3 more`. After clauses
/// the separator stays: `a; b; and 3 more`.
pub fn few<T: Display>(items: impl IntoIterator<Item = T>, between: &str, limit: usize) -> String {
    let mut items = items.into_iter();
    let mut text = join(items.by_ref().take(limit), between);
    match items.count() {
        0 => {}
        more if between.starts_with(';') => {
            let _ = write!(text, "{between}and {more} more");
        }
        more => {
            let _ = write!(text, " and {more} more");
        }
    }
    text
}

/// `a`, `a and b`, `a, b and c`.
pub fn all_of<T: Display>(items: impl IntoIterator<Item = T>) -> String {
    ended_by(items, " and ")
}

/// `a`, `a or b`, `a, b or c`.
pub fn any_of<T: Display>(items: impl IntoIterator<Item = T>) -> String {
    ended_by(items, " or ")
}

fn ended_by<T: Display>(items: impl IntoIterator<Item = T>, word: &str) -> String {
    let mut items: Vec<T> = items.into_iter().collect();
    match items.pop() {
        None => String::new(),
        Some(last) if items.is_empty() => last.to_string(),
        Some(last) => format!("{}{word}{last}", join(items, ", ")),
    }
}

fn join<T: Display>(items: impl IntoIterator<Item = T>, between: &str) -> String {
    let mut text = String::new();
    for (index, item) in items.into_iter().enumerate() {
        let _ = write!(text, "{}{item}", if index == 0 { "" } else { between });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_ends_with_how_many_more_there_are() {
        assert_eq!(few([1, 2, 3], ", ", 3), "1, 2, 3");
        assert_eq!(few([1, 2, 3, 4], ", ", 2), "1, 2 and 2 more");
        assert_eq!(few(["a", "b", "c"], "; ", 2), "a; b; and 1 more");
        assert_eq!(few([""; 0], ", ", 2), "");
    }

    #[test]
    fn the_last_of_a_list_follows_a_conjunction() {
        assert_eq!(
            [all_of([""; 0]), all_of(["a"]), all_of(["a", "b"]), all_of(["a", "b", "c"])],
            ["", "a", "a and b", "a, b and c"]
        );
        assert_eq!(any_of(["a", "b", "c"]), "a, b or c");
    }
}
