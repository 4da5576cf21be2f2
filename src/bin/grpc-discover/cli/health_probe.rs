//! The command line of grpc_health_probe, as that tool parses it: Go's flags, with one dash or two. What it means is
//! handed on as a command line of `probe`.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::time::Duration;

/// The tool that is replaced.
const NAME: &str = "grpc_health_probe";

/// What was typed after the name of the tool, when the command is called as that tool: by its own name (a link), or
/// with `--compat grpc_health_probe` first. `None` otherwise.
pub fn called_as(arguments: &[OsString]) -> Option<&[OsString]> {
    let (program, rest) = arguments.split_first()?;
    let name = Path::new(program).file_name().and_then(OsStr::to_str).unwrap_or_default();
    // Releases are named grpc_health_probe-linux-amd64.
    if name.starts_with(NAME) {
        return Some(rest);
    }
    match rest {
        [flag, value, rest @ ..] if flag == "--compat" && value == NAME => Some(rest),
        [flag, rest @ ..] if flag == "--compat=grpc_health_probe" => Some(rest),
        _ => None,
    }
}

/// What to check, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthProbe {
    /// `-addr`.
    pub addr: String,
    /// `-service`: empty is the whole server.
    pub service: String,
    /// `-connect-timeout`.
    pub connect_timeout: Duration,
    /// `-rpc-timeout`.
    pub rpc_timeout: Duration,
    /// `-v`.
    pub verbose: bool,
    user_agent: String,
    headers: Vec<String>,
    tls: bool,
    no_verify: bool,
    cacert: String,
    cert: String,
    key: String,
    server_name: String,
}

/// What was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Typed {
    /// A check.
    Check(Box<HealthProbe>),
    /// `-version`.
    Version,
}

/// Why nothing is checked. The sentences are that tool's where it has one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HealthProbeError {
    /// `-h`.
    #[error("{USAGE}")]
    Help,
    /// A flag that the tool does not have.
    #[error("flag provided but not defined: {0}")]
    UnknownFlag(String),
    /// A flag without its value.
    #[error("flag needs an argument: {0}")]
    NoValue(String),
    /// A value that does not parse.
    #[error("invalid value {value:?} for flag {flag}: {expected}")]
    Value {
        /// The flag.
        flag: String,
        /// The value. Empty for a header, which may be secret.
        value: String,
        /// What is valid.
        expected: &'static str,
    },
    /// `-addr` is missing.
    #[error("error: -addr not specified")]
    NoAddress,
    /// A time limit of zero.
    #[error("error: {0} must be greater than zero (specified: 0s)")]
    Zero(&'static str),
    /// A flag without the one that it needs.
    #[error("error: specified {flag} without specifying {needs}")]
    Without {
        /// The flag.
        flag: &'static str,
        /// What it needs.
        needs: &'static str,
    },
    /// Flags that exclude each other.
    #[error("error: cannot specify {flag} with {other}")]
    With {
        /// The flag.
        flag: &'static str,
        /// The other one.
        other: &'static str,
    },
    /// `-alts`.
    #[error("error: ALTS is not supported by grpc-discover")]
    Alts,
    /// `-spiffe`.
    #[error("error: SPIFFE is not supported by grpc-discover: write the SVID to files and use -tls-client-cert")]
    Spiffe,
}

impl HealthProbeError {
    /// The exit code of the tool.
    pub const fn code(&self) -> u8 {
        match self {
            HealthProbeError::Spiffe => 20,
            _ => 1,
        }
    }
}

const USAGE: &str = "\
Usage of grpc_health_probe (grpc-discover):
  -addr string              (required) host:port to connect to, or any target of grpc-discover
  -service string           service to check (default: the whole server)
  -connect-timeout duration time limit for the connection (default 1s)
  -rpc-timeout duration     time limit for the RPC (default 1s)
  -rpc-header value         header to send, 'name: value' (repeatable)
  -user-agent string        user agent to send (default grpc_health_probe)
  -tls                      use TLS (default: plaintext)
  -tls-no-verify            with -tls: do not verify the certificate
  -tls-ca-cert string       with -tls: file with the trusted certificates
  -tls-client-cert string   with -tls: client certificate, needs -tls-client-key
  -tls-client-key string    with -tls: client key, needs -tls-client-cert
  -tls-server-name string   with -tls: name to verify the certificate against
  -gzip                     accepted; the request is sent uncompressed
  -v                        print what is done
  -version                  print the version
Exit codes: 0 serving, 1 bad usage, 2 connection failed, 3 rpc failed, 4 not serving";

/// Parses what follows the name of the tool.
///
/// # Errors
///
/// As that tool: exit 1, with a sentence for stderr.
pub fn parse(words: &[OsString]) -> Result<Typed, HealthProbeError> {
    let mut probe = HealthProbe {
        addr: String::new(),
        service: String::new(),
        connect_timeout: Duration::from_secs(1),
        rpc_timeout: Duration::from_secs(1),
        verbose: false,
        user_agent: NAME.to_string(),
        headers: Vec::new(),
        tls: false,
        no_verify: false,
        cacert: String::new(),
        cert: String::new(),
        key: String::new(),
        server_name: String::new(),
    };
    let (mut version, mut alts, mut spiffe) = (false, false, false);
    let mut words = words.iter().map(|word| word.to_string_lossy());
    while let Some(word) = words.next() {
        // As in Go: a word that is not a flag, or `--`, ends the flags.
        let Some(flag) = word.strip_prefix('-').filter(|flag| !flag.is_empty() && *flag != "-") else { break };
        let (name, value) = match flag.strip_prefix('-').unwrap_or(flag).split_once('=') {
            Some((name, value)) => (name.to_string(), Some(value.to_string())),
            None => (flag.strip_prefix('-').unwrap_or(flag).to_string(), None),
        };
        let flag = format!("-{name}");
        let mut text = |value: Option<String>| {
            let next = || words.next().map(|word| word.into_owned());
            value.or_else(next).ok_or_else(|| HealthProbeError::NoValue(flag.clone()))
        };
        let switch = |value: Option<String>| match value.as_deref() {
            None | Some("1" | "t" | "T" | "true" | "TRUE" | "True") => Ok(true),
            Some("0" | "f" | "F" | "false" | "FALSE" | "False") => Ok(false),
            Some(other) => Err(HealthProbeError::Value {
                flag: flag.clone(),
                value: other.to_string(),
                expected: "expected true or false",
            }),
        };
        let duration = |value: String| {
            go_duration(&value).ok_or_else(|| HealthProbeError::Value {
                flag: flag.clone(),
                value,
                expected: "expected a duration with its unit, such as 500ms or 2s",
            })
        };
        match name.as_str() {
            "addr" => probe.addr = text(value)?,
            "service" => probe.service = text(value)?,
            "user-agent" => probe.user_agent = text(value)?,
            "connect-timeout" => probe.connect_timeout = duration(text(value)?)?,
            "rpc-timeout" => probe.rpc_timeout = duration(text(value)?)?,
            "rpc-header" => {
                let header = text(value)?;
                if !header.contains(':') {
                    let expected = "invalid RPC header, expected 'name: value'";
                    return Err(HealthProbeError::Value { flag, value: String::new(), expected });
                }
                probe.headers.push(header);
            }
            "tls" => probe.tls = switch(value)?,
            "tls-no-verify" => probe.no_verify = switch(value)?,
            "tls-ca-cert" => probe.cacert = text(value)?,
            "tls-client-cert" => probe.cert = text(value)?,
            "tls-client-key" => probe.key = text(value)?,
            "tls-server-name" => probe.server_name = text(value)?,
            "alts" => alts = switch(value)?,
            "spiffe" => spiffe = switch(value)?,
            // Every server accepts a request that is not compressed.
            "gzip" => drop(switch(value)?),
            "v" => probe.verbose = switch(value)?,
            "version" => version = switch(value)?,
            "h" | "help" => return Err(HealthProbeError::Help),
            _ => return Err(HealthProbeError::UnknownFlag(flag)),
        }
    }
    if version {
        return Ok(Typed::Version);
    }
    probe.validate(alts, spiffe)?;
    Ok(Typed::Check(Box::new(probe)))
}

impl HealthProbe {
    fn validate(&self, alts: bool, spiffe: bool) -> Result<(), HealthProbeError> {
        if self.addr.is_empty() {
            return Err(HealthProbeError::NoAddress);
        }
        for (flag, limit) in [("-connect-timeout", self.connect_timeout), ("-rpc-timeout", self.rpc_timeout)] {
            if limit.is_zero() {
                return Err(HealthProbeError::Zero(flag));
            }
        }
        for (flag, is_set, other, is_other) in [
            ("-alts", alts, "-spiffe", spiffe),
            ("-tls", self.tls, "-alts", alts),
            ("-tls", self.tls, "-spiffe", spiffe),
            ("-tls-ca-cert", !self.cacert.is_empty(), "-tls-no-verify", self.no_verify),
            ("-tls-server-name", !self.server_name.is_empty(), "-tls-no-verify", self.no_verify),
        ] {
            if is_set && is_other {
                return Err(HealthProbeError::With { flag, other });
            }
        }
        for (flag, is_set, needs, is_there) in [
            ("-tls-no-verify", self.no_verify, "-tls", self.tls),
            ("-tls-ca-cert", !self.cacert.is_empty(), "-tls", self.tls),
            ("-tls-client-cert", !self.cert.is_empty(), "-tls", self.tls),
            ("-tls-server-name", !self.server_name.is_empty(), "-tls", self.tls),
            ("-tls-client-cert", !self.cert.is_empty(), "-tls-client-key", !self.key.is_empty()),
            ("-tls-client-key", !self.key.is_empty(), "-tls-client-cert", !self.cert.is_empty()),
        ] {
            if is_set && !is_there {
                return Err(HealthProbeError::Without { flag, needs });
            }
        }
        match (alts, spiffe) {
            (true, _) => Err(HealthProbeError::Alts),
            (_, true) => Err(HealthProbeError::Spiffe),
            (false, false) => Ok(()),
        }
    }

    /// The same as a command line of `probe`.
    pub fn as_probe(&self) -> Vec<OsString> {
        let seconds = |time: Duration| format!("{}", time.as_secs_f64());
        let mut words = vec!["grpc-discover".to_string(), "probe".to_string(), "--no-config".to_string()];
        words.push(format!("--timeout={}", seconds(self.connect_timeout)));
        words.push(format!("--rpc-timeout={}", seconds(self.rpc_timeout)));
        words.push(format!("--header=user-agent: {}", self.user_agent));
        words.extend(self.headers.iter().map(|header| format!("--header={header}")));
        words.push(if self.tls { "--tls=on" } else { "--tls=off" }.to_string());
        if self.no_verify {
            words.push("--insecure".to_string());
        }
        for (flag, value) in [
            ("--service", &self.service),
            ("--cacert", &self.cacert),
            ("--cert", &self.cert),
            ("--key", &self.key),
            ("--servername", &self.server_name),
        ] {
            if !value.is_empty() {
                words.push(format!("{flag}={value}"));
            }
        }
        words.extend(["--".to_string(), self.addr.clone()]);
        words.into_iter().map(OsString::from).collect()
    }
}

/// A duration as Go parses it: `1s`, `500ms`, `1m30s`, `1.5h`; `0`. Never negative.
fn go_duration(text: &str) -> Option<Duration> {
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let (mut rest, mut total) = (text.strip_prefix('+').unwrap_or(text), Duration::ZERO);
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let number = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (digits, after) = rest.split_at(number);
        let unit = after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
        let (unit, after) = after.split_at(unit);
        let seconds = match unit {
            "ns" => 1e-9,
            "us" | "µs" | "μs" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return None,
        };
        total += Duration::try_from_secs_f64(digits.parse::<f64>().ok()? * seconds).ok()?;
        rest = after;
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<OsString> {
        line.split_whitespace().map(OsString::from).collect()
    }

    #[test]
    fn the_command_is_called_by_that_tools_name_or_with_compat() {
        for (line, rest) in [
            ("/bin/grpc_health_probe -addr :1", Some("-addr :1")),
            ("./grpc_health_probe-linux-amd64 -v", Some("-v")),
            ("grpc-discover --compat grpc_health_probe -addr :1", Some("-addr :1")),
            ("grpc-discover --compat=grpc_health_probe", Some("")),
            ("grpc-discover probe --compat grpc_health_probe", None),
            ("grpc-discover", None),
        ] {
            let words = words(line);
            let rest = rest.map(self::words);
            assert_eq!(called_as(&words).map(<[OsString]>::to_vec), rest, "{line}");
        }
    }

    #[test]
    fn its_flags_become_those_of_probe() {
        for (line, expected) in [
            ("-addr=:1", "--timeout=1 --rpc-timeout=1 --header=user-agent: grpc_health_probe --tls=off -- :1"),
            (
                "--addr a:1 -service pay -connect-timeout 250ms -rpc-timeout=1m30s -rpc-header k:v -user-agent x -v -gzip",
                "--timeout=0.25 --rpc-timeout=90 --header=user-agent: x --header=k:v --tls=off --service=pay -- a:1",
            ),
            (
                "-addr a:1 -tls -tls-ca-cert ca -tls-client-cert c -tls-client-key k -tls-server-name n",
                "--timeout=1 --rpc-timeout=1 --header=user-agent: grpc_health_probe --tls=on --cacert=ca --cert=c --key=k --servername=n -- a:1",
            ),
            (
                "-addr a:1 -tls=true -tls-no-verify",
                "--timeout=1 --rpc-timeout=1 --header=user-agent: grpc_health_probe --tls=on --insecure -- a:1",
            ),
        ] {
            let Ok(Typed::Check(probe)) = parse(&words(line)) else { panic!("{line}") };
            let shown: Vec<_> = probe.as_probe().iter().map(|word| word.to_string_lossy().into_owned()).collect();
            assert_eq!(shown.join(" "), format!("grpc-discover probe --no-config {expected}"), "{line}");
        }
        assert_eq!(parse(&words("-version")), Ok(Typed::Version));
    }

    #[test]
    fn what_that_tool_rejects_is_rejected_with_its_exit_code() {
        for (line, code, said) in [
            ("", 1, "-addr not specified"),
            ("-addr", 1, "flag needs an argument: -addr"),
            ("-nope", 1, "flag provided but not defined: -nope"),
            ("-addr a:1 -connect-timeout 0s", 1, "-connect-timeout must be greater than zero"),
            ("-addr a:1 -rpc-timeout 5", 1, "invalid value \"5\" for flag -rpc-timeout"),
            ("-addr a:1 -connect-timeout -1s", 1, "invalid value \"-1s\""),
            ("-addr a:1 -rpc-header nocolon", 1, "expected 'name: value'"),
            ("-addr a:1 -tls=maybe", 1, "invalid value \"maybe\" for flag -tls"),
            ("-addr a:1 -tls-no-verify", 1, "specified -tls-no-verify without specifying -tls"),
            ("-addr a:1 -tls-ca-cert x", 1, "specified -tls-ca-cert without specifying -tls"),
            ("-addr a:1 -tls-server-name x", 1, "specified -tls-server-name without specifying -tls"),
            ("-addr a:1 -tls -tls-client-cert x", 1, "specified -tls-client-cert without specifying -tls-client-key"),
            ("-addr a:1 -tls -tls-client-key x", 1, "specified -tls-client-key without specifying -tls-client-cert"),
            ("-addr a:1 -tls -tls-no-verify -tls-ca-cert x", 1, "cannot specify -tls-ca-cert with -tls-no-verify"),
            ("-addr a:1 -tls -alts", 1, "cannot specify -tls with -alts"),
            ("-addr a:1 -alts", 1, "ALTS is not supported"),
            ("-addr a:1 -spiffe", 20, "SPIFFE is not supported"),
            ("-help", 1, "Usage of grpc_health_probe"),
        ] {
            let error = parse(&words(line)).expect_err(line);
            assert!(error.code() == code && error.to_string().contains(said), "{line}: {} {error}", error.code());
        }
    }
}
