//! [`Access`]: how to reach a cluster: which API server, with which credentials. Files are read on a thread where
//! blocking is allowed; nothing is contacted yet.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, HOST, HeaderValue, USER_AGENT};
use http_body_util::Empty;
use kube::config::{AuthInfo, Cluster, Kubeconfig, KubeconfigError};
use tokio::time::timeout;

use super::credentials::{self, Credentials};
use super::error::{ContextError, CredentialsError, KubernetesError, SentCredentials, ServerUrlError};
use super::settings::{KubernetesSettings, Pod};
use crate::backend::socket::shown_address;
use crate::backend::tls::{Names, Plan};
use crate::model::endpoint::Address;
use crate::model::host_port::without_brackets;
use crate::model::secret::Secrets;
use crate::net::http1::{Http, HttpError, RequestError};
use crate::net::named::NamedSockets;
use crate::platform::file;

/// The names of the TLS settings in a kubeconfig.
const NAMES: &Names = &Names {
    cacert: "certificate-authority",
    capath: "certificate-authority",
    cert: "client-certificate",
    key: "client-key",
    other_name: " (tls-server-name in the kubeconfig sets the expected name)",
    no_tls: " (not a TLS response: use http:// for a plaintext server)",
};
const AGENT: &str = concat!("grpc-discover/", env!("CARGO_PKG_VERSION"));

/// A cluster, and the credentials for it.
pub(super) struct Access {
    /// The HTTP client.
    pub http: Http,
    /// The API server as in the kubeconfig: `https://10.0.0.1:6443`.
    pub server: String,
    /// The namespace of targets that name none.
    pub namespace: String,
    /// The credentials in use: `the token of user "ann" in /home/ann/.kube/config`.
    pub shown: SentCredentials,
    /// The value of `Host`.
    authority: HeaderValue,
    /// The prefix of every path.
    path: String,
    credentials: Credentials,
    limit: Duration,
}

impl Access {
    /// `GET` of `path` and query, with the credentials.
    pub(super) async fn request(&self, path: &str) -> Result<http::Request<Empty<Bytes>>, KubernetesError> {
        let mut request = http::Request::get(format!("{}{path}", self.path))
            .header(HOST, &self.authority)
            .header(USER_AGENT, AGENT)
            .header(ACCEPT, "application/json")
            .body(Empty::new())
            .map_err(|error| RequestError { request: path.to_string(), source: HttpError::Request(error) })?;
        self.credentials.show(request.headers_mut(), self.limit).await?;
        Ok(request)
    }
}

/// The result of the settings, before any secret is read or program run.
pub(super) struct Chosen {
    /// The context of the kubeconfig; `None` in a pod.
    pub context: Option<String>,
    /// The API server.
    pub server: String,
    /// The namespace of targets that name none.
    pub namespace: String,
    /// See [`Access::shown`].
    pub shown: SentCredentials,
    /// The credential plugin that would be run.
    pub program: Option<String>,
    /// Where the settings come from.
    place: String,
    cluster: Cluster,
    user: AuthInfo,
}

impl Chosen {
    /// `error` about what was chosen.
    fn invalid(&self, error: impl Into<ContextError>) -> KubernetesError {
        KubernetesError::Context { place: self.place.clone(), source: error.into() }
    }
}

/// Prepares the access, within `limit`: this may run a credential plugin.
pub(super) async fn open(
    settings: KubernetesSettings,
    secrets: Secrets,
    limit: Duration,
) -> Result<Access, KubernetesError> {
    let slow = |what: &str| KubernetesError::Slow { what: what.to_string(), limit };
    let ready = async {
        let chosen = blocking(move || choose(&settings)).await?;
        let server = Server::new(&chosen.server).map_err(|error| chosen.invalid(error))?;
        let credentials = match server.tls {
            true => Credentials::new(&chosen.user, &chosen.cluster, secrets),
            false => Credentials::in_plain_text(&chosen.user),
        };
        let credentials = credentials.map_err(|error| chosen.invalid(error))?;
        let identity = credentials.identity(limit).await?;
        let tls = if server.tls {
            let cluster = &chosen.cluster;
            let (data, file) =
                (cluster.certificate_authority_data.as_deref(), cluster.certificate_authority.as_deref());
            let name = cluster.tls_server_name.clone().filter(|name| !name.is_empty());
            let plan = Plan {
                verify: cluster.insecure_skip_tls_verify != Some(true),
                cacert: credentials::pem(NAMES.cacert, data, file).map_err(|error| chosen.invalid(error))?,
                capath: None,
                identity,
                server_name: name.unwrap_or_else(|| server.host.clone()),
                alpn: "http/1.1",
                names: NAMES,
            };
            let place = chosen.place.clone();
            Some(blocking(move || plan.load().map_err(|source| KubernetesError::Tls { place, source })).await?)
        } else {
            None
        };
        let address = Address::Name { host: server.host.clone(), port: server.port };
        let Server { authority, path, .. } = server;
        let http = Http::new(Arc::new(NamedSockets), address, tls, limit);
        let Chosen { server, namespace, shown, .. } = chosen;
        let server = shown_address(&server);
        Ok(Access { http, server, namespace, shown, authority, path, credentials, limit })
    };
    timeout(limit, ready).await.map_err(|_| slow("reading the settings and getting the credentials"))?
}

/// Reads the kubeconfig and the certificates it names. No credential plugin is run.
pub(super) fn check(settings: &KubernetesSettings) -> Result<(), KubernetesError> {
    // Without a kubeconfig there are no settings to check.
    if kubeconfig(settings)?.is_none() {
        return Ok(());
    }
    let Ok(chosen) = choose(settings) else { return Ok(()) };
    let invalid = |error: CredentialsError| chosen.invalid(error);
    let Ok(server) = Server::new(&chosen.server) else { return Ok(()) };
    if !server.tls {
        return Ok(());
    }
    let (cluster, user) = (&chosen.cluster, &chosen.user);
    let (data, file) = (cluster.certificate_authority_data.as_deref(), cluster.certificate_authority.as_deref());
    let cert =
        credentials::pem(NAMES.cert, user.client_certificate_data.as_deref(), user.client_certificate.as_deref());
    let key_data = user.client_key_data.as_ref().map(|key| secrecy::ExposeSecret::expose_secret(key).to_string());
    let key = credentials::pem(NAMES.key, key_data.as_deref(), user.client_key.as_deref());
    let plan = Plan {
        verify: cluster.insecure_skip_tls_verify != Some(true),
        cacert: credentials::pem(NAMES.cacert, data, file).map_err(invalid)?,
        capath: None,
        identity: cert.map_err(invalid)?.zip(key.map_err(invalid)?),
        server_name: server.host,
        alpn: "http/1.1",
        names: NAMES,
    };
    plan.check().map_err(|source| KubernetesError::Tls { place: chosen.place.clone(), source })
}

async fn blocking<T: Send + 'static>(
    read: impl FnOnce() -> Result<T, KubernetesError> + Send + 'static,
) -> Result<T, KubernetesError> {
    tokio::task::spawn_blocking(read).await.map_err(KubernetesError::NotRead)?
}

/// Reads the kubeconfig or, in a pod, its service account.
pub(super) fn choose(settings: &KubernetesSettings) -> Result<Chosen, KubernetesError> {
    let mut chosen = match (kubeconfig(settings)?, &settings.pod.value) {
        (Some(read), _) => of_kubeconfig(settings, read)?,
        (None, Some(pod)) if settings.context.value.is_none() => of_pod(pod)?,
        (None, _) => return Err(KubernetesError::NoKubeconfig(settings.kubeconfig.value.clone())),
    };
    if let Some(namespace) = &settings.namespace.value {
        chosen.namespace.clone_from(namespace);
    }
    Ok(chosen)
}

/// The files of the settings, as far as they exist; `None` when none of them does.
fn kubeconfig(settings: &KubernetesSettings) -> Result<Option<Kubeconfig>, KubernetesError> {
    let mut merged: Option<Kubeconfig> = None;
    for file in settings.kubeconfig.value.iter().filter(|file| file.exists()) {
        let read = one(file)?;
        merged = Some(match merged {
            None => read,
            Some(before) => {
                before.merge(read).map_err(|source| KubernetesError::Merge { path: file.clone(), source })?
            }
        });
    }
    Ok(merged)
}

/// One file: a regular one of a size that a kubeconfig may have. An error contains the position, not the content,
/// which may be a token.
fn one(path: &Path) -> Result<Kubeconfig, KubernetesError> {
    let unread = |source| KubernetesError::File { path: path.to_path_buf(), source };
    let (_, metadata) = file::open(path).map_err(unread)?;
    if metadata.len() > file::LARGE {
        return Err(KubernetesError::TooLarge { path: path.to_path_buf(), limit: file::LARGE });
    }
    Kubeconfig::read_from(path).map_err(|error| match error {
        KubeconfigError::ReadConfig(error, _) => unread(error),
        KubeconfigError::Parse(error) => {
            let at = error.location().map(|at| (at.line(), at.column()));
            KubernetesError::NotKubeconfig { path: path.to_path_buf(), at }
        }
        _ => KubernetesError::NotKubeconfig { path: path.to_path_buf(), at: None },
    })
}

fn of_kubeconfig(settings: &KubernetesSettings, read: Kubeconfig) -> Result<Chosen, KubernetesError> {
    let files: Vec<String> = settings.kubeconfig.value.iter().map(|file| file.display().to_string()).collect();
    let place = files.join(":");
    let invalid = |source: ContextError| KubernetesError::Context { place: place.clone(), source };
    let known = || read.contexts.iter().map(|context| context.name.clone()).collect();
    let Some(name) = settings.context.value.clone().or_else(|| read.current_context.clone()).filter(|n| !n.is_empty())
    else {
        return Err(invalid(ContextError::NoCurrent { known: known() }));
    };
    let Some(context) = read.contexts.iter().find(|context| context.name == name).and_then(|c| c.context.clone())
    else {
        return Err(invalid(ContextError::Unknown { known: known(), name }));
    };
    let cluster = read.clusters.into_iter().find(|cluster| cluster.name == context.cluster).and_then(|c| c.cluster);
    let Some(cluster) = cluster else {
        return Err(invalid(ContextError::NoCluster { context: name, cluster: context.cluster }));
    };
    if cluster.proxy_url.as_ref().is_some_and(|url| !url.is_empty()) {
        return Err(invalid(ContextError::Proxy(context.cluster)));
    }
    let Some(server) = cluster.server.clone().filter(|server| !server.is_empty()) else {
        return Err(invalid(ContextError::NoServer(context.cluster)));
    };
    // client-go: a user that does not exist sends no credentials.
    let name_of_user = context.user.unwrap_or_default();
    let user = read.auth_infos.into_iter().find(|user| user.name == name_of_user).and_then(|user| user.auth_info);
    let user = user.unwrap_or_default();
    let is_plain = is_plain_text(&server);
    let shown = SentCredentials {
        credentials: format!("{} in {place}", credentials::in_words(&user, &name_of_user)),
        withheld: is_plain && credentials::has_secret(&user),
    };
    Ok(Chosen {
        context: Some(name),
        program: credentials::program(&user).filter(|_| !is_plain).map(str::to_string),
        server: server.trim_end_matches('/').to_string(),
        namespace: context.namespace.filter(|namespace| !namespace.is_empty()).unwrap_or_else(|| "default".to_string()),
        shown,
        place,
        cluster,
        user,
    })
}

fn of_pod(pod: &Pod) -> Result<Chosen, KubernetesError> {
    let here = |name: &str| -> PathBuf { pod.account.join(name) };
    let shown = |name: &str| here(name).display().to_string();
    let read = |name: &str| {
        let path = here(name);
        file::read_text(&path, file::LARGE).map_err(|source| KubernetesError::AccountFile { path, source })
    };
    // Read here so that an error names the missing file; the token is read again as it changes.
    read("ca.crt")?;
    read("token")?;
    let namespace = read("namespace").map(|text| text.trim().to_string()).unwrap_or_else(|_| "default".to_string());
    Ok(Chosen {
        context: None,
        program: None,
        server: pod.server.clone(),
        namespace,
        shown: SentCredentials { credentials: format!("the pod's own token in {}", shown("token")), withheld: false },
        place: pod.account.display().to_string(),
        cluster: Cluster { certificate_authority: Some(shown("ca.crt")), ..Cluster::default() },
        user: AuthInfo { token_file: Some(shown("token")), ..AuthInfo::default() },
    })
}

/// Is `server` plain HTTP, without TLS?
fn is_plain_text(server: &str) -> bool {
    server.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("http://"))
}

/// The parts of an API server's URL.
pub(super) struct Server {
    /// It uses TLS.
    pub tls: bool,
    /// A name or an address; IPv6 without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The prefix of every path.
    pub path: String,
    authority: HeaderValue,
}

impl Server {
    pub(super) fn new(url: &str) -> Result<Self, ServerUrlError> {
        let shown = shown_address(url);
        let uri: http::Uri = match url.parse() {
            Ok(uri) => uri,
            Err(source) => return Err(ServerUrlError::Url { shown, source }),
        };
        let tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            Some(_) => return Err(ServerUrlError::Scheme(shown)),
            None => return Err(ServerUrlError::NoScheme(shown)),
        };
        let host = uri.host().unwrap_or_default();
        let host = without_brackets(host).to_string();
        let authority = uri.authority().map(|authority| authority.as_str()).unwrap_or_default();
        if authority.contains('@') {
            return Err(ServerUrlError::User(shown));
        }
        let authority = HeaderValue::from_str(authority).map_err(|source| ServerUrlError::NoHost { shown, source })?;
        let port = uri.port_u16().unwrap_or(if tls { 443 } else { 80 });
        Ok(Server { tls, host, port, authority, path: uri.path().trim_end_matches('/').to_string() })
    }
}
