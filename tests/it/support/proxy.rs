//! Real proxies (tests/run provides them): nginx, HAProxy and Envoy, on a free port, stopped when dropped.

use std::fs::File;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::peers::provided;

/// Time limit for starting on a busy machine.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// A running proxy.
pub struct Proxy {
    process: Child,
    directory: TempDir,
    /// The address that it listens on.
    pub address: SocketAddr,
}

impl Proxy {
    /// nginx with these `server` blocks; `LISTEN` in them is replaced by its address. `None` (reported on stderr) if
    /// it is not available.
    pub fn nginx(servers: &str) -> Option<Proxy> {
        let executable = provided("GRPC_DISCOVER_TEST_NGINX")?;
        Some(Proxy::start(|directory, address| {
            let at = directory.path().display();
            let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
                .map(|name| format!("{name}_temp_path {at}/{name};\n"))
                .concat();
            // A single process: killing a master would leave its worker running.
            let file = format!(
                "daemon off; master_process off; pid {at}/pid; error_log stderr;\nevents {{}}\nhttp {{ access_log off;\n\
                 {temporary}{}\n}}\n",
                servers.replace("LISTEN", &address.to_string())
            );
            let mut command = Command::new(&executable);
            command.args(["-p", &at.to_string(), "-c", &written(directory, "nginx.conf", &file)]);
            command
        }))
    }

    /// HAProxy with these sections after `defaults`; `LISTEN` in them is replaced by its address.
    pub fn haproxy(sections: &str) -> Option<Proxy> {
        let executable = provided("GRPC_DISCOVER_TEST_HAPROXY")?;
        Some(Proxy::start(|directory, address| {
            let defaults = "defaults\n  mode http\n  retries 0\n  timeout connect 2s\n  timeout client 30s\n  timeout server 30s\n";
            let file = format!("{defaults}{}\n", sections.replace("LISTEN", &address.to_string()));
            let mut command = Command::new(&executable);
            command.args(["-db", "-f", &written(directory, "haproxy.cfg", &file)]);
            command
        }))
    }

    /// Envoy that passes every call on to one of `backends`, in turn.
    pub fn envoy(backends: &[SocketAddr]) -> Option<Proxy> {
        let endpoints =
            backends.iter().map(|backend| serde_json::json!({ "endpoint": { "address": socket(*backend) } }));
        Proxy::envoy_with(
            &serde_json::json!([{ "match": { "prefix": "/" }, "route": { "cluster": "pay" } }]),
            endpoints,
        )
    }

    /// Envoy without a route for gRPC.
    pub fn envoy_without_route() -> Option<Proxy> {
        Proxy::envoy_with(&serde_json::json!([{ "match": { "prefix": "/shop/" }, "route": { "cluster": "pay" } }]), [])
    }

    fn envoy_with(routes: &serde_json::Value, endpoints: impl IntoIterator<Item = serde_json::Value>) -> Option<Proxy> {
        const MANAGER: &str = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";
        const ROUTER: &str = "envoy.extensions.filters.http.router.v3.Router";
        const OPTIONS: &str = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
        let executable = provided("GRPC_DISCOVER_TEST_ENVOY")?;
        let endpoints: Vec<_> = endpoints.into_iter().collect();
        let typed = |name: &str| format!("type.googleapis.com/{name}");
        Some(Proxy::start(|directory, address| {
            let manager = serde_json::json!({
                "@type": typed(MANAGER), "stat_prefix": "in", "codec_type": "HTTP2",
                "route_config": { "virtual_hosts": [{ "name": "all", "domains": ["*"], "routes": routes }] },
                "http_filters": [{ "name": "envoy.filters.http.router", "typed_config": { "@type": typed(ROUTER) } }],
            });
            let filter =
                serde_json::json!({ "name": "envoy.filters.network.http_connection_manager", "typed_config": manager });
            let http2 = serde_json::json!({
                "@type": typed(OPTIONS), "explicit_http_config": { "http2_protocol_options": {} },
            });
            let cluster = serde_json::json!({
                "name": "pay", "connect_timeout": "1s",
                "typed_extension_protocol_options": { OPTIONS: http2 },
                "load_assignment": { "cluster_name": "pay", "endpoints": [{ "lb_endpoints": endpoints }] },
            });
            let file = serde_json::json!({ "static_resources": {
                "listeners": [{ "address": socket(address), "filter_chains": [{ "filters": [filter] }] }],
                "clusters": [cluster],
            }});
            let mut command = Command::new(&executable);
            command.args(["-c", &written(directory, "envoy.json", &file.to_string())]);
            command.args(["--disable-hot-restart", "--concurrency", "1", "-l", "error"]);
            command
        }))
    }

    fn start(command: impl Fn(&TempDir, SocketAddr) -> Command) -> Proxy {
        // A port that was free a moment ago may be in use by now: then the proxy exits, and another one is tried.
        let started = (0..5).find_map(|_| {
            let directory = tempfile::tempdir().unwrap();
            let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
            let mut command = command(&directory, address);
            let log = File::create(directory.path().join("log")).unwrap();
            command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
            let mut proxy = Proxy { process: command.spawn().unwrap(), directory, address };
            proxy.is_listening().then_some(proxy)
        });
        started.expect("a proxy that stays")
    }

    fn is_listening(&mut self) -> bool {
        let until = Instant::now() + TIME_LIMIT;
        while Instant::now() < until {
            if self.process.try_wait().unwrap().is_some() {
                return false;
            }
            if TcpStream::connect(self.address).is_ok() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("not listening:\n{}", std::fs::read_to_string(self.directory.path().join("log")).unwrap_or_default());
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn written(directory: &TempDir, name: &str, content: &str) -> String {
    let path = directory.path().join(name);
    std::fs::write(&path, content).unwrap();
    path.display().to_string()
}

fn socket(address: SocketAddr) -> serde_json::Value {
    serde_json::json!({ "socket_address": { "address": address.ip().to_string(), "port_value": address.port() } })
}
