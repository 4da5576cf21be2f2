//! Every backend against a registry, and every registry against the same battery of claims.

pub mod battery;
#[cfg(feature = "consul")]
mod consul;
pub mod coredns;
mod dns;
#[cfg(feature = "etcd")]
mod etcd;
#[cfg(feature = "eureka")]
mod eureka;
mod file;
mod ip;
#[cfg(all(feature = "consul", feature = "etcd", feature = "kubernetes"))]
mod kube_access;
#[cfg(all(feature = "consul", feature = "etcd", feature = "kubernetes"))]
pub mod kubernetes;
#[cfg(any(feature = "consul", feature = "etcd", feature = "eureka", feature = "zookeeper"))]
#[cfg_attr(
    not(all(feature = "consul", feature = "etcd", feature = "zookeeper")),
    allow(dead_code, reason = "each backend's tests use a part of it")
)]
pub mod words;
#[cfg(feature = "zookeeper")]
mod zookeeper;

use battery::battery;

// One line per backend and registry.
battery!(ip_battery, ip::Literal);
battery!(file_battery, file::ListFile);
battery!(dns_battery, dns::Scripted);
battery!(coredns_battery, coredns::CoreDns);
#[cfg(feature = "consul")]
battery!(consul_battery, consul::RealConsul);
#[cfg(feature = "etcd")]
battery!(etcd_battery, etcd::RealEtcd);
#[cfg(all(feature = "consul", feature = "etcd", feature = "kubernetes"))]
battery!(kubernetes_battery, kubernetes::RealKubernetes);
#[cfg(feature = "zookeeper")]
battery!(zookeeper_battery, zookeeper::RealZookeeper);
#[cfg(feature = "eureka")]
battery!(eureka_battery, eureka::RealEureka);
