//! How addresses are reached: TLS mode, names, timeouts, keepalive, metadata.

use std::path::Path;
use std::time::Duration;

use grpc_discover::model::host_port::bracketed;
use grpc_discover::model::secret::Secret;
use grpc_discover::session::Goal;
use grpc_discover::text::escape;
use grpc_discover::transport::{Keepalive, Options, TlsMode};

use super::error::{HeaderError, HeaderFlagError, KeepaliveError, TlsError};
use super::{Environment, GivenTarget, Layers, SettingError, files};
use crate::cli::values::{self, ValueError};
use crate::cli::{ReachingFlags, TlsChoice};

/// Servers close connections with more frequent pings (gRFC A8).
const FASTEST_KEEPALIVE: Duration = Duration::from_secs(10);

/// The options of the transport.
pub fn options(
    typed: &ReachingFlags,
    targets: &[GivenTarget],
    goal: Goal,
    layers: &Layers,
    environment: &Environment,
) -> Result<Options, SettingError> {
    let (tls, insecure) = tls_mode(typed, layers)?;
    let name = |flag, typed: &Option<String>, parse: fn(&str) -> Result<String, ValueError>| {
        let name = layers.one(flag, typed.clone(), parse)?;
        Ok::<_, SettingError>(name.map(|name| name.value))
    };
    let cacert = files::one("--cacert", &typed.cacert, layers)?;
    let identity = match (files::one("--cert", &typed.cert, layers)?, files::one("--key", &typed.key, layers)?) {
        (Some(cert), Some(key)) => Some((cert, key)),
        (None, None) => None,
        (Some(cert), None) => return Err(TlsError::NoKey { cert: cert.to_string() }.into()),
        (None, Some(key)) => return Err(TlsError::NoCertificate { key: key.to_string() }.into()),
    };
    files::check(cacert.as_ref(), identity.as_ref(), environment)?;
    let server_name = name("--servername", &typed.servername, values::server_name)?;
    let mut options = Options::default();
    options.tls = tls;
    options.insecure = insecure;
    options.cacert = cacert.map(|file| file.path);
    options.identity = identity.map(|(cert, key)| (cert.path, key.path));
    options.authority = name("--authority", &typed.authority, values::authority)?
        .or_else(|| server_name.as_deref().map(overridden))
        .or_else(|| targets.iter().find_map(|given| given.target.authority()));
    options.server_name = server_name;
    options.connect_timeout =
        layers.limit("--connect-timeout", typed.connect_timeout)?.unwrap_or(goal.connect_timeout());
    if let Some(time) = layers.limit("--rpc-timeout", typed.rpc_timeout)? {
        options.rpc_timeout = time;
    }
    options.keepalive = keepalive(typed, layers)?;
    options.metadata = metadata(typed, targets, layers, environment)?;
    Ok(options)
}

/// `--tls`, `--plaintext` and `--insecure` set the same thing: the first layer that sets any of them decides.
fn tls_mode(typed: &ReachingFlags, layers: &Layers) -> Result<(TlsMode, bool), SettingError> {
    if let Some(mode) = combine("", typed.tls, typed.plaintext, typed.insecure)? {
        if mode.0 == TlsMode::Off && (typed.cacert.is_some() || typed.cert.is_some() || typed.servername.is_some()) {
            return Err(TlsError::NoTls.into());
        }
        return Ok(mode);
    }
    let (mut tls, mut plaintext, mut insecure) = (None, false, false);
    let given = layers.first_of(&["--tls", "--plaintext", "--insecure"]);
    for one in &given {
        let text = one.values.first().map(|value| value.0.as_str()).unwrap_or_default();
        match one.flag {
            "--tls" => tls = Some(values::word(text).map_err(|error| one.refused(text, error))?),
            "--plaintext" => plaintext = values::boolean(text).map_err(|error| one.refused(text, error))?,
            _ => insecure = values::boolean(text).map_err(|error| one.refused(text, error))?,
        }
    }
    let place = given.first().map(|one| format!("{}: ", one.place)).unwrap_or_default();
    Ok(combine(&place, tls, plaintext, insecure)?.unwrap_or((TlsMode::Auto, false)))
}

fn combine(
    place: &str,
    tls: Option<TlsChoice>,
    plaintext: bool,
    insecure: bool,
) -> Result<Option<(TlsMode, bool)>, TlsError> {
    match (tls, plaintext, insecure) {
        (None, false, false) => Ok(None),
        (None | Some(TlsChoice::Off), true, false) | (Some(TlsChoice::Off), false, false) => {
            Ok(Some((TlsMode::Off, false)))
        }
        (None | Some(TlsChoice::On), false, true) => Ok(Some((TlsMode::On, true))),
        (Some(TlsChoice::On), false, false) => Ok(Some((TlsMode::On, false))),
        (Some(TlsChoice::Auto), false, insecure) => Ok(Some((TlsMode::Auto, insecure))),
        (_, true, true) => Err(TlsError::PlaintextOrInsecure { place: place.to_string() }),
        (Some(TlsChoice::On | TlsChoice::Auto), true, _) => Err(TlsError::PlaintextOrTls { place: place.to_string() }),
        (Some(TlsChoice::Off), false, true) => Err(TlsError::OffOrInsecure { place: place.to_string() }),
    }
}

/// The `:authority` with an overridden server name: grpc-go and gRPC C-core send that name, and virtual hosts are
/// selected by it.
fn overridden(server_name: &str) -> String {
    match server_name.parse::<std::net::Ipv6Addr>() {
        Ok(address) => bracketed(&address.to_string()),
        Err(_) => server_name.to_string(),
    }
}

fn keepalive(typed: &ReachingFlags, layers: &Layers) -> Result<Option<Keepalive>, SettingError> {
    let time = layers.one("--keepalive-time", typed.keepalive_time, values::duration)?;
    let place = time.as_ref().map(|time| layers.place("--keepalive-time", &time.origin)).unwrap_or_default();
    let time = time.map(|time| time.value);
    let timeout = layers.positive("--keepalive-timeout", typed.keepalive_timeout)?;
    let force = layers.switch("--keepalive-force", typed.keepalive_force)?;
    let without_calls = layers.switch("--keepalive-without-calls", typed.keepalive_without_calls)?;
    match time {
        None | Some(Duration::ZERO) => {
            if typed.keepalive_timeout.is_some() || typed.keepalive_without_calls {
                return Err(KeepaliveError::NoTime.into());
            }
            Ok(None)
        }
        Some(time) if time < FASTEST_KEEPALIVE && !force => Err(KeepaliveError::TooFast { place, time }.into()),
        Some(time) => {
            let mut keepalive = Keepalive::every(time);
            if let Some(timeout) = timeout {
                keepalive.timeout = timeout;
            }
            keepalive.without_calls = without_calls;
            Ok(Some(keepalive))
        }
    }
}

/// `-H 'name: value'` and `-H @FILE`. Errors never contain a value.
fn metadata(
    typed: &ReachingFlags,
    targets: &[GivenTarget],
    layers: &Layers,
    environment: &Environment,
) -> Result<Vec<(String, Secret)>, HeaderFlagError> {
    let mut metadata = Vec::new();
    let Some((place, texts)) = layers.hidden("--header", &typed.header) else { return Ok(metadata) };
    if let Some(given) = targets.iter().find(|given| given.found) {
        return Err(HeaderFlagError::Found { place, target: given.target.clone(), file: layers.file().to_string() });
    }
    for text in texts {
        match text.0.strip_prefix('@') {
            None => {
                let header = header(&text.0);
                metadata.push(header.map_err(|source| HeaderFlagError::Header { place: place.clone(), source })?);
            }
            Some(path) => {
                let name = format!("{place} @{}", escape(path));
                let lines = (environment.read)(Path::new(path));
                let lines = lines.map_err(|source| HeaderFlagError::Unreadable { name: name.clone(), source })?;
                for (line, text) in (1..).zip(lines.lines()) {
                    if text.trim().is_empty() || text.trim_start().starts_with('#') {
                        continue;
                    }
                    let header = header(text);
                    metadata.push(header.map_err(|source| HeaderFlagError::Line {
                        name: name.clone(),
                        line,
                        source,
                    })?);
                }
            }
        }
    }
    Ok(metadata)
}

/// A header of the form `name: value`.
fn header(line: &str) -> Result<(String, Secret), HeaderError> {
    let (name, value) = line.split_once(':').ok_or(HeaderError::NoColon)?;
    let name = name.trim().to_ascii_lowercase();
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c)) {
        return Err(HeaderError::Name);
    }
    if name.starts_with("grpc-") || matches!(name.as_str(), "te" | "content-type" | "host" | "connection") {
        return Err(HeaderError::Reserved);
    }
    if value.chars().any(|c| c.is_control() && c != '\t') || !value.is_ascii() {
        return Err(HeaderError::Value);
    }
    Ok((name, Secret::new(value)))
}
