//! The wire format (`zookeeper.jute` of ZooKeeper 3.4 to 3.9): requests, responses, notifications. Pure.
//!
//! A frame is its length in four bytes and its content; numbers are big-endian, texts and lists are preceded by their
//! length.

/// The type of a request (`ZooDefs.OpCode`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
    Exists = 3,
    GetData = 4,
    Sync = 9,
    Ping = 11,
    GetChildren2 = 12,
    Auth = 100,
    CloseSession = -11,
}

/// The number of a notification.
pub(super) const NOTIFICATION: i32 = -1;
/// The number of a ping and of its response.
pub(super) const PING: i32 = -2;
/// The number of an [`Op::Auth`] and of its response.
pub(super) const AUTH: i32 = -4;

/// Codes of responses (`KeeperException.Code`).
pub(super) mod code {
    pub const NO_NODE: i32 = -101;
    pub const NO_AUTH: i32 = -102;
    pub const SESSION_EXPIRED: i32 = -112;
    pub const AUTH_FAILED: i32 = -115;
    pub const SESSION_MOVED: i32 = -118;
    pub const REQUIRES_SASL: i32 = -124;
    pub const THROTTLED: i32 = -127;
}

/// A frame that is written.
struct Frame(Vec<u8>);

impl Frame {
    fn new() -> Self {
        Frame(vec![0; 4])
    }

    fn int(mut self, value: i32) -> Self {
        self.0.extend(value.to_be_bytes());
        self
    }

    fn long(mut self, value: i64) -> Self {
        self.0.extend(value.to_be_bytes());
        self
    }

    fn flag(mut self, value: bool) -> Self {
        self.0.push(u8::from(value));
        self
    }

    fn buffer(self, value: &[u8]) -> Self {
        let mut frame = self.int(i32::try_from(value.len()).unwrap_or(i32::MAX));
        frame.0.extend(value);
        frame
    }

    fn done(mut self) -> Vec<u8> {
        let length = u32::try_from(self.0.len() - 4).unwrap_or(u32::MAX);
        self.0[..4].copy_from_slice(&length.to_be_bytes());
        self.0
    }
}

/// Requests a new session that expires when nothing arrives for this many milliseconds.
pub(super) fn connect(timeout_ms: i32) -> Vec<u8> {
    Frame::new().int(0).long(0).int(timeout_ms).long(0).buffer(&[0; 16]).flag(false).done()
}

/// A request about a path; sets a watch if `op` supports it.
pub(super) fn question(xid: i32, op: Op, path: &str) -> Vec<u8> {
    let frame = Frame::new().int(xid).int(op as i32).buffer(path.as_bytes());
    if op == Op::Sync { frame.done() } else { frame.flag(true).done() }
}

/// A request that consists of its number only.
pub(super) fn bare(xid: i32, op: Op) -> Vec<u8> {
    Frame::new().int(xid).int(op as i32).done()
}

/// Authenticates: scheme `digest`, `user:password`.
pub(super) fn auth(user_and_password: &str) -> Vec<u8> {
    let frame = Frame::new().int(AUTH).int(Op::Auth as i32).int(0);
    frame.buffer(b"digest").buffer(user_and_password.as_bytes()).done()
}

/// Reads the content of a frame. `None`: it is too short.
pub(super) struct JuteReader<'a>(pub &'a [u8]);

impl<'a> JuteReader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn int(&mut self) -> Option<i32> {
        self.take(4)?.try_into().ok().map(i32::from_be_bytes)
    }

    fn long(&mut self) -> Option<i64> {
        self.take(8)?.try_into().ok().map(i64::from_be_bytes)
    }

    /// A length of -1 means no buffer.
    fn buffer(&mut self) -> Option<&'a [u8]> {
        match self.int()? {
            -1 => Some(&[]),
            length => self.take(usize::try_from(length).ok()?),
        }
    }

    fn text(&mut self) -> Option<String> {
        self.buffer().map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    }
}

/// The response to [`connect`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Connected {
    /// The agreed session timeout in milliseconds; not positive when there is no session.
    pub timeout_ms: i32,
    /// The session's number.
    pub session: i64,
}

/// Reads the response to [`connect`].
pub(super) fn connected(frame: &[u8]) -> Option<Connected> {
    let mut reader = JuteReader(frame);
    reader.int().filter(|version| *version == 0)?;
    let (timeout_ms, session) = (reader.int()?, reader.long()?);
    reader.buffer().filter(|password| password.len() == 16)?;
    Some(Connected { timeout_ms, session })
}

/// The header of every response and notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    /// The number of the request, or one of the constants above.
    pub xid: i32,
    /// The last transaction that the server has seen.
    pub zxid: i64,
    /// 0, or a [`code`].
    pub error: i32,
}

/// Reads the head and leaves what follows it in the reader.
pub(super) fn head(reader: &mut JuteReader<'_>) -> Option<Head> {
    Some(Head { xid: reader.int()?, zxid: reader.long()?, error: reader.int()? })
}

/// What is known of a node beside its data, as far as it is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stat {
    /// The transaction of its last change.
    pub mzxid: i64,
    /// The session that owns it; 0 is none, the lowest number is a container.
    pub owner: i64,
}

impl Stat {
    fn read(reader: &mut JuteReader<'_>) -> Option<Self> {
        let (_czxid, mzxid, _ctime, _mtime) = (reader.long()?, reader.long()?, reader.long()?, reader.long()?);
        let _versions = reader.take(12)?;
        let owner = reader.long()?;
        let _counts = reader.take(8)?;
        let _pzxid = reader.long()?;
        // A container stays as long as it has children, whichever session created it.
        Some(Stat { mzxid, owner: if owner == i64::MIN { 0 } else { owner } })
    }
}

/// The response to [`Op::GetData`].
pub(super) fn data(mut body: JuteReader<'_>) -> Option<(Vec<u8>, Stat)> {
    let value = body.buffer()?.to_vec();
    Some((value, Stat::read(&mut body)?))
}

/// The response to [`Op::GetChildren2`]: names, without the path before them.
pub(super) fn children(mut body: JuteReader<'_>) -> Option<Vec<String>> {
    let count = body.int()?.max(0);
    (0..count).map(|_| body.text()).collect()
}

/// The path of a notification; the node is read again whatever its event.
pub(super) fn notification(mut body: JuteReader<'_>) -> Option<String> {
    let (_kind, _state) = (body.int()?, body.int()?);
    body.text()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_its_length_its_number_and_its_operation() {
        assert_eq!(bare(PING, Op::Ping), [0, 0, 0, 8, 255, 255, 255, 254, 0, 0, 0, 11]);
        let request = question(1, Op::GetData, "/a");
        assert_eq!(request, [0, 0, 0, 15, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0, 2, b'/', b'a', 1]);
        assert_eq!(question(1, Op::Sync, "/a").len(), request.len() - 1, "a sync watches nothing");
        assert_eq!(connect(10_000).len(), 4 + 45);
    }

    #[test]
    fn a_node_is_read_with_its_owner_and_a_container_owns_nothing() {
        let stat = |owner: i64| {
            let longs = [1, 7, 0, 0].into_iter().flat_map(i64::to_be_bytes);
            let mut bytes: Vec<u8> = longs.chain([0; 12]).collect();
            bytes.extend(owner.to_be_bytes());
            bytes.extend([0; 16]);
            bytes
        };
        let body = |owner| [&[0, 0, 0, 2, b'h', b'i'], stat(owner).as_slice()].concat();
        let read = |owner| data(JuteReader(&body(owner))).unwrap();
        assert_eq!(read(0x2a), (b"hi".to_vec(), Stat { mzxid: 7, owner: 0x2a }));
        assert_eq!(read(i64::MIN).1.owner, 0);
        let nothing = [&[255, 255, 255, 255], stat(1).as_slice()].concat();
        assert_eq!(data(JuteReader(&nothing)).unwrap().0, b"");
    }

    #[test]
    fn whatever_comes_is_read_or_refused() {
        for length in 0..90 {
            for byte in [0, 1, 127, 255] {
                let frame = vec![byte; length];
                let _ = (connected(&frame), head(&mut JuteReader(&frame)), data(JuteReader(&frame)));
                let _ = (children(JuteReader(&frame)), notification(JuteReader(&frame)));
            }
        }
        assert_eq!(children(JuteReader(&[127, 255, 255, 255])), None);
    }
}
