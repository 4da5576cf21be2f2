//! Parts of a target with their positions, and problems with a position.

use crate::text::shorten;

/// A part of the text of a target, and its position.
#[derive(Debug, Clone, Copy)]
pub struct Piece<'a> {
    /// The part.
    pub text: &'a str,
    /// The byte offset of the part in the whole text.
    pub at: usize,
}

impl<'a> Piece<'a> {
    /// The whole text.
    pub fn new(text: &'a str) -> Self {
        Piece { text, at: 0 }
    }

    /// Everything from byte `from` on; `from` must be a character boundary.
    pub fn from(self, from: usize) -> Self {
        Piece { text: &self.text[from..], at: self.at + from }
    }

    /// Everything before byte `end`; `end` must be a character boundary.
    pub fn until(self, end: usize) -> Self {
        Piece { text: &self.text[..end], at: self.at }
    }

    /// The text after `prefix`, if the part starts with it.
    pub fn strip(self, prefix: &str) -> Option<Self> {
        self.text.starts_with(prefix).then(|| self.from(prefix.len()))
    }

    /// The parts before and after the first `separator`.
    pub fn split_once(self, separator: char) -> Option<(Self, Self)> {
        let at = self.text.find(separator)?;
        Some((self.until(at), self.from(at + separator.len_utf8())))
    }

    /// The parts before and after the last `separator`.
    pub fn rsplit_once(self, separator: char) -> Option<(Self, Self)> {
        let at = self.text.rfind(separator)?;
        Some((self.until(at), self.from(at + separator.len_utf8())))
    }

    /// The parts between the separators: at least one.
    pub fn split(self, separator: char) -> impl Iterator<Item = Piece<'a>> {
        let mut rest = Some(self);
        std::iter::from_fn(move || {
            let piece = rest?;
            match piece.split_once(separator) {
                Some((first, others)) => {
                    rest = Some(others);
                    Some(first)
                }
                None => rest.take(),
            }
        })
    }

    /// The byte offset after the part.
    pub fn end(self) -> usize {
        self.at + self.text.len()
    }

    /// True when the part has no text.
    pub fn is_empty(self) -> bool {
        self.text.is_empty()
    }

    /// The quoted text, safe to print: the part before an `@` may be a password.
    pub fn quoted(self) -> String {
        match self.text.rfind('@') {
            Some(at) => format!("{:?}", shorten(&format!("***{}", &self.text[at..]), 40)),
            None => format!("{:?}", shorten(self.text, 40)),
        }
    }
}

/// What is wrong and where, before the whole text is added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The byte offset of the offending part in the whole text.
    pub at: usize,
    /// What is wrong there.
    pub problem: String,
    /// What is expected.
    pub example: String,
}

/// The result of parsing a part.
pub type Parsed<T> = Result<T, Problem>;

/// A [`Problem`] as a result.
///
/// # Errors
///
/// Always.
pub fn invalid<T>(at: usize, problem: impl Into<String>, example: impl Into<String>) -> Parsed<T> {
    Err(Problem { at, problem: problem.into(), example: example.into() })
}
