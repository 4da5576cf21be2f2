//! Removes from what endpoints send the metadata that were sent to them: an endpoint may repeat in any text what it
//! received.

use std::sync::Arc;

use crate::model::certificate::{AlternativeName, TlsFault};
use crate::model::idle_check::{IdleCheckOutcome, IdleCheckResult};
use crate::model::proxy::{Proxy, ProxyName};
use crate::model::reach::{Certificate, Disconnect, Failure, Health, Phase, PhaseDetail, Reach, TlsReport};
use crate::model::rpc::{HttpHint, RpcCause};
use crate::model::secret::Secrets;
use crate::session::engine::Input;

/// `input` without `secrets`. The texts of registries are masked earlier, by [`Backend`](crate::backend::Backend).
pub(super) fn input(mut input: Input, secrets: &Secrets) -> Input {
    if secrets.is_empty() {
        return input;
    }
    let mask = &|text: &mut String| secrets.mask_in(text);
    match &mut input {
        Input::Reached(_, reach) => mask_reach(reach, mask),
        Input::Passed(_, phase) => mask_phase(phase, mask),
        Input::ConnectFailed(_, failure) => mask_failure(failure, mask),
        Input::GoingAway(_, disconnect) | Input::Lost(_, disconnect) => mask_disconnect(disconnect, mask),
        Input::PassedOn(_, proxy) => mask_proxy(proxy, mask),
        Input::Checked(_, health, _) | Input::Watched(_, health) => mask_health(health, mask),
        Input::IdleChecked(_, result) => mask_idle_check(result, mask),
        Input::Start
        | Input::Response { .. }
        | Input::Connected(_)
        | Input::WatchEnded(_)
        | Input::InStages(_)
        | Input::Stalled { .. }
        | Input::TimePassed
        | Input::Requested(_)
        | Input::Refresh
        | Input::Finish => {}
    }
    input
}

/// Masks one text.
type Mask<'a> = &'a dyn Fn(&mut String);

fn mask_reach(reach: &mut Reach, mask: Mask<'_>) {
    reach.phases.iter_mut().for_each(|phase| mask_phase(phase, mask));
    match &mut reach.outcome {
        Ok((health, _)) => mask_health(health, mask),
        Err(failure) => mask_failure(failure, mask),
    }
    for (service, health) in &mut reach.others {
        mask(service);
        mask_health(health, mask);
    }
    mask_proxy(&mut reach.proxy, mask);
    reach.goaway.iter_mut().for_each(|disconnect| mask_disconnect(disconnect, mask));
}

fn mask_phase(phase: &mut Phase, mask: Mask<'_>) {
    match &mut phase.detail {
        PhaseDetail::Tls(report) => mask_tls(report, mask),
        PhaseDetail::Response(facts) => facts.foreign_content_type.iter_mut().for_each(mask),
        PhaseDetail::None | PhaseDetail::Resolved(_) | PhaseDetail::Settings(_) | PhaseDetail::LaterSettings(_) => {}
    }
}

fn mask_failure(failure: &mut Failure, mask: Mask<'_>) {
    mask(&mut failure.text);
    failure.tls.iter_mut().for_each(|report| mask_tls(report, mask));
}

fn mask_tls(report: &mut TlsReport, mask: Mask<'_>) {
    report.alpn.iter_mut().chain(&mut report.limit).for_each(mask);
    report.chain.iter_mut().for_each(|certificate| mask_certificate(certificate, mask));
    report.fault.iter_mut().for_each(|fault| mask_fault(fault, mask));
}

fn mask_certificate(certificate: &mut Certificate, mask: Mask<'_>) {
    [&mut certificate.subject, &mut certificate.issuer].into_iter().for_each(mask);
    for name in &mut certificate.names {
        match name {
            AlternativeName::Dns(text) | AlternativeName::Other(text) => mask(text),
            AlternativeName::Ip(_) => {}
        }
    }
}

fn mask_fault(fault: &mut TlsFault, mask: Mask<'_>) {
    match fault {
        TlsFault::IssuerMissing { issuer, .. } => mask(issuer),
        TlsFault::RootUnknown(name) | TlsFault::OtherKey(name) | TlsFault::RootExpired(name) => mask(name),
        TlsFault::Reissue(how) | TlsFault::ReissueIssuer(how) => mask(how),
        TlsFault::ClientMissing(issuers) | TlsFault::ClientIssuer(issuers) => issuers.iter_mut().for_each(mask),
        TlsFault::Purpose
        | TlsFault::ClientDates
        | TlsFault::ClientPurpose
        | TlsFault::ClientRefused
        | TlsFault::OldVersion
        | TlsFault::Ciphers
        | TlsFault::Groups
        | TlsFault::UnknownName => {}
    }
}

fn mask_disconnect(disconnect: &mut Disconnect, mask: Mask<'_>) {
    mask(&mut disconnect.detail);
    disconnect.goaway.iter_mut().for_each(|goaway| mask(&mut goaway.debug));
}

fn mask_proxy(proxy: &mut Option<Arc<Proxy>>, mask: Mask<'_>) {
    if let Some(proxy) = proxy {
        let proxy = Arc::make_mut(proxy);
        mask_name(&mut proxy.name, mask);
        mask(&mut proxy.header);
    }
}

fn mask_name(name: &mut ProxyName, mask: Mask<'_>) {
    if let ProxyName::Other(name) = name {
        mask(name.to_mut());
    }
}

fn mask_health(health: &mut Health, mask: Mask<'_>) {
    if let Health::Failed { text, cause, .. } = health {
        mask(text);
        mask_cause(cause, mask);
    }
}

fn mask_cause(cause: &mut RpcCause, mask: Mask<'_>) {
    match cause {
        RpcCause::Http { by, hint, .. } => {
            by.iter_mut().for_each(|name| mask_name(name, mask));
            hint.iter_mut().for_each(|hint| mask_hint(hint, mask));
        }
        RpcCause::Proxy { name, hint } => {
            mask_name(name, mask);
            hint.iter_mut().for_each(|hint| mask_hint(hint, mask));
        }
        RpcCause::GoAway(goaway) => mask(&mut goaway.debug),
        RpcCause::Lost(disconnect) => mask_disconnect(disconnect, mask),
        RpcCause::Violation(broken) => mask(&mut broken.text),
        RpcCause::NotGrpc(response) => mask(&mut response.text),
        RpcCause::OurLimit(text) | RpcCause::Flood(text) => mask(text),
        RpcCause::Status
        | RpcCause::Reset(_)
        | RpcCause::Unanswered(_)
        | RpcCause::NotSent(_)
        | RpcCause::HeadersTooLarge(_)
        | RpcCause::Client => {}
    }
}

fn mask_hint(hint: &mut HttpHint, mask: Mask<'_>) {
    if let HttpHint::Redirect(text) | HttpHint::Authenticate(text) = hint {
        mask(text);
    }
}

fn mask_idle_check(result: &mut IdleCheckResult, mask: Mask<'_>) {
    match &mut result.outcome {
        IdleCheckOutcome::Closed { disconnect, .. } => mask_disconnect(disconnect, mask),
        IdleCheckOutcome::NotReached(failure) => mask_failure(failure, mask),
        IdleCheckOutcome::Alive { .. } | IdleCheckOutcome::Dropped { .. } => {}
    }
}
