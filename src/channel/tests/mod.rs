//! The scenarios of docs/scenarios.md, each test named after its id.

mod balancing;
mod channel_states;
mod endings;
mod first_pass;
mod harness;
mod health_checking;
mod idleness;
mod invariants;
mod random;
mod table;
mod updates;

use std::collections::BTreeSet;

/// The sources with scenarios.
const SOURCES: [&str; 9] = [
    include_str!("balancing.rs"),
    include_str!("channel_states.rs"),
    include_str!("endings.rs"),
    include_str!("first_pass.rs"),
    include_str!("health_checking.rs"),
    include_str!("idleness.rs"),
    include_str!("updates.rs"),
    include_str!("../addresses.rs"),
    concat!(include_str!("../idle.rs"), include_str!("../round_robin.rs")),
];

#[test]
fn the_list_of_scenarios_is_the_list_of_tests() {
    let has_id = |name: &&str| {
        let (letter, rest) = name.split_at(1);
        "tiprghn".contains(letter) && rest.len() > 3 && rest.as_bytes()[..2].iter().all(u8::is_ascii_digit)
    };
    let document = include_str!("../../../docs/scenarios.md");
    let listed: BTreeSet<_> = document.split('`').skip(1).step_by(2).filter(has_id).collect();
    let written: BTreeSet<_> = SOURCES
        .iter()
        .flat_map(|source| source.lines())
        .filter_map(|line| line.trim().strip_prefix("fn ")?.split('(').next())
        .filter(has_id)
        .collect();
    assert_eq!(listed, written);
    assert!(listed.len() > 90, "{}", listed.len());
}
