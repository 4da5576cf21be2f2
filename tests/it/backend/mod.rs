//! Every backend against a registry, and every registry against the same battery. One line per backend: its module,
//! which calls `battery!` with its fixture.

pub mod battery;
mod consul;
pub mod coredns;
mod dns;
mod etcd;
mod eureka;
mod file;
mod ip;
mod kube_access;
pub mod kubernetes;
#[cfg(feature = "networked")]
#[cfg_attr(not(feature = "all-backends"), allow(dead_code, reason = "each backend's tests use a part of it"))]
pub mod words;
mod zookeeper;
