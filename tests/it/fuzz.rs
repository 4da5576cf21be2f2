//! Every parser and decoder of external bytes, on seeded mutations of its seeds (fuzz/seeds): none panics, and none
//! takes time or memory out of proportion. `cargo fuzz` runs the same list without end (fuzz/README.md).

use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use grpc_discover::fuzzing::{Mutator, PARSERS};

use crate::fault::every_fault;
use crate::support::tool::{after, run_command};

/// This many inputs for each parser, and this many with GRPC_DISCOVER_TEST_ALL_FAULTS=1.
const INPUTS: usize = 3_000;
const MANY: usize = 50_000;
/// Inputs have up to 64 KiB; a build without optimization reads them in milliseconds.
const SLOW: Duration = Duration::from_secs(2);
/// Address space of the process, in KiB: most of it is for the binary and its libraries.
const MEMORY: &str = "ulimit -v 1500000";

fn seeds(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(name);
    let listed = fs::read_dir(&folder).unwrap_or_else(|why| panic!("{}: {why}", folder.display()));
    let mut files: Vec<PathBuf> = listed.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

/// The input in a printable form: the test prints it, so that it can become a seed.
fn shown(input: &[u8]) -> String {
    let start = &input[..input.len().min(2_000)];
    format!("{} bytes: {}", input.len(), start.escape_ascii())
}

#[test]
fn every_parser_has_seeds_and_every_seed_a_parser() {
    for (name, _) in PARSERS {
        assert!(!seeds(name).is_empty(), "fuzz/seeds/{name} is empty");
    }
    let folders = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds")).unwrap();
    for folder in folders.map(|folder| folder.unwrap().file_name()) {
        assert!(PARSERS.iter().any(|(name, _)| *name == folder.to_str().unwrap()), "{folder:?} belongs to no parser");
    }
}

/// Runs in a separate process, whose memory is limited.
#[test]
#[ignore = "run by no_input_makes_a_parser_panic_or_grow"]
fn walk() {
    let mut failed = Vec::new();
    let count = if every_fault() { MANY } else { INPUTS };
    for (at, (name, parse)) in PARSERS.iter().enumerate() {
        let seeds = seeds(name);
        let mut mutator = Mutator::new(at as u64);
        let mutated = std::iter::repeat_with(|| mutator.input(&seeds)).take(count);
        for input in seeds.clone().into_iter().chain(mutated) {
            let started_at = Instant::now();
            let panicked = catch_unwind(|| parse(&input)).is_err();
            let took = started_at.elapsed();
            if panicked || took > SLOW {
                let what = if panicked { "panics".to_string() } else { format!("takes {took:?}") };
                failed.push(format!("{name} {what}: {}", shown(&input)));
                break;
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn no_input_makes_a_parser_panic_or_grow() {
    let mut walk = Command::new(std::env::current_exe().unwrap());
    walk.args(["fuzz::walk", "--exact", "--ignored", "--nocapture", "--test-threads=1"]);
    let finished = run_command(if cfg!(target_os = "linux") { after(MEMORY, &walk) } else { walk });
    assert!(finished.code == 0 && finished.out.contains("1 passed"), "{}", finished.all());
}
