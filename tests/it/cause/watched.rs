//! Health as `watch` follows it: Watches that end on a connection that stays, and servers that implement Check alone.

use super::scenario::{Run, command};
use super::world::{Answer, World};

pub fn watch_cut_on_the_path(world: &mut World) -> Option<Run> {
    let address = world.serves(Answer::Cut);
    let run = command("watch", &["--for", "3s", &address]);
    Some(run.says(&[&address, "reset with INTERNAL_ERROR", "0.2s after its last message", "SERVING, stands"]))
}

pub fn check_without_watch(world: &mut World) -> Option<Run> {
    let address = world.serves(Answer::CheckOnly(2));
    let run = command("watch", &["--for", "1s", "--client-health", "--lb", "round_robin", &address]);
    Some(run.says(&[&address, "reports NOT_SERVING", "health Watch is not implemented"]))
}

pub fn health_behind_authentication(world: &mut World) -> Option<Run> {
    let address = world.serves(Answer::Grpc("7", "a role is needed"));
    let run = command("watch", &["--for", "500ms", &address]);
    Some(run.says(&[&address, "PERMISSION_DENIED", "a role is needed", "could not be judged"]))
}
