//! [`Session`]: one connection to one server and the session on it, with liveness checks.
//!
//! One task reads and writes; nothing is spawned. Dropping it closes the session in order, so that the ensemble does
//! not have to wait for its timeout.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout};

use super::error::{Part, ZookeeperError};
use super::jute::{self, JuteReader, Op};
use super::settings::Server;
use crate::model::secret::Secret;
use crate::net::named::connect;
use crate::platform::clock;

/// The requested session timeout; the server has limits of its own (2 and 20 ticks).
const TIMEOUT: Duration = Duration::from_secs(10);
/// Interval and time limit of the liveness checks while nothing changes.
const PULSE: Duration = Duration::from_secs(5);
/// A longer frame is invalid: ZooKeeper itself accepts no more than 1 MiB (`jute.maxbuffer`) by default, and a list
/// of children may be many times that.
const LONGEST: usize = 64 * 1024 * 1024;
/// At most this many requests are sent before the first response is read.
const AT_ONCE: usize = 64;

/// A response: its header, and its body.
pub(super) struct SessionResponse {
    /// The last transaction that the server has seen.
    pub zxid: i64,
    /// 0, or the error code.
    pub error: i32,
    body: Vec<u8>,
}

impl SessionResponse {
    /// The body.
    pub(super) fn body(&self) -> JuteReader<'_> {
        JuteReader(&self.body)
    }

    /// The response, unless it is an error.
    pub(super) fn good(self, what: &'static str) -> Result<Self, ZookeeperError> {
        if self.error == 0 { Ok(self) } else { Err(ZookeeperError::Refused { what, code: self.error }) }
    }
}

/// See the [module](self).
pub(super) struct Session {
    stream: TcpStream,
    /// Received data that is not a complete frame yet.
    read: Vec<u8>,
    chroot: String,
    xid: i32,
    timeout: Duration,
    /// Paths with notifications that were not returned yet.
    changed: VecDeque<String>,
    /// When the next liveness check is due, or must have been answered.
    due: Instant,
    is_queried: bool,
}

impl Session {
    /// Opens a session on `server`, within `limit` altogether.
    pub(super) async fn open(server: &Server, chroot: &str, limit: Duration) -> Result<Self, ZookeeperError> {
        let started = Instant::now();
        let stream = dial(server, limit).await?;
        let mut session = Session {
            stream,
            read: Vec::new(),
            chroot: chroot.to_string(),
            xid: 0,
            timeout: TIMEOUT,
            changed: VecDeque::new(),
            due: started + PULSE,
            is_queried: false,
        };
        let left = limit.saturating_sub(started.elapsed());
        let opened = timeout(left, async {
            session.send(&jute::connect(i32::try_from(TIMEOUT.as_millis()).unwrap_or(i32::MAX))).await?;
            session.frame().await
        });
        let frame = match opened.await {
            Err(_) => return Err(ZookeeperError::NoAnswer { what: "opening a session", limit }),
            // A server without a leader closes the connection without a response: another command is answered.
            Ok(Err(ZookeeperError::Broken(error))) => return Err(closed(server, Some(error), left).await),
            Ok(Err(ZookeeperError::Closed)) => return Err(closed(server, None, left).await),
            Ok(frame) => frame?,
        };
        let Some(connected) = jute::connected(&frame) else {
            return Err(ZookeeperError::NotZookeeper);
        };
        match u64::try_from(connected.timeout_ms) {
            Ok(timeout) if timeout > 0 => session.timeout = Duration::from_millis(timeout),
            _ => return Err(ZookeeperError::Refused { what: "opening a session", code: jute::code::SESSION_EXPIRED }),
        }
        session.received();
        Ok(session)
    }

    /// The agreed session timeout.
    pub(super) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Authenticates. ZooKeeper accepts any password here: a wrong one shows only when nodes are read.
    pub(super) async fn authenticate(&mut self, who: &(String, Secret), limit: Duration) -> Result<(), ZookeeperError> {
        let what = "authenticating";
        let (user, password) = who;
        let request = jute::auth(&format!("{user}:{}", password.reveal()));
        let exchange = async {
            self.send(&request).await?;
            self.answer(jute::AUTH).await
        };
        let answer = timeout(limit, exchange).await.map_err(|_| ZookeeperError::NoAnswer { what, limit })??;
        answer.good(what).map(drop)
    }

    /// Sends `op` for every path and sets a watch there, if `op` supports it. `limit` applies to all responses
    /// together.
    pub(super) async fn query(
        &mut self,
        op: Op,
        paths: &[String],
        limit: Duration,
    ) -> Result<Vec<SessionResponse>, ZookeeperError> {
        let what = match op {
            Op::GetData => "reading nodes",
            Op::GetChildren2 => "reading children",
            Op::Exists => "waiting for a node",
            _ => "syncing with the leader",
        };
        let mut answers = Vec::with_capacity(paths.len());
        let exchange = async {
            for some in paths.chunks(AT_ONCE) {
                let first = self.xid;
                let mut requests = Vec::new();
                for path in some {
                    requests.extend(jute::question(self.xid, op, &format!("{}{path}", self.chroot)));
                    self.xid = self.xid.checked_add(1).unwrap_or(0);
                }
                self.send(&requests).await?;
                for index in 0..some.len() {
                    let xid = first.wrapping_add(i32::try_from(index).unwrap_or_default());
                    let answer = self.answer(xid).await?;
                    answers.push(answer);
                }
            }
            Ok(())
        };
        timeout(limit, exchange).await.map_err(|_| ZookeeperError::NoAnswer { what, limit })??;
        Ok(answers)
    }

    /// Waits for notifications, and returns every path they name; sends liveness checks meanwhile.
    pub(super) async fn changes(&mut self) -> Result<Vec<String>, ZookeeperError> {
        while self.changed.is_empty() {
            let due = self.due;
            let frame = tokio::select! {
                biased;
                frame = self.frame() => Some(frame?),
                () = sleep_until(due) => None,
            };
            match frame {
                Some(frame) => drop(self.sort(&frame)?),
                None if self.is_queried => {
                    return Err(ZookeeperError::Frozen { what: "ping", limit: PULSE });
                }
                None => {
                    self.send(&jute::bare(jute::PING, Op::Ping)).await?;
                    (self.is_queried, self.due) = (true, clock::after(PULSE));
                }
            }
        }
        Ok(self.changed.drain(..).collect())
    }

    /// Reads until the response with number `xid` arrives.
    async fn answer(&mut self, xid: i32) -> Result<SessionResponse, ZookeeperError> {
        loop {
            let frame = self.frame().await?;
            if let Some((number, answer)) = self.sort(&frame)?
                && number == xid
            {
                return Ok(answer);
            }
        }
    }

    /// Processes a notification; returns a response with its number.
    fn sort(&mut self, frame: &[u8]) -> Result<Option<(i32, SessionResponse)>, ZookeeperError> {
        let unread = || ZookeeperError::CutShort(Part::Head);
        self.received();
        let mut reader = JuteReader(frame);
        let head = jute::head(&mut reader).ok_or_else(unread)?;
        match head.xid {
            jute::PING => Ok(None),
            jute::NOTIFICATION => {
                let path = jute::notification(reader).ok_or_else(unread)?;
                let within = path.strip_prefix(&self.chroot).unwrap_or(&path).to_string();
                self.changed.push_back(within);
                Ok(None)
            }
            xid => Ok(Some((xid, SessionResponse { zxid: head.zxid, error: head.error, body: reader.0.to_vec() }))),
        }
    }

    /// The server responded.
    fn received(&mut self) {
        (self.is_queried, self.due) = (false, clock::after(PULSE.min(self.timeout / 3)));
    }

    async fn send(&mut self, bytes: &[u8]) -> Result<(), ZookeeperError> {
        self.stream.write_all(bytes).await.map_err(ZookeeperError::Broken)
    }

    /// The next frame, without its length. Cancel safe.
    async fn frame(&mut self) -> Result<Vec<u8>, ZookeeperError> {
        loop {
            if let Some((length, rest)) = self.read.split_first_chunk::<4>() {
                let length = u32::from_be_bytes(*length) as usize;
                if length > LONGEST {
                    return Err(ZookeeperError::NotZookeeper);
                }
                if rest.len() >= length {
                    let frame = rest[..length].to_vec();
                    self.read.drain(..4 + length);
                    return Ok(frame);
                }
            }
            match self.stream.read_buf(&mut self.read).await {
                Ok(0) => return Err(ZookeeperError::Closed),
                Ok(_) => {}
                Err(error) => return Err(ZookeeperError::Broken(error)),
            }
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // It does not matter whether this arrives: without it the session ends by its timeout.
        let _: io::Result<usize> = self.stream.try_write(&jute::bare(self.xid, Op::CloseSession));
    }
}

async fn dial(server: &Server, limit: Duration) -> Result<TcpStream, ZookeeperError> {
    match timeout(limit, connect(&server.host, server.port)).await {
        Err(_) => Err(ZookeeperError::ConnectTimeout(limit)),
        Ok(stream) => stream.map_err(ZookeeperError::Connect),
    }
}

/// The response of a server without a leader to every four-letter word (`AbstractFourLetterCommand.ZK_NOT_SERVING`).
const NOT_SERVING: &str = "not currently serving requests";

/// Why a server closed the connection instead of opening a session.
async fn closed(server: &Server, source: Option<io::Error>, limit: Duration) -> ZookeeperError {
    match srvr(server, limit).await {
        Ok(text) if text.contains(NOT_SERVING) => ZookeeperError::NoLeader,
        _ => ZookeeperError::NoSession { source },
    }
}

/// The server's response to the four-letter word `srvr`, which needs no session and no permissions.
pub(super) async fn srvr(server: &Server, limit: Duration) -> Result<String, ZookeeperError> {
    let mut stream = dial(server, limit).await?;
    let exchange = async {
        stream.write_all(b"srvr").await?;
        let mut text = Vec::new();
        (&mut stream).take(64 * 1024).read_to_end(&mut text).await?;
        Ok::<_, io::Error>(String::from_utf8_lossy(&text).into_owned())
    };
    let response = timeout(limit, exchange).await.map_err(|_| ZookeeperError::NoAnswer { what: "srvr", limit })?;
    response.map_err(ZookeeperError::Broken)
}
