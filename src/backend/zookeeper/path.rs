//! ZooKeeper's rules for paths.

/// Why a text is not a path. The sentence follows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum PathError {
    /// No leading slash.
    #[error("must start with a slash")]
    NoSlash,
    /// `//`, or a trailing slash.
    #[error("contains an empty name")]
    EmptyName,
    /// `.`, `..` or a zero byte.
    #[error("contains . or .., which ZooKeeper does not allow")]
    Dots,
}

/// The rule of ZooKeeper's own clients (`PathUtils.validatePath`).
pub(super) fn check(path: &str) -> Result<(), PathError> {
    let Some(within) = path.strip_prefix('/') else { return Err(PathError::NoSlash) };
    match within.split('/').find(|name| matches!(*name, "" | "." | "..") || name.contains('\0')) {
        None => Ok(()),
        Some("") => Err(PathError::EmptyName),
        Some(_) => Err(PathError::Dots),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_what_zookeeper_takes_for_one() {
        assert_eq!(check("/microservices/pay"), Ok(()));
        for (invalid, why) in [
            ("pay", PathError::NoSlash),
            ("/", PathError::EmptyName),
            ("//pay", PathError::EmptyName),
            ("/pay/", PathError::EmptyName),
            ("/a/../b", PathError::Dots),
            ("/.", PathError::Dots),
        ] {
            assert_eq!(check(invalid), Err(why), "{invalid}");
        }
    }
}
