//! What applies to the targets of every backend, and what is rejected before a backend parses it.

use super::*;

/// The input, its meaning, its printed form.
pub(in crate::backend) type Row = (&'static str, Target, &'static str);

/// The input, the position, and a part of the error.
pub(in crate::backend) type Refused = (&'static str, usize, &'static str);

/// The tests of one backend's targets: its rows, what it rejects, what its errors suggest, and rejected texts with a
/// secret.
macro_rules! target_tests {
    ($table:expr, $refused:expr, $mended:expr, $with_secret:expr) => {
        #[test]
        fn every_form_is_parsed() {
            for (text, target, _) in $table {
                assert_eq!(text.parse::<Target>().as_ref(), Ok(&target), "{text}");
            }
        }

        #[test]
        fn the_canonical_form_means_the_same_target() {
            for (text, target, canonical) in $table {
                assert_eq!(target.to_string(), canonical, "{text}");
                assert_eq!(canonical.parse::<Target>().as_ref(), Ok(&target), "{canonical}");
            }
        }

        #[test]
        fn what_is_not_a_target_is_refused_with_position_and_example() {
            crate::backend::target::tests::refused($refused);
        }

        #[test]
        fn examples_of_errors_are_targets() {
            let mended: &[&str] = $mended;
            for example in mended {
                assert!(example.parse::<Target>().is_ok(), "{example}");
            }
        }

        #[test]
        fn what_may_be_a_secret_is_in_no_part_of_an_error() {
            crate::backend::target::tests::secrets_are_hidden($with_secret);
        }

        #[test]
        fn no_input_panics_and_what_parses_prints_itself() {
            let seeds = $table.into_iter().map(|row| row.0);
            crate::backend::target::tests::noise(seeds.chain($refused.iter().map(|row| row.0)).collect());
        }
    };
}
pub(in crate::backend) use target_tests;

pub(in crate::backend) fn refused(rows: &[Refused]) {
    for (text, position, part) in rows {
        let error = text.parse::<Target>().expect_err(text);
        assert_eq!(error.position, *position, "{text:?}: {error}");
        assert!(error.to_string().contains(part), "{text:?}: {error}");
        assert!(!error.mended.to_string().is_empty(), "{text:?}");
    }
}

/// The secrets in `texts` are `hunter2` and `s3cr3t`.
pub(in crate::backend) fn secrets_are_hidden(texts: &[&str]) {
    for typed in texts {
        let error = typed.parse::<Target>().map(|target| format!("{target}")).expect_err(typed);
        let (shown, debug) = (error.to_string(), format!("{error:?}"));
        for secret in ["hunter2", "s3cr3t"] {
            assert!(!shown.contains(secret) && !debug.contains(secret), "{typed}: {debug}");
        }
        assert!(shown.contains("***") || !debug.contains("hunter"), "{typed}: {shown}");
    }
}

const REFUSED: &[Refused] = &[
    ("", 0, "is empty"),
    (" ", 0, "white space"),
    ("pay ", 3, "white space"),
    ("dns:///pay example", 10, "white space"),
    ("pay\u{0}:80", 3, "invalid control character U+0000"),
    ("pay\u{1b}[31m", 3, "U+001B"),
    ("gopher://x", 0, "supported: dns, srv"),
    ("http://10.0.0.7:50051", 0, "is a URL scheme, not a gRPC target scheme; write 10.0.0.7:50051 --plaintext"),
    ("http://10.0.0.7/x", 0, "write 10.0.0.7:80 --plaintext"),
    ("https://joe@pay.example/v1", 0, "write pay.example --tls on"),
    ("grpc://pay.example:50051", 0, "write pay.example:50051"),
];

fn unsupported(scheme: &str, rest: &str) -> Target {
    Target::Foreign { scheme: scheme.to_string(), rest: rest.to_string() }
}

fn table() -> Vec<Row> {
    vec![
        ("xds:///pay", unsupported("xds", "///pay"), "xds:///pay"),
        ("discovery:///pay", unsupported("discovery", "///pay"), "discovery:///pay"),
        ("vsock:3:50051", unsupported("vsock", "3:50051"), "vsock:3:50051"),
    ]
}

target_tests!(
    table(),
    REFUSED,
    &["pay", "dns:///pay.example:50051"],
    &[
        "authorization: Bearer hunter2",
        "Authorization:Bearer hunter2",
        "authorization:hunter2",
        "x-api-key: hunter2",
        "cookie: session=hunter2",
        "Bearer hunter2",
        "basic hunter2",
        "https://ann:hunter2@pay.example/x",
        "http://pay.example/?token=hunter2",
        "pay ?key=x&token=hunter2",
        "nosuch://ann:hunter2@h/pay?x=hunter2",
        "mysql://joe:hunter2@10.0.0.1/pay",
    ]
);

#[test]
fn the_secrets_of_a_scheme_without_backend_are_hidden() {
    let target = "nacos://joe:hunter2@10.0.0.1:8848/pay?password=s3cr3t".parse::<Target>().unwrap();
    let shown = format!("{target} {target:?}");
    assert!(!shown.contains("hunter2") && !shown.contains("s3cr3t"), "{shown}");
}

#[test]
fn noise_is_refused_with_a_short_message() {
    for noise in [
        "x".repeat(10_000),
        "a.".repeat(5_000),
        "[".repeat(10_000),
        ",".repeat(10_000),
        "dns:///".repeat(2_000),
        "ü".repeat(100_000),
    ] {
        let error = noise.parse::<Target>().unwrap_err();
        assert!(error.to_string().len() < 700, "{error}");
        assert!(error.position <= noise.len());
    }
}

#[test]
fn a_scheme_without_backend_lists_the_supported_ones() {
    let have = ["ip", "file", "dns", "consul"];
    let reason = |text: &str| text.parse::<Target>().unwrap().unsupported(&have).map(|why| why.to_string());
    assert_eq!(
        reason("kubernetes:///pay").as_deref(),
        Some(
            "kubernetes: targets are not supported in this build (no kubernetes backend: build with `--features kubernetes`; supported: consul, dns, file, ip)"
        )
    );
    assert!(
        reason("nacos:///pay")
            .unwrap()
            .contains("nacos: targets are not supported in this build (no nacos backend; supported: ")
    );
    assert!(reason("discovery:///pay").unwrap().contains("targets do not name a registry"));
    assert!(reason("direct:///10.0.0.1:80,10.0.0.2:80").unwrap().ends_with("; write 10.0.0.1:80 10.0.0.2:80"));
    assert_eq!(reason("dns:///pay"), None);
    assert_eq!(reason("pay"), None);
}

#[test]
fn a_backend_that_was_left_out_of_the_build_is_named_with_its_feature() {
    let manifest: toml::Value = toml::from_str(include_str!("../../../Cargo.toml")).unwrap();
    let features = manifest["features"]["all-backends"].as_array().unwrap().iter().filter_map(toml::Value::as_str);
    let optional: Vec<&str> = features.filter(|feature| *feature != "dns").collect();
    assert_eq!(optional, OPTIONAL);
    for backend in optional {
        let reason = format!("{backend}:///pay").parse::<Target>().unwrap().unsupported(&["dns"]).unwrap().to_string();
        let expected = format!("no {backend} backend: build with `--features {backend}`");
        assert!(reason.contains(&expected), "{reason}");
    }
}

#[test]
fn every_backend_answers_the_targets_of_its_schemes_and_no_others() {
    for backend in BACKENDS {
        assert!(!backend.about().schemes.is_empty(), "{}", backend.name());
        for example in backend.about().examples {
            let target: Target = example.target.parse().unwrap();
            assert_eq!(target.backend(), Some(backend.name()), "{}", example.target);
            assert!(backend.answers(&target));
            let canonical = target.to_string();
            let scheme = target.scheme().unwrap();
            assert!(canonical.starts_with(&format!("{scheme}:")), "{canonical}");
            assert!(backend.about().schemes.iter().any(|known| known.name == scheme), "{canonical}");
        }
    }
}

#[test]
fn the_pages_name_every_scheme() {
    let manual = include_str!("../../../docs/grpc-discover.1").replace("\\-", "-");
    for example in examples() {
        assert!(manual.contains(example.target), "{}", example.target);
    }
    let page = include_str!("../../../docs/backends.md");
    for scheme in schemes() {
        assert!(page.contains(&format!("`{}:", scheme.name)), "{}: is not on the page", scheme.name);
    }
}

#[test]
fn a_scheme_has_one_backend() {
    let mut names: Vec<&str> = schemes().map(|scheme| scheme.name).chain(without_backend()).collect();
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all);
    assert!(names.iter().all(|name| *name == name.to_ascii_lowercase()));
    assert!(OPTIONAL.iter().all(|name| names.contains(name)), "each has a scheme of its name");
}

/// Deterministic random numbers: xorshift64*.
struct Noise(u64);

impl Noise {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % limit
    }
}

/// Texts made of `seeds` and of every backend's examples: none panics, each error names a position in the text, and
/// what parses prints itself.
pub(in crate::backend) fn noise(seeds: Vec<&'static str>) {
    const BITS: [&str; 41] = [
        ":",
        "/",
        "//",
        "///",
        "[",
        "]",
        "%",
        "%25",
        "%00",
        "%ff",
        "?",
        "&",
        "=",
        "@",
        ",",
        ".",
        "..",
        "-",
        "0",
        "443",
        "99999",
        "::1",
        "ü",
        "\u{202e}",
        "\u{0}",
        " ",
        "\n",
        "token=x",
        "tag=",
        "dns:",
        "consul:",
        "unix:",
        "+",
        "#",
        "etcd:",
        "zk:",
        "key=",
        "prefix=",
        "layout=kratos",
        "kubernetes:",
        ".svc",
    ];
    let others: Vec<&str> = seeds.iter().copied().chain(examples().map(|example| example.target)).collect();
    let mut noise = Noise(0x9E37_79B9_7F4A_7C15);
    for round in 0..60_000 {
        let mut text: Vec<char> = seeds[round % seeds.len()].chars().collect();
        for _ in 0..=noise.below(4) {
            let at = noise.below(text.len() + 1);
            match noise.below(4) {
                0 => drop(text.splice(at..at, BITS[noise.below(BITS.len())].chars())),
                1 => drop(text.splice(at..text.len().min(at + 1 + noise.below(3)), None)),
                2 => text.truncate(at),
                _ => drop(text.splice(at..at, others[noise.below(others.len())].chars().take(8))),
            }
        }
        let text: String = text.into_iter().collect();
        match text.parse::<Target>() {
            Err(error) => {
                assert!(error.position <= text.len() && text.is_char_boundary(error.position), "{text:?}: {error}");
                assert!(error.to_string().lines().count() == 1, "{error}");
            }
            // It contains a secret, which is not printed.
            Ok(Target::Of(target)) if target.to_string().contains("***") => {}
            Ok(target) => assert_eq!(target.to_string().parse::<Target>().as_ref(), Ok(&target), "{text:?}"),
        }
    }
}
