//! docs/library.md shows the program that the tests build and run.

use std::fs;
use std::path::Path;

const BEGIN: &str = "<!-- tests/library/src/main.rs, written by `UPDATE_DOCS=1 cargo test`: begin -->\n";
const END: &str = "<!-- end -->\n";

#[test]
fn the_page_shows_the_program_that_is_tested() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let program = fs::read_to_string(root.join("tests/library/src/main.rs")).unwrap();
    let path = root.join("docs/library.md");
    let page = fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).expect("the page has the begin marker");
    let (_, after) = rest.split_once(END).expect("the page has the end marker");
    // Not run with the other examples of the page: the library itself does not depend on tonic's channels.
    let expected = format!("{before}{BEGIN}```rust,ignore\n{program}```\n{END}{after}");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, expected).unwrap();
        return;
    }
    assert!(page == expected, "docs/library.md does not show tests/library/src/main.rs: run UPDATE_DOCS=1 cargo test");
}
