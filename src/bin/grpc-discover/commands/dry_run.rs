//! `--dry-run`: describes what would be contacted.

use std::fmt::Write as _;
use std::time::Duration;

use grpc_discover::session::{Goal, Plan};
use grpc_discover::text::{escape, exact_duration};
use grpc_discover::transport::TlsMode;

/// Describes for each plan which registries would be queried and how the results would be used.
pub fn describe(plans: &[Plan]) -> String {
    let mut text = String::new();
    for plan in plans {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}", escape(&plan.label));
        for source in &plan.sources {
            let if_present = match source.implied && source.backend.is_speculative(&source.settings) {
                true => " (if it listens on this machine)",
                false => "",
            };
            let target = source.target.to_string();
            let _ = writeln!(text, "  query {}: {}{if_present}", source.backend.name(), escape(&target));
        }
        for step in steps(plan) {
            let _ = writeln!(text, "  {step}");
        }
    }
    text.push_str("nothing was contacted\n");
    text
}

fn steps(plan: &Plan) -> Vec<String> {
    let tls = match plan.transport.tls {
        TlsMode::Auto => "TLS or plaintext, detected for each endpoint",
        TlsMode::On => "TLS",
        TlsMode::Off => "plaintext",
    };
    let limits = &plan.limits;
    let mut most = format!("at most {} concurrently", limits.concurrency);
    if let Some(rate) = limits.rate {
        most.push_str(&format!(", {rate} per second"));
    }
    if let Some(endpoints) = limits.max_endpoints {
        most.push_str(&format!(", {endpoints} in total"));
    }
    let probe = format!("connect to every listed endpoint ({tls}), {most}; one health check each");
    match plan.goal {
        Goal::Resolve { watch: false } => vec!["connect to no endpoint".into()],
        Goal::Resolve { watch: true } => vec!["connect to no endpoint; keep watching until Ctrl-C".into()],
        Goal::Probe => vec![probe],
        Goal::ProbeIdle(idle) => vec![
            probe.clone(),
            format!("call through one channel, stay idle for {}, call again", exact_duration(idle)),
            idle_checks(plan, idle),
            format!("{probe}, again"),
        ],
        Goal::Watch { .. } => {
            vec![format!("keep a channel open ({:?}; {tls}) and watch health on it", plan.channel.policy)]
        }
    }
}

/// Which idle connections are kept open beside the channel.
fn idle_checks(plan: &Plan, idle: Duration) -> String {
    let mut text = format!("keep an idle connection to each endpoint for {}, then ping it", exact_duration(idle));
    let ladder: Vec<String> = plan.idle_checks.ladder.iter().map(|idle_time| exact_duration(*idle_time)).collect();
    if !ladder.is_empty() {
        text.push_str(&format!("; on the first 8 endpoints also for {}", ladder.join(", ")));
    }
    if let Some(most) = plan.idle_checks.find_cutoff {
        text.push_str(&format!(
            "; on the first 8 endpoints about 20 more connections, for up to {}",
            exact_duration(most)
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{self, Redacted};
    use crate::config::Config;
    use crate::settings::{self, Environment, Task, Typed};

    #[test]
    fn a_dry_run_names_who_would_be_queried_and_how_much_would_be_done() {
        let config = Config::default();
        let environment = Environment {
            env: &|_| None,
            read: &|_| Err(std::io::ErrorKind::NotFound.into()),
            config: &config,
            seed: 1,
        };
        let typed = Typed {
            targets: &[Redacted("127.0.0.1:50051".into())],
            discovery: &cli::DiscoveryFlags::default(),
            reaching: &cli::ReachingFlags { plaintext: true, ..cli::ReachingFlags::default() },
            channel: &cli::ChannelFlags {
                idle: Some(std::time::Duration::from_secs(30)),
                ..cli::ChannelFlags::default()
            },
            pace: &cli::PaceFlags { rate: Some(10), ..cli::PaceFlags::default() },
            criteria: &cli::CriteriaFlags::default(),
            profile: None,
            task: Task::Probe,
        };
        let text = describe(&settings::plans(&typed, &environment).expect("a plan"));
        for words in [
            "query dns: dns:///127.0.0.1:50051",
            "(plaintext)",
            "10 per second",
            "stay idle for 30s",
            "nothing was contacted",
        ] {
            assert!(text.contains(words), "{words}: {text}");
        }
    }
}
