//! [`Plugin`]: a program that issues credentials, as in `users[].user.exec` of a kubeconfig
//! (<https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins>).

use std::io;
use std::process::{Output, Stdio};

use futures_util::future::try_join;
use kube::config::{Cluster, ExecAuthCluster, ExecConfig, ExecInteractiveMode};
use serde::Deserialize;
use serde_json::json;
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Command;

use super::error::{ExecConfigError, KubernetesError, LONGEST, PluginError};
use crate::backend::tls::Pem;
use crate::model::secret::{Secret, Secrets};
use crate::platform::process::RunningProgram;
use crate::text::quote_bytes;

/// The supported protocol versions of plugins.
const VERSIONS: [&str; 2] = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"];
/// A credential has some kilobytes; a plugin that prints more than this, on either stream, is killed.
const LARGEST: u64 = 1024 * 1024;
/// A token that expires this soon is not sent any more: the clocks of two machines differ.
const MARGIN: Duration = Duration::seconds(10);

/// A program that issues credentials. It cannot prompt the user: its standard input is empty.
#[derive(Debug)]
pub(super) struct Plugin {
    command: String,
    api_version: String,
    exec: ExecConfig,
    /// The cluster information that is passed to it.
    cluster: Option<ExecAuthCluster>,
}

/// What it issued.
#[derive(Debug, Default)]
pub(super) struct Issued {
    /// For the header.
    pub token: Option<Secret>,
    /// Certificate and key.
    pub identity: Option<(Pem, Pem)>,
    /// When they expire.
    until: Option<OffsetDateTime>,
}

impl Issued {
    /// False when new credentials are needed.
    pub(super) fn still_counts(&self, now: OffsetDateTime) -> bool {
        self.until.is_none_or(|until| now + MARGIN < until)
    }
}

impl Plugin {
    /// Nothing is run yet.
    pub(super) fn new(exec: &ExecConfig, cluster: &Cluster) -> Result<Self, ExecConfigError> {
        let Some(command) = exec.command.clone().filter(|command| !command.is_empty()) else {
            return Err(ExecConfigError::NoCommand);
        };
        let api_version = exec.api_version.clone().unwrap_or_default();
        if !VERSIONS.contains(&api_version.as_str()) {
            return Err(ExecConfigError::ApiVersion { found: api_version, supported: &VERSIONS });
        }
        if exec.interactive_mode == Some(ExecInteractiveMode::Always) {
            return Err(ExecConfigError::Interactive(command));
        }
        let cluster = match exec.provide_cluster_info {
            true => Some(ExecAuthCluster::try_from(cluster)?),
            false => None,
        };
        Ok(Plugin { command, api_version, exec: exec.clone(), cluster })
    }

    /// Runs it, and adds its input and output to `secrets`. Dropping the future kills it.
    pub(super) async fn run(&self, secrets: &Secrets) -> Result<Issued, KubernetesError> {
        let Plugin { command, exec, .. } = self;
        let invalid = |source: PluginError| KubernetesError::PluginOutput { command: command.clone(), source };
        let exec_info = json!({
            "apiVersion": self.api_version,
            "kind": "ExecCredential",
            "spec": match &self.cluster {
                Some(cluster) => json!({ "interactive": false, "cluster": cluster }),
                None => json!({ "interactive": false }),
            },
        });
        let mut program = Command::new(command);
        program.args(exec.args.iter().flatten()).env("KUBERNETES_EXEC_INFO", exec_info.to_string());
        for variable in exec.env.iter().flatten() {
            if let (Some(name), Some(value)) = (variable.get("name"), variable.get("value")) {
                if names_secret(name) {
                    secrets.learn(value);
                }
                program.env(name, value);
            }
        }
        for name in exec.drop_env.iter().flatten() {
            program.env_remove(name);
        }
        let ended = run_to_end(program).await.map_err(|error| {
            let hint = exec.install_hint.as_deref().map(str::trim).filter(|_| error.kind() == io::ErrorKind::NotFound);
            let hint = hint.map(|hint| format!(" ({})", quote_bytes(hint.as_bytes(), LONGEST))).unwrap_or_default();
            let runs = error.kind() == io::ErrorKind::Other;
            KubernetesError::Plugin { command: command.clone(), runs, hint, source: error }
        })?;
        learn(&ended.stdout, secrets);
        if !ended.status.success() {
            // Its message for people. Its standard output may be a token and is not repeated.
            let stderr = ended.stderr.trim_ascii().rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
            let stderr = quote_bytes(stderr, LONGEST);
            return Err(invalid(PluginError::Ended { status: ended.status, stderr }));
        }
        self.read(&ended.stdout).map_err(invalid)
    }

    fn read(&self, printed: &[u8]) -> Result<Issued, PluginError> {
        let credential: Credential = serde_saphyr::from_slice(printed).map_err(|_| PluginError::NotCredential)?;
        if credential.kind != "ExecCredential" {
            return Err(PluginError::Kind(credential.kind));
        }
        if credential.api_version != self.api_version {
            let wanted = self.api_version.clone();
            return Err(PluginError::ApiVersion { printed: credential.api_version, wanted });
        }
        let Status { expiration_timestamp, token, client_certificate_data, client_key_data } =
            credential.status.unwrap_or_default();
        let until = expiration_timestamp
            .map(|text| {
                OffsetDateTime::parse(&text, &Rfc3339).map_err(|source| PluginError::Expiration { text, source })
            })
            .transpose()?;
        let pem = |text: String| Pem::Text(text.into_bytes());
        let identity = match (client_certificate_data, client_key_data) {
            (Some(certificate), Some(key)) => Some((pem(certificate), pem(key))),
            (None, None) => None,
            _ => return Err(PluginError::HalfIdentity),
        };
        let token = token.map(Secret::new).filter(|token| !token.is_empty());
        if token.is_none() && identity.is_none() {
            return Err(PluginError::Nothing);
        }
        Ok(Issued { token, identity, until })
    }
}

/// Is this the name of a secret variable or setting? `AWS_PROFILE` is not, `AWS_SECRET_ACCESS_KEY` is.
pub(super) fn names_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["token", "secret", "password", "passwd", "key", "credential"].iter().any(|part| name.contains(part))
}

/// The standard output of a plugin may be credentials, whatever its form: every word of it that is long enough is
/// added.
fn learn(printed: &[u8], secrets: &Secrets) {
    const LONG: usize = 12;
    const MOST: usize = 64;
    if let Ok(Credential { status: Some(status), .. }) = serde_saphyr::from_slice::<Credential>(printed) {
        let all = [status.token, status.client_certificate_data, status.client_key_data];
        return all.iter().flatten().for_each(|secret| secrets.learn(secret));
    }
    let printed = String::from_utf8_lossy(printed);
    let words = printed.split(|c: char| c.is_whitespace() || "\"'{}[],;".contains(c)).filter(|word| word.len() >= LONG);
    words.take(MOST).for_each(|word| secrets.learn(word));
}

/// Runs `program` until it exits, with empty input. Dropping the future kills it and the processes that it started.
async fn run_to_end(mut program: Command) -> io::Result<Output> {
    program.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = RunningProgram::start(&mut program)?;
    let (stdout, stderr) = (running.stdout(), running.stderr());
    let (stdout, stderr) = try_join(read_all("stdout", stdout), read_all("stderr", stderr)).await?;
    Ok(Output { status: running.wait().await?, stdout, stderr })
}

async fn read_all(stream: &str, pipe: Option<impl AsyncRead + Unpin>) -> io::Result<Vec<u8>> {
    let mut printed = Vec::new();
    if let Some(pipe) = pipe {
        pipe.take(LARGEST + 1).read_to_end(&mut printed).await?;
    }
    if printed.len() as u64 > LARGEST {
        return Err(io::Error::other(format!("printed more than 1 MiB to {stream} and was stopped")));
    }
    Ok(printed)
}

/// The output of a plugin.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Credential {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    api_version: String,
    status: Option<Status>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    expiration_timestamp: Option<String>,
    token: Option<String>,
    client_certificate_data: Option<String>,
    client_key_data: Option<String>,
}
