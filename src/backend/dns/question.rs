//! One query to the servers in turn, and its result: records, a negative answer, or a failure with its sentence.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hickory_resolver::proto::op::{Message, ResponseCode};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use tokio::time::Instant;

use super::error::{DnsError, Fault};
use super::exchange::{Failure, NoEdns, Response, Server, Wait};
use super::resolv_conf::Retry;
use super::servers::{Servers, shown};
use crate::model::resolution::{AbsenceCode, ResolveCode, ResolveError};

/// A chain of more aliases is not followed (BIND and unbound stop at 16 and 11).
const MOST_ALIASES: usize = 11;

/// Queries servers; stores how they behave, but no answers.
pub(super) struct DnsClient {
    servers: Vec<Server>,
    retry: Option<Retry>,
    rotate: bool,
    tcp_only: bool,
    /// The position of `rotate`.
    turn: AtomicUsize,
}

/// What a server answered.
#[derive(Debug)]
pub(super) struct Reply {
    /// The server that answered.
    pub(super) server: SocketAddr,
    /// What was queried: `A pay.example`.
    pub(super) question: String,
    /// How long this server took.
    pub(super) took: Duration,
    /// The answer.
    pub(super) result: QuestionResult,
    /// The chain of aliases, starting with the queried name; empty without an alias.
    pub(super) aliases: Vec<Name>,
    /// The response over UDP was truncated without the TC bit.
    pub(super) cut: Option<Truncation>,
    /// Even the response over TCP was truncated.
    pub(super) incomplete: bool,
    /// Why the query was sent without EDNS, if it was.
    pub(super) without_edns: Option<NoEdns>,
    /// The servers before it that did not answer, each with its sentence.
    pub(super) skipped: Vec<String>,
}

/// How many records arrived over each transport.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Truncation {
    pub(super) udp: usize,
    pub(super) tcp: usize,
}

/// The answer to a query.
#[derive(Debug)]
pub(super) enum QuestionResult {
    /// Records of the queried type (and the aliases on the way), and the additional section.
    Records {
        /// The answer section.
        answers: Vec<Record>,
        /// The additional section.
        additionals: Vec<Record>,
    },
    /// An authoritative negative answer.
    Nothing {
        /// Its kind.
        code: AbsenceCode,
        /// How long it is valid.
        ttl: Option<Duration>,
    },
    /// The aliases form a loop, or the chain is too long.
    Loop,
}

impl Reply {
    /// The name at the end of the aliases.
    pub(super) fn final_name(&self) -> Option<&Name> {
        self.aliases.last()
    }
}

impl DnsClient {
    /// Nothing is contacted yet.
    pub(super) fn new(servers: &Servers) -> Self {
        DnsClient {
            servers: servers.addresses.iter().map(|address| Server::new(*address)).collect(),
            retry: servers.retry,
            rotate: servers.rotate,
            tcp_only: servers.tcp_only,
            turn: AtomicUsize::new(0),
        }
    }

    /// Queries the servers until one answers, all within `deadline`.
    pub(super) async fn query(&self, name: &Name, kind: RecordType, deadline: Instant) -> Result<Reply, ResolveError> {
        let mut reply = self.query_once(name, kind, deadline).await?;
        // A server that returns only the alias (an authoritative one) is queried for its target.
        while matches!(reply.result, QuestionResult::Records { .. }) && !has_kind(&reply, kind) {
            let Some(target) = reply.final_name().cloned() else { break };
            if reply.aliases.len() > MOST_ALIASES {
                reply.result = QuestionResult::Loop;
                break;
            }
            let mut next = self.query_once(&target, kind, deadline).await?;
            let mut aliases = std::mem::take(&mut reply.aliases);
            let returns = next.aliases.iter().skip(1).any(|name| aliases.contains(name));
            aliases.extend(next.aliases.drain(..).skip(1));
            next.aliases = aliases;
            next.took += reply.took;
            if returns {
                next.result = QuestionResult::Loop;
            }
            if let (QuestionResult::Records { answers: earlier, .. }, QuestionResult::Records { answers, .. }) =
                (reply.result, &mut next.result)
            {
                answers.splice(0..0, earlier);
            }
            next.skipped.splice(0..0, reply.skipped);
            reply = next;
        }
        Ok(reply)
    }

    async fn query_once(&self, name: &Name, kind: RecordType, deadline: Instant) -> Result<Reply, ResolveError> {
        let question = format!("{kind} {}", shown(name));
        let first = if self.rotate { self.turn.fetch_add(1, Ordering::Relaxed) } else { 0 };
        let rounds = self.retry.map_or(1, |retry| retry.attempts);
        let mut failed: Vec<DnsError> = Vec::new();
        for _ in 0..rounds {
            for offset in 0..self.servers.len() {
                let Some(server) = self.servers.get((first + offset) % self.servers.len()) else { continue };
                let left = deadline.saturating_duration_since(Instant::now());
                let limit = match self.retry {
                    Some(retry) => retry.timeout.min(left),
                    None => left / u32::try_from(self.servers.len() - offset).unwrap_or(1),
                };
                if limit.is_zero() {
                    break;
                }
                let wait = Wait { limit, resend: self.retry.is_none(), tcp_only: self.tcp_only };
                let started = Instant::now();
                match interpret(server.query(name, kind, wait).await, name, kind) {
                    Ok(answered) => {
                        let skipped = failed.iter().map(ToString::to_string).collect();
                        let (server, took) = (server.address, started.elapsed());
                        return Ok(Reply { server, question, took, skipped, ..answered });
                    }
                    Err(why) => match failed.iter_mut().find(|failed| failed.server == server.address) {
                        Some(known) => known.again(why),
                        None => {
                            failed.push(DnsError { server: server.address, question: question.clone(), why });
                        }
                    },
                }
            }
        }
        let texts: Vec<String> = failed.iter().map(ToString::to_string).collect();
        Err(match failed.pop() {
            None => ResolveError::ambient(ResolveCode::Unreachable, "no DNS server is configured"),
            Some(last) => ResolveError::ambient(last.why.code(), texts.join("; ")).caused_by(last),
        })
    }
}

fn has_kind(reply: &Reply, kind: RecordType) -> bool {
    match &reply.result {
        QuestionResult::Records { answers, .. } => answers.iter().any(|record| record.record_type() == kind),
        QuestionResult::Nothing { .. } | QuestionResult::Loop => false,
    }
}

/// The meaning of a response; `server` and the replies before it are not filled in.
fn interpret(response: Result<Response, Failure>, name: &Name, kind: RecordType) -> Result<Reply, Fault> {
    let Response { message, cut, incomplete, without_edns } = response.map_err(Fault::Failure)?;
    let negative_ttl = negative_ttl(&message);
    let refers = message.authorities.iter().any(|record| record.record_type() == RecordType::NS)
        && !message.authorities.iter().any(|record| record.record_type() == RecordType::SOA);
    let (aliases, is_loop) = follow(name, &message.answers);
    let count = message.answers.iter().filter(|record| record.record_type() == kind).count();
    let result = match message.metadata.response_code {
        ResponseCode::NoError | ResponseCode::NXDomain if is_loop => QuestionResult::Loop,
        ResponseCode::NXDomain => QuestionResult::Nothing { code: AbsenceCode::NxDomain, ttl: negative_ttl },
        ResponseCode::NoError if !message.answers.is_empty() => {
            // A server that resolves aliases itself would have sent their records: there are none.
            let ended = count == 0 && message.metadata.recursion_available && negative_ttl.is_some();
            match ended {
                true => QuestionResult::Nothing { code: AbsenceCode::NoData, ttl: negative_ttl },
                false => QuestionResult::Records { answers: message.answers, additionals: message.additionals },
            }
        }
        // A referral is not a statement about the name.
        ResponseCode::NoError if refers => return Err(Fault::Referral),
        ResponseCode::NoError => QuestionResult::Nothing { code: AbsenceCode::NoData, ttl: negative_ttl },
        other => return Err(Fault::Code(other)),
    };
    let cut = cut.map(|udp| Truncation { udp, tcp: count });
    Ok(Reply {
        server: SocketAddr::from(([0, 0, 0, 0], 0)),
        question: String::new(),
        took: Duration::ZERO,
        result,
        aliases,
        cut,
        incomplete,
        without_edns,
        skipped: Vec::new(),
    })
}

/// The chain of aliases starting with `name`; whether it is a loop.
fn follow(name: &Name, answers: &[Record]) -> (Vec<Name>, bool) {
    let target = |owner: &Name| {
        answers.iter().find_map(|record| match &record.data {
            RData::CNAME(target) if record.name == *owner => Some(target.0.clone()),
            _ => None,
        })
    };
    let mut chain = vec![name.clone()];
    while let Some(next) = chain.last().and_then(target) {
        let known = chain.contains(&next);
        chain.push(next);
        if known {
            return (chain, true);
        }
    }
    if chain.len() == 1 { (Vec::new(), false) } else { (chain, false) }
}

/// How long a negative answer is valid (RFC 2308): the SOA's minimum or its own TTL.
fn negative_ttl(message: &Message) -> Option<Duration> {
    message.authorities.iter().find_map(|record| match &record.data {
        RData::SOA(soa) => Some(Duration::from_secs(soa.minimum.min(record.ttl).into())),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use hickory_resolver::proto::rr::rdata::CNAME;

    use super::super::name::full_name;
    use super::*;

    fn name(text: &str) -> Name {
        full_name(text).unwrap()
    }

    fn alias(from: &str, to: &str) -> Record {
        Record::from_rdata(name(from), 5, RData::CNAME(CNAME(name(to))))
    }

    #[test]
    fn aliases_are_followed_in_any_order_until_they_return() {
        let chain = |answers: &[Record]| {
            let (names, is_loop) = follow(&name("a.test"), answers);
            (names.iter().map(shown).collect::<Vec<_>>(), is_loop)
        };
        assert_eq!(chain(&[]), (vec![], false));
        let two = [alias("b.test", "c.test"), alias("A.test", "b.test")];
        assert_eq!(chain(&two), (vec!["a.test".into(), "b.test".into(), "c.test".into()], false));
        let returns = [alias("a.test", "b.test"), alias("b.test", "a.test")];
        assert_eq!(chain(&returns), (vec!["a.test".into(), "b.test".into(), "a.test".into()], true));
    }
}
