//! What the tests are built on.

pub mod channelz;
#[cfg(all(feature = "consul", feature = "etcd", feature = "kubernetes"))]
pub mod cluster_dns;
#[cfg(feature = "consul")]
pub mod consul;
pub mod dns_server;
#[cfg(feature = "etcd")]
pub mod etcd;
#[cfg(feature = "eureka")]
pub mod eureka;
#[cfg(all(feature = "consul", feature = "etcd"))]
pub mod forwarder;
pub mod grpc;
#[cfg(feature = "consul")]
pub mod hosts;
#[cfg(feature = "consul")]
pub mod kratos;
#[cfg(all(feature = "consul", feature = "etcd", feature = "kubernetes"))]
pub mod kubernetes;
pub mod leftovers;
pub mod namespace;
#[cfg(any(feature = "etcd", feature = "zookeeper"))]
#[cfg_attr(
    not(all(feature = "etcd", feature = "zookeeper")),
    allow(dead_code, reason = "each backend's tests use a part of it")
)]
pub mod peer;
pub mod peers;
#[cfg(all(feature = "consul", feature = "etcd", feature = "kubernetes"))]
pub mod pods;
pub mod proxy;
pub mod stage;
pub mod terminal;
pub mod tmux;
pub mod tool;
#[cfg(feature = "zookeeper")]
pub mod zookeeper;
