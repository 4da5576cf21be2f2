//! Faults of endpoints and of registries, and what the tool guarantees while they last.

mod floods;
#[cfg(all(feature = "consul", target_os = "linux"))]
mod memory;
#[cfg(all(feature = "consul", feature = "etcd", feature = "eureka", feature = "kubernetes", feature = "zookeeper"))]
mod registry;
mod sweep;

/// Whether every fault is tested (`GRPC_DISCOVER_TEST_ALL_FAULTS=1`), or a fixed selection that takes seconds.
pub fn every_fault() -> bool {
    std::env::var("GRPC_DISCOVER_TEST_ALL_FAULTS").is_ok_and(|value| value == "1")
}
