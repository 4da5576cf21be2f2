//! Events of connections and of health services.

use std::collections::BTreeSet;
use std::sync::Arc;

use grpc_discover::model::certificate::{AlternativeName, CertificateTraits};
use grpc_discover::model::endpoint::Address;
use grpc_discover::model::event::{ConnectionReport, EventKind, HealthReport, WatchEnd};
use grpc_discover::model::proxy::{Proxy, ProxyName};
use grpc_discover::model::reach::{
    Certificate, Disconnect, DisconnectReason, Failure, GoAway, Health, PeerSettings, Phase, PhaseDetail,
    ResponseFacts, Stage, TlsReport, http2_error_name,
};
use grpc_discover::model::rpc::RpcCause;

use super::fields::{FieldError, Fields};
use super::words;

/// Addresses whose server has sent its SETTINGS on the present connection: more of them are later ones.
pub type Greeted = BTreeSet<Address>;

/// `connection`.
pub fn report(of: &Fields<'_>, greeted: &mut Greeted) -> Result<ConnectionReport, FieldError> {
    let address = of.address("address")?;
    let stage = stage(of)?;
    let took = of.millis("ms")?;
    let tls = of.maybe_object("tls")?.map(|of| tls(&of)).transpose()?;
    if let Some(error) = of.maybe_object("error")? {
        greeted.remove(&address);
        let mut failure = failure(&error, stage)?;
        (failure.waited, failure.tls) = (took, tls.map(Box::new));
        return Ok(ConnectionReport { address, result: Err(failure) });
    }
    let settings = of.maybe_object("settings")?.map(|of| settings(&of)).transpose()?;
    let resolved = of.texts("resolved")?;
    if stage < Stage::Http2 {
        greeted.remove(&address);
    }
    let detail = match (tls, settings, of.maybe_text("content_type")?) {
        (Some(tls), ..) => PhaseDetail::Tls(Box::new(tls)),
        (_, Some(settings), _) if greeted.contains(&address) => PhaseDetail::LaterSettings(settings),
        (_, Some(settings), _) => {
            greeted.insert(address.clone());
            PhaseDetail::Settings(settings)
        }
        (.., Some(foreign)) => {
            PhaseDetail::Response(Box::new(ResponseFacts { foreign_content_type: Some(foreign.to_string()) }))
        }
        _ if !resolved.is_empty() => {
            let addresses = resolved.iter().map(|text| text.parse().ok()).collect::<Option<Vec<_>>>();
            PhaseDetail::Resolved(addresses.ok_or_else(|| of.invalid("resolved", "IP addresses"))?)
        }
        _ => PhaseDetail::None,
    };
    Ok(ConnectionReport { address, result: Ok(Phase { stage, took, detail }) })
}

fn stage(of: &Fields<'_>) -> Result<Stage, FieldError> {
    of.word("phase", words::STAGES, Stage::as_str)
}

/// The failure of `stage` with the code and the text in `error`.
pub fn failure(error: &Fields<'_>, stage: Stage) -> Result<Failure, FieldError> {
    let code = error.word("code", words::FAILURES, |code| code.as_str())?;
    Ok(Failure::new(stage, code, error.text("text")?, std::time::Duration::ZERO))
}

fn tls(of: &Fields<'_>) -> Result<TlsReport, FieldError> {
    let owned = |text: Option<&str>| text.map(str::to_string);
    Ok(TlsReport {
        server_name: of.text("server_name")?.to_string(),
        version: owned(of.maybe_text("version")?),
        cipher: owned(of.maybe_text("cipher")?),
        alpn: owned(of.maybe_text("alpn")?),
        chain: of.objects("chain")?.iter().map(certificate).collect::<Result<_, _>>()?,
        verified: of.is("verified")?,
        ..TlsReport::default()
    })
}

fn certificate(of: &Fields<'_>) -> Result<Certificate, FieldError> {
    let name = |text: &str| match text.split_once(':') {
        Some(("DNS", name)) => AlternativeName::Dns(name.to_string()),
        Some(("IP", ip)) => ip.parse().map_or_else(|_| AlternativeName::Other(text.to_string()), AlternativeName::Ip),
        _ => AlternativeName::Other(text.to_string()),
    };
    Ok(Certificate {
        subject: of.text("subject")?.to_string(),
        issuer: of.text("issuer")?.to_string(),
        names: of.texts("names")?.into_iter().map(name).collect(),
        not_before: of.seconds("not_before")?,
        not_after: of.seconds("not_after")?,
        traits: CertificateTraits::default(),
    })
}

fn settings(of: &Fields<'_>) -> Result<PeerSettings, FieldError> {
    Ok(PeerSettings {
        max_concurrent_streams: of.maybe_number("max_concurrent_streams")?,
        initial_window_size: of.maybe_number("initial_window_size")?,
        max_frame_size: of.maybe_number("max_frame_size")?,
        max_header_list_size: of.maybe_number("max_header_list_size")?,
        header_table_size: of.maybe_number("header_table_size")?,
    })
}

/// `disconnect`.
pub fn disconnect(of: &Fields<'_>, greeted: &mut Greeted) -> Result<EventKind, FieldError> {
    let address = of.address("address")?;
    greeted.remove(&address);
    Ok(EventKind::Disconnect { address, disconnect: end(of)?, idle: of.maybe_millis("idle_ms")? })
}

/// How a connection ended.
pub fn end(of: &Fields<'_>) -> Result<Disconnect, FieldError> {
    let text = of.text("reason")?;
    let plain = [
        DisconnectReason::SubchannelShutdown,
        DisconnectReason::ConnectionReset,
        DisconnectReason::ConnectionTimedOut,
        DisconnectReason::ConnectionAborted,
        DisconnectReason::SocketError,
    ];
    let reason = match text.strip_prefix("GOAWAY ") {
        Some(name) => DisconnectReason::GoAway(http2_code(name).ok_or_else(|| of.invalid("reason", "a reason"))?),
        None => plain.into_iter().find(|reason| reason.to_string() == text).unwrap_or(DisconnectReason::Unknown),
    };
    let goaway = |of: Fields<'_>| -> Result<GoAway, FieldError> {
        let code = http2_code(of.text("code")?).ok_or_else(|| of.invalid("code", "an HTTP/2 error code"))?;
        let last_stream = of.maybe_number("last_stream")?.unwrap_or_default();
        Ok(GoAway { last_stream, code, debug: of.text("debug")?.to_string() })
    };
    Ok(Disconnect {
        reason,
        detail: of.maybe_text("detail")?.unwrap_or_default().to_string(),
        goaway: of.maybe_object("goaway")?.map(goaway).transpose()?,
    })
}

/// The HTTP/2 error code of this name: the reverse of [`http2_error_name`].
fn http2_code(name: &str) -> Option<u32> {
    let number = || u32::from_str_radix(name.strip_prefix("0x")?, 16).ok();
    (0..14).find(|code| http2_error_name(*code) == name).or_else(number)
}

/// `health`.
pub fn health(of: &Fields<'_>) -> Result<HealthReport, FieldError> {
    let health = match of.text("status")? {
        "SERVING" => Health::Serving,
        "NOT_SERVING" => Health::NotServing,
        "UNKNOWN" => Health::Unknown,
        "SERVICE_UNKNOWN" => Health::ServiceUnknown,
        "UNIMPLEMENTED" => Health::Unimplemented,
        "FAILED" => {
            let error = of.object("error")?;
            let code = error.word("code", words::GRPC_STATUSES, |code| code.as_str())?;
            Health::Failed { code, text: error.text("text")?.to_string(), cause: RpcCause::Status }
        }
        _ => return Err(of.invalid("status", "a health status")),
    };
    let ended = |of: Fields<'_>| -> Result<Box<WatchEnd>, FieldError> {
        let code = of.word("code", words::GRPC_STATUSES, |code| code.as_str())?;
        let (text, after) = (of.text("text")?.to_string(), of.millis("after_ms")?);
        Ok(Box::new(WatchEnd { code, text, cause: RpcCause::Status, after }))
    };
    let proxy = |of: Fields<'_>| -> Result<Arc<Proxy>, FieldError> {
        let (name, header) = (ProxyName::called(of.text("name")?), of.text("header")?.to_string());
        Ok(Arc::new(Proxy { name, header }))
    };
    Ok(HealthReport {
        address: of.address("address")?,
        service: of.text("service")?.to_string(),
        health,
        took: of.maybe_millis("ms")?,
        ended: of.maybe_object("watch_ended")?.map(ended).transpose()?,
        proxy: of.maybe_object("proxy")?.map(proxy).transpose()?,
    })
}
