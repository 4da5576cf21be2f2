//! A DNS server with scripted answers, over UDP and TCP on one port of the loopback interface.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};

use hickory_resolver::proto::op::{Edns, Message, OpCode, ResponseCode};
use hickory_resolver::proto::rr::rdata::{A, AAAA, CNAME, NS, SOA, SRV, TXT};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::task::JoinSet;

/// The answer to a query.
#[derive(Debug, Clone)]
pub enum Behavior {
    /// These records in the answer section, and these in the additional one.
    Records(Vec<Record>, Vec<Record>),
    /// NOERROR without a record, with a SOA.
    NoData,
    /// An error.
    Code(ResponseCode),
    /// No response.
    NoResponse,
    /// This many of these records; every answer continues with the next ones.
    Rotating(usize, Vec<Record>),
    /// Over UDP only the TC bit; over TCP these records.
    CutOverUdp(Vec<Record>),
    /// Over UDP only the first of these records, without the TC bit; over TCP all of them.
    Part(usize, Vec<Record>),
    /// To a query with EDNS this code, or no response; to one without EDNS these records.
    WithoutEdns(Option<ResponseCode>, Vec<Record>),
    /// A referral to this server.
    Referral(&'static str),
    /// Bytes that are not a DNS message.
    Garbage,
}

#[derive(Default)]
struct Zone {
    scripts: HashMap<(Name, RecordType), Behavior>,
    queried: Vec<String>,
}

/// The server; stopped when dropped.
pub struct DnsServer {
    address: SocketAddr,
    zone: Arc<Mutex<Zone>>,
    tasks: JoinSet<()>,
}

impl DnsServer {
    /// A server on a free port, without any names.
    pub async fn start() -> Self {
        let (udp, tcp) = loop {
            let udp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            // The same port may be in use for TCP: then another one is tried.
            if let Ok(tcp) = TcpListener::bind(udp.local_addr().unwrap()).await {
                break (udp, tcp);
            }
        };
        let mut server = DnsServer { address: udp.local_addr().unwrap(), zone: Arc::default(), tasks: JoinSet::new() };
        server.serve(udp, tcp);
        server
    }

    /// [`DnsServer::start`] on existing sockets.
    pub fn on(udp: std::net::UdpSocket, tcp: std::net::TcpListener) -> Self {
        udp.set_nonblocking(true).unwrap();
        tcp.set_nonblocking(true).unwrap();
        let address = udp.local_addr().unwrap();
        let mut server = DnsServer { address, zone: Arc::default(), tasks: JoinSet::new() };
        server.serve(UdpSocket::from_std(udp).unwrap(), TcpListener::from_std(tcp).unwrap());
        server
    }

    /// [`DnsServer::start`] for UDP only: its TCP port has no listener.
    pub async fn start_without_tcp() -> Self {
        let udp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let mut server = DnsServer { address: udp.local_addr().unwrap(), zone: Arc::default(), tasks: JoinSet::new() };
        server.serve_udp(udp);
        server
    }

    /// The address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on `script` is the answer to `kind` of `name`.
    pub fn answer_with(&self, name: &str, kind: RecordType, script: Behavior) {
        self.zone.lock().unwrap().scripts.insert((full(name), kind), script);
    }

    /// The queries so far: `A pay.example. udp`.
    pub fn queried(&self) -> Vec<String> {
        self.zone.lock().unwrap().queried.clone()
    }

    /// Closes the port; the scripts are kept.
    pub async fn stop(&mut self) {
        self.tasks.shutdown().await;
    }

    /// Listens again on the same port.
    pub async fn start_again(&mut self) {
        let udp = UdpSocket::bind(self.address).await.unwrap();
        let tcp = TcpListener::bind(self.address).await.unwrap();
        self.serve(udp, tcp);
    }

    fn serve(&mut self, udp: UdpSocket, tcp: TcpListener) {
        self.serve_udp(udp);
        let zone = self.zone.clone();
        self.tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = tcp.accept().await {
                connections.spawn(converse(zone.clone(), stream));
            }
        });
    }

    fn serve_udp(&mut self, udp: UdpSocket) {
        let zone = self.zone.clone();
        self.tasks.spawn(async move {
            let mut buffer = [0; 4096];
            while let Ok((length, peer)) = udp.recv_from(&mut buffer).await {
                if let Some(reply) = answer(&zone, &buffer[..length], false) {
                    drop(udp.send_to(&reply, peer).await);
                }
            }
        });
    }
}

async fn converse(zone: Arc<Mutex<Zone>>, mut stream: TcpStream) -> io::Result<()> {
    loop {
        let length = stream.read_u16().await?;
        let mut question = vec![0; length.into()];
        stream.read_exact(&mut question).await?;
        if let Some(reply) = answer(&zone, &question, true) {
            stream.write_u16(u16::try_from(reply.len()).unwrap()).await?;
            stream.write_all(&reply).await?;
        }
    }
}

fn answer(zone: &Mutex<Zone>, question: &[u8], tcp: bool) -> Option<Vec<u8>> {
    let question = Message::from_vec(question).ok()?;
    let query = question.queries.first()?.clone();
    let mut zone = zone.lock().unwrap();
    let transport = if tcp { "tcp" } else { "udp" };
    zone.queried.push(format!("{} {} {transport}", query.query_type(), query.name()));
    let script = zone.scripts.get(&(query.name().clone(), query.query_type())).cloned();
    // A name that has a record of another type exists.
    let exists = zone.scripts.keys().any(|(name, _)| name == query.name());
    let script = script.unwrap_or(if exists { Behavior::NoData } else { Behavior::Code(ResponseCode::NXDomain) });
    let mut reply = Message::response(question.metadata.id, OpCode::Query);
    reply.metadata.authoritative = true;
    reply.metadata.recursion_desired = question.metadata.recursion_desired;
    reply.metadata.recursion_available = true;
    reply.add_query(query.clone());
    match script {
        Behavior::Records(answers, additionals) => {
            reply.add_answers(answers);
            reply.add_additionals(additionals);
        }
        Behavior::Rotating(some, records) => {
            let question = format!("{} {} ", query.query_type(), query.name());
            let before = zone.queried.iter().filter(|queried| queried.starts_with(&question)).count() - 1;
            let all = records.len();
            reply.add_answers(records.into_iter().cycle().skip(before * some % all).take(some));
        }
        Behavior::NoData => {
            reply.add_authority(soa(query.name()));
        }
        Behavior::Code(code) => {
            reply.metadata.response_code = code;
            if code == ResponseCode::NXDomain {
                reply.add_authority(soa(query.name()));
            }
        }
        Behavior::NoResponse => return None,
        Behavior::CutOverUdp(records) if tcp => {
            reply.add_answers(records);
        }
        Behavior::CutOverUdp(_) => reply.metadata.truncation = true,
        Behavior::Part(some, records) => {
            let count = if tcp { records.len() } else { some };
            reply.add_answers(records.into_iter().take(count));
        }
        Behavior::WithoutEdns(code, records) => match (question.edns.is_some(), code) {
            (true, Some(code)) => {
                reply.metadata.response_code = code;
                if code == ResponseCode::BADVERS {
                    // Its upper bits are in the OPT record.
                    reply.set_edns(Edns::new());
                }
            }
            (true, None) => return None,
            (false, _) => drop(reply.add_answers(records)),
        },
        Behavior::Referral(to) => {
            reply.metadata.authoritative = false;
            reply.metadata.recursion_available = false;
            reply.add_authority(Record::from_rdata(query.name().clone(), 60, RData::NS(NS(full(to)))));
        }
        Behavior::Garbage => {
            return Some(question.metadata.id.to_be_bytes().iter().copied().chain(*b"garbage").collect());
        }
    }
    Some(reply.to_vec().unwrap())
}

/// `name` as a full name.
pub fn full(name: &str) -> Name {
    let mut name = if name.is_ascii() { Name::from_ascii(name) } else { Name::from_utf8(name) }.unwrap();
    name.set_fqdn(true);
    name
}

fn soa(name: &Name) -> Record {
    let soa = SOA::new(full("ns.test"), full("admin.test"), 1, 60, 60, 60, 3);
    Record::from_rdata(name.clone(), 3, RData::SOA(soa))
}

/// An address record.
pub fn address(name: &str, ttl: u32, ip: &str) -> Record {
    let data = match ip.parse().unwrap() {
        IpAddr::V4(ip) => RData::A(A(ip)),
        IpAddr::V6(ip) => RData::AAAA(AAAA(ip)),
    };
    Record::from_rdata(full(name), ttl, data)
}

/// The script for address records of `name`.
pub fn addresses(name: &str, ttl: u32, ips: &[&str]) -> Behavior {
    Behavior::Records(ips.iter().map(|ip| address(name, ttl, ip)).collect(), vec![])
}

/// An SRV record: priority, weight, port, target.
pub fn srv(name: &str, ttl: u32, (priority, weight, port, target): (u16, u16, u16, &str)) -> Record {
    Record::from_rdata(full(name), ttl, RData::SRV(SRV::new(priority, weight, port, full(target))))
}

/// A TXT record.
pub fn txt(name: &str, text: &[&str]) -> Record {
    Record::from_rdata(full(name), 60, RData::TXT(TXT::new(text.iter().map(ToString::to_string).collect())))
}

/// An alias.
pub fn cname(name: &str, ttl: u32, to: &str) -> Record {
    Record::from_rdata(full(name), ttl, RData::CNAME(CNAME(full(to))))
}
