//! The file that `config init` writes: every setting, commented.

use grpc_discover::backend::BACKENDS;
use grpc_discover::backend::settings::Value;

/// What `config init` writes.
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

const BEFORE: &str = r#"# grpc-discover configuration. Looked for as ./.grpc-discover.toml, then
# $XDG_CONFIG_HOME/grpc-discover/config.toml; --config or GRPC_DISCOVER_CONFIG name another, --no-config names none.
# Of a file that was only found in the working directory, targets and harmless defaults count; to use all of it, name
# it: --config ./.grpc-discover.toml.
# A flag that was typed wins, then GRPC_DISCOVER_<FLAG>, then [service.NAME], [profile.NAME], [defaults].

# Any long flag of resolve, probe and watch.
[defaults]
# connect-timeout = "2s"
# rpc-timeout = "1s"
# tls = "auto"               # auto | on | off
# fail-on = "warn"           # warn | critical | never
"#;

const AFTER: &str = r#"
# `grpc-discover probe pay` asks all of these and compares them;
# `grpc-discover probe` without a target probes every service listed here.
# [service.pay]
# targets = ["consul:///pay", "dns:///pay.example.internal:50051"]
# service = "pay.v1.Pay"     # the name in grpc.health.v1
# authority = "pay.example.internal"
# min-ready = "50%"

# With --profile prod.
# [profile.prod]
# tls = "on"
# cacert = "/etc/ssl/prod-ca.pem"
# header = ["@/etc/grpc-discover/headers"]   # secrets stay in files
"#;
