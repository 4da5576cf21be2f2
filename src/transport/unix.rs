//! Why a Unix domain socket could not be connected: the file system shows more than the kernel's "connection
//! refused", which also stands for a regular file and a directory.

use std::io;
use std::path::Path;

use super::socket_error;
use crate::model::endpoint::Address;
use crate::model::reach::FailureCode;
use crate::platform::errno::EPROTOTYPE;
use crate::platform::file::is_socket;

/// The code and the sentence for a failed connection to the Unix socket `address`.
pub(super) fn classify(address: &Address, error: &io::Error) -> (FailureCode, String) {
    use io::ErrorKind;
    let (code, kernel) = socket_error::classify(error);
    let Address::Unix(path) = address else {
        return match error.kind() {
            ErrorKind::ConnectionRefused => {
                (FailureCode::Refused, "no process listens on this abstract socket".to_string())
            }
            ErrorKind::WouldBlock => (FailureCode::TimedOut, FULL.to_string()),
            _ => (code, kernel),
        };
    };
    let path = Path::new(path);
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => (FailureCode::NoSocket, missing(path, &kernel)),
        ErrorKind::PermissionDenied => {
            (FailureCode::Local, format!("{kernel}: this user cannot open the socket ({})", obstacle(path)))
        }
        ErrorKind::WouldBlock => (FailureCode::TimedOut, FULL.to_string()),
        ErrorKind::InvalidInput => {
            (FailureCode::NoSocket, "the path is too long for a Unix socket (at most 107 bytes on Linux)".to_string())
        }
        _ if error.raw_os_error() == Some(EPROTOTYPE) => {
            (FailureCode::NotASocket, "the socket exists but is not a stream socket (SOCK_STREAM)".to_string())
        }
        _ => refused(path, code, kernel),
    }
}

const FULL: &str = "the listening process does not accept connections: its queue is full";

/// For a connection that failed although the file exists.
fn refused(path: &Path, code: FailureCode, kernel: String) -> (FailureCode, String) {
    let not_a_socket = |what: &str| (FailureCode::NotASocket, format!("not a socket: the path is {what}"));
    match std::fs::metadata(path).map(|file| file.file_type()) {
        Ok(kind) if kind.is_file() => not_a_socket("a regular file"),
        Ok(kind) if kind.is_dir() => not_a_socket("a directory"),
        Ok(kind) if !is_socket(kind) => not_a_socket("a device or a pipe"),
        Ok(_) if code == FailureCode::Refused => {
            (code, "the socket file exists, but no process listens on it".to_string())
        }
        Ok(_) | Err(_) => (code, kernel),
    }
}

/// What exactly does not exist: the file, or a directory on its path.
fn missing(path: &Path, kernel: &str) -> String {
    let parents: Vec<&Path> = path.ancestors().skip(1).filter(|parent| !parent.as_os_str().is_empty()).collect();
    for parent in parents.into_iter().rev() {
        match std::fs::metadata(parent) {
            Ok(file) if file.is_dir() => {}
            Ok(_) => return format!("no socket: {} is not a directory", parent.display()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return format!("no socket: directory {} does not exist", parent.display());
            }
            Err(_) => return format!("no socket: {kernel}"),
        }
    }
    match std::fs::symlink_metadata(path) {
        Ok(link) if link.is_symlink() => {
            "no socket: the path is a symbolic link to a file that does not exist".to_string()
        }
        Ok(_) | Err(_) => "no socket file at this path".to_string(),
    }
}

/// Which permission is missing.
fn obstacle(path: &Path) -> &'static str {
    match std::fs::symlink_metadata(path) {
        Ok(_) => "no write permission on the socket file",
        Err(_) => "no search permission on a directory of the path",
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    fn fails(address: &Address, number: i32) -> (FailureCode, String) {
        classify(address, &io::Error::from_raw_os_error(number))
    }

    #[test]
    fn the_file_system_shows_why_a_unix_socket_cannot_be_connected() {
        const REFUSED: i32 = 111;
        let here = tempfile::tempdir().unwrap();
        let at = |name: &str| Address::Unix(here.path().join(name).to_str().unwrap().into());
        std::fs::write(here.path().join("plain"), "").unwrap();
        std::fs::create_dir(here.path().join("directory")).unwrap();
        std::os::unix::fs::symlink("nowhere", here.path().join("link")).unwrap();
        drop(std::os::unix::net::UnixListener::bind(here.path().join("stale")).unwrap());

        let cases = [
            ("stale", REFUSED, FailureCode::Refused, "the socket file exists, but no process listens on it"),
            ("plain", REFUSED, FailureCode::NotASocket, "not a socket: the path is a regular file"),
            ("directory", REFUSED, FailureCode::NotASocket, "not a socket: the path is a directory"),
            ("none", 2, FailureCode::NoSocket, "no socket file at this path"),
            ("none/x", 2, FailureCode::NoSocket, "no socket: directory "),
            ("plain/x", 20, FailureCode::NoSocket, "/plain is not a directory"),
            ("link", 2, FailureCode::NoSocket, "a symbolic link to a file that does not exist"),
            ("stale", 13, FailureCode::Local, "no write permission"),
            ("stale", 11, FailureCode::TimedOut, "its queue is full"),
            ("stale", 91, FailureCode::NotASocket, "not a stream socket"),
        ];
        for (name, number, code, words) in cases {
            let (got, text) = fails(&at(name), number);
            assert_eq!(got, code, "{name} {number}: {text}");
            assert!(text.contains(words), "{name} {number}: {text}");
            assert!(!text.contains("port") && !text.contains("tcp"), "{text}");
        }
        let (code, text) = fails(&Address::UnixAbstract("pay".into()), REFUSED);
        assert_eq!((code, text.as_str()), (FailureCode::Refused, "no process listens on this abstract socket"));
    }
}
