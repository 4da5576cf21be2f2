//! A gRPC server that responds to health checks and whose connections can be closed at a known time.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use super::Result;

/// `/grpc.health.v1.Health/Watch`, plain and in HPACK's Huffman code.
const WATCH: [&[u8]; 2] = [b"/grpc.health.v1.Health/Watch", &HUFFMAN_WATCH];
/// The Huffman form. It is always the same, because clients encode the path as a whole string.
const HUFFMAN_WATCH: [u8; 20] = [
    0x62, 0x6b, 0x2b, 0x22, 0xf3, 0x94, 0x74, 0x26, 0x75, 0xfb, 0x85, 0x7c, 0x65, 0x1d, 0x09, 0x9d, 0x8e, 0x43, 0x49,
    0x27,
];
/// SERVING as a gRPC message.
const SERVING: [u8; 7] = [0, 0, 0, 0, 2, 8, 1];

/// How a connection ends.
#[derive(Debug, Clone, Copy)]
pub enum Death {
    /// RST.
    Reset,
    /// FIN.
    Closed,
    /// GOAWAY; the connection stays open until the client closes it.
    GoAway,
}

/// The server. It runs as long as the process.
pub struct Victim {
    /// The port that it listens on, on 127.0.0.1.
    pub port: u16,
    connections: Receiver<TcpStream>,
}

impl Victim {
    /// Starts to listen.
    pub fn start() -> Result<Victim> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        let (sender, connections) = channel();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (Ok(()), Ok(handle)) = (stream.set_nodelay(true), stream.try_clone()) else { continue };
                if sender.send(handle).is_err() {
                    return;
                }
                std::thread::spawn(move || serve(stream));
            }
        });
        Ok(Victim { port, connections })
    }

    /// Ends the newest connection; returns the time just before.
    pub fn kill(&self, death: Death) -> Result<Instant> {
        let mut connection = self.connections.recv_timeout(Duration::from_secs(60))?;
        while let Ok(newer) = self.connections.try_recv() {
            connection = newer;
        }
        let at = Instant::now();
        match death {
            // Connecting to AF_UNSPEC resets an established connection, even if others have a descriptor of it.
            Death::Reset => rustix::net::connect_unspec(&connection)?,
            Death::Closed => connection.shutdown(std::net::Shutdown::Both)?,
            Death::GoAway => {
                let mut goaway = Vec::new();
                frame(&mut goaway, 7, 0, 0, &[0, 0, 0, 1, 0, 0, 0, 0]);
                connection.write_all(&goaway)?;
            }
        }
        Ok(at)
    }
}

/// Responds to frames until the connection ends.
fn serve(mut stream: TcpStream) {
    let (mut buffer, mut filled, mut greeted) = (vec![0; 64 * 1024], 0, false);
    while let Ok(count @ 1..) = stream.read(&mut buffer[filled..]) {
        filled += count;
        let (mut out, mut at) = (Vec::new(), 0);
        if !greeted {
            const PREFACE: usize = 24;
            if filled < PREFACE {
                continue;
            }
            (greeted, at) = (true, PREFACE);
            // SETTINGS_HEADER_TABLE_SIZE 0: no header is a reference to an earlier one.
            frame(&mut out, 4, 0, 0, &[0, 1, 0, 0, 0, 0]);
        }
        while let Some(&[high, middle, low, kind, flags, a, b, c, d]) = buffer.get(at..at + 9) {
            let length = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
            if at + 9 + length > filled {
                break;
            }
            let payload = &buffer[at + 9..at + 9 + length];
            let stream = u32::from_be_bytes([a, b, c, d]);
            match kind {
                1 => answer(&mut out, stream, WATCH.iter().any(|path| contains(payload, path))),
                4 if flags & 1 == 0 => frame(&mut out, 4, 1, 0, &[]),
                6 if flags & 1 == 0 => frame(&mut out, 6, 1, 0, payload),
                _ => {}
            }
            at += 9 + length;
        }
        buffer.copy_within(at..filled, 0);
        filled -= at;
        if stream.write_all(&out).is_err() {
            return;
        }
    }
}

/// SERVING; a Watch stays open, a Check is complete.
fn answer(out: &mut Vec<u8>, stream: u32, watch: bool) {
    // :status 200, content-type: application/grpc
    let mut block = vec![0x88, 0x0f, 0x10, 16];
    block.extend_from_slice(b"application/grpc");
    frame(out, 1, 4, stream, &block);
    frame(out, 0, 0, stream, &SERVING);
    if !watch {
        let mut trailers = vec![0, 11];
        trailers.extend_from_slice(b"grpc-status");
        trailers.extend_from_slice(&[1, b'0']);
        frame(out, 1, 5, stream, &trailers);
    }
}

fn frame(out: &mut Vec<u8>, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
    out.extend_from_slice(&(payload.len() as u32).to_be_bytes()[1..]);
    out.extend_from_slice(&[kind, flags]);
    out.extend_from_slice(&stream.to_be_bytes());
    out.extend_from_slice(payload);
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}
