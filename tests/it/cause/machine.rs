//! Causes on this machine: Unix sockets in every state, and limits that leave no room for another connection.

use std::os::unix::net::UnixListener;

use socket2::{Domain, SockAddr, Socket, Type};

use super::scenario::{Run, command, probe};
use super::setup::{Answer, Setup};

/// The process that listened has exited; its file still exists.
pub fn unix_socket_without_listener(setup: &mut Setup) -> Option<Run> {
    let path = setup.path("stale.sock");
    drop(UnixListener::bind(&path).unwrap());
    let target = format!("unix:{}", path.display());
    Some(probe(&[&target]).answer_with(&["stale.sock: unix: the socket file exists, but no process listens on it"]))
}

pub fn regular_file_in_place_of_a_socket(setup: &mut Setup) -> Option<Run> {
    let target = format!("unix:{}", setup.file("plain", ""));
    Some(probe(&[&target]).answer_with(&["plain: unix: not a socket: the path is a regular file"]))
}

pub fn directory_in_place_of_a_socket(setup: &mut Setup) -> Option<Run> {
    let path = setup.path("directory");
    std::fs::create_dir(&path).unwrap();
    let target = format!("unix:{}", path.display());
    Some(probe(&[&target]).answer_with(&["directory: unix: not a socket: the path is a directory"]))
}

pub fn abstract_socket_without_listener(_: &mut Setup) -> Option<Run> {
    let target = format!("unix-abstract:grpc-discover-nobody-{}", std::process::id());
    Some(probe(&[&target]).answer_with(&["unix: no process listens on this abstract socket"]))
}

/// A listener that accepts nothing: its queue of one is full.
pub fn unix_socket_that_does_not_accept(setup: &mut Setup) -> Option<Run> {
    let name = format!("grpc-discover-full-{}", std::process::id());
    let socket = || Socket::new(Domain::UNIX, Type::STREAM, None).unwrap();
    let (listener, filler) = (socket(), socket());
    let address = SockAddr::unix(format!("\0{name}")).unwrap();
    listener.bind(&address).unwrap();
    listener.listen(0).unwrap();
    filler.connect(&address).unwrap();
    setup.keep((listener, filler));
    let target = format!("unix-abstract:{name}");
    Some(probe(&[&target]).answer_with(&["unix: the listening process does not accept connections: its queue is full"]))
}

/// A channel to each of 80 healthy endpoints, and room for some 30.
pub fn more_endpoints_than_open_files(setup: &mut Setup) -> Option<Run> {
    let addresses: Vec<String> = (0..80).map(|_| setup.serves(Answer::Status(1))).collect();
    let registry = setup.registry("pay.json", &addresses.iter().map(String::as_str).collect::<Vec<_>>());
    let run = command("watch", &["--for", "2s", &registry]).under("ulimit -n 48");
    Some(run.answer_with(&["of 80 endpoints were not tried: this machine has no open files left (the limit of open connections is reached; the rest is reserved for registries)"]))
}

/// Plaintext that was not requested, and a header that must not be sent in it.
pub fn metadata_and_a_plaintext_port(setup: &mut Setup) -> Option<Run> {
    let port = setup.serves(Answer::Status(1));
    let run = command("probe", &["-H", "authorization: sesame", &port]);
    Some(run.answer_with(&["uses plaintext, and metadata is not sent in plaintext unless --plaintext is given"]))
}
