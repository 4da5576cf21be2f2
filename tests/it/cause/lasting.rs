//! Connections that become READY and do not stay it: they are watched, because a single probe does not show this.

use tokio::io::AsyncWriteExt;

use super::reaching::goaway;
use super::scenario::{Run, command};
use super::setup::{SETTINGS, Setup, first_data, until_gone};

/// A server that makes every connection READY, then sends `last` and closes it; watched for `time`.
fn ends(setup: &Setup, last: Vec<u8>, time: &str) -> (String, Run) {
    let address = setup.listen(move |mut stream| {
        let words = [SETTINGS, &last].concat();
        async move {
            first_data(&mut stream).await;
            let _ = stream.write_all(&words).await;
            let _ = stream.shutdown().await;
            until_gone(&mut stream).await;
        }
    });
    let run = command("watch", &["--plaintext", "--for", time, &address]);
    (address, run)
}

pub fn too_many_pings(setup: &mut Setup) -> Option<Run> {
    let (address, run) = ends(setup, goaway(11, "too_many_pings"), "500ms");
    Some(run.answer_with(&[&address, "ENHANCE_YOUR_CALM", "too_many_pings"]))
}

pub fn rotated_by_age(setup: &mut Setup) -> Option<Run> {
    let (address, run) = ends(setup, goaway(0, "max_age"), "500ms");
    Some(run.answer_with(&[&address, "rotates connections", "max_age"]))
}

pub fn flapping(setup: &mut Setup) -> Option<Run> {
    let (address, run) = ends(setup, Vec::new(), "8s");
    Some(run.answer_with(&[&address, "is flapping", "closed by peer"]))
}
