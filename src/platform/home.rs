//! The user's home directory.

use std::path::PathBuf;

/// The variables that name it; the first one that is set is used.
pub const VARIABLES: &[&str] = if cfg!(windows) { &["HOME", "USERPROFILE"] } else { &["HOME"] };

/// The directory, from the variables of `env`.
pub fn directory(env: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    VARIABLES.iter().find_map(|name| env(name).filter(|value| !value.is_empty())).map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_variable_counts_as_none() {
        let of = |set: &str, value: &str| directory(|name| (name == set).then(|| value.to_string()));
        assert_eq!(of("HOME", "/home/ann"), Some(PathBuf::from("/home/ann")));
        assert_eq!(of("HOME", ""), None);
        assert_eq!(of("USERPROFILE", r"C:\Users\ann").is_some(), cfg!(windows));
    }
}
