//! What is fuzzed of DNS: the texts that clients and this tool read. hickory parses the messages.

use hickory_resolver::proto::op::Message;

use super::resolv_conf::ResolvConf;
use super::service_config;

/// Reads the bytes as the service config in a TXT record, whole and split into the strings of several records.
pub(crate) fn service_config(bytes: &[u8]) {
    let _ = service_config::check(&[vec![bytes.to_vec()]]);
    let strings: Vec<Vec<u8>> = bytes.chunks(255).map(<[u8]>::to_vec).collect();
    let _ = service_config::check(&[strings.clone(), strings]);
}

/// Reads the bytes as resolv.conf.
pub(crate) fn resolv_conf(bytes: &[u8]) {
    let _ = ResolvConf::parse(&String::from_utf8_lossy(bytes));
}

/// Reads the bytes as a response.
pub(crate) fn message(bytes: &[u8]) {
    let _ = Message::from_vec(bytes);
}
