use super::*;

fn parse(text: &str) -> Result<Config, String> {
    Config::parse(text, Path::new("c.toml")).map_err(|error| error.0)
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
    assert_eq!(config.defaults["connect-timeout"], [Hidden("2".into())]);
    assert_eq!(config.defaults["tag"], [Hidden("a".into()), Hidden("b".into())]);
    assert_eq!(config.services["pay"].targets, [Hidden("consul:///pay".into())]);
    assert_eq!(config.services["pay"].flags["min-ready"], [Hidden("50%".into())]);
    assert_eq!(config.profiles["prod"]["plaintext"], [Hidden("true".into())]);
}

#[test]
fn what_is_not_understood_is_named_with_its_place() {
    for (text, said) in [
        ("[default]\n", "config c.toml: [default] is not understood; did you mean defaults?"),
        ("[defaults]\nidel = 3\n", "config c.toml: defaults.idel is no flag; did you mean idle?"),
        ("[defaults]\nconfig = \"x\"\n", "defaults.config is no flag"),
        ("[service]\npay = 3\n", "service.pay is no table; write [service.pay]"),
        ("[service.pay]\ntargets = [[]]\n", "service.pay.targets is a array"),
        ("\n\n[defaults\n", "config c.toml: line 3: "),
        ("a = 1\na = 2\n", "line 2: "),
    ] {
        let error = parse(text).expect_err(text);
        assert!(error.contains(said), "{text}: {error}");
    }
}

#[test]
fn the_example_is_valid_and_every_commented_line_of_it_too() {
    parse(EXAMPLE).expect("the example as written");
    let active: String = EXAMPLE
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
        Some("/home/me/.config/grpc-discover/config.toml") => Ok("[service.home]\n".to_string()),
        Some("./.grpc-discover.toml") => Ok("[service.here]\n".to_string()),
        _ => Err(io::Error::from(io::ErrorKind::NotFound)),
    };
    let config = Config::load(None, &env, &read).expect("valid");
    assert!(config.services.contains_key("here"));

    let only_home =
        |path: &Path| if path.starts_with("/home") { read(path) } else { Err(io::ErrorKind::NotFound.into()) };
    let config = Config::load(None, &env, &only_home).expect("valid");
    assert!(config.services.contains_key("home"));
}

#[test]
fn without_a_file_the_places_are_kept_and_a_named_file_must_be_there() {
    let missing = |_: &Path| -> io::Result<String> { Err(io::ErrorKind::NotFound.into()) };
    let config = Config::load(None, &nothing, &missing).expect("no file is fine");
    assert_eq!(config.looked_for, [PathBuf::from("./.grpc-discover.toml")]);
    let error = Config::load(Some(Path::new("/no/such.toml")), &nothing, &missing).expect_err("named");
    assert!(error.0.starts_with("config /no/such.toml: cannot be read"), "{error}");
}

#[test]
fn a_file_that_nobody_named_and_that_cannot_be_read_counts_as_none() {
    let env = |name: &str| (name == "HOME").then(|| "/root".to_string());
    for kind in [
        io::ErrorKind::PermissionDenied,
        io::ErrorKind::NotADirectory,
        io::ErrorKind::IsADirectory,
        io::ErrorKind::Other,
    ] {
        let denied = |path: &Path| -> io::Result<String> {
            Err(if path.starts_with("/root") { kind.into() } else { io::ErrorKind::NotFound.into() })
        };
        let config = Config::load(None, &env, &denied).unwrap_or_else(|error| panic!("{kind}: {error}"));
        assert_eq!(config.path, None);
        assert_eq!(config.unread.len(), usize::from(kind != io::ErrorKind::NotADirectory), "{kind}");
        let named = |name: &str| (name == "GRPC_DISCOVER_CONFIG").then(|| "/root/c.toml".to_string());
        let error = Config::load(None, &named, &denied).expect_err("named");
        assert!(error.0.starts_with("GRPC_DISCOVER_CONFIG /root/c.toml: cannot be read"), "{error}");
    }
}

#[test]
fn a_token_in_a_target_never_shows_in_debug() {
    let config =
        parse("[service.pay]\ntargets = [\"consul:///pay?token=sesame\"]\nheader = \"a: sesame\"\n").expect("valid");
    assert!(!format!("{config:?}").contains("sesame"));
}
