use std::fs;
use std::sync::{Condvar, Mutex};
use std::time::Duration;

use futures_util::{FutureExt, StreamExt};

use super::*;
use crate::model::resolution::ResolveFailure;

fn resolve(path: &Path) -> Resolution {
    File.resolve(&FileTarget(path.to_path_buf()).into(), &Context::default())
}

async fn item(resolution: &mut Resolution) -> Result<Update, ResolveError> {
    tokio::time::timeout(Duration::from_secs(10), resolution.next()).await.expect("no update").expect("an end")
}

async fn listed(resolution: &mut Resolution) -> Vec<String> {
    match item(resolution).await {
        Ok(Update::Reset(answer)) => answer.endpoints.iter().map(|e| e.address.to_string()).collect(),
        other => panic!("{other:?}"),
    }
}

async fn failure(resolution: &mut Resolution) -> ResolveFailure {
    match item(resolution).await {
        Err(ResolveError::Ambient(failure)) => failure,
        other => panic!("{other:?}"),
    }
}

fn replace(path: &Path, text: &str) {
    let next = path.with_extension("next");
    fs::write(&next, text).unwrap();
    fs::rename(&next, path).unwrap();
}

#[tokio::test]
async fn a_rename_over_the_file_is_an_update() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("endpoints.json");
    fs::write(&path, r#"["10.0.0.1:1"]"#).unwrap();
    let mut resolution = resolve(&path);
    assert_eq!(listed(&mut resolution).await, ["10.0.0.1:1"]);
    for port in 2..6 {
        replace(&path, &format!(r#"["10.0.0.1:{port}"]"#));
        assert_eq!(listed(&mut resolution).await, [format!("10.0.0.1:{port}")]);
    }
    replace(&path, "[]");
    assert_eq!(listed(&mut resolution).await, [""; 0]);
}

#[tokio::test]
async fn deleted_and_created_again_is_an_update() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("endpoints.yaml");
    fs::write(&path, "- 10.0.0.1:1\n").unwrap();
    let mut resolution = resolve(&path);
    listed(&mut resolution).await;
    fs::remove_file(&path).unwrap();
    let gone = failure(&mut resolution).await;
    assert_eq!((gone.code, gone.text.ends_with("was removed")), (ResolveCode::WatchBroken, true), "{gone}");
    fs::write(&path, "- 10.0.0.1:1\n").unwrap();
    assert_eq!(listed(&mut resolution).await, ["10.0.0.1:1"], "after an error the same list is reported again");
}

#[tokio::test]
async fn a_file_that_comes_later_is_seen_when_it_comes() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("endpoints.yaml");
    let mut resolution = resolve(&path);
    let absent = failure(&mut resolution).await;
    assert_eq!((absent.code, absent.text.ends_with("does not exist")), (ResolveCode::Unreachable, true), "{absent}");
    fs::write(&path, "- 10.0.0.1:1\n").unwrap();
    assert_eq!(listed(&mut resolution).await, ["10.0.0.1:1"]);
}

#[cfg(unix)]
#[tokio::test]
async fn a_swapped_config_map_is_an_update() {
    use std::os::unix::fs::symlink;
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    for (version, text) in [("..1", "- 10.0.0.1:1\n"), ("..2", "- 10.0.0.2:2\n")] {
        fs::create_dir(root.join(version)).unwrap();
        fs::write(root.join(version).join("endpoints.yaml"), text).unwrap();
    }
    symlink("..1", root.join("..data")).unwrap();
    symlink("..data/endpoints.yaml", root.join("endpoints.yaml")).unwrap();
    let mut resolution = resolve(&root.join("endpoints.yaml"));
    assert_eq!(listed(&mut resolution).await, ["10.0.0.1:1"]);
    symlink("..2", root.join("..data_tmp")).unwrap();
    fs::rename(root.join("..data_tmp"), root.join("..data")).unwrap();
    fs::remove_dir_all(root.join("..1")).unwrap();
    assert_eq!(listed(&mut resolution).await, ["10.0.0.2:2"]);
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_behind_a_link_is_watched_where_it_is() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let real = there.path().join("real.yaml");
    fs::write(&real, "- 10.0.0.1:1\n").unwrap();
    std::os::unix::fs::symlink(&real, here.path().join("link.yaml")).unwrap();
    let mut resolution = resolve(&here.path().join("link.yaml"));
    assert_eq!(listed(&mut resolution).await, ["10.0.0.1:1"]);
    replace(&real, "- 10.0.0.2:2\n");
    assert_eq!(listed(&mut resolution).await, ["10.0.0.2:2"]);
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_in_a_directory_behind_a_link_is_watched() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (link, real) = (here.path().join("registry"), there.path().join("endpoints.yaml"));
    std::os::unix::fs::symlink(there.path(), &link).unwrap();
    fs::write(&real, "- 10.0.0.1:1\n").unwrap();
    let mut resolution = resolve(&link.join("endpoints.yaml"));
    assert_eq!(listed(&mut resolution).await, ["10.0.0.1:1"]);
    replace(&real, "- 10.0.0.2:2\n");
    assert_eq!(listed(&mut resolution).await, ["10.0.0.2:2"]);
}

#[tokio::test]
async fn a_half_written_file_is_no_error() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("endpoints.json");
    fs::write(&path, r#"["10.0.0.1:1"]"#).unwrap();
    let mut resolution = resolve(&path);
    listed(&mut resolution).await;
    fs::write(&path, r#"["10.0.0.1:1", "10.0"#).unwrap();
    assert_eq!(resolution.next().now_or_never(), None, "nothing is reported about half a file");
    fs::write(&path, r#"["10.0.0.1:1", "10.0.0.2:2"]"#).unwrap();
    assert_eq!(listed(&mut resolution).await, ["10.0.0.1:1", "10.0.0.2:2"]);
}

#[tokio::test]
async fn a_wrong_file_is_an_error_and_the_watch_survives() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("endpoints.json");
    fs::write(&path, r#"["pay"]"#).unwrap();
    let mut resolution = resolve(&path);
    let invalid = failure(&mut resolution).await;
    assert_eq!(invalid.code, ResolveCode::BadAnswer);
    assert!(invalid.text.contains("entry 0: the address has no port"), "{invalid}");
    replace(&path, r#"["10.0.0.1:1"]"#);
    assert_eq!(listed(&mut resolution).await, ["10.0.0.1:1"]);
    replace(&path, "{}");
    assert_eq!(failure(&mut resolution).await.code, ResolveCode::BadAnswer);
}

#[tokio::test]
async fn an_entry_that_is_not_understood_is_named_and_the_others_count() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("endpoints.json");
    fs::write(&path, r#"["10.0.0.1:1", {"address": "10.0.0.2:2", "weight": "s3cret"}, 7]"#).unwrap();
    let mut resolution = resolve(&path);
    let Ok(Update::Reset(answer)) = item(&mut resolution).await else { panic!("a list") };
    assert_eq!(answer.endpoints.len(), 1);
    let left_out = answer.notes.iter().find(|note| note.kind == NoteKind::LeftOut).expect("a note");
    assert!(left_out.text.starts_with("2 of 3 entries cannot be used: entry 1, line 1"), "{left_out:?}");
    assert!(!left_out.text.contains("s3cret"), "{left_out:?}");
    // A list that may be half-written gets time to become complete.
    fs::write(&path, r#"["10.0.0.1:1", "10.0.0.2"]"#).unwrap();
    assert_eq!(resolution.next().now_or_never(), None);
    fs::write(&path, r#"["10.0.0.1:1", "10.0.0.2:2"]"#).unwrap();
    assert_eq!(listed(&mut resolution).await, ["10.0.0.1:1", "10.0.0.2:2"]);
}

#[tokio::test]
async fn a_directory_that_goes_ends_the_watch() {
    let directory = tempfile::tempdir().unwrap();
    let inner = directory.path().join("inner");
    fs::create_dir(&inner).unwrap();
    fs::write(inner.join("endpoints.json"), "[]").unwrap();
    let mut resolution = resolve(&inner.join("endpoints.json"));
    listed(&mut resolution).await;
    fs::remove_dir_all(&inner).unwrap();
    let lost = failure(&mut resolution).await;
    assert!(lost.text.ends_with("its directory was removed or renamed"), "{lost}");
    assert!(resolution.next().await.is_none());
    let absent = failure(&mut resolve(&inner.join("endpoints.json"))).await;
    assert_eq!(absent.code, ResolveCode::Unreachable, "{absent}");
}

#[tokio::test]
async fn what_is_not_a_file_is_refused_without_being_opened() {
    let directory = tempfile::tempdir().unwrap();
    let inside = failure(&mut resolve(directory.path())).await;
    assert!(inside.text.ends_with("is a directory"), "{inside}");
    let root = item(&mut resolve(Path::new("/"))).await;
    assert!(matches!(root, Err(ResolveError::Fatal(_))), "{root:?}");
}

#[tokio::test]
async fn touching_the_file_or_another_file_reports_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("endpoints.json");
    fs::write(&path, "[]").unwrap();
    let mut resolution = resolve(&path);
    listed(&mut resolution).await;
    fs::write(directory.path().join("neighbour"), "x").unwrap();
    fs::write(&path, " [ ] ").unwrap();
    replace(&path, r#"["10.0.0.1:1"]"#);
    assert_eq!(listed(&mut resolution).await, ["10.0.0.1:1"], "the first report is the first change");
}

#[tokio::test]
async fn a_byte_order_mark_is_no_part_of_the_list() {
    let directory = tempfile::tempdir().unwrap();
    for name in ["endpoints.json", "endpoints.yaml"] {
        let path = directory.path().join(name);
        fs::write(&path, "\u{feff}[\"10.0.0.1:1\"]").unwrap();
        assert_eq!(listed(&mut resolve(&path)).await, ["10.0.0.1:1"], "{name}");
    }
}

/// A mount that does not respond until it is repaired.
static HUNG: (Mutex<bool>, Condvar) = (Mutex::new(true), Condvar::new());

#[tokio::test(start_paused = true)]
async fn a_file_that_cannot_be_read_in_time_is_an_error_and_comes_back_with_its_mount() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("endpoints.json");
    fs::write(&path, r#"["10.0.0.1:1"]"#).unwrap();
    let mut resolution = followed(&path, Duration::from_secs(5), |path| {
        drop(HUNG.1.wait_while(HUNG.0.lock().unwrap(), |hung| *hung));
        file::read_text(path, file::LARGE)
    });
    assert_eq!(resolution.next().now_or_never(), None);
    tokio::time::advance(Duration::from_millis(4_900)).await;
    assert_eq!(resolution.next().now_or_never(), None, "there is time left");
    tokio::time::advance(Duration::from_millis(200)).await;
    let late = resolution.next().now_or_never().flatten().expect("an error");
    let Err(ResolveError::Ambient(late)) = late else { panic!("{late:?}") };
    assert_eq!(late.code, ResolveCode::Timeout);
    assert!(late.text.ends_with("failed to read within 5.0s: its disk or mount does not respond"), "{late}");
    tokio::time::advance(Duration::from_secs(60)).await;
    assert_eq!(resolution.next().now_or_never(), None, "reported once");
    *HUNG.0.lock().unwrap() = false;
    HUNG.1.notify_all();
    assert_eq!(resolution.next().await.map(|update| update.is_ok()), Some(true));
}
