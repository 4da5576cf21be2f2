//! [`DnsError`]: why a DNS server did not answer.

use std::error::Error;
use std::fmt;
use std::io;
use std::net::SocketAddr;

use hickory_resolver::proto::op::ResponseCode;

use super::exchange::{Broken, Failure, Malformed};
use crate::model::resolution::ResolveCode;
use crate::text::{duration, plural};

/// A server that did not answer.
#[derive(Debug)]
pub(super) struct DnsError {
    /// The server.
    pub(super) server: SocketAddr,
    /// What was queried: `A pay.example`.
    pub(super) question: String,
    /// Why its response is not usable.
    pub(super) why: Fault,
}

/// Why a server's response is not usable.
#[derive(Debug)]
pub(super) enum Fault {
    /// No readable response.
    Failure(Failure),
    /// An error code.
    Code(ResponseCode),
    /// A referral to other servers, instead of an answer.
    Referral,
}

impl DnsError {
    /// The same server failed again. Times without a response are added up; any other failure replaces the last one.
    pub(super) fn again(&mut self, why: Fault) {
        use Broken::NoAnswer;
        self.why = match (&self.why, why) {
            (
                Fault::Failure(Failure::Udp(NoAnswer { within: before, tries: earlier, .. })),
                Fault::Failure(Failure::Udp(NoAnswer { within, tries, tcp_refused })),
            ) => {
                let (within, tries) = (*before + within, earlier + tries);
                Fault::Failure(Failure::Udp(NoAnswer { within, tries, tcp_refused }))
            }
            (_, why) => why,
        };
    }
}

impl fmt::Display for DnsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let DnsError { server, question, .. } = self;
        let text = match &self.why {
            Fault::Code(ResponseCode::ServFail) => format!("dns server {server} answered SERVFAIL for {question}"),
            Fault::Code(ResponseCode::Refused) => format!(
                "dns server {server} answered REFUSED for {question}: it does not accept queries from this client or for \
                 this zone"
            ),
            Fault::Code(code) => format!("dns server {server} answered {} for {question}", mnemonic(*code)),
            Fault::Referral => {
                format!("dns server {server} returned a referral for {question}: it is not a recursive resolver")
            }
            Fault::Failure(Failure::Udp(broken)) => match broken {
                Broken::NoAnswer { within, tries, tcp_refused } => {
                    let tries = format!("{tries} {}", plural(*tries as usize, "try", "tries"));
                    let within = duration(*within);
                    match tcp_refused {
                        true => format!(
                            "dns server {server} could not be queried for {question}: connection refused over TCP, and no \
                             answer over UDP within {within} ({tries})"
                        ),
                        false => {
                            format!("dns server {server}: no answer for {question} within {within} (UDP, {tries})")
                        }
                    }
                }
                Broken::Io(error) => format!(
                    "dns server {server} could not be queried for {question}: {}",
                    io_cause(error, "no process listens on the port")
                ),
                Broken::Malformed(why) => malformed(server, question, why),
            },
            Fault::Failure(Failure::Tcp(Broken::Malformed(why))) => malformed(server, question, why),
            Fault::Failure(Failure::Tcp(broken)) => {
                format!("dns server {server} could not be queried for {question} over TCP: {}", via_tcp(broken))
            }
            Fault::Failure(Failure::Truncated(broken)) => format!(
                "dns server {server} cut its answer to {question} short over UDP (TC bit), and the query over TCP port {} failed: {}",
                server.port(),
                via_tcp(broken)
            ),
        };
        f.write_str(&text)
    }
}

impl Error for DnsError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        let Fault::Failure(Failure::Udp(broken) | Failure::Tcp(broken) | Failure::Truncated(broken)) = &self.why else {
            return None;
        };
        match broken {
            Broken::Io(error) => Some(error),
            Broken::Malformed(why) => Some(why),
            Broken::NoAnswer { .. } => None,
        }
    }
}

fn malformed(server: &SocketAddr, question: &str, why: &Malformed) -> String {
    format!("dns server {server} answered {question} with a message that is not valid DNS: {why}")
}

fn via_tcp(broken: &Broken) -> String {
    match broken {
        Broken::NoAnswer { within, .. } => format!("no answer over TCP within {}", duration(*within)),
        Broken::Io(error) => io_cause(error, "no process listens on the TCP port"),
        Broken::Malformed(why) => format!("the response is not valid DNS: {why}"),
    }
}

impl Fault {
    /// The stable code.
    pub(super) fn code(&self) -> ResolveCode {
        match self {
            Fault::Code(ResponseCode::ServFail) => ResolveCode::ServFail,
            Fault::Code(ResponseCode::Refused) => ResolveCode::Refused,
            Fault::Code(_) => ResolveCode::ServerError,
            Fault::Referral => ResolveCode::BadAnswer,
            Fault::Failure(Failure::Truncated(_)) => ResolveCode::Truncated,
            Fault::Failure(Failure::Udp(broken) | Failure::Tcp(broken)) => match broken {
                Broken::Io(_) | Broken::NoAnswer { tcp_refused: true, .. } => ResolveCode::Unreachable,
                Broken::NoAnswer { .. } => ResolveCode::Timeout,
                Broken::Malformed(_) => ResolveCode::BadAnswer,
            },
        }
    }
}

/// The code as RFC 1035 and dig write it.
pub(super) fn mnemonic(code: ResponseCode) -> String {
    match code {
        ResponseCode::FormErr => "FORMERR".to_string(),
        ResponseCode::NotImp => "NOTIMP".to_string(),
        ResponseCode::ServFail => "SERVFAIL".to_string(),
        ResponseCode::NXDomain => "NXDOMAIN".to_string(),
        ResponseCode::Refused => "REFUSED".to_string(),
        ResponseCode::NotAuth => "NOTAUTH".to_string(),
        ResponseCode::BADVERS | ResponseCode::BADSIG => "BADVERS".to_string(),
        other => format!("{other} (code {})", u16::from(other)),
    }
}

fn io_cause(error: &io::Error, refused: &str) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => format!("connection refused, {refused}"),
        io::ErrorKind::HostUnreachable => "no route to host".to_string(),
        io::ErrorKind::NetworkUnreachable => "network is unreachable".to_string(),
        io::ErrorKind::PermissionDenied => {
            "operation not permitted: a firewall on this machine rejects the packets".to_string()
        }
        io::ErrorKind::UnexpectedEof => "the server closed the connection without an answer".to_string(),
        io::ErrorKind::ConnectionReset => "connection reset".to_string(),
        _ => {
            let text = error.to_string();
            text.split(" (os error ").next().unwrap_or_default().to_lowercase()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_written_as_dig_writes_them() {
        assert_eq!(mnemonic(ResponseCode::FormErr), "FORMERR");
        assert_eq!(mnemonic(ResponseCode::NotImp), "NOTIMP");
        assert!(mnemonic(ResponseCode::YXRRSet).contains("(code 7)"));
    }
}
