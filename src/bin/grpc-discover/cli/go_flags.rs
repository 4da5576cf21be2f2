//! The long flags of grpcurl and grpc_health_probe with their single dash (`-plaintext`, `-addr X`), from a fixed list:
//! a pattern would turn `-key` into `-k -e -y`.

use std::ffi::{OsStr, OsString};

/// What a foreign flag is rewritten to.
enum Meaning {
    /// Our flag of this name; its value, if any, follows unchanged.
    Same(&'static str),
    /// A switch of ours; Go's `=true` and `=false` are accepted.
    Switch(&'static str),
    /// The target: the flag is removed, its value stays.
    Target,
    /// `-tls`: a switch in those tools, a flag with a value here.
    Tls,
    /// `-user-agent`: a header here.
    UserAgent,
    /// `-format`: `text` is our table.
    Format,
}

/// The foreign flags that are supported, without their dashes.
const FOREIGN: &[(&str, Meaning)] = &[
    ("addr", Meaning::Target),
    ("address", Meaning::Target),
    ("authority", Meaning::Same("--authority")),
    ("cacert", Meaning::Same("--cacert")),
    ("cert", Meaning::Same("--cert")),
    ("certkey", Meaning::Same("--key")),
    ("connect-timeout", Meaning::Same("--connect-timeout")),
    ("format", Meaning::Format),
    ("insecure", Meaning::Switch("--insecure")),
    ("keepalive-time", Meaning::Same("--keepalive-time")),
    ("key", Meaning::Same("--key")),
    ("max-time", Meaning::Same("--max-time")),
    ("plaintext", Meaning::Switch("--plaintext")),
    ("rpc-header", Meaning::Same("--header")),
    ("rpc-timeout", Meaning::Same("--rpc-timeout")),
    ("servername", Meaning::Same("--servername")),
    ("service", Meaning::Same("--service")),
    ("tls", Meaning::Tls),
    ("tls-ca-cert", Meaning::Same("--cacert")),
    ("tls-client-cert", Meaning::Same("--cert")),
    ("tls-client-key", Meaning::Same("--key")),
    ("tls-no-verify", Meaning::Switch("--insecure")),
    ("tls-server-name", Meaning::Same("--servername")),
    ("user-agent", Meaning::UserAgent),
];

/// For these the form with two dashes is foreign too: we have no flag of that name.
const FOREIGN_WITH_TWO: &[&str] =
    &["addr", "address", "certkey", "format", "rpc-header", "tls-no-verify", "user-agent"];

/// Rewrites foreign flags into ours. Everything else, and everything after `--`, is unchanged.
pub fn rewrite(arguments: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut arguments = arguments.into_iter().peekable();
    let mut rewritten = Vec::new();
    while let Some(argument) = arguments.next() {
        if argument == "--" {
            rewritten.push(argument);
            rewritten.extend(arguments);
            break;
        }
        let Some((meaning, value)) = foreign(&argument) else {
            rewritten.push(argument);
            continue;
        };
        match (meaning, value) {
            (Meaning::Same(ours), None) => rewritten.push(ours.into()),
            (Meaning::Same(ours), Some(value)) => rewritten.push(format!("{ours}={value}").into()),
            (Meaning::Switch(ours), None | Some("true")) => rewritten.push((*ours).into()),
            (Meaning::Switch(_), Some("false")) => {}
            (Meaning::Switch(ours), Some(value)) => rewritten.push(format!("{ours}={value}").into()),
            (Meaning::Target, None) => {}
            (Meaning::Target, Some(value)) => rewritten.push(value.into()),
            (Meaning::Tls, Some("false")) => {}
            (Meaning::Tls, Some("true")) => rewritten.push("--tls=on".into()),
            (Meaning::Tls, Some(value)) => rewritten.push(format!("--tls={value}").into()),
            (Meaning::Tls, None) => {
                let word = arguments.next_if(|next| ["auto", "on", "off"].iter().any(|word| next == OsStr::new(word)));
                let word = word.unwrap_or_else(|| "on".into());
                rewritten.push("--tls".into());
                rewritten.push(word);
            }
            (Meaning::UserAgent, value) => {
                let value = value.map(OsString::from).or_else(|| arguments.next()).unwrap_or_default();
                rewritten.push(format!("--header=user-agent: {}", value.to_string_lossy()).into());
            }
            (Meaning::Format, value) => {
                let value = value.map(OsString::from).or_else(|| arguments.next()).unwrap_or_default();
                rewritten.push("--output".into());
                rewritten.push(if value == "text" { "table".into() } else { value });
            }
        }
    }
    rewritten
}

fn foreign(argument: &OsStr) -> Option<(&'static Meaning, Option<&str>)> {
    let text = argument.to_str()?.strip_prefix('-')?;
    let (name, value) = match text.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (text, None),
    };
    let name = match name.strip_prefix('-') {
        Some(two) => FOREIGN_WITH_TWO.iter().find(|known| **known == two).copied()?,
        None => name,
    };
    let (_, meaning) = FOREIGN.iter().find(|(known, _)| *known == name)?;
    Some((meaning, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(line: &str) -> String {
        let words = rewrite(line.split_whitespace().map(OsString::from));
        words.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn flags_of_other_tools_are_accepted_with_one_dash() {
        for (typed, ours) in [
            ("probe -plaintext 10.0.0.1:80", "probe --plaintext 10.0.0.1:80"),
            ("probe -plaintext=true x:1", "probe --plaintext x:1"),
            ("probe -plaintext=false x:1", "probe x:1"),
            ("probe -addr 10.0.0.1:80 -service pay", "probe 10.0.0.1:80 --service pay"),
            ("probe -addr=10.0.0.1:80", "probe 10.0.0.1:80"),
            ("probe --addr 10.0.0.1:80", "probe 10.0.0.1:80"),
            ("probe -tls -tls-ca-cert ca.pem x:1", "probe --tls on --cacert ca.pem x:1"),
            ("probe -tls off x:1", "probe --tls off x:1"),
            ("probe -tls=true x:1", "probe --tls=on x:1"),
            ("probe -tls-client-cert c -tls-client-key=k x:1", "probe --cert c --key=k x:1"),
            ("probe -tls-server-name pay --tls-no-verify x:1", "probe --servername pay --insecure x:1"),
            ("probe -connect-timeout 2 -max-time=5 x:1", "probe --connect-timeout 2 --max-time=5 x:1"),
            ("probe -rpc-header k:v -rpc-timeout 1s x:1", "probe --header k:v --rpc-timeout 1s x:1"),
            ("probe -format json x:1", "probe --output json x:1"),
            ("probe -format=text x:1", "probe --output table x:1"),
            ("probe -user-agent kube x:1", "probe --header=user-agent: kube x:1"),
            ("probe --address x:1 --certkey k", "probe x:1 --key k"),
            ("probe -key k.pem -cert c.pem -cacert a.pem x:1", "probe --key k.pem --cert c.pem --cacert a.pem x:1"),
        ] {
            assert_eq!(rewritten(typed), ours, "{typed}");
        }
    }

    #[test]
    fn what_is_ours_and_what_follows_two_dashes_stays() {
        for line in
            ["probe -k -v -4 x:1", "probe --tls on x:1", "probe -- -plaintext -addr", "probe -keys x", "-", "--"]
        {
            assert_eq!(rewritten(line), line);
        }
    }

    #[test]
    fn every_rewritten_flag_is_one_of_ours() {
        let command = crate::cli::Cli::definition();
        let probe = command.find_subcommand("probe").expect("probe");
        for (_, meaning) in FOREIGN {
            if let Meaning::Same(ours) | Meaning::Switch(ours) = meaning {
                assert!(probe.get_arguments().any(|a| a.get_long() == ours.strip_prefix("--")), "{ours}");
            }
        }
    }
}
