//! [`AlertStream`]: a TLS stream that keeps the peer's alert. With TLS 1.3 a server rejects a client without a
//! certificate only after the handshake: by then the client has started to write, and gets a broken pipe before it
//! has read the reason.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls;

use crate::net::dial::Io;
use crate::net::tls::TlsExplanation;

/// The last TLS alert, kept beside the stream because h2 passes an I/O error on as its text.
pub(super) type Alert = Arc<OnceLock<String>>;

/// See the [module](self).
pub(super) struct AlertStream {
    stream: TlsStream<TcpStream>,
    alert: Alert,
    explain: Arc<TlsExplanation>,
    /// Writing has failed, and the unread data is being read.
    failed: Option<io::Error>,
}

impl AlertStream {
    /// Wraps `stream`; the handle returns its alert, as described by `explain`.
    pub(super) fn new(stream: TlsStream<TcpStream>, explain: Arc<TlsExplanation>) -> (Self, Alert) {
        let alert = Alert::default();
        (AlertStream { stream, alert: alert.clone(), explain, failed: None }, alert)
    }

    fn note(&self, error: io::Error) -> io::Error {
        if error.get_ref().is_some_and(|below| below.is::<rustls::Error>())
            && let Some(words) = self.explain.of(&error)
        {
            // The first alert is kept.
            let _ = self.alert.set(words);
        }
        error
    }

    /// Reads everything that the peer sent before it closed the connection, then returns the error. A peer that is
    /// gone has closed its half, so this ends.
    fn read_alert<T>(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        let mut scratch = [0; 1024];
        loop {
            let mut read = ReadBuf::new(&mut scratch);
            match ready!(Pin::new(&mut self.stream).poll_read(cx, &mut read)) {
                Ok(()) if !read.filled().is_empty() => {}
                Ok(()) => break,
                Err(error) => {
                    self.note(error);
                    break;
                }
            }
        }
        Poll::Ready(Err(self.failed.take().unwrap_or_else(|| io::ErrorKind::BrokenPipe.into())))
    }

    fn written<T>(&mut self, result: Poll<io::Result<T>>, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        match result {
            Poll::Ready(Err(error)) => {
                self.failed = Some(self.note(error));
                self.read_alert(cx)
            }
            other => other,
        }
    }
}

impl Io for AlertStream {
    fn tcp(&self) -> Option<&TcpStream> {
        self.stream.tcp()
    }
}

impl AsyncRead for AlertStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let result = ready!(Pin::new(&mut self.stream).poll_read(cx, buffer));
        Poll::Ready(result.map_err(|error| self.note(error)))
    }
}

impl AsyncWrite for AlertStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.failed.is_some() {
            return self.read_alert(cx);
        }
        let result = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.written(result, cx)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.failed.is_some() {
            return self.read_alert(cx);
        }
        let result = Pin::new(&mut self.stream).poll_flush(cx);
        self.written(result, cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
