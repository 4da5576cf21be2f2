//! What is typed by mistake: the error quotes the part that is wrong and offers what was meant.

use std::fs;

use crate::support::tool::{Finished, run, run_command, tool};

/// The words of a line; `'two words'` is one, `''` is an empty one.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (at, part) in line.split('\'').enumerate() {
        match at % 2 {
            0 => words.extend(part.split_whitespace().map(str::to_string)),
            _ => words.push(part.to_string()),
        }
    }
    words
}

fn typed(line: &str) -> Finished {
    let words = words(line);
    run(&words.iter().map(String::as_str).collect::<Vec<_>>())
}

/// The line, and what its error says after `grpc-discover: `.
const REJECTED: &[(&str, &str)] = &[
    // Flags.
    ("probe --idel 30s x:1", "unknown flag --idel; did you mean --idle?"),
    ("probe -idle 30s x:1", "unknown flag -idle; write --idle"),
    ("probe --nonsense x:1", "unknown flag --nonsense; grpc-discover probe --help lists all flags"),
    ("probe -gzip x:1", "unknown flag -gzip; requests are sent uncompressed; omit it"),
    ("probe -spiffe x:1", "unknown flag -spiffe; SPIFFE is not supported"),
    ("probe -d '{}' x:1", "unknown flag -d; this tool calls only grpc.health.v1"),
    ("probe -proto pay.proto x:1", "unknown flag -proto; this tool calls only grpc.health.v1"),
    ("probe --count 3 x:1", "unknown flag --count; write watch --for TIME"),
    ("probe -w 2 x:1", "unknown flag -w; limit the time with --max-time TIME"),
    ("probe --for 5m x:1", "--for is a flag of watch or resolve, not of probe; write grpc-discover watch --for 5m x:1"),
    (
        "probe --until ready x:1",
        "--until is a flag of watch, not of probe; write grpc-discover watch --until ready x:1",
    ),
    ("probe --watch x:1", "--watch is a flag of resolve, not of probe; write grpc-discover resolve --watch x:1"),
    (
        "resolve --idle 5s x:1",
        "--idle is a flag of probe or watch, not of resolve; write grpc-discover probe --idle 5s x:1",
    ),
    ("resolve --for 5s x:1", "--watch is missing; write grpc-discover resolve --watch --for 5s x:1"),
    ("probe --idle 5s --idle 6s x:1", "--idle is given more than once; keep one of them"),
    ("probe --idle", "--idle needs a value; write --idle TIME"),
    ("probe --config a --no-config x:1", "--config cannot be used with --no-config; omit one of them"),
    // Values of flags.
    (
        "probe --idle 30sec x:1",
        "--idle: invalid value \"30sec\": not a duration; use seconds (10, 1.5) or 250ms, 2m, 1h",
    ),
    ("probe --idle -5s x:1", "unknown flag -5s;"),
    ("probe --idle '' x:1", "--idle: invalid value \"\": not a duration"),
    ("probe -o yaml x:1", "--output: invalid value \"yaml\": expected one of table, wide, short, md, json, ndjson"),
    ("probe --fail-on error x:1", "--fail-on: invalid value \"error\": expected one of warn, critical, never"),
    (
        "watch --until redy x:1",
        "--until: invalid value \"redy\": expected one of ready, stable, drained; did you mean ready?",
    ),
    (
        "probe --min-ready 150% x:1",
        "--min-ready: invalid value \"150%\": expected a count (2) or a percentage (50%), from 0% to 100%",
    ),
    ("probe --min-ready half x:1", "--min-ready: invalid value \"half\": expected a count (2) or a percentage (50%)"),
    ("probe -c 0 x:1", "--concurrency: invalid value \"0\": must be a positive integer"),
    ("probe --max-time 0 x:1", "--max-time 0: must be greater than zero"),
    ("probe --as kratoss --idle 5s x:1", "--as \"kratoss\": lens \"kratoss\": unknown client"),
    ("probe --tls on --plaintext x:1", "--plaintext is the same as --tls off; omit --plaintext or --tls"),
    (
        "probe -k --plaintext x:1",
        "--plaintext disables TLS and --insecure uses TLS without verification; choose one of them",
    ),
    ("probe -n prod x:1", "-n"),
    ("probe --cacert /no/such x:1", "failed to read --cacert /no/such"),
    ("probe --cacert /etc x:1", "failed to read --cacert /etc"),
    ("probe --cert /no/such x:1", "--cert /no/such: a client certificate needs its key; add --key FILE"),
    // Commands.
    ("porbe", "unknown command \"porbe\"; did you mean probe?"),
    ("porbe x:1", "unknown command \"porbe\"; did you mean probe?"),
    ("health x:1", "unknown command \"health\"; write grpc-discover probe x:1"),
    ("list", "unknown command \"list\"; write grpc-discover "),
    ("config inti", "unknown command \"config inti\"; expected init or services"),
    ("watch", "no target given; write one such as grpc-discover watch 127.0.0.1:50051"),
    ("explain GD201 GD202", "unexpected argument \"GD202\"; see grpc-discover explain --help"),
    // Targets.
    (
        "probe http://127.0.0.11:50051",
        "http: is a URL scheme, not a gRPC target scheme; write 127.0.0.11:50051 --plaintext",
    ),
    ("probe https://127.0.0.11:50051", "write 127.0.0.11:50051 --tls on"),
    ("probe grpc://127.0.0.11:50051", "write 127.0.0.11:50051\n"),
    ("probe grpcs://127.0.0.11:50051", "write 127.0.0.11:50051 --tls on"),
    ("http://127.0.0.11:50051", "write 127.0.0.11:50051 --plaintext"),
    ("probe 50051", "target \"50051\": a port without a host; write 127.0.0.1:50051"),
    (
        "probe pay.example 50051",
        "targets \"pay.example\" and \"50051\": the second one is a port; write pay.example:50051",
    ),
    ("probe 'pay.example 50051'", "write pay.example:50051"),
    (
        "probe 127.0.0.11:50051/pay.v1.Pay",
        "\"50051/pay.v1.Pay\" is not a port number; write 127.0.0.11:50051 --service pay.v1.Pay",
    ),
    ("probe ::1:50051", "\"::1:50051\" has more than one colon and is not an IPv6 address; write [::1]:50051"),
    (
        "probe dns://pay.example:50051",
        "missing name: the part after dns:// is the DNS server, as in dns://SERVER/NAME; write dns:///pay.example:50051",
    ),
    ("probe a:1,b:1", "write a:1 b:1"),
    ("probe 'a:1, b:1'", "write a:1 b:1"),
    ("probe ./r12.json", "invalid character '/' in the host name; write file:./r12.json"),
    ("probe ' pay'", "a target must not contain white space; write pay"),
    ("probe ''", "the target is empty; write pay or "),
    ("probe :0", "port 0 is not a valid port; write localhost:50051"),
    ("probe x:99999", "port 99999 is out of range (1 to 65535); write x:50051"),
    ("probe x:abc", "\"abc\" is neither a port number nor a known service name (http, https); write x:50051"),
    ("probe @127.0.0.53 pay", "invalid character '@' in the host name; write --dns-server 127.0.0.53"),
    ("probe +short pay", "invalid character '+' in the host name; write -o short"),
    ("probe xds:///pay", "xds: targets are not supported in this build"),
    ("probe direct:///127.0.0.1:9000", "write 127.0.0.1:9000"),
];

#[test]
fn a_mistake_is_quoted_and_mended() {
    let mut wrong = Vec::new();
    for (line, said) in REJECTED {
        let finished = typed(line);
        let sentence = finished.err.trim_end();
        let is_ours = sentence.starts_with("grpc-discover: ") && finished.err.contains(said);
        // One voice: one line, and no full stop.
        let is_one_sentence = sentence.lines().count() == 1 && (!sentence.ends_with('.') || sentence.ends_with('…'));
        if finished.code != 64 || !is_ours || !is_one_sentence || !finished.out.is_empty() {
            wrong.push(format!("{line}\n  expected: {said}\n  printed: {}", finished.all()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[cfg(feature = "consul")]
#[test]
fn a_registry_before_a_name_becomes_its_scheme() {
    for (line, said) in [
        ("probe consul/pay", "invalid character '/' in the host name; write consul:///pay"),
        ("probe consul://pay", "write consul:///pay"),
    ] {
        let finished = typed(line);
        assert!(finished.code == 64 && finished.err.contains(said), "{line}: {}", finished.all());
    }
}

/// The line is accepted: what would be contacted contains the text.
const ACCEPTED: &[(&str, &str)] = &[
    ("127.0.0.1:50051", "127.0.0.1:50051"),
    ("--timeout 3s 127.0.0.1:50051", "127.0.0.1:50051"),
    ("probe :50051", "localhost:50051"),
    ("probe pay.example:50051/", "pay.example:50051"),
    ("probe ::1", "[::1]"),
    ("probe PAY.EXAMPLE:50051", "PAY.EXAMPLE:50051"),
    ("probe dns:pay.example:50051", "dns:///pay.example:50051"),
    ("probe -plaintext -addr 127.0.0.1:50051 -service pay -rpc-header k:v", "127.0.0.1:50051"),
    ("probe -user-agent kube -format text 127.0.0.1:50051", "127.0.0.1:50051"),
    ("probe -vv 127.0.0.1:50051", "127.0.0.1:50051"),
    ("probe discovery:///pay", "pay"),
    ("probe --service a.A --service b.B 127.0.0.1:50051", "127.0.0.1:50051 b.B"),
];

#[test]
fn what_other_tools_accept_is_accepted() {
    for (line, contacted) in ACCEPTED {
        let finished = typed(&format!("{line} --dry-run"));
        assert_eq!(finished.code, 0, "{line}: {}", finished.all());
        assert!(finished.out.contains(contacted), "{line}: {}", finished.out);
    }
}

#[test]
fn a_list_in_the_working_directory_is_recognised() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("r12.json"), "[\"127.0.0.1:1\"]").unwrap();
    let mut command = tool(&["probe", "r12.json"]);
    command.current_dir(directory.path());
    let finished = run_command(command);
    assert_eq!(finished.code, 64, "{}", finished.all());
    assert!(finished.err.contains("a file of this name exists here; write file:r12.json"), "{}", finished.err);
}

#[cfg(feature = "etcd")]
#[test]
fn a_registry_without_its_variable_is_queried_at_its_default_address_with_a_note() {
    let finished = typed("probe etcd:///pay --dry-run");
    assert_eq!(finished.code, 0, "{}", finished.all());
    let note = "note: etcd: ETCDCTL_ENDPOINTS is not set; the default 127.0.0.1:2379 is used";
    assert!(finished.err.contains(note), "{}", finished.err);
    assert_eq!(typed("probe etcd://127.0.0.1:1/pay --dry-run").err, "");
}

#[test]
fn a_key_of_a_service_is_mended() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("c.toml");
    fs::write(&file, "[service.pay]\ntarget = \"127.0.0.1:1\"\n").unwrap();
    let finished = run(&["probe", "pay", "--config", file.to_str().unwrap()]);
    assert_eq!(finished.code, 64, "{}", finished.all());
    assert!(finished.err.contains("did you mean targets?"), "{}", finished.err);
}

#[test]
fn errors_are_json_when_json_is_requested() {
    let finished = run(&["probe", "-o", "json", "bad:abc"]);
    assert_eq!(finished.code, 64, "{}", finished.all());
    let document: serde_json::Value = serde_json::from_str(&finished.out).expect("JSON");
    assert_eq!((&document["schema_version"], &document["exit"]), (&1.into(), &64.into()));
    assert_eq!(document["error"]["code"], "usage");
    assert!(document["error"]["text"].as_str().unwrap().contains("write bad:50051"), "{document}");
    assert!(finished.err.contains("write bad:50051"), "people read it on stderr: {}", finished.err);

    let finished = run(&["watch", "--output=ndjson", "--idel", "5s", "x:1"]);
    let line: serde_json::Value = serde_json::from_str(finished.out.trim_end()).expect("JSON on one line");
    assert_eq!((&line["kind"], &line["seq"], &line["exit"]), (&"error".into(), &1.into(), &64.into()));
}
