//! [`KubernetesSettings`]: which cluster is queried, with which user. Found as by kubectl: the files of `KUBECONFIG`, else
//! `~/.kube/config`, else, in a pod, the pod's own service account.

use std::path::PathBuf;
use std::sync::Arc;

use crate::backend::settings::{BackendSettings, Flag, Origin, Setting, SettingsError, SettingsReader, Sourced};
use crate::model::host_port;
use crate::platform::home;

const CONTEXT: &str = "--context";
const NAMESPACE: &str = "--namespace";

/// The supported settings.
pub(super) const SETTINGS: &[Setting] = &[
    Setting::flag(
        Flag { short: Some('n'), ..Flag::one(NAMESPACE, "NAME", "prod") },
        "Kubernetes: use this namespace for services without one",
    )
    .or("the context's namespace"),
    Setting::flag(Flag::one(CONTEXT, "NAME", "prod-eu"), "Kubernetes: use this context of the kubeconfig")
        .or("current-context"),
    Setting::variable("KUBECONFIG", "the kubeconfig files, separated by colons").or("~/.kube/config"),
    Setting::variable("KUBERNETES_SERVICE_HOST", "set in every pod: the pod's own API server"),
    Setting::variable("KUBERNETES_SERVICE_PORT", "the port of the pod's own API server").or("443"),
];

/// The service account's files in a pod.
const SERVICE_ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// How Kubernetes is queried. No file has been read and nothing contacted yet, and it contains no secret.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KubernetesSettings {
    /// The kubeconfig files; the first one that sets a value takes precedence: `KUBECONFIG`, by default
    /// `~/.kube/config`.
    pub kubeconfig: Sourced<Vec<PathBuf>>,
    /// The context of the kubeconfig (`--context`); its current one when `None`.
    pub context: Sourced<Option<String>>,
    /// The namespace of targets that name none (`--namespace`); the context's, else `default`, when `None`.
    pub namespace: Sourced<Option<String>>,
    /// The pod in which this process runs.
    pub pod: Sourced<Option<Pod>>,
}

/// The information that Kubernetes gives to a pod about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pod {
    /// The API server: `https://10.96.0.1:443`.
    pub server: String,
    /// The service account: files `token`, `ca.crt` and `namespace`.
    pub account: PathBuf,
}

impl BackendSettings for KubernetesSettings {
    fn read(given: &SettingsReader) -> Result<Self, SettingsError> {
        let set = |name: &str| given.raw(name);
        let files = |text: &String| -> Vec<PathBuf> {
            std::env::split_paths(text).filter(|path| !path.as_os_str().is_empty()).collect()
        };
        let kubeconfig = match set("KUBECONFIG").as_ref().map(files).filter(|files| !files.is_empty()) {
            Some(files) => Sourced::new(files, Origin::Env("KUBECONFIG".to_string())),
            None => {
                let home = home::directory(set).map(|home| home.join(".kube").join("config"));
                Sourced::new(home.into_iter().collect(), Origin::Default)
            }
        };
        let pod = set("KUBERNETES_SERVICE_HOST").map(|host| {
            let host = host_port::bracketed(&host);
            let port = set("KUBERNETES_SERVICE_PORT").unwrap_or_else(|| "443".to_string());
            let pod = Pod { server: format!("https://{host}:{port}"), account: PathBuf::from(SERVICE_ACCOUNT) };
            Sourced::new(Some(pod), Origin::Env("KUBERNETES_SERVICE_HOST".to_string()))
        });
        Ok(KubernetesSettings {
            kubeconfig,
            pod: pod.unwrap_or_default(),
            context: given.flag_text(CONTEXT)?,
            namespace: given.flag_text(NAMESPACE)?,
        })
    }

    /// The secrets are in the kubeconfig, beside the server that gets them.
    fn without_secrets(&self) -> Arc<dyn BackendSettings> {
        Arc::new(self.clone())
    }
}

impl KubernetesSettings {
    /// Why bare names are queried here, or why not: `~/.kube/config` alone exists on too many machines.
    pub(super) fn active(&self) -> Result<String, String> {
        for setting in [&self.context, &self.namespace] {
            if let Origin::Flag(flag) = setting.origin {
                return Ok(format!("{flag} was given"));
            }
        }
        match (&self.kubeconfig.origin, &self.pod.value) {
            (Origin::Env(name), _) => Ok(format!("{name} is set")),
            (_, Some(_)) => Ok("KUBERNETES_SERVICE_HOST is set: running inside a pod".to_string()),
            (_, None) => Err("KUBECONFIG is not set and not running inside a pod".to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(pairs: &[(&str, &str)]) -> KubernetesSettings {
        KubernetesSettings::from_env(|name| pairs.iter().find(|(n, _)| *n == name).map(|(_, value)| value.to_string()))
            .unwrap()
    }

    #[test]
    fn files_are_found_as_kubectl_finds_them() {
        let none = from(&[]);
        assert_eq!(none, KubernetesSettings::default());
        assert_eq!(none.active(), Err("KUBECONFIG is not set and not running inside a pod".to_string()));
        let home = from(&[("HOME", "/home/ann"), ("KUBECONFIG", "")]);
        assert_eq!(home.kubeconfig.value, [PathBuf::from("/home/ann/.kube/config")]);
        assert!(home.active().is_err(), "a file that is on every machine makes nothing active");
        let several = from(&[("HOME", "/home/ann"), ("KUBECONFIG", "/a::/b")]);
        assert_eq!(several.kubeconfig.value, [PathBuf::from("/a"), PathBuf::from("/b")]);
        assert_eq!(several.active(), Ok("KUBECONFIG is set".to_string()));
    }

    #[test]
    fn a_pod_finds_its_api_server() {
        let of = |host: &str| from(&[("KUBERNETES_SERVICE_HOST", host), ("KUBERNETES_SERVICE_PORT", "6443")]);
        assert_eq!(of("10.96.0.1").pod.value.unwrap().server, "https://10.96.0.1:6443");
        let v6 = of("fd00::1");
        assert_eq!(v6.active(), Ok("KUBERNETES_SERVICE_HOST is set: running inside a pod".to_string()));
        assert_eq!(v6.pod.value.unwrap().server, "https://[fd00::1]:6443");
    }
}
