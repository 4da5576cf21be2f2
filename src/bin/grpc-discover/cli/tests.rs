use super::*;
use clap::CommandFactory;

#[test]
fn the_definitions_hold_together() {
    Cli::command().debug_assert();
}

#[test]
fn typed_targets_and_headers_never_show_in_debug() {
    let typed = Cli::try_parse_from([
        "grpc-discover",
        "probe",
        "-H",
        "authorization: Bearer sesame",
        "consul://user:sesame@127.0.0.1/pay?token=sesame",
    ])
    .expect("valid");
    let shown = format!("{typed:?}");
    assert!(!shown.contains("sesame"), "{shown}");
}

#[test]
fn keep_connected_takes_its_value_with_an_equals_sign_only() {
    let parse = |line: &str| match Cli::try_parse_from(line.split_whitespace()).map(|cli| cli.command) {
        Ok(Command::Watch(watch)) => (watch.channel.keep_connected, watch.own.targets.targets.len()),
        other => panic!("{other:?}"),
    };
    assert_eq!(parse("x watch --keep-connected pay"), (Some(true), 1));
    assert_eq!(parse("x watch --keep-connected=false pay"), (Some(false), 1));
    assert_eq!(parse("x watch pay"), (None, 1));
}

#[test]
fn every_help_text_is_short_and_names_no_feature_that_is_not_there() {
    let command = Cli::command();
    for sub in command.get_subcommands() {
        for argument in sub.get_arguments() {
            let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
            assert!(!help.is_empty(), "{} {} has no help", sub.get_name(), argument.get_id());
            assert!(help.len() <= 110, "{} {}: {help}", sub.get_name(), argument.get_id());
        }
    }
}

fn parsed(line: &str) -> String {
    let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
    match parse(words) {
        Ok(cli) => format!("{:?}", cli.command),
        Err(error) => error.render().to_string(),
    }
}

/// As clap understands it with every definition at hand.
fn parsed_whole(line: &str) -> String {
    match Cli::try_parse_from(line.split_whitespace()) {
        Ok(cli) => format!("{:?}", cli.command),
        Err(error) => error.render().to_string(),
    }
}

#[test]
fn a_lean_definition_understands_what_the_whole_one_does() {
    for line in [
        "x probe --plaintext 127.0.0.1:1 -o ndjson",
        "x probe",
        "x probe -qk4 --tag=a,b --tag c pay",
        "x probe -4 -6 pay",
        "x probe -6 -4 pay",
        "x probe -ojson -c9 pay",
        "x probe -H k:v -Hauthorization:x pay --idle 30s",
        "x probe -- --plaintext",
        "x probe --service --plaintext pay",
        "x probe --service=--plaintext pay",
        "x probe --tls-ca-cert ca.pem pay",
        "x probe --nonsense pay",
        "x probe --concurrency 0 pay",
        "x probe -z pay",
        "x probe -1 pay",
        "x probe --help",
        "x probe -h",
        "x probe --expect 10.0.0.1:1,10.0.0.2:2 --min-ready 50% pay",
        "x resolve",
        "x resolve pay --for 5s",
        "x resolve --watch --for 5s pay",
        "x resolve --plaintext pay",
        "x watch --until ready --keep-connected pay --lb pick_first",
        "x watch --keep-connected=false --config f pay",
        "x watch -v -v pay",
        "x watch --concurrency 3 pay",
        "x explain GD201",
        "x --version",
        "x nonsense",
        "x",
    ] {
        assert_eq!(parsed(line), parsed_whole(line), "{line}");
    }
}
