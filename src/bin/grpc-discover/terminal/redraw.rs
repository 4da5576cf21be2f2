//! Views that are redrawn in place, through a [`Pipe`]: a stopped terminal (Ctrl-S) must not stop the session.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::sync::{Mutex, PoisonError};

use console::Term;
use indicatif::{ProgressBar, ProgressDrawTarget, TermLike};

use super::pipe::Pipe;

/// How many times per second a view is redrawn at most.
const HZ: u8 = 20;

/// One view that is redrawn in place.
#[derive(Debug)]
pub struct Redrawn {
    /// What draws it.
    pub bar: ProgressBar,
    pipe: Option<Pipe>,
}

impl Redrawn {
    /// A view on `term`, which `pipe` writes to.
    pub fn new(term: Term, pipe: &Pipe) -> Redrawn {
        let screen = Screen { term, pipe: pipe.clone(), frame: Mutex::default() };
        let target = ProgressDrawTarget::term_like_with_hz(Box::new(screen), HZ);
        Redrawn { bar: ProgressBar::with_draw_target(None, target), pipe: Some(pipe.clone()) }
    }

    /// An invisible view.
    #[cfg(test)]
    pub fn hidden() -> Redrawn {
        Redrawn { bar: ProgressBar::hidden(), pipe: None }
    }

    /// Has everything that was drawn reached the terminal? Until then another frame would only wait in the queue.
    pub fn is_current(&self) -> bool {
        self.pipe.as_ref().is_none_or(|pipe| pipe.queued() == 0)
    }
}

/// The terminal at the other end of a pipe, driven by ANSI escape sequences.
#[derive(Debug)]
struct Screen {
    term: Term,
    pipe: Pipe,
    frame: Mutex<String>,
}

impl Screen {
    fn draw(&self, text: std::fmt::Arguments<'_>) -> io::Result<()> {
        let mut frame = self.frame.lock().unwrap_or_else(PoisonError::into_inner);
        // Writing to a string cannot fail.
        let _ = frame.write_fmt(text);
        Ok(())
    }

    fn step(&self, count: usize, direction: char) -> io::Result<()> {
        if count == 0 { Ok(()) } else { self.draw(format_args!("\x1b[{count}{direction}")) }
    }
}

impl TermLike for Screen {
    fn width(&self) -> u16 {
        self.term.size().1
    }

    fn height(&self) -> u16 {
        self.term.size().0
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.step(n, 'A')
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.step(n, 'B')
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.step(n, 'C')
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.step(n, 'D')
    }

    fn write_line(&self, s: &str) -> io::Result<()> {
        self.draw(format_args!("{s}\n"))
    }

    fn write_str(&self, s: &str) -> io::Result<()> {
        self.draw(format_args!("{s}"))
    }

    fn clear_line(&self) -> io::Result<()> {
        self.draw(format_args!("\r\x1b[2K"))
    }

    fn flush(&self) -> io::Result<()> {
        let frame = std::mem::take(&mut *self.frame.lock().unwrap_or_else(PoisonError::into_inner));
        let mut pipe = self.pipe.clone();
        pipe.write_all(frame.as_bytes())?;
        pipe.flush()
    }
}
