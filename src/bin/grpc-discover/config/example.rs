//! The file that `config init` writes: every setting, commented, and what the environment shows.

use grpc_discover::backend::settings::Value;
use grpc_discover::backend::{self, BACKENDS, Backend, Origin};
use grpc_discover::text::escape;

/// The file that `config init` writes. `settings` are those of the environment: the registries that they make active
/// are in the example of a service.
pub fn example(settings: &backend::Settings) -> String {
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
    text.push_str(&shown(settings));
    text.push_str(&AFTER.replace("TARGETS", &targets(settings)));
    text
}

/// The registries that are active, as comments: why, and the settings that have another origin than the default.
fn shown(settings: &backend::Settings) -> String {
    let mut text =
        "\n# The environment makes these registries active (`grpc-discover backends` queries them):\n".to_string();
    for backend in BACKENDS {
        let description = backend.describe(settings);
        let Ok(why) = description.active else { continue };
        text.push_str(&format!("#   {}: {}\n", backend.name(), escape(&why)));
        for (name, value, origin) in description.settings {
            if !matches!(origin, Origin::Default) {
                text.push_str(&format!("#     {name}: {}\n", escape(&value)));
            }
        }
    }
    text
}

/// A target of each registry that is active; of a single one, with an example of another registry to compare it with.
fn targets(settings: &backend::Settings) -> String {
    let registries = || BACKENDS.iter().filter(|backend| backend.about().registry.is_queried());
    let is_active = |backend: &&&dyn Backend| backend.describe(settings).active.is_ok();
    let active = registries().filter(is_active).filter_map(|backend| backend.target_for("pay", settings));
    let mut targets: Vec<String> = active.map(|target| target.to_string()).collect();
    if targets.len() < 2 {
        let others = registries().filter(|backend| !is_active(backend));
        let example = others.flat_map(|backend| backend.about().examples).next();
        targets.extend(example.map(|example| example.target.to_string()));
    }
    targets.iter().map(|target| format!("\"{target}\"")).collect::<Vec<_>>().join(", ")
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
# targets = [TARGETS]
# service = "pay.v1.Pay"     # the name in grpc.health.v1
# authority = "pay.example.internal"
# min-ready = "50%"

# Used with --profile prod.
# [profile.prod]
# tls = "on"
# cacert = "/etc/ssl/prod-ca.pem"
# header = ["@/etc/grpc-discover/headers"]   # secrets stay in files
"#;
