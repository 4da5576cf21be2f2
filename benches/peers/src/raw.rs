//! The minimum that a program must do to check a gRPC server: one write, and a look at the frames of the response.

use std::net::SocketAddrV4;

/// `grpc.health.v1` SERVING as a gRPC message.
const SERVING: [u8; 7] = [0, 0, 0, 0, 2, 8, 1];

/// Preface, SETTINGS, HEADERS and DATA of one `Health/Check`, to be sent in one write.
pub fn request(address: SocketAddrV4) -> Vec<u8> {
    let mut block = vec![0x83, 0x86];
    for (name, value) in [(&[0x04][..], "/grpc.health.v1.Health/Check"), (&[0x01], &address.to_string())] {
        block.extend_from_slice(name);
        text(&mut block, value);
    }
    block.extend_from_slice(&[0x0f, 0x10]);
    text(&mut block, "application/grpc");
    block.push(0);
    text(&mut block, "te");
    text(&mut block, "trailers");
    let mut bytes = greeting();
    frame(&mut bytes, 1, 0x4, 1, &block);
    frame(&mut bytes, 0, 0x1, 1, &[0; 5]);
    bytes
}

/// Preface and empty SETTINGS.
pub fn greeting() -> Vec<u8> {
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    frame(&mut bytes, 4, 0, 0, &[]);
    bytes
}

fn text(block: &mut Vec<u8>, text: &str) {
    // Every text here is shorter than 127 bytes: one length byte, no Huffman code.
    block.push(text.len() as u8);
    block.extend_from_slice(text.as_bytes());
}

fn frame(out: &mut Vec<u8>, kind: u8, flags: u8, stream: u8, payload: &[u8]) {
    out.extend_from_slice(&[0, (payload.len() >> 8) as u8, payload.len() as u8, kind, flags, 0, 0, 0, stream]);
    out.extend_from_slice(payload);
}

/// The response so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Answer {
    /// The server's SETTINGS.
    pub settings: bool,
    /// GOAWAY.
    pub goaway: bool,
    /// SERVING.
    pub serving: bool,
    /// The RPC is over.
    pub over: bool,
}

/// Reads all complete frames in `bytes`; returns their content and their total size.
pub fn read(bytes: &[u8]) -> (Answer, usize) {
    let (mut answer, mut at) = (Answer::default(), 0);
    while let Some(&[high, middle, low, kind, flags, _, _, _, stream]) = bytes.get(at..at + 9) {
        let length = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
        let Some(payload) = bytes.get(at + 9..at + 9 + length) else { break };
        match (kind, stream) {
            (0, 1) => answer.serving |= payload == SERVING,
            (4, 0) => answer.settings |= flags & 1 == 0,
            (7, 0) => answer.goaway = true,
            _ => {}
        }
        answer.over |= stream == 1 && kind <= 1 && flags & 1 == 1;
        at += 9 + length;
    }
    (answer, at)
}
