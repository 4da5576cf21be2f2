//! Runs sessions side by side: events to the renderers, signals to the sessions, the summaries into one exit code.

use std::future::{Future, pending};
use std::io::{self, Write};
use std::pin::Pin;
use std::time::Duration;

use futures_util::future::select_all;
use grpc_discover::model::event::{Event, EventKind};
use grpc_discover::model::time::Elapsed;
use grpc_discover::session::{Goal, Plan, Session};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::open_files;
use super::signals::Signals;
use crate::cli::Format;
use crate::exit::{self, Failure};
use crate::render::{self, Course, Lines, Progress, Render};
use crate::settings::Look;
use crate::terminal::Terminal;

/// How often a redrawn view is redrawn without news.
const TICK: Duration = Duration::from_millis(250);

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
/// stdout cannot be written (a closed pipe among it), or signals cannot be handled.
pub async fn run(
    plans: Vec<Plan>,
    look: &Look,
    terminal: &Terminal,
    course: Course,
    mut aside: Aside<'_>,
) -> Result<u8, Failure> {
    if plans.iter().any(|plan| matches!(plan.goal, Goal::ProbeIdle(_))) {
        open_files::allow_all();
    }
    let mut screen = Screen::new(look, terminal, course, &plans);
    let mut signals = Signals::listen()?;
    let sessions = plans.into_iter().map(Session::start).collect();
    let ended = all(sessions, &mut screen, &mut signals, &mut aside).await;
    // Whatever is redrawn is taken away before anybody else writes.
    let cleared = screen.end();
    let exit = ended?;
    cleared?;
    Ok(exit)
}

async fn all(
    mut sessions: Vec<Session>,
    screen: &mut Screen,
    signals: &mut Signals,
    aside: &mut Aside<'_>,
) -> Result<u8, Failure> {
    let began = Instant::now();
    let mut exits = Vec::new();
    let mut interrupted: Option<u8> = None;
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    while !sessions.is_empty() {
        tokio::select! {
            biased;
            code = signals.next() => {
                if interrupted.is_some() {
                    return Ok(code);
                }
                interrupted = Some(code);
                sessions.iter_mut().for_each(Session::finish);
                if screen.terminal.err_is_tty && !screen.live {
                    screen.say("ending; once more to leave at once");
                }
            }
            line = said(&mut aside.says) => screen.say(&line),
            (event, which) = next(&mut sessions) => match event {
                Some(event) => {
                    if let EventKind::Summary(summary) = &event.kind {
                        exits.push(summary.exit);
                    }
                    if let Some(sees) = &mut aside.sees {
                        sees(&event);
                    }
                    screen.event(&event)?;
                }
                None => drop(sessions.remove(which)),
            },
            _ = ticks.tick(), if screen.redraws => screen.tick(Elapsed::new(began.elapsed()))?,
        }
    }
    Ok(interrupted.unwrap_or_else(|| exit::worst(exits)))
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

/// Everything that events are shown on.
struct Screen {
    terminal: Terminal,
    out: Box<dyn Write>,
    err: Box<dyn Write>,
    answer: Box<dyn Render>,
    progress: Option<Progress>,
    trace: Option<Lines>,
    /// stdout is redrawn: nobody else may write to the terminal.
    live: bool,
    /// Something is redrawn without news.
    redraws: bool,
}

impl Screen {
    /// What `look` and `terminal` make of sessions of this `course`.
    fn new(look: &Look, terminal: &Terminal, course: Course, plans: &[Plan]) -> Screen {
        let reaches = plans.iter().any(|plan| matches!(plan.goal, Goal::Probe | Goal::ProbeIdle(_)));
        let trace = (look.verbose && !look.quiet && course == Course::Answer).then(Lines::trace);
        let progress = (reaches && !look.quiet && trace.is_none()).then(|| Progress::new(terminal.err_is_tty));
        let live =
            course == Course::Channel && terminal.out_is_tty && matches!(look.format, Format::Table | Format::Wide);
        Screen {
            terminal: *terminal,
            out: Box::new(terminal.out()),
            err: Box::new(terminal.err()),
            answer: render::stdout(look, terminal, course, plans.len() > 1),
            redraws: live || (progress.is_some() && terminal.err_is_tty),
            progress,
            trace,
            live,
        }
    }

    /// Shows one event.
    fn event(&mut self, event: &Event) -> io::Result<()> {
        if let Some(progress) = &mut self.progress {
            // Talk that nobody hears is no error.
            let _ = progress.event(event, &mut self.err);
        }
        if let Some(trace) = &mut self.trace {
            let _ = trace.event(event, &mut self.err);
        }
        self.answer.event(event, &mut self.out)
    }

    /// Shows that time has passed.
    fn tick(&mut self, now: Elapsed) -> io::Result<()> {
        if let Some(progress) = &mut self.progress {
            let _ = progress.tick(now, &mut self.err);
        }
        self.answer.tick(now, &mut self.out)
    }

    /// Says a line on stderr, above whatever is redrawn there.
    fn say(&self, line: &str) {
        match &self.progress {
            Some(progress) => progress.aside(|| self.terminal.say(line)),
            None => self.terminal.say(line),
        }
    }

    /// Shows what is shown at the end.
    fn end(&mut self) -> io::Result<()> {
        if let Some(progress) = &mut self.progress {
            let _ = progress.end(&mut self.err);
        }
        self.answer.end(&mut self.out)
    }
}
