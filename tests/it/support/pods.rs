//! Pods for one test: running gRPC servers at addresses that an API server accepts (it rejects loopback ones), in a
//! network namespace of their own, from which the API server is reached at its real address. A command that runs
//! inside can reach both.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::process::Command;

use super::forwarder::Forwarder;
use super::grpc::{GrpcServer, Kind};
use super::kratos::{self, Client, KratosClient};
use super::kubernetes::Cluster;
use super::namespace::Namespace;
use super::tool::tool;

/// The port of every pod, as [`Cluster::slice`] lists it.
pub const PORT: u16 = 50051;

/// A cluster with the namespace `pay`, and pods.
pub struct Pods {
    servers: BTreeMap<&'static str, GrpcServer>,
    /// The API server.
    pub cluster: Cluster,
    namespace: Namespace,
    /// To the API server.
    _forwarder: Forwarder,
}

impl Pods {
    /// A cluster without pods, with these additional flags of the API server. `None` (reported on stderr) if
    /// something is not available or not permitted.
    pub fn start(extra: &[&str]) -> Option<Pods> {
        if !Namespace::is_possible() {
            return None;
        }
        let cluster = Cluster::start_with(extra)?;
        cluster.namespace("pay");
        let namespace = Namespace::new();
        let listener = namespace.within(|| TcpListener::bind(cluster.address()).expect("a port that is unused there"));
        let forwarder = Forwarder::from(listener, cluster.address());
        Some(Pods { servers: BTreeMap::new(), cluster, namespace, _forwarder: forwarder })
    }

    /// Starts a pod at `ip`.
    pub fn start_pod(&mut self, ip: &'static str) -> Option<()> {
        self.namespace.ip(&["addr", "add", &format!("{ip}/32"), "dev", "lo"]);
        let command = GrpcServer::command(Kind::Go, &format!("{ip}:{PORT}"), &[])?;
        self.servers.insert(ip, GrpcServer::spawn(self.namespace.wrap(&command)));
        Some(())
    }

    /// The server of the pod at `ip`.
    pub fn server(&mut self, ip: &str) -> &mut GrpcServer {
        self.servers.get_mut(ip).expect("a pod that runs")
    }

    /// Removes the pod at `ip`: its process, without closing connections in order, and its address.
    pub fn end(&mut self, ip: &'static str) {
        self.servers.remove(ip).expect("a pod that runs").kill();
        self.namespace.ip(&["addr", "del", &format!("{ip}/32"), "dev", "lo"]);
    }

    /// A command of the tool beside the pods, which queries the API server with the credentials `token`.
    pub fn tool(&self, token: &str, args: &[&str]) -> Command {
        let mut plain = tool(args);
        plain.env("KUBECONFIG", self.cluster.kubeconfig(token)).args(["--resolve-timeout", "15s"]);
        self.namespace.wrap(&plain)
    }

    /// A client on plain grpc-go beside the pods.
    pub fn client(&self, args: &[&str]) -> Option<KratosClient> {
        Some(KratosClient::spawn(self.namespace.wrap(&kratos::command(Client::GrpcGo, args)?)))
    }

    /// Where the pods are.
    pub fn namespace(&self) -> &Namespace {
        &self.namespace
    }
}
