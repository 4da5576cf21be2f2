//! Verdicts, findings and the summary.

use grpc_discover::model::cause::{CauseCount, EndpointCause};
use grpc_discover::model::event::EndpointReport;
use grpc_discover::model::finding::{Counts, Finding, Summary};
use grpc_discover::model::reach::Stage;
use grpc_discover::model::verdict::{EndpointVerdict, Verdict};

use super::fields::{FieldError, Fields};
use super::names::Names;
use super::words;

/// `verdict`.
pub fn verdict(of: &Fields<'_>, names: &mut Names) -> Result<EndpointReport, FieldError> {
    let mut listed = Vec::new();
    for listing in of.objects("listed")? {
        let status = listing.word("status", words::STATUSES, |status| status.as_str())?;
        listed.push((names.registry(listing.text("backend")?), status));
    }
    Ok(EndpointReport {
        address: of.address("address")?,
        listed,
        verdict: of.word("verdict", EndpointVerdict::ALL, |verdict| verdict.as_str())?,
        cause: of.maybe_object("cause")?.map(|of| cause(&of)).transpose()?,
        text: of.text("text")?.to_string(),
    })
}

/// A cause: the one that is printed with this code, this stage and this text.
fn cause(of: &Fields<'_>) -> Result<EndpointCause, FieldError> {
    let (code, stage, text) = (of.text("code")?, of.maybe_text("stage")?, of.text("text")?);
    let failed = |stage: &Stage| {
        let stage = *stage;
        words::FAILURES.iter().map(move |code| EndpointCause::Failed(stage, *code))
    };
    let plain = [
        EndpointCause::NotServing,
        EndpointCause::HealthUnknown,
        EndpointCause::ServiceUnknown,
        EndpointCause::StoppedResponding,
        EndpointCause::NotTried,
    ];
    let mut all = (words::STAGES.iter().flat_map(failed))
        .chain(plain)
        .chain(words::GRPC_STATUSES.iter().map(|status| EndpointCause::CallFailed(*status)))
        .chain(words::GRPC_STATUSES.iter().map(|status| EndpointCause::Rejected(*status)))
        .chain(EndpointVerdict::ALL.iter().map(|verdict| EndpointCause::Listing(*verdict)))
        .chain(words::AWAITS.iter().map(|awaits| EndpointCause::Pending(*awaits)));
    let is_it = |cause: &EndpointCause| {
        cause.code() == code && cause.stage().map(Stage::as_str) == stage && cause.label() == text
    };
    all.find(is_it).ok_or_else(|| of.invalid("code", "a cause that this version has"))
}

fn counted(of: &Fields<'_>) -> Result<CauseCount, FieldError> {
    Ok(CauseCount { cause: cause(of)?, count: of.count("count")? })
}

/// `finding`.
pub fn finding(of: &Fields<'_>, names: &mut Names) -> Result<Finding, FieldError> {
    let severity = of.word("severity", words::SEVERITIES, |severity| severity.as_str())?;
    Ok(Finding {
        kind: names.finding(of.text("code")?, of.text("name")?, severity),
        address: of.maybe_text("address")?.map(|_| of.address("address")).transpose()?,
        cause: of.maybe_object("cause")?.map(|of| cause(&of)).transpose()?,
        text: of.text("text")?.to_string(),
        evidence: of.numbers("evidence")?,
        remedy: of.text("remedy")?.to_string(),
    })
}

/// `summary`.
pub fn summary(of: &Fields<'_>) -> Result<Summary, FieldError> {
    let counts = of.object("counts")?;
    let (by_verdict, by_severity) = (counts.object("verdicts")?, counts.object("findings")?);
    let mut verdicts = Vec::new();
    for verdict in EndpointVerdict::ALL {
        verdicts.extend(by_verdict.maybe_number(verdict.as_str())?.map(|count| (*verdict, count)));
    }
    Ok(Summary {
        verdict: of.word("verdict", Verdict::ALL, |verdict| verdict.as_str())?,
        exit: of.maybe_number("exit")?.ok_or_else(|| of.invalid("exit", "an exit code"))?,
        text: of.text("text")?.to_string(),
        counts: Counts {
            endpoints: counts.count("endpoints")?,
            verdicts,
            causes: counts.objects("causes")?.iter().map(counted).collect::<Result<_, _>>()?,
            findings: [by_severity.count("info")?, by_severity.count("warn")?, by_severity.count("critical")?],
            ignored: counts.count("ignored")?,
            transitions: counts.count("transitions")?,
        },
    })
}
