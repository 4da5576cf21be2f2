//! What a person sees on a terminal: the report fits it, no line is broken inside a word, and nothing bad is missing.

use crate::cause::setup::{Answer, Setup};
use crate::support::terminal::{Shown, run_on_terminal};
use crate::support::tool::tool;

/// Terminals on which the report is read.
const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 50)];

/// Twelve endpoints: two refuse connections, and one is NOT_SERVING.
fn twelve(setup: &Setup) -> (String, Vec<String>) {
    let bad = vec![setup.unused_port(), setup.unused_port(), setup.serves(Answer::Status(2))];
    let well: Vec<String> = (0..9).map(|_| setup.healthy()).collect();
    let all: Vec<&str> = well.iter().chain(&bad).map(String::as_str).collect();
    (setup.registry("r12.json", &all), bad)
}

fn fits(shown: &Shown, what: &str) {
    assert_eq!(shown.broken, Vec::<String>::new(), "{what}: {:#?}", shown.lines);
}

/// The text without its line breaks.
fn unwrapped(lines: &[String]) -> String {
    lines.join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_probe_shows_its_verdict_and_every_bad_endpoint_on_each_screen() {
    let setup = Setup::new();
    let (registry, bad) = twelve(&setup);
    for (columns, rows) in SIZES {
        let shown = run_on_terminal(&tool(&["probe", &registry]), (columns, rows));
        let what = format!("{columns}x{rows}");
        fits(&shown, &what);
        assert_eq!(shown.code, 1, "{what}: {:#?}", shown.lines);
        // One more line is the command that was typed.
        let screen = shown.screen(usize::from(rows) - 1).join("\n");
        let words = unwrapped(shown.screen(usize::from(rows) - 1));
        assert!(words.contains("9 of 12 healthy; 2 refuse connections, 1 NOT_SERVING"), "{what}:\n{screen}");
        for address in &bad {
            assert!(screen.contains(address.as_str()), "{what}: {address}:\n{screen}");
        }
        assert!(screen.contains("critical GD201  2 refuse connections: "), "{what}:\n{screen}");
        assert_eq!(screen.matches("    do: ").count(), 2, "{what}:\n{screen}");
    }
}

#[test]
fn a_report_that_is_longer_than_the_screen_ends_with_the_verdict() {
    let setup = Setup::new();
    let (registry, _) = twelve(&setup);
    let shown = run_on_terminal(&tool(&["probe", "-o", "wide", &registry]), (200, 12));
    let headline = "9 of 12 healthy; 2 refuse connections, 1 NOT_SERVING";
    assert!(shown.lines.last().unwrap().contains(headline), "{:#?}", shown.lines);
    assert!(shown.lines[0].contains(headline), "{:#?}", shown.lines);
}

#[test]
fn a_resolve_fits_a_narrow_terminal() {
    let setup = Setup::new();
    let name = format!("{}.example:50051", "very-long-name-".repeat(5));
    let registry = setup.registry("pay.json", &[&name, "127.0.0.1:50051"]);
    let shown = run_on_terminal(&tool(&["resolve", &registry]), (80, 24));
    fits(&shown, "resolve");
    assert!(shown.lines.iter().any(|line| line.contains('…') && line.contains("example:50051")), "{:#?}", shown.lines);
}

#[test]
fn the_demo_fits_one_screen_and_explains_the_bug_there() {
    let shown = run_on_terminal(&tool(&["demo", "--idle", "1s"]), (80, 40));
    fits(&shown, "demo");
    assert!(shown.lines.len() <= 38, "{} lines:\n{}", shown.lines.len(), shown.lines.join("\n"));
    let screen = unwrapped(&shown.lines);
    for fact in [
        "2 endpoints removed and 2 added while the channel was idle",
        "this channel followed",
        "clients of kratos 2.5.4 to 2.7.2 would be stale",
        "last connection error",
        "until it is restarted",
    ] {
        assert!(screen.contains(fact), "{fact}:\n{}", shown.lines.join("\n"));
    }
}
