//! Queries the members of a cluster in their order until one responds.

#![cfg_attr(
    not(feature = "all-backends"),
    allow(dead_code, reason = "a build with some of the backends may use a part of it")
)]

use std::error::Error;
use std::fmt;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::time::Instant;

use crate::model::resolution::{ResolveCode, ResolveError};

/// Why one member did not respond. Its text does not name the member.
pub(super) trait MemberError: Error + Send + Sync + Sized + 'static {
    /// The stable code.
    fn code(&self) -> ResolveCode;

    /// True when every other member would fail in the same way: credentials and targets are the same for all members.
    fn is_of_every_member(&self) -> bool;

    /// The error as it is reported when `member` is the only one that was queried.
    fn at(self, member: &str) -> ResolveError;
}

/// A member that did not respond.
#[derive(Debug)]
pub(super) struct Failed<E> {
    /// Its address as it is shown.
    pub member: String,
    /// Why.
    pub error: E,
}

impl<E: fmt::Display> fmt::Display for Failed<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.member, self.error)
    }
}

/// Why no member responded.
#[derive(Debug)]
pub(super) enum FailoverError<E> {
    /// The list of members is empty.
    NoMember,
    /// One failed for a reason that applies to all of them.
    Final(Failed<E>),
    /// Each of them failed, in the order in which they were queried.
    Each(Vec<Failed<E>>),
}

impl<E: MemberError> FailoverError<E> {
    /// The error as it is reported. `registry`: `etcd`. `word`: the registry's name for its members.
    pub(super) fn of(self, registry: &str, word: &str) -> ResolveError {
        let mut failed = match self {
            FailoverError::NoMember => {
                return ResolveError::fatal(ResolveCode::BadTarget, format!("{registry}: no {word} is given"));
            }
            FailoverError::Final(failed) => vec![failed],
            FailoverError::Each(failed) => failed,
        };
        if failed.len() == 1
            && let Some(Failed { member, error }) = failed.pop()
        {
            return error.at(&member);
        }
        let each = sentences(&failed).join("; ");
        let text = format!("{registry}: none of the {} {word}s can be queried: {each}", failed.len());
        // A member that responded with an error shows more than one that could not be reached.
        let most = failed.iter().position(|failed| failed.error.code() == ResolveCode::ServerError).unwrap_or(0);
        let error = failed.swap_remove(most).error;
        ResolveError::ambient(error.code(), text).caused_by(error)
    }
}

/// `member: why` of each.
pub(super) fn sentences<E: fmt::Display>(failed: &[Failed<E>]) -> Vec<String> {
    failed.iter().map(ToString::to_string).collect()
}

/// Queries the members in their order until one responds: `query` gets the member and its time limit. Returns the
/// response, and the members before it with their errors. All members together have `limit`; each gets an equal share
/// of what is left.
pub(super) async fn first<'a, M: fmt::Display, T, E: MemberError>(
    members: impl ExactSizeIterator<Item = M>,
    limit: Duration,
    mut query: impl FnMut(M, Duration) -> BoxFuture<'a, Result<T, E>>,
) -> Result<(T, Vec<Failed<E>>), FailoverError<E>> {
    let (started, count) = (Instant::now(), members.len());
    let mut failed = Vec::new();
    for (index, member) in members.enumerate() {
        let name = member.to_string();
        let left = limit.saturating_sub(started.elapsed());
        tracing::debug!(member = name, "query");
        let queried = query(member, left / u32::try_from(count - index).unwrap_or(u32::MAX)).await;
        if let Err(error) = &queried {
            // The error's text may repeat what was sent.
            tracing::debug!(member = name, code = error.code().as_str(), "no response");
        }
        match queried {
            Ok(response) => return Ok((response, failed)),
            Err(error) if error.is_of_every_member() => {
                return Err(FailoverError::Final(Failed { member: name, error }));
            }
            Err(error) => failed.push(Failed { member: name, error }),
        }
    }
    Err(if failed.is_empty() { FailoverError::NoMember } else { FailoverError::Each(failed) })
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use tokio::time::sleep;

    use super::*;

    #[derive(Debug, Clone, thiserror::Error)]
    #[error("{0:?}")]
    struct Code(ResolveCode);

    impl MemberError for Code {
        fn code(&self) -> ResolveCode {
            self.0
        }

        fn is_of_every_member(&self) -> bool {
            self.0 == ResolveCode::Denied
        }

        fn at(self, member: &str) -> ResolveError {
            ResolveError::ambient(self.0, format!("registry {member}: {self}"))
        }
    }

    /// Members `0`, `1`, …: each takes 600 ms of its share, and responds as in `results`.
    async fn queried(results: Vec<Result<(), ResolveCode>>) -> (Result<usize, ResolveError>, Vec<u128>) {
        let shares = RefCell::new(Vec::new());
        let query =
            first(results.iter().enumerate().map(|(index, _)| index), Duration::from_secs(6), |index, share| {
                shares.borrow_mut().push(share.as_millis());
                let result = results[index].map(|()| index).map_err(Code);
                Box::pin(async move {
                    sleep(Duration::from_millis(600)).await;
                    result
                })
            });
        let outcome = query.await.map(|(index, failed)| {
            assert_eq!(failed.len(), index);
            index
        });
        (outcome.map_err(|error| error.of("registry", "member")), shares.into_inner())
    }

    #[tokio::test(start_paused = true)]
    async fn members_are_queried_in_order_and_share_the_time() {
        let down = Err(ResolveCode::Unreachable);
        let (responded, shares) = queried(vec![down, down, Ok(())]).await;
        assert_eq!((responded, shares), (Ok(2), vec![2000, 2700, 4800]));
    }

    #[tokio::test(start_paused = true)]
    async fn an_error_that_applies_to_all_members_ends_the_search() {
        let (responded, shares) = queried(vec![Err(ResolveCode::Denied), Ok(())]).await;
        assert_eq!(responded.unwrap_err().to_string(), "registry 0: Denied");
        assert_eq!(shares.len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn when_none_responds_each_is_named_and_an_error_of_a_server_counts_most() {
        let all = vec![Err(ResolveCode::Unreachable), Err(ResolveCode::ServerError)];
        let error = queried(all).await.0.unwrap_err();
        assert_eq!(error.failure().code, ResolveCode::ServerError);
        let text = "registry: none of the 2 members can be queried: 0: Unreachable; 1: ServerError";
        assert_eq!(error.to_string(), text);
        let error = queried(vec![Err(ResolveCode::Timeout)]).await.0.unwrap_err();
        assert_eq!(error.to_string(), "registry 0: Timeout");
        let error = queried(Vec::new()).await.0.unwrap_err();
        assert_eq!(error.to_string(), "registry: no member is given");
    }
}
