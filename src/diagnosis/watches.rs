//! GD504 and GD505: health Watches that end, or are not implemented, on endpoints whose health is known from
//! elsewhere.

use super::catalog::{HEALTH_WATCH_ENDED, HEALTH_WATCH_UNIMPLEMENTED};
use super::ledger::{Contact, Ledger, Observed};
use super::report::finding;
use crate::model::endpoint::Address;
use crate::model::event::WatchEnd;
use crate::model::finding::Finding;
use crate::model::grpc_status::GrpcStatus;
use crate::model::reach::{Health, http2_error_name};
use crate::model::rpc::RpcCause;
use crate::text::duration;

/// One finding for all Watches that ended in the same way, and one for all that are not implemented.
pub fn find(ledger: &Ledger) -> Vec<Finding> {
    let listing = ledger.listing();
    let mut alike: Vec<(&WatchEnd, Vec<(&Address, u64)>)> = Vec::new();
    for (address, Observed { what: end, seq, .. }) in &ledger.watch_ends {
        if !listing.contains(address) {
            continue;
        }
        let is_alike = |known: &WatchEnd| known.code == end.code && known.text == end.text;
        match alike.iter_mut().find(|(known, _)| is_alike(known)) {
            Some((_, those)) => those.push((address, *seq)),
            None => alike.push((end, vec![(address, *seq)])),
        }
    }
    alike.iter().map(|(end, those)| found(ledger, end, those)).collect()
}

fn found(ledger: &Ledger, end: &WatchEnd, those: &[(&Address, u64)]) -> Finding {
    let evidence = those.iter().map(|(_, seq)| *seq).collect();
    let one = match those {
        [(address, _)] => Some((*address).clone()),
        _ => None,
    };
    let on = match &one {
        Some(address) => address.to_string(),
        None => format!("{} endpoints", those.len()),
    };
    if end.code == GrpcStatus::Unimplemented {
        let statuses: Vec<&str> = those
            .iter()
            .filter_map(|(address, _)| match ledger.contacts.get(*address).map(|seen| &seen.what) {
                Some(Contact::Answered(health)) => Some(health.as_str()),
                _ => None,
            })
            .collect();
        let text = format!(
            "health Watch is not implemented on {on}: health comes from Check ({}); clients with health checking (gRFC A17) treat the endpoint as serving, whatever Check returns",
            super::report::join(&statuses)
        );
        return finding(&HEALTH_WATCH_UNIMPLEMENTED, one, text, evidence);
    }
    let after = duration(end.after);
    let how = match &end.cause {
        RpcCause::Status if end.code == GrpcStatus::Ok => "the server ended it without an error".to_string(),
        RpcCause::Reset(code) => format!("the stream was reset with {}", http2_error_name(*code)),
        _ => format!("{}: {}", end.code, end.text),
    };
    let last = match one.as_ref().and_then(|address| ledger.contacts.get(address)).map(|seen| &seen.what) {
        Some(Contact::Answered(Health::Failed { .. })) | None => String::new(),
        Some(Contact::Answered(health)) => format!("; the last status, {}, stays valid", health.as_str()),
        Some(Contact::Connected | Contact::Failed(_)) => String::new(),
    };
    let text =
        format!("the health Watch on {on} ended {after} after its last message: {how}. It is being reopened{last}");
    let mut finding = finding(&HEALTH_WATCH_ENDED, one, text, evidence);
    finding.remedy = match &end.cause {
        RpcCause::Status if end.code == GrpcStatus::Ok => {
            "Keep the stream open in the server's Watch handler: in grpc.health.v1 it ends only with the service."
                .to_string()
        }
        RpcCause::Reset(_) | RpcCause::Http { .. } | RpcCause::Proxy { .. } => format!(
            "Raise the stream timeout of the proxy on the network path above the longest quiet period of a stream (it is about {after} now; nginx: grpc_read_timeout, Envoy: stream_idle_timeout)."
        ),
        _ => finding.remedy,
    };
    finding
}
