//! Connections that become READY and do not stay it: they are watched, because a single probe does not show this.

use tokio::io::AsyncWriteExt;

use super::reaching::goaway;
use super::scenario::{Run, command};
use super::world::{SETTINGS, World, first_words, until_gone};

/// A server that makes every connection READY, then sends `last` and closes it; watched for `time`.
fn ends(world: &World, last: Vec<u8>, time: &str) -> (String, Run) {
    let address = world.listen(move |mut stream| {
        let words = [SETTINGS, &last].concat();
        async move {
            first_words(&mut stream).await;
            let _ = stream.write_all(&words).await;
            let _ = stream.shutdown().await;
            until_gone(&mut stream).await;
        }
    });
    let run = command("watch", &["--plaintext", "--for", time, &address]);
    (address, run)
}

pub fn too_many_pings(world: &mut World) -> Option<Run> {
    let (address, run) = ends(world, goaway(11, "too_many_pings"), "500ms");
    Some(run.says(&[&address, "ENHANCE_YOUR_CALM", "too_many_pings"]))
}

pub fn rotated_by_age(world: &mut World) -> Option<Run> {
    let (address, run) = ends(world, goaway(0, "max_age"), "500ms");
    Some(run.says(&[&address, "rotates connections", "max_age"]))
}

pub fn flapping(world: &mut World) -> Option<Run> {
    let (address, run) = ends(world, Vec::new(), "8s");
    Some(run.says(&[&address, "is flapping", "closed by peer"]))
}
