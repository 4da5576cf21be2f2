use super::*;

#[test]
fn the_definitions_are_consistent() {
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
        Ok(Command::Watch(watch)) => (watch.channel.keep_connected, watch.targets.targets.len()),
        other => panic!("{other:?}"),
    };
    assert_eq!(parse("x watch --keep-connected pay"), (Some(true), 1));
    assert_eq!(parse("x watch --keep-connected=false pay"), (Some(false), 1));
    assert_eq!(parse("x watch pay"), (None, 1));
}

#[test]
fn every_help_text_is_short_and_names_no_feature_that_is_not_there() {
    let command = Cli::definition();
    for sub in command.get_subcommands() {
        for argument in sub.get_arguments() {
            let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
            assert!(!help.is_empty(), "{} {} has no help", sub.get_name(), argument.get_id());
            assert!(help.len() <= 110, "{} {}: {help}", sub.get_name(), argument.get_id());
        }
    }
}
