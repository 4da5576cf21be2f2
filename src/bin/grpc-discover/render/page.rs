//! The space that text has: lines are broken between words, and long names lose their middle.

use std::borrow::Cow;

/// The size of the terminal; no limits where the output is not a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Page {
    /// Characters in a line.
    pub width: Option<usize>,
    /// Lines on the screen.
    pub height: Option<usize>,
}

/// The shortest part of a line that text is fitted into: a narrower terminal breaks lines itself.
const LEAST: usize = 20;

impl Page {
    /// `text` in lines that fit. Every line but the first one is indented by `indent` spaces. A word that is wider than a
    /// line loses its middle.
    pub fn wrap(self, text: &str, indent: usize) -> Vec<String> {
        let Some(width) = self.width.map(|width| width.max(indent + LEAST)) else { return vec![text.to_string()] };
        let mut lines = Vec::new();
        // Spaces at the beginning, and between columns, stay.
        let mut line = String::new();
        let mut used = 0;
        for piece in text.split_inclusive(' ') {
            let word = piece.trim_end_matches(' ');
            if used > 0 && used + word.chars().count() > width && line.trim() != "" {
                lines.push(line.trim_end().to_string());
                line = " ".repeat(indent);
                used = indent;
            }
            let spaces = piece.len() - word.len();
            let word = elide(word, width - used.min(indent));
            line.push_str(&word);
            line.push_str(&" ".repeat(spaces));
            used += word.chars().count() + spaces;
        }
        lines.push(line.trim_end().to_string());
        lines
    }

    /// A page with this many columns less.
    pub fn narrower(self, by: usize) -> Page {
        Page { width: self.width.map(|width| width.saturating_sub(by)), ..self }
    }

    /// `text`, at most this part of a line wide: 1 of 2 is half of it.
    pub fn part(self, text: &str, (part, of): (usize, usize)) -> Cow<'_, str> {
        match self.width {
            Some(width) => elide(text, (width * part / of).max(LEAST)),
            None => Cow::Borrowed(text),
        }
    }
}

/// `text` with `…` in place of its middle, where it is wider than `most`. The end stays longer than the beginning: it
/// has the port.
pub fn elide(text: &str, most: usize) -> Cow<'_, str> {
    let length = text.chars().count();
    if length <= most || most < 3 {
        return Cow::Borrowed(text);
    }
    let kept = most - 1;
    let head: String = text.chars().take(kept / 2).collect();
    let tail: String = text.chars().skip(length - (kept - kept / 2)).collect();
    Cow::Owned(format!("{head}…{tail}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(width: usize) -> Page {
        Page { width: Some(width), height: None }
    }

    #[test]
    fn lines_are_broken_between_words() {
        let lines = page(30).wrap("    do: check that the server runs and listens on this port", 8);
        assert_eq!(lines, ["    do: check that the server", "        runs and listens on", "        this port"]);
        assert_eq!(Page::default().wrap("a long line of a pipe stays one line", 4).len(), 1);
        assert_eq!(page(80).wrap("short", 4), ["short"]);
    }

    #[test]
    fn a_word_that_fits_no_line_loses_its_middle() {
        let name = format!("see {}.example:50051 now", "x".repeat(90));
        let lines = page(40).wrap(&name, 2);
        assert!(lines.iter().all(|line| line.chars().count() <= 40), "{lines:?}");
        assert!(lines.concat().contains('…') && lines.concat().contains("example:50051"), "{lines:?}");
    }

    #[test]
    fn a_long_name_keeps_its_beginning_and_its_port() {
        assert_eq!(elide("very-long-name.example.local:50051", 23), "very-long-n…local:50051");
        assert_eq!(elide("10.0.0.1:50051", 14), "10.0.0.1:50051");
    }
}
