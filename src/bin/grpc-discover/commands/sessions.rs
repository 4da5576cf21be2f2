//! Runs sessions side by side: events to the renderers, signals to the sessions, the summaries into one exit code.
//!
//! Output is written beside the work ([`crate::terminal::Pipe`]), so a reader that stalls delays nothing that is timed. When
//! it stalls for long, no new attempt begins until it reads again. A reader that goes away ends what would go on for ever,
//! and changes no exit code.

use std::future::{Future, pending};
use std::io;
use std::pin::Pin;
use std::time::Duration;

use futures_util::future::select_all;
use grpc_discover::model::event::{Event, EventKind};
use grpc_discover::model::time::Elapsed;
use grpc_discover::platform::clock;
use grpc_discover::platform::signals::{Signal, Signals};
use grpc_discover::session::{Goal, Plan, Session};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::open_files;
use super::screen::{Backlog, Screen};
use crate::exit::{self, Failure};
use crate::render::Course;
use crate::settings::Look;
use crate::terminal::Terminal;

/// How often a redrawn view is redrawn without news.
const TICK: Duration = Duration::from_millis(250);

/// How long a run that ends by itself goes on to its verdict after the reader of stdout went away.
const UNREAD: Duration = Duration::from_secs(60);

/// How long the story is kept for a reader of stdout that stalls after a signal.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long the end of the process waits for a reader of stderr.
const TALK: Duration = Duration::from_secs(1);

/// Is shown events.
pub type Observer<'a> = Box<dyn FnMut(&Event) + 'a>;

/// What a command wants to see and say beside the sessions.
#[derive(Default)]
pub struct Aside<'a> {
    /// Is shown every event first.
    pub sees: Option<Observer<'a>>,
    /// Lines for stderr.
    pub says: Option<UnboundedReceiver<String>>,
}

/// Runs a session for each plan until all have ended; gives the exit code.
///
/// # Errors
///
/// stdout cannot be written (a full disk, not a reader that went away), or signals cannot be handled.
pub async fn run(
    mut plans: Vec<Plan>,
    look: &Look,
    terminal: &Terminal,
    course: Course,
    mut aside: Aside<'_>,
) -> Result<u8, Failure> {
    open_files::prepare(&mut plans);
    let goals: Vec<Goal> = plans.iter().map(|plan| plan.goal).collect();
    let mut screen = Screen::new(look, terminal, course, &goals);
    let cannot = |error| Failure::Broken(format!("cannot install signal handlers: {error}"));
    let mut signals = Signals::listen().map_err(cannot)?;
    let sessions = plans.into_iter().map(Session::start).collect();
    let ended = all(sessions, &goals, &mut screen, &mut signals, &mut aside).await;
    // Whatever is redrawn is taken away before anybody else writes.
    screen.end();
    let (mut code, mut leave) = match ended? {
        Ended::AtOnce(code) => return Ok(code),
        Ended::Interrupted(code) => (code, Some(clock::after(PATIENCE))),
        Ended::Judged(code) => (code, None),
    };
    loop {
        tokio::select! {
            biased;
            () = screen.out.drained() => break,
            // The first signal leaves time for what is on its way to stdout, as it does before the verdict.
            signal = insisted(&mut signals) => match leave {
                None => (code, leave) = (signal, Some(clock::after(PATIENCE))),
                Some(_) => return Ok(signal),
            },
            () = until(leave) => break,
        }
    }
    // Talk that nobody reads is no reason to stay.
    let _ = tokio::time::timeout(TALK, screen.err.drained()).await;
    match screen.out.failure() {
        // A terminal that was closed takes nothing any more.
        Some(_) if code == exit::HUNG_UP => Ok(code),
        Some(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::from(error)),
        Some(_) | None => Ok(code),
    }
}

/// The next signal that is not one more about a closed terminal.
async fn insisted(signals: &mut Signals) -> u8 {
    loop {
        match signals.next().await {
            Signal::HangUp => {}
            signal => return exit::of_signal(signal),
        }
    }
}

/// How all sessions came to their end.
enum Ended {
    /// Each with its summary: this is the exit code of them together.
    Judged(u8),
    /// The same after a signal, whose exit code this is.
    Interrupted(u8),
    /// Somebody asked twice to leave: whatever is still to be written stays unwritten.
    AtOnce(u8),
}

async fn all(
    mut sessions: Vec<Session>,
    goals: &[Goal],
    screen: &mut Screen,
    signals: &mut Signals,
    aside: &mut Aside<'_>,
) -> Result<Ended, Failure> {
    let began = Instant::now();
    let mut exits = Vec::new();
    let mut interrupted: Option<u8> = None;
    let mut held = false;
    // When nobody reads any more, and the sessions are finished early.
    let mut unread: Option<Instant> = None;
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    while !sessions.is_empty() {
        let backlog = screen.backlog();
        if held != (backlog != Backlog::Little) {
            held = !held;
            sessions.iter_mut().for_each(|session| session.hold_attempts(held));
        }
        tokio::select! {
            biased;
            signal = signals.next() => {
                match interrupted {
                    // The shell and the kernel both send it when a terminal is closed.
                    Some(_) if signal == Signal::HangUp => continue,
                    Some(_) => return Ok(Ended::AtOnce(exit::of_signal(signal))),
                    None => {}
                }
                interrupted = Some(exit::of_signal(signal));
                sessions.iter_mut().for_each(Session::finish);
                if screen.is_terminal() {
                    screen.say("stopping; press Ctrl-C again to quit immediately");
                }
            }
            line = said(&mut aside.says) => screen.say(&line),
            (event, which) = next(&mut sessions), if backlog != Backlog::TooMuch || interrupted.is_some() => match event {
                Some(event) => {
                    if let EventKind::Summary(summary) = &event.kind {
                        exits.push(summary.exit);
                    }
                    if let Some(sees) = &mut aside.sees {
                        sees(&event);
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
                // Far away from now on: a finished session only has its last events to give.
                unread = Some(clock::after(UNREAD));
                sessions.iter_mut().for_each(Session::finish);
            }
            _ = ticks.tick(), if screen.redraws => {
                let now = Elapsed::new(began.elapsed());
                if let Some(progress) = screen.progress.as_mut().filter(|progress| progress.is_due(now)) {
                    progress.waits_for(sessions.iter_mut().flat_map(Session::pending).collect());
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

/// The next line that is to be said; never when there is nobody to say one. Cancel safe.
async fn said(says: &mut Option<UnboundedReceiver<String>>) -> String {
    match says {
        Some(says) => match says.recv().await {
            Some(line) => line,
            None => pending().await,
        },
        None => pending().await,
    }
}

/// The next event of any session, and which one's it is. Cancel safe, as [`Session::next`] is.
async fn next(sessions: &mut [Session]) -> (Option<Event>, usize) {
    type Next<'a> = Pin<Box<dyn Future<Output = Option<Event>> + 'a>>;
    if let [session] = sessions {
        return (session.next().await, 0);
    }
    let all = sessions.iter_mut().map(|session| -> Next { Box::pin(session.next()) });
    let (event, which, _) = select_all(all).await;
    (event, which)
}
