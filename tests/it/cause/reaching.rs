//! Addresses that are unreachable, or whose server does not use gRPC: GD2xx and GD4xx.

use tokio::io::AsyncWriteExt;

use super::scenario::{Run, probe};
use super::setup::{Answer, SETTINGS, Setup, first_data, until_gone};
use crate::support::namespace::Namespace;

/// An HTTP/2 frame on stream 0.
pub fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, (payload.len() >> 8) as u8, payload.len() as u8, kind, 0, 0, 0, 0, 0];
    bytes.extend(payload);
    bytes
}

/// GOAWAY, code and debug data.
pub fn goaway(code: u32, debug: &str) -> Vec<u8> {
    let mut payload = vec![0x7f, 0xff, 0xff, 0xff];
    payload.extend(code.to_be_bytes());
    payload.extend(debug.as_bytes());
    frame(7, &payload)
}

pub fn refused(setup: &mut Setup) -> Option<Run> {
    let address = setup.unused_port();
    Some(probe(&[&address]).answer_with(&[&address, "tcp", "connection refused"]))
}

pub fn unreachable(_: &mut Setup) -> Option<Run> {
    let namespace = Namespace::new();
    namespace.ip(&["route", "add", "unreachable", "10.9.0.1"]);
    Some(probe(&["10.9.0.1:50051"]).answer_with(&["10.9.0.1:50051", "tcp", "no route to host"]).inside(namespace))
}

/// A router on the path rejects it, not the machine's own routing table.
pub fn rejected_on_the_way(_: &mut Setup) -> Option<Run> {
    let namespace = Namespace::new();
    namespace.ip(&["addr", "add", "10.9.0.3/32", "dev", "lo"]);
    let reject = ["-A", "INPUT", "-d", "10.9.0.3", "-p", "tcp", "--dport", "50051"];
    namespace.iptables(&[&reject[..], &["-j", "REJECT", "--reject-with", "icmp-host-unreachable"]].concat());
    Some(probe(&["10.9.0.3:50051"]).answer_with(&["10.9.0.3:50051", "tcp", "no route to host"]).inside(namespace))
}

/// The machine's own routing table prohibits the connection.
pub fn forbidden_here(_: &mut Setup) -> Option<Run> {
    let namespace = Namespace::new();
    namespace.ip(&["route", "add", "prohibit", "10.9.0.2"]);
    Some(probe(&["10.9.0.2:50051"]).answer_with(&["10.9.0.2:50051", "tcp", "permission denied"]).inside(namespace))
}

pub fn reset(setup: &mut Setup) -> Option<Run> {
    let address = setup.listen(|mut stream| async move {
        first_data(&mut stream).await;
        let _ = socket2::SockRef::from(&stream).set_linger(Some(std::time::Duration::ZERO));
    });
    Some(probe(&[&address]).answer_with(&[&address, "http2", "reset"]))
}

pub fn one_black_hole(setup: &mut Setup) -> Option<Run> {
    let (well, hole) = (setup.healthy(), setup.full());
    let registry = setup.registry("pay.json", &[&well, &hole]);
    Some(probe(&["--connect-timeout", "1s", &registry]).answer_with(&[&hole, "tcp", "SYN"]))
}

pub fn every_endpoint_black_holes(_: &mut Setup) -> Option<Run> {
    let namespace = Namespace::new();
    namespace.ip(&["addr", "add", "10.9.0.0/24", "dev", "lo"]);
    namespace.iptables(&["-A", "INPUT", "-d", "10.9.0.0/24", "-p", "tcp", "-j", "DROP"]);
    let arguments = ["--connect-timeout", "1s", "ipv4:10.9.0.1:50051,10.9.0.2:50051,10.9.0.3:50051"];
    let answer_with = ["10.9.0.1:50051", "10.9.0.3:50051", "no response to SYN", "none of 3 endpoints"];
    Some(probe(&arguments).answer_with(&answer_with).inside(namespace))
}

pub fn full_backlogs(setup: &mut Setup) -> Option<Run> {
    let (a, b) = (setup.full(), setup.full());
    let registry = setup.registry("pay.json", &[&a, &b]);
    Some(probe(&["--connect-timeout", "1s", &registry]).answer_with(&[&a, &b, "tcp", "SYN", "none of 2 endpoints"]))
}

pub fn closed_before_settings(setup: &mut Setup) -> Option<Run> {
    let address = setup.answers_and_closes(b"");
    Some(probe(&[&address]).answer_with(&[&address, "http2", "closed the connection before"]))
}

pub fn unresponsive_port(setup: &mut Setup) -> Option<Run> {
    let address = setup.silent();
    Some(probe(&["--connect-timeout", "500ms", &address]).answer_with(&[&address, "http2", "SETTINGS"]))
}

pub fn host_name_without_address(setup: &mut Setup) -> Option<Run> {
    // A label that is too long: no DNS query is needed to know that it does not exist.
    let host = format!("{}.invalid", "a".repeat(64));
    let registry = setup.registry("pay.json", &[&format!("{host}:50051")]);
    Some(probe(&[&registry]).answer_with(&[&host, "resolve"]))
}

pub fn unix_socket_that_is_not_there(setup: &mut Setup) -> Option<Run> {
    let target = format!("unix:{}", setup.path("none.sock").display());
    Some(probe(&[&target]).answer_with(&["none.sock", "unix: no socket file at this path"]))
}

pub fn http1(setup: &mut Setup) -> Option<Run> {
    let address = setup.answers_and_closes(b"HTTP/1.1 400 Bad Request\r\nServer: nginx\r\nConnection: close\r\n\r\n");
    Some(probe(&[&address]).answer_with(&[&address, "http2", "HTTP/1.1 400 Bad Request"]))
}

pub fn ssh_banner(setup: &mut Setup) -> Option<Run> {
    let address = setup.listen(|mut stream| async move {
        let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.2\r\n").await;
        until_gone(&mut stream).await;
    });
    Some(probe(&[&address]).answer_with(&[&address, "http2", "SSH-2.0-OpenSSH_9.2"]))
}

pub fn mail_banner(setup: &mut Setup) -> Option<Run> {
    let address = setup.listen(|mut stream| async move {
        let _ = stream.write_all(b"220 mail.example ESMTP\x1b[2J\r\n").await;
        until_gone(&mut stream).await;
    });
    Some(probe(&[&address]).answer_with(&[&address, "http2", "220 mail.example ESMTP"]))
}

/// GOAWAY in the place of SETTINGS.
pub fn goaway_first(setup: &mut Setup) -> Option<Run> {
    let address = setup.listen(|mut stream| async move {
        first_data(&mut stream).await;
        let _ = stream.write_all(&goaway(11, "too_many_pings")).await;
        let _ = stream.shutdown().await;
        until_gone(&mut stream).await;
    });
    Some(probe(&[&address]).answer_with(&[&address, "http2", "ENHANCE_YOUR_CALM", "too_many_pings"]))
}

pub fn goaway_after_settings(setup: &mut Setup) -> Option<Run> {
    let address = setup.listen(|mut stream| async move {
        first_data(&mut stream).await;
        let _ = stream.write_all(&[SETTINGS, &goaway(0, "max_age")].concat()).await;
        let _ = stream.shutdown().await;
        until_gone(&mut stream).await;
    });
    Some(probe(&[&address]).answer_with(&[&address, "GOAWAY NO_ERROR"]))
}

pub fn settings_then_close(setup: &mut Setup) -> Option<Run> {
    let address = setup.answers_and_closes(SETTINGS);
    Some(probe(&[&address]).answer_with(&[&address, "closed"]))
}

pub fn no_streams(setup: &mut Setup) -> Option<Run> {
    let address = setup.listen(|mut stream| async move {
        first_data(&mut stream).await;
        let _ = stream.write_all(&frame(4, &[0, 3, 0, 0, 0, 0])).await;
        until_gone(&mut stream).await;
    });
    Some(probe(&[&address]).answer_with(&[&address, "http2", "MAX_CONCURRENT_STREAMS"]))
}

pub fn one_stream(setup: &mut Setup) -> Option<Run> {
    let address = setup.listen(|stream| async move {
        let mut server = h2::server::Builder::new();
        let Ok(mut connection) = server.max_concurrent_streams(1).handshake::<_, bytes::Bytes>(stream).await else {
            return;
        };
        while let Some(Ok((_, mut respond))) = connection.accept().await {
            let response = http::Response::builder().header("content-type", "application/grpc");
            let _ = respond.send_response(response.header("grpc-status", "12").body(()).unwrap(), true);
        }
    });
    Some(probe(&[&address]).answer_with(&[&address, "MAX_CONCURRENT_STREAMS 1"]))
}

pub fn broken_frames(setup: &mut Setup) -> Option<Run> {
    // A SETTINGS frame of five bytes: no multiple of six.
    let address = setup.listen(|mut stream| async move {
        first_data(&mut stream).await;
        let _ = stream.write_all(&frame(4, &[0, 3, 0, 0, 0])).await;
        until_gone(&mut stream).await;
    });
    Some(probe(&[&address]).answer_with(&[&address, "http2"]))
}

pub fn not_serving(setup: &mut Setup) -> Option<Run> {
    let address = setup.serves(Answer::Status(2));
    Some(probe(&[&address]).answer_with(&[&address, "NOT_SERVING"]))
}

pub fn unknown_to_its_health_service(setup: &mut Setup) -> Option<Run> {
    let address = setup.serves(Answer::Grpc("5", "unknown service"));
    Some(
        probe(&["--service", "pay.v1.Pay", &address])
            .answer_with(&[&address, "the requested service is not registered with its health service"]),
    )
}

pub fn health_call_refused(setup: &mut Setup) -> Option<Run> {
    let address = setup.serves(Answer::Grpc("16", "no token"));
    Some(probe(&[&address]).answer_with(&[&address, "UNAUTHENTICATED", "no token"]))
}

pub fn no_health_service(setup: &mut Setup) -> Option<Run> {
    let address = setup.serves(Answer::Grpc("12", "unknown service grpc.health.v1.Health"));
    Some(probe(&[&address]))
}

pub fn proxy_without_backend(setup: &mut Setup) -> Option<Run> {
    let address = setup.serves(Answer::Http(503, "server", "envoy"));
    Some(probe(&[&address]).answer_with(&[&address, "503"]))
}

pub fn web_server_over_http2(setup: &mut Setup) -> Option<Run> {
    let address = setup.serves(Answer::Http(404, "x-frame-options", "DENY"));
    Some(probe(&[&address]).answer_with(&[&address, "404"]))
}

pub fn stream_reset(setup: &mut Setup) -> Option<Run> {
    let address = setup.serves(Answer::Reset(2));
    Some(probe(&[&address]).answer_with(&[&address, "INTERNAL_ERROR"]))
}

pub fn health_call_unanswered(setup: &mut Setup) -> Option<Run> {
    let address = setup.serves(Answer::NoResponse);
    Some(probe(&["--rpc-timeout", "500ms", &address]).answer_with(&[&address, "health"]))
}
