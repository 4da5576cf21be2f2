//! [`Access`]: the way to a cluster: which API server, as whom. Files are read and credential plugins run where that may
//! block; nothing is contacted yet.

use std::path::PathBuf;
use std::time::Duration;

use kube::config::{AuthInfo, KubeConfigOptions, Kubeconfig, KubeconfigError};
use kube::{Client, Config};

use super::Trouble;
use super::settings::{Pod, Settings};

/// A cluster, and who asks it.
#[derive(Clone)]
pub(super) struct Access {
    /// Asks. Holds connections of its own, which end with it.
    pub client: Client,
    /// The API server as the kubeconfig has it: `https://10.0.0.1:6443`.
    pub server: String,
    /// The namespace of targets that name none.
    pub namespace: String,
    /// What says who asks: `the token of user "ann" in /home/ann/.kube/config`. No secret is in it.
    pub credentials: String,
}

/// What the settings come to, before anything is read that is secret or run.
pub(super) struct Chosen {
    /// The context of the kubeconfig; a pod has none.
    pub context: Option<String>,
    /// The API server.
    pub server: String,
    /// The namespace of targets that name none.
    pub namespace: String,
    /// See [`Access::credentials`].
    pub credentials: String,
    config: Config,
}

/// Makes everything ready. A credential plugin may take up to `limit`.
pub(super) async fn open(settings: Settings, limit: Duration) -> Result<Access, Trouble> {
    let make = move || {
        let chosen = choose(&settings)?;
        let client =
            Client::try_from(chosen.config).map_err(|error| Trouble::of_access(&error, &chosen.credentials))?;
        let Chosen { server, namespace, credentials, .. } = chosen;
        Ok(Access { client, server, namespace, credentials })
    };
    match tokio::time::timeout(limit, tokio::task::spawn_blocking(make)).await {
        Ok(Ok(made)) => made,
        Ok(Err(error)) => Err(Trouble::Broken(format!("reading the settings: {error}"))),
        Err(_) => Err(Trouble::NoAnswer { asked: "the credentials".to_string(), limit }),
    }
}

/// Reads the kubeconfig or, in a pod, its service account.
pub(super) fn choose(settings: &Settings) -> Result<Chosen, Trouble> {
    let mut chosen = match (kubeconfig(settings)?, &settings.pod.value) {
        (Some(read), _) => of_kubeconfig(settings, read)?,
        (None, Some(pod)) if settings.context.value.is_none() => of_pod(pod)?,
        (None, _) => return Err(Trouble::Setting(nowhere(settings))),
    };
    if let Some(namespace) = &settings.namespace.value {
        chosen.namespace.clone_from(namespace);
    }
    // A backend does not retry, and a proxy of the environment is told elsewhere, not used.
    chosen.config.default_retry = false;
    Ok(chosen)
}

fn nowhere(settings: &Settings) -> String {
    let files: Vec<String> = settings.kubeconfig.value.iter().map(|file| file.display().to_string()).collect();
    match files.as_slice() {
        [] => "no kubeconfig: set KUBECONFIG".to_string(),
        files => format!("no kubeconfig: there is no {} (KUBECONFIG names others)", files.join(" and no ")),
    }
}

/// The files of the settings, as far as they are there; `None` when none of them is.
fn kubeconfig(settings: &Settings) -> Result<Option<Kubeconfig>, Trouble> {
    let mut merged: Option<Kubeconfig> = None;
    for file in settings.kubeconfig.value.iter().filter(|file| file.exists()) {
        let shown = file.display();
        let read = Kubeconfig::read_from(file).map_err(|error| match &error {
            KubeconfigError::ReadConfig(error, _) => {
                Trouble::Setting(format!("{shown}: {}", crate::backend::socket::io_words(error)))
            }
            // A snippet of a kubeconfig may be a token.
            KubeconfigError::Parse(error) => {
                let words = error.without_snippet().to_string();
                Trouble::Setting(format!("{shown} is no kubeconfig: {}", words.lines().next().unwrap_or_default()))
            }
            _ => Trouble::Setting(format!("{shown} is no kubeconfig")),
        })?;
        merged = Some(match merged {
            None => read,
            Some(before) => before.merge(read).map_err(|error| Trouble::Setting(format!("{shown}: {error}")))?,
        });
    }
    Ok(merged)
}

fn of_kubeconfig(settings: &Settings, read: Kubeconfig) -> Result<Chosen, Trouble> {
    let files: Vec<String> = settings.kubeconfig.value.iter().map(|file| file.display().to_string()).collect();
    let place = files.join(":");
    let wrong = |why: String| Trouble::Setting(format!("{place}: {why}"));
    let known = || {
        let names: Vec<&str> = read.contexts.iter().map(|context| context.name.as_str()).collect();
        if names.is_empty() { "it has none".to_string() } else { format!("it has {}", names.join(", ")) }
    };
    let Some(name) = settings.context.value.clone().or_else(|| read.current_context.clone()).filter(|n| !n.is_empty())
    else {
        return Err(wrong(format!("no context is the current one; name one with --context ({})", known())));
    };
    let Some(context) = read.contexts.iter().find(|context| context.name == name).and_then(|c| c.context.clone())
    else {
        return Err(wrong(format!("there is no context {name:?}; {}", known())));
    };
    let cluster = read.clusters.iter().find(|cluster| cluster.name == context.cluster).and_then(|c| c.cluster.as_ref());
    let proxy = cluster.and_then(|cluster| cluster.proxy_url.clone()).filter(|url| !url.is_empty());
    if proxy.is_some() {
        return Err(wrong(format!("cluster {:?} is behind a proxy-url, which cannot be used here", context.cluster)));
    }
    let options = KubeConfigOptions { context: Some(name.clone()), ..KubeConfigOptions::default() };
    // Nothing in it waits: it reads the files that the kubeconfig names.
    let made = futures_util::FutureExt::now_or_never(Config::from_custom_kubeconfig(read, &options));
    let mut config = match made {
        Some(Ok(config)) => config,
        Some(Err(KubeconfigError::LoadClusterOfContext(cluster))) => {
            return Err(wrong(format!("context {name:?} names cluster {cluster:?}, which is not there")));
        }
        Some(Err(error)) => return Err(wrong(error.to_string())),
        None => return Err(wrong("it could not be read at once".to_string())),
    };
    config.proxy_url = None;
    let user = context.user.unwrap_or_default();
    let credentials = format!("{} in {place}", credentials(&config.auth_info, &user));
    Ok(Chosen {
        context: Some(name),
        server: config.cluster_url.to_string().trim_end_matches('/').to_string(),
        namespace: config.default_namespace.clone(),
        credentials,
        config,
    })
}

/// What a user of a kubeconfig shows, in the order in which kube looks for it.
fn credentials(auth: &AuthInfo, user: &str) -> String {
    if let Some(provider) = &auth.auth_provider {
        format!("what auth-provider {:?} gives user {user:?}", provider.name)
    } else if auth.username.is_some() && auth.password.is_some() {
        format!("the password of user {user:?}")
    } else if auth.token.is_some() {
        format!("the token of user {user:?}")
    } else if let Some(file) = &auth.token_file {
        format!("the token of user {user:?} from {file}")
    } else if let Some(exec) = &auth.exec {
        format!("what {:?} gives user {user:?}", exec.command.as_deref().unwrap_or_default())
    } else if auth.client_certificate.is_some() || auth.client_certificate_data.is_some() {
        format!("the client certificate of user {user:?}")
    } else {
        format!("nothing: user {user:?} has no credentials")
    }
}

fn of_pod(pod: &Pod) -> Result<Chosen, Trouble> {
    let file = |name: &str| -> PathBuf { pod.account.join(name) };
    let wrong = |name: &str, why: String| Trouble::Setting(format!("{}: {why}", file(name).display()));
    let read = |name: &str| {
        std::fs::read_to_string(file(name)).map_err(|error| wrong(name, crate::backend::socket::io_words(&error)))
    };
    let url =
        pod.server.parse().map_err(|error| Trouble::Setting(format!("{:?} is no address: {error}", pod.server)))?;
    let mut config = Config::new(url);
    // Read here so that the file's name is told when it is not there; kube reads it again as it changes.
    read("ca.crt")?;
    config.root_cert_file = Some(file("ca.crt"));
    let token = file("token").display().to_string();
    read("token")?;
    config.auth_info = AuthInfo { token_file: Some(token.clone()), ..AuthInfo::default() };
    let namespace = read("namespace").map(|text| text.trim().to_string()).unwrap_or_else(|_| "default".to_string());
    Ok(Chosen {
        context: None,
        server: pod.server.clone(),
        namespace,
        credentials: format!("the pod's own token in {token}"),
        config,
    })
}
