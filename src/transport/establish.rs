//! From an address to a connection, in the mode that was asked for or found out.

use super::attempt::{Attempt, Established, Question};
use super::mode::{Mode, got_further, may_be_mismatch, shows_tls};
use super::options::TlsMode;
use super::progress::Progress;
use super::setup::Setup;
use crate::model::endpoint::Address;
use crate::model::reach::{Failure, FailureCode, Phase, Spoken};

/// Connects to `address`; tells `report` of every stage that was passed. With a `question` it is a single look: no more
/// packets than needed are sent, and where plaintext was asked for the question goes out with the preface, unless it
/// carries metadata, which nobody is shown before it has spoken HTTP/2.
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
            // A single look is worth a second connection to learn why nothing was said.
            Err(failure) if question.is_some() && may_be_mismatch(&failure, Mode::Plaintext) => {
                Err(explain(&attempt, failure).await)
            }
            other => other,
        },
        TlsMode::Auto => find_out(&attempt, &mut report).await,
    }
}

/// Tries the likelier mode first, and the other one when the answer shows the mismatch. Only the preface and
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

/// A plaintext attempt that was cut off without a word: many TLS servers do that. Asks the port with a ClientHello, and
/// says so if TLS is spoken there.
async fn explain(attempt: &Attempt<'_>, failure: Failure) -> Failure {
    if failure.code == FailureCode::TlsExpected {
        return failure;
    }
    let speaks_tls = match attempt.run(Mode::Tls, &mut |_| {}).await {
        Ok(_) => true,
        Err(other) => other.spoken == Some(Spoken::Tls) || shows_tls(&other),
    };
    if !speaks_tls {
        return failure;
    }
    let text = format!("{}; the port uses TLS, but plaintext was requested", failure.text);
    Failure { code: FailureCode::TlsExpected, text, ..failure }
}
