//! Where a service without nodes may be instead: under another parent. Two levels of parents are searched, bounded.

use std::time::Duration;

use tokio::time::Instant;

use super::error::ZookeeperError;
use super::jute::{self, Op, code};
use super::session::Session;
use super::target::ZookeeperTarget;
use crate::model::resolution::{Note, NoteKind};
use crate::platform::clock;
use crate::text;

/// At most this many parents are read.
const PARENTS: usize = 200;
/// At most this many places are named.
const NAMED: usize = 3;

/// Notes on other parents that have the name, and what to do.
pub(super) async fn search(
    session: &mut Session,
    target: &ZookeeperTarget,
    limit: Duration,
) -> Result<Vec<Note>, ZookeeperError> {
    let end = clock::after(limit);
    let mut parents = vec!["/".to_string()];
    let mut all: Vec<(String, Vec<String>)> = Vec::new();
    for _ in 0..3 {
        let left = end.saturating_duration_since(Instant::now());
        let answers = session.query(Op::GetChildren2, &parents, left).await?;
        let mut next = Vec::new();
        for (parent, answer) in parents.into_iter().zip(answers) {
            let names = match answer.error {
                code::NO_NODE | code::NO_AUTH => continue,
                _ => jute::children(answer.good("reading children")?.body()).unwrap_or_default(),
            };
            // ZooKeeper's own nodes belong to no service.
            next.extend(names.iter().filter(|name| *name != "zookeeper").map(|name| below(&parent, name)));
            all.push((parent, names));
        }
        next.truncate(PARENTS);
        parents = next;
        if parents.is_empty() {
            break;
        }
    }
    Ok(notes(target, &all))
}

fn below(parent: &str, name: &str) -> String {
    format!("{}/{name}", parent.trim_end_matches('/'))
}

/// The notes that follow from the children of the parents. Pure.
fn notes(target: &ZookeeperTarget, all: &[(String, Vec<String>)]) -> Vec<Note> {
    let same = |name: &&String| name.eq_ignore_ascii_case(&target.service);
    let mut notes = Vec::new();
    for (parent, name) in all.iter().filter_map(|(parent, names)| Some((parent, names.iter().find(same)?))).take(NAMED)
    {
        let other = ZookeeperTarget { service: name.clone(), prefix: Some(parent.clone()), ..target.clone() };
        let typed = other;
        let text = format!("node {:?} is under another parent: {typed}", below(parent, name));
        notes.push(Note::new(NoteKind::Elsewhere, text));
        if !notes.iter().any(|note| note.kind == NoteKind::Remedy) {
            let text = format!(
                "Query it there: `grpc-discover resolve '{typed}'`; servers and clients must use the same parent."
            );
            notes.push(Note::new(NoteKind::Remedy, text));
        }
    }
    if notes.is_empty() {
        let names = text::near(&target.service, all.iter().flat_map(|(_, names)| names).map(String::as_str));
        if !names.is_empty() {
            notes.push(Note::new(NoteKind::Elsewhere, format!("similar names: {}", names.join(", "))));
        }
        let text = "`zkCli.sh ls -R /` lists all nodes; set the parent of the instances with ?prefix=.";
        notes.push(Note::new(NoteKind::Remedy, text));
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_under_another_parent_gives_the_target_to_type() {
        let target = ZookeeperTarget { service: "pay".to_string(), ..ZookeeperTarget::default() };
        let all = |children: &[(&str, &[&str])]| -> Vec<(String, Vec<String>)> {
            let own = |names: &[&str]| names.iter().map(ToString::to_string).collect();
            children.iter().map(|(parent, names)| (parent.to_string(), own(names))).collect()
        };
        let found = notes(&target, &all(&[("/", &["eu", "zookeeper"]), ("/eu", &["Pay", "orders"])]));
        assert_eq!(found[0].text, "node \"/eu/Pay\" is under another parent: zookeeper:///Pay?prefix=/eu");
        assert!(found[1].text.contains("resolve 'zookeeper:///Pay?prefix=/eu'"), "{found:?}");
        let near = notes(&target, &all(&[("/", &["payments"])]));
        assert_eq!(near[0].text, "similar names: payments");
        assert_eq!(notes(&target, &all(&[("/", &["orders"])])).len(), 1);
    }
}
