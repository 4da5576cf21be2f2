//! HTTP/2 frame headers, and the protocol of a peer's first bytes: pure, no I/O.

use crate::model::reach::{FailureCode, FirstBytes, GoAway, PeerSettings};
use crate::text::quote_bytes;

/// The largest frame that a peer may send before it was allowed more (RFC 9113, 4.2).
const MAX_FIRST_FRAME: usize = 16_384;
/// How much of a payload is kept: enough for every SETTINGS frame, and every reasonable debug text and header block.
const KEPT: usize = 1_024;

/// How much is kept of the payload of a frame of this kind.
fn kept(kind: u8) -> usize {
    match kind {
        // The length of the padding.
        DATA => 1,
        HEADERS | CONTINUATION => 4 * KEPT,
        PRIORITY..=WINDOW_UPDATE => KEPT,
        _ => 0,
    }
}

const HEADER: usize = 9;

pub(super) const DATA: u8 = 0x0;
pub(super) const HEADERS: u8 = 0x1;
pub(super) const PRIORITY: u8 = 0x2;
pub(super) const RST_STREAM: u8 = 0x3;
pub(super) const SETTINGS: u8 = 0x4;
pub(super) const PUSH_PROMISE: u8 = 0x5;
pub(super) const PING: u8 = 0x6;
pub(super) const GOAWAY: u8 = 0x7;
pub(super) const WINDOW_UPDATE: u8 = 0x8;
pub(super) const CONTINUATION: u8 = 0x9;
pub(super) const ACK: u8 = 0x1;
pub(super) const END_STREAM: u8 = 0x1;

/// A frame that was read completely.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    pub kind: u8,
    pub flags: u8,
    pub stream: u32,
    /// Length of the whole payload.
    pub length: usize,
    /// The first bytes of the payload: as many as [`kept`] gives for the kind.
    pub payload: &'a [u8],
}

impl Frame<'_> {
    pub fn is_ack(&self) -> bool {
        self.flags & ACK != 0
    }
}

/// Finds the frames in a stream of bytes, whatever the sizes of the reads.
#[derive(Debug, Default)]
pub(super) struct Frames {
    header: [u8; HEADER],
    have: usize,
    /// Number of bytes of the current payload that are still missing.
    rest: usize,
    kept: Vec<u8>,
}

impl Frames {
    /// True between two frames.
    pub fn at_boundary(&self) -> bool {
        self.have == 0
    }

    /// The length of the frame that is being read, when it exceeds what a peer may send by default.
    pub fn too_long(&self) -> Option<usize> {
        self.started().map(|frame| frame.length).filter(|length| *length > MAX_FIRST_FRAME)
    }

    /// The frame that is being read, without its payload.
    pub fn started(&self) -> Option<Frame<'static>> {
        (self.have == HEADER).then(|| head(&self.header, &[]))
    }

    /// Processes the next `bytes` and calls `seen` for every frame that ends in them.
    pub fn feed(&mut self, mut bytes: &[u8], mut seen: impl FnMut(Frame<'_>)) {
        while !bytes.is_empty() {
            if self.have < HEADER {
                let (taken, left) = bytes.split_at(bytes.len().min(HEADER - self.have));
                self.header[self.have..self.have + taken.len()].copy_from_slice(taken);
                self.have += taken.len();
                bytes = left;
                if self.have < HEADER {
                    return;
                }
                self.rest = length(&self.header);
            }
            let (taken, left) = bytes.split_at(bytes.len().min(self.rest));
            self.rest -= taken.len();
            bytes = left;
            let room = kept(self.header[3]).saturating_sub(self.kept.len());
            let wanted = &taken[..taken.len().min(room)];
            if self.rest > 0 {
                self.kept.extend_from_slice(wanted);
                return;
            }
            if self.kept.is_empty() {
                seen(head(&self.header, wanted));
            } else {
                self.kept.extend_from_slice(wanted);
                seen(head(&self.header, &self.kept));
                self.kept = Vec::new();
            }
            self.have = 0;
        }
    }
}

/// The frame that `header` announces, with the start of its payload.
fn head<'a>(header: &[u8; HEADER], payload: &'a [u8]) -> Frame<'a> {
    let [_, _, _, kind, flags, a, b, c, d] = *header;
    let stream = u32::from_be_bytes([a & 0x7f, b, c, d]);
    Frame { kind, flags, stream, length: length(header), payload }
}

fn length(header: &[u8]) -> usize {
    usize::from(header[0]) << 16 | usize::from(header[1]) << 8 | usize::from(header[2])
}

/// The values of a SETTINGS payload.
pub(super) fn settings(payload: &[u8]) -> PeerSettings {
    let mut settings = PeerSettings::default();
    update(&mut settings, payload);
    settings
}

/// Applies the values of a SETTINGS payload. Identifiers that are not reported are skipped; of an identifier that
/// occurs twice, the last value counts.
pub(super) fn update(settings: &mut PeerSettings, payload: &[u8]) {
    for entry in payload.chunks_exact(6) {
        let value = Some(u32::from_be_bytes([entry[2], entry[3], entry[4], entry[5]]));
        match u16::from_be_bytes([entry[0], entry[1]]) {
            0x1 => settings.header_table_size = value,
            0x3 => settings.max_concurrent_streams = value,
            0x4 => settings.initial_window_size = value,
            0x5 => settings.max_frame_size = value,
            0x6 => settings.max_header_list_size = value,
            _ => {}
        }
    }
}

/// A GOAWAY payload; `None` when it is shorter than the eight bytes that every GOAWAY has.
pub(super) fn goaway(payload: &[u8]) -> Option<GoAway> {
    let (fixed, debug) = payload.split_at_checked(8)?;
    let word = |at: usize| u32::from_be_bytes([fixed[at], fixed[at + 1], fixed[at + 2], fixed[at + 3]]);
    Some(GoAway { last_stream: word(0) & 0x7fff_ffff, code: word(4), debug: quote_bytes(debug, 200) })
}

/// The protocol of a peer's first bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Opening {
    /// Too few bytes to decide.
    Undecided,
    /// A frame header.
    Http2,
    /// Another protocol: its code, and the sentence with the bytes quoted.
    Foreign(FailureCode, String),
}

/// Determines the protocol of the `first` bytes of a peer. A server's first frame is SETTINGS (RFC 9113, 3.4), whose
/// header starts with a zero byte: anything else is recognised as soon as it cannot be one.
pub(super) fn judge(first: &[u8]) -> Opening {
    const HTTP: &[u8] = b"HTTP/";
    let foreign = |code, what: &str| Opening::Foreign(code, format!("{what} \"{}\"", quote_bytes(first, 40)));
    match first {
        [] => Opening::Undecided,
        [0x15 | 0x16] => Opening::Undecided,
        [0x15 | 0x16, 0x03, ..] => Opening::Foreign(
            FailureCode::TlsExpected,
            "peer responded with a TLS record: this port requires TLS".to_string(),
        ),
        _ if first.starts_with(HTTP) => foreign(FailureCode::Http1, "peer uses HTTP/1, not HTTP/2: it sent"),
        _ if HTTP.starts_with(first) => Opening::Undecided,
        _ if first.starts_with(b"SSH-") => foreign(FailureCode::NotHttp2, "this is an SSH server: it sent"),
        _ if first.starts_with(b"220") => foreign(FailureCode::NotHttp2, "this is a mail or FTP server: it sent"),
        [0, ..] => match first.get(..HEADER) {
            _ if first.len() >= 3 && length(first) > MAX_FIRST_FRAME => foreign(FailureCode::NotHttp2, "peer sent"),
            _ if first.get(3).is_some_and(|kind| *kind > 0x10) => foreign(FailureCode::NotHttp2, "peer sent"),
            Some(_) => Opening::Http2,
            None => Opening::Undecided,
        },
        _ => foreign(FailureCode::NotHttp2, "peer does not use HTTP/2: it sent"),
    }
}

/// The protocol of a peer that sent these first bytes and no more.
pub(super) fn first_bytes(first: &[u8]) -> Option<FirstBytes> {
    match (first, judge(first)) {
        ([0x14..=0x17] | [0x14..=0x17, 0x03, ..], _) => Some(FirstBytes::Tls),
        ([0, ..], Opening::Http2 | Opening::Undecided) => Some(FirstBytes::Http2),
        _ => None,
    }
}

/// The name of a frame type (RFC 9113, section 6).
pub(super) fn name(kind: u8) -> String {
    const NAMES: [&str; 10] = [
        "DATA",
        "HEADERS",
        "PRIORITY",
        "RST_STREAM",
        "SETTINGS",
        "PUSH_PROMISE",
        "PING",
        "GOAWAY",
        "WINDOW_UPDATE",
        "CONTINUATION",
    ];
    match NAMES.get(usize::from(kind)) {
        Some(name) => (*name).to_string(),
        None => format!("unknown type 0x{kind:x}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
        let mut bytes = vec![(payload.len() >> 16) as u8, (payload.len() >> 8) as u8, payload.len() as u8, kind, flags];
        bytes.extend(stream.to_be_bytes());
        bytes.extend(payload);
        bytes
    }

    fn kinds(frames: &mut Frames, bytes: &[u8]) -> Vec<(u8, usize, Vec<u8>)> {
        let mut all = Vec::new();
        frames.feed(bytes, |f| all.push((f.kind, f.length, f.payload.to_vec())));
        all
    }

    #[test]
    fn frames_are_found_however_the_stream_is_split() {
        let mut stream = frame(SETTINGS, 0, 0, &[0, 3, 0, 0, 0, 100]);
        stream.extend(frame(0x1, 4, 1, &[0xff; 700]));
        stream.extend(frame(0x9, 4, 1, &[0xff; 3]));
        stream.extend(frame(PING, ACK, 0, &[7; 8]));
        stream.extend(frame(GOAWAY, 0, 0, b"\x7f\xff\xff\xff\0\0\0\0max_age"));
        let whole = kinds(&mut Frames::default(), &stream);
        assert_eq!(whole.len(), 5);
        assert_eq!(whole[1], (0x1, 700, vec![0xff; 700]));
        assert_eq!(goaway(&whole[4].2).map(|g| (g.last_stream, g.debug)), Some((0x7fff_ffff, "max_age".to_string())));
        for size in 1..40 {
            let mut frames = Frames::default();
            let cut: Vec<_> = stream.chunks(size).flat_map(|part| kinds(&mut frames, part)).collect();
            assert_eq!(cut, whole, "cut into pieces of {size}");
            assert!(frames.at_boundary());
        }
    }

    #[test]
    fn hostile_bytes_never_panic_and_never_grow() {
        let mut random = fastrand::Rng::with_seed(7);
        for _ in 0..2_000 {
            let mut frames = Frames::default();
            for _ in 0..random.usize(1..20) {
                let mut bytes: Vec<u8> = (0..random.usize(0..300)).map(|_| random.u8(..)).collect();
                if random.bool() {
                    bytes.splice(0..0, frame([SETTINGS, PING, GOAWAY][random.usize(..3)], random.u8(..), 0, &[]));
                }
                frames.feed(&bytes, |f| {
                    assert!(f.payload.len() <= f.length.min(4 * KEPT));
                    let _ = settings(f.payload);
                    let _ = goaway(f.payload);
                    let _ = name(f.kind);
                });
                assert!(frames.kept.len() <= 4 * KEPT);
                let _ = judge(&bytes);
            }
        }
    }

    #[test]
    fn a_huge_payload_is_counted_and_not_kept() {
        let mut frames = Frames::default();
        let big = frame(GOAWAY, 0, 0, &vec![b'x'; 70_000]);
        let seen: Vec<_> = big.chunks(999).flat_map(|part| kinds(&mut frames, part)).collect();
        assert_eq!(seen.len(), 1);
        assert_eq!((seen[0].1, seen[0].2.len()), (70_000, KEPT));
        assert_eq!(frames.kept.capacity(), 0, "nothing is held between frames");
    }

    #[test]
    fn a_frame_that_is_too_long_is_known_by_its_header() {
        let mut frames = Frames::default();
        frames.feed(&frame(0x0, 0, 1, &vec![0; MAX_FIRST_FRAME]), |_| {});
        assert_eq!(frames.too_long(), None);
        let long = frame(0x0, 0, 1, &vec![0; MAX_FIRST_FRAME + 1]);
        frames.feed(&long[..HEADER - 1], |_| {});
        assert_eq!(frames.too_long(), None, "the header is not complete");
        frames.feed(&long[HEADER - 1..HEADER + 5], |_| {});
        assert_eq!(frames.too_long(), Some(MAX_FIRST_FRAME + 1));
    }

    #[test]
    fn a_short_goaway_is_no_goaway() {
        assert_eq!(goaway(&[0; 7]), None);
        assert_eq!(goaway(&[0, 0, 0, 9, 0, 0, 0, 11]).map(|g| (g.last_stream, g.code)), Some((9, 11)));
    }

    #[test]
    fn settings_are_read_and_unknown_ones_skipped() {
        let payload = [0, 3, 0, 0, 0, 1, 0, 0x99, 1, 1, 1, 1, 0, 4, 0, 1, 0, 0, 0, 5, 0, 0];
        let read = settings(&payload);
        assert_eq!((read.max_concurrent_streams, read.initial_window_size), (Some(1), Some(65_536)));
        assert_eq!(read.max_frame_size, None, "a truncated entry has no value");
    }

    #[test]
    fn the_first_bytes_are_enough_to_determine_the_protocol() {
        let settings = frame(SETTINGS, 0, 0, &[0, 3, 0, 0, 0, 100]);
        for length in 1..=settings.len() {
            assert_eq!(first_bytes(&settings[..length]), Some(FirstBytes::Http2), "{length} bytes");
        }
        for hello in [&[0x16][..], &[0x16, 3], &[0x15, 3, 3, 0, 2, 2, 40]] {
            assert_eq!(first_bytes(hello), Some(FirstBytes::Tls));
        }
        for other in [&b""[..], b"HTTP/1.1 400", b"SSH-", &[0, 0xff, 0xff, 0xff], &[0x16, 7]] {
            assert_eq!(first_bytes(other), None, "{other:?}");
        }
    }

    #[test]
    fn the_first_bytes_are_distinguished() {
        let code = |bytes: &[u8]| match judge(bytes) {
            Opening::Foreign(code, _) => Some(code),
            Opening::Http2 | Opening::Undecided => None,
        };
        assert_eq!(code(b"HTTP/1.1 400 Bad"), Some(FailureCode::Http1));
        assert_eq!(code(&[0x15, 3, 1, 0, 2, 2, 22]), Some(FailureCode::TlsExpected));
        assert_eq!(code(b"SSH-2.0-OpenSSH_9"), Some(FailureCode::NotHttp2));
        assert_eq!(code(b"220 mail ESMTP"), Some(FailureCode::NotHttp2));
        assert_eq!(code(b"-"), Some(FailureCode::NotHttp2), "one byte that no header starts with is enough");
        assert_eq!(code(&[0, 0xff, 0xff]), Some(FailureCode::NotHttp2), "longer than a first frame may be");
        assert_eq!(code(&[0, 0, 0, 0x77]), Some(FailureCode::NotHttp2), "no such frame type");
        for undecided in [&b""[..], b"HTT", &[0x15], &[0, 0, 18], &[0, 0, 18, 4, 0, 0, 0, 0]] {
            assert_eq!(judge(undecided), Opening::Undecided, "{undecided:?}");
        }
        assert_eq!(judge(&frame(SETTINGS, 0, 0, &[])), Opening::Http2);
        assert_eq!(
            judge(b"SSH-2.0-x\r\n"),
            Opening::Foreign(FailureCode::NotHttp2, "this is an SSH server: it sent \"SSH-2.0-x\\r\\n\"".to_string())
        );
    }
}
