//! Against real servers (tests/run provides them).

#[cfg(feature = "consul")]
mod clients;
#[cfg(feature = "consul")]
mod consul;
mod endings;
mod frozen;
mod health;
#[cfg(all(feature = "consul", feature = "etcd", feature = "kubernetes"))]
mod kratos_pods;
#[cfg(all(feature = "consul", feature = "etcd", feature = "kubernetes"))]
mod kubernetes;
mod proxies;
mod reaching;
#[cfg(feature = "etcd")]
mod registrars;
mod requests;
#[cfg(all(feature = "consul", feature = "etcd", feature = "kubernetes"))]
mod rollout;
#[cfg(feature = "consul")]
mod service;
#[cfg(all(feature = "consul", feature = "eureka", feature = "zookeeper"))]
mod spring;
mod watching;
