//! A `file:` registry in a temporary directory of its own; the directory is removed when this is dropped.

use std::fs;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use grpc_discover::platform::file;

/// A list of addresses in a file.
#[derive(Debug)]
pub struct Registry {
    directory: PathBuf,
    file: PathBuf,
}

impl Registry {
    /// Creates a new directory that no other user can enter, so that no other user can have put or changed a file in
    /// it.
    pub fn create() -> io::Result<Registry> {
        let directory = std::env::temp_dir().join(format!("grpc-discover-demo-{:016x}", fastrand::u64(..)));
        file::create_private_directory(&directory)?;
        Ok(Registry { file: directory.join("pay.json"), directory })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.file
    }

    /// Replaces the list: writes a file next to it and renames that, so that a reader never sees a partial list.
    pub fn write(&self, addresses: &[SocketAddr]) -> io::Result<()> {
        let list: Vec<String> = addresses.iter().map(|address| format!("  \"{address}\"")).collect();
        let new = self.directory.join("pay.json.new");
        file::create_private(&new)?.write_all(format!("[\n{}\n]\n", list.join(",\n")).as_bytes())?;
        fs::rename(new, &self.file)
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn no_other_user_may_enter_the_directory_or_read_the_file() {
        use std::os::unix::fs::PermissionsExt as _;
        let registry = Registry::create().expect("a directory");
        registry.write(&[]).expect("written");
        let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!((mode(&registry.directory), mode(registry.path())), (0o700, 0o600));
    }

    #[test]
    fn the_registry_leaves_nothing_behind() {
        let registry = Registry::create().expect("a directory");
        registry.write(&["127.0.0.1:1".parse().expect("an address")]).expect("written");
        assert_eq!(fs::read_to_string(registry.path()).expect("read"), "[\n  \"127.0.0.1:1\"\n]\n");
        let directory = registry.directory.clone();
        drop(registry);
        assert!(!directory.exists());
    }
}
