//! Reads the updates of a backend one at a time.

use std::time::Duration;

use futures_util::StreamExt as _;
use grpc_discover::backend::Resolution;
use grpc_discover::model::resolution::{Answer, NoteKind, Partial, ResolveError, Update};
use tokio::time::timeout;

/// Time limit for any update on a busy machine.
pub const TIME_LIMIT: Duration = Duration::from_secs(90);

/// The next update, of any kind.
pub async fn update(stream: &mut Resolution) -> Result<Update, ResolveError> {
    timeout(TIME_LIMIT, stream.next()).await.expect("a word in time").expect("a stream that goes on")
}

/// The next update: a complete response or its visible part, or why there is none.
pub async fn word(stream: &mut Resolution) -> Result<Answer, ResolveError> {
    update(stream).await.map(|update| match update {
        Update::Reset(answer) | Update::Partial(Partial { answer, .. }) => answer,
        other => panic!("{other:?}"),
    })
}

/// The next update, which must be a complete response.
pub async fn answer(stream: &mut Resolution) -> Answer {
    word(stream).await.unwrap_or_else(|error| panic!("{error}"))
}

/// The error that ends the stream; until then no endpoint may be removed.
pub async fn end(stream: &mut Resolution) -> ResolveError {
    let error = loop {
        match word(stream).await {
            Ok(answer) => assert!(!answer.endpoints.is_empty(), "no endpoint has left: {answer:?}"),
            Err(error) => break error,
        }
    };
    assert_eq!(timeout(TIME_LIMIT, stream.next()).await.expect("an end"), None, "after {error}");
    error
}

/// Where the endpoints are.
pub fn places(answer: &Answer) -> Vec<String> {
    answer.endpoints.iter().map(|endpoint| endpoint.address.to_string()).collect()
}

/// The notes of a kind.
pub fn notes(answer: &Answer, kind: NoteKind) -> Vec<&str> {
    answer.notes.iter().filter(|note| note.kind == kind).map(|note| note.text.as_str()).collect()
}
