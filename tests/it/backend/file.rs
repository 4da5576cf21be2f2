//! `file` in the battery: a list in a directory of its own, replaced by rename.

use std::fs;
use std::path::PathBuf;

use futures_util::StreamExt;
use grpc_discover::backend::{Backend, Context, file::File};
use grpc_discover::model::endpoint::Address;
use grpc_discover::model::target::Target;
use tempfile::TempDir;

use super::battery::{Fixture, battery};

battery!(battery, ListFile);

pub struct ListFile {
    directory: TempDir,
    text: String,
}

impl ListFile {
    fn path(&self) -> PathBuf {
        self.directory.path().join("endpoints.json")
    }
}

impl Fixture for ListFile {
    async fn start() -> Option<Self> {
        let mut file = ListFile { directory: tempfile::tempdir().unwrap(), text: String::new() };
        file.set(&[]).await;
        Some(file)
    }

    fn backend(&self) -> &'static dyn Backend {
        &File
    }

    fn target(&self) -> Target {
        format!("file:{}", self.path().display()).parse().unwrap()
    }

    fn context(&self) -> Context {
        Context::default()
    }

    async fn set(&mut self, endpoints: &[Address]) {
        let addresses: Vec<_> = endpoints.iter().map(ToString::to_string).collect();
        self.text = serde_json::to_string(&addresses).unwrap();
        self.start_again().await;
    }

    async fn stop(&mut self) {
        fs::remove_file(self.path()).unwrap();
    }

    async fn start_again(&mut self) {
        let next = self.directory.path().join("next");
        fs::write(&next, &self.text).unwrap();
        fs::rename(next, self.path()).unwrap();
    }
}

/// Not a performance goal (a loaded machine is slow), but a second would mean that the file is not watched.
#[tokio::test]
async fn a_rename_is_seen_without_polling() {
    let mut file = ListFile::start().await.unwrap();
    let mut resolution = File.resolve(&file.target(), &Context::default());
    resolution.next().await.unwrap().unwrap();
    let mut fastest = std::time::Duration::MAX;
    for port in 1..20 {
        let started = std::time::Instant::now();
        file.set(&[format!("127.0.0.1:{port}").parse().unwrap()]).await;
        resolution.next().await.unwrap().unwrap();
        fastest = fastest.min(started.elapsed());
    }
    assert!(fastest.as_millis() < 100, "{fastest:?}");
}
