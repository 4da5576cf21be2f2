//! CoreDNS with its kubernetes plugin in front of an API server: the DNS that pods query.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::hosts::{free_address, until_served};
use super::peers::provided;

/// A DNS server for `cluster.local`, with a TTL of one second.
pub struct ClusterDns {
    _directory: TempDir,
    process: Child,
    /// The address that it listens on.
    pub address: SocketAddr,
}

impl ClusterDns {
    /// Serves the Services of the API server of `kubeconfig` (context `test`), `name` among them.
    pub fn start(kubeconfig: &Path, name: &str) -> Option<ClusterDns> {
        let program = provided("GRPC_DISCOVER_TEST_COREDNS")?;
        let directory = tempfile::tempdir().unwrap();
        let address = free_address();
        let corefile = format!(
            "cluster.local:{} {{\n  bind 127.0.0.1\n  kubernetes cluster.local {{\n    kubeconfig {} test\n    ttl 1\n  }}\n}}\n",
            address.port(),
            kubeconfig.display()
        );
        fs::write(directory.path().join("Corefile"), corefile).unwrap();
        let process = Command::new(program)
            .args(["-conf", "Corefile"])
            .current_dir(directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let served = ClusterDns { _directory: directory, process, address };
        until_served(address, name);
        Some(served)
    }
}

impl Drop for ClusterDns {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
