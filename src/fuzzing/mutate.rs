//! Seeded mutations: the same seed gives the same inputs on every machine.

/// Generates inputs from seeds.
#[derive(Debug)]
pub struct Mutator {
    random: fastrand::Rng,
}

/// The maximum length of an input.
const LONGEST: usize = 64 * 1024;
/// Bytes with a meaning in some format.
const MEANT: &[u8] = b"\0\xff\x7f\x80\n\r\t \"'\\/{}[]()<>:;,=&?#%@-+.0129eE*!|\xc3\xe2\xf0";
/// Openings of nested structures, without their ends.
const NESTED: &[&[u8]] =
    &[b"[", b"{\"a\":", b"{a: ", b"- ", b"[[a.b]]\n", b"<", b"(", b"\x30\x80", b"\x0a\x7f", b"&a [*a, "];

impl Mutator {
    /// A mutator that generates the inputs of this seed.
    pub fn new(seed: u64) -> Self {
        Mutator { random: fastrand::Rng::with_seed(seed) }
    }

    /// One of `seeds` with one to eight changes; sometimes random bytes only.
    pub fn input(&mut self, seeds: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = match seeds.get(self.random.usize(..=seeds.len())) {
            Some(seed) => seed.clone(),
            None => (0..self.random.usize(..300)).map(|_| self.random.u8(..)).collect(),
        };
        for _ in 0..self.random.usize(1..=8) {
            self.change(&mut bytes, seeds);
        }
        bytes.truncate(LONGEST);
        bytes
    }

    fn change(&mut self, bytes: &mut Vec<u8>, seeds: &[Vec<u8>]) {
        let (start, end) = self.range(bytes);
        match self.random.u8(..10) {
            0 => bytes.truncate(start),
            1 => drop(bytes.drain(start..end)),
            2 => bytes.extend_from_within(start..end),
            3 if start < bytes.len() => bytes[start] ^= 1 << self.random.u8(..8),
            4 if start < bytes.len() => bytes[start] = self.random.u8(..),
            5 => bytes.insert(start, MEANT[self.random.usize(..MEANT.len())]),
            6 => {
                let number = [0_u32, 1, 0xff, 0xffff, 0x7fff_ffff, 0x8000_0000, u32::MAX][self.random.usize(..7)];
                let width = self.random.usize(1..=4);
                bytes.splice(start..end.min(start + width), number.to_be_bytes()[4 - width..].iter().copied());
            }
            7 => {
                let numbers = ["-1", "65536", "18446744073709551616", "1e999", "NaN", "null", "\\ud800", "0x"];
                let number = numbers[self.random.usize(..numbers.len())];
                bytes.splice(start..end.min(start + 5), number.bytes());
            }
            8 if !seeds.is_empty() => {
                let other = &seeds[self.random.usize(..seeds.len())];
                let (from, to) = self.range(other);
                bytes.splice(start..start, other[from..to].iter().copied());
            }
            // Rarely, because it makes long inputs: something repeated, or endlessly nested.
            9 if self.random.u8(..8) == 0 => {
                let piece = match self.random.bool() {
                    true => bytes[start..end.min(start + 64)].to_vec(),
                    false => NESTED[self.random.usize(..NESTED.len())].to_vec(),
                };
                let times = (LONGEST / 2).checked_div(piece.len()).unwrap_or_default();
                bytes.splice(start..start, piece.repeat(self.random.usize(..=times)));
            }
            _ => bytes.push(self.random.u8(..)),
        }
    }

    fn range(&mut self, bytes: &[u8]) -> (usize, usize) {
        let (one, other) = (self.random.usize(..=bytes.len()), self.random.usize(..=bytes.len()));
        (one.min(other), one.max(other))
    }
}
