//! The commands of the driver to a connection's task, and the messages of the task to the driver: both bounded,
//! nothing lost.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;

use super::engine::Input;

/// A command to a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Command {
    /// One health Check.
    Check,
    /// A health Watch, unless one is open.
    Watch,
    /// Close: now, or when the call in flight has ended.
    Close {
        /// Let the call finish.
        drain: bool,
    },
}

/// The commands that a connection has not taken yet. Each is kept once, because a second Check or Watch requests the
/// same. So the size is bounded however slowly the connection takes them. Clones share it.
#[derive(Debug, Clone, Default)]
pub(super) struct Orders(Arc<OrderQueue>);

#[derive(Debug, Default)]
struct OrderQueue {
    pending: Mutex<PendingCommands>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct PendingCommands {
    check: bool,
    watch: bool,
    /// With `drain`; an immediate close overrules one that drains.
    close: Option<bool>,
}

impl Orders {
    /// Adds a command.
    pub(super) fn give(&self, command: Command) {
        let mut pending = self.pending();
        match command {
            Command::Check => pending.check = true,
            Command::Watch => pending.watch = true,
            Command::Close { drain } => pending.close = Some(drain && pending.close != Some(false)),
        }
        drop(pending);
        self.0.changed.notify_one();
    }

    /// The next command. Cancel safe.
    pub(super) async fn next(&self) -> Command {
        loop {
            if let Some(command) = self.take() {
                return command;
            }
            self.0.changed.notified().await;
        }
    }

    fn take(&self) -> Option<Command> {
        let mut pending = self.pending();
        if std::mem::take(&mut pending.check) {
            return Some(Command::Check);
        }
        if std::mem::take(&mut pending.watch) {
            return Some(Command::Watch);
        }
        pending.close.take().map(|drain| Command::Close { drain })
    }

    fn pending(&self) -> MutexGuard<'_, PendingCommands> {
        self.0.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Maximum number of inputs that wait for the driver; a task with another one waits until there is room.
const INBOX: usize = 1024;

/// A message of a task, and when it happened: a driver with a slow consumer takes it later.
#[derive(Debug)]
pub(super) struct News {
    /// When it happened.
    pub at: Instant,
    /// What.
    pub input: Input,
}

/// The tasks' end of the way to the driver.
#[derive(Debug, Clone)]
pub(super) struct Outbox(mpsc::Sender<News>);

/// The two ends of the way to the driver.
pub(super) fn inbox() -> (Outbox, mpsc::Receiver<News>) {
    let (sender, receiver) = mpsc::channel(INBOX);
    (Outbox(sender), receiver)
}

impl Outbox {
    /// Sends an input that happened now, as soon as there is room. `false` once the session has ended.
    pub(super) async fn send(&self, input: Input) -> bool {
        self.0.send(News { at: Instant::now(), input }).await.is_ok()
    }

    /// Waits for room; an input sent with the permit arrives in any case. `None` once the session has ended.
    pub(super) async fn room(&self) -> Option<mpsc::Permit<'_, News>> {
        self.0.reserve().await.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn commands_that_are_not_taken_are_kept_once_each() {
        let orders = Orders::default();
        for _ in 0..3 {
            orders.give(Command::Watch);
            orders.give(Command::Check);
        }
        orders.give(Command::Close { drain: false });
        orders.give(Command::Close { drain: true });
        let taken = [orders.next().await, orders.next().await, orders.next().await];
        assert_eq!(taken, [Command::Check, Command::Watch, Command::Close { drain: false }]);
        assert_eq!(orders.take(), None);
    }
}
