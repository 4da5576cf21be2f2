//! What `--as` names, and the invariants of the slice.

use std::collections::BTreeSet;

use super::super::select::Version;
use super::*;

fn found(text: &str) -> Vec<String> {
    find(text).unwrap().iter().map(|kind| kind.label()).collect()
}

#[test]
fn a_name_means_every_range_and_a_version_the_range_that_holds_it() {
    assert!(found("kratos").len() > 4);
    assert_eq!(found("kratos@2.7.2"), ["kratos 2.5.4 to 2.7.2"]);
    assert_eq!(found("kratos@2.6.3"), ["kratos 2.5.4 to 2.7.2"]);
    assert_eq!(found("kratos@v2.6"), ["kratos 2.5.4 to 2.7.2"]);
    assert_eq!(found("kratos@2.8.3"), ["kratos 2.8.3"]);
    assert_eq!(found("kratos@3"), ["kratos 2.8.4 to 3.0.0"]);
    assert_eq!(found("kratos@2.10.0"), ["kratos 2.8.4 to 3.0.0"], "numbers are compared, not letters");
    assert_eq!(found("all").len(), LENSES.len());
}

#[test]
fn what_there_is_not_is_named_with_what_there_is() {
    let error = |text: &str| find(text).unwrap_err().to_string();
    assert_eq!(
        error("kratos@9.1"),
        "lens \"kratos@9.1\": unknown version 9.1 of kratos (known ranges: 2.1.4 to 2.5.3, 2.5.4 to 2.7.2, 2.7.3 to 2.8.0, 2.8.1 to 2.8.2, 2.8.3, 2.8.4 to 3.0.0)"
    );
    let unknown = error("krato@2.7.2");
    assert!(unknown.starts_with("lens \"krato@2.7.2\": unknown client \"krato\" (supported: kratos, "), "{unknown}");
    assert!(unknown.ends_with(", all)"), "{unknown}");
    for text in ["kratos@", "kratos@new", "kratos@2..7", "kratos@2.7.2-rc1", "kratos@+2.7", "kratos@99999999999"] {
        let message = error(text);
        assert!(message.contains("after @: use numbers and dots"), "{message}");
    }
    assert_eq!(
        error("grpc-go@1.83"),
        "lens \"grpc-go@1.83\": the versions of grpc-go are not distinguished: write grpc-go"
    );
    assert!(find("").is_err() && find("ALL").is_err() && find("@").is_err());
}

#[test]
fn every_lens_can_be_named_alone_and_has_a_description() {
    let names: BTreeSet<String> = LENSES.iter().map(|kind| kind.as_name()).collect();
    assert_eq!(names.len(), LENSES.len());
    for kind in LENSES {
        assert!(std::ptr::eq(find(&kind.as_name()).unwrap()[0], *kind), "{}", kind.as_name());
        assert_eq!(find(&kind.as_name()).unwrap().len(), 1, "{}", kind.as_name());
        for text in [kind.name, kind.rule, kind.remedy] {
            assert!(
                !text.is_empty() && text.trim() == text && !text.ends_with('.') && !text.contains('\n'),
                "{text:?}"
            );
        }
        assert!(kind.rule.starts_with(|c: char| !c.is_uppercase()), "{}", kind.rule);
        assert!(
            !kind.links.is_empty() && kind.links.iter().all(|link| link.starts_with("https://")),
            "{}",
            kind.label()
        );
        assert!(kind.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{}", kind.name);
    }
    assert_eq!(
        super::super::names().len(),
        super::super::names().iter().collect::<BTreeSet<_>>().len(),
        "names stand together"
    );
}

#[test]
fn the_ranges_of_one_stack_ascend_and_do_not_overlap() {
    for name in super::super::names() {
        let kinds = find(name).unwrap();
        let mut last: Option<Version> = None;
        for kind in &kinds {
            let Some((first, end)) = kind.versions else {
                assert_eq!(kinds.len(), 1, "{name} has a lens without versions beside others");
                continue;
            };
            let (first, end) = (Version::parse(first).unwrap(), Version::parse(end).unwrap());
            assert!(first <= end, "{}", kind.label());
            assert!(last.as_ref().is_none_or(|last| *last < first), "{}", kind.label());
            last = Some(end);
        }
    }
}
