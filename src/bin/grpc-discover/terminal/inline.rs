//! A view at the end of the output that is redrawn in place, with lines printed above it, which stay in the
//! scrollback. It goes through a [`Pipe`]: a stopped terminal (Ctrl-S) must not stop the session.
//!
//! When a terminal is made narrower it wraps the lines of the view. What they occupy then is computed from their
//! widths, so that all of it is erased.

use std::io::Write as _;

use console::{Term, measure_text_width};
use grpc_discover::platform::keys::KeyMode;

use super::pipe::Pipe;

/// A line of the view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InlineLine {
    /// What is written: with colours.
    pub painted: String,
    /// Its width in columns.
    pub width: usize,
}

impl InlineLine {
    /// A line that is written as `painted`.
    pub fn new(text: &str, painted: String) -> InlineLine {
        InlineLine { painted, width: measure_text_width(text) }
    }

    /// A line without colours.
    pub fn plain(text: String) -> InlineLine {
        InlineLine { width: measure_text_width(&text), painted: text }
    }
}

/// The view.
#[derive(Debug)]
pub struct Inline {
    pipe: Pipe,
    /// What is on the screen; the cursor is at the start of the last line.
    drawn: Vec<InlineLine>,
    /// Keys are read one by one, and not shown.
    keys: Option<KeyMode>,
}

const HIDE_CURSOR: &str = "\x1b[?25l";
const SHOW_CURSOR: &str = "\x1b[?25h";

impl Inline {
    /// A view on stdout, which `pipe` writes to.
    pub fn new(pipe: &Pipe) -> Inline {
        let mut inline = Inline { pipe: pipe.clone(), drawn: Vec::new(), keys: None };
        inline.resume();
        inline
    }

    /// Are keys read?
    pub fn has_keys(&self) -> bool {
        self.keys.is_some()
    }

    /// Columns and rows of the terminal. Queried every time: it may be resized at any moment.
    pub fn size(&self) -> (usize, usize) {
        let (rows, columns) = Term::stdout().size();
        (usize::from(columns), usize::from(rows))
    }

    /// Has everything reached the terminal? Until then another frame would only wait in the queue.
    pub fn is_current(&self) -> bool {
        self.pipe.queued() == 0
    }

    /// Prints `above` and draws `frame` below it.
    pub fn update(&mut self, above: &str, frame: Vec<InlineLine>) {
        if above.is_empty() && frame == self.drawn {
            return;
        }
        let mut text = self.erasing();
        text.push_str(above);
        for (i, line) in frame.iter().enumerate() {
            if i > 0 {
                text.push('\n');
            }
            text.push_str(&line.painted);
        }
        text.push('\r');
        self.drawn = frame;
        self.write(&text);
    }

    /// Erases the view and gives the terminal back, at the end or before this process is stopped.
    pub fn suspend(&mut self) {
        let mut text = self.erasing();
        text.push_str(SHOW_CURSOR);
        self.write(&text);
        self.keys = None;
    }

    /// Takes the terminal again.
    pub fn resume(&mut self) {
        self.keys = KeyMode::enter();
        self.write(HIDE_CURSOR);
    }

    /// The sequence that erases the view.
    fn erasing(&mut self) -> String {
        let mut text = String::from("\r");
        let drawn = std::mem::take(&mut self.drawn);
        if let Some((_, above)) = drawn.split_last() {
            let (columns, rows) = self.size();
            let occupied: usize = above.iter().map(|line| line.width.div_ceil(columns.max(1)).max(1)).sum();
            let up = occupied.min(rows.saturating_sub(1));
            // Row by row: tmux moves what is cleared from the first row on into its scrollback.
            text.push_str("\x1b[2K");
            (0..up).for_each(|_| text.push_str("\x1b[A\x1b[2K"));
        }
        text
    }

    fn write(&mut self, text: &str) {
        // Writing to a queue cannot fail.
        let _ = self.pipe.write_all(text.as_bytes()).and_then(|()| self.pipe.flush());
    }
}
