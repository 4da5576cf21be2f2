//! One connection attempt: resolve, tcp, tls, http2, under one deadline.

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::time::{Instant, timeout_at};
use tracing::debug;

use super::clock::later;
use super::dial::{dial, resolve};
use super::grpc::Grpc;
use super::http2::{self, Driver};
use super::mode::Mode;
use super::offer;
use super::options::TlsMode;
use super::origin::{bare_host, origin};
use super::progress::Progress;
use super::setup::Setup;
use super::tls::{ClientAuth, TlsConnection};
use super::unreached::{no_link, no_settings, withheld};
use super::wire::{Deferred, Wire};
use crate::model::endpoint::Address;
use crate::model::reach::{Failure, FailureCode, Health, Phase, PhaseDetail, Stage, TlsReport};
use crate::net::dial::Io;
use crate::net::http2::Origin;
use crate::net::tls::TlsFailure;
use crate::text::duration;

/// The result of an attempt that succeeded. Nothing runs until the driver is polled.
pub(super) struct Established {
    pub driver: Driver,
    pub grpc: Grpc,
    pub wire: Arc<Wire>,
    /// The response of the health call, where the call was sent with the preface.
    pub answering: Option<Answering>,
}

/// What all attempts of one connection share.
pub(super) struct Attempt<'a> {
    pub setup: &'a Setup,
    pub address: &'a Address,
    /// The address itself, or the addresses of its name.
    candidates: Vec<Address>,
    /// The deadline of all stages together counts from here.
    pub started_at: Instant,
    pub deadline: Instant,
    /// The health call of a single probe.
    pub question: Option<Question<'a>>,
    /// Where the current stage is recorded.
    progress: &'a Progress,
}

/// Makes the one health call of a single probe.
pub(super) type Question<'a> = &'a (dyn Fn(Grpc) -> Answering + Send + Sync);
/// A pending response.
pub(super) type Answering = BoxFuture<'static, (Health, Duration)>;

impl<'a> Attempt<'a> {
    /// An attempt whose time starts now, with its name resolved.
    pub async fn prepare(
        setup: &'a Setup,
        address: &'a Address,
        question: Option<Question<'a>>,
        progress: &'a Progress,
        report: &mut (impl FnMut(Phase) + Send),
    ) -> Result<Attempt<'a>, Failure> {
        progress.enter(Stage::Resolve);
        let started_at = Instant::now();
        let deadline = later(started_at, setup.options.connect_timeout);
        let candidates = resolve(address, deadline, report).await?;
        Ok(Attempt { setup, address, candidates, started_at, deadline, question, progress })
    }

    /// The mode that was detected earlier, or the usual one for the port.
    pub fn likely_mode(&self) -> Mode {
        let usual = match self.address.port() {
            Some(443 | 8443) => Mode::Tls,
            _ => Mode::Plaintext,
        };
        self.setup.known_mode(self.address).unwrap_or(usual)
    }

    /// The byte stream in one mode, with what TLS showed.
    pub async fn stream(
        &self,
        mode: Mode,
        origin: &Origin,
        report: &mut (impl FnMut(Phase) + Send),
    ) -> Result<(Box<dyn Io>, Option<(TlsReport, ClientAuth)>), Failure> {
        let io = self.dial(report).await?;
        match mode {
            Mode::Plaintext => Ok((io, None)),
            Mode::Tls => {
                // Boxed, as every rare stage is: each probe's task has room for the largest future.
                let TlsConnection { io, report: tls, client } = Box::pin(self.secure(io, origin, report)).await?;
                Ok((io, Some((tls, client))))
            }
        }
    }

    /// All stages, in one mode.
    pub async fn run(&self, mode: Mode, report: &mut (impl FnMut(Phase) + Send)) -> Result<Established, Failure> {
        let origin = origin(self.setup, self.address, mode)?;
        let (io, secured) = self.stream(mode, &origin, report).await?;
        self.progress.enter(Stage::Http2);
        let started = Instant::now();
        let early = self.question.filter(|_| self.setup.options.tls == TlsMode::Off && mode == Mode::Plaintext);
        let early = early.filter(|_| self.setup.options.metadata.is_empty());
        let deferred = match (self.question, early) {
            (None, _) => Deferred::Nothing,
            (Some(_), None) => Deferred::Acknowledgement,
            (Some(_), Some(_)) => Deferred::Preface,
        };
        let mut link = match http2::start(
            io,
            self.address.clone(),
            origin,
            mode == Mode::Tls,
            self.setup.options.keepalive,
            deferred,
        )
        .await
        {
            Ok(link) => link,
            Err(why) => return Err(no_link(why, secured, started.elapsed())),
        };
        // A server that was to be verified and could not be gets no metadata.
        let unproved = secured.as_ref().is_some_and(|(tls, _)| !tls.verified) && !self.setup.options.insecure;
        let metadata = if unproved { Arc::new(Ok(http::HeaderMap::new())) } else { self.setup.metadata.clone() };
        let grpc = Grpc::new(link.client.clone(), link.wire.clone(), metadata);
        let mut answering = early.map(|call| call(grpc.clone()));
        let greeted = poll_fn(|cx| {
            // Polled first, so that the call is ready when the preface is written. It cannot be answered before
            // SETTINGS: a failure until then is one of the connection, or of a limit that was too small for this
            // server.
            if answering.as_mut().is_some_and(|answering| answering.poll_unpin(cx).is_ready()) {
                answering = None;
                link.wire.release();
            }
            link.poll_greeted(cx)
        });
        let settings = match timeout_at(self.deadline, greeted).await {
            Ok(Ok(settings)) => settings,
            Ok(Err(why)) => return Err(no_link(why, secured, started.elapsed())),
            Err(_) => return Err(no_settings(started.elapsed(), self.started_at.elapsed())),
        };
        debug!(address = %self.address, took = ?started.elapsed(), "settings received");
        report(Phase { stage: Stage::Http2, took: started.elapsed(), detail: PhaseDetail::Settings(settings) });
        if self.withholds(mode) {
            return Err(withheld());
        }
        Ok(Established { driver: link.driver, grpc, wire: link.wire, answering })
    }

    /// True when there is metadata that must not be sent in this mode: a program in between could force plaintext. A
    /// Unix socket has nothing in between.
    pub fn withholds(&self, mode: Mode) -> bool {
        let options = &self.setup.options;
        let is_local = matches!(self.address, Address::Unix(_) | Address::UnixAbstract(_));
        options.tls == TlsMode::Auto && mode == Mode::Plaintext && !options.metadata.is_empty() && !is_local
    }

    async fn dial(&self, report: &mut (impl FnMut(Phase) + Send)) -> Result<Box<dyn Io>, Failure> {
        dial(&*self.setup.dial, &self.candidates, self.deadline, self.progress, report).await
    }

    async fn secure(
        &self,
        io: Box<dyn Io>,
        origin: &Origin,
        report: &mut (impl FnMut(Phase) + Send),
    ) -> Result<TlsConnection, Failure> {
        // The time to load the trusted roots is not the peer's.
        let tls = match self.setup.tls().await {
            Ok(tls) => tls,
            Err(error) => {
                return Err(Failure::new(Stage::Tls, FailureCode::Local, error.to_string(), Duration::ZERO));
            }
        };
        let server_name = match &self.setup.options.server_name {
            Some(name) => bare_host(name),
            None => bare_host(origin.authority.host()),
        };
        self.progress.enter(Stage::Tls);
        let started = Instant::now();
        match timeout_at(self.deadline, tls.handshake(io, server_name)).await {
            Ok(Ok(secured)) => {
                debug!(address = %self.address, took = ?started.elapsed(), version = secured.report.version, "tls established");
                let detail = PhaseDetail::Tls(Box::new(secured.report.clone()));
                report(Phase { stage: Stage::Tls, took: started.elapsed(), detail });
                Ok(secured)
            }
            Ok(Err(mut refused)) => {
                let waited = started.elapsed();
                debug!(address = %self.address, took = ?waited, code = ?refused.code, "tls handshake failed");
                let unclear =
                    matches!(refused.code, FailureCode::CipherSuiteMismatch | FailureCode::ProtocolVersionUnsupported);
                if unclear && refused.report.chain.is_empty() {
                    let dial = || async { self.dial(&mut |_| {}).await.ok() };
                    let missing = Box::pin(offer::missing(dial, server_name, self.deadline)).await;
                    if let Some(TlsFailure { code, text, fault }) = missing {
                        (refused.code, refused.report.fault) = (code, fault);
                        refused.text = text;
                    }
                }
                let mut failure = Failure::new(Stage::Tls, refused.code, refused.text, waited);
                failure.first_bytes = refused.first_bytes;
                failure.tls = Some(Box::new(refused.report));
                Err(failure)
            }
            Err(_) => {
                let waited = started.elapsed();
                let text = format!("no response to the TLS handshake within {}", duration(waited));
                Err(Failure::new(Stage::Tls, FailureCode::TimedOut, text, waited))
            }
        }
    }
}
