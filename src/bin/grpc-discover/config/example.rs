//! The file that `config init` writes: every setting, commented.

use grpc_discover::backend::BACKENDS;
use grpc_discover::backend::settings::Value;

/// The file that `config init` writes.
pub fn example() -> String {
    let mut text = BEFORE.to_string();
    for setting in BACKENDS.iter().flat_map(|backend| backend.about().settings) {
        let Some(flag) = setting.flag else { continue };
        let value = match flag.value {
            Value::Switch => "true".to_string(),
            Value::One { example, .. } => format!("\"{example}\""),
            Value::Many { example, .. } => format!("[\"{example}\"]"),
        };
        let line = format!("# {} = {value}", flag.name.trim_start_matches('-'));
        text.push_str(&format!("{line:<28} # {}\n", setting.help));
    }
    text.push_str(AFTER);
    text
}

const BEFORE: &str = r#"# grpc-discover configuration. Read from ./.grpc-discover.toml, else from
# $XDG_CONFIG_HOME/grpc-discover/config.toml; --config or GRPC_DISCOVER_CONFIG select another file, --no-config none.
# From a file that is found in the working directory, only targets and harmless settings are used; to use all of it,
# pass --config ./.grpc-discover.toml.
# Precedence: command-line flags, GRPC_DISCOVER_<FLAG>, [service.NAME], [profile.NAME], [defaults].

# Any long flag of resolve, probe and watch.
[defaults]
# connect-timeout = "2s"
# rpc-timeout = "1s"
# tls = "auto"               # auto | on | off
# fail-on = "warn"           # warn | critical | never
"#;

const AFTER: &str = r#"
# `grpc-discover probe pay` queries all of these targets and compares the results;
# `grpc-discover probe` without a target probes every service listed here.
# [service.pay]
# targets = ["consul:///pay", "dns:///pay.example.internal:50051"]
# service = "pay.v1.Pay"     # the name in grpc.health.v1
# authority = "pay.example.internal"
# min-ready = "50%"

# Used with --profile prod.
# [profile.prod]
# tls = "on"
# cacert = "/etc/ssl/prod-ca.pem"
# header = ["@/etc/grpc-discover/headers"]   # secrets stay in files
"#;
