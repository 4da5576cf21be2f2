//! The addresses of one name: A and AAAA, queried in parallel.

use std::net::IpAddr;
use std::time::Duration;

use futures_util::future::{Either, join_all, select};
use hickory_resolver::proto::rr::{Name, RecordType};
use tokio::time::{Instant, timeout};

use super::Family;
use super::notes::Notes;
use super::question::{DnsClient, QuestionResult, Reply};
use super::records::{address, alias_ttl};
use super::servers::{loopback, shown};
use crate::model::resolution::{AbsenceCode, ResolveCode, ResolveError};
use crate::text::duration;

/// How long to wait for the other address family once one has addresses: three transmissions over UDP.
const FAMILY_GRACE: Duration = Duration::from_millis(1_500);

/// What every query of one answer has in common.
pub(super) struct QuerySet<'a> {
    /// Queries the servers.
    pub client: &'a DnsClient,
    /// The address family that is wanted.
    pub family: Family,
    /// The deadline for all queries.
    pub deadline: Instant,
}

/// The addresses of one name.
#[derive(Default)]
pub(super) struct FoundAddresses {
    /// Each with its TTL.
    pub addresses: Vec<(IpAddr, Duration)>,
    /// What the servers answered.
    pub replies: Vec<Reply>,
    /// Why one or both families have no answer.
    pub failures: Vec<ResolveError>,
}

impl QuerySet<'_> {
    /// One query.
    pub(super) async fn query(&self, name: &Name, kind: RecordType) -> Result<Reply, ResolveError> {
        self.client.query(name, kind, self.deadline).await
    }

    /// A and AAAA in parallel, as far as the family includes them.
    pub(super) async fn addresses(&self, name: &Name) -> FoundAddresses {
        if name.is_localhost() {
            // The resolver would answer this by itself, as if the server had answered.
            let addresses = loopback(self.family).into_iter().map(|ip| (ip, Duration::MAX)).collect();
            return FoundAddresses { addresses, ..FoundAddresses::default() };
        }
        let mut found = FoundAddresses::default();
        for answered in self.both(name).await {
            match answered {
                Ok(reply) => {
                    if let QuestionResult::Records { answers, .. } = &reply.result {
                        let alias = alias_ttl(answers);
                        let addresses = answers.iter().filter_map(address);
                        found.addresses.extend(addresses.map(|(ip, ttl)| (ip, ttl.min(alias))));
                    }
                    found.replies.push(reply);
                }
                Err(error) => found.failures.push(error),
            }
        }
        found
    }

    /// The answers to A and AAAA. Once one of them has addresses, the other has [`FAMILY_GRACE`].
    async fn both(&self, name: &Name) -> Vec<Result<Reply, ResolveError>> {
        let [first, second] = match self.family.kinds() {
            [first, second] => [*first, *second],
            kinds => return join_all(kinds.iter().map(|kind| self.query(name, *kind))).await,
        };
        let (v4, v6) = (Box::pin(self.query(name, first)), Box::pin(self.query(name, second)));
        match select(v4, v6).await {
            Either::Left((v4, rest)) => {
                let v6 = late(rest, name, (first, second), &v4).await;
                vec![v4, v6]
            }
            Either::Right((v6, rest)) => {
                let v4 = late(rest, name, (second, first), &v6).await;
                vec![v4, v6]
            }
        }
    }
}

/// The answer of the other family: within [`FAMILY_GRACE`] if this one has addresses, else without a limit of its
/// own.
async fn late(
    rest: impl Future<Output = Result<Reply, ResolveError>>,
    name: &Name,
    (answered, waiting): (RecordType, RecordType),
    answer: &Result<Reply, ResolveError>,
) -> Result<Reply, ResolveError> {
    let has_addresses = matches!(answer, Ok(Reply { result: QuestionResult::Records { answers, .. }, .. })
        if answers.iter().any(|record| record.record_type() == answered));
    if !has_addresses {
        return rest.await;
    }
    timeout(FAMILY_GRACE, rest).await.unwrap_or_else(|_| {
        let grace = duration(FAMILY_GRACE);
        let text = format!("no answer for {waiting} {} within {grace}", shown(name));
        Err(ResolveError::ambient(ResolveCode::Timeout, text))
    })
}

impl FoundAddresses {
    /// Reports that A was answered and AAAA was not, or the other way round: some resolvers fail both.
    pub(super) fn half_answered(&self, name: &Name, notes: &mut Notes) {
        let has_addresses = |reply: &&Reply| matches!(reply.result, QuestionResult::Records { .. });
        let Some(answered) = self.replies.iter().find(has_addresses) else { return };
        for error in &self.failures {
            let who = match error.failure().code {
                ResolveCode::Timeout => {
                    "musl's resolver (Alpine) would fail the whole lookup, glibc's and Go's would wait for their timeout first"
                }
                _ => "musl's resolver (Alpine) would fail the whole lookup",
            };
            notes.half_answered(format!("{error}, although {} is answered; {who}", answered.question));
        }
        for reply in &self.replies {
            if let QuestionResult::Nothing { code: AbsenceCode::NxDomain, .. } = reply.result {
                notes.half_answered(format!(
                    "dns server {} answers NXDOMAIN for {}, although {} is answered: NXDOMAIN means that {} does not exist at \
                     all; musl's resolver (Alpine) and caches that follow RFC 8020 would fail the whole lookup",
                    reply.server,
                    reply.question,
                    answered.question,
                    shown(name)
                ));
            }
        }
    }
}
