//! From an address to a connection, in the requested or detected mode.

use super::attempt::{Attempt, Established, Question};
use super::mode::{Mode, got_further, may_be_mismatch, shows_tls};
use super::options::TlsMode;
use super::progress::Progress;
use super::setup::Setup;
use crate::model::endpoint::Address;
use crate::model::reach::{Failure, FailureCode, FirstBytes, Phase};

/// Connects to `address`; calls `report` for every stage that was passed. A `question` makes it a single probe, which
/// sends no more packets than needed. Where plaintext was requested, the question is sent with the preface, unless it
/// carries metadata: metadata is sent only to a server that has responded in HTTP/2.
pub(super) async fn establish(
    setup: &Setup,
    address: &Address,
    question: Option<Question<'_>>,
    progress: &Progress,
    mut report: impl FnMut(Phase) + Send,
) -> Result<Established, Failure> {
    let attempt = Attempt::prepare(setup, address, question, progress, &mut report).await?;
    match setup.options.tls {
        TlsMode::On => attempt.run(Mode::Tls, &mut report).await,
        TlsMode::Off => match attempt.run(Mode::Plaintext, &mut report).await {
            // For a single probe, a second connection is justified to learn why the first one was closed without
            // data.
            Err(failure) if question.is_some() && may_be_mismatch(&failure, Mode::Plaintext) => {
                Err(explain(&attempt, failure).await)
            }
            other => other,
        },
        TlsMode::Auto => find_out(&attempt, &mut report).await,
    }
}

/// Tries the more likely mode first, and the other one when the failure shows a mismatch. Only the preface and
/// SETTINGS, or a ClientHello, are sent before the mode is known.
async fn find_out(attempt: &Attempt<'_>, report: &mut (impl FnMut(Phase) + Send)) -> Result<Established, Failure> {
    let first = attempt.likely_mode();
    let mut phases = Vec::new();
    let failure = match attempt.run(first, &mut |phase| phases.push(phase)).await {
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
    match attempt.run(first.other(), &mut |phase| other_phases.push(phase)).await {
        Ok(established) => {
            attempt.setup.learn_mode(attempt.address, first.other());
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

/// For a plaintext attempt that was closed without data, as many TLS servers do: sends a ClientHello to the port, and
/// reports it if the port uses TLS.
async fn explain(attempt: &Attempt<'_>, failure: Failure) -> Failure {
    if failure.code == FailureCode::TlsExpected {
        return failure;
    }
    let uses_tls = match attempt.run(Mode::Tls, &mut |_| {}).await {
        Ok(_) => true,
        Err(other) => other.first_bytes == Some(FirstBytes::Tls) || shows_tls(&other),
    };
    if !uses_tls {
        return failure;
    }
    let text = format!("{}; the port uses TLS, but plaintext was requested", failure.text);
    Failure { code: FailureCode::TlsExpected, text, ..failure }
}
