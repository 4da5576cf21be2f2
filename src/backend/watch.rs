//! What every watched registry has in common: one query, then changes until the first error.

#![cfg_attr(
    not(feature = "all-backends"),
    allow(dead_code, reason = "a build with some of the backends may use a part of it")
)]

use futures_util::StreamExt as _;
use futures_util::stream;

use super::Resolution;
use crate::model::resolution::{ResolveError, Update};

/// An established watch.
pub(super) trait Watch: Send + Sized + 'static {
    /// Waits for the next update. Not called again after an error.
    fn next(&mut self) -> impl Future<Output = Result<Update, ResolveError>> + Send;

    /// All updates up to and including the first error.
    fn changes(self) -> Resolution {
        Box::pin(stream::unfold(Some(self), |watch| async move {
            let mut watch = watch?;
            match watch.next().await {
                Ok(update) => Some((Ok(update), Some(watch))),
                Err(error) => {
                    tracing::debug!(code = error.failure().code.as_str(), "watch ended");
                    Some((Err(error), None))
                }
            }
        }))
    }
}

/// The response to the initial query of a watch, then its changes.
pub(super) fn after<W: Watch>(
    start: impl Future<Output = Result<(Update, W), ResolveError>> + Send + 'static,
) -> Resolution {
    let start = async move {
        match start.await {
            Ok((first, watch)) => {
                tracing::debug!("watch opened");
                Box::pin(stream::iter([Ok(first)]).chain(watch.changes())) as Resolution
            }
            Err(error) => Box::pin(stream::iter([Err(error)])),
        }
    };
    Box::pin(stream::once(start).flatten())
}
