//! What is rejected, what is explained, and the effect of flags on a run.

use std::fs;

use grpc_discover::diagnosis::FINDINGS;
use grpc_discover::model::connectivity::ConnectivityState;
use grpc_discover::model::verdict::{EndpointVerdict, Verdict};

use crate::cause::setup::Setup;
use crate::support::tool::{run, run_command, tool};

#[test]
fn targets_that_cannot_be_parsed_exit_64_with_what_to_write() {
    let noise = "x/".repeat(5_000);
    for target in ["127.0.0.1:99999", "dns:///", "consul://:8500/", "ipv6:[::1", "", "no\u{7}pe", "two words", &noise] {
        let finished = run(&["probe", "--", target]);
        assert_eq!(finished.code, 64, "{target:?}: {}", finished.all());
        assert!(finished.out.is_empty(), "{target:?}: {}", finished.all());
        assert!(
            finished.err.contains("; write ") && !finished.err.contains("position"),
            "{target:?}: {}",
            finished.all()
        );
        assert!(finished.err.len() < 600 && !finished.err.contains('\u{7}'), "{target:?}: {:?}", finished.err);
    }
}

#[test]
fn a_scheme_without_a_backend_is_refused_with_a_sentence() {
    let finished = run(&["resolve", "xds:///pay"]);
    assert_eq!(finished.code, 64, "{}", finished.all());
    assert!(finished.err.contains("no xds backend") && finished.err.contains("dns"), "{}", finished.all());
}

#[test]
fn usage_errors_exit_64_and_not_with_claps_2() {
    for args in [
        &["probe", "--no-such-flag", "x:1"][..],
        &["probe", "--idle", "soon", "x:1"],
        &["watch"],
        &["resolve", "--for", "5s", "x:1"],
        &["porbe"],
        &[],
        &["probe", "--idle", "0s", "127.0.0.1:1"],
        &["probe", "--keepalive-time", "1s", "127.0.0.1:1"],
        &["probe", "-plaintext", "-insecure", "127.0.0.1:1"],
        &["explain", "GD000"],
        &["backends", "--backend", "mdns"],
    ] {
        let finished = run(args);
        assert_eq!(finished.code, 64, "{args:?}: {}", finished.all());
        assert!(finished.out.is_empty() && !finished.err.is_empty(), "{args:?}: {}", finished.all());
    }
}

#[test]
fn quiet_prints_nothing_but_errors_and_what_was_requested() {
    for command in ["probe", "watch", "resolve"] {
        let flags: &[&str] = if command == "watch" { &["--for", "100ms"] } else { &[] };
        let arguments: Vec<&str> = [command, "-q", "127.0.0.1:1"].iter().chain(flags).copied().collect();
        let finished = run(&arguments);
        assert_eq!((finished.out.as_str(), finished.err.as_str()), ("", ""), "{command}");
        assert_eq!(finished.code, if command == "resolve" { 0 } else { 2 }, "{command}");
    }
    assert!(run(&["probe", "-q", "-o", "table", "127.0.0.1:1"]).out.contains("FAILED"));
    assert!(run(&["probe", "-q", "bad:abc"]).err.contains("write bad:50051"));
}

#[test]
fn short_prints_addresses_and_md_prints_a_ticket() {
    let short = run(&["resolve", "-o", "short", "ipv4:127.0.0.1:2,127.0.0.1:1"]);
    assert_eq!((short.code, short.out.as_str()), (0, "127.0.0.1:1\n127.0.0.1:2\n"), "{}", short.all());
    let ticket = run(&["probe", "-o", "md", "127.0.0.1:1"]);
    assert_eq!(ticket.code, 2, "{}", ticket.all());
    for part in ["**FAILED** `127.0.0.1:1`: ", "- **critical GD201** ", "\n  do: ", "| `127.0.0.1:1` | unreachable | "]
    {
        assert!(ticket.out.contains(part), "{part:?}: {}", ticket.out);
    }
}

#[test]
fn help_and_version_are_data() {
    for args in
        [&["--help"][..], &["probe", "--help"], &["watch", "-h"], &["help", "watch"], &["--version"], &["version"]]
    {
        let finished = run(args);
        assert_eq!((finished.code, finished.err.as_str()), (0, ""), "{args:?}");
        assert!(finished.out.contains("grpc-discover"), "{args:?}: {}", finished.out);
    }
    let help = run(&["probe", "--help"]).out;
    for heading in ["Discovery:", "Reaching an endpoint:", "Channel:", "Verdict:", "Output:", "Examples:"] {
        assert!(help.contains(heading), "{heading} is missing:\n{help}");
    }
}

#[test]
fn flags_of_other_tools_reach_the_probe() {
    let finished = run(&["probe", "-plaintext", "-connect-timeout", "2", "-addr", "127.0.0.1:1", "-o", "json"]);
    assert_eq!(finished.code, 2, "{}", finished.all());
    let document: serde_json::Value = serde_json::from_str(&finished.out).unwrap();
    assert_eq!(document["target"], "127.0.0.1:1");
    assert_eq!(document["endpoints"][0]["phases"][0]["error"]["code"], "connection_refused");
}

#[test]
fn every_term_of_the_output_is_explained_and_an_unknown_one_names_similar_ones() {
    let list = run(&["explain"]);
    assert_eq!(list.code, 0);
    for kind in FINDINGS {
        assert!(list.out.contains(kind.code) && list.out.contains(kind.name), "{}: {}", kind.code, list.out);
        let finished = run(&["explain", &kind.code.to_lowercase()]);
        // However the lines are broken.
        let said = finished.out.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(finished.code, 0, "{}", finished.all());
        for text in [kind.name, kind.meaning, kind.proof, kind.remedy, "What to do:"] {
            assert!(said.contains(text), "{}: {text:?} is missing: {}", kind.code, finished.all());
        }
    }
    let unknown = run(&["explain", "GD1O1"]);
    assert!(unknown.code == 64 && unknown.err.contains("similar: GD1"), "{}", unknown.all());
    for (word, meaning) in [
        ("stale", EndpointVerdict::Stale.meaning()),
        ("degraded", Verdict::Degraded.meaning()),
        ("ready", ConnectivityState::Ready.meaning()),
        ("kratos@2.7.2", "its poller ends with the first idle period"),
    ] {
        let explained = run(&["explain", word]);
        let text = explained.out.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(explained.code == 0 && text.contains(meaning), "{word}: {}", explained.all());
        assert!(list.out.contains(word) || list.out.contains(&word.to_uppercase()) || word.contains('@'), "{word}");
    }
    let json = run(&["explain", "-o", "json", FINDINGS[0].code]);
    assert_eq!(serde_json::from_str::<serde_json::Value>(&json.out).unwrap()["code"], FINDINGS[0].code);
}

#[test]
fn backends_show_which_settings_come_from_where_and_hide_secrets() {
    let mut command = tool(&["backends", "-o", "json", "--backend", "consul"]);
    command.env("CONSUL_HTTP_ADDR", "127.0.0.1:1").env("CONSUL_HTTP_TOKEN", "sesame");
    if cfg!(feature = "consul") {
        let finished = run_command(command);
        assert_eq!(finished.code, 3, "an agent that does not answer is unknown: {}", finished.all());
        assert!(!finished.all().contains("sesame"), "{}", finished.all());
        let backends: serde_json::Value = serde_json::from_str(&finished.out).unwrap();
        assert_eq!(backends[0]["answers"], false);
        let settings = backends[0]["settings"].as_array().unwrap();
        assert!(settings.iter().any(|setting| setting["from"] == "$CONSUL_HTTP_ADDR"), "{settings:?}");
    }
}

#[test]
fn config_init_prints_writes_once_and_never_over_a_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("c.toml");
    let path = path.to_str().unwrap();
    let printed = run(&["config", "init"]);
    assert!(printed.code == 0 && printed.out.contains("[service.pay]"), "{}", printed.all());
    assert_eq!(run(&["config", "init", path]).code, 0);
    assert_eq!(fs::read_to_string(path).unwrap(), printed.out);
    fs::write(path, "mine").unwrap();
    let again = run(&["config", "init", path]);
    assert!(again.code == 64 && again.err.contains("file already exists, not overwritten"), "{}", again.all());
    assert_eq!(fs::read_to_string(path).unwrap(), "mine");
}

#[test]
fn probe_without_target_probes_every_service_of_the_file_side_by_side() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join(".grpc-discover.toml");
    fs::write(&file, "[service.a]\ntargets = [\"127.0.0.1:1\"]\n[service.b]\ntargets = [\"127.0.0.1:2\"]\n").unwrap();
    let mut command = tool(&["probe", "-o", "json", "-q"]);
    command.current_dir(directory.path());
    let finished = run_command(command);
    assert_eq!(finished.code, 2, "{}", finished.all());
    let document: serde_json::Value = serde_json::from_str(&finished.out).unwrap();
    let targets: Vec<&str> =
        document["services"].as_array().unwrap().iter().map(|s| s["target"].as_str().unwrap()).collect();
    assert_eq!(targets.len(), 2);
    assert!(targets.contains(&"a") && targets.contains(&"b"), "{targets:?}");
    assert_eq!(finished.err, "", "-q prints nothing on stderr");
}

#[test]
fn two_named_services_of_the_file_are_two_verdicts() {
    let setup = Setup::new();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join(".grpc-discover.toml");
    let (healthy, dead) = (setup.healthy(), setup.unused_port());
    let text = format!("[service.a]\ntargets = [\"{healthy}\"]\n[service.b]\ntargets = [\"{dead}\"]\n");
    fs::write(&file, text).unwrap();
    let mut command = tool(&["probe", "a", "b"]);
    command.current_dir(directory.path());
    let finished = run_command(command);
    assert_eq!(finished.code, 2, "{}", finished.all());
    assert!(finished.out.starts_with("FAILED  1 of 2 services failed\n"), "{}", finished.all());
    // The worst comes first, and the healthy one has no report of its own.
    assert!(finished.out.contains("\nb  FAILED ") && finished.out.contains("\na  HEALTHY "), "{}", finished.all());
    assert!(finished.out.contains("\nFAILED  b: ") && !finished.out.contains("HEALTHY  a: "), "{}", finished.all());
}

#[test]
fn what_is_set_is_validated_before_anything_is_contacted() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap().to_string();
    for command in ["probe", "resolve", "watch"] {
        for (name, value) in
            [("GRPC_DISCOVER_IDLE", "soon"), ("GRPC_DISCOVER_LB", "random"), ("GRPC_DISCOVER_CONFIG", "/no/such.toml")]
        {
            let mut tool = tool(&[command, &address]);
            tool.env(name, value);
            let finished = run_command(tool);
            assert_eq!(finished.code, 64, "{command} {name}: {}", finished.all());
            assert!(finished.err.contains(name) && finished.err.contains(value), "{}", finished.all());
        }
    }
    for flags in [["--servername", "pay example"], ["--authority", "http://pay"], ["-H", "no colon"]] {
        let finished = run(&["probe", flags[0], flags[1], &address]);
        assert_eq!(finished.code, 64, "{flags:?}: {}", finished.all());
    }
    assert_eq!(listener.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}

#[test]
fn a_variable_that_means_nothing_is_a_warning_with_the_near_name() {
    let setup = Setup::new();
    let healthy = setup.healthy();
    for (flags, warned) in [(&["probe"][..], true), (&["probe", "-q"], false)] {
        let mut command = tool(flags);
        command.arg(&healthy).env("GRPC_DISCOVER_IDEL", "5s");
        let finished = run_command(command);
        assert_eq!(finished.code, 0, "{}", finished.all());
        assert_eq!(finished.err.contains("did you mean GRPC_DISCOVER_IDLE?"), warned, "{}", finished.all());
    }
}

#[test]
fn a_home_that_may_not_be_entered_is_no_error() {
    let setup = Setup::new();
    let healthy = setup.healthy();
    let mut command = tool(&["probe", "-v", &healthy]);
    // A file where a directory should be, and a directory where the file should be.
    let home = setup.path("home");
    fs::create_dir_all(home.join("grpc-discover/config.toml")).unwrap();
    command.env("XDG_CONFIG_HOME", &home);
    let finished = run_command(command);
    assert_eq!(finished.code, 0, "{}", finished.all());
    assert!(finished.err.contains("config.toml skipped: "), "{}", finished.all());
}

#[test]
fn probe_without_target_and_file_names_the_searched_paths() {
    let directory = tempfile::tempdir().unwrap();
    let mut command = tool(&["probe"]);
    command.current_dir(directory.path());
    let finished = run_command(command);
    assert_eq!(finished.code, 64);
    for place in ["./.grpc-discover.toml", "/nonexistent/grpc-discover/config.toml", "config init"] {
        assert!(finished.err.contains(place), "{place}: {}", finished.err);
    }
}

#[test]
fn a_token_on_the_command_line_never_comes_out_again() {
    for output in ["table", "json", "ndjson"] {
        let target = "consul://me:sesame@127.0.0.1:1/pay?token=sesame";
        let finished = run(&["resolve", "-v", "-o", output, target]);
        assert!(!finished.all().contains("sesame"), "{}", finished.all());
    }
}

#[test]
fn a_dry_run_contacts_nothing() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let finished = run(&["probe", "--dry-run", &address]);
    assert!(finished.code == 0 && finished.out.contains("nothing was contacted"), "{}", finished.all());
    // Nor are registries contacted, to find out whether they are available.
    for command in ["probe", "resolve", "watch"] {
        let mut command = tool(&[command, "--dry-run", "pay"]);
        command.env("CONSUL_HTTP_ADDR", &address).env("ETCDCTL_ENDPOINTS", &address).env("ZOOKEEPER_CONNECT", &address);
        command.env("EUREKA_CLIENT_SERVICEURL_DEFAULTZONE", format!("http://{address}/eureka/"));
        let finished = run_command(command);
        assert!(finished.code == 0 && finished.out.contains("nothing was contacted"), "{}", finished.all());
    }
    assert_eq!(listener.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}

#[test]
fn verbose_reports_every_phase_on_stderr() {
    let finished = run(&["probe", "-v", "127.0.0.1:1"]);
    assert!(
        finished.err.contains("connection 127.0.0.1:1") && finished.err.contains("tcp failed"),
        "{}",
        finished.all()
    );
    assert!(finished.out.starts_with("FAILED"), "{}", finished.all());
}
