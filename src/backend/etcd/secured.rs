//! [`Secured`]: a TLS stream that tells the peer's alert. With TLS 1.3 a server refuses a client without a certificate only
//! after the handshake: the client has begun to write by then, and finds a broken pipe before it has read the reason.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls;

/// See the [module](self).
pub(super) struct Secured(pub TlsStream<TcpStream>);

impl Secured {
    /// `error`, or the alert that lies unread behind it.
    fn told(&mut self, error: io::Error, cx: &mut Context<'_>) -> io::Error {
        let mut scratch = [0; 1024];
        loop {
            let mut read = ReadBuf::new(&mut scratch);
            match Pin::new(&mut self.0).poll_read(cx, &mut read) {
                Poll::Ready(Ok(())) if !read.filled().is_empty() => {}
                Poll::Ready(Err(alert)) if alert.get_ref().is_some_and(|below| below.is::<rustls::Error>()) => {
                    return alert;
                }
                Poll::Ready(Ok(()) | Err(_)) | Poll::Pending => return error,
            }
        }
    }

    fn written<T>(&mut self, result: Poll<io::Result<T>>, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        match result {
            Poll::Ready(Err(error)) => Poll::Ready(Err(self.told(error, cx))),
            other => other,
        }
    }
}

impl AsyncRead for Secured {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Secured {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.0).poll_write(cx, bytes);
        self.written(result, cx)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.0).poll_flush(cx);
        self.written(result, cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
