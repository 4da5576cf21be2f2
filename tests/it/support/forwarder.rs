//! A forwarder between a client and a server that can be closed: the client's connections are closed, and new ones
//! are closed at once, as with a proxy whose upstream is gone.

use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// Forwards to one server. Its thread lives as long as the test.
pub struct Forwarder {
    /// Where a client connects.
    pub address: SocketAddr,
    connections_through: Arc<Mutex<Forwarded>>,
}

#[derive(Default)]
struct Forwarded {
    is_closed: bool,
    connections: Vec<TcpStream>,
}

impl Forwarder {
    /// A forwarder to `server`, open.
    pub fn to(server: SocketAddr) -> Forwarder {
        Forwarder::from(TcpListener::bind("127.0.0.1:0").expect("a port"), server)
    }

    /// A forwarder on `listener`, possibly in another network namespace.
    pub fn from(listener: TcpListener, server: SocketAddr) -> Forwarder {
        let address = listener.local_addr().expect("its address");
        let connections_through = Arc::new(Mutex::new(Forwarded::default()));
        let forwarder = Forwarder { address, connections_through: Arc::clone(&connections_through) };
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let mut connections_through = connections_through.lock().unwrap();
                let Ok(server) = TcpStream::connect(server) else { continue };
                if !connections_through.is_closed && lead(&client, &server).is_ok() {
                    connections_through.connections.extend([client, server]);
                }
            }
        });
        forwarder
    }

    /// Closes every connection, and each new one.
    pub fn close(&self) {
        let mut connections_through = self.connections_through.lock().unwrap();
        connections_through.is_closed = true;
        for connection in connections_through.connections.drain(..) {
            let _ = connection.shutdown(Shutdown::Both);
        }
    }

    /// Accepts clients again.
    pub fn open(&self) {
        self.connections_through.lock().unwrap().is_closed = false;
    }

    /// Whether there is a connection.
    pub fn is_used(&self) -> bool {
        !self.connections_through.lock().unwrap().connections.is_empty()
    }
}

/// Forwards bytes in both directions until one side closes its end.
fn lead(client: &TcpStream, server: &TcpStream) -> io::Result<()> {
    for (from, to) in [(client, server), (server, client)] {
        let (mut from, mut to) = (from.try_clone()?, to.try_clone()?);
        std::thread::spawn(move || {
            let _ = io::copy(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Both);
        });
    }
    Ok(())
}
