//! Proxies on the path to the server: responses that they pass on, and responses of their own.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::sleep;

use super::scenario::{Run, probe};
use super::setup::Setup;

/// A server that responds to every call with this status, these headers and this page.
fn answers(setup: &Setup, status: u16, headers: &'static [(&'static str, &'static str)], page: &'static str) -> String {
    setup.listen(move |stream| async move {
        let Ok(mut connection) = h2::server::handshake(stream).await else { return };
        while let Some(Ok((_, mut respond))) = connection.accept().await {
            let mut response = http::Response::builder().status(status);
            for (name, value) in headers {
                response = response.header(*name, *value);
            }
            if let Ok(mut stream) = respond.send_response(response.body(()).unwrap(), page.is_empty())
                && !page.is_empty()
            {
                let _ = stream.send_data(Bytes::from_static(page.as_bytes()), true);
            }
        }
    })
}

pub fn serving_through_a_proxy(setup: &mut Setup) -> Option<Run> {
    let address = setup.listen(|stream| async move {
        let Ok(mut connection) = h2::server::handshake(stream).await else { return };
        while let Some(Ok((_, respond))) = connection.accept().await {
            serve(respond);
        }
    });
    let answer_with =
        "responded through a proxy (istio-envoy): one sample of the servers behind it (server: istio-envoy)";
    Some(probe(&[&address]).answer_with(&[&address, answer_with]))
}

/// SERVING, as a proxy passes it on.
fn serve(mut respond: h2::server::SendResponse<Bytes>) {
    let response = http::Response::builder().header("content-type", "application/grpc").header("server", "istio-envoy");
    let Ok(mut stream) = respond.send_response(response.body(()).unwrap(), false) else { return };
    let mut trailers = http::HeaderMap::new();
    trailers.insert("grpc-status", http::HeaderValue::from_static("0"));
    let _ = stream.send_data(Bytes::from_static(&[0, 0, 0, 0, 2, 8, 1]), false);
    let _ = stream.send_trailers(trailers);
}

pub fn gateway_without_a_server(setup: &mut Setup) -> Option<Run> {
    let page =
        "<html><body><h1>503 Service Unavailable</h1>\nNo server is available to handle this request.\n</body></html>";
    let address = answers(setup, 503, &[("content-type", "text/html")], page);
    Some(probe(&[&address]).answer_with(&[&address, "HTTP 503 from haproxy: 503 Service Unavailable"]))
}

pub fn gateway_without_a_name(setup: &mut Setup) -> Option<Run> {
    let address = answers(setup, 502, &[("content-type", "text/plain")], "Bad Gateway");
    Some(probe(&[&address]).answer_with(&[&address, "leads to a gateway or load balancer"]))
}

/// Envoy itself responds with UNIMPLEMENTED if it has no route: that does not mean that the server has no health
/// service.
pub fn envoy_without_a_route(setup: &mut Setup) -> Option<Run> {
    let headers = &[("content-type", "application/grpc"), ("grpc-status", "12"), ("server", "envoy")];
    let address = answers(setup, 200, headers, "");
    Some(probe(&[&address]).answer_with(&[&address, "no route"]))
}

pub fn client_certificate_over_http(setup: &mut Setup) -> Option<Run> {
    let page = "<html><head><title>400 No required SSL certificate was sent</title></head></html>";
    let address = answers(setup, 400, &[("server", "nginx/1.29.0"), ("content-type", "text/html")], page);
    Some(probe(&[&address]).answer_with(&[&address, "requires a client certificate, but none was sent"]))
}

pub fn redirected(setup: &mut Setup) -> Option<Run> {
    let address = answers(setup, 308, &[("location", "https://pay.example/?token=hunter2")], "");
    Some(probe(&[&address]).answer_with(&[&address, "HTTP 308"]))
}

pub fn preface_refused(setup: &mut Setup) -> Option<Run> {
    use tokio::io::AsyncWriteExt as _;
    let address = setup.listen(|mut stream| async move {
        super::setup::first_data(&mut stream).await;
        let words = [super::setup::SETTINGS, &super::reaching::goaway(1, "")].concat();
        let _ = stream.write_all(&words).await;
        let _ = stream.shutdown().await;
        super::setup::until_gone(&mut stream).await;
    });
    Some(probe(&[&address]).answer_with(&[&address, "GOAWAY PROTOCOL_ERROR"]))
}

/// As nginx: GOAWAY to a connection that was idle for 1.55 s after a call; one without a call stays open. The server
/// counts from sending its response and the tool from receiving it, so up to 50 ms less are measured.
pub fn idle_limit_with_goaway(setup: &mut Setup) -> Option<Run> {
    let address = setup.listen(|stream| async move {
        // As nginx does; otherwise its responses would be 40 ms late.
        let _ = stream.set_nodelay(true);
        let Ok(mut connection) = h2::server::handshake(stream).await else { return };
        let mut called = false;
        loop {
            tokio::select! {
                accepted = connection.accept() => match accepted {
                    Some(Ok((_, respond))) => {
                        called = true;
                        serve(respond);
                    }
                    Some(Err(_)) | None => return,
                },
                () = sleep(Duration::from_millis(1_550)), if called => connection.graceful_shutdown(),
            }
        }
    });
    let answer_with =
        [&*address, "closes connections after 1.5", "closed the channel's own connection and idle-connection checks"];
    let arguments = ["--plaintext", "--idle", "2s", "--idle-ladder", "500ms,3s", &address];
    Some(probe(&arguments).answer_with(&answer_with))
}
