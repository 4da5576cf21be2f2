//! [`PresentedChain`]: the presented chain, and the expected name.

use std::net::IpAddr;

use super::path::Chain;
use super::roots::Roots;
use crate::model::certificate::AlternativeName;
use crate::model::reach::Certificate;

/// The presented chain, the expected name, and the time.
pub(super) struct PresentedChain<'a> {
    /// The chain, for following its issuers.
    pub chain: &'a Chain<'a>,
    /// The same, decoded.
    pub read: Vec<Certificate>,
    /// The trusted roots.
    pub roots: &'a Roots,
    /// The expected name.
    pub server_name: String,
    /// Seconds since 1970.
    pub now: i64,
}

impl PresentedChain<'_> {
    /// The name is one of the certificate's alternative names, or matches a wildcard among them, as in grpc-go.
    pub fn is_for_name(&self) -> bool {
        let names = || self.read.first().into_iter().flat_map(|leaf| &leaf.names);
        if let Ok(ip) = self.server_name.parse::<IpAddr>() {
            return names().any(|name| *name == AlternativeName::Ip(ip));
        }
        let wildcard = self.server_name.split_once('.').map(|(_, domain)| format!("*.{domain}"));
        names().filter_map(AlternativeName::dns).any(|name| {
            name.eq_ignore_ascii_case(&self.server_name)
                || wildcard.as_ref().is_some_and(|wildcard| name.eq_ignore_ascii_case(wildcard))
        })
    }

    /// The name of a certificate of the chain in a sentence.
    pub fn whose(&self, at: usize) -> String {
        match self.read.get(at) {
            Some(certificate) if at > 0 => format!("certificate of the issuer \"{}\"", certificate.subject),
            _ => "certificate".to_string(),
        }
    }

    /// The first certificate of the chain that is `matches`.
    pub fn find(&self, matches: impl Fn(usize, &Certificate) -> bool) -> Option<usize> {
        self.read.iter().enumerate().position(|(at, certificate)| matches(at, certificate))
    }
}
