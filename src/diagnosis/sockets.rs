//! What to do about a Unix domain socket. It has no port, no host and no network, so the usual remedies do not apply.

use crate::model::endpoint::Address;
use crate::model::reach::{Failure, FailureCode, Stage};

/// The remedy for a Unix socket that could not be connected; `None` for everything else.
pub(super) fn remedy(address: &Address, failure: &Failure) -> Option<String> {
    if failure.stage != Stage::Unix {
        return None;
    }
    let text = match (failure.code, address) {
        (FailureCode::Refused, Address::UnixAbstract(_)) => {
            "Start the process that serves on this abstract socket, in the same network namespace: the name exists only while a process listens on it. `ss -xlp` lists the sockets with a listener."
                .to_string()
        }
        (FailureCode::Refused, _) => {
            "Start the process (or systemd unit) that serves on this socket: it stopped and left the file. `ss -xlp` lists the sockets with a listener."
                .to_string()
        }
        (FailureCode::NoSocket, _) => {
            "Start the server that creates the socket, and compare the path with the server's configuration; in a container, mount the directory of the socket."
                .to_string()
        }
        (FailureCode::NotASocket, _) => {
            "Compare the path with the one in the server's configuration: another file is at this path.".to_string()
        }
        (FailureCode::TimedOut, _) => {
            "Check the process that listens on the socket: it is frozen, or has no file descriptors left. `ss -xl` shows its queue."
                .to_string()
        }
        (FailureCode::Local, Address::Unix(path)) => format!(
            "Run as a user or group with write permission on the socket (`ls -ld {} {}`), or configure the server to create it with another mode.",
            path.parent().unwrap_or(path).display(),
            path.display()
        ),
        _ => return None,
    };
    Some(text)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn no_remedy_for_a_unix_socket_mentions_ports_or_the_network() {
        let codes = [
            FailureCode::Refused,
            FailureCode::NoSocket,
            FailureCode::NotASocket,
            FailureCode::TimedOut,
            FailureCode::Local,
        ];
        let path = Address::Unix("/run/pay.sock".into());
        for code in codes {
            let failure = |stage| Failure::new(stage, code, "", Duration::ZERO);
            let text = remedy(&path, &failure(Stage::Unix)).unwrap();
            for word in ["port", "loopback", "host", "deregister", "firewall"] {
                assert!(!text.contains(word), "{code:?}: {word}: {text}");
            }
            assert_eq!(remedy(&path, &failure(Stage::Tcp)), None);
        }
        let failure = Failure::new(Stage::Unix, FailureCode::Refused, "", Duration::ZERO);
        let text = remedy(&Address::UnixAbstract("pay".into()), &failure).unwrap();
        assert!(text.contains("network namespace") && !text.contains("left the file"), "{text}");
    }
}
