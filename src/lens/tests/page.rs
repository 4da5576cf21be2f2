//! docs/lenses.md, written from the slice.

use std::fmt::Write as _;

use super::*;

const HEAD: &str = "\
# Lenses

Written from `LENSES` in `src/lens/mod.rs` (`UPDATE_DOCS=1 cargo test`).

A lens is a model of a client stack: given what the registry lists, the calls and the idle timeout, which addresses would
such a client dial now, would it notice the next change, and what helps. `--as` selects them: a stack means all its
ranges of versions, a version means the range that contains it. What each model leaves out, and what it treats as certain where
the real client chooses at random, is stated at the top of its file in `src/lens`.

Kratos 2.5.3, 2.7.2, 2.8.0, 2.8.3, 2.8.4, 2.9.2 and 3.0.0, grpc-go over DNS, etcd's resolver 3.6.16, and kuberesolver 6.0.1 are held
against the real clients (`tests/it/lens`). The others rest on their sources; grpc-core and grpc-js also on recorded runs.

| lens | `--as` | follows | rule | remedy | sources |
|---|---|---|---|---|---|
";

fn page() -> String {
    let mut page = String::from(HEAD);
    for kind in LENSES {
        let follows = match kind.follows {
            ResolverSource::Registry(api) | ResolverSource::Only(api) => registry_with(api),
            ResolverSource::Dns => "DNS",
        };
        let sources: Vec<String> = kind.links.iter().map(|link| format!("[{}]({link})", short(link))).collect();
        let _ = writeln!(
            page,
            "| {} | `{}` | {follows} | {} | {} | {} |",
            kind.label(),
            kind.as_name(),
            kind.rule,
            kind.remedy,
            sources.join(", ")
        );
    }
    page
}

/// The name of the registry that has this API; empty in a build without it.
fn registry_with(api: WatchApi) -> &'static str {
    let mut registries = crate::backend::BACKENDS.iter().map(|backend| backend.about().registry);
    registries.find(|registry| registry.watch == api).map(|registry| registry.name).unwrap_or_default()
}

/// `owner/name#1` for a thread, the file's name for a source, `owner/name` for a repository.
fn short(link: &str) -> String {
    let parts: Vec<&str> = link.trim_start_matches("https://github.com/").split('/').collect();
    match parts.as_slice() {
        [owner, name, "issues" | "pull", number] => format!("{owner}/{name}#{number}"),
        [_, _, "blob", .., file] => (*file).to_string(),
        _ => parts.join("/"),
    }
}

#[test]
fn the_lenses_page_matches_the_lenses() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/lenses.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, page()).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(kept, page(), "run UPDATE_DOCS=1 cargo test");
}
