//! The content of an answer's records.

use std::net::IpAddr;
use std::time::Duration;

use hickory_resolver::proto::rr::rdata::SRV;
use hickory_resolver::proto::rr::{RData, Record, RecordType};

use super::question::{QuestionResult, Reply};
use super::servers::shown;

/// The address of an A or AAAA record, and its TTL.
pub(super) fn address(record: &Record) -> Option<(IpAddr, Duration)> {
    record.data.ip_addr().map(|ip| (ip, seconds(record.ttl)))
}

/// The lowest TTL of the aliases on the way; they expire too.
pub(super) fn alias_ttl(answers: &[Record]) -> Duration {
    let aliases = answers.iter().filter(|record| record.record_type() == RecordType::CNAME);
    aliases.map(|record| seconds(record.ttl)).min().unwrap_or(Duration::MAX)
}

fn seconds(ttl: u32) -> Duration {
    Duration::from_secs(ttl.into())
}

/// The SRV records of an answer, best first.
pub(super) fn srv_records(reply: &Reply) -> Vec<(Duration, SRV)> {
    let QuestionResult::Records { answers, .. } = &reply.result else { return vec![] };
    let alias = alias_ttl(answers);
    let mut records: Vec<_> = answers
        .iter()
        .filter_map(|record| match &record.data {
            RData::SRV(srv) => Some((seconds(record.ttl).min(alias), srv.clone())),
            _ => None,
        })
        .collect();
    records.sort_by_key(|(_, srv)| (srv.priority, u16::MAX - srv.weight));
    records
}

/// The record in zone file format: `10 5 50051 a.example`.
pub(super) fn shown_srv(record: &SRV) -> String {
    format!("{} {} {} {}", record.priority, record.weight, record.port, shown(&record.target))
}
