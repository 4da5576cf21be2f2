//! A server of a stranger.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A foreign HTTP server that records what it was sent.
pub struct ForeignServer {
    /// The address that it listens on.
    pub address: String,
    received: Arc<Mutex<Vec<u8>>>,
}

impl ForeignServer {
    /// On a free port of 127.0.0.1.
    pub fn new() -> ForeignServer {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let received = Arc::new(Mutex::new(Vec::new()));
        let kept = received.clone();
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let _ = stream.set_read_timeout(Some(Duration::from_millis(300)));
                let mut bytes = [0; 4096];
                while let Ok(read @ 1..) = stream.read(&mut bytes) {
                    kept.lock().unwrap().extend_from_slice(&bytes[..read]);
                    if bytes[..read].ends_with(b"\r\n\r\n") {
                        let _ = stream.write_all(b"HTTP/1.1 500 No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                    }
                }
            }
        });
        ForeignServer { address, received }
    }

    /// Everything that it received.
    pub fn received(&self) -> String {
        String::from_utf8_lossy(&self.received.lock().unwrap()).into_owned()
    }
}
