//! One query to one server: over UDP with retransmission, over TCP, with EDNS or without it.
//!
//! Two things that a resolver must not take at face value are checked here. A server that cannot handle EDNS
//! (FORMERR, NOTIMP, BADVERS, or no response at all to a query with an OPT record) is queried again without it, as
//! c-ares and BIND do. A response without the TC bit may still be truncated (Consul's default over UDP), so address
//! and SRV records are compared with the TCP response whenever their number changes.

use std::collections::{HashMap, HashSet};
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::TryFromIntError;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use crate::platform::clock;
use hickory_resolver::proto::ProtoError;
use hickory_resolver::proto::op::{Edns, Message, MessageType, Query, ResponseCode};
use hickory_resolver::proto::rr::{Name, RData, RecordType};
use hickory_resolver::proto::serialize::binary::DecodeError;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout, timeout_at};

/// When a query without a response is sent again over UDP, counted from the first one.
const RESEND: [Duration; 3] = [Duration::from_millis(400), Duration::from_millis(1_200), Duration::from_millis(2_800)];
/// The size that DNS flag day 2020 recommends: larger UDP datagrams may be fragmented and lost.
const UDP_PAYLOAD: u16 = 1_232;
/// Minimum wait for a second query with EDNS, after one without it was answered.
const EDNS_AGAIN: Duration = Duration::from_millis(200);
/// Time limit for the comparison with TCP: for one record, for several records.
const COMPARE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_millis(500));

/// A server, and what is known about its behavior.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) address: SocketAddr,
    without_edns: OnceLock<NoEdns>,
    /// Wakes every query that waits for this server: the port is closed.
    closed: Notify,
    /// The server did not respond over TCP: there is nothing to compare with.
    no_tcp: AtomicBool,
    /// The number of records that were found to be complete, by query.
    whole: Mutex<HashMap<(Name, RecordType), usize>>,
}

/// How a server showed that it cannot handle EDNS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoEdns {
    /// It responded with this code.
    Code(ResponseCode),
    /// It did not respond to the query with EDNS, and did to the one without.
    NoResponse,
}

/// How long to wait for a server.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wait {
    pub(super) limit: Duration,
    /// Send the query again over UDP within the limit.
    pub(super) resend: bool,
    /// Do not use UDP (`use-vc`).
    pub(super) tcp_only: bool,
}

/// A response, and what had to be done to get it.
#[derive(Debug)]
pub(super) struct Response {
    pub(super) message: Message,
    /// Over UDP only this many records arrived, without the TC bit; `message` is the response over TCP, which has
    /// more.
    pub(super) cut: Option<usize>,
    /// Even over TCP the response has the TC bit.
    pub(super) incomplete: bool,
    /// Why the query was sent without EDNS, if it was.
    pub(super) without_edns: Option<NoEdns>,
}

/// Why there is no response.
#[derive(Debug)]
pub(super) enum Failure {
    /// Over UDP.
    Udp(Broken),
    /// Over TCP, where UDP was not used.
    Tcp(Broken),
    /// The response over UDP had the TC bit, and the query over TCP failed like this.
    Truncated(Broken),
}

/// What went wrong on one transport.
#[derive(Debug)]
pub(super) enum Broken {
    /// The operating system's error.
    Io(io::Error),
    /// No response.
    NoAnswer {
        /// For how long.
        within: Duration,
        /// How often the query was sent.
        tries: u32,
        /// UDP only: the same port is closed for TCP.
        tcp_refused: bool,
    },
    /// Not a DNS message, or not one that can be read.
    Malformed(Malformed),
}

/// Why a message is not the response to a query.
#[derive(Debug, thiserror::Error)]
pub(super) enum Malformed {
    /// It cannot be read.
    #[error(transparent)]
    Unreadable(#[from] DecodeError),
    /// The query cannot be written.
    #[error(transparent)]
    Unwritable(#[from] ProtoError),
    /// The query is longer than a message over TCP can be.
    #[error(transparent)]
    TooLong(#[from] TryFromIntError),
    /// It is the response to another query.
    #[error("it is the response to another query")]
    OtherQuery,
}

impl Server {
    pub(super) fn new(address: SocketAddr) -> Self {
        Server {
            address,
            without_edns: OnceLock::new(),
            closed: Notify::new(),
            no_tcp: AtomicBool::new(false),
            whole: Mutex::default(),
        }
    }

    /// Sends one query and waits for its response.
    pub(super) async fn query(&self, name: &Name, kind: RecordType, wait: Wait) -> Result<Response, Failure> {
        let query = Query::query(name.clone(), kind);
        let deadline = clock::after(wait.limit);
        if wait.tcp_only {
            return self.tcp(&query, wait.limit).await.map(|message| self.response(message)).map_err(Failure::Tcp);
        }
        let started = Instant::now();
        let message = self.udp(&query, wait).await.map_err(Failure::Udp)?;
        let took = started.elapsed();
        if message.metadata.truncation {
            let left = deadline.saturating_duration_since(Instant::now());
            return self.tcp(&query, left).await.map(|message| self.response(message)).map_err(Failure::Truncated);
        }
        let via_udp = records(&message, kind);
        let compared = match self.limit_of_comparing(&query, via_udp.len(), took) {
            Some(limit) => self.tcp(&query, limit).await,
            None => return Ok(self.response(message)),
        };
        let via_tcp = match compared {
            Ok(via_tcp) => via_tcp,
            Err(_) => {
                self.no_tcp.store(true, Ordering::Relaxed);
                return Ok(self.response(message));
            }
        };
        let (count, whole) = (via_udp.len(), records(&via_tcp, kind));
        if whole.len() > count && via_udp.is_subset(&whole) {
            let whole = whole.len();
            // The records may have changed between the two queries: then UDP has all of them now.
            let again = self.udp(&query, wait).await.map_err(Failure::Udp)?;
            if records(&again, kind).len() >= whole {
                return Ok(self.response(again));
            }
            return Ok(Response { cut: Some(count), ..self.response(via_tcp) });
        }
        self.whole.lock().unwrap_or_else(PoisonError::into_inner).insert((name.clone(), kind), count);
        Ok(self.response(message))
    }

    fn response(&self, message: Message) -> Response {
        let incomplete = message.metadata.truncation;
        Response { message, cut: None, incomplete, without_edns: self.without_edns.get().copied() }
    }

    /// Time limit for the comparison with TCP; `None` when there is nothing to compare.
    fn limit_of_comparing(&self, query: &Query, count: usize, took: Duration) -> Option<Duration> {
        let compares = matches!(query.query_type(), RecordType::A | RecordType::AAAA | RecordType::SRV);
        if !compares || count == 0 || self.no_tcp.load(Ordering::Relaxed) {
            return None;
        }
        let known = self.whole.lock().unwrap_or_else(PoisonError::into_inner);
        if known.get(&(query.name().clone(), query.query_type())) == Some(&count) {
            return None;
        }
        Some(if count == 1 { COMPARE.0 } else { COMPARE.1 }.max(took * 4))
    }

    async fn udp(&self, query: &Query, wait: Wait) -> Result<Message, Broken> {
        let started = Instant::now();
        let deadline = started + wait.limit;
        let socket = connected(self.address).await.map_err(Broken::Io)?;
        let mut buffer = vec![0; 4_096];
        let mut sent: Vec<Sent> = Vec::new();
        let mut tcp_refused = false;
        let mut refused = None;
        let mut closed = std::pin::pin!(self.closed.notified());
        closed.as_mut().enable();
        loop {
            // After a query with EDNS that got no response the next one is sent without it, and so on alternately.
            let edns = self.without_edns.get().is_none() && refused.is_none() && sent.len().is_multiple_of(2);
            let (query_sent, bytes) = Sent::new(query, edns).map_err(|error| Broken::Malformed(error.into()))?;
            socket.send(&bytes).await.map_err(|error| self.failed(error))?;
            sent.push(query_sent);
            let sent_at = Instant::now();
            let resend_at = RESEND.get(sent.len() - 1).filter(|_| wait.resend).map(|after| started + *after);
            let until = resend_at.map_or(deadline, |at| at.min(deadline));
            let received = tokio::select! {
                received = timeout_at(until, self.receive(&socket, &mut buffer, query, &sent)) => received,
                () = closed.as_mut() => return Err(Broken::Io(io::ErrorKind::ConnectionRefused.into())),
            };
            match received {
                Ok(Ok((message, edns))) if edns && refuses_edns(&message) => {
                    refused = Some(message.metadata.response_code);
                }
                Ok(Ok((message, edns))) => {
                    match refused {
                        Some(code) if !refuses_edns(&message) => self.learn(NoEdns::Code(code)),
                        None if !edns && sent.iter().any(|sent| sent.edns) => {
                            if !self.answers_edns(&socket, &mut buffer, query, sent_at.elapsed()).await {
                                self.learn(NoEdns::NoResponse);
                            }
                        }
                        Some(_) | None => {}
                    }
                    return Ok(message);
                }
                Ok(Err(broken)) => return Err(broken),
                Err(_) if until < deadline => {
                    // The kernel limits how often it reports a closed UDP port, but not RST.
                    if sent.len() == 1 {
                        let left = deadline.saturating_duration_since(Instant::now());
                        tcp_refused = self.refuses_tcp(left.min(COMPARE.0)).await;
                    }
                }
                Err(_) => {
                    let tries = u32::try_from(sent.len()).unwrap_or(u32::MAX);
                    return Err(Broken::NoAnswer { within: wait.limit, tries, tcp_refused });
                }
            }
        }
    }

    /// Whether a query with EDNS is answered, after one without it was answered in `took`: the first packet may only
    /// have been lost.
    async fn answers_edns(&self, socket: &UdpSocket, buffer: &mut [u8], query: &Query, took: Duration) -> bool {
        let Ok((sent, bytes)) = Sent::new(query, true) else { return false };
        if socket.send(&bytes).await.is_err() {
            return false;
        }
        let answer = timeout(EDNS_AGAIN.max(took * 4), self.receive(socket, buffer, query, &[sent])).await;
        matches!(answer, Ok(Ok(_)))
    }

    /// From now on queries to this server are sent without EDNS. The first reason is kept.
    fn learn(&self, how: NoEdns) {
        self.without_edns.get_or_init(|| how);
    }

    fn failed(&self, error: io::Error) -> Broken {
        if error.kind() == io::ErrorKind::ConnectionRefused {
            self.closed.notify_waiters();
        }
        Broken::Io(error)
    }

    /// The next datagram that answers one of the sent queries, and whether that query had EDNS.
    async fn receive(
        &self,
        socket: &UdpSocket,
        buffer: &mut [u8],
        query: &Query,
        sent: &[Sent],
    ) -> Result<(Message, bool), Broken> {
        loop {
            let length = socket.recv(buffer).await.map_err(|error| self.failed(error))?;
            let datagram = buffer.get(..length).unwrap_or_default();
            let Some(answered) = sent.iter().find(|sent| datagram.starts_with(&sent.id.to_be_bytes())) else {
                continue;
            };
            match Message::from_vec(datagram) {
                Ok(message) if answers(&message, query) => return Ok((message, answered.edns)),
                Ok(_) => {}
                Err(error) => return Err(Broken::Malformed(error.into())),
            }
        }
    }

    async fn refuses_tcp(&self, limit: Duration) -> bool {
        let connecting = timeout(limit, TcpStream::connect(self.address)).await;
        matches!(connecting, Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused)
    }

    async fn tcp(&self, query: &Query, limit: Duration) -> Result<Message, Broken> {
        let no_answer = |_| Broken::NoAnswer { within: limit, tries: 1, tcp_refused: false };
        timeout(limit, async {
            let edns = self.without_edns.get().is_none();
            let refusing = self.converse(query, edns).await?;
            if !edns || !refuses_edns(&refusing) {
                return Ok(refusing);
            }
            let message = self.converse(query, false).await?;
            if !refuses_edns(&message) {
                self.learn(NoEdns::Code(refusing.metadata.response_code));
            }
            Ok(message)
        })
        .await
        .unwrap_or_else(|elapsed| Err(no_answer(elapsed)))
    }

    /// One connection, one query, its response.
    async fn converse(&self, query: &Query, edns: bool) -> Result<Message, Broken> {
        let (sent, bytes) = Sent::new(query, edns).map_err(|error| Broken::Malformed(error.into()))?;
        let length = u16::try_from(bytes.len()).map_err(|error| Broken::Malformed(error.into()))?;
        let mut stream = TcpStream::connect(self.address).await.map_err(Broken::Io)?;
        // In one segment: some servers read the length and the message at once.
        let framed: Vec<u8> = length.to_be_bytes().into_iter().chain(bytes).collect();
        stream.write_all(&framed).await.map_err(Broken::Io)?;
        let length = stream.read_u16().await.map_err(Broken::Io)?;
        let mut response = vec![0; length.into()];
        stream.read_exact(&mut response).await.map_err(Broken::Io)?;
        let message = Message::from_vec(&response).map_err(|error| Broken::Malformed(error.into()))?;
        if message.metadata.id != sent.id || !answers(&message, query) {
            return Err(Broken::Malformed(Malformed::OtherQuery));
        }
        Ok(message)
    }
}

/// A query that was sent.
struct Sent {
    id: u16,
    edns: bool,
}

impl Sent {
    fn new(query: &Query, edns: bool) -> Result<(Self, Vec<u8>), ProtoError> {
        let mut message = Message::query();
        message.metadata.recursion_desired = true;
        message.add_query(query.clone());
        if edns {
            let mut options = Edns::new();
            options.set_max_payload(UDP_PAYLOAD);
            message.set_edns(options);
        }
        let bytes = message.to_vec()?;
        Ok((Sent { id: message.metadata.id, edns }, bytes))
    }
}

/// A connected socket, so that the kernel reports a closed port.
async fn connected(server: SocketAddr) -> io::Result<UdpSocket> {
    let any: SocketAddr = match server {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(any).await?;
    socket.connect(server).await?;
    Ok(socket)
}

fn answers(message: &Message, query: &Query) -> bool {
    // A server that could not read the query may omit the question section.
    let same = message
        .queries
        .first()
        .is_none_or(|echoed| echoed.name() == query.name() && echoed.query_type() == query.query_type());
    message.metadata.message_type == MessageType::Response && same
}

fn refuses_edns(message: &Message) -> bool {
    // Code 16 is BADVERS in a response to EDNS, BADSIG in one to TSIG, which is not used here.
    matches!(
        message.metadata.response_code,
        ResponseCode::FormErr | ResponseCode::NotImp | ResponseCode::BADVERS | ResponseCode::BADSIG
    )
}

fn records(message: &Message, kind: RecordType) -> HashSet<&RData> {
    message.answers.iter().filter(|record| record.record_type() == kind).map(|record| &record.data).collect()
}
