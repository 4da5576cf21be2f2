//! [`Messages`]: the response after its head.

use std::future::poll_fn;
use std::marker::PhantomData;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use h2::{RecvStream, SendStream};
use http::StatusCode;
use http::header::HeaderMap;

use super::error::{CallError, NotGrpc};
use super::framing::Framing;
use super::status;
use crate::model::violation::ResponseFault;

/// The messages of a response. Dropping it before its end cancels the call.
pub(crate) struct Messages<M> {
    body: RecvStream,
    /// Kept: the request's side is open as long as the call.
    _request: SendStream<Bytes>,
    framing: Framing,
    http: StatusCode,
    /// The end may follow at once: the status came with the head, or none is required.
    may_end: bool,
    data_ended: bool,
    message: PhantomData<fn() -> M>,
}

impl<M> Messages<M> {
    /// See [`Response::messages`](super::Response::messages).
    pub(super) fn new(
        http: StatusCode,
        headers: &HeaderMap,
        body: RecvStream,
        request: SendStream<Bytes>,
        started: Vec<u8>,
        most: usize,
        needs_status: bool,
    ) -> Result<Self, CallError> {
        let has_status = status::of(headers)?.is_some();
        let mut framing = Framing::new(headers.get("grpc-encoding").map(|encoding| encoding.as_bytes()), most);
        framing.take(&started)?;
        let may_end = has_status || (!needs_status && http == StatusCode::OK);
        Ok(Messages { body, _request: request, framing, http, may_end, data_ended: false, message: PhantomData })
    }
}

impl<M: prost::Message + Default> Messages<M> {
    /// The next message; `None` when the call has ended with status OK. Cancel safe. Not to be called again after the
    /// end.
    pub async fn next(&mut self) -> Result<Option<M>, CallError> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    /// The only message of a unary call, when the call has ended with status OK.
    pub async fn only(mut self) -> Result<M, CallError> {
        let message = self.next().await?;
        // If there are more of them, the first one is used; the status counts in any case.
        while message.is_some() && self.next().await?.is_some() {}
        Ok(message.ok_or_else(|| NotGrpc::internal(ResponseFault::Message, "Missing response message."))?)
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<M>, CallError>> {
        loop {
            if let Some(message) = self.framing.next()? {
                return Poll::Ready(Ok(Some(message)));
            }
            if self.data_ended {
                break;
            }
            match ready!(self.body.poll_data(cx)) {
                Some(data) => {
                    let data = data?;
                    // Fails only when the stream is gone, which the next poll shows.
                    let _ = self.body.flow_control().release_capacity(data.len());
                    self.framing.take(&data)?;
                }
                None => self.data_ended = true,
            }
        }
        let trailers = ready!(self.body.poll_trailers(cx))?;
        let has_status = trailers.as_ref().map_or(Ok(None), status::of)?.is_some();
        if let Some(cut_off) = self.framing.cut_off() {
            return Poll::Ready(Err(NotGrpc::internal(ResponseFault::CutOff, cut_off).into()));
        }
        Poll::Ready(match has_status || self.may_end {
            true => Ok(None),
            false => Err(CallError::NoStatus { http: self.http, trailers: trailers.is_some() }),
        })
    }
}
