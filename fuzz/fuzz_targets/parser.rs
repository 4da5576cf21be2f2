//! One parser of the library's list, named by PARSER; without it the first byte of the input selects one.
#![no_main]

use std::sync::LazyLock;

use grpc_discover::fuzzing::PARSERS;
use libfuzzer_sys::fuzz_target;

static CHOSEN: LazyLock<Option<fn(&[u8])>> = LazyLock::new(|| {
    let name = std::env::var("PARSER").ok()?;
    let known = PARSERS.iter().find(|(known, _)| *known == name);
    Some(known.unwrap_or_else(|| panic!("unknown parser {name:?}")).1)
});

fuzz_target!(|bytes: &[u8]| match (*CHOSEN, bytes) {
    (Some(parse), bytes) => parse(bytes),
    (None, [first, rest @ ..]) => PARSERS[usize::from(*first) % PARSERS.len()].1(rest),
    (None, []) => {}
});
