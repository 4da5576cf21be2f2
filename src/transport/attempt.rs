//! One connection attempt: resolve, tcp, tls, http2, under one deadline; and finding out whether a port wants TLS.

use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::uri::{Authority, Scheme};
use tokio::time::{Instant, timeout_at};

use super::grpc::{Grpc, Origin};
use super::http2::{self, Driver, NoLink};
use super::tls::{ClientAuth, Secured};
use super::wire::{End, Hold, Wire};
use super::{Inner, Io, Progress, TlsMode, offer, tcp};
use crate::model::endpoint::Address;
use crate::model::reach::{Failure, FailureCode, Health, Phase, PhaseDetail, Spoken, Stage, TlsReport};
use crate::net::io_words;
use crate::net::tls::{Told, explain_alert, explain_end};
use crate::text::duration;

/// An address of a name gets at least this long, when there are others to try after it (as Go's dialer does it).
const LEAST_SHARE: Duration = Duration::from_secs(2);
/// Longer than any session: what a time that overflows means.
const FAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// What an attempt that succeeded leaves behind. Nothing runs until somebody polls the driver.
pub(super) struct Established {
    pub driver: Driver,
    pub grpc: Grpc,
    pub wire: Arc<Wire>,
    /// The answer to the question, where it was asked with the preface.
    pub answering: Option<Answering>,
}

/// How a port is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Plaintext,
    Tls,
}

impl Mode {
    pub fn other(self) -> Mode {
        match self {
            Mode::Plaintext => Mode::Tls,
            Mode::Tls => Mode::Plaintext,
        }
    }
}

/// What all attempts of one connection share.
pub(super) struct Attempt<'a> {
    inner: &'a Inner,
    address: &'a Address,
    /// The address itself, or what its name stands for.
    candidates: Vec<Address>,
    /// All stages together begin and end here.
    pub began: Instant,
    pub deadline: Instant,
    /// What a single look asks.
    question: Option<Question<'a>>,
    /// Where the stage is noted.
    progress: &'a Progress,
}

/// Asks the one question of a single look.
pub(super) type Question<'a> = &'a (dyn Fn(Grpc) -> Answering + Send + Sync);
/// The answer on its way.
pub(super) type Answering = BoxFuture<'static, (Health, Duration)>;

/// Connects to `address`; tells `report` of every stage that was passed. With a `question` it is a single look: no more
/// packets than needed are sent, and where plaintext was asked for the question goes out with the preface, unless it
/// carries metadata, which nobody is shown before it has spoken HTTP/2.
pub(super) async fn establish(
    inner: &Inner,
    address: &Address,
    question: Option<Question<'_>>,
    progress: &Progress,
    mut report: impl FnMut(Phase) + Send,
) -> Result<Established, Failure> {
    let attempt = Attempt::prepare(inner, address, question, progress, &mut report).await?;
    match inner.options.tls {
        TlsMode::On => attempt.run(Mode::Tls, &mut report).await,
        TlsMode::Off => match attempt.run(Mode::Plaintext, &mut report).await {
            // A single look is worth a second connection to learn why nothing was said.
            Err(failure) if question.is_some() && may_be_mismatch(&failure, Mode::Plaintext) => {
                Err(attempt.explain(failure).await)
            }
            other => other,
        },
        TlsMode::Auto => attempt.find_out(&mut report).await,
    }
}

async fn resolve(
    address: &Address,
    deadline: Instant,
    report: &mut (impl FnMut(Phase) + Send),
) -> Result<Vec<Address>, Failure> {
    let Address::Name { host, port } = address else { return Ok(vec![address.clone()]) };
    let begun = Instant::now();
    let fail = |code, text: String| Failure::new(Stage::Resolve, code, text, begun.elapsed());
    let found = match timeout_at(deadline, tokio::net::lookup_host((host.as_str(), *port))).await {
        Err(_) => {
            let text = format!("looking up \"{host}\" took longer than {}", duration(begun.elapsed()));
            return Err(fail(FailureCode::TimedOut, text));
        }
        Ok(Err(error)) => {
            let words = io_words(&error);
            let why = words.strip_prefix("failed to lookup address information: ").unwrap_or(&words).to_lowercase();
            let unknown = ["not known", "no address associated", "does not resolve", "nodename nor servname"];
            let code = match unknown.iter().any(|phrase| why.contains(phrase)) {
                true => FailureCode::NameNotFound,
                false => FailureCode::Io,
            };
            return Err(fail(code, format!("\"{host}\": {why}")));
        }
        Ok(Ok(found)) => found.collect::<Vec<_>>(),
    };
    if found.is_empty() {
        return Err(fail(FailureCode::NameNotFound, format!("\"{host}\" has no address")));
    }
    let detail = PhaseDetail::Resolved(found.iter().map(std::net::SocketAddr::ip).collect());
    report(Phase { stage: Stage::Resolve, took: begun.elapsed(), detail });
    Ok(found.into_iter().map(Address::Ip).collect())
}

impl<'a> Attempt<'a> {
    /// An attempt whose time runs from now on, its name looked up.
    pub async fn prepare(
        inner: &'a Inner,
        address: &'a Address,
        question: Option<Question<'a>>,
        progress: &'a Progress,
        report: &mut (impl FnMut(Phase) + Send),
    ) -> Result<Attempt<'a>, Failure> {
        progress.enter(Stage::Resolve);
        let began = Instant::now();
        let deadline = later(began, inner.options.connect_timeout);
        let candidates = resolve(address, deadline, report).await?;
        Ok(Attempt { inner, address, candidates, began, deadline, question, progress })
    }

    /// The mode that was found out before, or the usual one for the port.
    pub fn likely_mode(&self) -> Mode {
        let usual = match self.address.port() {
            Some(443 | 8443) => Mode::Tls,
            _ => Mode::Plaintext,
        };
        self.inner.known_mode(self.address).unwrap_or(usual)
    }

    /// The byte stream in one mode, with what TLS showed.
    pub async fn stream(
        &self,
        mode: Mode,
        report: &mut (impl FnMut(Phase) + Send),
    ) -> Result<(Box<dyn Io>, Option<(TlsReport, ClientAuth)>), Failure> {
        let origin = self.origin(mode)?;
        let io = self.dial(report).await?;
        match mode {
            Mode::Plaintext => Ok((io, None)),
            Mode::Tls => {
                // Boxed, as every rare stage is: each probe's task has room for the largest.
                let Secured { io, report: tls, client } = Box::pin(self.secure(io, &origin, report)).await?;
                Ok((io, Some((tls, client))))
            }
        }
    }

    /// Tries the likelier mode first, and the other one when the answer shows the mismatch. Only the preface and
    /// SETTINGS, or a ClientHello, are sent before the mode is known.
    async fn find_out(&self, report: &mut (impl FnMut(Phase) + Send)) -> Result<Established, Failure> {
        let first = self.likely_mode();
        let mut phases = Vec::new();
        let failure = match self.run(first, &mut |phase| phases.push(phase)).await {
            Ok(established) => {
                phases.into_iter().for_each(report);
                return Ok(established);
            }
            Err(failure) => failure,
        };
        if !may_be_mismatch(&failure, first) {
            phases.into_iter().for_each(report);
            return Err(failure);
        }
        let mut other_phases = Vec::new();
        match self.run(first.other(), &mut |phase| other_phases.push(phase)).await {
            Ok(established) => {
                self.inner.learn_mode(self.address, first.other());
                other_phases.into_iter().for_each(report);
                Ok(established)
            }
            Err(other) if got_further(&other, &failure) => {
                other_phases.into_iter().for_each(report);
                Err(other)
            }
            Err(_) => {
                phases.into_iter().for_each(report);
                Err(failure)
            }
        }
    }

    /// A plaintext attempt that was cut off without a word: many TLS servers do that. Asks the port with a ClientHello, and
    /// says so if TLS is spoken there.
    async fn explain(&self, failure: Failure) -> Failure {
        if failure.code == FailureCode::TlsExpected {
            return failure;
        }
        let speaks_tls = match self.run(Mode::Tls, &mut |_| {}).await {
            Ok(_) => true,
            Err(other) => other.spoken == Some(Spoken::Tls) || shows_tls(&other),
        };
        if !speaks_tls {
            return failure;
        }
        let text = format!("{}; the port speaks TLS, and plaintext was asked for", failure.text);
        Failure { code: FailureCode::TlsExpected, text, ..failure }
    }

    /// All stages, in one mode.
    async fn run(&self, mode: Mode, report: &mut (impl FnMut(Phase) + Send)) -> Result<Established, Failure> {
        let origin = self.origin(mode)?;
        let (io, secured) = self.stream(mode, report).await?;
        self.progress.enter(Stage::Http2);
        let begun = Instant::now();
        let early = self.question.filter(|_| self.inner.options.tls == TlsMode::Off && mode == Mode::Plaintext);
        let early = early.filter(|_| self.inner.options.metadata.is_empty());
        let hold = match (self.question, early) {
            (None, _) => Hold::Nothing,
            (Some(_), None) => Hold::Acknowledgement,
            (Some(_), Some(_)) => Hold::Preface,
        };
        let mut link = match http2::begin(io, mode == Mode::Tls, self.inner.options.keepalive, hold).await {
            Ok(link) => link,
            Err(why) => return Err(no_link(why, secured, begun.elapsed())),
        };
        // Whoever could not be verified, although it was to be, gets no metadata.
        let unproved = secured.as_ref().is_some_and(|(tls, _)| !tls.verified) && !self.inner.options.insecure;
        let metadata = if unproved { Arc::new(Ok(http::HeaderMap::new())) } else { self.inner.metadata.clone() };
        let grpc = Grpc::new(link.send.clone(), link.wire.clone(), origin, metadata);
        let mut answering = early.map(|ask| ask(grpc.clone()));
        let greeted = poll_fn(|cx| {
            // Polled first, so that the question is there when the preface is written. It cannot be answered before
            // SETTINGS: a failure until then is the connection's, or of a limit that was too short for this server.
            if answering.as_mut().is_some_and(|answering| answering.poll_unpin(cx).is_ready()) {
                answering = None;
                link.wire.release();
            }
            link.poll_greeted(cx)
        });
        let settings = match timeout_at(self.deadline, greeted).await {
            Ok(Ok(settings)) => settings,
            Ok(Err(why)) => return Err(no_link(why, secured, begun.elapsed())),
            Err(_) => return Err(no_settings(begun.elapsed(), self.began.elapsed())),
        };
        report(Phase { stage: Stage::Http2, took: begun.elapsed(), detail: PhaseDetail::Settings(settings) });
        if self.withholds(mode) {
            return Err(withheld());
        }
        Ok(Established { driver: link.driver, grpc, wire: link.wire, answering })
    }

    /// Whether there is metadata that must not be sent in this mode: whoever sits in between can choose plaintext. A Unix
    /// socket leads nowhere else.
    pub fn withholds(&self, mode: Mode) -> bool {
        let options = &self.inner.options;
        let is_local = matches!(self.address, Address::Unix(_) | Address::UnixAbstract(_));
        options.tls == TlsMode::Auto && mode == Mode::Plaintext && !options.metadata.is_empty() && !is_local
    }

    async fn dial(&self, report: &mut (impl FnMut(Phase) + Send)) -> Result<Box<dyn Io>, Failure> {
        self.progress.enter(dialing(self.address));
        let begun = Instant::now();
        let mut failures: Vec<(&Address, FailureCode, String)> = Vec::new();
        for (tried, candidate) in self.candidates.iter().enumerate() {
            let since = Instant::now();
            let others = u32::try_from(self.candidates.len() - tried).unwrap_or(u32::MAX);
            let left = self.deadline.saturating_duration_since(since);
            let share = since + (left / others).max(LEAST_SHARE).min(left);
            let limit = if others == 1 { self.deadline } else { share };
            match timeout_at(limit, self.inner.dial.dial(candidate)).await {
                Ok(Ok(io)) => {
                    report(Phase { stage: dialing(candidate), took: begun.elapsed(), detail: PhaseDetail::None });
                    return Ok(io);
                }
                Ok(Err(error)) => {
                    let (code, text) = tcp::classify_dial(candidate, &error);
                    failures.push((candidate, code, text));
                }
                Err(_) => {
                    let waited = duration(since.elapsed());
                    let text = match candidate {
                        Address::Ip(_) | Address::Name { .. } => {
                            format!("no answer to SYN within {waited} (packets dropped, or the host is gone)")
                        }
                        Address::Unix(_) | Address::UnixAbstract(_) => format!("not accepted within {waited}"),
                    };
                    failures.push((candidate, FailureCode::TimedOut, text));
                }
            }
        }
        let waited = begun.elapsed();
        Err(match failures.as_slice() {
            [(address, code, text)] => Failure::new(dialing(address), *code, text.clone(), waited),
            several => {
                let code = several.first().map_or(FailureCode::Io, |(_, code, _)| *code);
                let texts: Vec<_> = several.iter().map(|(address, _, text)| format!("{address}: {text}")).collect();
                Failure::new(Stage::Tcp, code, texts.join("; "), waited)
            }
        })
    }

    async fn secure(
        &self,
        io: Box<dyn Io>,
        origin: &Origin,
        report: &mut (impl FnMut(Phase) + Send),
    ) -> Result<Secured, Failure> {
        // Loading the trusted roots is no part of the peer's time.
        let tls = match self.inner.tls().await {
            Ok(tls) => tls,
            Err(text) => return Err(Failure::new(Stage::Tls, FailureCode::Local, text, Duration::ZERO)),
        };
        let server_name = match &self.inner.options.server_name {
            Some(name) => bare_host(name),
            None => bare_host(origin.authority.host()),
        };
        self.progress.enter(Stage::Tls);
        let begun = Instant::now();
        match timeout_at(self.deadline, tls.handshake(io, server_name)).await {
            Ok(Ok(secured)) => {
                let detail = PhaseDetail::Tls(Box::new(secured.report.clone()));
                report(Phase { stage: Stage::Tls, took: begun.elapsed(), detail });
                Ok(secured)
            }
            Ok(Err(mut refused)) => {
                let waited = begun.elapsed();
                let unclear =
                    matches!(refused.code, FailureCode::CipherSuiteMismatch | FailureCode::ProtocolVersionUnsupported);
                if unclear && refused.report.chain.is_empty() {
                    let dial = || async { self.dial(&mut |_| {}).await.ok() };
                    let missing = Box::pin(offer::missing(dial, server_name, self.deadline)).await;
                    if let Some(Told { code, text, fault }) = missing {
                        (refused.code, refused.report.fault) = (code, fault);
                        refused.text = text;
                    }
                }
                let mut failure = Failure::new(Stage::Tls, refused.code, refused.text, waited);
                failure.spoken = refused.spoken;
                failure.tls = Some(Box::new(refused.report));
                Err(failure)
            }
            Err(_) => {
                let waited = begun.elapsed();
                let text = format!("TLS handshake unanswered for {}", duration(waited));
                Err(Failure::new(Stage::Tls, FailureCode::TimedOut, text, waited))
            }
        }
    }

    /// Scheme and `:authority`: the target's name where there is one, as gRPC does it, else the address itself.
    pub fn origin(&self, mode: Mode) -> Result<Origin, Failure> {
        let text = match (&self.inner.options.authority, self.address) {
            (Some(authority), _) => authority.clone(),
            (None, Address::Unix(_) | Address::UnixAbstract(_)) => "localhost".to_string(),
            (None, address) => address.to_string(),
        };
        let authority = Authority::try_from(text.as_str()).map_err(|error| {
            let text = format!("\"{text}\" cannot be sent as :authority: {error}");
            Failure::new(Stage::Http2, FailureCode::Local, text, Duration::ZERO)
        })?;
        let scheme = match mode {
            Mode::Plaintext => Scheme::HTTP,
            Mode::Tls => Scheme::HTTPS,
        };
        Ok(Origin { scheme, authority })
    }
}

/// The stage in which a connection to `address` is made.
fn dialing(address: &Address) -> Stage {
    match address {
        Address::Ip(_) | Address::Name { .. } => Stage::Tcp,
        Address::Unix(_) | Address::UnixAbstract(_) => Stage::Unix,
    }
}

/// The host without the brackets of an IPv6 literal, its zone, and the root's dot.
fn bare_host(host: &str) -> &str {
    match host.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
        Some(v6) => v6.split('%').next().unwrap_or(v6),
        None => host.strip_suffix('.').unwrap_or(host),
    }
}

/// The moment `time` after `now`, however long that is.
pub(super) fn later(now: Instant, time: Duration) -> Instant {
    now.checked_add(time).unwrap_or(now + FAR)
}

/// The server sent nothing until the deadline: for `waited`, of an attempt that took `total`.
pub(super) fn no_settings(waited: Duration, total: Duration) -> Failure {
    let mut text = format!("accepted the connection and sent no SETTINGS for {}", duration(waited));
    // What little time is left after slow stages proves nothing about this one.
    if waited < total / 2 {
        text = format!(
            "no SETTINGS when the attempt ended after {}: the stages before left {}",
            duration(total),
            duration(waited)
        );
    }
    Failure::new(Stage::Http2, FailureCode::TimedOut, text, waited)
}

/// Why there is no connection, in the words of the stage that failed.
pub(super) fn no_link(why: NoLink, secured: Option<(TlsReport, ClientAuth)>, waited: Duration) -> Failure {
    let end = match why {
        NoLink::Wrong(code, text) => return Failure::new(Stage::Http2, code, text, waited),
        NoLink::Ended(end) => end,
    };
    let End { disconnect, code, tls, spoken } = end;
    let before = match spoken {
        Some(Spoken::Http2) => "before its first HTTP/2 frame was complete",
        Some(Spoken::Tls) | None => "before sending SETTINGS",
    };
    let mut text = match code {
        FailureCode::Closed => format!("closed the connection {before}"),
        FailureCode::Reset => format!("connection reset by peer {before}"),
        _ => disconnect.to_string(),
    };
    let Some((mut report, client)) = secured else {
        return Failure { spoken, ..Failure::new(Stage::Http2, code, text, waited) };
    };
    let refused = match (&tls, code) {
        (Some(tokio_rustls::rustls::Error::AlertReceived(alert)), _) => {
            Some(explain_alert(*alert, &report.server_name, &client))
        }
        (_, FailureCode::Closed | FailureCode::Reset) => explain_end(&client),
        _ => None,
    };
    let mut failure = match refused {
        Some(Told { code, text, fault }) => {
            report.fault = fault;
            Failure::new(Stage::Tls, code, text, waited)
        }
        None => {
            if client.asked.is_some() && client.given.is_some() {
                text.push_str("; it had asked for a client certificate and got ours");
            }
            Failure::new(Stage::Http2, code, text, waited)
        }
    };
    failure.tls = Some(Box::new(report));
    failure
}

/// True when the failure is what a port shows that was spoken to in the wrong mode.
pub(super) fn may_be_mismatch(failure: &Failure, mode: Mode) -> bool {
    use FailureCode::{Closed, Http1, NotTls, Reset, TlsExpected};
    match mode {
        // A web server's TLS port may answer a plaintext client in plaintext HTTP/1.
        Mode::Plaintext => {
            let ended = matches!(failure.code, Closed | Reset) && failure.spoken != Some(Spoken::Http2);
            failure.stage == Stage::Http2 && (ended || matches!(failure.code, TlsExpected | Http1))
        }
        Mode::Tls => {
            let shown = failure.tls.as_ref().is_some_and(|tls| !tls.chain.is_empty());
            failure.stage == Stage::Tls && matches!(failure.code, NotTls | Closed | Reset) && !shown
        }
    }
}

/// True when the attempt in the other mode tells more than the first one.
fn got_further(other: &Failure, first: &Failure) -> bool {
    // Known to want TLS: whatever TLS then shows is better, even if it is little.
    let wanted = first.code == FailureCode::TlsExpected && other.stage >= Stage::Tls;
    wanted || weight(other) > weight(first)
}

/// The server has shown in a handshake that it speaks TLS.
fn shows_tls(failure: &Failure) -> bool {
    failure.tls.as_ref().is_some_and(|tls| tls.version.is_some() || !tls.chain.is_empty())
}

/// No call is made: see [`Attempt::withholds`].
pub(super) fn withheld() -> Failure {
    let text = "speaks plaintext, and metadata is not sent in plaintext unless --plaintext is given";
    Failure::new(Stage::Health, FailureCode::Withheld, text, Duration::ZERO)
}

/// How much a failure tells, to choose between those of both modes.
fn weight(failure: &Failure) -> u8 {
    use FailureCode as Code;
    match (failure.stage, failure.code, failure.spoken) {
        _ if shows_tls(failure) => 4,
        (Stage::Resolve | Stage::Tcp | Stage::Unix, ..) => 0,
        // The other attempt is the one in the right mode.
        (_, Code::NotTls, Some(Spoken::Http2)) => 0,
        (_, Code::Closed | Code::Reset | Code::Io, None) => 1,
        (_, Code::Closed | Code::Reset | Code::Io, Some(_)) => 2,
        (_, Code::TimedOut | Code::NotTls | Code::TlsFailed, _) => 2,
        (_, Code::TlsExpected, _) => 1,
        (_, Code::Http1 | Code::NotHttp2, _) => 3,
        _ => 4,
    }
}

/// Polls `driver` beside `work` in one task; `work`'s answer counts.
pub(super) async fn drive<T>(driver: &mut Driver, work: impl Future<Output = T>) -> T {
    let mut work = std::pin::pin!(work);
    std::future::poll_fn(|cx| {
        if let std::task::Poll::Ready(done) = work.as_mut().poll(cx) {
            return std::task::Poll::Ready(done);
        }
        // The end of the connection reaches `work` by itself.
        let _ = std::pin::Pin::new(&mut *driver).poll(cx);
        work.as_mut().poll(cx)
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::super::memory::Memory;
    use super::super::{Options, Transport};
    use super::*;

    fn failure(stage: Stage, code: FailureCode) -> Failure {
        Failure::new(stage, code, "", Duration::ZERO)
    }

    #[tokio::test(start_paused = true)]
    async fn the_addresses_of_a_name_share_the_time_and_are_all_named() {
        let memory = Memory::new();
        let candidates: Vec<Address> =
            ["10.0.0.1:80", "10.0.0.2:80", "10.0.0.3:80"].iter().map(|text| text.parse().unwrap()).collect();
        memory.hang(candidates[0].clone());
        memory.hang(candidates[2].clone());
        let transport = Transport::new(Options::default(), Arc::new(memory.clone()));
        let begun = Instant::now();
        let attempt = Attempt {
            inner: &transport.inner,
            address: &Address::from_host_port("pay", 80),
            candidates: candidates.clone(),
            began: begun,
            deadline: begun + Duration::from_secs(20),
            question: None,
            progress: &Progress::default(),
        };
        let failed = attempt.dial(&mut |_| {}).await.map(|_| ()).unwrap_err();
        assert_eq!(begun.elapsed(), Duration::from_secs(20));
        assert_eq!((failed.code, failed.waited), (FailureCode::TimedOut, Duration::from_secs(20)));
        assert!(failed.text.starts_with("10.0.0.1:80: no answer to SYN within 6.7s"), "{}", failed.text);
        assert!(failed.text.contains("; 10.0.0.2:80: connection refused; 10.0.0.3:80: no answer"), "{}", failed.text);

        memory.serve(candidates[2].clone(), drop);
        let mut phases = Vec::new();
        let deadline = Instant::now() + Duration::from_secs(20);
        assert!(Attempt { deadline, ..attempt }.dial(&mut |phase| phases.push(phase)).await.is_ok());
        assert_eq!(phases.len(), 1, "one tcp stage, whichever address answered");
    }

    #[test]
    fn a_certificate_says_more_than_a_closed_connection() {
        let spoken = |failure, spoken| Failure { spoken: Some(spoken), ..failure };
        let order = [
            spoken(failure(Stage::Tls, FailureCode::NotTls), Spoken::Http2),
            failure(Stage::Http2, FailureCode::Closed),
            failure(Stage::Tls, FailureCode::NotTls),
            failure(Stage::Http2, FailureCode::Http1),
            failure(Stage::Tls, FailureCode::CertificateExpired),
        ];
        assert!(order.windows(2).all(|pair| got_further(&pair[1], &pair[0]) && !got_further(&pair[0], &pair[1])));
        let closed = failure(Stage::Http2, FailureCode::Closed);
        assert!(got_further(&spoken(failure(Stage::Tls, FailureCode::Closed), Spoken::Tls), &closed));
        assert!(!got_further(&failure(Stage::Tcp, FailureCode::Refused), &closed));
        let expected = failure(Stage::Http2, FailureCode::TlsExpected);
        assert!(got_further(&failure(Stage::Tls, FailureCode::Closed), &expected));
        assert!(!got_further(&failure(Stage::Tcp, FailureCode::Refused), &expected));
    }

    #[test]
    fn a_port_that_has_begun_to_speak_http2_is_not_asked_for_tls() {
        let closed = failure(Stage::Http2, FailureCode::Closed);
        assert!(may_be_mismatch(&closed, Mode::Plaintext));
        assert!(!may_be_mismatch(&Failure { spoken: Some(Spoken::Http2), ..closed }, Mode::Plaintext));
    }

    #[test]
    fn a_host_is_bare() {
        assert_eq!(bare_host("[fe80::1%eth0]"), "fe80::1");
        assert_eq!(bare_host("[::1]"), "::1");
        assert_eq!(bare_host("pay.example."), "pay.example");
        assert_eq!(bare_host("10.0.0.1"), "10.0.0.1");
    }
}
