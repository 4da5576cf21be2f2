//! The live view of `watch` in a real terminal.

use crate::cause::setup::{Answer, Setup};
use crate::support::tmux::Tmux;
use crate::support::tool::tool;

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 50)];

/// Sixty endpoints: two refuse connections, two are NOT_SERVING.
fn sixty(setup: &Setup) -> (String, Vec<String>) {
    let not_serving = || setup.serves(Answer::Status(2));
    let bad = vec![setup.unused_port(), setup.unused_port(), not_serving(), not_serving()];
    let well: Vec<String> = (0..56).map(|_| setup.healthy()).collect();
    let all: Vec<&str> = well.iter().chain(&bad).map(String::as_str).collect();
    (setup.registry("r60.json", &all), bad)
}

fn lines_with<'a>(text: &'a str, words: &str) -> Vec<&'a str> {
    text.lines().filter(|line| line.contains(words)).collect()
}

/// Waits until the view was drawn again: the ages in it change every second. The first change may be the resize itself.
fn redraws(terminal: &Tmux) {
    for _ in 0..2 {
        let before = terminal.screen();
        terminal.wait_for("another drawing", |screen| screen != before);
    }
}

#[test]
fn the_view_shows_every_bad_endpoint_and_leaves_nothing_behind() {
    let setup = Setup::new();
    let (registry, bad) = sixty(&setup);
    let command = tool(&["watch", "--plaintext", "--utc", &registry]);
    for size in SIZES {
        let Some(terminal) = Tmux::start(&command, size) else { return };
        let is_complete = |screen: &str| screen.contains("56 of 60 serving") && screen.contains("DEGRADED");
        let screen = terminal.wait_for("the verdict", is_complete);
        for address in &bad {
            let rows = lines_with(&screen, address);
            assert!(
                rows.iter().any(|row| row.contains("refused") || row.contains("NOT_SERVING")),
                "{size:?}:\n{screen}"
            );
        }
        let head = lines_with(&screen, "DEGRADED")[0];
        assert!(head.contains("2 connection refused") && head.contains("2 NOT_SERVING"), "{size:?}: {head}");
        assert!(screen.contains("q quit  p pause  r reconnect  c call now  i go idle"), "{size:?}:\n{screen}");

        terminal.press("Enter");
        terminal.resize((60, size.1));
        terminal.wait_for("the narrow view", |screen| lines_with(screen, "DEGRADED").len() == 1);
        redraws(&terminal);
        terminal.resize(size);
        redraws(&terminal);
        let all = terminal.everything();
        for once in ["DEGRADED", "ENDPOINT ", "q quit", "────"] {
            assert_eq!(lines_with(&all, once).len(), 1, "{once} after a resize of {size:?}:\n{all}");
        }

        terminal.press("q");
        terminal.wait_for("the end", |screen| screen.contains("exit 1"));
        let all = terminal.everything();
        assert!(all.contains("watched ") && all.contains(" UTC, "), "{all}");
        assert_eq!(lines_with(&all, "q quit").len(), 0, "{all}");
    }
}

#[test]
fn every_change_stays_in_the_scrollback_and_the_story_names_it() {
    let setup = Setup::new();
    let (stays, goes, comes) = (setup.healthy(), setup.healthy(), setup.healthy());
    let registry = setup.registry("pay.json", &[&stays, &goes]);
    let Some(terminal) = Tmux::start(&tool(&["watch", "--plaintext", "--utc", &registry]), (80, 24)) else { return };
    terminal.wait_for("the verdict", |screen| screen.contains("2 of 2 serving"));
    setup.registry("pay.json", &[&stays, &comes]);
    terminal.wait_for("the change", |screen| screen.contains(&format!("+{comes}  -{goes}")));
    terminal
        .wait_for("the new endpoint", |screen| lines_with(screen, &comes).iter().any(|row| row.contains("SERVING")));
    terminal.press("C-c");
    terminal.wait_for("the end", |screen| screen.contains("exit 130"));
    let all = terminal.everything();
    assert_eq!(
        lines_with(&all, &format!("+{comes}  -{goes}")).len(),
        2,
        "once above the view, once in the story:\n{all}"
    );
    let story = all.split_once("watched ").expect("a story").1;
    assert!(story.lines().next().is_some_and(|line| line.contains(" UTC, 1 change:")), "{all}");
    assert!(story.contains(", READY after"), "{all}");
}
