use std::collections::HashMap;

use clap::Parser;
use grpc_discover::backend::Origin;
use grpc_discover::backend::dns::Family;
use grpc_discover::channel::Policy;
use grpc_discover::session::{IdleChecks, MinReady};
use grpc_discover::transport::TlsMode;

use super::*;
use crate::cli::{Cli, Command};
use crate::config::Trust;

/// A test environment: variables, files, and the text of the configuration file.
#[derive(Default)]
struct Made {
    env: HashMap<&'static str, &'static str>,
    files: HashMap<&'static str, &'static str>,
    config: Config,
}

impl Made {
    fn env(mut self, name: &'static str, value: &'static str) -> Made {
        self.env.insert(name, value);
        self
    }

    fn file(mut self, path: &'static str, text: &'static str) -> Made {
        self.files.insert(path, text);
        self
    }

    fn config(mut self, text: &str) -> Made {
        self.config = Config::parse(text, Path::new("c.toml"), Trust::Full).expect("a valid file");
        self
    }

    fn environment<T>(&self, what: impl FnOnce(&Environment) -> T) -> T {
        let env = |name: &str| self.env.get(name).map(ToString::to_string);
        let read = |path: &Path| match path.to_str().and_then(|path| self.files.get(path)) {
            Some(text) => Ok(text.to_string()),
            None => Err(io::Error::from(io::ErrorKind::NotFound)),
        };
        what(&Environment { env: &env, read: &read, config: &self.config, seed: 7 })
    }

    fn plans(&self, line: &str) -> Result<Vec<Plan>, String> {
        let words = std::iter::once("grpc-discover".to_string()).chain(shell_words(line));
        let typed = Cli::try_parse_from(words).unwrap_or_else(|error| panic!("{line}: {error}"));
        let (reaching, channel, pace) = Default::default();
        let base = |targets, discovery, criteria, profile, task| Typed {
            targets,
            discovery,
            reaching: &reaching,
            channel: &channel,
            pace: &pace,
            criteria,
            profile,
            task,
        };
        self.environment(|environment| {
            match &typed.command {
                Command::Resolve(t) => plans(
                    &base(
                        &t.targets.targets,
                        &t.discovery,
                        &t.criteria,
                        t.output.display.profile.as_deref(),
                        Task::Resolve { watch: t.watch, run_for: t.run_for },
                    ),
                    environment,
                ),
                Command::Probe(t) => plans(
                    &Typed {
                        reaching: &t.reaching,
                        channel: &t.channel,
                        pace: &t.pace,
                        ..base(&t.targets, &t.discovery, &t.criteria, t.output.display.profile.as_deref(), Task::Probe)
                    },
                    environment,
                ),
                Command::Watch(t) => plans(
                    &Typed {
                        reaching: &t.reaching,
                        channel: &t.channel,
                        ..base(
                            &t.targets.targets,
                            &t.discovery,
                            &t.criteria,
                            t.output.display.profile.as_deref(),
                            Task::Watch { run_for: t.run_for, until: t.until },
                        )
                    },
                    environment,
                ),
                other => panic!("{other:?}"),
            }
            .map_err(|error| error.to_string())
        })
    }

    fn plan(&self, line: &str) -> Plan {
        let mut plans = self.plans(line).unwrap_or_else(|wrong| panic!("{line}: {wrong}"));
        assert_eq!(plans.len(), 1, "{line}");
        plans.remove(0)
    }

    fn wrong(&self, line: &str) -> String {
        match self.plans(line) {
            Ok(_) => panic!("{line} was accepted"),
            Err(wrong) => wrong,
        }
    }
}

/// Splits a line into words; single quotes keep spaces.
fn shell_words(line: &str) -> Vec<String> {
    line.split('\'')
        .enumerate()
        .flat_map(|(i, part)| match i % 2 {
            0 => part.split_whitespace().map(str::to_string).collect(),
            _ => vec![part.to_string()],
        })
        .collect()
}

fn plan(line: &str) -> Plan {
    Made::default().plan(line)
}

#[test]
fn the_proxy_of_the_environment_is_passed_to_the_session_without_its_password() {
    assert!(plan("probe 10.0.0.1:80").proxy.is_none());
    let plan = Made::default().env("https_proxy", "http://ann:hunter2@proxy.example:3128").plan("probe 10.0.0.1:80");
    let proxy = format!("{:?}", plan.proxy);
    assert!(proxy.contains("https_proxy") && proxy.contains("http://proxy.example:3128"), "{proxy}");
    assert!(!proxy.contains("hunter2"), "{proxy}");
}

fn wrong(line: &str) -> String {
    Made::default().wrong(line)
}

const X: &str = "127.0.0.1:50051";

#[test]
fn each_command_has_its_goal() {
    let goal = |line: &str| plan(&format!("{line} {X}")).goal;
    assert_eq!(goal("resolve"), Goal::Resolve { watch: false });
    assert_eq!(goal("resolve --watch"), Goal::Resolve { watch: true });
    assert_eq!(goal("probe"), Goal::Probe);
    assert_eq!(goal("probe --idle 30s"), Goal::ProbeIdle(Duration::from_secs(30)));
    assert_eq!(goal("watch"), Goal::Watch { until: None });
    assert_eq!(goal("watch --until stable"), Goal::Watch { until: Some(Until::Stable) });
}

#[test]
fn defaults_are_grpcs_own() {
    let plan = plan(&format!("watch {X}"));
    assert_eq!(plan.channel.idle_timeout, Some(Duration::from_secs(1800)));
    assert_eq!(plan.transport.tls, TlsMode::Auto);
    assert_eq!(plan.transport.connect_timeout, Duration::from_secs(20));
    assert_eq!(plan.transport.rpc_timeout, Duration::from_secs(5));
    assert_eq!(super::tests::plan(&format!("probe {X}")).transport.connect_timeout, Duration::from_secs(5));
    assert_eq!(plan.transport.keepalive, None);
    assert_eq!(plan.criteria.fail_on, Some(Severity::Warn));
    assert_eq!(plan.limits, Limits::default());
    assert!(plan.channel.keep_connected && !plan.channel.client_health);
}

#[test]
fn idle_zero_never_idles_a_watch_and_is_refused_for_a_probe() {
    assert_eq!(plan(&format!("watch --idle 0 {X}")).channel.idle_timeout, None);
    assert!(
        wrong(&format!("probe --idle 0s {X}")).contains("--idle 0: the idle time of a probe must be greater than zero")
    );
    let error = wrong(&format!("probe --idle 30s --max-time 10 {X}"));
    assert!(error.contains("--max-time 10s must be longer than --idle 30s"), "{error}");
}

#[test]
fn idle_connections_are_kept_for_the_requested_times() {
    let seconds = Duration::from_secs;
    let held = plan(&format!("probe --idle 30s --idle-ladder 10s,60,5m --find-cutoff 10m {X}")).idle_checks;
    assert_eq!(held.ladder, [seconds(10), seconds(60), seconds(300)]);
    assert_eq!(held.find_cutoff, Some(seconds(600)));
    assert_eq!(plan(&format!("probe --idle 30s {X}")).idle_checks, IdleChecks::default());

    let file = Made::default().config("[defaults]\nidle-ladder = [\"10s\", \"60s\"]\nfind-cutoff = \"5m\"\n");
    let env = file.env("GRPC_DISCOVER_FIND_CUTOFF", "2m");
    let held = env.plan(&format!("probe --idle 30s {X}")).idle_checks;
    assert_eq!((held.ladder, held.find_cutoff), (vec![seconds(10), seconds(60)], Some(seconds(120))));
    for line in ["probe", "watch", "resolve"] {
        assert_eq!(
            env.plan(&format!("{line} {X}")).idle_checks,
            IdleChecks::default(),
            "{line}: a file's are for idle cycles"
        );
    }
}

#[test]
fn invalid_idle_check_settings_are_refused() {
    for (line, why) in [
        ("probe --idle-ladder 10s", "--idle-ladder needs an idle cycle; write e.g. probe --idle 30s"),
        ("probe --find-cutoff 60s", "--find-cutoff needs an idle cycle"),
        ("watch --idle 30s --find-cutoff 60s", "--find-cutoff needs an idle cycle"),
        ("probe --idle 30s --idle-ladder 60s,10s", "10s must not follow 60s; write each time once, shortest first"),
        ("probe --idle 30s --idle-ladder 10s,10s", "10s must not follow 10s"),
        ("probe --idle 30s --idle-ladder 0,10s", "--idle-ladder 0: must be greater than zero"),
        ("probe --idle 30s --idle-ladder 10s,25h", "must be at most one day"),
        ("probe --idle 30s --find-cutoff 0", "--find-cutoff 0: must be greater than zero"),
        ("probe --idle 30s --find-cutoff 200ms", "too short to distinguish a limit from a delay"),
        ("probe --idle 30s --find-cutoff 2d", "must be at most one day"),
        ("probe --idle 5s --find-cutoff 60s --max-time 30", "--max-time 30s must be longer than --find-cutoff 60s"),
        ("probe --idle 5s --idle-ladder 60s --max-time 30", "--max-time 30s must be longer than --idle-ladder 60s"),
    ] {
        let error = wrong(&format!("{line} {X}"));
        assert!(error.contains(why), "{line}: {error}");
    }
}

#[test]
fn flags_about_the_channel_and_the_limits_arrive() {
    let watch = plan(&format!("watch --lb round_robin --client-health --keep-connected=false --idle 10 --for 5m {X}"));
    assert_eq!(watch.channel.policy, Policy::RoundRobin);
    assert!(watch.channel.client_health && !watch.channel.keep_connected);
    assert_eq!(watch.channel.idle_timeout, Some(Duration::from_secs(10)));
    assert_eq!(watch.limits.run_for, Some(Duration::from_secs(300)));
    let probe = plan(&format!(
        "probe -c 8 --rate 50 --max-endpoints 1000 --max-time 1m --fail-on critical --min-ready 50% --expect 10.0.0.1:80,10.0.0.2:80 --service pay {X}"
    ));
    let mut limits = Limits::default();
    limits.concurrency = 8;
    limits.rate = Some(50);
    limits.max_endpoints = Some(1000);
    limits.max_time = Some(Duration::from_secs(60));
    assert_eq!(probe.limits, limits);
    assert_eq!(probe.criteria.fail_on, Some(Severity::Critical));
    assert_eq!(probe.criteria.min_ready, Some(MinReady::Percent(50)));
    assert_eq!(probe.criteria.expect.len(), 2);
    assert_eq!(&*probe.service, "pay");
    assert_eq!(plan(&format!("probe --fail-on never {X}")).criteria.fail_on, None);
}

#[test]
fn a_watch_connects_to_every_endpoint_and_an_idle_cycle_to_one() {
    assert_eq!(plan(&format!("watch {X}")).channel.policy, Policy::RoundRobin);
    assert_eq!(plan(&format!("watch --lb pick_first {X}")).channel.policy, Policy::PickFirst);
    assert_eq!(plan(&format!("probe --idle 30s {X}")).channel.policy, Policy::PickFirst);
}

#[test]
fn health_decides_only_under_round_robin() {
    assert!(wrong(&format!("watch --lb pick_first --client-health {X}")).contains("add --lb round_robin"));
    assert!(plan(&format!("watch --client-health {X}")).channel.client_health);
}

#[test]
fn tls_flags_of_every_family_mean_one_mode() {
    for (flags, mode, insecure) in [
        ("", TlsMode::Auto, false),
        ("--tls off", TlsMode::Off, false),
        ("--plaintext", TlsMode::Off, false),
        ("--plaintext --tls off", TlsMode::Off, false),
        ("-k", TlsMode::On, true),
        ("--tls on", TlsMode::On, false),
        ("--tls on --insecure", TlsMode::On, true),
        ("--tls auto -k", TlsMode::Auto, true),
    ] {
        let transport = plan(&format!("probe {flags} {X}")).transport;
        assert_eq!((transport.tls, transport.insecure), (mode, insecure), "{flags}");
    }
    for (flags, expected) in [
        ("--plaintext -k", "choose one of them"),
        ("--plaintext --tls on", "omit --plaintext or --tls"),
        ("--tls off -k", "choose one of them"),
        ("--plaintext --cacert ca.pem", "cannot be used with it"),
        ("--cert c.pem", "add --key FILE"),
        ("--key k.pem", "add --cert FILE"),
    ] {
        let error = wrong(&format!("probe {flags} {X}"));
        assert!(error.contains(expected), "{flags}: {error}");
    }
}

#[test]
fn the_first_layer_that_mentions_tls_decides() {
    let file = "[defaults]\nplaintext = true\n";
    let made = Made::default().config(file);
    assert_eq!(made.plan(&format!("probe {X}")).transport.tls, TlsMode::Off);
    assert_eq!(made.plan(&format!("probe --tls on {X}")).transport.tls, TlsMode::On);
    let made = Made::default().config(file).env("GRPC_DISCOVER_INSECURE", "true");
    let transport = made.plan(&format!("probe {X}")).transport;
    assert_eq!((transport.tls, transport.insecure), (TlsMode::On, true));
    let made = Made::default().config(file).env("GRPC_DISCOVER_PLAINTEXT", "false");
    assert_eq!(made.plan(&format!("probe {X}")).transport.tls, TlsMode::Auto);
}

#[test]
fn keepalive_that_servers_punish_needs_force() {
    let error = wrong(&format!("watch --keepalive-time 5s {X}"));
    assert!(error.contains("--keepalive-time 5s") && error.contains("--keepalive-force"), "{error}");
    let forced = plan(&format!("watch --keepalive-time 5s --keepalive-force {X}")).transport.keepalive.expect("on");
    assert_eq!((forced.time, forced.timeout), (Duration::from_secs(5), Duration::from_secs(20)));
    let calm = plan(&format!("watch --keepalive-time 10 --keepalive-timeout 3 --keepalive-without-calls {X}"));
    assert!(calm.transport.keepalive.expect("on").without_calls);
    assert_eq!(plan(&format!("watch --keepalive-time 0 {X}")).transport.keepalive, None);
    assert!(wrong(&format!("watch --keepalive-timeout 3 {X}")).contains("need --keepalive-time"));
    // The error names the place that set it.
    let set = |name, value| Made::default().env(name, value).wrong(&format!("watch {X}"));
    assert!(set("GRPC_DISCOVER_KEEPALIVE_TIME", "5s").starts_with("GRPC_DISCOVER_KEEPALIVE_TIME 5s: "));
    assert!(set("GRPC_DISCOVER_MAX_TIME", "0").starts_with("GRPC_DISCOVER_MAX_TIME 0: must be greater than zero"));
}

#[test]
fn precedence_is_flag_environment_service_profile_defaults() {
    let file = "[defaults]\nrpc-timeout = 1\nconnect-timeout = 1\nmax-time = 1\nlb = \"round_robin\"\n\
                [profile.prod]\nrpc-timeout = 2\nconnect-timeout = 2\nmax-time = 2\n\
                [service.pay]\ntargets = [\"127.0.0.1:50051\"]\nrpc-timeout = 3\nconnect-timeout = 3\n";
    let made = Made::default().config(file).env("GRPC_DISCOVER_CONNECT_TIMEOUT", "4");
    let plan = made.plan("probe --profile prod pay");
    assert_eq!(plan.transport.connect_timeout, Duration::from_secs(4));
    assert_eq!(plan.transport.rpc_timeout, Duration::from_secs(3));
    assert_eq!(plan.limits.max_time, Some(Duration::from_secs(2)));
    assert_eq!(plan.channel.policy, Policy::RoundRobin);
    assert_eq!(made.plan("probe --connect-timeout 5 pay").transport.connect_timeout, Duration::from_secs(5));
    assert_eq!(&*plan.label, "pay");
    assert_eq!(plan.sources.len(), 1);
}

#[test]
fn where_a_value_came_from_is_kept() {
    let file = "[defaults]\ndns-server = \"10.0.0.53\"\n";
    let server = |made: &Made, flags: &str| {
        made.plan(&format!("resolve {flags} {X}")).sources[0]
            .settings
            .of::<backend::dns::DnsSettings>()
            .server
            .clone()
            .expect("set")
    };
    let made = Made::default().config(file);
    assert_eq!(server(&made, "").origin, Origin::Config("c.toml".into()));
    assert_eq!(server(&made, "--dns-server 1.1.1.1").origin, Origin::Flag("--dns-server"));
    let made = made.env("GRPC_DISCOVER_DNS_SERVER", "9.9.9.9");
    assert_eq!(server(&made, "").origin, Origin::Env("GRPC_DISCOVER_DNS_SERVER".into()));
}

#[test]
fn a_value_that_is_wrong_is_named_with_its_place() {
    for (made, expected) in [
        (
            Made::default().env("GRPC_DISCOVER_RPC_TIMEOUT", "soon"),
            "GRPC_DISCOVER_RPC_TIMEOUT: invalid value \"soon\": not a duration; use seconds (10, 1.5) or 250ms, 2m, 1h",
        ),
        (
            Made::default().config("[defaults]\nlb = \"random\"\n"),
            "config c.toml: defaults.lb: invalid value \"random\": expected one of pick_first, round_robin",
        ),
        (
            Made::default().config("[defaults]\nrpc-timeout = [1, 2]\n"),
            "defaults.rpc-timeout: expected one value, got 2",
        ),
        (
            Made::default().env("GRPC_DISCOVER_TLS", "maybe"),
            "GRPC_DISCOVER_TLS: invalid value \"maybe\": expected one of auto, on, off",
        ),
        (Made::default().env("GRPC_DISCOVER_PROFILE", "prod"), "--profile prod: there is no config file"),
    ] {
        let error = made.wrong(&format!("probe {X}"));
        assert!(error.contains(expected), "{error}");
    }
    assert!(wrong(&format!("probe --max-time 0 {X}")).contains("--max-time 0: must be greater than zero"));
}

#[test]
fn headers_come_from_flags_and_files_and_are_never_shown() {
    let made = Made::default().file("headers", "# comment\n\nauthorization: Bearer sesame\nX-Team: pay\n");
    let plan = made.plan(&format!("probe -H 'trace-id: 1' -H @headers {X}"));
    let names: Vec<&str> = plan.transport.metadata.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["trace-id", "authorization", "x-team"]);
    assert_eq!(plan.transport.metadata[1].1.reveal(), "Bearer sesame");
    for (flag, expected) in [
        ("-H 'authorization Bearer-sesame'", "missing colon in a header"),
        ("-H 'grpc-timeout: sesame'", "the header name is reserved for gRPC"),
        ("-H 'na me: sesame'", "a header name may contain only letters"),
        ("-H 'k: ses\u{7}ame'", "the header value contains an invalid character"),
        ("-H @nowhere", "failed to read --header @nowhere: no such file"),
    ] {
        let error = made.wrong(&format!("probe {flag} {X}"));
        assert!(error.contains(expected) && !error.contains("sesame"), "{flag}: {error}");
    }
}

#[test]
fn authority_is_the_targets_name_unless_it_is_an_address() {
    for (target, authority) in [
        ("pay.example:50051", Some("pay.example:50051")),
        ("dns:///pay.example", Some("pay.example")),
        ("127.0.0.1:50051", None),
        ("ipv4:10.0.0.1:50051", None),
        ("unix:/run/pay.sock", None),
    ] {
        assert_eq!(plan(&format!("probe {target}")).transport.authority.as_deref(), authority, "{target}");
    }
    assert_eq!(plan(&format!("probe --authority pay {X}")).transport.authority.as_deref(), Some("pay"));
    for (flags, authority) in [
        ("--servername api.example", "api.example"),
        ("--servername api.example --authority pay", "pay"),
        ("--servername ::1", "[::1]"),
    ] {
        let plan = plan(&format!("probe {flags} {X}"));
        assert_eq!(plan.transport.authority.as_deref(), Some(authority), "{flags}");
        assert!(plan.transport.server_name.is_some());
    }
}

#[test]
fn address_families_exclude_each_other_and_the_last_typed_wins() {
    let family = |made: &Made, flags: &str| {
        made.plan(&format!("resolve {flags} {X}")).sources[0].settings.of::<backend::dns::DnsSettings>().family
    };
    let made = Made::default();
    assert_eq!(family(&made, ""), Family::Both);
    assert_eq!(family(&made, "-4"), Family::V4);
    assert_eq!(family(&made, "-4 -6"), Family::V6);
    let made = Made::default().env("GRPC_DISCOVER_IPV4", "1");
    assert_eq!((family(&made, ""), family(&made, "-6")), (Family::V4, Family::V6));
}

#[test]
fn the_same_query_is_sent_once() {
    assert_eq!(plan("probe dns:///pay.example:50051 pay.example:50051").sources.len(), 1);
    assert_eq!(plan("probe pay.example:50051 ipv4:10.0.0.1:50051").sources.len(), 2);
}

#[test]
fn targets_that_cannot_be_parsed_or_queried_are_refused() {
    for (target, expected) in
        [("127.0.0.1:99999", "99999"), ("dns:///", "write "), ("xds:///pay", "no xds backend"), ("", "write ")]
    {
        let error = wrong(&format!("probe '{target}'"));
        assert!(error.contains(expected), "{target}: {error}");
    }
    assert!(wrong("probe --backend mdns pay").contains("unknown backend \"mdns\""));
}

#[test]
fn without_targets_every_service_of_the_file_is_probed() {
    let made = Made::default().config(
        "[service.pay]\ntargets = [\"127.0.0.1:1\"]\n[service.mail]\ntargets = [\"127.0.0.1:2\", \"127.0.0.1:3\"]\n[service.empty]\n",
    );
    let plans = made.plans("probe").expect("two services");
    let labels: Vec<&str> = plans.iter().map(|plan| &*plan.label).collect();
    assert_eq!(labels, ["mail", "pay"]);
    assert_eq!(plans[0].sources.len(), 2);
}

#[test]
fn two_services_of_the_file_are_two_and_two_targets_are_one() {
    let made = Made::default()
        .config("[service.pay]\ntargets = [\"127.0.0.1:1\"]\n[service.mail]\ntargets = [\"127.0.0.1:2\"]\n");
    let labels = |line: &str| -> Vec<String> {
        made.plans(line).expect("plans").iter().map(|plan| plan.label.to_string()).collect()
    };
    assert_eq!(labels("probe pay mail"), ["pay", "mail"]);
    assert_eq!(labels("probe pay 127.0.0.1:3"), ["pay, 127.0.0.1:3"], "a service and what it is compared with");
    assert_eq!(labels("probe mail 127.0.0.1:3 pay 127.0.0.1:4"), ["mail", "pay", "127.0.0.1:3, 127.0.0.1:4"]);
    assert_eq!(labels("probe 127.0.0.1:3 127.0.0.1:4"), ["127.0.0.1:3, 127.0.0.1:4"]);
}

#[test]
fn without_targets_and_services_the_files_that_were_searched_are_named() {
    let mut made = Made::default();
    made.config.searched = vec!["./.grpc-discover.toml".into()];
    let error = made.wrong("probe");
    assert!(error.contains("./.grpc-discover.toml") && error.contains("config init"), "{error}");
    let error = Made::default().config("[defaults]\n").wrong("probe");
    assert!(error.contains("c.toml has no [service.NAME]"), "{error}");
}

#[test]
fn a_wrong_target_in_the_file_is_named_with_its_place() {
    let error = Made::default().config("[service.pay]\ntargets = [\"127.0.0.1:0\"]\n").wrong("probe pay");
    assert!(error.starts_with("config c.toml: service.pay.targets: target \"127.0.0.1:0\""), "{error}");
}

#[cfg(feature = "consul")]
#[test]
fn consul_is_narrowed_and_its_token_never_shows() {
    use grpc_discover::backend::consul::ConsulTarget;
    let made = Made::default().file("token", "sesame\n").env("CONSUL_HTTP_ADDR", "127.0.0.1:8500");
    let plan = made.plan("probe --backend consul --dc dc2 --tag v2 --token-file token pay");
    let target = plan.sources[0].target.of::<ConsulTarget>().unwrap();
    assert_eq!((target.dc.as_deref(), target.tags.as_slice()), (Some("dc2"), &["v2".to_string()][..]));
    assert_eq!(
        plan.sources[0]
            .settings
            .of::<backend::consul::ConsulSettings>()
            .token
            .value
            .as_ref()
            .map(|token| token.reveal()),
        Some("sesame")
    );
    assert_eq!(
        plan.sources[0].settings.of::<backend::consul::ConsulSettings>().token.origin,
        Origin::Flag("--token-file")
    );
    let plan = made.plan("probe --token-file token consul://me:sesame@127.0.0.1/pay?token=sesame");
    for shown in [format!("{:?}", plan.sources), format!("{:?}", plan.sources[0].settings), plan.label.to_string()] {
        assert!(!shown.contains("sesame"), "{shown}");
    }
    assert!(wrong(&format!("probe --dc dc2 {X}")).contains("none of the targets is resolved by consul"));
    let error = Made::default().env("CONSUL_HTTP_SSL", "perhaps").wrong(&format!("probe {X}"));
    assert!(error.contains("CONSUL_HTTP_SSL"), "{error}");
}

#[test]
fn output_settings_come_from_flags_environment_and_file() {
    let look_of = |made: &Made, line: &str| {
        let typed = Cli::try_parse_from(shell_words(line)).expect("valid");
        let Command::Probe(typed) = typed.command else { panic!("{line}") };
        made.environment(|environment| output(typed.output.output, &typed.output.display, environment)).expect("valid")
    };
    let made =
        Made::default().config("[defaults]\noutput = \"json\"\nquiet = true\n").env("GRPC_DISCOVER_COLOR", "never");
    let output = look_of(&made, "x probe");
    assert_eq!((output.format, output.quiet, output.color), (cli::Format::Json, true, cli::ColorWhen::Never));
    assert_eq!(look_of(&made, "x probe -o wide").format, cli::Format::Wide);
}

/// The first error of the system below `error`.
fn io_below(error: &(dyn std::error::Error + 'static)) -> Option<io::ErrorKind> {
    let below = std::iter::successors(Some(error), |error| error.source());
    below.filter_map(|error| error.downcast_ref::<io::Error>()).map(io::Error::kind).next()
}

#[test]
fn an_error_leads_to_the_error_of_the_system_below_it() {
    for flags in ["--cacert ca.pem", "-H @headers"] {
        let line = format!("grpc-discover probe {flags} {X}");
        let typed = Cli::try_parse_from(line.split(' ')).expect("valid");
        let Command::Probe(typed) = typed.command else { panic!("probe") };
        let error = Made::default().environment(|environment| {
            let layers = Layers::new(environment, None, None).expect("no profile");
            reaching::options(&typed.reaching, &[], Goal::Probe, &layers, environment)
                .map(drop)
                .expect_err("no such file")
        });
        assert_eq!(io_below(&error), Some(io::ErrorKind::NotFound), "{error}");
    }
}

#[test]
fn discovery_is_a_service_of_the_file_or_else_a_bare_name() {
    let made = Made::default().config("[service.pay]\ntargets = [\"127.0.0.1:1\"]\n");
    let plan = made.plan("probe discovery:///pay");
    assert_eq!((&*plan.label, plan.sources[0].target.to_string().as_str()), ("pay", "dns:///127.0.0.1:1"));
    let plan = made.plan("probe discovery:///cart");
    assert_eq!((&*plan.label, plan.sources[0].implied), ("cart", true));
}

#[test]
fn each_service_has_a_plan_of_its_own() {
    let plans = Made::default().plans(&format!("probe --service a.A --service b.B {X}")).expect("two plans");
    let named: Vec<(&str, &str)> = plans.iter().map(|plan| (&*plan.label, &*plan.service)).collect();
    assert_eq!(named, [(&*format!("{X} a.A"), "a.A"), (&*format!("{X} b.B"), "b.B")]);
    let one = Made::default().plan(&format!("probe --service a.A {X}"));
    assert_eq!((&*one.label, &*one.service), (X, "a.A"));
}
