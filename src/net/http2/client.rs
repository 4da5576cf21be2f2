//! The client side of a connection, and a call up to the head of its response.

use bytes::Bytes;
use h2::client::{Connection, ResponseFuture, SendRequest};
use h2::{RecvStream, SendStream};
use http::header::HeaderMap;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{Method, Request, StatusCode, Uri, Version};
use tokio::io::{AsyncRead, AsyncWrite};

use super::error::CallError;
use super::messages::Messages;

/// The values in our SETTINGS that differ from the protocol's defaults.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Announced {
    /// The flow-control window, of a stream and of the connection.
    pub window: Option<u32>,
    /// The maximum size of response headers.
    pub header_list: Option<u32>,
}

/// Scheme and `:authority` of every request of a connection.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    pub scheme: Scheme,
    pub authority: Authority,
}

/// Calls over one connection. Cheap to clone; usable as long as its connection.
#[derive(Clone)]
pub(crate) struct Client {
    send: SendRequest<Bytes>,
    origin: Origin,
}

/// Starts HTTP/2 over `io`. The preface is written at once, everything else when the connection is polled.
pub(crate) async fn handshake<T: AsyncRead + AsyncWrite + Unpin>(
    io: T,
    announced: Announced,
    origin: Origin,
) -> Result<(Client, Connection<T, Bytes>), h2::Error> {
    let mut builder = h2::client::Builder::new();
    builder.enable_push(false);
    if let Some(window) = announced.window {
        builder.initial_window_size(window).initial_connection_window_size(window);
    }
    if let Some(size) = announced.header_list {
        builder.max_header_list_size(size);
    }
    let (send, connection) = builder.handshake(io).await?;
    Ok((Client { send, origin }, connection))
}

impl Client {
    /// The head of a call to `path` (`/package.Service/Method`), to be completed with
    /// [`request::headers`](super::request::headers).
    pub fn head(&self, path: &'static str, headers: HeaderMap) -> Result<Request<()>, http::Error> {
        let uri = Uri::builder()
            .scheme(self.origin.scheme.clone())
            .authority(self.origin.authority.clone())
            .path_and_query(PathAndQuery::from_static(path))
            .build()?;
        let mut head = Request::new(());
        *head.method_mut() = Method::POST;
        *head.uri_mut() = uri;
        *head.version_mut() = Version::HTTP_2;
        *head.headers_mut() = headers;
        Ok(head)
    }

    /// Waits for a free stream, then passes the call to the connection, with `messages` as
    /// [`prefixed`](super::prefixed) writes them. `ends`: the request is complete with them; else its side stays open
    /// as long as the call.
    pub async fn start(self, head: Request<()>, messages: Bytes, ends: bool) -> Result<Started, h2::Error> {
        let mut send = self.send.ready().await?;
        let (response, mut request) = send.send_request(head, false)?;
        request.send_data(messages, ends)?;
        Ok(Started { response, request })
    }
}

/// A call whose request was passed to the connection. Dropping it cancels the call.
pub(crate) struct Started {
    response: ResponseFuture,
    request: SendStream<Bytes>,
}

impl Started {
    /// The call's stream.
    pub fn stream(&self) -> u32 {
        self.response.stream_id().as_u32()
    }

    /// Waits for the head of the response.
    pub async fn response(self) -> Result<Response, h2::Error> {
        let (head, body) = self.response.await?.into_parts();
        Ok(Response { http: head.status, headers: head.headers, body, request: self.request })
    }
}

/// The head of a response, gRPC or not. Dropping it cancels the call.
pub(crate) struct Response {
    pub http: StatusCode,
    pub headers: HeaderMap,
    body: RecvStream,
    request: SendStream<Bytes>,
}

impl Response {
    /// Reads the body into `read` until that has `most` bytes, or the body ends. A truncated text ends with `…`, as
    /// everywhere. Cancel safe: `read` has what arrived.
    pub async fn excerpt(&mut self, most: usize, read: &mut Vec<u8>) {
        while read.len() < most
            && let Some(Ok(data)) = self.body.data().await
        {
            // Fails only when the stream is gone, which the next read shows.
            let _ = self.body.flow_control().release_capacity(data.len());
            let room = most - read.len();
            read.extend_from_slice(&data[..data.len().min(room)]);
            if data.len() > room {
                read.extend_from_slice("…".as_bytes());
            }
        }
    }

    /// The messages of the response, each of at most `most` bytes. `started`: the part of the body that was already
    /// read. `needs_status`: a response that ends without `grpc-status` is an error, as for gRPC's clients; else its
    /// messages are accepted with HTTP status 200.
    ///
    /// # Errors
    ///
    /// The response ends with its head, and its status is not OK.
    pub fn messages<M>(self, started: Vec<u8>, most: usize, needs_status: bool) -> Result<Messages<M>, CallError> {
        Messages::new(self.http, &self.headers, self.body, self.request, started, most, needs_status)
    }
}
