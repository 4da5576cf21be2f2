//! Parts of the text that know where they stood, and problems that name the place.

use crate::model::text::shorten;

/// A part of the text, and where it stood.
#[derive(Clone, Copy)]
pub(super) struct Piece<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
}

impl<'a> Piece<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Piece { text, at: 0 }
    }

    /// Everything from byte `from` on; `from` must be a character boundary.
    pub(super) fn from(self, from: usize) -> Self {
        Piece { text: &self.text[from..], at: self.at + from }
    }

    pub(super) fn until(self, end: usize) -> Self {
        Piece { text: &self.text[..end], at: self.at }
    }

    pub(super) fn strip(self, prefix: &str) -> Option<Self> {
        self.text.starts_with(prefix).then(|| self.from(prefix.len()))
    }

    pub(super) fn split_once(self, separator: char) -> Option<(Self, Self)> {
        let at = self.text.find(separator)?;
        Some((self.until(at), self.from(at + separator.len_utf8())))
    }

    pub(super) fn rsplit_once(self, separator: char) -> Option<(Self, Self)> {
        let at = self.text.rfind(separator)?;
        Some((self.until(at), self.from(at + separator.len_utf8())))
    }

    pub(super) fn split(self, separator: char) -> impl Iterator<Item = Piece<'a>> {
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

    pub(super) fn end(self) -> usize {
        self.at + self.text.len()
    }

    pub(super) fn is_empty(self) -> bool {
        self.text.is_empty()
    }

    /// The text in quotes, fit for a sentence: what stands before an `@` may be a password.
    pub(super) fn quoted(self) -> String {
        match self.text.rfind('@') {
            Some(at) => format!("{:?}", shorten(&format!("***{}", &self.text[at..]), 40)),
            None => format!("{:?}", shorten(self.text, 40)),
        }
    }
}

/// What is wrong and where, before the whole text is added.
pub(super) struct Problem {
    pub(super) at: usize,
    pub(super) problem: String,
    pub(super) example: String,
}

pub(super) type Parsed<T> = Result<T, Problem>;

pub(super) fn wrong<T>(at: usize, problem: impl Into<String>, example: impl Into<String>) -> Parsed<T> {
    Err(Problem { at, problem: problem.into(), example: example.into() })
}
