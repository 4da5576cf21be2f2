//! Events of the idle cycle, of client models, and of what was waited for.

use grpc_discover::model::event::{CallCost, IdleReport, StallReport};
use grpc_discover::model::idle_check::{IdleCheckOutcome, IdleCheckReport, IdleCheckResult, Interruption, TcpState};
use grpc_discover::model::lens::LensReport;
use grpc_discover::model::pending::{PendingReport, Subject};
use grpc_discover::model::reach::Stage;
use grpc_discover::model::time::Elapsed;

use super::connection;
use super::fields::{FieldError, Fields, HEARS};
use super::names::Names;
use super::words;

/// `idle`.
pub fn idle(of: &Fields<'_>) -> Result<IdleReport, FieldError> {
    Ok(IdleReport {
        phase: of.word("phase", words::IDLE_PHASES, |phase| phase.as_str())?,
        deadline: of.maybe_number("deadline_ms")?.map(Elapsed::from_millis),
        changes: of.count("changes")?,
        cost: of.maybe_object("cost")?.map(|of| cost(&of)).transpose()?,
        text: of.text("text")?.to_string(),
    })
}

fn cost(of: &Fields<'_>) -> Result<CallCost, FieldError> {
    let mut connecting = Vec::new();
    for (name, stage) in [("tcp_ms", Stage::Tcp), ("tls_ms", Stage::Tls), ("http2_ms", Stage::Http2)] {
        connecting.extend(of.maybe_millis(name)?.map(|took| (stage, took)));
    }
    let (rpc, total) = (of.millis("health_ms")?, of.millis("total_ms")?);
    Ok(CallCost { resolve: of.maybe_millis("resolve_ms")?, connecting, rpc, total })
}

/// `idle_check`.
pub fn idle_check(of: &Fields<'_>) -> Result<IdleCheckReport, FieldError> {
    let tcp = |of: Fields<'_>| -> Result<TcpState, FieldError> {
        Ok(TcpState {
            unacked: of.maybe_number("unacked")?.unwrap_or_default(),
            retransmits: of.maybe_number("retransmits")?.unwrap_or_default(),
            last_ack: of.millis("last_ack_ms")?,
        })
    };
    let interrupted = |of: Fields<'_>| -> Result<Interruption, FieldError> {
        let times = of.maybe_number("times")?.unwrap_or_default();
        Ok(Interruption { after: of.millis("after_ms")?, frame: of.text("frame")?.to_string(), times })
    };
    let outcome = match of.text("outcome")? {
        "alive" => IdleCheckOutcome::Alive { rtt: of.millis("rtt_ms")? },
        "closed" => IdleCheckOutcome::Closed {
            after: of.millis("after_ms")?,
            disconnect: connection::end(of)?,
            pinged: of.is("pinged")?,
        },
        "dropped" => IdleCheckOutcome::Dropped {
            waited: of.millis("waited_ms")?,
            tcp: of.maybe_object("tcp")?.map(tcp).transpose()?,
        },
        "not_reached" => {
            let error = of.object("error")?;
            let text = error.text("text")?;
            let known = words::STAGES.iter().find_map(|stage| {
                let rest = text.strip_prefix(stage.as_str())?.strip_prefix(": ")?;
                Some((*stage, rest))
            });
            let (stage, rest) = known.ok_or_else(|| error.invalid("text", "a stage and a cause"))?;
            let mut failure = connection::failure(&error, stage)?;
            failure.text = rest.to_string();
            IdleCheckOutcome::NotReached(failure)
        }
        _ => return Err(of.invalid("outcome", "an outcome that this version has")),
    };
    Ok(IdleCheckReport {
        address: of.address("address")?,
        idle_time: of.millis("idle_ms")?,
        kind: of.word("check", words::CHECK_KINDS, |kind| kind.as_str())?,
        result: IdleCheckResult {
            measured_idle: of.millis("measured_idle_ms")?,
            interrupted: of.maybe_object("interrupted")?.map(interrupted).transpose()?,
            outcome,
        },
    })
}

/// `lens`.
pub fn lens(of: &Fields<'_>, names: &mut Names) -> Result<LensReport, FieldError> {
    Ok(LensReport {
        lens: of.text("lens")?.into(),
        label: of.text("label")?.into(),
        holds: of.addresses("holds")?,
        missing: of.addresses("missing")?,
        stale: of.addresses("stale")?,
        notices: of.word(HEARS, words::NOTICES, |notices| notices.as_str())?,
        rule: names.word(of.text("rule")?),
        // Findings have these in their texts.
        fails_with: "",
        remedy: "",
    })
}

/// `pending`.
pub fn pending(of: &Fields<'_>, names: &mut Names) -> Result<PendingReport, FieldError> {
    Ok(PendingReport {
        subject: match of.maybe_text("address")? {
            Some(_) => Subject::Endpoint(of.address("address")?),
            None => Subject::Registry(names.source(of, "backend", "source")?),
        },
        awaits: of.word("awaits", words::AWAITS, |awaits| awaits.as_str())?,
        waited: of.millis("waited_ms")?,
        last: of.maybe_text("last")?.map(str::to_string),
    })
}

/// `stall`.
pub fn stall(of: &Fields<'_>) -> Result<StallReport, FieldError> {
    Ok(StallReport { from: Elapsed::from_millis(of.number("from_ms")?), lasted: of.millis("lasted_ms")? })
}
