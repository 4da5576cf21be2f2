//! Real servers that `tests/run` provides and names in the environment.

use std::env;
use std::path::PathBuf;

/// The path in `variable`. Without it the caller's test is left out, which is reported on stderr; with `CI=true`
/// nothing may be left out.
#[expect(clippy::print_stderr, reason = "what is skipped must be reported")]
pub fn provided(variable: &str) -> Option<PathBuf> {
    match env::var_os(variable).filter(|path| !path.is_empty()) {
        Some(path) => Some(PathBuf::from(path)),
        None if env::var("CI").is_ok_and(|ci| !ci.is_empty() && ci != "false") => {
            panic!("{variable} is not set, and nothing may be left out when CI is: run tests/run")
        }
        None => {
            eprintln!("left out: {variable} is not set (tests/run provides it)");
            None
        }
    }
}
