//! Asynchronous output: bytes are queued, and a thread writes them. A reader that stalls delays only the thread,
//! never a timer or a connection of the session.

use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::sync::Notify;

/// How much the thread writes at a time; the queue is measured after each write.
const CHUNK: usize = 64 * 1024;

/// How often the thread checks, while the queue is empty, whether the reader still exists.
const LOOK: Duration = Duration::from_secs(1);

/// What happens when the queue is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Full {
    /// Everything is kept: the producer must check [`Pipe::queued`].
    Keep,
    /// Beyond this many bytes whole writes are dropped and counted.
    LeaveOut(usize),
}

/// A writer to stdout or stderr that never blocks. Written bytes are queued by [`Write::flush`]. Clones share the
/// queue.
pub struct Pipe {
    shared: Arc<Shared>,
    /// Written and not yet flushed.
    unflushed: Vec<u8>,
}

struct Shared {
    state: Mutex<State>,
    /// Wakes the thread: there is something to write.
    filled: Condvar,
    /// Wakes the session: the thread wrote something, or failed.
    changed: Notify,
    full: Full,
    /// Has the reader closed its end?
    is_abandoned: fn() -> bool,
}

struct State {
    /// The destination, until the thread that owns it is started.
    sink: Option<Box<dyn Write + Send>>,
    /// Not yet taken by the thread.
    queue: Vec<u8>,
    /// Bytes taken by the thread and not yet written.
    writing: usize,
    /// Writes dropped since the last one that was kept.
    left_out: usize,
    /// Why writing has stopped.
    failed: Option<io::ErrorKind>,
    /// The same, as the system's text.
    why: String,
}

impl fmt::Debug for Pipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipe").field("queued", &self.queued()).finish_non_exhaustive()
    }
}

impl Clone for Pipe {
    fn clone(&self) -> Pipe {
        Pipe { shared: self.shared.clone(), unflushed: Vec::new() }
    }
}

impl Pipe {
    /// Keeps everything that is written until `sink` has accepted it. `is_abandoned`: has the reader closed its end?
    /// This is noticed within a second even while nothing is written.
    pub fn keeping(sink: impl Write + Send + 'static, is_abandoned: fn() -> bool) -> Pipe {
        Pipe::new(Box::new(sink), Full::Keep, is_abandoned)
    }

    /// Drops writes while more than `most` bytes are queued, and later reports how many were dropped.
    pub fn leaving_out(sink: impl Write + Send + 'static, most: usize) -> Pipe {
        Pipe::new(Box::new(sink), Full::LeaveOut(most), || false)
    }

    fn new(sink: Box<dyn Write + Send>, full: Full, is_abandoned: fn() -> bool) -> Pipe {
        let state =
            State { sink: Some(sink), queue: Vec::new(), writing: 0, left_out: 0, failed: None, why: String::new() };
        let shared =
            Shared { state: Mutex::new(state), filled: Condvar::new(), changed: Notify::new(), full, is_abandoned };
        Pipe { shared: Arc::new(shared), unflushed: Vec::new() }
    }

    /// Flushed bytes that the reader has not yet taken.
    pub fn queued(&self) -> usize {
        let state = self.shared.lock();
        state.queue.len() + state.writing
    }

    /// Why writing failed, if it has: from then on everything is discarded.
    pub fn failure(&self) -> Option<io::Error> {
        let state = self.shared.lock();
        state.failed.map(|kind| io::Error::new(kind, state.why.clone()))
    }

    /// Waits until the thread has written something, or failed. Cancel safe; may return without a change.
    pub async fn changed(&self) {
        self.shared.changed.notified().await;
    }

    /// Waits at most `limit` until everything is written or cannot be. Blocks.
    pub fn wait(&self, limit: Duration) {
        const STEP: Duration = Duration::from_millis(5);
        let mut waited = Duration::ZERO;
        while self.queued() > 0 && waited < limit {
            #[expect(
                clippy::disallowed_methods,
                reason = "the main thread waits for the writing one; no session runs"
            )]
            thread::sleep(STEP);
            waited += STEP;
        }
    }

    /// Waits until everything is written or cannot be. Cancel safe.
    pub async fn drained(&self) {
        while self.queued() > 0 {
            self.changed().await;
        }
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.unflushed.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.shared.push(&self.unflushed);
        self.unflushed.clear();
        Ok(())
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while the lock is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Queues `bytes`, and starts the thread on the first call: a run that prints nothing needs no thread.
trait Push {
    fn push(&self, bytes: &[u8]);
}

impl Push for Arc<Shared> {
    fn push(&self, bytes: &[u8]) {
        let mut state = self.lock();
        if bytes.is_empty() || state.failed.is_some() {
            return;
        }
        if let Full::LeaveOut(most) = self.full {
            if state.queue.len() + state.writing + bytes.len() > most {
                state.left_out += 1;
                return;
            }
            let left_out = std::mem::take(&mut state.left_out);
            if left_out > 0 {
                let write_line = format!("({left_out} messages dropped: stderr was not read)\n");
                state.queue.extend_from_slice(write_line.as_bytes());
            }
        }
        state.queue.extend_from_slice(bytes);
        let sink = state.sink.take();
        drop(state);
        if let Some(sink) = sink {
            let shared = self.clone();
            let started = thread::Builder::new().name("output".into()).spawn(move || shared.write_all(sink));
            if let Err(error) = started {
                self.fail(&error);
            }
        }
        self.filled.notify_one();
    }
}

impl Shared {
    /// The thread: writes queued bytes, in order, as long as the process runs.
    fn write_all(&self, mut sink: Box<dyn Write + Send>) {
        loop {
            let mut state = self.lock();
            while state.queue.is_empty() {
                let (woken, waited) = self.filled.wait_timeout(state, LOOK).unwrap_or_else(PoisonError::into_inner);
                state = woken;
                if waited.timed_out() && state.queue.is_empty() && (self.is_abandoned)() {
                    drop(state);
                    return self.fail(&io::ErrorKind::BrokenPipe.into());
                }
            }
            let taken = std::mem::take(&mut state.queue);
            state.writing = taken.len();
            drop(state);
            for chunk in taken.chunks(CHUNK) {
                if let Err(error) = sink.write_all(chunk).and_then(|()| sink.flush()) {
                    return self.fail(&error);
                }
                self.lock().writing -= chunk.len();
                self.changed.notify_one();
            }
        }
    }

    fn fail(&self, error: &io::Error) {
        let mut state = self.lock();
        (state.failed, state.why) = (Some(error.kind()), error.to_string());
        state.queue = Vec::new();
        state.writing = 0;
        drop(state);
        self.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

    use super::*;

    /// A reader that accepts a write only when the test allows it.
    struct Gate(Receiver<()>, SyncSender<Vec<u8>>);

    impl Write for Gate {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.recv().map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
            self.1.send(bytes.to_vec()).map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn gate() -> (SyncSender<()>, Receiver<Vec<u8>>, Gate) {
        let (open, opened) = sync_channel(16);
        let (taken, written) = sync_channel(16);
        (open, written, Gate(opened, taken))
    }

    fn write_line(pipe: &mut Pipe, text: &str) {
        pipe.write_all(text.as_bytes()).and_then(|()| pipe.flush()).expect("a queue");
    }

    #[tokio::test]
    async fn a_reader_that_stalls_loses_nothing_and_blocks_no_task() {
        let (open, written, gate) = gate();
        let mut pipe = Pipe::keeping(gate, || false);
        for line in ["a\n", "b\n", "c\n"] {
            write_line(&mut pipe, line);
        }
        assert_eq!(pipe.queued(), 6);
        for _ in 0..3 {
            // The thread may have taken the lines one by one, or several at once.
            let _ = open.send(());
        }
        pipe.drained().await;
        assert_eq!(written.try_iter().flatten().collect::<Vec<u8>>(), b"a\nb\nc\n");
    }

    #[tokio::test]
    async fn a_reader_that_went_away_is_reported_once_and_discards_the_rest() {
        let (open, written, gate) = gate();
        let mut pipe = Pipe::keeping(gate, || false);
        drop((open, written));
        write_line(&mut pipe, "a\n");
        pipe.drained().await;
        assert_eq!(pipe.failure().map(|error| error.kind()), Some(io::ErrorKind::BrokenPipe));
        write_line(&mut pipe, "b\n");
        assert_eq!(pipe.queued(), 0);
    }

    #[tokio::test]
    async fn a_reader_that_went_away_is_noticed_without_a_write() {
        let mut pipe = Pipe::keeping(io::sink(), || true);
        write_line(&mut pipe, "a\n");
        while pipe.failure().is_none() {
            pipe.changed().await;
        }
        assert_eq!(pipe.failure().map(|error| error.kind()), Some(io::ErrorKind::BrokenPipe));
    }

    #[tokio::test]
    async fn what_stderr_has_no_room_for_is_left_out_and_counted() {
        let (open, written, gate) = gate();
        let mut pipe = Pipe::leaving_out(gate, 4);
        for line in ["a\n", "b\n", "c\n", "d\n"] {
            write_line(&mut pipe, line);
        }
        open.send(()).expect("the thread waits");
        let _ = open.send(());
        pipe.drained().await;
        write_line(&mut pipe, "e\n");
        for _ in 0..2 {
            let _ = open.send(());
        }
        pipe.drained().await;
        let all = String::from_utf8(written.try_iter().flatten().collect()).expect("text");
        assert_eq!(all, "a\nb\n(2 messages dropped: stderr was not read)\ne\n");
    }

    #[test]
    fn what_is_not_flushed_does_not_go_out() {
        let (_open, _written, gate) = gate();
        let mut pipe = Pipe::keeping(gate, || false);
        pipe.write_all(b"half").expect("memory");
        assert_eq!(pipe.queued(), 0);
    }
}
