use super::*;
use crate::backend::target::tests::{Row, target_tests};

fn consul(service: &str) -> ConsulTarget {
    ConsulTarget { service: service.to_string(), ..ConsulTarget::default() }
}

fn table() -> Vec<Row> {
    vec![
        ("consul:///pay", consul("pay").into(), "consul:///pay"),
        ("consul:pay", consul("pay").into(), "consul:///pay"),
        (
            "consul://127.0.0.1:8500/my%20pay/?healthy=true&tag=a%2Bb&tag=c+d&dc=eu&near=_agent&ns=team&partition=p&wait=5s",
            ConsulTarget {
                agent: Some("127.0.0.1:8500".into()),
                tags: vec!["a+b".into(), "c d".into()],
                dc: Some("eu".into()),
                near: Some("_agent".into()),
                passing_only: true,
                namespace: Some("team".into()),
                partition: Some("p".into()),
                ..consul("my pay")
            }
            .into(),
            "consul://127.0.0.1:8500/my%20pay?tag=a%2Bb&tag=c%20d&dc=eu&near=_agent&healthy=true&ns=team&partition=p",
        ),
    ]
}

/// The input, the position, and a part of the error.
const REFUSED: &[(&str, usize, &str)] = &[
    ("consul://:8500/", 9, "missing host name"),
    ("consul://127.0.0.1:8500/", 24, "missing service name; write consul:///pay"),
    ("consul:///", 10, "missing service name"),
    ("consul://pay", 9, "write consul:///pay"),
    ("consul:///pay?colour=red", 14, "unknown parameter \"colour\" (supported: tag, dc"),
    ("consul:///pay?dc=a&dc=b", 19, "dc is given twice"),
    ("consul:///pay?healthy=maybe", 22, "true or false"),
    ("consul:///p%zz", 11, "two hex digits"),
    ("consul:///p%ff", 10, "not valid UTF-8"),
    ("consul:///p%0ay", 10, "control character"),
    ("consol:///pay", 0, "unknown scheme \"consol\" (similar: consul:)"),
];

/// The corrected inputs that the errors suggest.
const MENDED: &[&str] = &["consul:///pay?tag=v1"];

/// Rejected, and the error does not repeat the secret.
const WITH_SECRET: &[&str] = &[
    "consul://127.0.0.1:8500/pay?tokn=hunter2",
    "consul:///pay?tagg=a&tokn=hunter2",
    "consul:///pay?token=hunter2&token=hunter2",
    "consul:///pay?healthy=maybe&token=hunter2",
    "consul://ann:hunter2@h:port/pay",
    "consul://ann:hunter2@",
    "consul://ann:hunter2@h",
    "consul://joe:hunter2@10.0.0.1:8500/pay?token=s3cr3t&healthy=no",
    "consul://joe:hunter2@10.0.0.1:99999/pay?token=s3cr3t",
    "consul:///pay?token=hunter2%zz&x=1",
    "consul:///pay?Token=hunter2",
    "consul://joe:hunter2@pay",
];

target_tests!(table(), REFUSED, MENDED, WITH_SECRET);

#[test]
fn secrets_are_used_and_never_shown() {
    let target: Target = "consul://joe:hunter2@10.0.0.1:8500/pay?token=s3cr3t&dc=eu".parse().unwrap();
    let consul = target.of::<ConsulTarget>().unwrap();
    assert_eq!(consul.token.as_ref().unwrap().reveal(), "s3cr3t");
    assert_eq!(consul.user.as_ref().unwrap().1.reveal(), "hunter2");
    assert_eq!(target.to_string(), "consul://joe:***@10.0.0.1:8500/pay?dc=eu&token=***");
    assert!(!format!("{target:?}").contains("hunter2") && !format!("{target:?}").contains("s3cr3t"));
    let odd: Target = "consul://[::1]:hunter2@x/pay".parse().unwrap();
    assert!(!format!("{odd} {odd:?}").contains("hunter2"), "{odd}");
}

#[test]
fn what_a_target_may_hide_is_known_before_it_is_printed() {
    for typed in ["consul://hunter2@h/pay", "consul://h/pay?token=hunter2"] {
        assert!(Target::may_show_a_secret(typed), "{typed}");
        assert!(!typed.parse::<Target>().expect(typed).to_string().contains("hunter2"), "{typed}");
    }
    assert!(!Target::may_show_a_secret("consul://h/pay?tag=a@b&dc=x"));
}

#[test]
fn what_is_not_a_secret_stays_readable() {
    for (typed, part) in [("consul:///pay?tag=v1&nr=2", "tag=v1"), ("consul:///pay?healthy=maybe", "maybe")] {
        let error = typed.parse::<Target>().expect_err(typed).to_string();
        assert!(error.contains(part), "{typed}: {error}");
    }
}
