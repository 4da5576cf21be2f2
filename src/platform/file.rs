//! Reads files that may be of any kind: regular files only, with a size limit, and without waiting for the other end
//! of a pipe.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read as _};
use std::path::Path;

/// Maximum size of configuration, token and header files.
pub const SMALL: u64 = 1 << 20;
/// Maximum size of a file of certificates, and of a list of endpoints.
pub const LARGE: u64 = 16 << 20;

/// The byte order mark with which some editors start UTF-8 files.
const BOM: &[u8] = "\u{feff}".as_bytes();

/// Opens a regular file. Anything else is an error at once: opening a pipe would wait for its writer, and opening a
/// device may have side effects.
///
/// # Errors
///
/// Returns an error when it does not exist, may not be read, or is not a regular file.
pub fn open(path: &Path) -> io::Result<(File, Metadata)> {
    regular(&std::fs::metadata(path)?)?;
    let mut options = OpenOptions::new();
    options.read(true);
    // It may have been replaced by a pipe meanwhile.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, nix::libc::O_NONBLOCK);
    let file = options.open(path)?;
    let metadata = file.metadata()?;
    regular(&metadata)?;
    Ok((file, metadata))
}

/// The bytes of an open file, without a byte order mark.
///
/// # Errors
///
/// Returns an error when it cannot be read, or has more than `most` bytes.
pub fn bytes(file: File, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        let text = format!("is larger than {} MiB", most >> 20);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, text));
    }
    if bytes.starts_with(BOM) {
        bytes.drain(..BOM.len());
    }
    Ok(bytes)
}

/// [`bytes()`] as UTF-8.
///
/// # Errors
///
/// As for [`bytes()`]; or when it is not UTF-8, with the position of the byte.
pub fn text(file: File, most: u64) -> io::Result<String> {
    String::from_utf8(bytes(file, most)?).map_err(|error| {
        let text = format!("is not valid UTF-8 at byte {}", error.utf8_error().valid_up_to());
        io::Error::new(io::ErrorKind::InvalidData, text)
    })
}

/// [`open`] and [`bytes()`].
///
/// # Errors
///
/// As for both.
pub fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    bytes(open(path)?.0, most)
}

/// [`open`] and [`text`].
///
/// # Errors
///
/// As for both.
pub fn read_text(path: &Path, most: u64) -> io::Result<String> {
    text(open(path)?.0, most)
}

/// Why a file cannot be read, as a text after the file's name: `no such file`.
pub fn why(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file".to_string(),
        io::ErrorKind::IsADirectory => "is a directory".to_string(),
        io::ErrorKind::PermissionDenied => "permission denied".to_string(),
        _ if error.raw_os_error().is_none() => error.to_string(),
        _ => {
            let text = error.to_string();
            text.split(" (os error").next().unwrap_or(&text).to_lowercase()
        }
    }
}

fn regular(metadata: &Metadata) -> io::Result<()> {
    if metadata.is_file() {
        return Ok(());
    }
    if metadata.is_dir() {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, "is a directory"));
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, format!("is {}, not a regular file", kind(metadata))))
}

/// Is this the type of a Unix socket? True if the system does not show it.
#[cfg(unix)]
pub fn is_socket(kind: std::fs::FileType) -> bool {
    std::os::unix::fs::FileTypeExt::is_socket(&kind)
}

/// As above.
#[cfg(not(unix))]
pub fn is_socket(_: std::fs::FileType) -> bool {
    true
}

/// A new directory that only this user may enter (mode 0700; on Windows it inherits the permissions of its parent).
///
/// # Errors
///
/// Returns an error when it cannot be created, or exists already.
pub fn create_private_directory(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    return std::os::unix::fs::DirBuilderExt::mode(&mut std::fs::DirBuilder::new(), 0o700).create(path);
    #[cfg(not(unix))]
    return std::fs::create_dir(path);
}

/// An empty file for writing; a new one can be read by this user only (mode 0600, as for a directory).
///
/// # Errors
///
/// Returns an error when it cannot be opened.
pub fn create_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(unix)]
fn kind(metadata: &Metadata) -> &'static str {
    use std::os::unix::fs::FileTypeExt as _;
    let kind = metadata.file_type();
    if kind.is_fifo() {
        "a pipe"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}

#[cfg(not(unix))]
fn kind(_: &Metadata) -> &'static str {
    "something else"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regular_files_are_read_up_to_the_limit_and_without_a_byte_order_mark() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("f");
        std::fs::write(&path, "\u{feff}pay\n").unwrap();
        assert_eq!(read_text(&path, SMALL).unwrap(), "pay\n");
        std::fs::write(&path, vec![b'#'; SMALL as usize]).unwrap();
        assert_eq!(read(&path, SMALL).unwrap().len() as u64, SMALL);
        std::fs::write(&path, vec![b'#'; SMALL as usize + 1]).unwrap();
        let error = read(&path, SMALL).unwrap_err();
        assert_eq!((error.kind(), error.to_string().as_str()), (io::ErrorKind::FileTooLarge, "is larger than 1 MiB"));
        std::fs::write(&path, b"ab\xff").unwrap();
        assert_eq!(read_text(&path, SMALL).unwrap_err().to_string(), "is not valid UTF-8 at byte 2");
    }

    #[cfg(unix)]
    #[test]
    fn pipes_devices_directories_and_links_to_them_are_errors_at_once() {
        let directory = tempfile::tempdir().unwrap();
        let pipe = directory.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let link = directory.path().join("link");
        std::os::unix::fs::symlink("/dev/zero", &link).unwrap();
        for (path, why) in [
            (pipe.as_path(), "is a pipe, not a regular file"),
            (Path::new("/dev/zero"), "is a device, not a regular file"),
            (link.as_path(), "is a device, not a regular file"),
            (directory.path(), "is a directory"),
        ] {
            assert_eq!(read(path, SMALL).unwrap_err().to_string(), why, "{}", path.display());
        }
    }
}
