//! A scripted channelz server: it shows channels, subchannels, sockets and servers as a test describes them. Its messages
//! are written by hand, so that they share nothing with the reader under test.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite};

/// A protobuf message that is being written.
#[derive(Debug, Clone, Default)]
pub struct Message(Vec<u8>);

impl Message {
    pub fn new() -> Message {
        Message::default()
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    /// A number.
    pub fn int(mut self, field: u64, value: u64) -> Message {
        self.varint(field << 3);
        self.varint(value);
        self
    }

    /// Bytes or a text.
    pub fn bytes(mut self, field: u64, value: &[u8]) -> Message {
        self.varint(field << 3 | 2);
        self.varint(value.len() as u64);
        self.0.extend_from_slice(value);
        self
    }

    /// A text.
    pub fn text(self, field: u64, value: &str) -> Message {
        self.bytes(field, value.as_bytes())
    }

    /// A message inside of it.
    pub fn message(self, field: u64, value: &Message) -> Message {
        self.bytes(field, &value.0)
    }
}

/// `google.protobuf.Timestamp` of `seconds_ago`.
pub fn ago(seconds: u64) -> Message {
    // Every reading shows the same times.
    static NOW: OnceLock<u64> = OnceLock::new();
    let now = NOW.get_or_init(|| SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs());
    Message::new().int(1, now - seconds)
}

/// States as channelz numbers them.
pub const IDLE: u64 = 1;
pub const READY: u64 = 3;
pub const TRANSIENT_FAILURE: u64 = 4;

/// A subchannel.
#[derive(Debug, Clone, Default)]
pub struct Subchannel {
    pub address: String,
    pub state: u64,
    /// Events: seconds ago, and the text.
    pub events: Vec<(u64, String)>,
    pub sockets: Vec<Message>,
}

/// A top channel.
#[derive(Debug, Clone, Default)]
pub struct Channel {
    pub target: String,
    pub state: u64,
    pub calls: (u64, u64, u64),
    pub last_call: u64,
    pub events: Vec<(u64, String)>,
    pub subchannels: Vec<Subchannel>,
}

impl Channel {
    /// A grpc-go channel whose resolver passed on `addresses` a minute ago, all in `state`.
    pub fn go(target: &str, state: u64, addresses: &[&str]) -> Channel {
        let subchannel = |address: &&str| Subchannel {
            address: (*address).to_string(),
            state,
            events: vec![(5, state_event(state))],
            sockets: Vec::new(),
        };
        Channel {
            target: target.to_string(),
            state,
            calls: (10, 10, 0),
            last_call: 1,
            events: vec![(60, update(addresses, false))],
            subchannels: addresses.iter().map(subchannel).collect(),
        }
    }

    /// The same through Kratos.
    pub fn kratos(state: u64, addresses: &[&str]) -> Channel {
        let mut channel = Channel::go("discovery:///pay", state, addresses);
        channel.events = vec![(60, update(addresses, true))];
        channel
    }
}

fn state_event(state: u64) -> String {
    let word = ["UNKNOWN", "IDLE", "CONNECTING", "READY", "TRANSIENT_FAILURE"][state as usize];
    let error = if state == TRANSIENT_FAILURE { ", last error: connection refused" } else { "" };
    format!("Subchannel Connectivity change to {word}{error}")
}

/// grpc-go's event for a new list.
pub fn update(addresses: &[&str], kratos: bool) -> String {
    let attributes = if kratos { "{\"<%!p>\": \"rawServiceInstance: pay-1\"}" } else { "null" };
    let each: Vec<String> = addresses
        .iter()
        .map(|address| format!("    {{\n      \"Addr\": \"{address}\",\n      \"Attributes\": {attributes}\n    }}"))
        .collect();
    format!(
        "Resolver state updated: {{\n  \"Addresses\": [\n{}\n  ]\n}} (resolver returned new addresses)",
        each.join(",\n")
    )
}

/// A client's socket: calls started and ended, seconds since the last call and the last message, and a certificate.
pub fn socket(started: u64, ended: u64, last_call: u64, last_message: u64, certificate: &[u8]) -> Message {
    let data = Message::new().int(1, started).int(2, ended).message(7, &ago(last_call)).message(10, &ago(last_message));
    let tls = Message::new().message(1, &Message::new().bytes(4, certificate));
    Message::new().message(2, &data).message(5, &tls)
}

/// A server's socket to a client at this address, with one open call.
pub fn client_socket(ip: [u8; 4], port: u64) -> Message {
    let data = Message::new().int(1, 5).int(2, 4).message(8, &ago(1));
    let address = Message::new().message(1, &Message::new().bytes(1, &ip).int(2, port));
    Message::new().message(2, &data).message(4, &address)
}

/// What a process shows.
#[derive(Debug, Clone, Default)]
pub struct Process {
    pub channels: Vec<Channel>,
    /// The sockets of its server.
    pub clients: Vec<Message>,
    /// How long its server has been running.
    pub running_for: u64,
    /// Pages never end.
    pub endless: bool,
    /// Every name has this many characters more.
    pub padding: usize,
    /// Every channel is inside of itself and of the next one.
    pub cyclic: bool,
}

fn trace(events: &[(u64, String)]) -> Message {
    let mut trace = Message::new().int(1, events.len() as u64).message(2, &ago(3600));
    for (seconds, text) in events {
        trace = trace.message(3, &Message::new().text(1, text).int(2, 1).message(3, &ago(*seconds)));
    }
    trace
}

fn data(state: u64, target: &str, calls: (u64, u64, u64), last_call: u64, events: &[(u64, String)]) -> Message {
    Message::new()
        .message(1, &Message::new().int(1, state))
        .text(2, target)
        .message(3, &trace(events))
        .int(4, calls.0)
        .int(5, calls.1)
        .int(6, calls.2)
        .message(7, &ago(last_call))
}

/// The ids: channels 1, 2, …; subchannels from 1000 on, 1000 for each channel; sockets from a million on.
impl Process {
    fn channel(&self, id: u64) -> Option<Message> {
        let index = usize::try_from(id).ok()?.checked_sub(1)?;
        let channel = self
            .channels
            .get(index % self.channels.len().max(1))
            .filter(|_| self.endless || index < self.channels.len())?;
        let target = format!("{}{}", channel.target, "\u{1b}".repeat(self.padding));
        let mut message = Message::new()
            .message(1, &Message::new().int(1, id))
            .message(2, &data(channel.state, &target, channel.calls, channel.last_call, &channel.events));
        if self.cyclic {
            message = message.message(3, &Message::new().int(1, id)).message(3, &Message::new().int(1, id + 1));
        }
        for number in 0..channel.subchannels.len() as u64 {
            message = message.message(4, &Message::new().int(7, id * 1000 + number));
        }
        Some(message)
    }

    fn subchannel(&self, id: u64) -> Option<Message> {
        let channel = usize::try_from(id / 1000).ok()?.checked_sub(1)? % self.channels.len().max(1);
        let subchannel = self.channels.get(channel)?.subchannels.get((id % 1000) as usize)?;
        let mut message = Message::new()
            .message(1, &Message::new().int(7, id))
            .message(2, &data(subchannel.state, &subchannel.address, (0, 0, 0), 1, &subchannel.events));
        for number in 0..subchannel.sockets.len() as u64 {
            message = message.message(5, &Message::new().int(3, id * 1000 + number));
        }
        Some(message)
    }

    fn socket(&self, id: u64) -> Option<Message> {
        if id >= 1_000_000_000 {
            return self.clients.get((id - 1_000_000_000) as usize).cloned();
        }
        let (subchannel, number) = (id / 1000, (id % 1000) as usize);
        let channel = usize::try_from(subchannel / 1000).ok()?.checked_sub(1)?;
        self.channels.get(channel)?.subchannels.get((subchannel % 1000) as usize)?.sockets.get(number).cloned()
    }

    fn answer(&self, method: &str, request: &BTreeMap<u64, u64>) -> Option<Message> {
        let id = request.get(&1).copied().unwrap_or(0);
        match method {
            "GetTopChannels" => {
                let (from, most) = (id.max(1), request.get(&2).copied().unwrap_or(10));
                let mut page = Message::new();
                let last = if self.endless { u64::MAX } else { self.channels.len() as u64 };
                let to = from.saturating_add(most).min(last.saturating_add(1));
                for channel in from..to {
                    page = page.message(1, &self.channel(channel)?);
                }
                Some(if to > last { page.int(2, 1) } else { page })
            }
            "GetChannel" => Some(Message::new().message(1, &self.channel(id)?)),
            "GetSubchannel" => Some(Message::new().message(1, &self.subchannel(id)?)),
            "GetSocket" => Some(Message::new().message(1, &self.socket(id)?)),
            "GetServers" => {
                let trace = Message::new().message(2, &ago(self.running_for));
                let server =
                    Message::new().message(1, &Message::new().int(5, 1)).message(2, &Message::new().message(1, &trace));
                Some(Message::new().message(1, &server).int(2, 1))
            }
            "GetServerSockets" => {
                let mut page = Message::new();
                for number in 0..self.clients.len() as u64 {
                    page = page.message(1, &Message::new().int(3, 1_000_000_000 + number));
                }
                Some(page.int(2, 1))
            }
            _ => None,
        }
    }
}

/// The numbers of a request, by field.
fn numbers(message: &[u8]) -> BTreeMap<u64, u64> {
    let mut fields = BTreeMap::new();
    let mut rest = message.get(5..).unwrap_or_default().iter();
    let mut varint = || -> Option<u64> {
        let (mut value, mut shift) = (0, 0);
        loop {
            let byte = *rest.next()?;
            value |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte < 0x80 {
                return Some(value);
            }
        }
    };
    while let (Some(key), Some(value)) = (varint(), varint()) {
        fields.insert(key >> 3, value);
    }
    fields
}

/// Serves channelz as `process` has it, and `grpc.health.v1` with SERVING, until the client closes the connection.
pub async fn serve<T: AsyncRead + AsyncWrite + Unpin>(io: T, process: Arc<Process>) {
    let Ok(mut connection) = h2::server::handshake(io).await else { return };
    let mut tasks = Vec::new();
    while let Some(Ok((request, mut respond))) = connection.accept().await {
        let process = process.clone();
        tasks.push(tokio::spawn(async move {
            let path = request.uri().path().to_string();
            let mut body = request.into_body();
            let mut message = Vec::new();
            while let Some(Ok(piece)) = body.data().await {
                let _ = body.flow_control().release_capacity(piece.len());
                message.extend_from_slice(&piece);
            }
            let method = path.rsplit('/').next().unwrap_or_default();
            let answer = match path.starts_with("/grpc.channelz.v1.") {
                true => process.answer(method, &numbers(&message)),
                false => Some(Message::new().int(1, 1)),
            };
            let head = http::Response::builder().header("content-type", "application/grpc");
            let Some(Message(answer)) = answer else {
                let head = head.header("grpc-status", "5").body(()).unwrap();
                let _ = respond.send_response(head, true);
                return;
            };
            let Ok(mut stream) = respond.send_response(head.body(()).unwrap(), false) else { return };
            let mut framed = vec![0];
            framed.extend((answer.len() as u32).to_be_bytes());
            framed.extend(answer);
            let _ = stream.send_data(Bytes::from(framed), false);
            let mut trailers = http::HeaderMap::new();
            trailers.insert("grpc-status", http::HeaderValue::from_static("0"));
            let _ = stream.send_trailers(trailers);
        }));
    }
}
