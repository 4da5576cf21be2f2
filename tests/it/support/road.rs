//! A forwarder between a client and a server that can be closed: the client's connections are closed, and new ones
//! are closed at once, as with a proxy whose upstream is gone.

use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// Forwards to one server. Its thread lives as long as the test.
pub struct Road {
    /// Where a client connects.
    pub address: SocketAddr,
    travellers: Arc<Mutex<Travellers>>,
}

#[derive(Default)]
struct Travellers {
    is_closed: bool,
    connections: Vec<TcpStream>,
}

impl Road {
    /// A forwarder to `server`, open.
    pub fn to(server: SocketAddr) -> Road {
        Road::from(TcpListener::bind("127.0.0.1:0").expect("a port"), server)
    }

    /// A forwarder on `listener`, possibly in another network namespace.
    pub fn from(listener: TcpListener, server: SocketAddr) -> Road {
        let address = listener.local_addr().expect("its address");
        let travellers = Arc::new(Mutex::new(Travellers::default()));
        let road = Road { address, travellers: Arc::clone(&travellers) };
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let mut travellers = travellers.lock().unwrap();
                let Ok(server) = TcpStream::connect(server) else { continue };
                if !travellers.is_closed && lead(&client, &server).is_ok() {
                    travellers.connections.extend([client, server]);
                }
            }
        });
        road
    }

    /// Closes every connection, and each new one.
    pub fn close(&self) {
        let mut travellers = self.travellers.lock().unwrap();
        travellers.is_closed = true;
        for connection in travellers.connections.drain(..) {
            let _ = connection.shutdown(Shutdown::Both);
        }
    }

    /// Accepts clients again.
    pub fn open(&self) {
        self.travellers.lock().unwrap().is_closed = false;
    }

    /// Whether there is a connection.
    pub fn is_used(&self) -> bool {
        !self.travellers.lock().unwrap().connections.is_empty()
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
