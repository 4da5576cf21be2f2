//! One question to one server after the other, and what each of them said to it.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use futures_util::future;
use hickory_resolver::config::{
    ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts, ServerOrderingStrategy,
};
use hickory_resolver::lookup::Lookup;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::{Name, Record, RecordType};
use hickory_resolver::{Resolver, TokioResolver};
use tokio::net::UdpSocket;
use tokio::time::{Instant, sleep, timeout};

use super::servers::shown;
use crate::model::resolution::{AbsenceCode, ResolveCode, ResolveError};

/// After this much silence a connected socket finds out whether anybody listens there: the kernel tells only a
/// connected socket about "port unreachable", and the resolver's own are not.
const SUSPICION: Duration = Duration::from_millis(100);
/// How often the resolver sends a question over UDP, and how long it waits in between (hickory's own constants).
const TRIES: u128 = 3;
const TRY_AGAIN: u128 = 333;

/// Asks servers; keeps their connections, but never an answer.
pub(super) struct Asker {
    servers: Vec<(SocketAddr, TokioResolver)>,
}

/// What a server answered.
#[derive(Debug)]
pub(super) struct Reply {
    /// Who answered.
    pub(super) server: SocketAddr,
    /// What was asked: `A pay.example`.
    pub(super) question: String,
    /// How long this server took.
    pub(super) took: Duration,
    /// The answer.
    pub(super) said: Said,
    /// The servers before it that gave no answer, each with its sentence.
    pub(super) passed_over: Vec<String>,
}

/// The answer to a question.
#[derive(Debug)]
pub(super) enum Said {
    /// Records of the type asked for (and the aliases on the way), and what the server added.
    Records {
        /// The answer section.
        answers: Vec<Record>,
        /// The additional section.
        additionals: Vec<Record>,
    },
    /// With authority: nothing.
    Nothing {
        /// How it said so.
        code: AbsenceCode,
        /// How long that holds.
        ttl: Option<Duration>,
    },
}

impl Asker {
    /// One resolver per server, so that every answer has a name; nobody is contacted yet.
    pub(super) fn new(servers: &[SocketAddr], limit: Duration) -> Result<Self, ResolveError> {
        let build = |&address: &SocketAddr| {
            let resolver = resolver(address, limit).map_err(|error| {
                ResolveError::fatal(ResolveCode::BadTarget, format!("dns server {address}: {error}"))
            })?;
            Ok((address, resolver))
        };
        servers.iter().map(build).collect::<Result<_, ResolveError>>().map(|servers| Asker { servers })
    }

    /// Asks the servers in order until one answers, all of them within `deadline`.
    pub(super) async fn ask(&self, name: &Name, kind: RecordType, deadline: Instant) -> Result<Reply, ResolveError> {
        let question = format!("{kind} {}", shown(name));
        let mut passed_over = Vec::new();
        let mut code = ResolveCode::Unreachable;
        for (index, (server, resolver)) in self.servers.iter().enumerate() {
            let left = deadline.saturating_duration_since(Instant::now());
            let budget = left / u32::try_from(self.servers.len() - index).unwrap_or(1);
            let begun = Instant::now();
            let answered = tokio::select! {
                answered = timeout(budget, resolver.lookup(name.clone(), kind)) => answered.unwrap_or(Err(NetError::Timeout)),
                refused = refusal(*server) => Err(NetError::from(refused)),
            };
            match interpret(answered, budget) {
                Ok(said) => return Ok(Reply { server: *server, question, took: begun.elapsed(), said, passed_over }),
                Err((failed, why)) => {
                    code = failed;
                    passed_over.push(format!("dns server {server} {}", why.replace("{}", &question)));
                }
            }
        }
        if passed_over.is_empty() {
            passed_over.push("no dns server is known".to_string());
        }
        Err(ResolveError::ambient(code, passed_over.join("; ")))
    }
}

fn resolver(server: SocketAddr, limit: Duration) -> Result<TokioResolver, NetError> {
    let (mut udp, mut tcp) = (ConnectionConfig::udp(), ConnectionConfig::tcp());
    udp.port = server.port();
    tcp.port = server.port();
    let config = ResolverConfig::from_name_servers(vec![NameServerConfig::new(server.ip(), true, vec![udp, tcp])]);
    let mut options = ResolverOpts::default();
    options.timeout = limit;
    options.attempts = 0;
    options.cache_size = 0;
    options.num_concurrent_reqs = 1;
    options.edns0 = true;
    options.use_hosts_file = ResolveHosts::Never;
    options.server_ordering_strategy = ServerOrderingStrategy::UserProvidedOrder;
    Resolver::builder_with_config(config, TokioRuntimeProvider::default()).with_options(options).build()
}

/// The answer, or why there is none, with `{}` where the question belongs.
fn interpret(answered: Result<Lookup, NetError>, budget: Duration) -> Result<Said, (ResolveCode, String)> {
    let error = match answered {
        Ok(lookup) => {
            return Ok(Said::Records {
                answers: lookup.answers().to_vec(),
                additionals: lookup.additionals().to_vec(),
            });
        }
        Err(error) => error,
    };
    Err(match error {
        NetError::Dns(DnsError::NoRecordsFound(none)) => {
            let ttl = none.negative_ttl.map(|seconds| Duration::from_secs(seconds.into()));
            match none.response_code {
                ResponseCode::NXDomain => return Ok(Said::Nothing { code: AbsenceCode::NxDomain, ttl }),
                // A referral is no statement about the name: the server does not know, and does not ask for us.
                ResponseCode::NoError if none.ns.is_some() && none.soa.is_none() => (
                    ResolveCode::BadAnswer,
                    "does not answer {}: it refers to other servers and asks none of them".to_string(),
                ),
                ResponseCode::NoError => return Ok(Said::Nothing { code: AbsenceCode::NoData, ttl }),
                other => response_code(other),
            }
        }
        NetError::Dns(DnsError::ResponseCode(code)) => response_code(code),
        NetError::Timeout => {
            let tries = (budget.as_millis() / TRY_AGAIN + 1).min(TRIES);
            let text = format!("gave no answer for {{}} within {:.1}s (udp, {tries} tries)", budget.as_secs_f64());
            (ResolveCode::Timeout, text)
        }
        NetError::Io(error) => (ResolveCode::Unreachable, format!("could not be asked for {{}}: {}", io_cause(&error))),
        NetError::NoConnections => (ResolveCode::Unreachable, "could not be asked for {}: no connection".to_string()),
        NetError::Truncated => (ResolveCode::BadAnswer, "cut its answer to {} over udp and over tcp".to_string()),
        other => (ResolveCode::BadAnswer, format!("gave an answer to {{}} that cannot be understood: {other}")),
    })
}

fn response_code(code: ResponseCode) -> (ResolveCode, String) {
    match code {
        ResponseCode::ServFail => (ResolveCode::ServFail, "answered SERVFAIL for {}".to_string()),
        ResponseCode::Refused => (ResolveCode::Refused, "answered REFUSED for {} (it does not serve us)".to_string()),
        other => (ResolveCode::ServerError, format!("answered {other} for {{}}")),
    }
}

fn io_cause(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused, nothing listens there".to_string(),
        io::ErrorKind::HostUnreachable => "no route to host".to_string(),
        io::ErrorKind::NetworkUnreachable => "network is unreachable".to_string(),
        _ => error.to_string(),
    }
}

/// Ends only when the network says that nobody listens at `server`: asks for the root's name servers from a connected
/// socket, once, when the server has been silent for a while. Any answer means that somebody does.
async fn refusal(server: SocketAddr) -> io::Error {
    sleep(SUSPICION).await;
    match knock(server).await {
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::ConnectionRefused | io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable
            ) =>
        {
            error
        }
        // An answer, or a fault of our own (no descriptor left): the question itself goes on.
        Ok(()) | Err(_) => future::pending().await,
    }
}

async fn knock(server: SocketAddr) -> io::Result<()> {
    let any: SocketAddr = match server {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(any).await?;
    socket.connect(server).await?;
    let [high, low] = fastrand::u16(..).to_be_bytes();
    // A header with one question, for NS of the root in class IN.
    socket.send(&[high, low, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1]).await?;
    socket.recv(&mut [0; 512]).await.map(drop)
}
