use grpc_discover::backend::Settings;

use super::*;

fn parse(text: &str) -> Result<Config, String> {
    Config::parse(text, Path::new("c.toml"), Trust::Full).map_err(|error| error.to_string())
}

fn document(text: &str) -> io::Result<Document> {
    Ok(Document { text: text.to_string(), distrust: None })
}

fn nothing(_: &str) -> Option<String> {
    None
}

#[test]
fn services_defaults_and_profiles_are_read() {
    let config = parse(
        "[defaults]\nconnect-timeout = 2\ntag = [\"a\", \"b\"]\n\
         [service.pay]\ntargets = [\"consul:///pay\"]\nmin-ready = \"50%\"\n[profile.prod]\nplaintext = true\n",
    )
    .expect("valid");
    assert_eq!(config.defaults["connect-timeout"], [Redacted("2".into())]);
    assert_eq!(config.defaults["tag"], [Redacted("a".into()), Redacted("b".into())]);
    assert_eq!(config.services["pay"].targets, [Redacted("consul:///pay".into())]);
    assert_eq!(config.services["pay"].flags["min-ready"], [Redacted("50%".into())]);
    assert_eq!(config.profiles["prod"]["plaintext"], [Redacted("true".into())]);
}

#[test]
fn what_is_not_understood_is_named_with_its_place() {
    for (text, expected) in [
        (
            "[default]\n",
            "config c.toml: unknown section [default] (expected [defaults], [service.NAME] or [profile.NAME]); did you mean defaults?",
        ),
        (
            "[defaults]\nidel = 3\n",
            "config c.toml: unknown setting defaults.idel (`grpc-discover probe --help` lists all settings); did you mean idle?",
        ),
        ("[defaults]\nconfig = \"x\"\n", "unknown setting defaults.config ("),
        ("[service]\npay = 3\n", "service.pay must be a table; write [service.pay]"),
        (
            "[service.pay]\ntargets = [[]]\n",
            "service.pay.targets: expected a string, a number, true or false, got array",
        ),
        ("\n\n[defaults\n", "config c.toml: line 3: "),
        ("a = 1\na = 2\n", "line 2: "),
    ] {
        let error = parse(text).expect_err(text);
        assert!(error.contains(expected), "{text}: {error}");
    }
}

#[test]
fn the_example_is_valid_and_every_commented_line_of_it_too() {
    parse(&example(&Settings::default())).expect("the example as written");
    let active: String = example(&Settings::default())
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(rest) if rest.starts_with('[') || rest.split('#').next().is_some_and(|code| code.contains(" = ")) => {
                rest
            }
            _ => line,
        })
        .map(|line| format!("{line}\n"))
        .collect();
    let config = parse(&active).expect("the example with its comments taken away");
    assert_eq!(config.services["pay"].targets.len(), 2);
    assert!(config.profiles.contains_key("prod") && config.defaults.contains_key("dns-server"));
}

#[test]
fn the_working_directory_comes_before_the_home_directory() {
    let env = |name: &str| (name == "HOME").then(|| "/home/me".to_string());
    let read = |path: &Path| match path.to_str() {
        Some("/home/me/.config/grpc-discover/config.toml") => document("[service.home]\n"),
        Some("./.grpc-discover.toml") => document("[service.here]\n"),
        _ => Err(io::Error::from(io::ErrorKind::NotFound)),
    };
    let config = Config::load(Choice::Unspecified, &env, &read).expect("valid");
    assert!(config.services.contains_key("here"));

    let only_home =
        |path: &Path| if path.starts_with("/home") { read(path) } else { Err(io::ErrorKind::NotFound.into()) };
    let config = Config::load(Choice::Unspecified, &env, &only_home).expect("valid");
    assert!(config.services.contains_key("home"));
}

#[test]
fn without_a_file_the_places_are_kept_and_a_named_file_must_be_there() {
    let missing = |_: &Path| -> io::Result<Document> { Err(io::ErrorKind::NotFound.into()) };
    let config = Config::load(Choice::Unspecified, &nothing, &missing).expect("no file is fine");
    assert_eq!(config.searched, [PathBuf::from("./.grpc-discover.toml")]);
    let error = Config::load(Choice::Named(Path::new("/no/such.toml")), &nothing, &missing).expect_err("named");
    assert!(error.to_string().starts_with("failed to read config /no/such.toml: "), "{error}");
    assert!(matches!(error, ConfigError::Unreadable { source, .. } if source.kind() == io::ErrorKind::NotFound));
}

#[test]
fn a_file_that_was_not_named_and_that_cannot_be_read_counts_as_none() {
    let env = |name: &str| (name == "HOME").then(|| "/root".to_string());
    for kind in [
        io::ErrorKind::PermissionDenied,
        io::ErrorKind::NotADirectory,
        io::ErrorKind::IsADirectory,
        io::ErrorKind::Other,
    ] {
        let denied = |path: &Path| -> io::Result<Document> {
            Err(if path.starts_with("/root") { kind.into() } else { io::ErrorKind::NotFound.into() })
        };
        let config = Config::load(Choice::Unspecified, &env, &denied).unwrap_or_else(|error| panic!("{kind}: {error}"));
        assert_eq!(config.path, None);
        assert_eq!(config.unread.len(), usize::from(kind != io::ErrorKind::NotADirectory), "{kind}");
        let named = |name: &str| (name == "GRPC_DISCOVER_CONFIG").then(|| "/root/c.toml".to_string());
        let error = Config::load(Choice::Unspecified, &named, &denied).expect_err("named");
        assert!(error.to_string().starts_with("failed to read GRPC_DISCOVER_CONFIG /root/c.toml: "), "{error}");
    }
}

#[test]
fn a_token_in_a_target_never_shows_in_debug() {
    let config =
        parse("[service.pay]\ntargets = [\"consul:///pay?token=sesame\"]\nheader = \"a: sesame\"\n").expect("valid");
    assert!(!format!("{config:?}").contains("sesame"));
}

#[test]
fn of_a_found_file_targets_and_harmless_flags_count_and_the_rest_is_named_once() {
    let text = "[defaults]\nconnect-timeout = \"2s\"\nfail-on = \"never\"\ntoken-file = \"/etc/shadow\"\n\
                [service.pay]\ntargets = [\"consul:///pay\"]\nservice = \"pay.v1.Pay\"\nfail-on = \"never\"\n";
    let found = Config::parse(text, Path::new("./c.toml"), Trust::Found).expect("valid");
    assert_eq!(found.defaults.keys().collect::<Vec<_>>(), ["connect-timeout"]);
    assert_eq!(found.services["pay"].flags.keys().collect::<Vec<_>>(), ["service"]);
    assert_eq!(found.services["pay"].targets.len(), 1);
    assert_eq!(
        found.left_out,
        [
            "./c.toml: fail-on and token-file are ignored because the file was found in the working directory; to use all of it, pass --config ./c.toml"
        ]
    );
    let named = Config::parse(text, Path::new("./c.toml"), Trust::Full).expect("valid");
    assert_eq!((named.defaults.len(), named.left_out.len()), (3, 0));
}

#[test]
fn every_flag_that_a_found_file_may_set_is_here() {
    let reader = ConfigReader::new(Trust::Found);
    let counts: Vec<&str> = reader.flags.iter().filter(|(_, counts)| **counts).map(|(flag, _)| flag.as_str()).collect();
    assert_eq!(
        counts,
        [
            "as",
            "client-health",
            "color",
            "connect-timeout",
            "keepalive-time",
            "keepalive-timeout",
            "keepalive-without-calls",
            "output",
            "rate",
            "resolve-timeout",
            "rpc-timeout",
            "service",
            "timeout",
            "utc",
            "verbose",
        ]
    );
}

#[test]
fn no_config_and_an_empty_variable_switch_the_file_off() {
    let read = |_: &Path| document("[service.here]\ntargets = [\"a:1\"]\n");
    let empty = |name: &str| (name == "GRPC_DISCOVER_CONFIG").then(String::new);
    let set = |name: &str| (name == "GRPC_DISCOVER_CONFIG").then(|| "c.toml".to_string());
    for (choice, env, services) in [
        (Choice::None, &set as &dyn Fn(&str) -> Option<String>, 0),
        (Choice::Unspecified, &empty, 0),
        (Choice::Unspecified, &set, 1),
        (Choice::Unspecified, &nothing, 1),
        (Choice::Named(Path::new("c.toml")), &empty, 1),
        (Choice::Named(Path::new("/dev/null")), &nothing, 0),
    ] {
        let config = Config::load(choice, env, &read).expect("valid");
        assert_eq!(config.services.len(), services, "{choice:?}");
    }
}

#[test]
fn a_found_file_of_another_user_is_skipped_for_the_users_own() {
    let env = |name: &str| (name == "HOME").then(|| "/home/me".to_string());
    let read = |path: &Path| match path.starts_with("/home") {
        true => document("[service.home]\n"),
        false => {
            Ok(Document { text: "not TOML".to_string(), distrust: Some(Distrust::Owner { what: "it", owner: 65534 }) })
        }
    };
    let config = Config::load(Choice::Unspecified, &env, &read).expect("valid");
    assert!(config.services.contains_key("home"));
    assert_eq!(
        config.left_out,
        [
            "./.grpc-discover.toml is ignored: it belongs to another user (65534); if you trust it, use --config ./.grpc-discover.toml"
        ]
    );
    // A file that was named explicitly is used, also when it belongs to another user.
    let theirs =
        |_: &Path| Ok(Document { distrust: Some(Distrust::Owner { what: "it", owner: 1 }), ..Document::default() });
    assert!(Config::load(Choice::Named(Path::new("c.toml")), &env, &theirs).expect("valid").path.is_some());
}

#[test]
fn names_out_of_a_file_are_printed_escaped() {
    for text in ["[\"\\u001b[2J\"]\n", "[defaults]\n\"\\u001b[2Jz\" = 1\n", "[service.\"\\u001b[2J\"]\nx = 1\n"] {
        let error = parse(text).expect_err(text);
        assert!(error.contains("\\u{1b}[2J") && !error.contains('\u{1b}'), "{error:?}");
    }
}

#[cfg(feature = "fuzzing")]
#[test]
fn no_text_makes_the_parser_panic_or_wait() {
    let seeds = [
        example(&Settings::default()).as_bytes().to_vec(),
        b"[service.pay]\ntargets = [\"consul:///pay\"]\nidle = \"5s\"\n".to_vec(),
    ];
    let mut mutator = grpc_discover::fuzzing::Mutator::new(0);
    for _ in 0..3_000 {
        let input = mutator.input(&seeds);
        let started_at = std::time::Instant::now();
        let _ = parse(&String::from_utf8_lossy(&input));
        assert!(started_at.elapsed().as_secs() < 2, "{}", input.escape_ascii());
    }
}
