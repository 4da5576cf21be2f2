//! Events of registries.

use grpc_discover::model::endpoint::{Check, CheckState, Endpoint, LayoutRule};
use grpc_discover::model::event::{BackendReport, EndpointsChange, Lag};
use grpc_discover::model::resolution::{Note, ResolveFailure};

use super::fields::{FieldError, Fields};
use super::names::Names;
use super::words;

/// `endpoints`.
pub fn endpoints(of: &Fields<'_>, names: &mut Names) -> Result<EndpointsChange, FieldError> {
    let list = |name| of.objects(name)?.iter().map(endpoint).collect::<Result<Vec<_>, FieldError>>();
    let note = |of: &Fields<'_>| -> Result<Note, FieldError> {
        Ok(Note::new(of.word("kind", words::NOTES, |kind| kind.as_str())?, of.text("text")?))
    };
    Ok(EndpointsChange {
        source: names.source(of, "backend", "source")?,
        added: list("added")?,
        removed: list("removed")?,
        changed: list("changed")?,
        total: of.count("total")?,
        notes: of.objects("notes")?.iter().map(note).collect::<Result<_, _>>()?,
        lags: of.objects("lags")?.iter().map(|of| lag(of, names)).collect::<Result<_, _>>()?,
    })
}

fn lag(of: &Fields<'_>, names: &mut Names) -> Result<Lag, FieldError> {
    Ok(Lag {
        address: of.address("address")?,
        is_listed: of.text("change")? == "added",
        behind: names.source_called(of.text("behind")?),
        by: of.millis("lag_ms")?,
    })
}

fn endpoint(of: &Fields<'_>) -> Result<Endpoint, FieldError> {
    let owned = |text: Option<&str>| text.map(str::to_string);
    let mut endpoint = Endpoint::new(of.address("address")?);
    endpoint.id = owned(of.maybe_text("id")?);
    endpoint.status = of.word("status", words::STATUSES, |status| status.as_str())?;
    endpoint.checks = of.objects("checks")?.iter().map(check).collect::<Result<_, _>>()?;
    endpoint.weight = of.maybe_number("weight")?;
    endpoint.priority = of.maybe_number("priority")?;
    endpoint.zone = owned(of.maybe_text("zone")?);
    endpoint.node = owned(of.maybe_text("node")?);
    endpoint.tags = of.texts("tags")?.into_iter().map(str::to_string).collect();
    let metadata = of.pairs("metadata")?.into_iter();
    endpoint.metadata = metadata.map(|(key, value)| (key.to_string(), value.to_string())).collect();
    endpoint.ttl = of.maybe_millis("ttl_ms")?;
    endpoint.layout = of.maybe_text("layout")?.map(|text| LayoutRule::plain(text.to_string()));
    Ok(endpoint)
}

fn check(of: &Fields<'_>) -> Result<Check, FieldError> {
    let status = of.text("status")?;
    let state = match status {
        "passing" => CheckState::Passing,
        "critical" => CheckState::Critical,
        "warning" => CheckState::Warning,
        _ => CheckState::Info,
    };
    let (name, output) = (of.text("name")?.to_string(), of.text("output")?.to_string());
    Ok(Check { name, state, status: status.to_string(), output })
}

/// `backend`.
pub fn backend(of: &Fields<'_>, names: &mut Names) -> Result<BackendReport, FieldError> {
    let error = |of: Fields<'_>| -> Result<ResolveFailure, FieldError> {
        let code = of.word("code", words::RESOLVE_CODES, |code| code.as_str())?;
        Ok(ResolveFailure::new(code, of.text("text")?))
    };
    Ok(BackendReport {
        source: names.source(of, "backend", "source")?,
        status: of.word("status", words::BACKEND_STATUSES, |status| status.as_str())?,
        error: of.maybe_object("error")?.map(error).transpose()?,
        retry_in: of.maybe_millis("retry_in_ms")?,
        gap: of.maybe_millis("gap_ms")?,
    })
}
