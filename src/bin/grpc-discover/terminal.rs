//! stdout and stderr: the only place that prints. stdout is for data, stderr for messages. While sessions run,
//! separate threads write both ([`Pipe`]).

mod inline;
mod pipe;
mod redraw;

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use grpc_discover::platform::keys;
use grpc_discover::platform::stdout::is_unread;
use grpc_discover::text::escape;
use tokio::sync::mpsc::{self, UnboundedReceiver};

use crate::cli::ColorWhen;
use crate::exit::Failure;
use crate::settings::OutputSettings;

pub use inline::{Inline, InlineLine};
pub use pipe::Pipe;
pub use redraw::Redrawn;

/// Maximum size of the messages queued for a reader of stderr.
const MOST_TALK: usize = 1 << 20;

/// What stdout and stderr are connected to, and how they are written.
#[derive(Debug, Clone, Copy)]
pub struct Terminal {
    /// stdout is a terminal.
    pub out_is_tty: bool,
    /// stderr is a terminal that can redraw a line.
    pub err_is_tty: bool,
    /// stdout in colour.
    pub color: bool,
    /// `-q`: no messages.
    pub quiet: bool,
}

impl Terminal {
    /// Inspects stdout and stderr.
    pub fn new(output: &OutputSettings, env: &dyn Fn(&str) -> Option<String>) -> Terminal {
        let out_is_tty = io::stdout().is_terminal();
        let dumb = env("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
        Terminal {
            out_is_tty: out_is_tty && !dumb,
            err_is_tty: io::stderr().is_terminal() && !dumb,
            color: wants_color(output.color, out_is_tty, env),
            quiet: output.quiet,
        }
    }

    /// stdout, for data: everything is kept until it is read.
    pub fn out(&self) -> Pipe {
        Pipe::keeping(io::stdout(), is_unread)
    }

    /// stderr, for messages: a reader that stalls for long misses some of them.
    pub fn err(&self) -> Pipe {
        Pipe::leaving_out(io::stderr(), MOST_TALK)
    }

    /// Prints one line on stderr, unless `-q`. A closed stderr is not an error.
    pub fn note(&self, line: &str) {
        if !self.quiet {
            self.insist(line);
        }
    }

    /// Prints one line on stderr, also with `-q`.
    pub fn insist(&self, line: &str) {
        let _ = writeln!(io::stderr(), "{}", printable(line));
    }
}

/// Lines and columns of the terminal that stdout is, if it is one.
pub fn out_size() -> Option<(usize, usize)> {
    size(&console::Term::stdout())
}

/// Lines and columns of the terminal that stderr is, if it is one.
pub fn err_size() -> Option<(usize, usize)> {
    size(&console::Term::stderr())
}

fn size(term: &console::Term) -> Option<(usize, usize)> {
    let (lines, columns) = term.size_checked().filter(|_| term.is_term())?;
    Some((usize::from(lines), usize::from(columns)))
}

/// The keys pressed on the terminal of stdin, one by one, while the terminal passes them on.
pub fn keys() -> UnboundedReceiver<u8> {
    const LOOK: Duration = Duration::from_millis(250);
    let (sender, receiver) = mpsc::unbounded_channel();
    // Ends with the receiver, or when stdin is closed.
    let read = move || {
        while !sender.is_closed() {
            match keys::read_key(LOOK) {
                Ok(Some(key)) => _ = sender.send(key),
                Ok(None) => {}
                Err(_) => return,
            }
        }
    };
    let _ = std::thread::Builder::new().name("keys".to_string()).spawn(read);
    receiver
}

/// stderr, for the log: a reader that stalls for long misses some of it.
pub fn log() -> Pipe {
    Pipe::leaving_out(io::stderr(), MOST_TALK)
}

/// `text` with every line escaped: names and paths in it come from files.
pub fn printable(text: &str) -> String {
    text.lines().map(escape).collect::<Vec<_>>().join("\n")
}

/// Prints `text` on stderr, for commands without settings of their own.
pub fn complain(text: &str) {
    let _ = writeln!(io::stderr(), "{}", printable(text));
}

/// Writes `text` to stdout unchanged.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(())
}

/// `--color`, then NO_COLOR, then CLICOLOR_FORCE, then whether the output is a terminal.
pub fn wants_color(choice: ColorWhen, is_tty: bool, env: &dyn Fn(&str) -> Option<String>) -> bool {
    let set = |name| env(name).filter(|value| !value.is_empty());
    match choice {
        ColorWhen::Always => true,
        ColorWhen::Never => false,
        ColorWhen::Auto => {
            if set("NO_COLOR").is_some() {
                return false;
            }
            if set("CLICOLOR_FORCE").is_some_and(|value| value != "0") {
                return true;
            }
            is_tty && set("CLICOLOR").is_none_or(|value| value != "0") && set("TERM").is_some_and(|term| term != "dumb")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_follows_the_flag_then_the_environment_then_the_terminal() {
        let case = |choice, tty, pairs: &[(&str, &str)]| {
            let env = |name: &str| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| value.to_string());
            wants_color(choice, tty, &env)
        };
        let xterm = ("TERM", "xterm");
        assert!(case(ColorWhen::Auto, true, &[xterm]));
        assert!(!case(ColorWhen::Auto, false, &[xterm]));
        assert!(!case(ColorWhen::Auto, true, &[xterm, ("NO_COLOR", "1")]));
        assert!(case(ColorWhen::Auto, true, &[xterm, ("NO_COLOR", "")]));
        assert!(case(ColorWhen::Auto, false, &[("CLICOLOR_FORCE", "1")]));
        assert!(!case(ColorWhen::Auto, false, &[("CLICOLOR_FORCE", "0")]));
        assert!(!case(ColorWhen::Auto, false, &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
        assert!(!case(ColorWhen::Auto, true, &[xterm, ("CLICOLOR", "0")]));
        assert!(!case(ColorWhen::Auto, true, &[("TERM", "dumb")]));
        assert!(case(ColorWhen::Always, false, &[("NO_COLOR", "1")]));
        assert!(!case(ColorWhen::Never, true, &[xterm, ("CLICOLOR_FORCE", "1")]));
    }
}
