use super::*;
use crate::backend::target::tests::{Row, target_tests};

fn table() -> Vec<Row> {
    vec![
        ("eureka:///PAY/", EurekaTarget { app: "PAY".to_string(), ..EurekaTarget::default() }.into(), "eureka:///PAY"),
        ("eureka://PAY", EurekaTarget { app: "PAY".to_string(), ..EurekaTarget::default() }.into(), "eureka:///PAY"),
        (
            "eureka://h1:8761/eureka/v2/PAY/",
            EurekaTarget {
                server: Some("h1:8761".to_string()),
                path: Some("/eureka/v2".to_string()),
                user: None,
                app: "PAY".to_string(),
            }
            .into(),
            "eureka://h1:8761/eureka/v2/PAY",
        ),
    ]
}

/// The input, the position, and a part of the error.
const REFUSED: &[(&str, usize, &str)] = &[
    ("eureka:///", 9, "missing application name; write eureka://10.0.0.1:8761/PAY"),
    ("eureka://h1:8761", 9, "missing application name after the server"),
    ("eureka://h1:x/PAY", 12, "\"x\" is not a port number"),
    ("eureka://h1/PAY?x=1", 15, "takes no parameters"),
];

/// The corrected inputs that the errors suggest.
const MENDED: &[&str] = &["eureka://10.0.0.1:8761/PAY"];

/// Rejected, and the error does not repeat the secret.
const WITH_SECRET: &[&str] = &["eureka://ann:hunter2@h:x/pay", "eureka:///pay?secret=hunter2"];

target_tests!(table(), REFUSED, MENDED, WITH_SECRET);

#[test]
fn secrets_are_used_and_never_shown() {
    let target: Target = "eureka://joe:hunt%65r2@10.0.0.1:8761/PAY".parse().unwrap();
    let eureka = target.of::<EurekaTarget>().unwrap();
    assert_eq!(eureka.user.as_ref().map(|(_, password)| password.reveal()), Some("hunter2"));
    assert_eq!(target.to_string(), "eureka://joe:***@10.0.0.1:8761/PAY");
    for text in ["eureka://joe:hunter2@h1/pay", "eureka://joe:hunter2@h1"] {
        let shown = match text.parse::<Target>() {
            Ok(target) => format!("{target} {target:?}"),
            Err(error) => format!("{error} {error:?}"),
        };
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
