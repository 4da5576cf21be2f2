//! How addresses are reached: TLS mode, names, timeouts, keepalive, metadata.

use std::path::Path;
use std::time::Duration;

use grpc_discover::model::host_port::bracketed;
use grpc_discover::model::secret::Secret;
use grpc_discover::platform::file;
use grpc_discover::session::Goal;
use grpc_discover::text::escape;
use grpc_discover::text::exact_duration;
use grpc_discover::transport::{Keepalive, Options, TlsMode};

use super::{Given, Layers, World, Wrong, files};
use crate::cli::{Reaching, TlsWord, values};

/// Servers punish pings that come faster (gRFC A8).
const FASTEST_KEEPALIVE: Duration = Duration::from_secs(10);

/// The options of the transport.
pub fn options(
    typed: &Reaching,
    targets: &[Given],
    goal: Goal,
    layers: &Layers,
    world: &World,
) -> Result<Options, Wrong> {
    let (tls, insecure) = tls_mode(typed, layers)?;
    let name =
        |flag, typed: &Option<String>, parse: fn(&str) -> Result<String, String>| -> Result<Option<String>, Wrong> {
            Ok(layers.one(flag, typed.clone(), parse)?.map(|name| name.value))
        };
    let cacert = files::one("--cacert", &typed.cacert, layers)?;
    let identity = match (files::one("--cert", &typed.cert, layers)?, files::one("--key", &typed.key, layers)?) {
        (Some(cert), Some(key)) => Some((cert, key)),
        (None, None) => None,
        (Some(cert), None) => {
            return Err(Wrong(format!("{cert}: a client certificate needs its key; add --key FILE")));
        }
        (None, Some(key)) => {
            return Err(Wrong(format!("{key}: a key needs its certificate; add --cert FILE")));
        }
    };
    files::check(cacert.as_ref(), identity.as_ref(), world)?;
    let server_name = name("--servername", &typed.servername, values::server_name)?;
    Ok(Options {
        tls,
        insecure,
        cacert: cacert.map(|file| file.path),
        identity: identity.map(|(cert, key)| (cert.path, key.path)),
        authority: name("--authority", &typed.authority, values::authority)?
            .or_else(|| server_name.as_deref().map(overridden))
            .or_else(|| targets.iter().find_map(|given| given.target.authority())),
        server_name,
        connect_timeout: layers.positive("--connect-timeout", typed.connect_timeout)?.unwrap_or(goal.connect_timeout()),
        rpc_timeout: layers.positive("--rpc-timeout", typed.rpc_timeout)?.unwrap_or(Duration::from_secs(5)),
        keepalive: keepalive(typed, layers)?,
        metadata: metadata(typed, targets, layers, world)?,
    })
}

/// `--tls`, `--plaintext` and `--insecure` are one question: the first layer that says anything about it decides.
fn tls_mode(typed: &Reaching, layers: &Layers) -> Result<(TlsMode, bool), Wrong> {
    if let Some(mode) = combine("", typed.tls, typed.plaintext, typed.insecure)? {
        if mode.0 == TlsMode::Off && (typed.cacert.is_some() || typed.cert.is_some() || typed.servername.is_some()) {
            return Err(Wrong::new(
                "--plaintext speaks no TLS, so --cacert, --cert, --key and --servername have no meaning with it",
            ));
        }
        return Ok(mode);
    }
    let (mut tls, mut plaintext, mut insecure) = (None, false, false);
    let said = layers.first_of(&["--tls", "--plaintext", "--insecure"]);
    for one in &said {
        let text = one.values.first().map(|value| value.0.as_str()).unwrap_or_default();
        let wrong = |why: String| Wrong(format!("{}: {text:?} is {why}", one.place));
        match one.flag {
            "--tls" => tls = Some(values::word(text).map_err(wrong)?),
            "--plaintext" => plaintext = values::boolean(text).map_err(wrong)?,
            _ => insecure = values::boolean(text).map_err(wrong)?,
        }
    }
    let place = said.first().map(|one| format!("{}: ", one.place)).unwrap_or_default();
    Ok(combine(&place, tls, plaintext, insecure)?.unwrap_or((TlsMode::Auto, false)))
}

fn combine(
    place: &str,
    tls: Option<TlsWord>,
    plaintext: bool,
    insecure: bool,
) -> Result<Option<(TlsMode, bool)>, Wrong> {
    match (tls, plaintext, insecure) {
        (None, false, false) => Ok(None),
        (None | Some(TlsWord::Off), true, false) | (Some(TlsWord::Off), false, false) => {
            Ok(Some((TlsMode::Off, false)))
        }
        (None | Some(TlsWord::On), false, true) => Ok(Some((TlsMode::On, true))),
        (Some(TlsWord::On), false, false) => Ok(Some((TlsMode::On, false))),
        (Some(TlsWord::Auto), false, insecure) => Ok(Some((TlsMode::Auto, insecure))),
        (_, true, true) => Err(Wrong(format!(
            "{place}--plaintext is no TLS at all and --insecure is TLS without verification; choose one of them"
        ))),
        (Some(TlsWord::On | TlsWord::Auto), true, _) => {
            Err(Wrong(format!("{place}--plaintext is the same as --tls off; leave one of --plaintext and --tls out")))
        }
        (Some(TlsWord::Off), false, true) => Err(Wrong(format!(
            "{place}--insecure is TLS without verification, and --tls off is no TLS; choose one of them"
        ))),
    }
}

/// The `:authority` under an overridden server name: grpc-go and gRPC C-core send that name, which virtual hosts go by.
fn overridden(server_name: &str) -> String {
    match server_name.parse::<std::net::Ipv6Addr>() {
        Ok(address) => bracketed(&address.to_string()),
        Err(_) => server_name.to_string(),
    }
}

fn keepalive(typed: &Reaching, layers: &Layers) -> Result<Option<Keepalive>, Wrong> {
    let time = layers.one("--keepalive-time", typed.keepalive_time, values::duration)?;
    let place = time.as_ref().map(|time| layers.place("--keepalive-time", &time.origin)).unwrap_or_default();
    let time = time.map(|time| time.value);
    let timeout = layers.positive("--keepalive-timeout", typed.keepalive_timeout)?;
    let force = layers.switch("--keepalive-force", typed.keepalive_force)?;
    let without_calls = layers.switch("--keepalive-without-calls", typed.keepalive_without_calls)?;
    match time {
        None | Some(Duration::ZERO) => {
            if typed.keepalive_timeout.is_some() || typed.keepalive_without_calls {
                return Err(Wrong::new(
                    "--keepalive-timeout and --keepalive-without-calls need --keepalive-time: without it nothing is pinged",
                ));
            }
            Ok(None)
        }
        Some(time) if time < FASTEST_KEEPALIVE && !force => Err(Wrong(format!(
            "{place} {}: below 10s servers answer with GOAWAY too_many_pings (gRFC A8); write 10s or more, \
             or add --keepalive-force",
            exact_duration(time)
        ))),
        Some(time) => Ok(Some(Keepalive { time, timeout: timeout.unwrap_or(Duration::from_secs(20)), without_calls })),
    }
}

/// `-H 'name: value'` and `-H @FILE`. Errors never show a value.
fn metadata(
    typed: &Reaching,
    targets: &[Given],
    layers: &Layers,
    world: &World,
) -> Result<Vec<(String, Secret)>, Wrong> {
    let mut metadata = Vec::new();
    let Some((place, texts)) = layers.hidden("--header", &typed.header) else { return Ok(metadata) };
    if let Some(given) = targets.iter().find(|given| given.found) {
        let file = layers.file();
        return Err(Wrong(format!(
            "{place}: metadata is not sent to {}, which {file} names: that file was only found in the working directory; if \
             you trust it, write --config {file}",
            escape(&given.target.to_string())
        )));
    }
    for text in texts {
        match text.0.strip_prefix('@') {
            None => metadata.push(header(&text.0).map_err(|why| Wrong(format!("{place}: {why}")))?),
            Some(path) => {
                let name = format!("{place} @{}", escape(path));
                let lines = (world.read)(Path::new(path))
                    .map_err(|error| Wrong(format!("failed to read {name}: {}", file::why(&error))))?;
                for (i, line) in lines.lines().enumerate() {
                    if line.trim().is_empty() || line.trim_start().starts_with('#') {
                        continue;
                    }
                    let header = header(line).map_err(|why| Wrong(format!("{name}: line {}: {why}", i + 1)))?;
                    metadata.push(header);
                }
            }
        }
    }
    Ok(metadata)
}

/// A header of the form `name: value`. Errors show nothing of it: the line may stand in a file that is no list of headers.
fn header(line: &str) -> Result<(String, Secret), String> {
    const FORM: &str = "write 'name: value'";
    let (name, value) = line.split_once(':').ok_or(format!("a header has no colon; {FORM}"))?;
    let name = name.trim().to_ascii_lowercase();
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c)) {
        return Err(format!("a header's name may hold letters, digits, '-', '_' and '.' only; {FORM}"));
    }
    if name.starts_with("grpc-") || matches!(name.as_str(), "te" | "content-type" | "host" | "connection") {
        return Err("the name belongs to gRPC itself, as grpc-*, te, content-type, host and connection do".to_string());
    }
    if value.chars().any(|c| c.is_control() && c != '\t') || !value.is_ascii() {
        return Err("the value holds characters that no header may have".to_string());
    }
    Ok((name, Secret::new(value)))
}
