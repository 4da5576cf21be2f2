//! The table of systems in README.md, as far as it can be tested on the current system.

use std::io;
use std::net::{TcpListener, TcpStream};

use crate::model::endpoint::Address;
use crate::net::dial::{Dial as _, Sockets};

use super::{interface, open_files, tcp, user};

/// README.md's statements about this system: what each cell starts with, by the name of its row.
fn stated() -> Vec<(String, bool)> {
    let readme = include_str!("../../README.md");
    let cells = |line: &str| -> Vec<String> { line.split('|').map(|cell| cell.trim().to_string()).collect() };
    let mut lines = readme.lines().skip_while(|line| !line.starts_with("| what | Linux"));
    let head = cells(lines.next().expect("the table of systems"));
    let name = if cfg!(target_os = "linux") {
        "Linux"
    } else if cfg!(windows) {
        "Windows"
    } else {
        "macOS"
    };
    let column = head.iter().position(|cell| cell == name).expect("a column for this system");
    let rows = lines.skip(1).take_while(|line| line.starts_with('|')).map(cells);
    rows.map(|row| (row[1].clone(), row[column].starts_with("yes"))).collect()
}

async fn is_dialed(address: &str) -> bool {
    let result = Sockets.dial(&address.parse::<Address>().expect("an address")).await;
    !result.is_err_and(|error| error.kind() == io::ErrorKind::Unsupported)
}

#[tokio::test]
async fn readme_states_what_this_system_has_and_lacks() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
    let stream = TcpStream::connect(listener.local_addr().expect("an address")).expect("a connection");
    let stated = stated();
    for (row, has) in [
        ("Unix sockets", is_dialed("unix:/nonexistent").await),
        ("abstract Unix sockets", is_dialed("unix-abstract:nonexistent").await),
        ("IPv6 zones by name", ["lo", "lo0"].iter().any(|name| interface::index(name).is_some())),
        ("TCP's data on a connection", tcp::facts(&stream).is_some()),
        ("owner and mode of a found configuration file", user::effective().is_some()),
        ("the limit of open files", open_files::raise_limit().is_some()),
    ] {
        let found = stated.iter().find(|(name, _)| name.starts_with(row));
        assert_eq!(found.map(|(_, has)| *has), Some(has), "{row}");
    }
}
