//! Runs sessions side by side: passes events to the renderers and signals to the sessions, and turns the summaries
//! into one exit code.
//!
//! Output is written by separate threads ([`crate::terminal::Pipe`]), so a stalled reader does not delay anything
//! that is timed. When it stalls for long, no new attempt starts until it reads again. A reader that closes its end
//! stops a run that has no end of its own, and never changes the exit code.

use std::future::{Future, pending};
use std::io;
use std::pin::Pin;
use std::time::Duration;

use futures_util::future::select_all;
use grpc_discover::model::event::{Event, EventKind};
use grpc_discover::model::pending::PendingReport;
use grpc_discover::model::time::Elapsed;
use grpc_discover::platform::clock;
use grpc_discover::platform::keys;
use grpc_discover::platform::signals::{Signal, Signals, StopKey};
use grpc_discover::session::clients::ClientSession;
use grpc_discover::session::{ChannelRequest, Goal, Plan, Session};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::open_files;
use super::record::Record;
use super::screen::{Backlog, Screen};
use crate::exit::{self, Failure};
use crate::render::SessionKind;
use crate::settings::OutputSettings;
use crate::terminal::{self, Terminal};

/// How often a view is redrawn without new events.
const TICK: Duration = Duration::from_millis(250);

/// How long a run with an end of its own may continue to its verdict after the reader of stdout closed its end.
const UNREAD: Duration = Duration::from_secs(60);

/// How long output is kept for a stalled reader of stdout after a signal.
const EXIT_LIMIT: Duration = Duration::from_secs(10);

/// How long the process waits for a reader of stderr before it exits.
const TALK: Duration = Duration::from_secs(1);

/// Receives events.
pub type Observer<'a> = Box<dyn FnMut(&Event) + 'a>;

/// What a command observes and prints beside the sessions.
#[derive(Default)]
pub struct SessionHooks<'a> {
    /// Receives every event first.
    pub on_event: Option<Observer<'a>>,
    /// Lines for stderr.
    pub messages: Option<UnboundedReceiver<String>>,
    /// `--record`.
    pub record: Option<Record>,
}

/// Runs a session for each plan until all have ended; returns the exit code.
///
/// # Errors
///
/// stdout cannot be written (a full disk, not a reader that closed its end), or signals cannot be handled.
pub async fn run(
    mut plans: Vec<Plan>,
    output: &OutputSettings,
    terminal: &Terminal,
    kind: SessionKind,
    hooks: SessionHooks<'_>,
) -> Result<u8, Failure> {
    open_files::prepare(&mut plans);
    let goals: Vec<Goal> = plans.iter().map(|plan| plan.goal).collect();
    let start = || plans.into_iter().map(|plan| RunningSession::Session(Box::new(Session::start(plan)))).collect();
    run_all(start, &goals, output, terminal, kind, hooks).await
}

/// A session of either kind.
pub enum RunningSession {
    /// One that resolves and reaches endpoints.
    Session(Box<Session>),
    /// One that reads running clients.
    Clients(ClientSession),
}

impl RunningSession {
    async fn next(&mut self) -> Option<Event> {
        match self {
            RunningSession::Session(session) => session.next().await,
            RunningSession::Clients(session) => session.next().await,
        }
    }

    fn finish(&mut self) {
        match self {
            RunningSession::Session(session) => session.finish(),
            RunningSession::Clients(session) => session.finish(),
        }
    }

    fn pause_attempts(&mut self, paused: bool) {
        match self {
            RunningSession::Session(session) => session.pause_attempts(paused),
            // Its events wait in a bounded queue.
            RunningSession::Clients(_) => {}
        }
    }

    fn request(&mut self, request: ChannelRequest) {
        match self {
            RunningSession::Session(session) => session.request(request),
            // It has no channel.
            RunningSession::Clients(_) => {}
        }
    }

    fn pending(&mut self) -> Vec<PendingReport> {
        match self {
            RunningSession::Session(session) => session.pending(),
            RunningSession::Clients(_) => Vec::new(),
        }
    }
}

/// Runs the sessions that `start` starts, until all have ended; returns the exit code.
///
/// # Errors
///
/// As for [`run`].
pub async fn run_all(
    start: impl FnOnce() -> Vec<RunningSession>,
    goals: &[Goal],
    output: &OutputSettings,
    terminal: &Terminal,
    kind: SessionKind,
    mut hooks: SessionHooks<'_>,
) -> Result<u8, Failure> {
    let mut screen = Screen::new(output, terminal, kind, goals);
    screen.record = hooks.record.take();
    let cannot = |error| Failure::Broken(format!("cannot install signal handlers: {error}"));
    let mut signals = Signals::listen().map_err(cannot)?;
    let sessions = start();
    let ended = all(sessions, goals, &mut screen, &mut signals, &mut hooks).await;
    // What is redrawn on stderr is cleared before the report is on the same terminal: clearing moves the cursor.
    if screen.clear() {
        let _ = tokio::time::timeout(TALK, screen.err.drained()).await;
    }
    screen.end();
    let (mut code, mut leave) = match ended? {
        Ended::AtOnce(code) => return Ok(code),
        Ended::Interrupted(code) => (code, Some(clock::after(EXIT_LIMIT))),
        Ended::Judged(code) => (code, None),
    };
    loop {
        tokio::select! {
            biased;
            () = screen.out.drained() => break,
            // The first signal leaves time to write what is queued for stdout, as happens before the verdict.
            signal = insisted(&mut signals) => match leave {
                None => (code, leave) = (signal, Some(clock::after(EXIT_LIMIT))),
                Some(_) => return Ok(signal),
            },
            () = until(leave) => break,
        }
    }
    if let Some(record) = screen.record.take() {
        // A disk that does not respond must not keep the process running.
        match tokio::time::timeout(EXIT_LIMIT, record.finish()).await {
            Ok(written) => written?,
            Err(_) => terminal.note("--record: the disk did not respond; the end of the recording is missing"),
        }
    }
    // Unread messages on stderr do not keep the process running.
    let _ = tokio::time::timeout(TALK, screen.err.drained()).await;
    match screen.out.failure() {
        // A terminal that was closed accepts no more output.
        Some(_) if code == exit::HUNG_UP => Ok(code),
        Some(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::from(error)),
        Some(_) | None => Ok(code),
    }
}

/// The next signal other than a repeated SIGHUP of a closed terminal.
async fn insisted(signals: &mut Signals) -> u8 {
    loop {
        match signals.next().await {
            Signal::HangUp => {}
            signal => return exit::of_signal(signal),
        }
    }
}

/// How the sessions ended.
enum Ended {
    /// Each with its summary: the combined exit code.
    Judged(u8),
    /// Completed after a signal, which has this exit code.
    Interrupted(u8),
    /// Two signals requested an exit: pending output is discarded.
    AtOnce(u8),
}

async fn all(
    mut sessions: Vec<RunningSession>,
    goals: &[Goal],
    screen: &mut Screen,
    signals: &mut Signals,
    hooks: &mut SessionHooks<'_>,
) -> Result<Ended, Failure> {
    let started_at = Instant::now();
    let mut exits = Vec::new();
    let mut interrupted: Option<u8> = None;
    let mut paused = false;
    // Set when the reader closed its end: the sessions are stopped early at this time.
    let mut unread: Option<Instant> = None;
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut pressed = screen.is_live().then(terminal::keys);
    // Without a handler Ctrl-Z stops the process with the view on the terminal.
    let mut stop_key = screen.is_live().then(StopKey::listen).and_then(Result::ok);
    while !sessions.is_empty() {
        let backlog = screen.backlog();
        if paused != (backlog != Backlog::Little) {
            paused = !paused;
            sessions.iter_mut().for_each(|session| session.pause_attempts(paused));
        }
        tokio::select! {
            biased;
            signal = signals.next() => {
                match interrupted {
                    // Both the shell and the kernel send SIGHUP when a terminal is closed.
                    Some(_) if signal == Signal::HangUp => continue,
                    Some(_) => return Ok(Ended::AtOnce(exit::of_signal(signal))),
                    None => {}
                }
                interrupted = Some(exit::of_signal(signal));
                sessions.iter_mut().for_each(RunningSession::finish);
                if screen.is_terminal() {
                    screen.note("stopping; press Ctrl-C again to quit immediately");
                }
            }
            key = key(&mut pressed) => match key {
                b'q' => sessions.iter_mut().for_each(RunningSession::finish),
                b'p' => screen.pause(Elapsed::new(started_at.elapsed())),
                b'r' => sessions.iter_mut().for_each(|session| session.request(ChannelRequest::Reconnect)),
                b'c' => sessions.iter_mut().for_each(|session| session.request(ChannelRequest::Call)),
                b'i' => sessions.iter_mut().for_each(|session| session.request(ChannelRequest::GoIdle)),
                _ => {}
            },
            () = stopped(&mut stop_key) => {
                screen.suspend();
                let _ = tokio::time::timeout(TICK, screen.out.drained()).await;
                keys::stop_process();
                screen.resume();
            }
            line = next_message(&mut hooks.messages) => screen.note(&line),
            (event, which) = next(&mut sessions), if backlog != Backlog::TooMuch || interrupted.is_some() => match event {
                Some(event) => {
                    if let EventKind::Summary(summary) = &event.kind {
                        exits.push(summary.exit);
                    }
                    if let Some(on_event) = &mut hooks.on_event {
                        on_event(&event);
                    }
                    screen.event(&event);
                }
                None => drop(sessions.remove(which)),
            },
            () = screen.out.changed() => match screen.out.failure() {
                Some(_) if interrupted == Some(exit::HUNG_UP) => {}
                Some(error) if error.kind() != io::ErrorKind::BrokenPipe => return Err(Failure::from(error)),
                Some(_) if unread.is_none() => {
                    let endless = goals.iter().any(|goal| goes_on_for_ever(*goal));
                    unread = Some(if endless { Instant::now() } else { clock::after(UNREAD) });
                }
                Some(_) | None => {}
            },
            () = until(unread) => {
                // Far in the future from now on: a finished session only has its last events to deliver.
                unread = Some(clock::after(UNREAD));
                sessions.iter_mut().for_each(RunningSession::finish);
            }
            _ = ticks.tick(), if screen.redraws => {
                let now = Elapsed::new(started_at.elapsed());
                if let Some(progress) = screen.progress.as_mut().filter(|progress| progress.is_due(now)) {
                    progress.waits_for(sessions.iter_mut().flat_map(RunningSession::pending).collect());
                }
                screen.tick(now);
            }
        }
    }
    Ok(match interrupted {
        Some(code) => Ended::Interrupted(code),
        None => Ended::Judged(exit::worst(exits)),
    })
}

fn goes_on_for_ever(goal: Goal) -> bool {
    match goal {
        Goal::Resolve { watch } => watch,
        Goal::Watch { .. } => true,
        Goal::Probe | Goal::ProbeIdle(_) => false,
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => pending().await,
    }
}

/// The next key; never resolves where none are read. Cancel safe.
async fn key(pressed: &mut Option<UnboundedReceiver<u8>>) -> u8 {
    match pressed {
        Some(pressed) => match pressed.recv().await {
            Some(key) => key,
            None => pending().await,
        },
        None => pending().await,
    }
}

/// Ctrl-Z; never resolves where it stops the process by itself. Cancel safe.
async fn stopped(stop_key: &mut Option<StopKey>) {
    match stop_key {
        Some(stop_key) => stop_key.pressed().await,
        None => pending().await,
    }
}

/// The next line to print; never resolves if there is no sender. Cancel safe.
async fn next_message(messages: &mut Option<UnboundedReceiver<String>>) -> String {
    match messages {
        Some(messages) => match messages.recv().await {
            Some(line) => line,
            None => pending().await,
        },
        None => pending().await,
    }
}

/// The next event of any session, and the index of that session. Cancel safe, as [`Session::next`] is.
async fn next(sessions: &mut [RunningSession]) -> (Option<Event>, usize) {
    type Next<'a> = Pin<Box<dyn Future<Output = Option<Event>> + 'a>>;
    if let [session] = sessions {
        return (session.next().await, 0);
    }
    let all = sessions.iter_mut().map(|session| -> Next { Box::pin(session.next()) });
    let (event, which, _) = select_all(all).await;
    (event, which)
}
